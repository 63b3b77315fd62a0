//! Films of screens, for the player's `<video>`. Browsers ask for parts.

use crate::Shared;
use crate::auth::Viewer;
use crate::error::{ApiError, ApiResult};
use crate::extract::Query;
use crate::v1::{OfProject, replays};
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::ops::Range;
use store::catalog::errors::Video;

/// A name stands for one content for ever.
const KEEP: &str = "private, max-age=31536000, immutable";

pub fn list_json(videos: &[Video]) -> Value {
    let list = videos.iter().map(|video| {
        json!({
            "id": video.id,
            "segment": video.segment,
            "at_ms": video.at.millis(),
            "duration_ms": video.duration_ms,
            "width_px": video.width_px,
            "height_px": video.height_px,
            "size_bytes": video.size_bytes,
        })
    });
    list.collect()
}

pub async fn one(
    state: Shared,
    viewer: Viewer,
    Path((id, film)): Path<(String, String)>,
    Query(params): Query<OfProject>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let replay = replays::find(&state, &viewer, &id, params.project_id).await?;
    let video = state.engine.video(replay.id, &film).await?;
    let size = video.size_bytes;
    let tag = format!("\"{:016x}\"", video.content_hash);
    let asked = headers.get(header::RANGE).and_then(|it| it.to_str().ok());
    // A part of something else would not fit.
    let is_same = headers
        .get(header::IF_RANGE)
        .is_none_or(|known| known.as_bytes() == tag.as_bytes());
    let (status, range) = match asked.filter(|_| is_same).map(|asked| part(asked, size)) {
        None | Some(Part::Whole) => (StatusCode::OK, 0..size),
        Some(Part::Some(range)) => (StatusCode::PARTIAL_CONTENT, range),
        Some(Part::Beyond) => {
            let error = ApiError::invalid("the film is shorter")
                .with_status(StatusCode::RANGE_NOT_SATISFIABLE);
            let mut response = error.into_response();
            set(
                &mut response,
                header::CONTENT_RANGE,
                &format!("bytes */{size}"),
            );
            return Ok(response);
        }
    };
    let bytes = state.engine.video_bytes(&video, range.clone()).await?;
    let mut response = (status, bytes).into_response();
    for (name, value) in [
        (header::CONTENT_TYPE, "video/mp4"),
        (header::ACCEPT_RANGES, "bytes"),
        (header::CACHE_CONTROL, KEEP),
        (header::ETAG, &tag),
        // Bytes of a stranger, shown as a film or not at all.
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; sandbox",
        ),
    ] {
        set(&mut response, name, value);
    }
    if status == StatusCode::PARTIAL_CONTENT {
        let last = range.end.saturating_sub(1);
        let value = format!("bytes {}-{last}/{size}", range.start);
        set(&mut response, header::CONTENT_RANGE, &value);
    }
    Ok(response)
}

fn set(response: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// The header says nothing that is understood; then it is as if it was not there.
    Whole,
    Some(Range<u64>),
    Beyond,
}

/// `bytes=0-99`, `bytes=100-` or `bytes=-100`. Several parts are answered as a whole.
fn part(asked: &str, size: u64) -> Part {
    let Some((first, last)) = asked
        .strip_prefix("bytes=")
        .filter(|list| !list.contains(','))
        .and_then(|range| range.trim().split_once('-'))
    else {
        return Part::Whole;
    };
    let range = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Ok(first), _) if last.is_empty() => first..size,
        (_, Ok(length)) if first.is_empty() => size.saturating_sub(length)..size,
        _ => return Part::Whole,
    };
    match range.start < range.end {
        true => Part::Some(range),
        false => Part::Beyond,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        for (asked, expected) in [
            ("bytes=0-3", Part::Some(0..4)),
            ("bytes=4-", Part::Some(4..10)),
            ("bytes=-3", Part::Some(7..10)),
            ("bytes=-30", Part::Some(0..10)),
            ("bytes=0-99", Part::Some(0..10)),
            ("bytes=9-9", Part::Some(9..10)),
            ("bytes=10-", Part::Beyond),
            ("bytes=-0", Part::Beyond),
            ("bytes=3-1", Part::Whole),
            ("bytes=0-1,4-5", Part::Whole),
            ("lines=0-1", Part::Whole),
            (
                "bytes=18446744073709551615-18446744073709551615",
                Part::Beyond,
            ),
        ] {
            assert_eq!(part(asked, 10), expected, "{asked}");
        }
    }
}
