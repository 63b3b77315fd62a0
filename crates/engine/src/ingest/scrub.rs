//! Keys and credentials are taken out of everything before it is stored. The same
//! rules hold for all SDKs; see `privacy::scrub_record`.

use model::batch::{Batch, Change, ErrorEvent, IdentityChange};
use model::ingest::{AnalyticsEvent, Problems, Reason, ReplayPayload, ReplayUpload};
use privacy::Scrubbed;

/// A part of a replay, and what was said about it.
pub(super) fn replay(upload: &mut ReplayUpload, ingest_key: &str) {
    let mut redactions = 0;
    match &mut upload.payload {
        ReplayPayload::Events(events) => {
            for event in events {
                let scrubbed = privacy::scrub_event(event.kind, &event.json, ingest_key);
                redactions += take(&mut event.json, scrubbed);
            }
        }
        ReplayPayload::Interactions { interactions, .. } => {
            for interaction in interactions {
                redactions += record(&mut interaction.json, ingest_key);
            }
        }
    }
    for (_, value) in &mut upload.about.tags {
        redactions += text(value, ingest_key);
    }
    upload.problems.add(Reason::RedactedSecret, redactions);
}

/// Analytics events, and what they say of people.
pub(super) fn events(
    events: &mut [AnalyticsEvent],
    identities: &mut [IdentityChange],
    problems: &mut Problems,
    ingest_key: &str,
) {
    let mut redactions = 0;
    for event in events {
        redactions += record(&mut event.json, ingest_key);
    }
    for identity in identities {
        let objects = match &mut identity.change {
            Change::Properties { set, set_once } => [set.as_mut(), set_once.as_mut()],
            Change::Group { set, .. } => [set.as_mut(), None],
            Change::Identified { .. } | Change::Alias { .. } => [None, None],
        };
        for json in objects.into_iter().flatten() {
            redactions += record(json, ingest_key);
        }
    }
    problems.add(Reason::RedactedSecret, redactions);
}

/// All of a request but its replays, which are scrubbed one by one.
pub(super) fn batch(batch: &mut Batch, ingest_key: &str) {
    let mut redactions = 0;
    for error in &mut batch.errors {
        redactions += record(&mut error.json, ingest_key);
        for field in texts_of(error) {
            redactions += text(field, ingest_key);
        }
    }
    for span in &mut batch.spans {
        redactions += record(&mut span.json, ingest_key);
        let names = [&mut span.name, &mut span.segment_name];
        for field in names.into_iter().flatten() {
            redactions += text(field, ingest_key);
        }
    }
    batch.problems.add(Reason::RedactedSecret, redactions);
    events(
        &mut batch.analytics,
        &mut batch.identities,
        &mut batch.problems,
        ingest_key,
    );
}

/// What was read out of an error and may be or hold an address.
fn texts_of(error: &mut ErrorEvent) -> impl Iterator<Item = &mut String> {
    let own = [&mut error.message, &mut error.url, &mut error.transaction];
    let exceptions = error.exceptions.iter_mut().flat_map(|exception| {
        let frames = exception.frames.iter_mut();
        let frames = frames.flat_map(|frame| {
            [
                &mut frame.file,
                &mut frame.absolute_path,
                &mut frame.context_line,
            ]
        });
        frames.chain([&mut exception.value])
    });
    let tags = error.tags.iter_mut().map(|(_, value)| value);
    let files = error.debug_ids.iter_mut().map(|(file, _)| file);
    own.into_iter()
        .chain(exceptions)
        .flatten()
        .chain(tags)
        .chain(files)
}

fn record(json: &mut String, ingest_key: &str) -> u64 {
    let scrubbed = privacy::scrub_record(json, ingest_key);
    take(json, scrubbed)
}

fn text(text: &mut String, ingest_key: &str) -> u64 {
    let scrubbed = privacy::scrub_text(text, ingest_key);
    take(text, scrubbed)
}

fn take(text: &mut String, scrubbed: Option<Scrubbed>) -> u64 {
    match scrubbed {
        Some(scrubbed) => {
            *text = scrubbed.json;
            scrubbed.redactions
        }
        None => 0,
    }
}
