//! What an API token may do.

use std::collections::BTreeSet;
use std::fmt;

/// No scope contains another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Everything that only reads.
    Read,
    /// What people do: comments, seen, ratings, personal settings.
    Write,
    /// Deletes recorded data for good.
    Delete,
    /// Source maps.
    Import,
    /// What owners do: projects and what they record.
    Admin,
}

impl Scope {
    pub const ALL: [Self; 5] = [
        Self::Read,
        Self::Write,
        Self::Delete,
        Self::Import,
        Self::Admin,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Delete => "delete",
            Self::Import => "import",
            Self::Admin => "admin",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

/// Written as names with spaces between.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scopes(pub BTreeSet<Scope>);

impl Scopes {
    /// What nobody knows any more allows nothing.
    pub fn parse(text: &str) -> Self {
        Self(text.split_whitespace().filter_map(Scope::named).collect())
    }

    pub fn contains(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    pub fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|scope| scope.name()).collect()
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.names().join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_as_they_were_written() {
        let all = Scopes(Scope::ALL.into());
        assert_eq!(all.to_string(), "read write delete import admin");
        assert_eq!(Scopes::parse(&all.to_string()), all);
        assert_eq!(Scopes::parse("fly read "), Scopes([Scope::Read].into()));
    }
}
