//! Which column a value belongs to. Writer and reader ask the same questions in
//! the same order, so the numbers agree.

use super::MAX_COLUMNS;
use foldhash::HashMap;

/// Numbers columns at first use.
#[derive(Debug, Default)]
pub struct Places {
    children: HashMap<(u32, Step), u32>,
    roles: Vec<Role>,
}

/// How a value is reached from its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// An item, by what kind of event it is.
    Item(i64, i64),
    /// The times of the items.
    Time,
    /// A pair of an object; the number of its key.
    Key(u32),
    /// An item of an array.
    Element,
    /// Parts of a string, see `pattern` and the kind "string that is a number".
    Number,
    Skeleton,
    Lane(u8),
    /// The shared columns.
    Node,
    Attributes,
    Timestamp,
}

/// What the exceptions need to know about a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Plain,
    Item,
    Node,
    /// The array under `childNodes`.
    Children,
    /// An array under `attributes` (of a mutation), and its items.
    AttributeList,
    AttributeItem,
}

/// Parent of the columns that have none.
const NONE: u32 = u32::MAX;

impl Places {
    pub fn len(&self) -> usize {
        self.roles.len()
    }

    /// Whether so many more columns may be made.
    pub fn has_room(&self, more: usize) -> bool {
        self.roles.len() + more <= MAX_COLUMNS
    }

    pub fn item(&mut self, kind: i64, source: i64) -> u32 {
        self.column(NONE, Step::Item(kind, source), Role::Item)
    }

    pub fn time(&mut self) -> u32 {
        self.column(NONE, Step::Time, Role::Plain)
    }

    /// The column of a part of a string in `parent`.
    pub fn part(&mut self, parent: u32, step: Step) -> u32 {
        self.column(parent, step, Role::Plain)
    }

    pub fn element(&mut self, parent: u32) -> u32 {
        match self.roles[parent as usize] {
            Role::Children => self.column(NONE, Step::Node, Role::Node),
            Role::AttributeList => self.column(parent, Step::Element, Role::AttributeItem),
            _ => self.column(parent, Step::Element, Role::Plain),
        }
    }

    /// The column of the value under the key `name`, which has the number `key`.
    pub fn under(&mut self, parent: u32, key: u32, name: &str) -> u32 {
        let role = self.roles[parent as usize];
        match (name, role) {
            ("node", _) => self.column(NONE, Step::Node, Role::Node),
            ("childNodes", _) => self.column(parent, Step::Key(key), Role::Children),
            ("attributes", Role::Node | Role::AttributeItem) => {
                self.column(NONE, Step::Attributes, Role::Plain)
            }
            ("attributes", _) => self.column(parent, Step::Key(key), Role::AttributeList),
            ("timestamp", Role::Item) => self.column(NONE, Step::Timestamp, Role::Plain),
            _ => self.column(parent, Step::Key(key), Role::Plain),
        }
    }

    /// The column of the items' `timestamp`, if there is one.
    pub fn timestamp(&self) -> Option<u32> {
        self.children.get(&(NONE, Step::Timestamp)).copied()
    }

    fn column(&mut self, parent: u32, step: Step, role: Role) -> u32 {
        *self.children.entry((parent, step)).or_insert_with(|| {
            self.roles.push(role);
            self.roles.len() as u32 - 1
        })
    }
}
