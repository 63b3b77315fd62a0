//! Whether the page's uploads arrive: what the server says about its ingest, before
//! and while somebody uses the page.

use super::target::Target;
use super::{Doctor, Finding, PATIENCE};
use crate::commands::say;
use anyhow::Result;
use serde_json::Value;
use std::time::{Duration, Instant};

const LOOK_EVERY: Duration = Duration::from_secs(1);

type Findings = Vec<(&'static str, Finding)>;

pub fn watch(doctor: &Doctor, target: &Target) -> Result<Findings> {
    let Some(token) = &doctor.token else {
        let finding = Finding::Doubtful(
            "whether uploads of the page arrive was not looked at".to_owned(),
            "Give an API token of the project with --token (Settings, API tokens).".to_owned(),
        );
        return Ok(vec![("arrival", finding)]);
    };
    let api = Api {
        agent: ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .build()
            .into(),
        base: &target.base,
        bearer: format!("Bearer {token}"),
    };
    let mut findings = Findings::new();
    let projects = match api.get("/api/v1/projects") {
        Ok(projects) => projects,
        Err(why) => {
            let advice = "The token must be one of this server, and its address must pass /api/v1.";
            findings.push(("token", Finding::Bad(why, advice.to_owned())));
            return Ok(findings);
        }
    };
    let mut projects = projects["projects"].as_array().into_iter().flatten();
    let Some(project) = projects.find(|it| it["ingest_key"] == target.key.as_str()) else {
        let what = "the token is of a project that has another key";
        let advice = "Give a token of the project that the key belongs to, or check the key.";
        findings.push(("token", Finding::Bad(what.to_owned(), advice.to_owned())));
        return Ok(findings);
    };
    let name = project["name"].as_str().unwrap_or_default();
    if project["capture_enabled"] == false {
        let what = format!("capture is switched off in {name}");
        let advice = "Switch it on in Settings, Project: until then nothing is stored.";
        findings.push(("project", Finding::Bad(what, advice.to_owned())));
    } else {
        findings.push((
            "project",
            Finding::Good(format!("{name}, and capture is on")),
        ));
    }
    let path = format!("/api/v1/projects/{}/ingest-status", project["id"]);
    match api.get(&path) {
        Ok(before) => arrivals(doctor, target, &api, &path, &before, &mut findings)?,
        Err(why) => findings.push((
            "arrival",
            Finding::Bad(why, "Look at the server's log.".to_owned()),
        )),
    }
    Ok(findings)
}

fn arrivals(
    doctor: &Doctor,
    target: &Target,
    api: &Api<'_>,
    path: &str,
    before: &Value,
    findings: &mut Findings,
) -> Result<()> {
    let began = Family::of(before, target.family.source());
    if doctor.wait > 0 {
        say(&format!(
            "      Now open the page and use it; waiting {} s for an upload\n",
            doctor.wait
        ))?;
    }
    let until = Instant::now() + Duration::from_secs(doctor.wait);
    let mut now = began.clone();
    while Instant::now() < until && now.last_upload_at == began.last_upload_at {
        std::thread::sleep(LOOK_EVERY);
        if let Ok(status) = api.get(path) {
            now = Family::of(&status, target.family.source());
        }
    }
    let arrival = if now.last_upload_at != began.last_upload_at {
        Finding::Good("an upload arrived and was stored".to_owned())
    } else if let Some(last) = &began.last_upload_at {
        Finding::Doubtful(
            format!("nothing arrived just now; the last upload came at {last}"),
            "SDKs send some seconds after something happens on the page, and only of sampled sessions.".to_owned(),
        )
    } else {
        Finding::Bad(
            "nothing has arrived from this SDK yet".to_owned(),
            "Look into the page's network tab: without requests the SDK is not started, its sample rate is 0, or the content security policy lacks this server in connect-src (and blob: in worker-src).".to_owned(),
        )
    };
    findings.push(("arrival", arrival));
    for (reason, count) in &now.rejected {
        let before = began.rejected.iter().find(|(it, _)| it == reason);
        let news = count - before.map_or(0, |(_, count)| *count);
        if news > 0 {
            findings.push((
                "refused",
                Finding::Doubtful(
                    format!("{reason}, {news} times while waiting"),
                    advice(reason).to_owned(),
                ),
            ));
        } else {
            let what = format!("{reason}, {count} times earlier");
            findings.push((
                "refused",
                Finding::Doubtful(what, advice(reason).to_owned()),
            ));
        }
    }
    for loss in before["client_losses"].as_array().into_iter().flatten() {
        let text = |key: &str| loss[key].as_str().unwrap_or_default().to_owned();
        let what = format!(
            "the SDK itself dropped {} of {}: {}",
            loss["count"],
            text("category"),
            text("reason")
        );
        let advice = "It decided so before sending: sample_rate and before_send are settings of the page, network_error and send_error are of the way here.";
        findings.push(("sdk", Finding::Doubtful(what, advice.to_owned())));
    }
    Ok(())
}

fn advice(reason: &str) -> &'static str {
    match reason {
        "unknown_key" => {
            "Some page sends with a key that no project has: compare it with Settings, Project."
        }
        "too_large" | "event_too_large" => {
            "Single pictures of the page are too large: block what is large in it, such as inlined images."
        }
        "invalid_encoding" | "truncated" => {
            "Bodies arrive damaged: a proxy decompresses or cuts them."
        }
        "throttled" => "More arrives than is allowed at a time: see limits in the configuration.",
        "storage_full" => "The disk is full.",
        "capture_disabled" => "Switch capture on in Settings, Project.",
        "own_traffic" => "Normal: requests to this server are left out of recordings.",
        "repaired_timestamp" | "repaired_text" | "redacted_secret" => {
            "Normal: it was put right and kept."
        }
        "unknown_item" => {
            "Normal: kinds of items that Reenact has no use for are counted and left out."
        }
        "invalid_id" => {
            "Session or device ids are missing or have an odd form: see the SDK's setup."
        }
        _ => "See the ingestion page in Settings for what it means.",
    }
}

/// The ingest status of one family of SDKs.
#[derive(Clone)]
struct Family {
    last_upload_at: Option<String>,
    rejected: Vec<(String, i64)>,
}

impl Family {
    fn of(status: &Value, source: &str) -> Self {
        let mut families = status["families"].as_array().into_iter().flatten();
        let family = families.find(|family| family["source"] == source);
        let rejected = family.map(|it| &it["rejected"]).and_then(Value::as_array);
        let rejected = rejected
            .into_iter()
            .flatten()
            .filter_map(|it| Some((it["reason"].as_str()?.to_owned(), it["count"].as_i64()?)));
        Self {
            last_upload_at: family.and_then(|it| Some(it["last_upload_at"].as_str()?.to_owned())),
            rejected: rejected.collect(),
        }
    }
}

struct Api<'a> {
    agent: ureq::Agent,
    base: &'a str,
    bearer: String,
}

impl Api<'_> {
    fn get(&self, path: &str) -> Result<Value, String> {
        let url = format!("{}{path}", self.base);
        let sent = self
            .agent
            .get(&url)
            .header("authorization", &self.bearer)
            .call();
        let mut answer = sent.map_err(|error| format!("{url}: {error}"))?;
        let text = answer.body_mut().read_to_string().unwrap_or_default();
        match answer.status().as_u16() {
            200 => serde_json::from_str(&text).map_err(|_| format!("{url} answered no JSON")),
            status => Err(format!("{url} answered {status}")),
        }
    }
}
