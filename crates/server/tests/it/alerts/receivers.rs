//! An HTTP server and a mail server that keep what they are sent.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

#[derive(Clone)]
pub struct Message {
    headers: Vec<(String, String)>,
    text: String,
    pub body: Value,
}

impl Message {
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// What the header must say, worked out as the manual tells receivers to.
    pub fn signature(&self, secret: &str) -> String {
        let sent = self.header("x-reenact-signature");
        let seconds = sent.split(',').next().unwrap().strip_prefix("t=").unwrap();
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("{seconds}.{}", self.text).as_bytes());
        let hex = mac
            .finalize()
            .into_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>();
        format!("t={seconds},v1={hex}")
    }
}

pub struct Receiver {
    pub url: String,
    messages: Arc<Mutex<Vec<Message>>>,
    status: Arc<AtomicU16>,
}

impl Receiver {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let messages = Arc::new(Mutex::new(Vec::new()));
        let status = Arc::new(AtomicU16::new(200));
        let (kept, answer) = (messages.clone(), status.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let status = answer.load(Ordering::Relaxed);
                // A client that went away is its own matter.
                if let Ok(message) = take(stream, status) {
                    kept.lock().unwrap().push(message);
                }
            }
        });
        Self {
            url,
            messages,
            status,
        }
    }

    pub fn answer_with(&self, status: u16) {
        self.status.store(status, Ordering::Relaxed);
    }

    pub fn messages(&self) -> Vec<Message> {
        self.messages.lock().unwrap().clone()
    }

    pub fn forget(&self) {
        self.messages.lock().unwrap().clear();
    }
}

fn take(stream: TcpStream, status: u16) -> std::io::Result<Message> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut headers = Vec::new();
    let mut line = String::new();
    reader.read_line(&mut line)?;
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let text = String::from_utf8(body).unwrap();
    let body = serde_json::from_str(&text).unwrap();
    let mut stream = stream;
    let elsewhere = "http://127.0.0.1:1/elsewhere";
    write!(
        stream,
        "HTTP/1.1 {status} X\r\nlocation: {elsewhere}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    )?;
    Ok(Message {
        headers,
        text,
        body,
    })
}

#[derive(Clone)]
pub struct ReceivedMail {
    pub recipients: Vec<String>,
    pub text: String,
}

pub struct MailSink {
    pub port: u16,
    mails: Arc<Mutex<Vec<ReceivedMail>>>,
}

impl MailSink {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mails = Arc::new(Mutex::new(Vec::new()));
        let kept = mails.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                // A client that went away is its own matter.
                let _ = serve(stream, &kept);
            }
        });
        Self { port, mails }
    }

    pub fn mails(&self) -> Vec<ReceivedMail> {
        self.mails.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, mails: &Mutex<Vec<ReceivedMail>>) -> std::io::Result<()> {
    let reader = BufReader::new(stream.try_clone()?);
    stream.write_all(b"220 sink\r\n")?;
    let mut recipients = Vec::new();
    let mut text: Option<String> = None;
    for line in reader.lines() {
        let line = line?;
        if let Some(so_far) = &mut text {
            if line == "." {
                mails.lock().unwrap().push(ReceivedMail {
                    recipients: std::mem::take(&mut recipients),
                    text: text.take().unwrap(),
                });
                stream.write_all(b"250 taken\r\n")?;
            } else {
                so_far.push_str(&line);
                so_far.push('\n');
            }
            continue;
        }
        let answer = match line.split([' ', ':']).next().unwrap() {
            "DATA" => {
                text = Some(String::new());
                "354 go on"
            }
            "RCPT" => {
                let address = line.split(['<', '>']).nth(1).unwrap();
                recipients.push(address.to_owned());
                "250 ok"
            }
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        write!(stream, "{answer}\r\n")?;
    }
    Ok(())
}
