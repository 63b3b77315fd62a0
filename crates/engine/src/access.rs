//! Who may use the app: the first set-up, passwords, logins, API tokens.

mod tokens;

use crate::{Error, Result};
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::Timestamp;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use store::Catalog;
use store::catalog::{Installation, Organisation, Session, User};

pub use tokens::{Program, TokenRequest};

pub const PASSWORD_MIN_CHARS: usize = 12;
/// argon2 reads the whole password; longer ones only cost time.
const PASSWORD_MAX_BYTES: usize = 1024;
/// argon2id takes 19 MB and some 50 ms each; more at once would be a way to
/// exhaust the machine.
const HASHES_AT_ONCE: usize = 2;
/// Failed logins before waiting, per account and per address.
const FAILURES_PER_ACCOUNT: u32 = 5;
const FAILURES_PER_ADDRESS: u32 = 30;
const FAILURES_FORGOTTEN_AFTER: Duration = Duration::from_secs(15 * 60);
const FAILURES_KEPT: usize = 10_000;

pub struct Access {
    catalog: Arc<dyn Catalog>,
    login_lifetime: Duration,
    /// Of the first project.
    retention_days: u32,
    hashing: tokio::sync::Semaphore,
    failures: Mutex<HashMap<String, (u32, Instant)>>,
    setup_token: Mutex<Option<[u8; 32]>>,
}

/// A new login: what goes into the cookie, once.
pub struct Login {
    pub cookie: String,
    pub user: User,
    pub csrf_token: String,
    pub lifetime: Duration,
}

/// What a person says when setting up.
pub struct Setup {
    pub organisation: String,
    pub project: String,
    pub time_zone: String,
    pub email: String,
    pub name: String,
    pub password: String,
    pub ingest_key: Option<String>,
    pub api_token: Option<String>,
}

impl Access {
    pub(crate) fn new(
        catalog: Arc<dyn Catalog>,
        login_lifetime: Duration,
        retention_days: u32,
    ) -> Self {
        Self {
            catalog,
            login_lifetime,
            retention_days,
            hashing: tokio::sync::Semaphore::new(HASHES_AT_ONCE),
            failures: Mutex::default(),
            setup_token: Mutex::default(),
        }
    }

    pub async fn is_set_up(&self) -> Result<bool> {
        Ok(self.catalog.is_set_up().await?)
    }

    /// A token for the set-up page. It works once, and until the program stops.
    pub fn new_setup_token(&self) -> Result<String> {
        let token = random_text()?;
        *self
            .setup_token
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(hash_of(&token));
        Ok(token)
    }

    /// Creates organisation, project and owner, and logs the owner in.
    ///
    /// # Errors
    /// `Unauthenticated` for a wrong token, `Invalid` with what is wrong in a field,
    /// `Conflict` when it was done before.
    pub async fn set_up(&self, token: &str, setup: Setup, now: Timestamp) -> Result<Login> {
        let expected = *self
            .setup_token
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if expected != Some(hash_of(token)) {
            return Err(Error::Unauthenticated(
                "this set-up link is not valid; the server prints a new one when it starts",
            ));
        }
        let email = setup.email.clone();
        self.install(setup, now).await?;
        *self
            .setup_token
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = None;
        let user = self
            .catalog
            .user_by_email(email.trim())
            .await?
            .ok_or(Error::NotFound("user"))?;
        self.new_login(user, now).await
    }

    /// Like [`Access::set_up`], for whoever starts the server: needs no token.
    pub async fn install(&self, setup: Setup, now: Timestamp) -> Result<()> {
        let invalid = |what: &str| Err(Error::Invalid(what.to_owned()));
        let named = |text: &str| {
            !text.trim().is_empty()
                && text.chars().count() <= 200
                && !text.contains(char::is_control)
        };
        if !named(&setup.organisation) || !named(&setup.project) {
            return invalid("organisation and project need a name of 1 to 200 characters");
        }
        let email = setup.email.trim().to_owned();
        if email.len() > 254
            || email.contains(char::is_whitespace)
            || !email
                .split_once('@')
                .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
        {
            return invalid("the e-mail address is not complete");
        }
        if setup.password.chars().count() < PASSWORD_MIN_CHARS
            || setup.password.len() > PASSWORD_MAX_BYTES
        {
            return Err(Error::Invalid(format!(
                "the password needs at least {PASSWORD_MIN_CHARS} characters"
            )));
        }
        if jiff::tz::TimeZone::get(&setup.time_zone).is_err() {
            return Err(Error::Invalid(format!(
                "{:?} is not the name of a time zone",
                setup.time_zone
            )));
        }
        let ingest_key = match setup.ingest_key {
            Some(key) if !is_key(&key) => {
                return invalid("an ingest key has 8 to 128 characters of A-Z, a-z, 0-9, - and _");
            }
            Some(key) => key,
            None => new_ingest_key()?,
        };
        if setup
            .api_token
            .as_ref()
            .is_some_and(|token| token.len() < 8)
        {
            return invalid("an API token has at least 8 characters");
        }
        let password_hash = self.hash_password(setup.password).await?;
        let installation = Installation {
            organisation: setup.organisation.trim().to_owned(),
            project: setup.project.trim().to_owned(),
            time_zone: setup.time_zone,
            ingest_key,
            name: if setup.name.trim().is_empty() {
                email.clone()
            } else {
                setup.name.trim().to_owned()
            },
            email,
            password_hash,
            api_token_hash: setup.api_token.as_deref().map(hash_of),
            retention_days: self.retention_days,
            now,
        };
        match self.catalog.install(&installation).await {
            Err(store::Error::Conflict(_)) => Err(Error::Conflict(
                "this server is set up already; log in instead".to_owned(),
            )),
            other => Ok(other?),
        }
    }

    /// # Errors
    /// `Unauthenticated` when the pair is wrong, `Throttled` after too many failures
    /// of the account or of `address`.
    pub async fn log_in(
        &self,
        email: &str,
        password: String,
        address: &str,
        now: Timestamp,
    ) -> Result<Login> {
        let account = format!("account {}", email.trim().to_lowercase());
        let address = format!("address {address}");
        self.check_failures(&account, FAILURES_PER_ACCOUNT)?;
        self.check_failures(&address, FAILURES_PER_ADDRESS)?;
        let user = self.catalog.user_by_email(email.trim()).await?;
        let hash = user.as_ref().map(|user| user.password_hash.clone());
        if password.len() <= PASSWORD_MAX_BYTES
            && self.verify_password(password, hash).await?
            && let Some(user) = user
        {
            self.failures
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(&account);
            return self.new_login(user, now).await;
        }
        self.add_failure(account);
        self.add_failure(address);
        Err(Error::Unauthenticated(
            "e-mail address or password is wrong",
        ))
    }

    async fn new_login(&self, user: User, now: Timestamp) -> Result<Login> {
        let cookie = random_text()?;
        let session = Session {
            token_hash: hash_of(&cookie),
            user_id: user.id,
            csrf_token: random_text()?,
            expires_at: Timestamp::from_micros(now.micros().saturating_add(
                i64::try_from(self.login_lifetime.as_micros()).unwrap_or(i64::MAX),
            )),
        };
        self.catalog.put_session(&session).await?;
        Ok(Login {
            cookie,
            user,
            csrf_token: session.csrf_token,
            lifetime: self.login_lifetime,
        })
    }

    /// The user behind a cookie, and the session's CSRF token.
    pub async fn user_of_cookie(
        &self,
        cookie: &str,
        now: Timestamp,
    ) -> Result<Option<(User, String)>> {
        let Some(session) = self.catalog.session(&hash_of(cookie)).await? else {
            return Ok(None);
        };
        if session.expires_at <= now {
            return Ok(None);
        }
        let user = self.catalog.user(session.user_id).await?;
        Ok(user.map(|user| (user, session.csrf_token)))
    }

    pub async fn log_out(&self, cookie: &str) -> Result<()> {
        Ok(self.catalog.delete_session(&hash_of(cookie)).await?)
    }

    pub async fn organisation_of(&self, user: &User) -> Result<Organisation> {
        self.catalog
            .organisation(user.organisation_id)
            .await?
            .ok_or(Error::NotFound("organisation"))
    }

    pub(crate) async fn forget_expired(&self, now: Timestamp) {
        if let Err(error) = self.catalog.delete_expired_sessions(now).await {
            tracing::warn!(%error, "cannot delete expired logins");
        }
    }

    async fn hash_password(&self, password: String) -> Result<String> {
        let _permit = self.hashing.acquire().await.map_err(|_| Error::Busy)?;
        let hashed = tokio::task::spawn_blocking(move || {
            Argon2::default()
                .hash_password(password.as_bytes())
                .map(|hash| hash.to_string())
        });
        let hashed = hashed
            .await
            .map_err(|error| Error::Internal(error.to_string()))?;
        hashed.map_err(|error| Error::Internal(format!("cannot hash a password: {error}")))
    }

    /// Takes as long for an unknown account as for a known one.
    async fn verify_password(&self, password: String, hash: Option<String>) -> Result<bool> {
        let _permit = self.hashing.acquire().await.map_err(|_| Error::Busy)?;
        let verified =
            tokio::task::spawn_blocking(move || match hash.as_deref().map(PasswordHash::new) {
                Some(Ok(hash)) => Argon2::default()
                    .verify_password(password.as_bytes(), &hash)
                    .is_ok(),
                Some(Err(_)) | None => {
                    let _ = Argon2::default().hash_password(password.as_bytes());
                    false
                }
            });
        verified
            .await
            .map_err(|error| Error::Internal(error.to_string()))
    }

    fn check_failures(&self, who: &str, allowed: u32) -> Result<()> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        match failures.get(who) {
            Some((count, at)) if *count >= allowed && at.elapsed() < FAILURES_FORGOTTEN_AFTER => {
                Err(Error::Throttled {
                    retry_after: FAILURES_FORGOTTEN_AFTER - at.elapsed(),
                })
            }
            _ => Ok(()),
        }
    }

    fn add_failure(&self, who: String) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= FAILURES_KEPT {
            failures.retain(|_, (_, at)| at.elapsed() < FAILURES_FORGOTTEN_AFTER);
            if failures.len() >= FAILURES_KEPT {
                failures.clear();
            }
        }
        let (count, at) = failures.entry(who).or_insert((0, Instant::now()));
        if at.elapsed() >= FAILURES_FORGOTTEN_AFTER {
            *count = 0;
        }
        *count += 1;
        *at = Instant::now();
    }
}

/// 8 to 128 characters that need no escaping in a URL, and that redaction knows.
fn is_key(key: &str) -> bool {
    (8..=128).contains(&key.len())
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Public, so it only has to be different from all others.
pub(crate) fn new_ingest_key() -> Result<String> {
    // Letters and digits only: a Sentry DSN takes nothing else.
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::Internal(format!("no random numbers: {error}")))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

/// 256 random bits as 43 characters. Secrets with that much of it need no slow hash.
fn random_text() -> Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::Internal(format!("no random numbers: {error}")))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

fn hash_of(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}
