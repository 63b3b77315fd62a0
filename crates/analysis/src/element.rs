//! What an element is to a visitor: a selector that lasts, a label, a role, whether
//! a click on it should do something.

use crate::strings::{collapse, cut, is_masked, name};
use rrweb::mirror::{AttributeValue, Mirror, NodeKey, NodeKind};

/// Levels that are looked at to find what reacts to a click.
const MAX_CLIMB: usize = 8;
/// Levels in a selector, its parts and its length.
const MAX_STEPS: usize = 5;
const MAX_CLASSES: usize = 2;
const MAX_SELECTOR_BYTES: usize = 256;
const MAX_LABEL_BYTES: usize = 80;
/// Nodes that are looked at for a label.
const MAX_LABEL_NODES: usize = 400;

const TEST_IDS: [&str; 5] = [
    "data-testid",
    "data-test-id",
    "data-test",
    "data-cy",
    "data-qa",
];

/// Roles of things that a click does something to.
const CLICK_ROLES: [&str; 14] = [
    "button",
    "link",
    "tab",
    "menuitem",
    "menuitemcheckbox",
    "menuitemradio",
    "option",
    "checkbox",
    "radio",
    "switch",
    "treeitem",
    "gridcell",
    "combobox",
    "slider",
];

/// Roles of things that people name a click by although they need not react to it: in
/// a grid all of a header's cells lie in one row that can be clicked.
const NAMED_ROLES: [&str; 4] = ["columnheader", "rowheader", "row", "cell"];

pub fn attribute<'m>(mirror: &'m Mirror, node: NodeKey, name: &str) -> Option<&'m str> {
    mirror
        .attribute(node, name)
        .and_then(AttributeValue::as_str)
}

fn has(mirror: &Mirror, node: NodeKey, name: &str) -> bool {
    mirror
        .attribute(node, name)
        .is_some_and(|value| value != AttributeValue::Bool(false))
}

/// The element itself, or the parent of a text.
pub fn element_of(mirror: &Mirror, node: NodeKey) -> Option<NodeKey> {
    match mirror.kind(node)? {
        NodeKind::Element => Some(node),
        NodeKind::Document => None,
        _ => mirror.parent(node),
    }
}

/// Whether it is made to be clicked, or looks so: by tag, role, handler, tab order,
/// inline cursor or the names of its classes.
pub fn is_clickable(mirror: &Mirror, node: NodeKey) -> bool {
    match mirror.tag(node) {
        "a" => return has(mirror, node, "href") || has(mirror, node, "role"),
        "button" | "input" | "select" | "summary" | "option" | "area" => return true,
        "html" | "body" => return false,
        _ => {}
    }
    let role = attribute(mirror, node, "role");
    let in_tab_order = || {
        attribute(mirror, node, "tabindex")
            .is_some_and(|index| index.trim().parse::<i32>().is_ok_and(|index| index >= 0))
    };
    role.is_some_and(|role| CLICK_ROLES.contains(&role))
        || has(mirror, node, "onclick")
        || has(mirror, node, "rr_onclick")
        || in_tab_order()
        || attribute(mirror, node, "style").is_some_and(|style| {
            style.contains("cursor: pointer") || style.contains("cursor:pointer")
        })
        || attribute(mirror, node, "class")
            .is_some_and(|classes| classes.split_ascii_whitespace().any(is_button_class))
}

fn is_button_class(class: &str) -> bool {
    let class = class.to_ascii_lowercase();
    class
        .split(['-', '_'])
        .any(|word| matches!(word, "btn" | "button" | "clickable" | "cta"))
}

/// The innermost clickable element around a node.
pub fn clickable_around(mirror: &Mirror, node: NodeKey) -> Option<NodeKey> {
    mirror
        .ancestors(node)
        .take(MAX_CLIMB)
        .filter(|node| mirror.kind(*node) == Some(NodeKind::Element))
        .find(|node| is_clickable(mirror, *node))
}

/// The innermost element around a node that a click on it is named by: one that is
/// made to be clicked, or a part of a table.
pub fn named_around(mirror: &Mirror, node: NodeKey) -> Option<NodeKey> {
    mirror
        .ancestors(node)
        .take(MAX_CLIMB)
        .filter(|node| mirror.kind(*node) == Some(NodeKind::Element))
        .find(|node| {
            let role = attribute(mirror, *node, "role");
            role.is_some_and(|role| NAMED_ROLES.contains(&role)) || is_clickable(mirror, *node)
        })
}

/// What happens inside of it is mostly not recorded, so no click on it can be judged.
pub fn is_opaque(mirror: &Mirror, node: NodeKey) -> bool {
    match mirror.tag(node) {
        "canvas" | "audio" | "video" | "iframe" | "object" | "embed" => true,
        // One masked number looks like the next.
        "input" => matches!(attribute(mirror, node, "type"), Some("number" | "range")),
        _ => false,
    }
}

/// Whether it takes the caret.
pub fn is_field(mirror: &Mirror, node: NodeKey) -> bool {
    match mirror.tag(node) {
        "textarea" => true,
        "input" => !matches!(
            attribute(mirror, node, "type").unwrap_or("text"),
            "button" | "submit" | "reset" | "image" | "checkbox" | "radio" | "file" | "range"
        ),
        _ => is_editable(mirror, node),
    }
}

pub fn is_file_field(mirror: &Mirror, node: NodeKey) -> bool {
    mirror.tag(node) == "input" && attribute(mirror, node, "type") == Some("file")
}

/// Endings of addresses that a browser saves, or shows outside of the page.
const FILE_ENDINGS: [&str; 14] = [
    "csv", "doc", "docx", "dmg", "epub", "exe", "gz", "ics", "pdf", "pptx", "tar", "xls", "xlsx",
    "zip",
];

fn is_file(href: &str) -> bool {
    let path = href.split(['?', '#']).next().unwrap_or_default();
    path.rsplit_once('.').is_some_and(|(_, ending)| {
        FILE_ENDINGS
            .iter()
            .any(|known| ending.eq_ignore_ascii_case(known))
    })
}

/// Whether a click here works without changing the page: it puts the caret into a
/// field, opens a list or a picker that the browser draws, or leaves the page.
pub fn answers_outside_the_page(mirror: &Mirror, node: NodeKey) -> bool {
    mirror
        .ancestors(node)
        .take(MAX_CLIMB)
        .any(|node| match mirror.tag(node) {
            // The browser shows a popover without any change of the tree.
            _ if has(mirror, node, "popovertarget") || has(mirror, node, "commandfor") => true,
            "textarea" | "select" | "option" | "label" | "audio" | "video" | "iframe"
            | "object" | "embed" => true,
            "input" => !matches!(
                attribute(mirror, node, "type").unwrap_or("text"),
                "button" | "submit" | "reset" | "image" | "checkbox" | "radio"
            ),
            "a" => {
                let href = attribute(mirror, node, "href").unwrap_or_default();
                let leaves = ["mailto:", "tel:", "sms:", "blob:", "data:"];
                has(mirror, node, "download")
                    || attribute(mirror, node, "target").is_some_and(|target| target == "_blank")
                    || leaves.iter().any(|scheme| href.starts_with(scheme))
                    || is_file(href)
            }
            _ => is_editable(mirror, node),
        })
}

/// Whether visitors type into the element or one around it.
pub fn is_in_editable(mirror: &Mirror, node: NodeKey) -> bool {
    mirror.ancestors(node).any(|node| is_editable(mirror, node))
}

/// Whether visitors type into the element itself.
pub fn is_editable(mirror: &Mirror, node: NodeKey) -> bool {
    let editable = mirror.attribute(node, "contenteditable");
    match editable {
        Some(AttributeValue::Text(value)) => !value.eq_ignore_ascii_case("false"),
        Some(AttributeValue::Bool(value)) => value,
        _ => attribute(mirror, node, "role") == Some("textbox"),
    }
}

/// The role as written, or the one that the tag implies.
pub fn role(mirror: &Mirror, node: NodeKey) -> Option<String> {
    if let Some(role) = attribute(mirror, node, "role") {
        return Some(name(role));
    }
    let role = match mirror.tag(node) {
        "a" if has(mirror, node, "href") => "link",
        "button" | "summary" => "button",
        "select" => "combobox",
        "textarea" => "textbox",
        "option" => "option",
        "img" => "img",
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => "heading",
        "input" => match attribute(mirror, node, "type").unwrap_or("text") {
            "button" | "submit" | "reset" | "image" => "button",
            "checkbox" => "checkbox",
            "radio" => "radio",
            "range" => "slider",
            "number" => "spinbutton",
            "search" => "searchbox",
            _ => "textbox",
        },
        _ => return None,
    };
    Some(role.to_owned())
}

/// A name as a screen reader would say it; None when there is none or it is masked.
pub fn label(mirror: &Mirror, node: NodeKey) -> Option<String> {
    let own = |name| readable(attribute(mirror, node, name)?);
    if let Some(label) = own("aria-label").or_else(|| own("alt")) {
        return Some(label);
    }
    match mirror.tag(node) {
        "input" => {
            let kind = attribute(mirror, node, "type").unwrap_or("text");
            if matches!(kind, "button" | "submit" | "reset") {
                return own("value")
                    .or_else(|| own("title"))
                    .or_else(|| Some(kind.to_owned()));
            }
            field_label(mirror, node)
        }
        "select" | "textarea" => field_label(mirror, node),
        _ if is_in_editable(mirror, node) => own("title").or_else(|| own("placeholder")),
        "html" | "body" => None,
        _ => visible_text(mirror, node)
            .or_else(|| own("title"))
            .or_else(|| label_inside(mirror, node)),
    }
}

/// Text below, for a label or a quote.
pub fn visible_text(mirror: &Mirror, node: NodeKey) -> Option<String> {
    let mut text = String::new();
    // A few times the label, as white space is dropped later.
    let limit_bytes = 8 * MAX_LABEL_BYTES;
    let mut skipped: Option<NodeKey> = None;
    for below in mirror.descendants(node).take(MAX_LABEL_NODES) {
        if let Some(skip) = skipped {
            if mirror
                .ancestors(below)
                .take_while(|at| *at != node)
                .any(|at| at == skip)
            {
                continue;
            }
            skipped = None;
        }
        match mirror.kind(below) {
            Some(NodeKind::Text) => text.push_str(cut(mirror.text(below), limit_bytes)),
            Some(NodeKind::Element) if below != node => match mirror.tag(below) {
                "script" | "style" | "noscript" | "template" | "select" | "textarea" => {
                    skipped = Some(below)
                }
                _ if is_editable(mirror, below) || mirror.is_marked(below) => {
                    skipped = Some(below);
                }
                tag if !crate::text_unit::is_inline(tag) => text.push(' '),
                _ => {}
            },
            _ => {}
        }
        if text.len() >= limit_bytes {
            break;
        }
    }
    if is_masked(&text) || mirror.is_masked(node) {
        return None;
    }
    readable(&text)
}

fn readable(text: &str) -> Option<String> {
    let text = collapse(cut(text, 8 * MAX_LABEL_BYTES));
    (!is_masked(&text)).then(|| cut(&text, MAX_LABEL_BYTES).trim_end().to_owned())
}

/// An icon's name.
fn label_inside(mirror: &Mirror, node: NodeKey) -> Option<String> {
    mirror
        .descendants(node)
        .skip(1)
        .take(MAX_LABEL_NODES / 8)
        .find_map(|below| {
            ["aria-label", "alt", "title"]
                .iter()
                .find_map(|name| readable(attribute(mirror, below, name)?))
        })
}

/// Of a field: the label around or before it, else what it says itself.
fn field_label(mirror: &Mirror, node: NodeKey) -> Option<String> {
    let around = mirror
        .ancestors(node)
        .skip(1)
        .take(3)
        .find(|node| mirror.tag(*node) == "label");
    let id = attribute(mirror, node, "id");
    let for_it = |candidate: NodeKey| {
        mirror.tag(candidate) == "label"
            && id.is_some()
            && attribute(mirror, candidate, "for") == id
    };
    let near = || {
        let from = mirror.ancestors(node).skip(1).take(3).last()?;
        mirror
            .descendants(from)
            .take(MAX_LABEL_NODES)
            .find(|node| for_it(*node))
    };
    around
        .or_else(near)
        .and_then(|label| visible_text(mirror, label))
        .or_else(|| {
            ["placeholder", "title", "name"]
                .iter()
                .find_map(|name| readable(attribute(mirror, node, name)?))
        })
}

/// A path that stays the same from visit to visit: test ids, names, roles, classes
/// that people wrote; no positions. It need not be unique.
pub fn selector(mirror: &Mirror, node: NodeKey) -> String {
    let mut steps: Vec<String> = Vec::new();
    let mut length = 0;
    for at in mirror
        .ancestors(node)
        .filter(|at| mirror.kind(*at) == Some(NodeKind::Element))
    {
        let tag = mirror.tag(at);
        if steps.len() == MAX_STEPS || (!steps.is_empty() && matches!(tag, "html" | "body")) {
            break;
        }
        let (step, is_anchor) = step(mirror, at, tag);
        length += step.len() + 3;
        if length > MAX_SELECTOR_BYTES && !steps.is_empty() {
            break;
        }
        steps.push(cut(&step, MAX_SELECTOR_BYTES).to_owned());
        if is_anchor {
            break;
        }
    }
    steps.reverse();
    steps.join(" > ")
}

/// One level of a selector, and whether it is good enough to start from.
fn step(mirror: &Mirror, node: NodeKey, tag: &str) -> (String, bool) {
    for test_id in TEST_IDS {
        if let Some(value) = attribute(mirror, node, test_id).filter(|value| is_quotable(value)) {
            return (format!("[{test_id}=\"{value}\"]"), true);
        }
    }
    if let Some(id) = attribute(mirror, node, "id").filter(|id| is_word(id) && !looks_generated(id))
    {
        return (format!("{}#{id}", cut(tag, 40)), true);
    }
    let mut step = cut(tag, 40).to_owned();
    let classes = attribute(mirror, node, "class").unwrap_or_default();
    let stable = classes
        .split_ascii_whitespace()
        .take(64)
        .filter(|class| is_word(class) && is_stable_class(class));
    for class in stable.take(MAX_CLASSES) {
        step.push('.');
        step.push_str(class);
    }
    for name in ["name", "role", "type", "aria-label"] {
        let has_enough = name == "aria-label" && step.contains(['.', '[']);
        let is_implied = name == "type" && tag != "input";
        if let Some(value) = attribute(mirror, node, name)
            && !is_implied
            && is_quotable(value)
            && !looks_generated(value)
            && !has_enough
        {
            step.push_str(&format!("[{name}=\"{value}\"]"));
        }
    }
    (step, false)
}

fn is_quotable(value: &str) -> bool {
    !value.is_empty()
        && value.len() <= 60
        && !is_masked(value)
        && !value.contains(['"', '\\', '\n'])
}

fn is_word(text: &str) -> bool {
    text.len() <= 48
        && text.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '-')
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

/// Ids and names that a program counted or drew: they differ from visit to visit.
fn looks_generated(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let trailing = text.bytes().rev().take_while(u8::is_ascii_digit).count();
    let longest = text
        .split(|c: char| !c.is_ascii_digit())
        .map(str::len)
        .max()
        .unwrap_or(0);
    // A word that mixes letters and digits several times is a hash.
    let mixed = text.split(['-', '_', ':', '.']).any(is_hash);
    let library = [
        "ember",
        "radix",
        "headlessui",
        "react-",
        "rc_",
        "rc-",
        "mui-",
        "mat-",
        "cdk-",
        "ext-",
        "yui_",
        "gwt-",
        "downshift",
        "reach-",
    ];
    text.contains(':')
        || longest >= 4
        || mixed
        || (trailing > 0 && library.iter().any(|prefix| text.starts_with(prefix)))
        || digits * 2 > text.len()
}

fn is_hash(word: &str) -> bool {
    let bytes = word.as_bytes();
    let turns = bytes
        .windows(2)
        .filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit())
        .count();
    bytes.len() >= 5 && turns >= 2
}

/// Not hashed, no measure, no state.
fn is_stable_class(class: &str) -> bool {
    const STATES: [&str; 16] = [
        "active",
        "hover",
        "focus",
        "focused",
        "focusvisible",
        "selected",
        "disabled",
        "open",
        "opened",
        "closed",
        "checked",
        "visible",
        "hidden",
        "show",
        "loading",
        "current",
    ];
    // Emotion, styled components, JSS.
    let made = class.starts_with("css-")
        || class.starts_with("sc-")
        || class.starts_with("jss")
        || class.starts_with("jsx-");
    let has_state = || {
        let lower = class.to_ascii_lowercase();
        lower.split(['-', '_']).any(|word| STATES.contains(&word))
    };
    let last = class.rsplit("__").next().unwrap_or_default();
    // CSS modules end in a few drawn characters.
    let is_module = class.contains("__")
        && (5..=8).contains(&last.len())
        && last.bytes().any(|b| b.is_ascii_uppercase())
        && last.bytes().any(|b| b.is_ascii_lowercase());
    !made
        && !is_module
        && class.len() > 1
        && !class.bytes().any(|b| b.is_ascii_digit())
        && !has_state()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rrweb::Tape;
    use rrweb::mirror::Limits;

    fn page(body: &str) -> Mirror {
        let json = format!(
            r#"{{"type":2,"data":{{"node":{{"type":0,"id":1,"childNodes":[{{"type":2,"id":2,"tagName":"html","attributes":{{}},"childNodes":[{{"type":2,"id":3,"tagName":"body","attributes":{{}},"childNodes":[{body}]}}]}}]}}}},"timestamp":1}}"#
        );
        let mut tape = Tape::new();
        tape.parse(&json).unwrap();
        let mut mirror = Mirror::new(Limits::default());
        mirror.apply(tape.root(), 1_000, &mut ());
        mirror
    }

    fn at(mirror: &Mirror, id: i64) -> NodeKey {
        mirror.node_by_id(id).unwrap()
    }

    #[test]
    fn selectors_keep_what_people_wrote() {
        let mirror = page(
            r#"{"type":2,"id":4,"tagName":"div","attributes":{"id":":r1:","class":"css-1x2y3z card is-active p-4"},"childNodes":[
                {"type":2,"id":5,"tagName":"button","attributes":{"class":"btn btn-primary jss12"},"childNodes":[{"type":3,"id":6,"textContent":" Buy  now "}]},
                {"type":2,"id":7,"tagName":"button","attributes":{"data-testid":"pay"},"childNodes":[]},
                {"type":2,"id":8,"tagName":"a","attributes":{"id":"home"},"childNodes":[{"type":2,"id":9,"tagName":"svg","attributes":{"aria-label":"Home"},"childNodes":[]}]}]}"#,
        );
        assert_eq!(
            selector(&mirror, at(&mirror, 5)),
            "div.card > button.btn.btn-primary"
        );
        assert_eq!(selector(&mirror, at(&mirror, 7)), r#"[data-testid="pay"]"#);
        assert_eq!(
            selector(&mirror, at(&mirror, 9)),
            r#"a#home > svg[aria-label="Home"]"#
        );
        assert_eq!(label(&mirror, at(&mirror, 5)).as_deref(), Some("Buy now"));
        assert_eq!(label(&mirror, at(&mirror, 8)).as_deref(), Some("Home"));
        assert_eq!(label(&mirror, at(&mirror, 7)), None);
    }

    #[test]
    fn masked_and_typed_text_is_no_label() {
        let mirror = page(
            r#"{"type":2,"id":4,"tagName":"button","attributes":{},"childNodes":[{"type":3,"id":5,"textContent":"*** ****"}]},
               {"type":2,"id":6,"tagName":"div","attributes":{"contenteditable":"true"},"childNodes":[{"type":3,"id":7,"textContent":"secret"}]},
               {"type":2,"id":8,"tagName":"label","attributes":{"for":"mail"},"childNodes":[{"type":3,"id":9,"textContent":"E-mail"}]},
               {"type":2,"id":10,"tagName":"input","attributes":{"id":"mail","value":"a@b"},"childNodes":[]}"#,
        );
        assert_eq!(label(&mirror, at(&mirror, 4)), None);
        assert_eq!(label(&mirror, at(&mirror, 6)), None);
        assert_eq!(label(&mirror, at(&mirror, 10)).as_deref(), Some("E-mail"));
        assert!(answers_outside_the_page(&mirror, at(&mirror, 10)));
    }

    #[test]
    fn a_click_in_a_grid_is_named_by_its_cell() {
        let header = |id: u8, text: &str| {
            format!(
                r#"{{"type":2,"id":{id},"tagName":"div","attributes":{{"role":"columnheader","tabindex":"-1"}},"childNodes":[
                    {{"type":2,"id":{},"tagName":"span","attributes":{{}},"childNodes":[{{"type":3,"id":{},"textContent":"{text}"}}]}}]}}"#,
                id + 1,
                id + 2
            )
        };
        let mirror = page(&format!(
            r#"{{"type":2,"id":4,"tagName":"div","attributes":{{"role":"row","tabindex":"0"}},"childNodes":[{},{},
                {{"type":2,"id":20,"tagName":"div","attributes":{{"role":"gridcell"}},"childNodes":[
                    {{"type":2,"id":21,"tagName":"button","attributes":{{}},"childNodes":[{{"type":3,"id":22,"textContent":"Buy"}}]}},
                    {{"type":3,"id":23,"textContent":" 12"}}]}}]}}"#,
            header(5, "Price"),
            header(10, "Volume"),
        ));
        let named = |id| {
            let node = element_of(&mirror, at(&mirror, id)).unwrap();
            let named = named_around(&mirror, node).unwrap();
            (
                label(&mirror, named).unwrap(),
                role(&mirror, named).unwrap(),
            )
        };
        let is = |label: &str, role: &str| (label.to_owned(), role.to_owned());
        assert_eq!(named(7), is("Price", "columnheader"));
        assert_eq!(named(12), is("Volume", "columnheader"));
        assert_eq!(named(22), is("Buy", "button"));
        assert_eq!(named(23), is("Buy 12", "gridcell"));
        // What reacts is the row, as far as the page says.
        let reacts = clickable_around(&mirror, at(&mirror, 6));
        assert_eq!(reacts, Some(at(&mirror, 4)));
    }

    #[test]
    fn generated_names_are_told_from_written_ones() {
        for text in [
            "radix-:r3:",
            "ember412",
            "a8f3e21b",
            "input-17234",
            "rc_select_0",
            "x1y2z3",
        ] {
            assert!(looks_generated(text), "{text}");
        }
        for text in ["dead", "step2", "checkout-form", "main_menu", "h1"] {
            assert!(!looks_generated(text), "{text}");
        }
        assert!(!is_stable_class("Button_primary__aX3bQ"));
        assert!(!is_stable_class("styles_root__aXbQz"));
        assert!(is_stable_class("card__title"));
    }
}
