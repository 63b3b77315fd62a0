//! Query strings as `URLSearchParams` writes them.

use percent_encoding::percent_decode_str;

/// The first value of `name`, decoded; broken escapes and UTF-8 are tolerated.
pub(crate) fn query_value(raw_query: &str, name: &str) -> Option<String> {
    raw_query
        .trim_start_matches('?')
        .split('&')
        .find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key) == name).then(|| decode(value))
        })
}

fn decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " "))
        .decode_utf8_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_names_and_values() {
        let query = "a=1&device%5Fid=x%2Fy+z%20%C3%BC&a=2&flag&b=%zz%ff=";
        for (name, value) in [
            ("a", Some("1")),
            ("device_id", Some("x/y z ü")),
            ("flag", Some("")),
            ("b", Some("%zz\u{fffd}=")),
            ("missing", None),
        ] {
            assert_eq!(query_value(query, name).as_deref(), value, "{name}");
        }
        assert_eq!(query_value("?a=1", "a").as_deref(), Some("1"));
        assert_eq!(query_value("", "a"), None);
    }
}
