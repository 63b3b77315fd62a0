//! Source maps: where a place in a built script was in its source.
//!
//! Pure: bytes in, bytes or places out. An upload is a zip archive in the form that the
//! vendor's tools call an artifact bundle: scripts, their maps, and a `manifest.json`
//! that names the address and the debug id of each. [`collect`] makes one of a build
//! folder's files, [`Bundle::read`] takes one apart, and [`Map`] answers questions.
//!
//! A map is found by the debug id that a build tool wrote into script and map, or else
//! by release and address of the script ([`address_forms`]).

mod bundle;
mod collect;
mod map;

pub use bundle::{Artifact, Bundle, MAX_BUNDLE_BYTES, MAX_FILE_BYTES, MAX_FILES};
pub use collect::{Collected, FileOfBuild, collect, write_bundle};
pub use map::{Map, Place};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the archive cannot be read: {0}")]
    Archive(String),
    #[error("the archive holds more than {0}")]
    TooLarge(&'static str),
    #[error("the manifest cannot be read: {0}")]
    Manifest(String),
    #[error("the source map cannot be read: {0}")]
    Map(String),
}

/// A debug id in its one form: lower case, with dashes. `None` when it is none.
pub fn debug_id(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    if digits.len() != 32 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let digits = digits.to_ascii_lowercase();
    let parts = [
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..],
    ];
    Some(parts.join("-"))
}

/// The forms in which an upload may name the address of a script, most exact first:
/// the address itself, and `~/path`, which holds on any host.
pub fn address_forms(address: &str) -> Vec<String> {
    let plain = address.split(['?', '#']).next().unwrap_or_default();
    let mut forms = Vec::with_capacity(2);
    if plain.is_empty() {
        return forms;
    }
    forms.push(plain.to_owned());
    if let Some((_, rest)) = plain.split_once("://")
        && let Some(at) = rest.find('/')
    {
        forms.push(format!("~{}", &rest[at..]));
    } else if plain.starts_with('/') {
        forms.push(format!("~{plain}"));
    }
    forms
}

/// Where a relative address leads from another one; a leading `~` stands for any host.
pub(crate) fn resolve(base: &str, relative: &str) -> String {
    if relative.contains("://") || relative.starts_with('~') {
        return relative.to_owned();
    }
    let (host, path) = match base.split_once("://") {
        Some((scheme, rest)) => {
            let at = rest.find('/').unwrap_or(rest.len());
            (format!("{scheme}://{}", &rest[..at]), &rest[at..])
        }
        None => match base.strip_prefix('~') {
            Some(path) => ("~".to_owned(), path),
            None => (String::new(), base),
        },
    };
    if relative.starts_with('/') {
        return format!("{host}{relative}");
    }
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in relative.split('/') {
        match part {
            "." | "" => {}
            ".." if parts.len() > 1 => {
                parts.pop();
            }
            ".." => {}
            part => parts.push(part),
        }
    }
    format!("{host}{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_ids_have_one_form() {
        let id = "0388c6cc-2d4f-4b6f-9f3b-0a7e5d1c2b3a";
        assert_eq!(debug_id(id).as_deref(), Some(id));
        assert_eq!(
            debug_id(&id.to_uppercase().replace('-', "")).as_deref(),
            Some(id)
        );
        for wrong in ["", "0388c6cc", "zz88c6cc-2d4f-4b6f-9f3b-0a7e5d1c2b3a", "ä"] {
            assert_eq!(debug_id(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn addresses_have_a_form_for_any_host() {
        let forms = address_forms("https://shop.test:8080/a/app.js?v=1#x");
        assert_eq!(forms, ["https://shop.test:8080/a/app.js", "~/a/app.js"]);
        assert_eq!(address_forms("/a/app.js"), ["/a/app.js", "~/a/app.js"]);
        assert_eq!(address_forms("https://shop.test"), ["https://shop.test"]);
        assert!(address_forms("?x").is_empty());
    }

    #[test]
    fn relative_addresses_lead_somewhere() {
        for (base, relative, expected) in [
            ("~/a/app.js", "app.js.map", "~/a/app.js.map"),
            ("~/a/app.js", "../maps/app.js.map", "~/maps/app.js.map"),
            ("~/app.js", "../../../x", "~/x"),
            ("https://s.test/a/app.js", "/m/x", "https://s.test/m/x"),
            ("https://s.test/a/app.js", "./x", "https://s.test/a/x"),
            ("~/a.js", "https://cdn.test/x", "https://cdn.test/x"),
        ] {
            assert_eq!(resolve(base, relative), expected, "{base} {relative}");
        }
    }
}
