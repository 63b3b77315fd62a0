//! `reenact doctor`: says step by step whether what a page sends arrives, and if not,
//! why and what to do. It asks as an SDK would and stores nothing.

mod target;
mod watch;

use super::say;
use anyhow::{Result, bail};
use std::time::Duration;
use target::{Family, Target};

const PATIENCE: Duration = Duration::from_secs(10);
/// Recordings of large pages are this large; proxies like to allow less.
const LARGE_BODY_BYTES: usize = 4 << 20;

#[derive(clap::Args)]
pub struct Doctor {
    /// What the SDK is given: a Sentry DSN, or the address of the server (then with
    /// --key).
    #[arg(long)]
    dsn: String,
    /// Ingest key: PostHog's token, Amplitude's API key.
    #[arg(long, env = "REENACT_INGEST_KEY")]
    key: Option<String>,
    /// Whose SDK it is; told by the DSN for Sentry.
    #[arg(long, value_enum)]
    sdk: Option<Family>,
    /// Origin of the recorded page, as `https://shop.example`.
    #[arg(long, default_value = "https://page.example")]
    origin: String,
    /// API token of the project: to see whether the page's uploads arrive.
    #[arg(long, env = "REENACT_API_TOKEN")]
    token: Option<String>,
    /// How many seconds to wait for an upload of the page; 0 does not wait.
    #[arg(long, default_value_t = 30)]
    wait: u64,
}

/// One step's outcome, in words for a person.
pub enum Finding {
    Good(String),
    /// Works, but not everything will.
    Doubtful(String, String),
    /// What is wrong, and what to do.
    Bad(String, String),
}

struct Answer {
    status: u16,
    text: String,
    allow_origin: Option<String>,
}

impl Doctor {
    pub fn run(&self) -> Result<()> {
        let target = Target::read(&self.dsn, self.key.as_deref(), self.sdk)?;
        let http = Http {
            agent: ureq::Agent::config_builder()
                .http_status_as_error(false)
                .timeout_global(Some(PATIENCE))
                .build()
                .into(),
            origin: &self.origin,
        };
        say(&format!(
            "{} SDK, server {}, key {}\n\n",
            target.family.name(),
            target.base,
            target.key
        ))?;
        let mut report = Report::default();
        if let Some(finding) = target.form() {
            report.add("form", finding)?;
        }
        let reached = server_answers(&http, &target);
        let is_reached = !matches!(reached, Finding::Bad(..));
        report.add("server", reached)?;
        if is_reached {
            report.add("cors", cors(&http, &target))?;
            report.add("key", key(&http, &target))?;
            report.add("size", size(&http, &target))?;
            if target.family == Family::Posthog {
                report.add("recorder", recorder(&http, &target))?;
            }
            for (name, finding) in watch::watch(self, &target)? {
                report.add(name, finding)?;
            }
        }
        report.end()
    }
}

#[derive(Default)]
struct Report {
    bad: usize,
    doubtful: usize,
}

impl Report {
    fn add(&mut self, step: &str, finding: Finding) -> Result<()> {
        let text = match finding {
            Finding::Good(what) => format!("ok    {step}: {what}\n"),
            Finding::Doubtful(what, advice) => {
                self.doubtful += 1;
                format!("look  {step}: {what}\n      -> {advice}\n")
            }
            Finding::Bad(what, advice) => {
                self.bad += 1;
                format!("BAD   {step}: {what}\n      -> {advice}\n")
            }
        };
        say(&text)
    }

    fn end(self) -> Result<()> {
        match (self.bad, self.doubtful) {
            (0, 0) => say("\nNothing is wrong.\n"),
            (0, count) => say(&format!("\nWorks; {count} to look at.\n")),
            (count, _) => bail!("{count} of the steps failed"),
        }
    }
}

pub struct Http<'a> {
    agent: ureq::Agent,
    origin: &'a str,
}

impl Http<'_> {
    fn ask(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<Answer, String> {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(url)
            .header("origin", self.origin);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request
            .body(body.unwrap_or_default())
            .map_err(|error| error.to_string())?;
        let mut answer = self.agent.run(request).map_err(|error| error.to_string())?;
        let allow_origin = answer
            .headers()
            .get("access-control-allow-origin")
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        Ok(Answer {
            status: answer.status().as_u16(),
            text: answer.body_mut().read_to_string().unwrap_or_default(),
            allow_origin,
        })
    }
}

fn server_answers(http: &Http<'_>, target: &Target) -> Finding {
    let url = format!("{}/healthz", target.base);
    match http.ask("GET", &url, &[], None) {
        Err(error) => Finding::Bad(
            format!("nothing answers at {}: {error}", target.base),
            "Is the server running, is the address right, and does its certificate fit the name?"
                .to_owned(),
        ),
        Ok(answer) if answer.status == 200 && answer.text.trim() == "ok" => {
            Finding::Good(format!("{} answers", target.base))
        }
        // A proxy may let through nothing but the addresses of SDKs.
        Ok(answer) => Finding::Doubtful(
            format!("{url} answered {}, not `ok`", answer.status),
            "Fine if your proxy passes on the SDK's addresses only; else something other than Reenact answers there."
                .to_owned(),
        ),
    }
}

fn cors(http: &Http<'_>, target: &Target) -> Finding {
    let advice = "A proxy in front of the server removes or replaces CORS headers, or keeps OPTIONS to itself: let it pass both on unchanged.";
    let headers = [
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type"),
    ];
    let url = target.upload_url();
    match http.ask("OPTIONS", &url, &headers, None) {
        Err(error) => Finding::Bad(format!("the preflight failed: {error}"), advice.to_owned()),
        Ok(answer) => match answer.allow_origin.as_deref() {
            Some(allowed)
                if (200..300).contains(&answer.status)
                    && (allowed == "*" || allowed == http.origin) =>
            {
                Finding::Good(format!("pages of {} may send", http.origin))
            }
            allowed => Finding::Bad(
                format!(
                    "the preflight was answered {} and allows {}",
                    answer.status,
                    allowed.unwrap_or("no origin")
                ),
                advice.to_owned(),
            ),
        },
    }
}

fn key(http: &Http<'_>, target: &Target) -> Finding {
    let (method, url, headers, body) = target.key_question();
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let unknown = || {
        Finding::Bad(
            "the server does not know this key".to_owned(),
            "Copy the ingest key from Settings, Project. It is the key that decides; the number at the end of a DSN may be any.".to_owned(),
        )
    };
    match http.ask(method, &url, &headers, body.as_deref()) {
        Err(error) => Finding::Bad(
            format!("the question failed: {error}"),
            "The server answered before: try again.".to_owned(),
        ),
        Ok(answer) if target.is_unknown_key(answer.status, &answer.text) => unknown(),
        Ok(answer) if matches!(answer.status, 404 | 405) || answer.status >= 500 => Finding::Bad(
            format!("{url} answered {}", answer.status),
            "The SDK's address does not reach Reenact: look at the paths that your proxy passes on.".to_owned(),
        ),
        Ok(_) => Finding::Good("the server knows the key".to_owned()),
    }
}

/// A body of blanks, which holds nothing: only whether it gets through counts.
fn size(http: &Http<'_>, target: &Target) -> Finding {
    let mut body = vec![b' '; LARGE_BODY_BYTES];
    body[..2].copy_from_slice(b"{}");
    let mib = LARGE_BODY_BYTES >> 20;
    let advice = "Recordings of large pages are lost: allow bodies of at least 25 MB in every proxy (nginx: client_max_body_size).";
    match http.ask(
        "POST",
        &target.size_url(),
        &[("content-type", "text/plain")],
        Some(&body),
    ) {
        Ok(answer) if answer.status == 413 => Finding::Bad(
            format!("an upload of {mib} MiB is refused as too large"),
            advice.to_owned(),
        ),
        Ok(_) => Finding::Good(format!("an upload of {mib} MiB gets through")),
        Err(error) => Finding::Bad(
            format!("an upload of {mib} MiB does not get through: {error}"),
            advice.to_owned(),
        ),
    }
}

fn recorder(http: &Http<'_>, target: &Target) -> Finding {
    let found = target
        .recorder_urls()
        .into_iter()
        .find(|url| matches!(http.ask("GET", url, &[], None), Ok(answer) if answer.status == 200));
    match found {
        Some(url) => Finding::Good(format!("the recorder's script is at {url}")),
        None => Finding::Doubtful(
            "the server has no recorder script".to_owned(),
            "SDKs that were loaded by the snippet or from npm fetch it from here and record nothing without it: install the npm package posthog-js on the server and set posthog.package_dir, or bundle `posthog-js/dist/module.full.no-external`.".to_owned(),
        ),
    }
}
