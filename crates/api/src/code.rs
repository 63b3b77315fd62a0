//! The codes of error answers. Programs may rely on them: they are never renamed, and
//! stand in the OpenAPI document and in `docs/api.md`.

use axum::http::StatusCode;
use model::ingest::Reason;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    Invalid,
    InvalidFilter,
    Unauthenticated,
    InvalidCredentials,
    Forbidden,
    MissingScope,
    Csrf,
    InvalidSetupToken,
    NotFound,
    ReplayDeleted,
    ReplayExpired,
    MethodNotAllowed,
    Conflict,
    Throttled,
    RateLimited,
    TooSlow,
    Unavailable,
    Internal,
    /// Why an upload was not taken.
    Refused(Reason),
}

impl Code {
    /// All that are not about uploads.
    pub const OWN: [Self; 18] = [
        Self::Invalid,
        Self::InvalidFilter,
        Self::Unauthenticated,
        Self::InvalidCredentials,
        Self::Forbidden,
        Self::MissingScope,
        Self::Csrf,
        Self::InvalidSetupToken,
        Self::NotFound,
        Self::ReplayDeleted,
        Self::ReplayExpired,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::Throttled,
        Self::RateLimited,
        Self::TooSlow,
        Self::Unavailable,
        Self::Internal,
    ];

    /// Those that the body of an upload may get.
    pub const OF_UPLOADS: [Self; 8] = [
        Self::Refused(Reason::UnknownKey),
        Self::Refused(Reason::InvalidId),
        Self::Refused(Reason::InvalidEncoding),
        Self::Refused(Reason::InvalidJson),
        Self::Refused(Reason::TooLarge),
        Self::Refused(Reason::TooDeep),
        Self::Refused(Reason::CaptureDisabled),
        Self::Refused(Reason::StorageFull),
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::InvalidFilter => "invalid_filter",
            Self::Unauthenticated => "unauthenticated",
            Self::InvalidCredentials => "invalid_credentials",
            Self::Forbidden => "forbidden",
            Self::MissingScope => "missing_scope",
            Self::Csrf => "csrf",
            Self::InvalidSetupToken => "invalid_setup_token",
            Self::NotFound => "not_found",
            Self::ReplayDeleted => "replay_deleted",
            Self::ReplayExpired => "replay_expired",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Conflict => "conflict",
            Self::Throttled => "throttled",
            Self::RateLimited => "rate_limited",
            Self::TooSlow => "too_slow",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
            Self::Refused(reason) => reason.name(),
        }
    }

    /// The status that comes with it, unless somebody knows better.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Invalid | Self::InvalidFilter => StatusCode::BAD_REQUEST,
            Self::Unauthenticated | Self::InvalidCredentials => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::MissingScope | Self::Csrf | Self::InvalidSetupToken => {
                StatusCode::FORBIDDEN
            }
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::ReplayDeleted | Self::ReplayExpired => StatusCode::GONE,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict => StatusCode::CONFLICT,
            Self::Throttled | Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::TooSlow | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Refused(reason) => match reason {
                Reason::UnknownKey => StatusCode::UNAUTHORIZED,
                Reason::TooLarge | Reason::EventTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
                Reason::StorageFull | Reason::Throttled => StatusCode::SERVICE_UNAVAILABLE,
                _ => StatusCode::BAD_REQUEST,
            },
        }
    }

    /// For people who write programs.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Invalid => {
                "a parameter or the body cannot be used; the message says which and why"
            }
            Self::InvalidFilter => {
                "a filter cannot be read or asked; `at`, `at_utf16` or `pointer` say where"
            }
            Self::Unauthenticated => {
                "nobody is logged in, or the token is not known or has expired"
            }
            Self::InvalidCredentials => "e-mail address or password is wrong",
            Self::Forbidden => "this person, or any program, may not do this",
            Self::MissingScope => "the token lacks the scope that `scope` names",
            Self::Csrf => "a request with a cookie lacks `x-csrf-token`, or another site sent it",
            Self::InvalidSetupToken => "the set-up link is used up or wrong",
            Self::NotFound => "there is none, or it belongs to a project of others",
            Self::ReplayDeleted => "somebody deleted the replay; `gone_at` says when",
            Self::ReplayExpired => "its retention is over; `gone_at` says since when",
            Self::MethodNotAllowed => {
                "the address is right and the method is not; `Allow` lists those that are"
            }
            Self::Conflict => "it was done before, or something else has the name",
            Self::Throttled => {
                "too many failed logins, or uploads at once; wait for `Retry-After` seconds"
            }
            Self::RateLimited => "too many requests; wait for `Retry-After` seconds",
            Self::TooSlow => "the question takes longer than any may; ask about less",
            Self::Unavailable => "the server is busy, or its disk is full; try again",
            Self::Internal => "a fault of the server; its log says what, under `request_id`",
            Self::Refused(reason) => match reason {
                Reason::UnknownKey => "no project has this ingest key",
                Reason::InvalidId => "the device or session id of an upload is missing or too long",
                Reason::InvalidEncoding => "the body broke off, or is not compressed as it says",
                Reason::InvalidJson => "the body of an upload is not JSON",
                Reason::TooLarge => "the body is larger than the server takes",
                Reason::TooDeep => "the JSON of an upload is nested too deeply",
                Reason::CaptureDisabled => "the project takes no uploads",
                Reason::StorageFull => "the disk of the server is full; uploads are refused",
                _ => "an upload that cannot be used",
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_knows_all_codes() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/api.md");
        let manual = std::fs::read_to_string(path).unwrap();
        for code in Code::OWN.into_iter().chain(Code::OF_UPLOADS) {
            let (name, status, meaning) = (code.name(), code.status(), code.meaning());
            let line = format!("| `{name}` | {} | {meaning} |", status.as_u16());
            assert!(manual.contains(&line), "docs/api.md lacks: {line}");
        }
    }
}
