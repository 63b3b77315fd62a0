//! What a recorded page loads to look right: found for archiving, and pointed to the
//! archive when the page is shown.
//!
//! One walker serves both. It knows where a page refers to images, style sheets,
//! fonts and media: attributes of nodes in snapshots and mutations, CSS in
//! attributes, style elements and the events of style sheets. What is loaded by the
//! page's own programs is not here; it is in the recording.

use crate::css;
use crate::tree::Tree;
use rrweb::envelope::kind;
use serde_json::{Map, Value};
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
    const fn nothing(self) -> &'static str {
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

/// Answers for one reference, `None` to leave it as it is. The address is `None`
/// when it cannot be made absolute; the flag is false when the kind is a guess.
pub(crate) type Visit<'f> = dyn FnMut(Option<&Url>, AssetKind, bool) -> Option<String> + 'f;

/// Nothing that a page really shows has a longer address.
const MAX_URL_BYTES: usize = 4096;

mod source {
    pub const MUTATION: i64 = 0;
    pub const STYLE_SHEET_RULE: i64 = 8;
    pub const FONT: i64 = 10;
    pub const STYLE_DECLARATION: i64 = 13;
    pub const ADOPTED_STYLE_SHEET: i64 = 15;
}

/// The page that a Meta event names: what later references are relative to.
pub fn page_url_of(event_kind: u8, json: &str) -> Option<String> {
    if event_kind != kind::META {
        return None;
    }
    let tree = Tree::parse(json)?;
    tree.0["data"]["href"].as_str().map(str::to_owned)
}

/// What the event refers to, each address once. `page_url` is that of the Meta
/// event before.
pub fn collect_references(event_kind: u8, json: &str, page_url: Option<&str>) -> Vec<Reference> {
    if !may_refer(event_kind, json) {
        return Vec::new();
    }
    match Tree::parse(json) {
        Some(mut tree) => references_of(&mut tree.0, page_url),
        None => Vec::new(),
    }
}

/// Changes nothing; the walker could.
fn references_of(event: &mut Value, page_url: Option<&str>) -> Vec<Reference> {
    collected_from(event, page_url).found
}

/// The references, and whether there are any at all, also such that cannot be made
/// absolute.
pub(crate) fn loads_of(event: &mut Value, page_url: Option<&str>) -> (Vec<Reference>, bool) {
    let collector = collected_from(event, page_url);
    (collector.found, collector.loads)
}

fn collected_from(event: &mut Value, page_url: Option<&str>) -> Collector {
    let mut collector = Collector::default();
    walk(event, page_url, &mut collector.visit());
    collector
}

/// The event with every reference pointing to where `archived` says, or to nothing.
/// `archived` gets an address as [`collect_references`] gives it. Borrows when
/// nothing had to change.
pub fn rewrite_event<'j>(
    event_kind: u8,
    json: &'j str,
    page_url: Option<&str>,
    archived: &dyn Fn(&str) -> Option<String>,
) -> Cow<'j, str> {
    if !may_refer(event_kind, json) {
        return Cow::Borrowed(json);
    }
    let Some(mut tree) = Tree::parse(json) else {
        return Cow::Borrowed(json);
    };
    match walk(&mut tree.0, page_url, &mut replacing(archived)) {
        true => tree.to_json().map_or(Cow::Borrowed(json), Cow::Owned),
        false => Cow::Borrowed(json),
    }
}

/// What a style sheet refers to, each address once.
pub fn style_sheet_references(css: &str, base_url: &str) -> Vec<Reference> {
    let mut collector = Collector::default();
    let base = Url::parse(base_url).ok();
    css::rewrite(css, base.as_ref(), AssetKind::Image, &mut collector.visit());
    collector.found
}

/// As [`rewrite_event`], for a style sheet.
pub fn rewrite_style_sheet<'c>(
    css: &'c str,
    base_url: &str,
    archived: &dyn Fn(&str) -> Option<String>,
) -> Cow<'c, str> {
    let base = Url::parse(base_url).ok();
    let new = css::rewrite(
        css,
        base.as_ref(),
        AssetKind::Image,
        &mut replacing(archived),
    );
    new.map_or(Cow::Borrowed(css), Cow::Owned)
}

#[derive(Default)]
struct Collector {
    found: Vec<Reference>,
    urls: HashSet<String>,
    loads: bool,
}

impl Collector {
    fn visit(&mut self) -> impl FnMut(Option<&Url>, AssetKind, bool) -> Option<String> {
        |url, kind, is_certain| {
            self.loads = true;
            let url = url?;
            // An address that is no style sheet for sure may be any link.
            let is_wanted = is_certain || url.path().to_ascii_lowercase().ends_with(".css");
            let (url, _) = without_fragment(url);
            if is_wanted && url.len() <= MAX_URL_BYTES && self.urls.insert(url.clone()) {
                self.found.push(Reference { url, kind });
            }
            None
        }
    }
}

fn replacing(
    archived: &dyn Fn(&str) -> Option<String>,
) -> impl FnMut(Option<&Url>, AssetKind, bool) -> Option<String> {
    move |url, kind, is_certain| {
        let found = url.and_then(|url| {
            let (url, fragment) = without_fragment(url);
            let path = archived(&url)?;
            Some(match fragment {
                Some(fragment) => format!("{path}#{fragment}"),
                None => path,
            })
        });
        found.or_else(|| is_certain.then(|| kind.nothing().to_owned()))
    }
}

fn without_fragment(url: &Url) -> (String, Option<&str>) {
    let whole = url.as_str();
    match whole.split_once('#') {
        Some((url, fragment)) => (url.to_owned(), Some(fragment)),
        None => (whole.to_owned(), None),
    }
}

/// `None` for what loads nothing over the network; the inner `None` for what does
/// and cannot be made absolute.
pub(crate) fn resolve(text: &str, base: Option<&Url>) -> Option<Option<Url>> {
    let text = text.trim();
    if text.is_empty() || text.starts_with('#') {
        return None;
    }
    let url = match base {
        Some(base) => base.join(text),
        None => Url::parse(text),
    };
    match url {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Some(Some(url)),
        // `data:`, `blob:` and `about:` stay; no browser loads the others here.
        Ok(_) => None,
        Err(_) => Some(None),
    }
}

/// Spares reading most events. A mutation that writes `url(` in some other way is
/// not seen; the content policy of the page that shows it holds all the same.
pub(crate) fn may_refer(event_kind: u8, json: &str) -> bool {
    const WORDS: [&str; 9] = [
        "src",
        "href",
        "url(",
        "URL(",
        "poster",
        "\"background\":\"",
        "import",
        "image-set",
        "fontSource",
    ];
    match event_kind {
        kind::FULL_SNAPSHOT => true,
        kind::INCREMENTAL => WORDS.iter().any(|word| json.contains(word)),
        _ => false,
    }
}

fn walk(event: &mut Value, page_url: Option<&str>, visit: &mut Visit<'_>) -> bool {
    let page = page_url.and_then(|url| Url::parse(url).ok());
    let mut walker = Walker {
        page: page.as_ref(),
        visit,
        is_changed: false,
    };
    let is_snapshot = event["type"].as_u64() == Some(u64::from(kind::FULL_SNAPSHOT));
    if let Some(Value::Object(data)) = event.get_mut("data") {
        match data.get("source").and_then(Value::as_i64) {
            _ if is_snapshot => walker.nodes(data.get_mut("node")),
            Some(source::MUTATION) => walker.mutation(data),
            Some(source::STYLE_SHEET_RULE) => {
                walker.rules(data.get_mut("adds"));
                walker.css(data.get_mut("replace"), AssetKind::Image);
                walker.css(data.get_mut("replaceSync"), AssetKind::Image);
            }
            Some(source::FONT) => walker.css(data.get_mut("fontSource"), AssetKind::Font),
            Some(source::STYLE_DECLARATION) => {
                let set = data.get_mut("set");
                walker.css(set.and_then(|set| set.get_mut("value")), AssetKind::Image);
            }
            Some(source::ADOPTED_STYLE_SHEET) => walker.sheets(data.get_mut("styles")),
            _ => {}
        }
    }
    walker.is_changed
}

struct Walker<'w, 'v, 'f> {
    page: Option<&'w Url>,
    visit: &'v mut Visit<'f>,
    is_changed: bool,
}

impl Walker<'_, '_, '_> {
    fn mutation(&mut self, data: &mut Map<String, Value>) {
        for add in items(data.get_mut("adds")) {
            self.nodes(add.get_mut("node"));
        }
        for change in items(data.get_mut("attributes")) {
            if let Some(Value::Object(attributes)) = change.get_mut("attributes") {
                self.attributes("", attributes);
            }
        }
    }

    /// A node and everything below it.
    fn nodes(&mut self, root: Option<&mut Value>) {
        let mut remaining: Vec<(&mut Value, bool)> =
            root.into_iter().map(|it| (it, false)).collect();
        while let Some((node, is_in_style)) = remaining.pop() {
            let Value::Object(node) = node else { continue };
            if is_in_style || node.get("isStyle").and_then(Value::as_bool) == Some(true) {
                self.css(node.get_mut("textContent"), AssetKind::Image);
            }
            self.sheets(node.get_mut("adoptedStyleSheets"));
            let tag = local_name(
                node.get("tagName")
                    .and_then(Value::as_str)
                    .unwrap_or_default(),
            );
            if let Some(Value::Object(attributes)) = node.get_mut("attributes") {
                self.attributes(&tag, attributes);
            }
            let is_style = tag == "style";
            if let Some(Value::Array(children)) = node.get_mut("childNodes") {
                remaining.extend(children.iter_mut().map(|child| (child, is_style)));
            }
        }
    }

    /// Of an element, or of one that a mutation names only by its id (`tag` empty).
    fn attributes(&mut self, tag: &str, attributes: &mut Map<String, Value>) {
        let has_text = |name: &str| {
            let mut values = attributes.iter();
            values
                .any(|(key, value)| key == name && value.as_str().is_some_and(|it| !it.is_empty()))
        };
        let loads_sheet = tag == "link"
            && !has_text("_cssText")
            && attributes
                .get("rel")
                .and_then(Value::as_str)
                .is_some_and(is_sheet_rel);
        for (name, value) in attributes.iter_mut() {
            let name = local_name(name);
            match place_of(tag, &name, loads_sheet) {
                Place::None => {}
                Place::Address(kind) => self.address(value, kind, true),
                Place::MaybeSheet => self.address(value, AssetKind::StyleSheet, false),
                Place::SourceSet => self.source_set(value),
                Place::Css => self.style(value),
            }
        }
    }

    fn address(&mut self, value: &mut Value, kind: AssetKind, is_certain: bool) {
        let Value::String(text) = value else { return };
        let Some(url) = resolve(text, self.page) else {
            return;
        };
        if let Some(new) = (self.visit)(url.as_ref(), kind, is_certain) {
            *text = new;
            self.is_changed = true;
        }
    }

    /// Candidates that are not archived go, so that the browser takes another.
    fn source_set(&mut self, value: &mut Value) {
        let Value::String(text) = value else { return };
        let mut kept = Vec::new();
        let mut is_changed = false;
        for (address, descriptor) in candidates(text) {
            let new = match resolve(address, self.page) {
                Some(url) => (self.visit)(url.as_ref(), AssetKind::Image, true),
                None => None,
            };
            is_changed |= new.is_some();
            match new {
                Some(new) if new == AssetKind::Image.nothing() => {}
                Some(new) => kept.push(format!("{new} {descriptor}")),
                None => kept.push(format!("{address} {descriptor}")),
            }
        }
        if is_changed {
            *text = kept.join(", ");
            self.is_changed = true;
        }
    }

    /// A style as text, or as the changed properties: text, or text with a priority.
    fn style(&mut self, value: &mut Value) {
        let Value::Object(properties) = value else {
            return self.css(Some(value), AssetKind::Image);
        };
        for property in properties.values_mut() {
            match property {
                Value::Array(parts) => self.css(parts.first_mut(), AssetKind::Image),
                other => self.css(Some(other), AssetKind::Image),
            }
        }
    }

    fn sheets(&mut self, sheets: Option<&mut Value>) {
        for sheet in items(sheets) {
            self.rules(sheet.get_mut("rules"));
        }
    }

    fn rules(&mut self, rules: Option<&mut Value>) {
        for rule in items(rules) {
            self.css(rule.get_mut("rule"), AssetKind::Image);
        }
    }

    fn css(&mut self, value: Option<&mut Value>, kind: AssetKind) {
        if let Some(Value::String(text)) = value
            && let Some(new) = css::rewrite(text, self.page, kind, self.visit)
        {
            *text = new;
            self.is_changed = true;
        }
    }
}

enum Place {
    None,
    Address(AssetKind),
    /// A link or a style sheet: only what is archived is replaced.
    MaybeSheet,
    SourceSet,
    Css,
}

/// What an attribute holds. Elements that show other documents are the sanitiser's.
fn place_of(tag: &str, name: &str, loads_sheet: bool) -> Place {
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

fn is_sheet_rel(rel: &str) -> bool {
    rel.split_ascii_whitespace()
        .any(|word| word.eq_ignore_ascii_case("stylesheet"))
}

/// `address descriptor` pairs of a `srcset`, as the HTML standard splits them:
/// addresses may hold commas, descriptors may hold parentheses.
fn candidates(text: &str) -> Vec<(&str, &str)> {
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

/// The items of an array; none of anything else.
fn items(value: Option<&mut Value>) -> std::slice::IterMut<'_, Value> {
    match value {
        Some(Value::Array(items)) => items.iter_mut(),
        _ => [].iter_mut(),
    }
}

/// Lower case and without prefix: `xlink:href` is `href`.
fn local_name(name: &str) -> String {
    name.rsplit(':')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase()
}
