//! How many requests one token, person or address may make.
//!
//! A bucket holds a minute's worth of requests and fills up steadily. All that is kept of
//! one is when it will be full again.

use crate::address::Origin;
use crate::error::{ApiError, ApiResult};
use crate::openapi::{self, Access};
use crate::state::State;
use axum::extract::{MatchedPath, Request};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_secs(60);
/// Buckets that are remembered. A full one is not, for it is as if it was never used.
const MAX_BUCKETS: usize = 50_000;

/// Requests in a minute; 0 is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Of one API token or person.
    pub requests_per_minute: u32,
    /// Of one address, without being logged in.
    pub anonymous_requests_per_minute: u32,
}

/// Who has a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Caller {
    Token(i64),
    Person(i64),
}

pub struct RateLimits {
    callers: Buckets<Caller>,
    /// By themselves, so that strangers do not push out those who are known.
    addresses: Buckets<IpAddr>,
}

impl RateLimits {
    pub fn new(limits: Limits) -> Self {
        Self {
            callers: Buckets::new(limits.requests_per_minute),
            addresses: Buckets::new(limits.anonymous_requests_per_minute),
        }
    }

    pub fn take(&self, caller: Caller) -> Option<Taken> {
        self.callers.take(caller, Instant::now())
    }

    pub fn take_anonymous(&self, address: IpAddr) -> Option<Taken> {
        self.addresses.take(network_of(address), Instant::now())
    }
}

/// Who has one IPv6 address has the 2^64 beside it.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        v4 => v4,
    }
}

/// What became of a request, for the headers of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    pub limit: u32,
    pub remaining: u32,
    /// Until the bucket is full, rounded up.
    pub reset_s: u64,
    /// Until a request would be taken; none: this one was.
    pub retry_after_s: Option<u64>,
}

impl Taken {
    pub fn write(&self, headers: &mut HeaderMap) {
        for (name, value) in [
            ("ratelimit-limit", u64::from(self.limit)),
            ("ratelimit-remaining", u64::from(self.remaining)),
            ("ratelimit-reset", self.reset_s),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
        }
    }
}

/// Where whoever takes from a bucket leaves what became of it.
#[derive(Debug, Clone, Default)]
pub struct Note(pub Arc<OnceLock<Taken>>);

/// Leaves a note for the answer.
///
/// # Errors
/// 429 `rate_limited` with how long to wait.
pub fn check(taken: Option<Taken>, extensions: &Extensions) -> ApiResult<()> {
    let Some(taken) = taken else {
        return Ok(());
    };
    if let Some(note) = extensions.get::<Note>() {
        // Only the first one counts.
        let _ = note.0.set(taken);
    }
    match taken.retry_after_s {
        None => Ok(()),
        Some(seconds) => Err(ApiError::rate_limited(seconds)),
    }
}

/// Around every answer of the API: takes from the bucket of the address where no login
/// is asked for, and writes what is left into the headers.
pub async fn around(
    axum::extract::State(state): axum::extract::State<Arc<State>>,
    mut request: Request,
    next: Next,
) -> Response {
    let note = Note::default();
    request.extensions_mut().insert(note.clone());
    let extensions = request.extensions();
    let path = extensions.get::<MatchedPath>();
    let path = path.map_or("", MatchedPath::as_str);
    let mut checked = Ok(());
    if openapi::access_of(request.method(), path) == Some(Access::Anyone)
        && let Some(origin) = extensions.get::<Origin>()
    {
        let taken = state.rate_limits.take_anonymous(origin.address);
        checked = check(taken, extensions);
    }
    let mut response = match checked {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    };
    if let Some(taken) = note.0.get() {
        taken.write(response.headers_mut());
    }
    response
}

struct Buckets<K> {
    per_minute: u32,
    full_at: Mutex<HashMap<K, Instant>>,
}

impl<K: Hash + Eq> Buckets<K> {
    fn new(per_minute: u32) -> Self {
        Self {
            per_minute,
            full_at: Mutex::default(),
        }
    }

    /// None without a limit.
    fn take(&self, key: K, now: Instant) -> Option<Taken> {
        let limit = self.per_minute;
        let one = MINUTE.checked_div(limit)?;
        let mut all = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MAX_BUCKETS && !all.contains_key(&key) {
            all.retain(|_, full_at| *full_at > now);
            // So many at work at once are an attack; forgetting is kinder than refusing.
            if all.len() >= MAX_BUCKETS {
                all.clear();
            }
        }
        let full_at = all.entry(key).or_insert(now);
        let missing = full_at.saturating_duration_since(now) + one;
        let is_taken = missing <= MINUTE;
        if is_taken {
            *full_at = now + missing;
        }
        let missing_now = full_at.saturating_duration_since(now);
        let left = MINUTE.saturating_sub(missing_now);
        let remaining = left.as_nanos() / one.as_nanos().max(1);
        Some(Taken {
            limit,
            remaining: u32::try_from(remaining).unwrap_or(limit).min(limit),
            reset_s: seconds_up(missing_now),
            retry_after_s: (!is_taken).then(|| seconds_up(missing - MINUTE).max(1)),
        })
    }
}

fn seconds_up(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_fills() {
        let buckets = Buckets::new(3);
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let taken = |remaining, reset_s, retry_after_s| {
            let limit = 3;
            Some(Taken {
                limit,
                remaining,
                reset_s,
                retry_after_s,
            })
        };
        assert_eq!(buckets.take(1, at(0)), taken(2, 20, None));
        assert_eq!(buckets.take(1, at(0)), taken(1, 40, None));
        assert_eq!(buckets.take(1, at(0)), taken(0, 60, None));
        assert_eq!(buckets.take(1, at(5)), taken(0, 55, Some(15)));
        assert_eq!(
            buckets.take(2, at(5)),
            taken(2, 20, None),
            "others have their own"
        );
        assert_eq!(buckets.take(1, at(20)), taken(0, 60, None));
        assert_eq!(buckets.take(1, at(999)), taken(2, 20, None));
        assert_eq!(Buckets::new(0).take(1, start), None);
    }

    #[test]
    fn full_buckets_are_forgotten_first() {
        let buckets = Buckets::new(60);
        let start = Instant::now();
        for key in 0..MAX_BUCKETS - 1 {
            buckets.take(key, start);
        }
        let busy = MAX_BUCKETS;
        let later = start + Duration::from_secs(2);
        for _ in 0..60 {
            buckets.take(busy, later);
        }
        buckets.take(busy + 1, later);
        assert_eq!(buckets.full_at.lock().unwrap().len(), 2);
        let again = buckets.take(busy, later).unwrap();
        assert!(again.retry_after_s.is_some(), "the busy one is remembered");
    }

    #[test]
    fn neighbours_in_a_network_share_a_bucket() {
        let one = |text: &str| network_of(text.parse().unwrap());
        assert_eq!(one("2001:db8::1"), one("2001:db8::ffff:2"));
        assert_ne!(one("2001:db8::1"), one("2001:db8:0:1::1"));
        assert_eq!(one("::ffff:10.0.0.1"), one("10.0.0.1"));
        assert_ne!(one("10.0.0.1"), one("10.0.0.2"));
    }
}
