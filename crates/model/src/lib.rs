//! Plain domain values that every other crate speaks in: ids, an upload as it
//! comes out of a protocol adapter, a replay as the catalog stores it.
//!
//! This crate knows no protocol, no storage and no HTTP. Values are parsed once
//! at the edge and cannot be wrong afterwards.

pub mod batch;
pub mod ids;
pub mod ingest;
pub mod replay;
pub mod scope;
pub mod time;

pub use ids::{OrganisationId, ProjectId, ReplayId, UserId};
pub use scope::{Scope, Scopes};
pub use time::Timestamp;
