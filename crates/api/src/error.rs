//! Errors of our own API: one table from what went wrong to the answer.

use crate::code::Code;
use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use index::filter::FilterError;
use model::Scope;
use serde_json::{Map, Value, json};
use store::catalog::deletion::GoneReason;

/// What makes a question slow is often other questions.
const RETRY_SLOW_AFTER_S: u64 = 5;

/// An error answer: a stable code for programs, a sentence for people.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    code: Code,
    message: String,
    retry_after_s: Option<u64>,
    /// More fields of the answer.
    details: Box<Map<String, Value>>,
}

pub type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    /// With the status that its code comes with.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            status: code.status(),
            code,
            message: message.into(),
            retry_after_s: None,
            details: Box::default(),
        }
    }

    pub fn unauthenticated() -> Self {
        Self::new(Code::Unauthenticated, "log in, or send an API token")
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::Invalid, message)
    }

    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("{what} not found"))
    }

    /// As usual, and of a filter the place in its text in JavaScript's units as well.
    pub fn in_text(error: engine::Error, text: &str) -> Self {
        let at = match &error {
            engine::Error::Filter(error) if !error.at.is_empty() => Some(error.at.clone()),
            _ => None,
        };
        let mut answer = Self::from(error);
        let units = |bytes: usize| {
            let before = text.get(..bytes).unwrap_or(text);
            before.encode_utf16().count()
        };
        if let Some(at) = at {
            let place = json!({ "start": units(at.start), "end": units(at.end) });
            answer.details.insert("at_utf16".to_owned(), place);
        }
        answer
    }

    /// A replay that was here once: why it is not any more.
    fn gone(gone: &engine::retention::Gone) -> Self {
        let code = match gone.reason {
            GoneReason::Deleted => Code::ReplayDeleted,
            GoneReason::Expired => Code::ReplayExpired,
        };
        let mut answer = Self::new(code, format!("this replay {gone}"));
        for (name, value) in [
            ("gone_at", json!(crate::v1::rfc3339(gone.at))),
            ("retention_days", json!(gone.retention_days)),
        ] {
            answer.details.insert(name.to_owned(), value);
        }
        answer
    }

    /// Says what is wrong with a filter and where.
    fn invalid_filter(error: &FilterError) -> Self {
        let mut answer = Self::new(Code::InvalidFilter, error.message.clone());
        let has_place = error.pointer.is_none() && !error.at.is_empty();
        let at = has_place.then(|| json!({ "start": error.at.start, "end": error.at.end }));
        for (name, value) in [
            ("nearest", json!(error.nearest)),
            ("at", json!(at)),
            ("at_utf16", Value::Null),
            ("pointer", json!(error.pointer)),
        ] {
            answer.details.insert(name.to_owned(), value);
        }
        answer
    }

    pub fn is_not_found(&self) -> bool {
        self.status == StatusCode::NOT_FOUND
    }

    /// Another status for the same code.
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Another code for the same status, where a client needs to tell.
    pub fn with_code(mut self, code: Code) -> Self {
        self.code = code;
        self
    }

    /// A program whose token may not do this.
    pub fn missing_scope(scope: Scope) -> Self {
        let name = scope.name();
        let mut answer = Self::new(
            Code::MissingScope,
            format!("this needs an API token with the scope {name:?}"),
        );
        answer.details.insert("scope".to_owned(), json!(name));
        answer
    }

    pub fn rate_limited(retry_after_s: u64) -> Self {
        Self {
            retry_after_s: Some(retry_after_s),
            ..Self::new(Code::RateLimited, "too many requests; wait a little")
        }
    }
}

impl From<engine::Error> for ApiError {
    fn from(error: engine::Error) -> Self {
        use engine::Error;
        match error {
            Error::Invalid(message) => Self::invalid(message),
            Error::NotFound(what) => Self::not_found(what),
            Error::Unauthenticated(message) => Self::new(Code::Unauthenticated, message),
            Error::Forbidden(message) => Self::new(Code::Forbidden, message),
            Error::Throttled { retry_after } => Self {
                retry_after_s: Some(retry_after.as_secs().max(1)),
                ..Self::new(Code::Throttled, error.to_string())
            },
            Error::Gone(gone) => Self::gone(&gone),
            Error::Conflict(message) => Self::new(Code::Conflict, message),
            Error::Filter(error) => Self::invalid_filter(&error),
            Error::TooSlow => Self {
                retry_after_s: Some(RETRY_SLOW_AFTER_S),
                ..Self::new(Code::TooSlow, error.to_string())
            },
            Error::Busy => Self::new(Code::Unavailable, error.to_string()),
            Error::Store(ref inner) if inner.kind() == store::Kind::Full => {
                tracing::error!(%error, "the disk is full");
                Self::new(
                    Code::Unavailable,
                    "the server has no space left on its disk",
                )
            }
            Error::Store(_) | Error::Recording(_) | Error::Internal(_) => {
                tracing::error!(%error, "request failed");
                Self::new(
                    Code::Internal,
                    "something went wrong in the server; its log says what",
                )
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let request_id = crate::request::current_id();
        let mut error = json!({ "code": self.code.name(), "message": self.message });
        for (name, value) in *self.details {
            error[name] = value;
        }
        error["request_id"] = json!(request_id);
        let body = json!({ "error": error });
        let mut response = (self.status, Json(body)).into_response();
        if let Some(seconds) = self.retry_after_s {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}
