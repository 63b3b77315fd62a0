//! Credentials and repeated configuration in what SDKs record by themselves.

use crate::scrub_text::{QUERY_MEMBERS, REDACTED, is_secret_name, without_secrets};
use crate::tree::{Tree, dismantle};
use rrweb::envelope::kind;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// A shorter key would match in innocent text.
const MIN_KEY_BYTES: usize = 8;

/// Members that hold the headers of a recorded request.
const HEADER_LISTS: [&str; 3] = ["requestheaders", "responseheaders", "headers"];

/// What SDKs record of themselves. Several repeat the whole configuration.
const SDK_TAGS: [&str; 7] = [
    "metadata",
    "debug-info",
    "get-sr-props",
    "fetch-request",
    "targeting-decision",
    "replay-gate-decision",
    "$posthog_config",
];
const CONFIG_KEYS: [&str; 4] = ["config", "joinedConfig", "localConfig", "remoteConfig"];
const API_KEY_KEYS: [&str; 2] = ["apiKey", "api_key"];

/// An event after scrubbing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scrubbed {
    pub json: String,
    /// Secrets that were replaced. Removed configuration is not counted: it is no
    /// secret, only repeated.
    pub redactions: u64,
}

/// Scrubs one event; `None` when there is nothing to change. The page itself (pictures
/// of it and its changes) is not looked into: it is recorded as it was shown, masked
/// by the recorder, and the hot path stays cheap.
pub fn scrub_event(kind: u8, json: &str, ingest_key: &str) -> Option<Scrubbed> {
    match kind {
        kind::CUSTOM | kind::PLUGIN => scrub_record(json, ingest_key),
        // All that it says is the page's address.
        kind::META => scrub_text(json, ingest_key),
        _ => None,
    }
}

/// Scrubs what is kept as it was sent: an error, a span, an analytics event.
pub fn scrub_record(json: &str, ingest_key: &str) -> Option<Scrubbed> {
    let without_config = strip_config(json);
    let mut is_changed = without_config.is_some();
    let mut json = without_config.map_or(Cow::Borrowed(json), Cow::Owned);
    let mut redactions = 0;
    // Building a tree costs more than everything else on the way of an upload.
    if may_hold_credentials(&json)
        && let Some(mut tree) = Tree::parse(&json)
    {
        let mut scrub = Scrub::default();
        scrub.event(&mut tree.0);
        if scrub.is_changed {
            json = Cow::Owned(tree.to_json()?);
            redactions = scrub.redactions;
            is_changed = true;
        }
    }
    if let Some(scrubbed) = scrub_text(&json, ingest_key) {
        json = Cow::Owned(scrubbed.json);
        redactions += scrubbed.redactions;
        is_changed = true;
    }
    is_changed.then(|| Scrubbed {
        json: json.into_owned(),
        redactions,
    })
}

/// Takes the ingest key and the secrets of addresses out of a text, JSON or not.
pub fn scrub_text(text: &str, ingest_key: &str) -> Option<Scrubbed> {
    let key_count = count_key(text, ingest_key);
    let without_key = match key_count {
        0 => Cow::Borrowed(text),
        _ => Cow::Owned(text.replace(ingest_key, REDACTED)),
    };
    match (without_secrets(&without_key), key_count) {
        (Some((json, count)), _) => Some(Scrubbed {
            json,
            redactions: key_count + count,
        }),
        (None, 0) => None,
        (None, _) => Some(Scrubbed {
            json: without_key.into_owned(),
            redactions: key_count,
        }),
    }
}

/// Cuts the configuration out of what an SDK records of itself, by its place in
/// the text. `None` when there is none, or when the event is written in a way that
/// only the tree understands.
fn strip_config(json: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Custom<'a> {
        #[serde(borrow)]
        tag: Cow<'a, str>,
        #[serde(borrow)]
        payload: &'a RawValue,
    }
    let data = rrweb::read_envelope(json).ok()?.data?;
    let custom: Custom<'_> = serde_json::from_str(data.get()).ok()?;
    let payload = custom.payload.get();
    if !SDK_TAGS.contains(&custom.tag.as_ref()) || !payload.starts_with('{') {
        return None;
    }
    let Members(members) = serde_json::from_str(payload).ok()?;
    let kept = members
        .iter()
        .filter(|(key, _)| !CONFIG_KEYS.contains(&key.as_ref()));
    let mut stripped = String::with_capacity(json.len());
    // The payload is a part of `json`, so its address tells where it lies.
    let start = payload.as_ptr() as usize - json.as_ptr() as usize;
    stripped.push_str(&json[..start]);
    stripped.push('{');
    let mut count = 0;
    for (key, value) in kept {
        if count > 0 {
            stripped.push(',');
        }
        count += 1;
        stripped.push_str(&serde_json::to_string(key).ok()?);
        stripped.push(':');
        stripped.push_str(value.get());
    }
    stripped.push('}');
    stripped.push_str(&json[start + payload.len()..]);
    (count < members.len()).then_some(stripped)
}

/// The members of an object in their order, repeated keys included.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> serde::de::Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, &RawValue>()? {
                    members.push((Cow::Owned(key), value));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}

/// False only when the tree would find nothing. An escape could hide a name, so a
/// text that could have one is always looked into.
fn may_hold_credentials(json: &str) -> bool {
    const NAMES: [&[u8]; 7] = [
        b"headers",
        b"apikey",
        b"api_key",
        b"config",
        b"cookies",
        b"query_string",
        b"\\u00",
    ];
    let bytes = json.as_bytes();
    NAMES.iter().any(|name| {
        bytes
            .windows(name.len())
            .any(|window| window[0] | 0x20 == name[0] | 0x20 && window.eq_ignore_ascii_case(name))
    })
}

/// How often the key stands in the text. Keys are made of letters, digits, `-`,
/// `_`, `.` and `~`, so JSON never escapes them and replacing text cannot break the document.
fn count_key(json: &str, ingest_key: &str) -> u64 {
    let is_plain = ingest_key
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~'));
    match is_plain && ingest_key.len() >= MIN_KEY_BYTES {
        true => json.matches(ingest_key).count() as u64,
        false => 0,
    }
}

#[derive(Default)]
struct Scrub {
    redactions: u64,
    is_changed: bool,
}

impl Scrub {
    fn event(&mut self, event: &mut Value) {
        let sdk_payload = sdk_payload(event);
        let is_of_sdk = sdk_payload.is_some();
        if let Some(payload) = sdk_payload {
            for key in CONFIG_KEYS {
                // Not `remove`, which would bring the other keys out of order.
                if let Some(config) = payload.shift_remove(key) {
                    dismantle(config);
                    self.is_changed = true;
                }
            }
        }
        self.members(event, is_of_sdk);
    }

    /// Looks at every member of every object, however deep.
    fn members(&mut self, event: &mut Value, are_api_keys_secret: bool) {
        let mut remaining = vec![event];
        while let Some(value) = remaining.pop() {
            match value {
                Value::Array(items) => remaining.extend(items),
                Value::Object(members) => {
                    for (key, member) in members {
                        let is_list_of_headers = HEADER_LISTS
                            .iter()
                            .any(|name| key.eq_ignore_ascii_case(name));
                        if is_list_of_headers || QUERY_MEMBERS.contains(&key.as_str()) {
                            self.named_values(member);
                        } else if key == "request" {
                            if let Some(cookies) = member.get_mut("cookies") {
                                self.redact(cookies);
                            }
                        } else if are_api_keys_secret && API_KEY_KEYS.contains(&key.as_str()) {
                            self.redact(member);
                        }
                        remaining.push(member);
                    }
                }
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
    }

    /// Headers, and parameters of a query, are written as `{name: value}`,
    /// `[[name, value]]` or `[{"name": …, "value": …}]`.
    fn named_values(&mut self, headers: &mut Value) {
        match headers {
            Value::Object(members) => {
                for (_, value) in members.iter_mut().filter(|(name, _)| is_secret_name(name)) {
                    self.redact(value);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.header(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn header(&mut self, header: &mut Value) {
        match header {
            Value::Array(pair) => {
                if let [Value::String(name), values @ ..] = pair.as_mut_slice()
                    && is_secret_name(name)
                {
                    values.iter_mut().for_each(|value| self.redact(value));
                }
            }
            Value::Object(members) => {
                if members
                    .get("name")
                    .and_then(Value::as_str)
                    .is_some_and(is_secret_name)
                    && let Some(value) = members.get_mut("value")
                {
                    self.redact(value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn redact(&mut self, value: &mut Value) {
        if value.is_null() || value.as_str() == Some(REDACTED) {
            return;
        }
        dismantle(std::mem::replace(value, REDACTED.into()));
        self.redactions += 1;
        self.is_changed = true;
    }
}

fn sdk_payload(event: &mut Value) -> Option<&mut Map<String, Value>> {
    let data = event.get_mut("data")?.as_object_mut()?;
    let tag = data.get("tag")?.as_str()?;
    if !SDK_TAGS.contains(&tag) {
        return None;
    }
    data.get_mut("payload")?.as_object_mut()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const KEY: &str = "f00dfeedf00dfeed";

    #[track_caller]
    fn check(event: Value, expected: Option<(Value, u64)>) {
        let scrubbed = scrub_event(kind::CUSTOM, &event.to_string(), KEY);
        let expected = expected.map(|(json, redactions)| Scrubbed {
            json: json.to_string(),
            redactions,
        });
        assert_eq!(scrubbed, expected);
    }

    fn custom(tag: &str, payload: Value) -> Value {
        json!({ "type": 5, "timestamp": 1, "data": { "tag": tag, "payload": payload } })
    }

    #[test]
    fn the_ingest_key_goes_wherever_it_stands() {
        check(
            custom(
                "mine",
                json!({ "url": format!("https://a.test/config/{KEY}?x=1"), KEY: [KEY] }),
            ),
            Some((
                custom(
                    "mine",
                    json!({ "url": "https://a.test/config/[redacted]?x=1", "[redacted]": ["[redacted]"] }),
                ),
                3,
            )),
        );
        check(
            custom("mine", json!({ "url": "https://a.test/config/f00d" })),
            None,
        );
    }

    #[test]
    fn a_key_that_could_match_by_chance_is_left_alone() {
        let event = custom("mine", json!("a b c a")).to_string();
        for key in ["", "a", "payload", "\"timestamp\":1"] {
            assert_eq!(scrub_event(5, &event, key), None, "{key}");
        }
    }

    #[test]
    fn an_escape_hides_no_name() {
        let event =
            r#"{"type":5,"data":{"tag":"x","payload":{"\u0068eaders":{"\u0063ookie":"a=1"}}}}"#;
        let scrubbed = scrub_event(kind::CUSTOM, event, KEY).unwrap();
        assert_eq!(scrubbed.redactions, 1);
        assert!(!scrubbed.json.contains("a=1"));
        let event =
            r#"{"type":5,"data":{"tag":"get-sr-props","payload":{"\u0063onfig":{"k":1},"a":2}}}"#;
        let scrubbed = scrub_event(kind::CUSTOM, event, KEY).unwrap();
        assert!(!scrubbed.json.contains("\"k\"") && scrubbed.json.contains("\"a\":2"));
    }

    #[test]
    fn the_page_itself_is_not_looked_into() {
        let event = json!({ "data": { "headers": { "cookie": KEY } } }).to_string();
        for kind in [0, 1, 2, 3, 7, 255] {
            assert_eq!(scrub_event(kind, &event, KEY), None);
        }
        assert_eq!(
            scrub_event(kind::PLUGIN, &event, KEY).map(|scrubbed| scrubbed.redactions),
            Some(1)
        );
    }

    #[test]
    fn secret_parameters_go_wherever_an_address_stands() {
        let meta = |token: &str| json!({ "type": 4, "data": { "href": format!("https://a.test/?token={token}") } });
        let scrubbed = scrub_event(kind::META, &meta("s3cret").to_string(), KEY).unwrap();
        assert_eq!(scrubbed.json, meta(REDACTED).to_string());
        check(
            json!({ "request": { "query_string": [["code", "s"], ["page", "2"]], "cookies": { "a": "s" } }, "extra": { "query_string": { "token": "s" }, "cookies": 2 }, "url": "/?sid=s" }),
            Some((
                json!({ "request": { "query_string": [["code", "[redacted]"], ["page", "2"]], "cookies": "[redacted]" }, "extra": { "query_string": { "token": "[redacted]" }, "cookies": 2 }, "url": "/?sid=[redacted]" }),
                4,
            )),
        );
    }

    #[test]
    fn secret_headers_lose_their_values_in_every_notation() {
        let secret = [
            "Authorization",
            "proxy-authorization",
            "COOKIE",
            "set-cookie",
            "x-api-key",
            "x-auth-token",
            "x-csrf-token",
            "X-My-Token-2",
            "client_secret",
            "X-Password",
            "apikey",
            " cookie ",
        ];
        for name in secret {
            check(
                custom(
                    "x",
                    json!({ "requestHeaders": { name: "s" }, "a": { "headers": [[name, "s"]] }, "responseHeaders": [{ "name": name, "value": "s" }] }),
                ),
                Some((
                    custom(
                        "x",
                        json!({ "requestHeaders": { name: "[redacted]" }, "a": { "headers": [[name, "[redacted]"]] }, "responseHeaders": [{ "name": name, "value": "[redacted]" }] }),
                    ),
                    3,
                )),
            );
        }
    }

    #[test]
    fn other_headers_and_other_places_stay() {
        check(
            custom(
                "x",
                json!({ "headers": { "accept": "*/*", "content-type": "authorization", "author": "me" } }),
            ),
            None,
        );
        check(
            custom(
                "x",
                json!({ "headers": [["accept", "cookie"], ["cookie"], { "name": "cookie" }, 7, "cookie: a"] }),
            ),
            None,
        );
        check(
            custom(
                "x",
                json!({ "cookie": "a", "token": "b", "headers": "cookie: a", "apiKey": "c" }),
            ),
            None,
        );
        check(
            custom(
                "x",
                json!({ "headers": { "cookie": null, "authorization": "[redacted]" } }),
            ),
            None,
        );
    }

    #[test]
    fn a_secret_that_is_a_structure_goes_whole() {
        check(
            custom(
                "x",
                json!({ "headers": { "set-cookie": ["a", { "b": 1 }], "z": 1, "accept": "c" } }),
            ),
            Some((
                custom(
                    "x",
                    json!({ "headers": { "set-cookie": "[redacted]", "z": 1, "accept": "c" } }),
                ),
                1,
            )),
        );
    }

    #[test]
    fn configuration_is_removed_from_what_sdks_say_of_themselves() {
        for tag in SDK_TAGS {
            check(
                custom(
                    tag,
                    json!({ "b": 1, "config": { "apiKey": "****feed" }, "usageDetails": "{\"indexedDB\":540}", "joinedConfig": {}, "localConfig": 1, "remoteConfig": null, "a": 2, "deep": [{ "apiKey": "s", "api_key": "s" }] }),
                ),
                Some((
                    custom(
                        tag,
                        json!({ "b": 1, "usageDetails": "{\"indexedDB\":540}", "a": 2, "deep": [{ "apiKey": "[redacted]", "api_key": "[redacted]" }] }),
                    ),
                    2,
                )),
            );
        }
        check(custom("mine", json!({ "config": 1, "apiKey": "s" })), None);
        check(custom("debug-info", json!("config")), None);
        check(
            json!({ "data": { "tag": "debug-info", "config": 1 } }),
            None,
        );
    }

    #[test]
    fn depth_costs_no_stack() {
        let nested = format!(
            "{}{{\"cookie\":\"s\"}}{}",
            "{\"headers\":".repeat(2_040),
            "}".repeat(2_040)
        );
        let json = format!("{{\"type\":5,\"data\":{nested}}}");
        let thread = std::thread::Builder::new().stack_size(2 << 20);
        let scrubbed = thread
            .spawn(move || scrub_event(5, &json, KEY))
            .unwrap()
            .join()
            .unwrap();
        assert_eq!(scrubbed.map(|scrubbed| scrubbed.redactions), Some(1));
    }

    #[test]
    fn a_text_that_is_no_json_still_loses_the_key() {
        let scrubbed = scrub_event(5, &format!("{{{KEY}"), KEY).unwrap();
        assert_eq!(
            (scrubbed.json.as_str(), scrubbed.redactions),
            ("{[redacted]", 1)
        );
    }
}
