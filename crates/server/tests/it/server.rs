//! One server process, and a client for it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use ureq::http::{HeaderMap, Request, Response};

pub const EMAIL: &str = "owner@example.test";
pub const PASSWORD: &str = "correct horse battery";

/// A debug build on a busy machine needs most of this now and then.
const DEADLINE: Duration = Duration::from_secs(30);
const POLL_EVERY: Duration = Duration::from_millis(20);
const STDERR_SHOWN_LINES: usize = 60;
const MAX_ANSWER_BYTES: u64 = 256 << 20;

/// Polls until there is an answer; time passes only as long as it must.
pub fn wait_for<T>(what: &str, mut answer: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = answer() {
            return found;
        }
        assert!(start.elapsed() < DEADLINE, "waited in vain for {what}");
        std::thread::sleep(POLL_EVERY);
    }
}

pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reenact"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("REENACT")) {
        command.env_remove(name);
    }
    command
}

pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text()))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

/// Sends one request and takes any answer; an error is a broken connection.
pub fn send(
    url: &str,
    method: &str,
    headers: &[(&str, &str)],
    body: impl ureq::AsSendBody,
) -> Result<Answer, ureq::Error> {
    thread_local! {
        static AGENT: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .into();
    }
    let mut request = Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer: Response<ureq::Body> =
        AGENT.with(|agent| agent.run(request.body(body).unwrap()))?;
    let (parts, body) = answer.into_parts();
    let body = body
        .into_with_config()
        .limit(MAX_ANSWER_BYTES)
        .read_to_vec()?;
    Ok(Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body,
    })
}

pub fn percent_encode(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// How to start a server.
pub struct Options {
    pub ingest_key: String,
    pub api_token: String,
    /// Without this the server waits for someone with the set-up link.
    pub bootstrap: bool,
    env: Vec<(String, String)>,
    args: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let unique = format!(
            "{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        Self {
            ingest_key: format!("test-ingest-key-{unique}"),
            api_token: format!("test-api-token-{unique}"),
            bootstrap: true,
            env: Vec::new(),
            args: Vec::new(),
        }
    }
}

impl Options {
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn arg(mut self, arg: &str) -> Self {
        self.args.push(arg.to_owned());
        self
    }

    pub fn ingest_key(mut self, key: &str) -> Self {
        self.ingest_key = key.to_owned();
        self
    }

    pub fn without_bootstrap(mut self) -> Self {
        self.bootstrap = false;
        self
    }

    /// Data is sealed as soon as the sealer looks at it.
    pub fn sealing_at_once(self) -> Self {
        self.env("REENACT__SEAL__IDLE_SECONDS", "0.1")
    }

    pub fn command(&self, data: &Path) -> Command {
        let mut command = program();
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(&self.args)
            // Tests ask again and again until something has happened.
            .env("REENACT__API__REQUESTS_PER_MINUTE", "0")
            .envs(self.env.iter().map(|(name, value)| (name, value)));
        if self.bootstrap {
            command
                .env("REENACT_BOOTSTRAP_EMAIL", EMAIL)
                .env("REENACT_BOOTSTRAP_PASSWORD", PASSWORD)
                .env("REENACT_BOOTSTRAP_INGEST_KEY", &self.ingest_key)
                .env("REENACT_BOOTSTRAP_API_TOKEN", &self.api_token);
        }
        command
    }

    pub fn start(self) -> Server {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let mut server = self.start_in(&data);
        server.folder = Some(folder);
        server
    }

    pub fn start_in(self, data: &Path) -> Server {
        let process = Process::start(&self, data);
        Server {
            data: data.to_owned(),
            options: self,
            process,
            folder: None,
        }
    }
}

struct Process {
    child: Child,
    url: String,
    lines: Mutex<Receiver<String>>,
    stderr: Arc<Mutex<Vec<String>>>,
}

impl Process {
    fn start(options: &Options, data: &Path) -> Self {
        let mut child = options
            .command(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = Arc::new(Mutex::new(Vec::new()));
        let kept = stderr.clone();
        let read_stderr = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in read_stderr.lines().map_while(Result::ok) {
                kept.lock().unwrap().push(line);
            }
        });
        let (say, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                // Ignored: nobody waits for it any more.
                let _ = say.send(line);
            }
        });
        let mut process = Self {
            child,
            url: String::new(),
            lines: Mutex::new(lines),
            stderr,
        };
        let first = process.next_line();
        let url = first.strip_prefix("listening on ");
        process.url = url
            .unwrap_or_else(|| panic!("the first line is {first:?}"))
            .to_owned();
        process
    }

    fn next_line(&self) -> String {
        let lines = self.lines.lock().unwrap();
        lines
            .recv_timeout(DEADLINE)
            .expect("the server says where it listens")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Ignored: it may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let lines = self.stderr.lock().unwrap();
            let lines: Vec<_> = lines
                .iter()
                .filter(|line| !line.contains(" status=200 "))
                .cloned()
                .collect();
            let from = lines.len().saturating_sub(STDERR_SHOWN_LINES);
            eprintln!(
                "--- the server's log ends with\n{}",
                lines[from..].join("\n")
            );
        }
    }
}

pub struct Server {
    pub data: PathBuf,
    pub options: Options,
    process: Process,
    folder: Option<TempDir>,
}

impl Server {
    pub fn start() -> Self {
        Options::default().start()
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> &str {
        &self.process.url
    }

    pub fn host(&self) -> &str {
        self.url().strip_prefix("http://").unwrap()
    }

    pub fn next_stdout_line(&self) -> String {
        self.process.next_line()
    }

    /// Lines that speak of trouble, since the last start.
    pub fn complaints(&self) -> Vec<String> {
        let lines = self.process.stderr.lock().unwrap();
        let bad = |line: &&String| {
            ["WARN", "ERROR", "panicked"]
                .iter()
                .any(|word| line.contains(word))
        };
        lines.iter().filter(bad).cloned().collect()
    }

    fn signal(&self, name: &str) {
        let done = Command::new("kill")
            .args([name, &self.process.child.id().to_string()])
            .status();
        assert!(done.unwrap().success());
    }

    /// Asks the server to stop, and says how it ended.
    pub fn stop(&mut self) -> Option<i32> {
        self.signal("-TERM");
        let child = &mut self.process.child;
        wait_for("the server to stop", || child.try_wait().unwrap()).code()
    }

    pub fn kill_9(&mut self) {
        self.process.child.kill().unwrap();
        self.process.child.wait().unwrap();
    }

    /// Starts again in the same folder, after [`Server::stop`] or [`Server::kill_9`].
    pub fn restart(&mut self) {
        self.process = Process::start(&self.options, &self.data);
    }

    pub fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl ureq::AsSendBody,
    ) -> Answer {
        send(&format!("{}{path}", self.url()), method, headers, body)
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// GET with the API token.
    pub fn get(&self, path: &str) -> Answer {
        let bearer = format!("Bearer {}", self.options.api_token);
        self.send("GET", path, &[("authorization", &bearer)], ())
    }

    pub fn json(&self, path: &str) -> Value {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    pub fn array(&self, path: &str) -> Vec<Value> {
        match self.json(path) {
            Value::Array(list) => list,
            other => panic!("{path}: {other}"),
        }
    }

    /// All replays that are listed, newest first.
    pub fn replays(&self) -> Vec<Value> {
        let mut found = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.json(&format!("/api/v1/replays?limit=100{cursor}"));
            found.extend(page["replays"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return found,
            }
        }
    }

    /// The listed row of a replay, once there is one.
    pub fn replay(&self, device_id: &str, session_id: &str) -> Value {
        wait_for("the replay in the list", || {
            self.replays()
                .into_iter()
                .find(|it| it["device_id"] == device_id && it["session_id"] == session_id)
        })
    }

    pub fn replay_id(&self, device_id: &str, session_id: &str) -> String {
        let row = self.replay(device_id, session_id);
        row["id"].as_str().unwrap().to_owned()
    }

    pub fn events(&self, id: &str) -> Vec<Value> {
        self.array(&format!("/api/v1/replays/{id}/events"))
    }

    /// The value of one line of the metrics page; 0 while there is no such line.
    pub fn metric(&self, name: &str) -> f64 {
        let text = self.send("GET", "/metrics", &[], ()).text();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map_or(0.0, |value| value.parse().unwrap())
    }

    pub fn problems(&self, reason: &str) -> f64 {
        self.metric(&format!(
            "reenact_ingest_problems_total{{reason=\"{reason}\"}}"
        ))
    }

    /// The file of the newest recording object of a replay.
    pub fn newest_recording(&self, id: &str) -> Option<PathBuf> {
        let folder = self.data.join("blobs/recordings/1").join(id);
        let versions = std::fs::read_dir(folder).into_iter().flatten();
        versions
            .filter_map(|entry| {
                let path = entry.unwrap().path();
                // Others are being written.
                (path.extension()? == "recording").then_some(path)
            })
            .max()
    }

    /// The newest recording object: its version, and how many events are in it.
    pub fn sealed(&self, id: &str) -> (u64, u64) {
        let Some(path) = self.newest_recording(id) else {
            return (0, 0);
        };
        let version = path.file_stem().unwrap().to_str().unwrap();
        // The sealer removes old versions.
        let Ok(bytes) = std::fs::read(&path) else {
            return (0, 0);
        };
        let index = recording::Recording::read(&bytes).unwrap().unwrap();
        let count = index.event_blocks().map(|(_, block)| block.count).sum();
        (version.parse().unwrap(), count)
    }

    /// Waits until all events of a replay are in its recording object.
    pub fn wait_until_sealed(&self, id: &str) {
        wait_for("a replay to be sealed", || {
            let row = self.json(&format!("/api/v1/replays/{id}"));
            let (version, count) = self.sealed(id);
            (version > 0 && row["event_count"] == count).then_some(())
        });
    }
}
