//! The layers around a body. SDKs do not always name them, and some change them on
//! one page: the first bytes decide, not the headers.
//!
//! - gzip without any mark (current SDKs), or with `compression=gzip-js` in the query;
//! - a form `data=<base64>`, with or without `compression=base64`;
//! - LZ-String (`compression=lz64`), from the first SDKs;
//! - plain JSON.

use super::lzstring;
use crate::Rejection;
use crate::encoding::{self, InflateEnd};
use crate::form::query_value;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::Engine as _;
use model::ingest::Reason;
use std::borrow::Cow;

/// A form around base64 around gzip around JSON is the most there is.
const MAX_LAYERS: usize = 4;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Undoes everything down to the JSON. A request without body has it in the query.
///
/// # Errors
/// [`Reason::InvalidEncoding`] or [`Reason::TooLarge`]; whether the result is JSON
/// is not checked.
pub fn decode_body(
    raw_query: &str,
    content_encoding: Option<&str>,
    body: &[u8],
    limit_bytes: usize,
) -> Result<Vec<u8>, Rejection> {
    let mut hint = query_value(raw_query, "compression");
    let in_query = match body.is_empty() {
        true => query_value(raw_query, "data"),
        false => None,
    };
    let mut body = match &in_query {
        Some(data) => Cow::Borrowed(data.as_bytes()),
        None => encoding::decode_body(content_encoding, body, limit_bytes)?,
    };
    for _ in 0..MAX_LAYERS {
        let next = match layer(&body, hint.as_deref()) {
            Layer::Json => return Ok(body.into_owned()),
            Layer::Compressed => inflate(&body, limit_bytes)?,
            Layer::Form(data, hint_of_form) => {
                hint = hint.or(hint_of_form);
                data
            }
            Layer::Base64(decoded) => decoded,
            Layer::LzString => lzstring::decompress_base64(&spaces_to_plus(&body), limit_bytes)
                .map(String::into_bytes)
                .ok_or_else(|| unreadable("the LZ-String body is broken or too large"))?,
        };
        if next.len() > limit_bytes {
            return Err(too_large(limit_bytes));
        }
        body = Cow::Owned(next);
    }
    Err(unreadable("the body is wrapped too many times"))
}

enum Layer {
    Json,
    Compressed,
    Form(Vec<u8>, Option<String>),
    Base64(Vec<u8>),
    LzString,
}

fn layer(body: &[u8], hint: Option<&str>) -> Layer {
    let trimmed = body.trim_ascii();
    if is_json(trimmed) {
        return Layer::Json;
    }
    if is_compressed(body) {
        return Layer::Compressed;
    }
    if is_form(trimmed) {
        let form = String::from_utf8_lossy(trimmed);
        let data = query_value(&form, "data").unwrap_or_default();
        return Layer::Form(data.into_bytes(), query_value(&form, "compression"));
    }
    if matches!(hint, Some("lz64" | "lz-string")) {
        return Layer::LzString;
    }
    let base64: Vec<u8> = spaces_to_plus(trimmed);
    match BASE64.decode(&base64) {
        Ok(decoded) if hint == Some("base64") => Layer::Base64(decoded),
        // Words of letters are base64 as well; what is in them must make sense.
        Ok(decoded) if is_json(decoded.trim_ascii()) || is_compressed(&decoded) => {
            Layer::Base64(decoded)
        }
        _ => Layer::Json,
    }
}

fn is_json(body: &[u8]) -> bool {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    matches!(body.first(), Some(b'{' | b'['))
}

fn is_compressed(body: &[u8]) -> bool {
    body.starts_with(&[0x1f, 0x8b]) || body.starts_with(&[0x28, 0xb5, 0x2f, 0xfd])
}

fn is_form(body: &[u8]) -> bool {
    body.starts_with(b"data=")
        || (body.starts_with(b"compression=") && body.windows(6).any(|it| it == b"&data="))
}

/// An unescaped `+` of base64 is a space in a form.
fn spaces_to_plus(body: &[u8]) -> Vec<u8> {
    let trimmed = body.trim_ascii();
    trimmed
        .iter()
        .map(|byte| if *byte == b' ' { b'+' } else { *byte })
        .collect()
}

fn inflate(body: &[u8], limit_bytes: usize) -> Result<Vec<u8>, Rejection> {
    let inflated = encoding::inflate_sniffed(body, limit_bytes)
        .ok_or_else(|| unreadable("the compressed body cannot be read"))?;
    match inflated.end {
        InflateEnd::Complete => Ok(inflated.bytes),
        InflateEnd::Broken => Err(unreadable("the compressed body is broken")),
        InflateEnd::TooLarge => Err(too_large(limit_bytes)),
    }
}

fn unreadable(message: &str) -> Rejection {
    Rejection::new(Reason::InvalidEncoding, message)
}

fn too_large(limit_bytes: usize) -> Rejection {
    let message = format!("body is larger than {limit_bytes} bytes after decoding");
    Rejection::new(Reason::TooLarge, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::prelude::BASE64_STANDARD;
    use flate2::Compression;
    use std::io::Write;

    const LIMIT: usize = 10_000;
    const JSON: &str = r#"{"event":"ü?>","properties":{}}"#;

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    fn base64(data: &[u8]) -> String {
        BASE64_STANDARD.encode(data)
    }

    fn escaped(text: &str) -> String {
        text.replace('+', "%2B")
            .replace('/', "%2F")
            .replace('=', "%3D")
    }

    #[track_caller]
    fn check(query: &str, encoding: Option<&str>, body: &[u8]) {
        let found = decode_body(query, encoding, body, LIMIT);
        assert_eq!(found.as_deref(), Ok(JSON.as_bytes()));
    }

    #[test]
    fn every_form_of_a_body() {
        let plain = JSON.as_bytes();
        check("", None, plain);
        check("compression=base64", None, plain);
        check("", None, &gzip(plain));
        check("compression=gzip-js&ip=1&ver=1.96", None, &gzip(plain));
        check("", Some("gzip"), &gzip(plain));
        check("", None, &zstd::encode_all(plain, 1).unwrap());
        let text = base64(plain);
        check(
            "compression=base64",
            None,
            format!("data={}", escaped(&text)).as_bytes(),
        );
        check("", None, format!("data={}", escaped(&text)).as_bytes());
        // Not escaped: every + has become a space.
        check("", None, format!("data={text}").as_bytes());
        check("", None, text.as_bytes());
        check("", None, text.trim_end_matches('=').as_bytes());
        check(
            "",
            None,
            format!("data={}", escaped(&base64(&gzip(plain)))).as_bytes(),
        );
        check(
            "",
            None,
            format!("compression=base64&data={}", escaped(&text)).as_bytes(),
        );
        check(&format!("data={}&ip=1", escaped(&text)), None, b"");
    }

    #[test]
    fn lz_string_bodies() {
        let body = "N4IghgDglg+g1gUwJ4gFwjiANCBA3BAOwBc0QAPbECAJwHsIEbioEBnNUYuxQszHABMobFoQDGxGFEFkAJ4BqCEAF9lQA===";
        for (query, body) in [
            ("compression=lz64", body.to_owned()),
            ("compression=lz-string", format!("data={}", escaped(body))),
            ("", format!("data={}&compression=lz64", escaped(body))),
        ] {
            let found = decode_body(query, None, body.as_bytes(), LIMIT).unwrap();
            assert!(found.starts_with(br#"{"api_key":"k""#), "{query}");
        }
    }

    #[test]
    fn broken_and_too_large_bodies() {
        let reason = |query: &str, body: &[u8]| {
            let rejection = decode_body(query, None, body, LIMIT).unwrap_err();
            rejection.reason
        };
        let large = vec![b' '; LIMIT + 1];
        let half = gzip(&large[..50]);
        assert_eq!(reason("", &half[..half.len() / 2]), Reason::InvalidEncoding);
        assert_eq!(reason("", &gzip(&large)), Reason::TooLarge);
        let form = format!("data={}", base64(&gzip(&large)));
        assert_eq!(reason("", form.as_bytes()), Reason::TooLarge);
        assert_eq!(reason("compression=lz64", b"???"), Reason::InvalidEncoding);
        let mut wrapped = gzip(JSON.as_bytes());
        for _ in 0..MAX_LAYERS {
            wrapped = gzip(&wrapped);
        }
        assert_eq!(reason("", &wrapped), Reason::InvalidEncoding);
        // No JSON, but that is for the reader of the JSON to say.
        assert_eq!(decode_body("", None, b"hello", LIMIT).unwrap(), b"hello");
    }
}
