//! Requests, as the recorders report them.

use crate::fact::{Body, Network, WebVital, to_ms};
use crate::strings::{self, MAX_PAYLOAD_BYTES, cut};
use rrweb::tape::{Kind, Value};
use std::collections::BTreeMap;

const MAX_REQUESTS_PER_EVENT: usize = 1_000;
const MAX_HEADERS: usize = 64;
const MAX_HEADER_BYTES: usize = 512;
/// A request that began earlier before its report began then, by a clock that lies.
const MAX_AGE_US: i64 = 600_000_000;

/// Ends of addresses to which recorders and analytics scripts report; such a request
/// is no effect of a click.
const REPORTS: [&str; 12] = [
    "/2/httpapi",
    "/batch",
    "/sessions/v2/track",
    "/envelope",
    "/e",
    "/i/v0/e",
    "/s",
    "/collect",
    "/beacon",
    "/events",
    "/track",
    "/replay",
];

/// A request and when it began.
pub struct Request {
    pub at_us: i64,
    pub network: Network,
}

impl Request {
    /// Whether it could be what a visitor's click is for.
    pub fn is_effect(&self) -> bool {
        let kind = self.network.initiator.as_deref();
        let path = self.path().trim_end_matches('/');
        matches!(
            kind,
            Some("fetch" | "xmlhttprequest" | "xhr" | "navigation" | "http")
        ) && !REPORTS.iter().any(|end| path.ends_with(end))
    }

    pub fn path(&self) -> &str {
        self.network
            .url
            .split(['?', '#'])
            .next()
            .unwrap_or_default()
    }
}

/// `rrweb/network@1`; PostHog's has more fields. Entries that are no requests become
/// facts of their own.
pub fn plugin(
    payload: Value<'_>,
    at_us: i64,
    slow_ms: u32,
    mut found: impl FnMut(Result<Request, (i64, Body)>),
) {
    let requests = || {
        payload
            .get("requests")
            .into_iter()
            .flat_map(Value::items)
            .take(MAX_REQUESTS_PER_EVENT)
    };
    let number = |request: Value<'_>, key: &str| request.get(key).and_then(Value::as_f64);
    // Times count from the start of the page, which is not told: the last to end
    // ended just before the report.
    let last_end_ms = requests()
        .filter_map(|request| {
            number(request, "endTime")
                .or_else(|| number(request, "responseEnd"))
                .or_else(|| Some(number(request, "startTime")? + number(request, "duration")?))
        })
        .fold(0.0, f64::max);
    for request in requests() {
        let start_ms = number(request, "startTime").unwrap_or_default();
        let began_us = match number(request, "timestamp") {
            Some(epoch_ms) if epoch_ms > 1e11 => (epoch_ms * 1_000.0) as i64,
            _ => at_us.saturating_sub(((last_end_ms - start_ms).max(0.0) * 1_000.0) as i64),
        };
        let began_us = began_us.clamp(
            at_us.saturating_sub(MAX_AGE_US),
            at_us.max(at_us.saturating_sub(MAX_AGE_US)),
        );
        let name = request
            .get("name")
            .or_else(|| request.get("url"))
            .and_then(Value::as_str);
        match request.get("entryType").and_then(Value::as_str) {
            Some("paint") if name == Some("first-contentful-paint") => {
                found(Err((began_us, vital("FCP", start_ms, None))));
            }
            Some("longtask") => {
                let duration_ms = number(request, "duration").unwrap_or_default() as u64;
                found(Err((began_us, Body::LongTask { duration_ms })));
            }
            None | Some("resource" | "navigation") => {
                let mut network = common(request);
                network.url = strings::text(name.unwrap_or_default());
                network.start_ms = to_ms(began_us);
                let kind = request
                    .get("initiatorType")
                    .and_then(Value::as_str)
                    .map(strings::name);
                network.initiator = kind;
                judge(&mut network, slow_ms);
                found(Ok(Request {
                    at_us: began_us,
                    network,
                }));
            }
            Some(_) => {}
        }
    }
}

/// Amplitude's `fetch-request`.
pub fn fetch_request(payload: Value<'_>, at_us: i64, slow_ms: u32) -> Request {
    let mut network = common(payload);
    network.url = payload
        .get("url")
        .and_then(Value::as_str)
        .map(strings::text)
        .unwrap_or_default();
    network.initiator = Some("fetch".to_owned());
    let began_us = payload
        .get("timestamp")
        .and_then(Value::as_f64)
        .map_or(at_us, |ms| {
            ((ms * 1_000.0) as i64).clamp(at_us.saturating_sub(MAX_AGE_US), at_us)
        });
    network.start_ms = to_ms(began_us);
    if payload.get("error").is_some_and(Value::is_object) {
        network.failed = true;
    }
    judge(&mut network, slow_ms);
    Request {
        at_us: began_us,
        network,
    }
}

/// Sentry's `performanceSpan` with an op of `resource.…`.
pub fn span(payload: Value<'_>, op: &str, at_us: i64, slow_ms: u32) -> Request {
    let seconds = |key| payload.get(key).and_then(Value::as_f64);
    let data = payload.get("data");
    let side = |key| data.and_then(|data| data.get(key));
    let size = |key| {
        side(key)
            .and_then(|side| side.get("size"))
            .and_then(Value::as_i64)
    };
    let status = data
        .and_then(|data| data.get("statusCode"))
        .and_then(Value::as_i64);
    let duration_ms = seconds("endTimestamp")
        .zip(seconds("startTimestamp"))
        .map(|(end, start)| ((end - start).max(0.0) * 1_000.0) as u64);
    let began_us = seconds("startTimestamp").map_or(at_us, |start| {
        ((start * 1e6) as i64).clamp(
            at_us.saturating_sub(MAX_AGE_US),
            at_us.saturating_add(MAX_AGE_US),
        )
    });
    let mut network = Network {
        method: data
            .and_then(|data| data.get("method"))
            .and_then(Value::as_str)
            .map_or_else(|| "GET".to_owned(), strings::name),
        url: payload
            .get("description")
            .and_then(Value::as_str)
            .map(strings::text)
            .unwrap_or_default(),
        status: status.and_then(|status| u16::try_from(status).ok()),
        duration_ms,
        start_ms: to_ms(began_us),
        initiator: Some(strings::name(op)),
        request_headers: headers(side("request").and_then(|side| side.get("headers"))),
        response_headers: headers(side("response").and_then(|side| side.get("headers"))),
        request_body: body(side("request").and_then(|side| side.get("body"))),
        response_body: body(side("response").and_then(|side| side.get("body"))),
        request_size_bytes: size("request").and_then(|size| u64::try_from(size).ok()),
        response_size_bytes: size("response")
            .or_else(|| side("size").and_then(Value::as_i64))
            .and_then(|size| u64::try_from(size).ok()),
        ..Network::default()
    };
    judge(&mut network, slow_ms);
    Request {
        at_us: began_us,
        network,
    }
}

pub fn vital(name: &str, value: f64, rating: Option<&str>) -> Body {
    Body::WebVital(Box::new(WebVital {
        name: strings::name(name),
        value,
        rating: rating.map(strings::name),
    }))
}

/// What rrweb's and Amplitude's forms have in common.
fn common(request: Value<'_>) -> Network {
    let count = |key| {
        request
            .get(key)
            .and_then(Value::as_f64)
            .filter(|number| *number >= 0.0)
            .map(|number| number as u64)
    };
    let status = count("status").or_else(|| count("responseStatus"));
    Network {
        method: request
            .get("method")
            .and_then(Value::as_str)
            .map_or_else(|| "GET".to_owned(), strings::name),
        status: status.and_then(|status| u16::try_from(status).ok()),
        duration_ms: count("duration"),
        request_headers: headers(request.get("requestHeaders")),
        response_headers: headers(request.get("responseHeaders")),
        request_body: body(request.get("requestBody")),
        response_body: body(request.get("responseBody")),
        response_size_bytes: count("transferSize").or_else(|| count("encodedBodySize")),
        ..Network::default()
    }
}

/// A status of 0 is a failure only where scripts see a status at all.
fn judge(network: &mut Network, slow_ms: u32) {
    let is_script = matches!(
        network.initiator.as_deref(),
        Some("fetch" | "xmlhttprequest" | "xhr" | "http")
    );
    let is_page = network.initiator.as_deref() == Some("navigation");
    network.failed |= match network.status {
        Some(0) => is_script,
        Some(status) => status >= 400,
        None => false,
    };
    network.slow = (is_script || is_page)
        && network
            .duration_ms
            .is_some_and(|duration| duration > u64::from(slow_ms));
}

fn headers(value: Option<Value<'_>>) -> BTreeMap<String, String> {
    let mut headers = BTreeMap::new();
    let mut add = |name: &str, value: Value<'_>| {
        if headers.len() < MAX_HEADERS {
            headers.insert(
                cut(name, MAX_HEADER_BYTES).to_owned(),
                strings::plain(value, MAX_HEADER_BYTES),
            );
        }
    };
    match value.map(Value::kind) {
        Some(Kind::Object(pairs)) => pairs
            .take(MAX_HEADERS)
            .for_each(|(name, value)| add(name, value)),
        Some(Kind::Array(items)) => {
            for item in items.take(MAX_HEADERS) {
                if let (Some(name), Some(value)) =
                    (item.get("name").and_then(Value::as_str), item.get("value"))
                {
                    add(name, value);
                }
            }
        }
        _ => {}
    }
    headers
}

fn body(value: Option<Value<'_>>) -> Option<String> {
    value
        .filter(|value| !value.is_null())
        .map(|value| strings::plain(value, 2 * MAX_PAYLOAD_BYTES))
}
