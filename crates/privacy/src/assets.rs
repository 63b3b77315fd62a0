//! What a recorded page loads to look right, found for archiving.
//!
//! The rules say where a page refers to images, style sheets, fonts and media:
//! attributes of nodes in snapshots and mutations, CSS in attributes, style elements
//! and the events of style sheets. What is loaded by the page's own programs is not
//! here; it is in the recording.

use crate::css::{self, Part};
use crate::names::local_name;
use crate::walk::{self, Out};
use rrweb::envelope::kind;
use rrweb::tape::Value;
use std::borrow::Cow;
use std::collections::HashSet;
use url::Url;

/// What a reference is for. It decides what may stand behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AssetKind {
    Image,
    StyleSheet,
    Font,
    Media,
}

impl AssetKind {
    pub const ALL: [Self; 4] = [Self::Image, Self::StyleSheet, Self::Font, Self::Media];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::StyleSheet => "style_sheet",
            Self::Font => "font",
            Self::Media => "media",
        }
    }

    /// Shown in place of what is not archived. Never loads anything.
    pub(crate) const fn nothing(self) -> &'static str {
        match self {
            // One transparent pixel: no sign of a broken image that was never there.
            Self::Image => {
                "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
            }
            Self::StyleSheet => "data:text/css,",
            Self::Font | Self::Media => "data:,",
        }
    }
}

/// Something that a page loads.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reference {
    /// Absolute, http or https, without fragment.
    pub url: String,
    pub kind: AssetKind,
}

/// Nothing that a page really shows has a longer address.
const MAX_URL_BYTES: usize = 4096;

/// The page that a Meta event names: what later references are relative to.
pub fn page_url_of(event: Value<'_>) -> Option<&str> {
    let kind = event.get("type").and_then(Value::as_i64);
    if kind != Some(i64::from(kind::META)) {
        return None;
    }
    event.get("data")?.get("href")?.as_str()
}

/// What the event refers to, each address once. `page` is that of the Meta event
/// before.
pub fn collect_references(event: Value<'_>, page: Option<&Url>) -> Vec<Reference> {
    let mut collector = Collector {
        page,
        found: Vec::new(),
        urls: HashSet::new(),
    };
    walk::event(event, &mut collector);
    collector.found
}

/// What a style sheet refers to, each address once.
pub fn style_sheet_references(css: &str, base_url: &str) -> Vec<Reference> {
    let base = Url::parse(base_url).ok();
    let mut collector = Collector {
        page: base.as_ref(),
        found: Vec::new(),
        urls: HashSet::new(),
    };
    collector.css(css, AssetKind::Image);
    collector.found
}

/// The style sheet with every reference pointing to where `archived` says, or to
/// nothing. `archived` gets an address as [`style_sheet_references`] gives it.
/// Borrows when nothing had to change.
pub fn rewrite_style_sheet<'c>(
    css: &'c str,
    base_url: &str,
    archived: &dyn Fn(&str) -> Option<String>,
) -> Cow<'c, str> {
    let base = Url::parse(base_url).ok();
    let mut out = String::new();
    let mut copied_to = 0;
    css::parts(css, base.as_ref(), AssetKind::Image, &mut |place, part| {
        out.push_str(&css[copied_to..place.start]);
        copied_to = place.end;
        let Part::Reference { url, kind, form } = part else {
            return;
        };
        let found = url.and_then(|url| {
            let (url, fragment) = without_fragment(url);
            Some(with_fragment(archived(url)?, fragment))
        });
        out.push_str(&form.with(found.as_deref().unwrap_or(kind.nothing())));
    });
    if copied_to == 0 {
        return Cow::Borrowed(css);
    }
    out.push_str(&css[copied_to..]);
    Cow::Owned(out)
}

struct Collector<'p> {
    page: Option<&'p Url>,
    found: Vec<Reference>,
    urls: HashSet<String>,
}

impl Collector<'_> {
    fn found(&mut self, url: &Url, kind: AssetKind, is_certain: bool) {
        if let Some(url) = wanted(url, is_certain)
            && !self.urls.contains(url)
        {
            self.urls.insert(url.to_owned());
            let url = url.to_owned();
            self.found.push(Reference { url, kind });
        }
    }
}

impl<'t> Out<'t> for Collector<'_> {
    const IS_WALL: bool = false;

    fn raw(&mut self, _json: &str) {}

    fn string(&mut self, _text: &str) {}

    fn copy(&mut self, _value: Value<'t>) {}

    fn address(&mut self, text: &str, kind: AssetKind, is_certain: bool) {
        if let Some(Some(url)) = resolve(text, self.page) {
            self.found(&url, kind, is_certain);
        }
    }

    fn source_set(&mut self, text: &str) {
        for (address, _) in candidates(text) {
            self.address(address, AssetKind::Image, true);
        }
    }

    fn css(&mut self, text: &str, kind: AssetKind) {
        css::parts(text, self.page, kind, &mut |_, part| {
            if let Part::Reference {
                url: Some(url),
                kind,
                ..
            } = part
            {
                self.found(url, kind, true);
            }
        });
    }

    fn adopts(&mut self, _id: Value<'t>, _sheets: Value<'t>) {}
}

/// The address to archive: not of what may be any link, unless it looks like a
/// style sheet.
pub(crate) fn wanted(url: &Url, is_certain: bool) -> Option<&str> {
    let is_wanted = is_certain || url.path().to_ascii_lowercase().ends_with(".css");
    let (url, _) = without_fragment(url);
    (is_wanted && url.len() <= MAX_URL_BYTES).then_some(url)
}

pub(crate) fn without_fragment(url: &Url) -> (&str, Option<&str>) {
    match url.as_str().split_once('#') {
        Some((url, fragment)) => (url, Some(fragment)),
        None => (url.as_str(), None),
    }
}

pub(crate) fn with_fragment(address: String, fragment: Option<&str>) -> String {
    match fragment {
        Some(fragment) => format!("{address}#{fragment}"),
        None => address,
    }
}

/// `None` for what loads nothing over the network; the inner `None` for what does
/// and cannot be made absolute.
pub(crate) fn resolve(text: &str, base: Option<&Url>) -> Option<Option<Url>> {
    let text = text.trim();
    // Most of the bytes of addresses are in `data:`, and need no parser.
    let is_data = text
        .get(..5)
        .is_some_and(|start| start.eq_ignore_ascii_case("data:"));
    if text.is_empty() || text.starts_with('#') || is_data {
        return None;
    }
    let url = match base {
        Some(base) => base.join(text),
        None => Url::parse(text),
    };
    match url {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Some(Some(url)),
        // `blob:` and `about:` stay; no browser loads the others here.
        Ok(_) => None,
        Err(_) => Some(None),
    }
}

/// What an attribute holds.
pub(crate) enum Place {
    None,
    Address(AssetKind),
    /// A link or a style sheet: only what is archived is replaced.
    MaybeSheet,
    SourceSet,
    Css,
}

/// Of an element, or of one that a mutation names only by its id (`tag` empty).
/// Elements that show other documents are the wall's.
pub(crate) fn place_of(tag: &str, name: &str, loads_sheet: bool) -> Place {
    match name {
        "style" | "_csstext" => Place::Css,
        "srcset" => Place::SourceSet,
        "poster" | "background" => Place::Address(AssetKind::Image),
        "fill" | "stroke" | "filter" | "mask" | "clip-path" | "cursor" | "marker-start"
        | "marker-mid" | "marker-end" => Place::Css,
        "src" => match tag {
            "script" | "iframe" | "frame" | "embed" => Place::None,
            "video" | "audio" | "source" | "track" => Place::Address(AssetKind::Media),
            _ => Place::Address(AssetKind::Image),
        },
        "href" => match tag {
            "link" if loads_sheet => Place::Address(AssetKind::StyleSheet),
            "image" | "use" | "feimage" => Place::Address(AssetKind::Image),
            "" => Place::MaybeSheet,
            _ => Place::None,
        },
        _ => Place::None,
    }
}

/// Whether a link loads its style sheet: the recorder did not put the content into
/// the recording.
pub(crate) fn loads_sheet(tag: &str, attributes: Value<'_>) -> bool {
    tag == "link"
        && attributes
            .get("_cssText")
            .and_then(Value::as_str)
            .is_none_or(str::is_empty)
        && attributes
            .pairs()
            .filter(|(name, _)| local_name(name) == "rel")
            .any(|(_, rel)| rel.as_str().is_some_and(is_sheet_rel))
}

fn is_sheet_rel(rel: &str) -> bool {
    rel.split_ascii_whitespace()
        .any(|word| word.eq_ignore_ascii_case("stylesheet"))
}

/// `address descriptor` pairs of a `srcset`, as the HTML standard splits them:
/// addresses may hold commas, descriptors may hold parentheses.
pub(crate) fn candidates(text: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ',');
        if rest.is_empty() {
            return found;
        }
        let end = rest
            .find(|c: char| c.is_ascii_whitespace())
            .unwrap_or(rest.len());
        let (address, behind) = rest.split_at(end);
        let plain = address.trim_end_matches(',');
        if plain.len() < address.len() {
            found.push((plain, ""));
            rest = behind;
            continue;
        }
        let mut depth = 0;
        let end = behind.find(|c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            c == ',' && depth <= 0
        });
        let (descriptor, behind) = behind.split_at(end.unwrap_or(behind.len()));
        found.push((address, descriptor.trim()));
        rest = behind;
    }
}
