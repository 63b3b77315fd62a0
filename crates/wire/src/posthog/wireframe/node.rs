//! Nodes in the order of the document, and how they are written: nested in a
//! snapshot, one by one in a mutation.

use rrweb::tape::write_json_string;

pub(super) struct Node {
    /// 0 for what is added to something that is there already.
    pub(super) depth: u32,
    pub(super) id: i64,
    pub(super) parent_id: i64,
    pub(super) content: Content,
}

pub(super) enum Content {
    Element {
        tag: &'static str,
        attributes: Vec<(&'static str, Attribute)>,
    },
    Text(String),
}

pub(super) enum Attribute {
    Text(String),
    True,
}

/// Writes nodes as children of one parent. They stand in the order of the document:
/// what is one deeper than the node before is its child.
pub(super) fn write_nested(nodes: &[Node], into: &mut String) {
    let mut open: Vec<(u32, i64)> = Vec::new();
    let mut is_first = true;
    for node in nodes {
        while let Some((_, id)) = open.pop_if(|(depth, _)| *depth >= node.depth) {
            close(id, into);
            is_first = false;
        }
        if !is_first {
            into.push(',');
        }
        is_first = match &node.content {
            Content::Element { tag, attributes } => {
                write_head(tag, attributes, into);
                open.push((node.depth, node.id));
                true
            }
            Content::Text(text) => {
                write_text(text, node.id, into);
                false
            }
        };
    }
    while let Some((_, id)) = open.pop() {
        close(id, into);
    }
}

/// Writes a node as one entry of a mutation's `adds`, without its children.
pub(super) fn write_add(node: &Node, into: &mut String) {
    into.push_str(&format!(
        "{{\"parentId\":{},\"nextId\":null,\"node\":",
        node.parent_id
    ));
    match &node.content {
        Content::Element { tag, attributes } => {
            write_head(tag, attributes, into);
            close(node.id, into);
        }
        Content::Text(text) => write_text(text, node.id, into),
    }
    into.push('}');
}

fn write_head(tag: &str, attributes: &[(&'static str, Attribute)], into: &mut String) {
    into.push_str(&format!(
        "{{\"type\":2,\"tagName\":\"{tag}\",\"attributes\":{{"
    ));
    for (at, (name, value)) in attributes.iter().enumerate() {
        if at > 0 {
            into.push(',');
        }
        write_json_string(name, into);
        into.push(':');
        match value {
            Attribute::Text(text) => write_json_string(text, into),
            Attribute::True => into.push_str("true"),
        }
    }
    into.push_str("},\"childNodes\":[");
}

fn close(id: i64, into: &mut String) {
    into.push_str(&format!("],\"id\":{id}}}"));
}

fn write_text(text: &str, id: i64, into: &mut String) {
    into.push_str("{\"type\":3,\"textContent\":");
    write_json_string(text, into);
    into.push_str(&format!(",\"id\":{id}}}"));
}
