//! How long a question may take. It is asked after each stretch of rows, so that a
//! question that nobody waits for any more ends.

use crate::state::State;
use crate::{Error, Result};
use std::ops::{Deref, Range};
use std::time::{Duration, Instant};

#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

/// Rows that take well under a millisecond.
const ROWS_AT_ONCE: u32 = 1 << 16;

impl Deadline {
    pub fn after(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    pub fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    pub fn check(self) -> Result<()> {
        match self.left().is_zero() {
            true => Err(Error::TooSlow),
            false => Ok(()),
        }
    }

    /// Calls with each number, and looks at the clock now and then.
    pub fn each(self, rows: Range<u32>, mut each: impl FnMut(u32)) -> Result<()> {
        let mut start = rows.start;
        while start < rows.end {
            self.check()?;
            let end = rows.end.min(start.saturating_add(ROWS_AT_ONCE));
            (start..end).for_each(&mut each);
            start = end;
        }
        Ok(())
    }
}

/// What a question is answered from.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    pub state: &'a State,
    pub until: Deadline,
}

impl Deref for Question<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        self.state
    }
}
