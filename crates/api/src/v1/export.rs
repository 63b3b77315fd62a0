//! A replay to take away: plain rrweb JSON, or one HTML file that plays without a
//! network.

use crate::Shared;
use crate::auth::Viewer;
use crate::code::Code;
use crate::error::{ApiError, ApiResult};
use crate::extract::Query;
use crate::v1::replays::{find, stream};
use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::Engine;
use engine::assets::Inlined;
use engine::playback::EventReader;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::StreamExt;
use model::replay::Replay;
use privacy::Preparer;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::io::Write;
use std::sync::Arc;

#[derive(Deserialize)]
pub struct ExportParams {
    project_id: Option<i64>,
    format: Option<String>,
    tab: Option<usize>,
}

pub async fn export(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<ExportParams>,
) -> ApiResult<Response> {
    let replay = find(&state, &viewer, &id, params.project_id).await?;
    let (project, id) = (replay.project_id, replay.id);
    match params.format.as_deref().unwrap_or("json") {
        "json" => {
            let everything = i64::MIN / 1000..i64::MAX / 1000;
            let reader = state.engine.events(project, id, everything).await?;
            Ok(download(&replay, "json", stream(reader)))
        }
        "html" => {
            let player = Player::load()?;
            let (replay, reader) = state
                .engine
                .events_with_states(project, id, params.tab)
                .await?;
            let head = player.head(&replay);
            let packer = Packer::new(state.engine.clone(), replay.clone(), reader);
            let page = Page::Head(head, Box::new(packer));
            let parts = futures::stream::unfold(page, Page::next);
            let body = Body::from_stream(parts.fuse());
            let html = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
            Ok(download(&replay, "html", (html, body).into_response()))
        }
        other => Err(ApiError::invalid(format!(
            "format is json or html, not {other:?}"
        ))),
    }
}

fn download(replay: &Replay, extension: &str, mut response: Response) -> Response {
    let name = format!("attachment; filename=\"replay-{}.{extension}\"", replay.id);
    if let Ok(name) = name.parse() {
        response
            .headers_mut()
            .insert(header::CONTENT_DISPOSITION, name);
    }
    response
}

/// The files of the offline player.
struct Player {
    script: String,
    style: String,
}

impl Player {
    fn load() -> ApiResult<Self> {
        let text = |path: &str| {
            let file = web::app(path).ok_or_else(|| {
                ApiError::new(
                    Code::Unavailable,
                    "this server was built without the web app, which exported pages need",
                )
            })?;
            Ok::<_, ApiError>(String::from_utf8_lossy(&file.bytes).into_owned())
        };
        Ok(Self {
            script: text("offline/offline.js")?,
            style: text("offline/offline.css")?,
        })
    }

    /// Everything before the events. Only this script runs, and nothing is loaded.
    fn head(&self, replay: &Replay) -> String {
        let hash = STANDARD.encode(Sha256::digest(self.script.as_bytes()));
        let policy = format!(
            "default-src 'none'; script-src 'sha256-{hash}'; style-src 'unsafe-inline' data: blob:; \
             img-src data: blob:; font-src data: blob:; media-src data: blob:; frame-src data: blob: about:; \
             form-action 'none'; base-uri 'none'"
        );
        let who = replay.user_id.as_deref().unwrap_or(&replay.device_id);
        let when = crate::v1::rfc3339(replay.started_at);
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"content-security-policy\" content=\"{policy}\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>Replay of {who}, {when}</title>\n<style>{style}</style>\n\
             <header><h1>Replay of {who}</h1><span id=\"address\">{address}</span><span>{when}</span></header>\n\
             <main id=\"stage\"><div id=\"page\"></div><p id=\"message\" role=\"alert\"></p></main>\n\
             <footer><button id=\"play\" type=\"button\">Play</button>\
             <input id=\"position\" type=\"range\" min=\"0\" value=\"0\" step=\"100\" aria-label=\"Position\">\
             <span id=\"time\"></span><label>Speed <select id=\"speed\"><option value=\"0.5\">0.5×</option>\
             <option value=\"1\" selected>1×</option><option value=\"2\">2×</option><option value=\"4\">4×</option>\
             <option value=\"8\">8×</option></select></label>\
             <label><input id=\"skip\" type=\"checkbox\" checked> Skip inactivity</label></footer>\n\
             <script type=\"text/plain\" id=\"events\">",
            who = escaped(who),
            address = escaped(replay.first_url.as_deref().unwrap_or_default()),
            style = self.style.replace("</", "<\\/"),
        )
    }

    /// Everything behind them. The script stands last: it starts at once.
    fn tail(&self) -> String {
        // `replace` would change what the hash in the policy is of, so the build
        // must not contain the end of a script; a test looks.
        format!("</script>\n<script>{}</script>\n</html>\n", self.script)
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Packs events as base64 of gzip, block by block.
struct Packer {
    engine: Arc<Engine>,
    replay: Replay,
    reader: EventReader,
    preparer: Preparer,
    inlined: Inlined,
    gzip: GzEncoder<Vec<u8>>,
    is_first: bool,
}

impl Packer {
    fn new(engine: Arc<Engine>, replay: Replay, reader: EventReader) -> Self {
        Self {
            engine,
            preparer: Preparer::new(replay.first_url.as_deref()),
            replay,
            reader,
            inlined: Inlined::default(),
            gzip: GzEncoder::new(Vec::new(), Compression::new(6)),
            is_first: true,
        }
    }

    /// The next events, separated by commas, with what they load.
    async fn next_events(&mut self) -> Result<Option<String>, engine::Error> {
        let Some(prepared) = self.reader.next_for_player(&mut self.preparer).await? else {
            return Ok(None);
        };
        let inlined = &mut self.inlined;
        let events = self
            .engine
            .with_assets_inside(&self.replay, inlined, prepared);
        events.await.map(Some)
    }

    /// What is ready, in whole groups of base64.
    fn take(&mut self) -> String {
        let ready = self.gzip.get_mut();
        let rest = ready.split_off(ready.len() / 3 * 3);
        STANDARD.encode(std::mem::replace(ready, rest))
    }
}

enum Page {
    Head(String, Box<Packer>),
    Events(Box<Packer>),
    End,
}

impl Page {
    async fn next(self) -> Option<(Result<Bytes, engine::Error>, Self)> {
        match self {
            Self::Head(head, packer) => Some((Ok(head.into()), Self::Events(packer))),
            Self::Events(mut packer) => {
                let events = match packer.next_events().await {
                    Ok(events) => events,
                    // The connection breaks off, so that half a file is not taken for a whole one.
                    Err(error) => {
                        tracing::error!(%error, "cannot read a recording to its end");
                        return Some((Err(error), Self::End));
                    }
                };
                let packed = tokio::task::spawn_blocking(move || pack(packer, events)).await;
                match packed
                    .map_err(std::io::Error::other)
                    .and_then(|packed| packed)
                {
                    Ok((text, Some(packer))) => Some((Ok(text.into()), Self::Events(packer))),
                    Ok((text, None)) => Some((Ok(text.into()), Self::End)),
                    Err(error) => {
                        Some((Err(engine::Error::Internal(error.to_string())), Self::End))
                    }
                }
            }
            Self::End => None,
        }
    }
}

type Packed = std::io::Result<(String, Option<Box<Packer>>)>;

fn pack(mut packer: Box<Packer>, events: Option<String>) -> Packed {
    let Some(events) = events else {
        packer
            .gzip
            .write_all(if packer.is_first { b"[]" } else { b"]" })?;
        let rest = packer.gzip.finish()?;
        let tail = Player::load().map(|player| player.tail());
        let tail = tail.map_err(|_| std::io::Error::other("the offline player is missing"))?;
        return Ok((STANDARD.encode(rest) + &tail, None));
    };
    let start = match std::mem::take(&mut packer.is_first) {
        true => b"[",
        false => b",",
    };
    packer.gzip.write_all(start)?;
    packer.gzip.write_all(events.as_bytes())?;
    Ok((packer.take(), Some(packer)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_place() {
        assert_eq!(escaped("<a b=\"c\">&"), "&lt;a b=&quot;c&quot;&gt;&amp;");
    }

    /// The player is part of the page as it is.
    #[test]
    fn the_player_does_not_end_its_own_element() {
        if let Ok(player) = Player::load() {
            assert!(!player.script.to_ascii_lowercase().contains("</script"));
            assert!(!player.script.contains("<!--"));
        }
    }
}
