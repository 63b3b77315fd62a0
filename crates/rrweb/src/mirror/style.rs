//! Style sheets: their text, their edits, and the constructed ones.

use super::names::known;
use super::node::{NIL, NodeKey, NodeKind, ValueKind, flag};
use super::sheets::{Sheet, count_rules};
use super::{ConstructedSheet, Mirror, Observer, Problem, StyleChange};
use crate::tape::Value;

/// Stands in `_cssText` between the texts of one `style`.
const SPLIT: &str = "/* rr_split */";

/// More texts in one `style` are for no browser. Small events make us walk them all.
const MAX_STYLE_TEXTS: usize = 1_000;

impl Mirror {
    /// The text of the sheet of a `style` or `link`, without edits by script.
    pub fn style_text(&self, node: NodeKey) -> String {
        self.style_pieces(node.0).collect()
    }

    fn style_pieces(&self, at: u32) -> impl Iterator<Item = &str> {
        let css_text = self
            .attribute_at(at, known::CSS_TEXT)
            .and_then(|value| value.as_str());
        let children = if css_text.is_some() { NIL } else { at };
        let texts = self
            .children(NodeKey(children))
            .filter(|child| self.kind(*child) == Some(NodeKind::Text))
            .map(|child| self.text(child));
        css_text.into_iter().chain(texts)
    }

    fn style_texts(&self, style: u32) -> Vec<u32> {
        let children = self.children(NodeKey(style)).take(MAX_STYLE_TEXTS);
        let texts = children.filter(|child| self.kind(*child) == Some(NodeKind::Text));
        texts.map(|text| text.0).collect()
    }

    /// Gives the text children of a `style` their parts of `_cssText`, because one of
    /// them is about to change by itself.
    pub(super) fn spread_css_text(&mut self, style: u32) {
        let is_text = |value: super::AttributeValue<'_>| value.as_str().is_some();
        if !self
            .attribute_at(style, known::CSS_TEXT)
            .is_some_and(is_text)
        {
            return;
        }
        let texts = self.style_texts(style);
        if texts.is_empty() {
            return;
        }
        let Some(css) = self.remove_attribute(style, known::CSS_TEXT) else {
            return;
        };
        let mut pieces = css.text.split(SPLIT);
        for (n, at) in texts.iter().enumerate() {
            let is_last = n + 1 == texts.len();
            let piece = if is_last {
                // Surplus pieces belong to the last text.
                pieces.by_ref().collect::<String>()
            } else {
                let Some(piece) = pieces.next() else {
                    break;
                };
                piece.to_owned()
            };
            self.replace_text(*at, &piece);
            if let Some(node) = self.node_mut(*at) {
                node.flags |= flag::STYLE_TEXT;
            }
        }
    }

    /// A browser reads a changed sheet anew, which undoes the edits of its rules.
    pub(super) fn style_text_changed(&mut self, style: u32, observer: &mut impl Observer) {
        if self.extra(style).is_some_and(|extra| extra.sheet.is_some()) {
            self.change_extra(style, |extra| extra.sheet = None);
            observer.style_changed(self, StyleChange::Sheet(NodeKey(style)));
        }
    }

    /// A mutation with `_cssText`: a sheet was loaded late. It carries all attributes
    /// of the element.
    pub(super) fn load_sheet(
        &mut self,
        at: u32,
        attributes: Value<'_>,
        observer: &mut impl Observer,
    ) {
        for (key, value) in attributes.pairs() {
            if value.is_null() {
                if let Some(name) = self.names.find(key) {
                    self.remove_attribute(at, name);
                }
                continue;
            }
            let Some(attribute) = self.read_attribute(key, value) else {
                continue;
            };
            let old = self.put_attribute(at, attribute.clone());
            if old.as_ref() != Some(&attribute) {
                let old = old.as_ref().filter(|old| old.kind == ValueKind::Text);
                observer.attribute_changed(self, NodeKey(at), key, old.map(|old| &*old.text));
            }
        }
        for text in self.style_texts(at) {
            self.replace_text(text, "");
        }
        self.style_text_changed(at, observer);
    }

    /// StyleSheetRule and StyleDeclaration.
    pub(super) fn edit_sheet(
        &mut self,
        data: Value<'_>,
        is_rule: bool,
        observer: &mut impl Observer,
    ) {
        if !self.has_room(0) {
            return;
        }
        let mut unusable = 0;
        let mut edit = |sheet: &mut Sheet| {
            if is_rule {
                unusable += sheet.push_rule_edits(data);
            } else {
                unusable += u64::from(!sheet.push_declaration_edits(data));
            }
        };
        let id = |key| data.get(key).and_then(Value::as_i64).filter(|id| *id != 0);
        if let Some(style_id) = id("styleId") {
            let Some(at) = self.constructed_index.get(&style_id).copied() else {
                self.problem(Problem::MissingNode);
                return;
            };
            let limit = self.limits.sheet_edits;
            let sheet = &mut self.constructed[at].sheet;
            let before = sheet.memory_bytes();
            edit(sheet);
            if sheet.needs_fold(limit) {
                sheet.fold(0);
            }
            self.other_bytes = (self.other_bytes + sheet.memory_bytes()).saturating_sub(before);
            observer.style_changed(self, StyleChange::Constructed { style_id });
        } else if let Some(id) = id("id").filter(|id| *id > 0) {
            let Some(at) = self.ids.get(&id).copied() else {
                self.problem(Problem::MissingNode);
                return;
            };
            let tag = self.node(at).map_or(known::NONE, |node| node.name);
            if !matches!(tag, known::STYLE | known::LINK) {
                self.problem(Problem::UnsupportedContent);
                return;
            }
            let limit = self.limits.sheet_edits;
            let needs_fold = self.change_extra(at, |extra| {
                let sheet = extra.sheet.get_or_insert_default();
                edit(sheet);
                sheet.needs_fold(limit)
            });
            if needs_fold == Some(true) {
                let text_rules = count_rules(self.style_pieces(at));
                self.change_extra(at, |extra| {
                    if let Some(sheet) = &mut extra.sheet {
                        sheet.fold(text_rules);
                    }
                });
            }
            observer.style_changed(self, StyleChange::Sheet(NodeKey(at)));
        }
        self.integrity.add(Problem::UnsupportedContent, unusable);
    }

    /// AdoptedStyleSheet.
    pub(super) fn adopt_sheets(&mut self, data: Value<'_>, observer: &mut impl Observer) {
        let id = data.get("id").and_then(Value::as_i64).unwrap_or_default();
        let Some(at) = self.ids.get(&id).copied() else {
            // Recorders send -1 while the page is not recorded yet.
            if id > 0 {
                self.problem(Problem::MissingNode);
            }
            return;
        };
        if !self.has_room(0) {
            return;
        }
        for style in data.get("styles").into_iter().flat_map(Value::items) {
            self.define_sheet(id, style);
        }
        let ids = data.get("styleIds").into_iter().flat_map(Value::items);
        self.adopt(at, ids.filter_map(Value::as_i64));
        observer.style_changed(self, StyleChange::Adopted(NodeKey(at)));
    }

    /// Amplitude: the sheets stand in the snapshot, at the document or host.
    pub(super) fn read_inline_sheets(&mut self, at: u32, sheets: Value<'_>) {
        let id = self.node(at).map_or(0, |node| node.id);
        for sheet in sheets.items() {
            self.define_sheet(id, sheet);
        }
        let style_id = |sheet: Value<'_>| sheet.get("styleId").and_then(Value::as_i64);
        self.adopt(at, sheets.items().filter_map(style_id));
    }

    fn adopt(&mut self, at: u32, ids: impl Iterator<Item = i64>) {
        let ids: Vec<i64> = ids.take(self.limits.constructed_sheets).collect();
        self.change_extra(at, |extra| extra.adopted = Some(ids));
    }

    /// `{styleId, rules: [{rule, index?}]}`.
    fn define_sheet(&mut self, owner: i64, style: Value<'_>) {
        let Some(style_id) = style.get("styleId").and_then(Value::as_i64) else {
            self.problem(Problem::UnsupportedContent);
            return;
        };
        let mut sheet = Sheet::default();
        let rules = style.get("rules").into_iter().flat_map(Value::items);
        let unusable = rules.filter(|rule| !sheet.push_insert(*rule)).count();
        self.integrity
            .add(Problem::UnsupportedContent, unusable as u64);
        self.other_bytes += sheet.memory_bytes();
        let constructed = ConstructedSheet {
            style_id,
            owner,
            sheet,
        };
        if let Some(at) = self.constructed_index.get(&style_id) {
            let old = std::mem::replace(&mut self.constructed[*at], constructed);
            self.other_bytes = self.other_bytes.saturating_sub(old.sheet.memory_bytes());
        } else if self.constructed.len() < self.limits.constructed_sheets {
            self.constructed_index
                .insert(style_id, self.constructed.len());
            self.constructed.push(constructed);
        } else {
            self.other_bytes = self
                .other_bytes
                .saturating_sub(constructed.sheet.memory_bytes());
            self.problem(Problem::SheetLimit);
        }
    }
}
