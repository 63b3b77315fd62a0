//! Styles of wireframes as CSS. Every value is a number, one of a few words, or a
//! text of harmless characters: nothing can end a declaration or load anything.

use rrweb::tape::Value;
use std::fmt::Write;

/// What is equal for all.
pub(super) const SHEET: &str = "html,body{margin:0;width:100%;height:100%;overflow:hidden;background:#fff;font-family:sans-serif}\
.wf{box-sizing:border-box;margin:0;padding:0;border:0 solid;overflow:hidden}\
.wf-text{display:flex;white-space:pre-wrap;overflow-wrap:anywhere}\
.wf-box{display:flex;align-items:center;justify-content:center;background:#f3f4ef;color:#35373e;font-size:12px;text-align:center}\
.wf-keyboard{background:#d1d4d9}.wf-keyboard::before{content:\"keyboard\"}\
.wf-label{display:flex;align-items:center;gap:4px}\
.wf-fill{flex:1;min-width:0;height:100%}\
.wf-track{display:block;border-radius:999px;background:#c3c8bf}\
.wf-knob{display:block;width:50%;height:100%;border-radius:999px;background:#fff;border:1px solid #c3c8bf}\
.wf-on{background:#1d4aff}\
.wf-bar{display:block;height:100%;background:#1d4aff}\
.wf-ring{border:4px solid #c3c8bf;border-top-color:#1d4aff;border-radius:50%}\
.wf-stars{display:flex;align-items:center;white-space:nowrap;font-size:20px;color:#d29200}";

/// Pixels beyond this are no place on a screen.
const MAX_PIXELS: f64 = 100_000.0;
const MAX_VALUE_BYTES: usize = 100;

/// Place, size and look. A child of a flowing parent that has no place of its own
/// stays where it comes to stand.
pub(super) fn declarations(wireframe: Value<'_>, is_flowing: bool) -> String {
    let mut css = String::new();
    let has_place = wireframe.get("x").is_some() || wireframe.get("y").is_some();
    if has_place || !is_flowing {
        // Places are those of the screen, however deep the wireframe is.
        css.push_str("position:fixed;");
        push_pixels("left", wireframe.get("x"), &mut css, Some(0.0));
        push_pixels("top", wireframe.get("y"), &mut css, Some(0.0));
    }
    push_size("width", wireframe.get("width"), &mut css);
    push_size("height", wireframe.get("height"), &mut css);
    if let Some(style) = wireframe.get("style") {
        push_look(style, &mut css);
    }
    css
}

fn push_look(style: Value<'_>, css: &mut String) {
    for (name, key) in [
        ("color", "color"),
        ("background-color", "backgroundColor"),
        ("border-color", "borderColor"),
    ] {
        if let Some(color) = style
            .get(key)
            .and_then(Value::as_str)
            .filter(|it| is_harmless(it))
        {
            push(name, color, css);
        }
    }
    for (name, key) in [
        ("border-width", "borderWidth"),
        ("border-radius", "borderRadius"),
        ("font-size", "fontSize"),
        ("padding-top", "paddingTop"),
        ("padding-right", "paddingRight"),
        ("padding-bottom", "paddingBottom"),
        ("padding-left", "paddingLeft"),
    ] {
        push_pixels(name, style.get(key), css, None);
    }
    let family = style.get("fontFamily").and_then(Value::as_str);
    if let Some(family) = family.filter(|it| is_harmless(it)) {
        push("font-family", family, css);
    }
    if let Some(source) = style.get("backgroundImage").and_then(picture) {
        let _ = write!(css, "background-image:url(\"{source}\");");
        let size = style.get("backgroundSize").and_then(Value::as_str);
        let size = size.filter(|it| is_harmless(it)).unwrap_or("contain");
        push("background-size", size, css);
        css.push_str("background-repeat:no-repeat;");
    }
    let edge = |key| match style.get(key).and_then(Value::as_str) {
        Some("center") => Some("center"),
        Some("left" | "top") => Some("flex-start"),
        Some("right" | "bottom") => Some("flex-end"),
        _ => None,
    };
    if let Some(edge) = edge("verticalAlign") {
        push("align-items", edge, css);
    }
    if let Some(edge) = edge("horizontalAlign") {
        push("justify-content", edge, css);
    }
}

fn push(name: &str, value: &str, css: &mut String) {
    let _ = write!(css, "{name}:{value};");
}

fn push_size(name: &str, value: Option<Value<'_>>, css: &mut String) {
    match value.and_then(Value::as_str) {
        Some(size @ ("100vw" | "100vh" | "100%")) => push(name, size, css),
        _ => push_pixels(name, value, css, None),
    }
}

pub(super) fn push_pixels(
    name: &str,
    value: Option<Value<'_>>,
    css: &mut String,
    default: Option<f64>,
) {
    let pixels = value.and_then(pixels).or(default);
    if let Some(pixels) = pixels {
        let _ = write!(css, "{name}:{pixels}px;");
    }
}

/// A number, or a text such as `12` or `12px`.
fn pixels(value: Value<'_>) -> Option<f64> {
    let number = match value.as_str() {
        Some(text) => text.trim().trim_end_matches("px").parse().ok()?,
        None => value.as_f64()?,
    };
    let is_sound = number.abs() <= MAX_PIXELS;
    is_sound.then_some(number)
}

/// Colours and names of fonts. No quotes, semicolons, colons, slashes or backslashes.
fn is_harmless(text: &str) -> bool {
    (1..=MAX_VALUE_BYTES).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"#(),.% _-".contains(&byte))
}

/// A picture as the source of an image: base64, with or without what it is.
pub(super) fn picture(value: Value<'_>) -> Option<String> {
    let text = value.as_str()?.trim();
    let (head, base64) = match text.strip_prefix("data:") {
        Some(rest) => {
            let (media_type, base64) = rest.split_once(";base64,")?;
            let is_picture = matches!(
                media_type,
                "image/png" | "image/jpeg" | "image/jpg" | "image/webp" | "image/gif"
            );
            (is_picture.then_some(media_type)?, base64)
        }
        None => ("image/png", text),
    };
    // Android breaks the lines.
    let base64: String = base64
        .chars()
        .filter(|c| !c.is_ascii_whitespace())
        .collect();
    let is_base64 = !base64.is_empty()
        && base64
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte));
    is_base64.then(|| format!("data:{head};base64,{base64}"))
}
