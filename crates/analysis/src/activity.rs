//! How much the visitor did, per second.

use crate::fact::{Activity, Body};
use serde::{Deserialize, Serialize};

/// One fact covers so much.
pub const BUCKET_US: i64 = 10_000_000;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Counter {
    /// Start of the bucket, a multiple of its length.
    bucket: Option<(i64, Activity)>,
}

impl Counter {
    /// Counts an action. Points of a pointer batch lie a little before their event;
    /// what falls before the running bucket counts as its first second.
    pub fn count(&mut self, at_us: i64, is_strong: bool) {
        let Some((start_us, activity)) = &mut self.bucket else {
            self.bucket = Some((start_of(at_us), Activity::default()));
            return self.count(at_us, is_strong);
        };
        let second = (at_us.saturating_sub(*start_us) / 1_000_000).clamp(0, 9) as usize;
        activity.counts[second] = activity.counts[second].saturating_add(1);
        if is_strong {
            activity.strong[second] = activity.strong[second].saturating_add(1);
        }
    }

    pub fn advance(&mut self, at_us: i64, out: &mut impl FnMut(i64, bool, Body)) {
        let start_us = start_of(at_us);
        if let Some((from_us, activity)) = self.bucket.take_if(|(from_us, _)| *from_us != start_us)
        {
            out(from_us, false, Body::Activity(Box::new(activity)));
        }
    }

    pub fn write_open(&self, out: &mut impl FnMut(i64, bool, Body)) {
        if let Some((from_us, activity)) = self.bucket {
            out(from_us, true, Body::Activity(Box::new(activity)));
        }
    }
}

fn start_of(at_us: i64) -> i64 {
    at_us.saturating_sub(at_us.rem_euclid(BUCKET_US))
}
