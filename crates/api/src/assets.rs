//! The app's files, the stage, and what stands in for them when they were not built.

use crate::Shared;
use crate::address::Origin;
use crate::auth;
use crate::error::ApiError;
use axum::Extension;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// The recorded page is shown in a document of its own that may run nothing but
/// the player's script and load nothing but what is archived. The frame that the
/// player makes inside inherits this.
fn stage_policy(origin: &Origin) -> String {
    // Named with the origin: `'self'` cannot be narrowed to a path.
    let archive = if is_host(&origin.host) {
        format!("{}{}/", origin.base(), engine::assets::PATH)
    } else {
        String::new()
    };
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline' data: blob: {archive}; \
         img-src data: blob: {archive}; font-src data: blob: {archive}; media-src data: blob: {archive}; \
         frame-src 'self' data: blob: about:; connect-src 'none'; form-action 'none'; base-uri 'none'; \
         frame-ancestors 'self'"
    )
}

/// Whoever sends a request names the host; it must not add words to the policy.
fn is_host(host: &str) -> bool {
    !host.is_empty()
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte))
}

const NOT_BUILT: &str = "<!doctype html><meta charset=utf-8><title>Reenact</title><h1>The web app is not built</h1>\
     <p>This server was compiled without it. <code>cargo xtask run</code> builds the app and starts the server with it.</p>\
     <p>Ingest and the API work as they are.</p>";

/// Pages that can be seen without a login.
const PUBLIC_PAGES: [&str; 2] = ["login", "setup"];

/// What is worked out once about the app's page.
pub struct App {
    policy: String,
}

impl App {
    /// The framework starts the app by an inline script; its hash allows just it.
    pub fn load() -> Self {
        let page = web::app("index.html")
            .map(|file| file.bytes.into_owned())
            .unwrap_or_default();
        let hashes: Vec<_> = inline_scripts(&String::from_utf8_lossy(&page))
            .map(hash_source)
            .collect();
        let policy = format!(
            "default-src 'none'; script-src 'self' {}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; \
             media-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
            hashes.join(" ")
        );
        Self { policy }
    }
}

fn inline_scripts(page: &str) -> impl Iterator<Item = &str> {
    page.split("<script").skip(1).filter_map(|rest| {
        let (attributes, rest) = rest.split_once('>')?;
        let (script, _) = rest.split_once("</script>")?;
        (!attributes.contains("src=")).then_some(script)
    })
}

fn hash_source(script: &str) -> String {
    format!(
        "'sha256-{}'",
        STANDARD.encode(Sha256::digest(script.as_bytes()))
    )
}

pub async fn nothing_here() -> ApiError {
    ApiError::not_found("page")
}

/// Files and pages of the app.
pub async fn serve(
    state: Shared,
    Extension(origin): Extension<Origin>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if !matches!(method, Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let path = percent_encoding::percent_decode_str(uri.path().trim_start_matches('/'))
        .decode_utf8_lossy()
        .into_owned();
    let path = path.as_str();
    if path == "stage" || path.starts_with("stage/") {
        if !is_logged_in(&state, &headers).await {
            return ApiError::unauthenticated().into_response();
        }
        let file = if path.len() <= "stage/".len() {
            "stage/index.html"
        } else {
            path
        };
        let response = app_response(file, &headers);
        return with_policy(response, &stage_policy(&origin));
    }
    let name = path.rsplit('/').next().unwrap_or_default();
    if name.contains('.') && name != "index.html" {
        return with_policy(app_response(path, &headers), "default-src 'none'");
    }
    if !PUBLIC_PAGES.contains(&path) && !is_logged_in(&state, &headers).await {
        let next = uri.path_and_query().map_or("/", |whole| whole.as_str());
        let next = percent_encoding::utf8_percent_encode(next, percent_encoding::NON_ALPHANUMERIC);
        return (
            StatusCode::SEE_OTHER,
            [(header::LOCATION, format!("/login?next={next}"))],
        )
            .into_response();
    }
    match web::app("index.html") {
        Some(_) => with_policy(app_response("index.html", &headers), &state.app.policy),
        None => (
            StatusCode::SERVICE_UNAVAILABLE,
            axum::response::Html(NOT_BUILT),
        )
            .into_response(),
    }
}

async fn is_logged_in(state: &Shared, headers: &HeaderMap) -> bool {
    match auth::person(headers, state).await {
        Ok(person) => person.is_some(),
        // The page would only show what its own requests will say.
        Err(_) => false,
    }
}

fn with_policy(mut response: Response, policy: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(policy) {
        response
            .headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, value);
    }
    response
}

/// A file of the app, as the build packed it where the browser takes that.
fn app_response(path: &str, headers: &HeaderMap) -> Response {
    let packed = [("br", "br"), ("gzip", "gz")].into_iter();
    let packed = packed
        .filter(|(encoding, _)| takes(headers, encoding))
        .find_map(|(encoding, ending)| {
            web::app(&format!("{path}.{ending}")).map(|file| (encoding, file))
        });
    let mut response = match packed {
        None => file_response(path, web::app(path), headers),
        Some((encoding, file)) => {
            let mut response = file_response(path, Some(file), headers);
            if response.status() == StatusCode::OK {
                let encoding = HeaderValue::from_static(encoding);
                response
                    .headers_mut()
                    .insert(header::CONTENT_ENCODING, encoding);
            }
            response
        }
    };
    let vary = HeaderValue::from_name(header::ACCEPT_ENCODING);
    response.headers_mut().insert(header::VARY, vary);
    response
}

fn takes(headers: &HeaderMap, encoding: &str) -> bool {
    let sent = headers.get_all(header::ACCEPT_ENCODING).iter();
    sent.filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|offer| {
            let (name, weight) = offer.split_once(';').unwrap_or((offer, ""));
            let refused = weight
                .trim()
                .strip_prefix("q=")
                .is_some_and(|q| q.parse() == Ok(0.0));
            name.trim().eq_ignore_ascii_case(encoding) && !refused
        })
}

/// A file with its type and how long it may be kept.
pub fn file_response(path: &str, file: Option<web::File>, headers: &HeaderMap) -> Response {
    let Some(file) = file else {
        return ApiError::not_found("file").into_response();
    };
    let tag = format!("\"{}\"", STANDARD.encode(&file.hash[..12]));
    // Names below this folder hold a hash of the content.
    let keep = if path.contains("/immutable/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let common = [
        (header::ETAG, tag.clone()),
        (header::CACHE_CONTROL, keep.to_owned()),
    ];
    if headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|sent| sent.as_bytes() == tag.as_bytes())
    {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    (
        common,
        [(header::CONTENT_TYPE, content_type(path))],
        file.bytes.into_owned(),
    )
        .into_response()
}

/// The kinds of file that our builds make.
fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stage_loads_from_the_archive_of_this_server_only() {
        let origin = |host: &str| Origin {
            address: [127, 0, 0, 1].into(),
            is_https: true,
            host: host.to_owned(),
            is_trusted_peer: true,
        };
        let policy = stage_policy(&origin("app.test:7788"));
        for part in [
            "img-src data: blob: https://app.test:7788/api/v1/assets/;",
            "font-src data: blob: https://app.test:7788/api/v1/assets/;",
            "script-src 'self';",
            "connect-src 'none';",
        ] {
            assert!(policy.contains(part), "{policy}");
        }
        let forged = stage_policy(&origin("x; script-src *"));
        assert!(
            !forged.contains('*') && forged.contains("img-src data: blob: ;"),
            "{forged}"
        );
    }

    #[test]
    fn packed_files_go_only_to_those_who_take_them() {
        let takes = |sent: &'static str, encoding: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(sent));
            super::takes(&headers, encoding)
        };
        assert!(takes("gzip, deflate, br", "br") && takes("GZIP;q=0.5", "gzip"));
        assert!(!takes("gzip, deflate", "br") && !takes("br;q=0, gzip", "br"));
        assert!(!takes("brotli", "br") && !takes("", "gzip"));
    }

    #[test]
    fn only_inline_scripts_are_hashed() {
        let page = "<head><script src=\"/a.js\"></script><script>start()</script></head><script type=\"module\">x</script>";
        assert_eq!(inline_scripts(page).collect::<Vec<_>>(), ["start()", "x"]);
        assert_eq!(
            hash_source("alert('Hello, world.');"),
            "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"
        );
    }
}
