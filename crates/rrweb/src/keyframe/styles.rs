//! Edited and constructed style sheets as events.

use super::Writer;
use crate::mirror::{ConstructedSheet, Edit, Mirror, NodeKey, Path, Sheet, split_rules};
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

/// The constructed sheets by where they are defined: the player makes one in the
/// window of the document or shadow host that the event names.
pub(super) struct Plan<'m> {
    sheets: HashMap<NodeKey, Vec<&'m ConstructedSheet>>,
}

impl<'m> Plan<'m> {
    pub(super) fn new(mirror: &'m Mirror, rare: &[NodeKey]) -> Self {
        let mut first_adopter = HashMap::new();
        for node in rare {
            for id in mirror.adopted_sheets(*node) {
                first_adopter.entry(*id).or_insert(*node);
            }
        }
        let mut sheets: HashMap<NodeKey, Vec<&ConstructedSheet>> = HashMap::new();
        for sheet in mirror.constructed() {
            let owner = mirror.node_by_id(sheet.owner);
            let home = owner
                .filter(|owner| mirror.extra_of(*owner).is_some())
                .filter(|owner| mirror.document_of(*owner).is_some())
                .or_else(|| first_adopter.get(&sheet.style_id).copied())
                .or_else(|| mirror.root());
            if let Some(home) = home {
                sheets.entry(home).or_default().push(sheet);
            }
        }
        Self { sheets }
    }
}

impl Writer<'_> {
    /// All about the sheets of these nodes. `with_edits`: edits of constructed sheets
    /// arrive; otherwise the sheets are defined with them.
    pub(super) fn sheets(&mut self, plan: &Plan<'_>, nodes: &[NodeKey], with_edits: bool) {
        let mirror = self.mirror;
        let mut defined = HashSet::new();
        let mut adopted = HashSet::new();
        for node in nodes {
            let Some(own) = plan.sheets.get(node) else {
                continue;
            };
            defined.extend(own.iter().map(|sheet| sheet.style_id));
            let ids = mirror.adopted_sheets(*node);
            let is_complete = ids.iter().all(|id| defined.contains(id));
            if is_complete {
                adopted.insert(*node);
            }
            let ids = if is_complete { ids } else { &[] };
            self.define(*node, ids, own, with_edits);
        }
        for node in nodes {
            let ids = mirror.adopted_sheets(*node);
            if !ids.is_empty() && !adopted.contains(node) {
                self.define(*node, ids, &[], with_edits);
            }
        }
        for node in nodes {
            let sheet = mirror
                .extra_of(*node)
                .and_then(|extra| extra.sheet.as_deref());
            if let Some(sheet) = sheet {
                let target = format!("\"id\":{}", mirror.id(*node));
                self.edits(&target, sheet.edits());
            }
        }
    }

    fn define(
        &mut self,
        node: NodeKey,
        ids: &[i64],
        sheets: &[&ConstructedSheet],
        with_edits: bool,
    ) {
        self.start(3);
        let id = self.mirror.id(node);
        let _ = write!(self.out, "{{\"source\":15,\"id\":{id},\"styleIds\":[");
        for (n, id) in ids.iter().enumerate() {
            let comma = if n == 0 { "" } else { "," };
            let _ = write!(self.out, "{comma}{id}");
        }
        self.out.push(']');
        let mut later = Vec::new();
        if !sheets.is_empty() {
            self.out.push_str(",\"styles\":[");
            for (n, constructed) in sheets.iter().enumerate() {
                let edits = if with_edits {
                    constructed.sheet.edits().to_vec()
                } else {
                    final_edits(&constructed.sheet)
                };
                // The first rules of a sheet define it, nested ones too: an event
                // cannot edit a sheet with the id 0.
                let is_definition = |edit: &Edit| matches!(edit, Edit::Insert { .. });
                let count = edits.iter().take_while(|edit| is_definition(edit)).count();
                let comma = if n == 0 { "" } else { "," };
                let style_id = constructed.style_id;
                let _ = write!(self.out, "{comma}{{\"styleId\":{style_id},\"rules\":[");
                self.insertions(&edits[..count]);
                self.out.push_str("]}");
                later.push((style_id, edits, count));
            }
            self.out.push(']');
        }
        self.out.push('}');
        self.end();
        for (style_id, edits, count) in later {
            self.edits(&format!("\"styleId\":{style_id}"), &edits[count..]);
        }
    }

    /// Edits as events, several of one kind in one.
    fn edits(&mut self, target: &str, edits: &[Edit]) {
        let is_same_kind = |a: &Edit, b: &Edit| {
            matches!(
                (a, b),
                (Edit::Insert { .. }, Edit::Insert { .. })
                    | (Edit::Delete { .. }, Edit::Delete { .. })
            )
        };
        for run in edits.chunk_by(is_same_kind) {
            self.start(3);
            match &run[0] {
                Edit::Insert { .. } => {
                    let _ = write!(self.out, "{{\"source\":8,{target},\"adds\":[");
                    self.insertions(run);
                    self.out.push_str("]}");
                }
                Edit::Delete { .. } => {
                    let _ = write!(self.out, "{{\"source\":8,{target},\"removes\":[");
                    for (n, path) in run.iter().filter_map(Edit::path).enumerate() {
                        self.out.push_str(if n == 0 {
                            "{\"index\":"
                        } else {
                            ",{\"index\":"
                        });
                        self.index(path);
                        self.out.push('}');
                    }
                    self.out.push_str("]}");
                }
                Edit::Replace { text } => {
                    let _ = write!(self.out, "{{\"source\":8,{target},\"replaceSync\":");
                    self.string(text);
                    self.out.push('}');
                }
                Edit::Set {
                    path,
                    property,
                    value,
                    priority,
                } => {
                    self.declaration(target, path, "set", property);
                    self.out.push_str(",\"value\":");
                    self.string(value);
                    if !priority.is_empty() {
                        self.out.push_str(",\"priority\":");
                        self.string(priority);
                    }
                    self.out.push_str("}}");
                }
                Edit::Unset { path, property } => {
                    self.declaration(target, path, "remove", property);
                    self.out.push_str("}}");
                }
            }
            self.end();
        }
    }

    fn declaration(&mut self, target: &str, path: &Path, kind: &str, property: &str) {
        let _ = write!(self.out, "{{\"source\":13,{target},\"index\":");
        self.steps(path);
        let _ = write!(self.out, ",\"{kind}\":{{\"property\":");
        self.string(property);
    }

    fn insertions(&mut self, edits: &[Edit]) {
        let mut comma = "";
        for edit in edits {
            if let Edit::Insert { path, rule } = edit {
                self.out.push_str(comma);
                comma = ",";
                self.out.push_str("{\"rule\":");
                self.string(rule);
                self.out.push_str(",\"index\":");
                self.index(path);
                self.out.push('}');
            }
        }
    }

    /// A rule of the sheet by number, a nested one by path.
    fn index(&mut self, path: &Path) {
        if path.inner.is_empty() {
            let _ = write!(self.out, "{}", path.first);
        } else {
            self.steps(path);
        }
    }

    fn steps(&mut self, path: &Path) {
        let _ = write!(self.out, "[{}", path.first);
        for step in &path.inner {
            let _ = write!(self.out, ",{step}");
        }
        self.out.push(']');
    }
}

/// The edits that give an empty sheet its present rules, insertions first.
fn final_edits(sheet: &Sheet) -> Vec<Edit> {
    let mut whole = Sheet::default();
    for edit in sheet.edits() {
        match edit {
            Edit::Replace { text } => {
                whole = Sheet::default();
                for (at, rule) in split_rules(text).enumerate() {
                    whole.push(Edit::Insert {
                        path: Path::top(at as u32),
                        rule: rule.into(),
                    });
                }
            }
            edit => whole.push(edit.clone()),
        }
    }
    whole.fold(0);
    whole.edits().to_vec()
}
