//! Against real servers on this machine, with names that stand for what a test says.

use super::*;
use crate::assets::guard::Names;
use std::collections::{HashMap, VecDeque};
use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n0000";

/// Answers each path by a function, and remembers the heads of requests.
struct Site {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Site {
    fn start(answer: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let heard = requests.clone();
        let answer = Arc::new(answer);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (heard, answer) = (heard.clone(), answer.clone());
                std::thread::spawn(move || serve(stream, &heard, &*answer));
            }
        });
        Self { address, requests }
    }

    fn url(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.address.port())
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, heard: &Mutex<Vec<String>>, answer: &dyn Fn(&str, &mut TcpStream)) {
    let mut head = String::new();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    while reader.read_line(&mut head).is_ok_and(|read| read > 2) {}
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    heard.lock().unwrap().push(head);
    answer(&path, &mut stream);
}

fn send(stream: &mut TcpStream, headers: &str, body: &[u8]) {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\n{headers}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    // Ignored: the other side may have had enough.
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(body);
}

fn redirect(stream: &mut TcpStream, to: &str) {
    let head = format!(
        "HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
}

/// Each look-up of a name takes the next answer; the last one stays.
#[derive(Debug, Default)]
struct Script(Mutex<HashMap<String, VecDeque<Vec<IpAddr>>>>);

impl Script {
    fn with(self, host: &str, answers: &[&[&str]]) -> Self {
        let answers = answers
            .iter()
            .map(|answer| answer.iter().map(|it| it.parse().unwrap()).collect())
            .collect();
        self.0.lock().unwrap().insert(host.to_owned(), answers);
        self
    }
}

impl Names for Script {
    fn lookup(&self, host: &str, _timeout: Duration) -> std::io::Result<Vec<IpAddr>> {
        let mut names = self.0.lock().unwrap();
        let answers = names.get_mut(host).ok_or(std::io::ErrorKind::NotFound)?;
        Ok(match answers.len() {
            1 => answers[0].clone(),
            _ => answers.pop_front().unwrap_or_default(),
        })
    }
}

/// May fetch from 127.0.0.1 and from no other address of this machine.
fn fetcher(names: Script) -> Fetcher {
    let guard = Guard::new(names, &["127.0.0.1/32".parse().unwrap()], None);
    Fetcher::with_time_limit(guard, Duration::from_secs(3))
}

fn reason(result: Result<Fetched, Failure>) -> (&'static str, bool) {
    let failure = result.map(|it| it.url).unwrap_err();
    (failure.reason, failure.may_pass)
}

#[test]
fn a_file_comes_with_its_type_and_no_trace_of_us() {
    let site =
        Site::start(|_, stream| send(stream, "content-type: image/png\r\nset-cookie: a=1", PNG));
    let fetcher = fetcher(Script::default().with("shop.test", &[&["127.0.0.1"]]));
    let url = site.url("shop.test", "/a.png?x=1#part");
    for _ in 0..2 {
        let fetched = fetcher
            .fetch(
                &url,
                AssetKind::Image,
                Some("https://shop.test/private?token=1"),
            )
            .unwrap();
        assert_eq!(
            (fetched.content_type, fetched.bytes.as_slice()),
            ("image/png", PNG)
        );
        assert_eq!(fetched.url.as_str(), site.url("shop.test", "/a.png?x=1"));
    }
    for request in site.requests() {
        let request = request.to_lowercase();
        assert!(
            request.starts_with("get /a.png?x=1 http/1.1\r\n"),
            "{request}"
        );
        assert!(request.contains("user-agent: reenact/"), "{request}");
        assert!(
            request.contains("referer: https://shop.test/\r\n"),
            "{request}"
        );
        assert!(
            !request.contains("cookie") && !request.contains("token"),
            "{request}"
        );
    }
}

#[test]
fn addresses_that_are_not_allowed_are_never_connected_to() {
    let site = Site::start(|_, stream| send(stream, "content-type: image/png", PNG));
    let names = Script::default()
        .with("inside.test", &[&["10.0.0.7"]])
        .with("both.test", &[&["127.0.0.1", "10.0.0.7"]])
        .with("other-loopback.test", &[&["127.0.0.2"]])
        .with("mapped.test", &[&["::ffff:127.0.0.1"]])
        .with("nat64.test", &[&["64:ff9b::7f00:1"]])
        .with("metadata.test", &[&["169.254.169.254"]]);
    let fetcher = fetcher(names);
    let port = site.address.port();
    for url in [
        site.url("inside.test", "/"),
        site.url("both.test", "/"),
        site.url("other-loopback.test", "/"),
        site.url("mapped.test", "/"),
        site.url("nat64.test", "/"),
        "http://metadata.test/latest/meta-data/".to_owned(),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        // Every way to write an address.
        format!("http://127.0.0.2:{port}/"),
        format!("http://2130706434:{port}/"),
        format!("http://0x7f.0.0.2:{port}/"),
        format!("http://0177.0.0.02:{port}/"),
        format!("http://127.2:{port}/"),
        format!("http://[::1]:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://0:{port}/"),
        // Ports of the public internet, too.
        "http://93.184.216.34:6379/".to_owned(),
        format!("http://user@127.0.0.1:{port}/"),
        format!("http://user:pass@127.0.0.1:{port}/"),
        "file:///etc/passwd".to_owned(),
        "ftp://127.0.0.1/".to_owned(),
        "gopher://127.0.0.1/".to_owned(),
    ] {
        let result = fetcher.fetch(&url, AssetKind::Image, None);
        assert_eq!(reason(result), ("forbidden_address", false), "{url}");
    }
    assert_eq!(site.requests(), [""; 0]);
    let result = fetcher.fetch("http://nowhere.test/", AssetKind::Image, None);
    assert_eq!(reason(result), ("host_not_found", true));
}

#[test]
fn redirects_follow_the_same_rules() {
    let inner = Site::start(|_, stream| send(stream, "content-type: image/png", PNG));
    let port = inner.address.port();
    let site = Site::start(move |path, stream| match path {
        "/address" => redirect(stream, &format!("http://127.0.0.2:{port}/")),
        "/name" => redirect(stream, &format!("http://inside.test:{port}/")),
        "/scheme" => redirect(stream, "file:///etc/passwd"),
        "/person" => redirect(stream, &format!("http://a:b@127.0.0.1:{port}/")),
        "/good" => redirect(stream, "/again"),
        "/again" => redirect(stream, "picture.png"),
        "/loop" => redirect(stream, "/loop"),
        _ => send(stream, "content-type: image/png", PNG),
    });
    let names = Script::default()
        .with("shop.test", &[&["127.0.0.1"]])
        .with("inside.test", &[&["192.168.0.1"]]);
    let fetcher = fetcher(names);
    let fetch = |path: &str| fetcher.fetch(&site.url("shop.test", path), AssetKind::Image, None);
    for path in ["/address", "/name", "/scheme", "/person"] {
        assert_eq!(reason(fetch(path)), ("forbidden_address", false), "{path}");
    }
    assert_eq!(inner.requests(), [""; 0]);
    assert_eq!(fetch("/good").unwrap().url.path(), "/picture.png");
    assert_eq!(reason(fetch("/loop")), ("too_many_redirects", false));
    let loops = site
        .requests()
        .iter()
        .filter(|it| it.contains("/loop"))
        .count();
    assert_eq!(loops, MAX_REDIRECTS + 1);
}

#[test]
fn a_name_that_changes_its_mind_gains_nothing() {
    let site = Site::start(|_, stream| send(stream, "content-type: image/png", PNG));
    // The first look-up is honest, every later one points inside.
    let names = Script::default().with("rebind.test", &[&["127.0.0.1"], &["127.0.0.2"]]);
    let fetcher = fetcher(names);
    let url = site.url("rebind.test", "/");
    assert!(fetcher.fetch(&url, AssetKind::Image, None).is_ok());
    // No connection is kept that a second request could use unchecked.
    let again = fetcher.fetch(&url, AssetKind::Image, None);
    assert_eq!(reason(again), ("forbidden_address", false));
    assert_eq!(site.requests().len(), 1);
}

#[test]
fn slow_and_huge_answers_are_cut() {
    let bomb = {
        let zeros = vec![0; 64 << 20];
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&zeros).unwrap();
        encoder.finish().unwrap()
    };
    assert!(bomb.len() < 1 << 20);
    let site = Site::start(move |path, stream| match path {
        "/silent" => std::thread::sleep(Duration::from_secs(30)),
        "/drip" => {
            let head = "HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: 1000\r\n\r\n";
            let _ = stream.write_all(head.as_bytes());
            while stream.write_all(b"\x89").is_ok() {
                std::thread::sleep(Duration::from_millis(100));
            }
        }
        "/endless" => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: image/png\r\n\r\n");
            while stream.write_all(&[0; 65536]).is_ok() {}
        }
        "/head" => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
            while stream
                .write_all(b"x: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n")
                .is_ok()
            {}
        }
        "/bomb" => send(
            stream,
            "content-type: text/css\r\ncontent-encoding: gzip",
            &bomb,
        ),
        "/cut" => {
            let head =
                "HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: 1000\r\n\r\n\u{1}";
            let _ = stream.write_all(head.as_bytes());
        }
        _ => send(
            stream,
            "content-type: text/css\r\ncontent-encoding: br",
            b"a{}",
        ),
    });
    let fetcher = fetcher(Script::default().with("shop.test", &[&["127.0.0.1"]]));
    for (path, expected) in [
        ("/silent", ("timeout", true)),
        ("/drip", ("timeout", true)),
        ("/endless", ("too_large", false)),
        ("/bomb", ("too_large", false)),
        ("/brotli", ("unsupported_encoding", false)),
    ] {
        let start = Instant::now();
        let result = fetcher.fetch(&site.url("shop.test", path), AssetKind::StyleSheet, None);
        assert_eq!(reason(result), expected, "{path}");
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "{path}: {:?}",
            start.elapsed()
        );
    }
    for path in ["/head", "/cut"] {
        let result = fetcher.fetch(&site.url("shop.test", path), AssetKind::Image, None);
        assert!(result.is_err(), "{path}");
    }
}

#[test]
fn what_is_not_what_it_should_be_is_refused() {
    let site = Site::start(|path, stream| match path {
        "/html" => send(
            stream,
            "content-type: text/html",
            b"<!doctype html><script>x</script>",
        ),
        "/lie" => send(
            stream,
            "content-type: image/png",
            b"<html><script>x</script>",
        ),
        "/script.css" => send(stream, "content-type: text/javascript", b"alert(1)"),
        "/style.css" => {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(b"a{}").unwrap();
            send(
                stream,
                "content-type: text/css\r\ncontent-encoding: gzip",
                &encoder.finish().unwrap(),
            );
        }
        "/gone" => {
            let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
        }
        "/broken" => {
            let _ = stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n");
        }
        _ => send(
            stream,
            "content-type: text/css\r\ncontent-encoding: gzip",
            b"this is not gzip at all",
        ),
    });
    let fetcher = fetcher(Script::default().with("shop.test", &[&["127.0.0.1"]]));
    let fetch = |path: &str, kind| fetcher.fetch(&site.url("shop.test", path), kind, None);
    use AssetKind::{Font, Image, StyleSheet};
    for (path, kind, expected) in [
        ("/html", Image, ("wrong_type", false)),
        ("/html", StyleSheet, ("wrong_type", false)),
        ("/lie", Image, ("wrong_type", false)),
        ("/lie", Font, ("wrong_type", false)),
        ("/script.css", StyleSheet, ("wrong_type", false)),
        ("/style.css", Image, ("wrong_type", false)),
        ("/gone", Image, ("not_found", false)),
        ("/broken", Image, ("server_error", true)),
        ("/garbage", StyleSheet, ("damaged_content", false)),
    ] {
        assert_eq!(reason(fetch(path, kind)), expected, "{path} {kind:?}");
    }
    assert_eq!(fetch("/style.css", StyleSheet).unwrap().bytes, b"a{}");
}
