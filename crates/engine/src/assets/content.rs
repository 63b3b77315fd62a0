//! What a fetched file really is. The sender's word counts only where the bytes say
//! nothing, and nothing that could run is ever taken.

use privacy::AssetKind;

/// How far a text is read to find out what it is.
const TEXT_START_BYTES: usize = 4096;

/// The content type to serve the file as, or `None` when it is not of the kind.
pub fn content_type(kind: AssetKind, declared: &str, bytes: &[u8]) -> Option<&'static str> {
    let declared = declared
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    match kind {
        AssetKind::Image => image(bytes).or_else(|| (is_svg(bytes)).then_some("image/svg+xml")),
        AssetKind::Font => font(bytes),
        AssetKind::Media => media(bytes),
        // Browsers take a style sheet at its sender's word; so do we, unless it is markup.
        AssetKind::StyleSheet => {
            (declared == "text/css" && !starts_with_markup(bytes)).then_some("text/css")
        }
    }
}

fn image(bytes: &[u8]) -> Option<&'static str> {
    Some(match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => "image/png",
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => "image/gif",
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => "image/webp",
        [
            _,
            _,
            _,
            _,
            b'f',
            b't',
            b'y',
            b'p',
            b'a',
            b'v',
            b'i',
            b'f' | b's',
            ..,
        ] => "image/avif",
        [b'B', b'M', ..] if bytes.len() > 26 => "image/bmp",
        [0, 0, 1 | 2, 0, ..] => "image/x-icon",
        _ => return None,
    })
}

fn font(bytes: &[u8]) -> Option<&'static str> {
    Some(match bytes {
        [b'w', b'O', b'F', b'2', ..] => "font/woff2",
        [b'w', b'O', b'F', b'F', ..] => "font/woff",
        [b'O', b'T', b'T', b'O', ..] => "font/otf",
        [0, 1, 0, 0, ..] | [b't', b'r', b'u', b'e', ..] => "font/ttf",
        [b't', b't', b'c', b'f', ..] => "font/collection",
        _ => return None,
    })
}

fn media(bytes: &[u8]) -> Option<&'static str> {
    Some(match bytes {
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => "video/mp4",
        [0x1a, 0x45, 0xdf, 0xa3, ..] => "video/webm",
        [b'O', b'g', b'g', b'S', ..] => "application/ogg",
        [b'I', b'D', b'3', ..] | [0xff, 0xf2 | 0xf3 | 0xfa | 0xfb, ..] => "audio/mpeg",
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'A',
            b'V',
            b'E',
            ..,
        ] => "audio/wav",
        [b'f', b'L', b'a', b'C', ..] => "audio/flac",
        [b'W', b'E', b'B', b'V', b'T', b'T', ..] => "text/vtt",
        _ => return None,
    })
}

/// The root element counts, behind declarations and comments.
fn is_svg(bytes: &[u8]) -> bool {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(TEXT_START_BYTES)]);
    let mut rest = start.trim_start_matches('\u{feff}').trim_start();
    loop {
        let end = if rest.starts_with("<!--") {
            rest.find("-->").map(|at| at + 3)
        } else if rest.starts_with("<?") || is_doctype(rest) {
            rest.find('>').map(|at| at + 1)
        } else {
            let name = rest.strip_prefix('<').unwrap_or_default();
            let name = name
                .split(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/')
                .next()
                .unwrap_or_default();
            return name == "svg" || name.ends_with(":svg");
        };
        match end {
            Some(end) => rest = rest[end..].trim_start(),
            None => return false,
        }
    }
}

fn is_doctype(text: &str) -> bool {
    text.get(..9)
        .is_some_and(|start| start.eq_ignore_ascii_case("<!doctype"))
        && text[9..].trim_start().starts_with("svg")
}

fn starts_with_markup(bytes: &[u8]) -> bool {
    let start = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    let start = start.trim_ascii_start();
    // `<!--` is allowed in front of CSS.
    start.starts_with(b"<") && !start.starts_with(b"<!--")
}

/// A style sheet as text. Files from before UTF-8 have one byte per character.
pub fn style_sheet_text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.trim_start_matches('\u{feff}').to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_decide() {
        use AssetKind::{Font, Image, Media, StyleSheet};
        let svg = b"<?xml version='1.0'?>\n<!-- a -->\n<!DOCTYPE svg PUBLIC 'x'><svg xmlns='http://www.w3.org/2000/svg'/>";
        for (kind, declared, bytes, expected) in [
            (
                Image,
                "text/html",
                &b"\x89PNG\r\n\x1a\n...."[..],
                Some("image/png"),
            ),
            (Image, "image/png", b"\xff\xd8\xff\xe0", Some("image/jpeg")),
            (Image, "image/svg+xml", svg, Some("image/svg+xml")),
            (Image, "image/svg+xml", b"<svg/>", Some("image/svg+xml")),
            (Image, "image/svg+xml", b"<html><svg/></html>", None),
            (Image, "image/svg+xml", b"<!doctype html><svg>", None),
            (Image, "image/png", b"<html>", None),
            (Image, "image/png", b"alert(1)", None),
            (Image, "image/png", b"", None),
            (Font, "text/plain", b"wOF2....", Some("font/woff2")),
            (Font, "font/woff2", b"<html>", None),
            (Media, "video/mp4", b"\0\0\0\x20ftypisom", Some("video/mp4")),
            (Media, "video/mp4", b"#!/bin/sh", None),
            (
                StyleSheet,
                "text/css; charset=utf-8",
                b"a{}",
                Some("text/css"),
            ),
            (StyleSheet, "text/css", b"", Some("text/css")),
            (StyleSheet, "text/css", b"<!-- a{} -->", Some("text/css")),
            (StyleSheet, "text/html", b"a{}", None),
            (StyleSheet, "text/javascript", b"a{}", None),
            (
                StyleSheet,
                "text/css",
                b"\xef\xbb\xbf <!doctype html>",
                None,
            ),
        ] {
            let name = String::from_utf8_lossy(bytes);
            assert_eq!(content_type(kind, declared, bytes), expected, "{name}");
        }
        assert_eq!(style_sheet_text(b"\xef\xbb\xbfa"), "a");
        assert_eq!(style_sheet_text(b"\xe9"), "é");
    }
}
