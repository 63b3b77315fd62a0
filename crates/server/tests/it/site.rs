//! A web site on this machine that can be switched off.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\n a picture";
pub const FONT: &[u8] = b"wOF2 a font";

pub struct Site {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Site {
    /// Each path with its content type and content.
    pub fn start(files: &[(&str, &str, &[u8])]) -> Self {
        let files: HashMap<String, (String, Vec<u8>)> = files
            .iter()
            .map(|(path, kind, body)| ((*path).to_owned(), ((*kind).to_owned(), body.to_vec())))
            .collect();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let stopping = Arc::new(AtomicBool::new(false));
        let (heard, stop) = (requests.clone(), stopping.clone());
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                answer(stream, &files, &heard);
            }
        });
        Self {
            address,
            requests,
            stopping,
            thread: Some(thread),
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Paths that were asked for.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// From here nobody answers at the address.
    pub fn shut_down(&mut self) {
        self.stopping.store(true, Ordering::Relaxed);
        // Wakes the listener, which then goes.
        let _ = TcpStream::connect(self.address);
        self.thread.take().unwrap().join().unwrap();
        assert!(TcpStream::connect(self.address).is_err());
    }
}

fn answer(
    mut stream: TcpStream,
    files: &HashMap<String, (String, Vec<u8>)>,
    heard: &Mutex<Vec<String>>,
) {
    let mut head = String::new();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    while reader.read_line(&mut head).is_ok_and(|read| read > 2) {}
    let path = head.split(' ').nth(1).unwrap_or_default();
    heard.lock().unwrap().push(path.to_owned());
    let answer = match files.get(path) {
        Some((kind, body)) => {
            let mut answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            )
            .into_bytes();
            answer.extend(body);
            answer
        }
        None => {
            b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_vec()
        }
    };
    // Ignored: whoever asked may have gone.
    let _ = stream.write_all(&answer);
}
