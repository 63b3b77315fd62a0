//! Events on their way to a player: what is safe of them, followed by what players
//! have to be told, as JSON that only lacks where its references point to.

use crate::assets::{
    self, AssetKind, candidates, page_url_of, resolve, with_fragment, without_fragment,
};
use crate::css::{self, Form, Part};
use crate::follow_up::write_follow_ups;
use crate::walk::{self, Out};
use rrweb::Tape;
use rrweb::tape::{Value, write_json_string};
use std::collections::HashMap;
use std::ops::Range;
use url::Url;

/// Makes events ready for a player. It gets them in time order.
#[derive(Debug, Default)]
pub struct Preparer {
    /// What references are relative to.
    page: Option<Url>,
    prepared: Prepared,
    /// For events that come as text.
    tape: Tape,
}

impl Preparer {
    /// `page_url` is the page before the first event.
    pub fn new(page_url: Option<&str>) -> Self {
        Self {
            page: page_url.and_then(|url| Url::parse(url).ok()),
            ..Self::default()
        }
    }

    /// What no parser took, and is kept as a string therefore, is replaced by an
    /// empty event.
    pub fn event(&mut self, event: Value<'_>) {
        if let Some(text) = event.as_str() {
            return self.prepared.unreadable(text);
        }
        if let Some(url) = page_url_of(event) {
            self.page = Url::parse(url).ok();
        }
        let mut writer = Writer {
            page: self.page.as_ref(),
            prepared: &mut self.prepared,
            adopted: Vec::new(),
        };
        writer.next_event();
        walk::event(event, &mut writer);
        write_follow_ups(event, &mut writer);
    }

    pub fn text(&mut self, json: &str) {
        let mut tape = std::mem::take(&mut self.tape);
        match tape.parse(json) {
            Ok(()) => self.event(tape.root()),
            Err(_) => self.prepared.unreadable(json),
        }
        self.tape = tape;
    }

    pub fn is_empty(&self) -> bool {
        self.prepared.json.is_empty()
    }

    /// All since the last call.
    pub fn take(&mut self) -> Prepared {
        std::mem::take(&mut self.prepared)
    }
}

/// Events for a player, see [`Preparer`].
#[derive(Debug, Default)]
pub struct Prepared {
    /// Events separated by commas, with the references as they were recorded.
    json: String,
    /// Where the references stand, in order.
    gaps: Vec<Gap>,
    /// What may be archived, each address once.
    urls: Vec<String>,
    numbers: HashMap<String, usize>,
}

#[derive(Debug)]
struct Gap {
    place: Range<usize>,
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// A whole string.
    Address {
        target: Option<Target>,
        /// `None` to leave what is not archived as it was recorded.
        otherwise: Option<AssetKind>,
    },
    /// The inside of a string.
    Css {
        target: Option<Target>,
        kind: AssetKind,
        form: Form,
    },
    /// A whole string.
    SourceSet(Vec<Candidate>),
}

/// An address that may be archived.
#[derive(Debug)]
struct Target {
    /// Its place in the list.
    url: usize,
    fragment: Option<String>,
}

#[derive(Debug)]
enum Candidate {
    /// Loads nothing.
    Plain(String),
    /// Goes when it is not archived, so that the browser takes another.
    Reference {
        target: Option<Target>,
        descriptor: String,
    },
}

impl Prepared {
    /// Absolute, http or https, without fragment. Each once.
    pub fn urls(&self) -> &[String] {
        &self.urls
    }

    /// The events, separated by commas, with every reference pointing to where
    /// `archived` says, or to nothing. It is asked once for every place.
    pub fn into_json(self, archived: &mut dyn FnMut(&str) -> Option<String>) -> String {
        if self.gaps.is_empty() {
            return self.json;
        }
        let mut find = |target: &Option<Target>| {
            let target = target.as_ref()?;
            let address = archived(&self.urls[target.url])?;
            Some(with_fragment(address, target.fragment.as_deref()))
        };
        let mut out = String::with_capacity(self.json.len());
        let mut copied_to = 0;
        for gap in &self.gaps {
            out.push_str(&self.json[copied_to..gap.place.start]);
            copied_to = gap.place.end;
            match &gap.content {
                Content::Address { target, otherwise } => {
                    match (find(target), otherwise) {
                        (Some(address), _) => write_json_string(&address, &mut out),
                        (None, Some(kind)) => write_json_string(kind.nothing(), &mut out),
                        (None, None) => out.push_str(&self.json[gap.place.clone()]),
                    };
                }
                Content::Css { target, kind, form } => {
                    let address = find(target);
                    let address = address.as_deref().unwrap_or(kind.nothing());
                    write_inside_string(&form.with(address), &mut out);
                }
                Content::SourceSet(candidates) => {
                    let kept = candidates.iter().filter_map(|candidate| match candidate {
                        Candidate::Plain(text) => Some(text.clone()),
                        Candidate::Reference { target, descriptor } => {
                            Some(format!("{} {descriptor}", find(target)?))
                        }
                    });
                    let kept: Vec<_> = kept.collect();
                    write_json_string(&kept.join(", "), &mut out);
                }
            }
        }
        out.push_str(&self.json[copied_to..]);
        out
    }

    /// The same with the references as they were recorded.
    pub fn into_recorded_json(self) -> String {
        self.json
    }

    fn next_event(&mut self) {
        if !self.json.is_empty() {
            self.json.push(',');
        }
    }

    /// In place of an event that cannot be checked. Players skip its tag.
    fn unreadable(&mut self, text: &str) {
        let envelope = rrweb::read_envelope(text).ok();
        let timestamp = envelope
            .and_then(|envelope| envelope.timestamp_ms)
            .filter(|timestamp| timestamp.is_finite())
            .unwrap_or_default();
        self.next_event();
        self.json.push_str(&format!(
            r#"{{"type":5,"timestamp":{timestamp:?},"data":{{"tag":"unreadable","payload":{{}}}}}}"#
        ));
    }

    fn target(&mut self, url: Option<&Url>, is_certain: bool) -> Option<Target> {
        let url = url?;
        let (_, fragment) = without_fragment(url);
        let plain = assets::wanted(url, is_certain)?;
        let number = match self.numbers.get(plain) {
            Some(number) => *number,
            None => {
                self.urls.push(plain.to_owned());
                self.numbers.insert(plain.to_owned(), self.urls.len() - 1);
                self.urls.len() - 1
            }
        };
        Some(Target {
            url: number,
            fragment: fragment.map(str::to_owned),
        })
    }
}

/// Writes events behind what is prepared.
pub(crate) struct Writer<'p, 't> {
    page: Option<&'p Url>,
    prepared: &'p mut Prepared,
    /// Ids of nodes, and the sheets that they adopt.
    pub adopted: Vec<(Value<'t>, Value<'t>)>,
}

impl Writer<'_, '_> {
    pub fn next_event(&mut self) {
        self.prepared.next_event();
    }

    fn gap(&mut self, start: usize, content: Content) {
        let place = start..self.prepared.json.len();
        self.prepared.gaps.push(Gap { place, content });
    }
}

impl<'t> Out<'t> for Writer<'_, 't> {
    const IS_WALL: bool = true;

    fn raw(&mut self, json: &str) {
        self.prepared.json.push_str(json);
    }

    fn string(&mut self, text: &str) {
        write_json_string(text, &mut self.prepared.json);
    }

    fn copy(&mut self, value: Value<'t>) {
        value.write_json(&mut self.prepared.json);
    }

    fn address(&mut self, text: &str, kind: AssetKind, is_certain: bool) {
        let start = self.prepared.json.len();
        self.string(text);
        let Some(url) = resolve(text, self.page) else {
            return;
        };
        let target = self.prepared.target(url.as_ref(), is_certain);
        if is_certain || target.is_some() {
            let otherwise = is_certain.then_some(kind);
            self.gap(start, Content::Address { target, otherwise });
        }
    }

    fn source_set(&mut self, text: &str) {
        let start = self.prepared.json.len();
        self.string(text);
        let mut refers = false;
        let read = candidates(text).into_iter();
        let read = read.map(|(address, descriptor)| match resolve(address, self.page) {
            None => Candidate::Plain(format!("{address} {descriptor}")),
            Some(url) => {
                refers = true;
                Candidate::Reference {
                    target: self.prepared.target(url.as_ref(), true),
                    descriptor: descriptor.to_owned(),
                }
            }
        });
        let read: Vec<_> = read.collect();
        if refers {
            self.gap(start, Content::SourceSet(read));
        }
    }

    fn css(&mut self, text: &str, kind: AssetKind) {
        let mut copied_to = 0;
        self.raw("\"");
        css::parts(text, self.page, kind, &mut |place, part| {
            write_inside_string(&text[copied_to..place.start], &mut self.prepared.json);
            copied_to = place.end;
            if let Part::Reference { url, kind, form } = part {
                let start = self.prepared.json.len();
                write_inside_string(&text[place], &mut self.prepared.json);
                let target = self.prepared.target(url, true);
                self.gap(start, Content::Css { target, kind, form });
            }
        });
        write_inside_string(&text[copied_to..], &mut self.prepared.json);
        self.raw("\"");
    }

    fn adopts(&mut self, id: Value<'t>, sheets: Value<'t>) {
        self.adopted.push((id, sheets));
    }
}

/// As JSON without the quotes around it.
fn write_inside_string(text: &str, into: &mut String) {
    let start = into.len();
    write_json_string(text, into);
    into.pop();
    into.remove(start);
}
