//! Readable names for events that SDKs capture by themselves: `Clicked "Add to cart"`
//! instead of `[Amplitude] Element Clicked`. The event itself stays as it was sent.

use serde_json::Value;
use std::borrow::Cow;

const MAX_LABEL_CHARS: usize = 60;

/// None: somebody gave the event its name, or nothing better can be said.
pub fn generated_name(event_type: &str, properties: &Value) -> Option<String> {
    let own = event_type
        .strip_prefix("[Amplitude] ")
        .or_else(|| event_type.strip_prefix('$'))
        .or_else(|| {
            // Sent by a plain name for as long as there are these SDKs.
            matches!(event_type, "session_start" | "session_end").then_some(event_type)
        })?;
    let of_element = |verb: &str| Some(about(verb, element(properties)));
    let of_page = |verb: &str| Some(about(verb, page(properties)));
    match own {
        "Page Viewed" | "pageview" => of_page("Viewed"),
        "pageleave" => of_page("Left"),
        "Element Clicked" => of_element("Clicked"),
        "Element Changed" => of_element("Changed"),
        "Rage Click" | "rageclick" => of_element("Rage click on"),
        "Dead Click" | "dead_click" => of_element("Dead click on"),
        "Error Click" => of_element("Error click on"),
        "Thrashed Cursor" => Some("Thrashed cursor".to_owned()),
        "autocapture" => of_element(match text(properties, "$event_type").as_deref() {
            Some("change") => "Changed",
            Some("submit") => "Submitted",
            Some("copy") => "Copied from",
            _ => "Clicked",
        }),
        "Form Started" => Some(about("Started form", form(properties))),
        "Form Submitted" => Some(about("Submitted form", form(properties))),
        "File Downloaded" => Some(about("Downloaded", file(properties))),
        "Network Request" => Some(request(properties)),
        "session_start" => Some("Session started".to_owned()),
        "session_end" => Some("Session ended".to_owned()),
        _ => None,
    }
}

fn about(verb: &str, what: Option<String>) -> String {
    match what {
        Some(what) => format!("{verb} {what}"),
        None => verb.trim_end_matches(" on").to_owned(),
    }
}

/// One line of a property's text; None when there is nothing to read.
fn text<'v>(properties: &'v Value, name: &str) -> Option<Cow<'v, str>> {
    readable(properties.get(name)?.as_str()?)
}

fn readable(text: &str) -> Option<Cow<'_, str>> {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > MAX_LABEL_CHARS * 4 {
            break;
        }
    }
    // Masked text says nothing.
    if !line.contains(|sign: char| sign != '*' && sign != ' ') {
        return None;
    }
    Some(match line.char_indices().nth(MAX_LABEL_CHARS) {
        Some((at, _)) => Cow::Owned(format!("{}…", line[..at].trim_end())),
        None => Cow::Owned(line),
    })
}

fn quoted(text: Cow<'_, str>) -> String {
    format!("\"{text}\"")
}

/// What a visitor calls the element, or else what a developer does.
fn element(properties: &Value) -> Option<String> {
    let of = |name: &str| text(properties, name).map(quoted);
    let chain = || properties.get("$elements_chain")?.as_str();
    let in_chain = |name: &str| {
        let value = attribute(chain()?, name)?;
        Some(quoted(readable(&value)?))
    };
    let listed = |name: &str| {
        let first = properties.get("$elements")?.get(0)?;
        text(first, name).map(quoted)
    };
    of("[Amplitude] Element Text")
        .or_else(|| of("[Amplitude] Element Aria Label"))
        .or_else(|| of("$el_text"))
        .or_else(|| in_chain("text"))
        .or_else(|| listed("$el_text"))
        .or_else(|| in_chain("attr__aria-label"))
        .or_else(|| listed("attr__aria-label"))
        .or_else(|| text(properties, "[Amplitude] Element Path").map(Cow::into_owned))
        .or_else(|| selector(chain()?))
        .or_else(|| text(properties, "[Amplitude] Element Tag").map(Cow::into_owned))
}

/// The first element of PostHog's `button.add:text="Add"nth-child="3";article:…`: its part
/// before the first `;` that is not quoted.
fn first_of(chain: &str) -> &str {
    let mut is_quoted = false;
    let mut is_escaped = false;
    for (at, sign) in chain.char_indices() {
        match sign {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            ';' if !is_quoted => return &chain[..at],
            _ => {}
        }
    }
    chain
}

/// The value of `name="…"` of the first element, where the name stands outside of quotes.
fn attribute(chain: &str, name: &str) -> Option<String> {
    let first = first_of(chain);
    let (_, mut rest) = first.split_once(':')?;
    while let Some((key, after)) = rest.split_once("=\"") {
        let mut value = String::new();
        let mut signs = after.char_indices();
        let end = loop {
            match signs.next()? {
                (_, '\\') => value.push(signs.next()?.1),
                (at, '"') => break at,
                (_, sign) => value.push(sign),
            }
        };
        if key == name {
            return Some(value);
        }
        rest = &after[end + 1..];
    }
    None
}

/// `button.add`, or `input#name`.
fn selector(chain: &str) -> Option<String> {
    let first = first_of(chain);
    let named = first.split(':').next().unwrap_or_default();
    let tag = named.split('.').next().unwrap_or_default();
    let id = attribute(chain, "attr__id");
    let selector = match id {
        Some(id) if !id.is_empty() => format!("{tag}#{id}"),
        _ => named.to_owned(),
    };
    readable(&selector).map(Cow::into_owned)
}

fn page(properties: &Value) -> Option<String> {
    ["[Amplitude] Page Title", "title"]
        .iter()
        .find_map(|name| text(properties, name))
        .map(quoted)
        .or_else(|| {
            ["[Amplitude] Page Path", "$pathname"]
                .iter()
                .find_map(|name| text(properties, name))
                .map(Cow::into_owned)
        })
}

fn form(properties: &Value) -> Option<String> {
    ["[Amplitude] Form Name", "[Amplitude] Form ID"]
        .iter()
        .find_map(|name| text(properties, name))
        .map(quoted)
}

fn file(properties: &Value) -> Option<String> {
    let path = text(properties, "[Amplitude] File Name");
    let name = path.map(|path| {
        let name = path.rsplit('/').next().unwrap_or_default();
        name.to_owned()
    });
    name.filter(|name| !name.is_empty())
        .or_else(|| text(properties, "[Amplitude] Link Text").map(quoted))
}

fn request(properties: &Value) -> String {
    let method = text(properties, "[Amplitude] Request Method").unwrap_or(Cow::Borrowed("GET"));
    let url = text(properties, "[Amplitude] URL").unwrap_or_default();
    // Host and path: the query of many a request is long and says little.
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let path = url.split_once("://").map_or(url, |(_, rest)| {
        rest.find('/').map_or("/", |at| &rest[at..])
    });
    match properties
        .get("[Amplitude] Status Code")
        .and_then(Value::as_u64)
    {
        Some(status) => format!("Request {method} {path} answered {status}"),
        None => format!("Request {method} {path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_that_people_gave_stay() {
        for name in [
            "Order Completed",
            "$identify",
            "$set",
            "purchase",
            "[Amplitude] Revenue",
            "",
        ] {
            assert_eq!(
                generated_name(name, &json!({"title": "Shop"})),
                None,
                "{name}"
            );
        }
    }

    #[test]
    fn what_is_missing_masked_or_long_is_said_shortly() {
        let clicked = |text: &str| {
            generated_name(
                "[Amplitude] Element Clicked",
                &json!({"[Amplitude] Element Text": text}),
            )
        };
        assert_eq!(
            clicked("  Add\n to  cart "),
            Some("Clicked \"Add to cart\"".to_owned())
        );
        assert_eq!(clicked("*** **"), Some("Clicked".to_owned()));
        let long = clicked(&"ä".repeat(100_000)).unwrap();
        assert_eq!(
            long.chars().count(),
            "Clicked \"\"".len() + MAX_LABEL_CHARS + 1
        );
        assert_eq!(
            generated_name("$rageclick", &json!(7)),
            Some("Rage click".to_owned())
        );
    }

    #[test]
    fn a_chain_of_elements_is_read_by_its_first() {
        let clicked = |chain: &str| {
            generated_name(
                "$autocapture",
                &json!({"$event_type": "click", "$elements_chain": chain}),
            )
        };
        let name = |text: &str| Some(format!("Clicked {text}"));
        assert_eq!(
            clicked(r#"a:attr__x="text=\"No\""text="Yes; \"now\"";p:text="Other""#),
            name("\"Yes; \"now\"\"")
        );
        assert_eq!(
            clicked(r#"button.add.big:nth-child="3";p:text="Other""#),
            name("button.add.big")
        );
        assert_eq!(
            clicked(r#"input:attr__id="mail"nth-child="1""#),
            name("input#mail")
        );
        assert_eq!(clicked(r#"i:text="unclosed"#), name("i"));
        assert_eq!(clicked(""), Some("Clicked".to_owned()));
    }
}
