//! Identifiers. Row ids are small integers; replay ids are derived, so that two
//! uploads of one replay agree on the id without asking a database.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

macro_rules! row_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

row_id!(
    /// An organisation: owns projects and members.
    OrganisationId
);
row_id!(
    /// A project: one ingest key, one set of settings, one set of replays.
    ProjectId
);
row_id!(
    /// A person who can log in to the app. Not a visitor of a recorded site.
    UserId
);

/// Our id of a replay: 16 bytes derived from project, device id and session id,
/// written as 26 characters of lower-case base 32 (`a-z2-7`), safe in a URL.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReplayId([u8; 16]);

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const TEXT_LEN: usize = 26;

impl ReplayId {
    /// Lengths go into the hash, so that `("a/b", "c")` and `("a", "b/c")` differ.
    pub fn derive(project: ProjectId, device_id: &str, session_id: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&project.0.to_le_bytes());
        hasher.update(&(device_id.len() as u64).to_le_bytes());
        hasher.update(device_id.as_bytes());
        hasher.update(session_id.as_bytes());
        let mut id = [0; 16];
        id.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Self(id)
    }

    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for ReplayId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = u128::from_be_bytes(self.0);
        // 26 characters carry 130 bits; the two highest are always zero.
        for at in (0..TEXT_LEN).rev() {
            let digit = (bits >> (at * 5)) & 31;
            write!(f, "{}", ALPHABET[digit as usize] as char)?;
        }
        Ok(())
    }
}

impl fmt::Debug for ReplayId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReplayId({self})")
    }
}

/// The text is not a replay id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a replay id: expected {TEXT_LEN} characters of a-z and 2-7")]
pub struct InvalidReplayId;

impl FromStr for ReplayId {
    type Err = InvalidReplayId;

    fn from_str(text: &str) -> Result<Self, InvalidReplayId> {
        if text.len() != TEXT_LEN {
            return Err(InvalidReplayId);
        }
        let mut bits: u128 = 0;
        for (at, byte) in text.bytes().enumerate() {
            let digit = ALPHABET
                .iter()
                .position(|c| *c == byte)
                .ok_or(InvalidReplayId)?;
            if at == 0 && digit > 7 {
                return Err(InvalidReplayId);
            }
            bits = (bits << 5) | digit as u128;
        }
        Ok(Self(bits.to_be_bytes()))
    }
}

impl Serialize for ReplayId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_round_trips_and_rejects_what_it_did_not_write() {
        let id = ReplayId::derive(ProjectId(1), "dev/1", "1795224952083");
        let text = id.to_string();
        assert_eq!(text.len(), TEXT_LEN);
        assert_eq!(text.parse(), Ok(id));
        for bad in [
            "",
            "A",
            "zzzzzzzzzzzzzzzzzzzzzzzzzz",
            "aaaaaaaaaaaaaaaaaaaaaaaaa1",
            "ä",
        ] {
            assert_eq!(bad.parse::<ReplayId>(), Err(InvalidReplayId), "{bad}");
        }
    }

    #[test]
    fn the_parts_cannot_run_into_each_other() {
        let one = ReplayId::derive(ProjectId(1), "a/b", "c");
        let two = ReplayId::derive(ProjectId(1), "a", "b/c");
        let other_project = ReplayId::derive(ProjectId(2), "a/b", "c");
        assert_ne!(one, two);
        assert_ne!(one, other_project);
    }
}
