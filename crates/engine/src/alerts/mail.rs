//! Messages as e-mail, through the SMTP server of the operator.

use super::Secret;
use super::deliver::Failure;
use crate::{Error, Result};
use lettre::message::{Mailbox, header::ContentType};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{Address, Message, SmtpTransport, Transport};
use std::time::Duration;

const TIME_LIMIT: Duration = Duration::from_secs(15);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// Begins in plain text and must go on encrypted.
    StartTls,
    Tls,
    /// For a server on the same machine.
    None,
}

/// How e-mail is sent.
#[derive(Debug, Clone)]
pub struct Mail {
    pub host: String,
    pub port: u16,
    pub encryption: Encryption,
    /// Empty: without logging in.
    pub username: String,
    pub password: Secret,
    /// Whose it is, as `name <address>` or an address.
    pub from: String,
}

/// # Errors
/// `Invalid` for what is no e-mail address.
pub fn check_address(text: &str) -> Result<()> {
    let address: Result<Address, _> = text.parse();
    let invalid = |_| Error::Invalid(format!("{text:?} is no e-mail address"));
    address.map(drop).map_err(invalid)
}

impl Mail {
    /// # Errors
    /// Names what is wrong with the settings.
    pub fn check(&self) -> Result<(), String> {
        self.sender()?;
        self.transport().map(drop)
    }

    fn sender(&self) -> Result<Mailbox, String> {
        let from = self.from.parse();
        from.map_err(|_| format!("from {:?} is no e-mail address", self.from))
    }

    fn transport(&self) -> Result<SmtpTransport, String> {
        let parameters = || {
            let parameters = TlsParameters::new(self.host.clone());
            parameters.map_err(|error| format!("host: {error}"))
        };
        let tls = match self.encryption {
            Encryption::StartTls => Tls::Required(parameters()?),
            Encryption::Tls => Tls::Wrapper(parameters()?),
            Encryption::None => Tls::None,
        };
        let mut builder = SmtpTransport::builder_dangerous(&self.host)
            .port(self.port)
            .tls(tls)
            .timeout(Some(TIME_LIMIT));
        if !self.username.is_empty() {
            let (user, password) = (self.username.clone(), self.password.0.clone());
            builder = builder.credentials(Credentials::new(user, password));
        }
        Ok(builder.build())
    }

    /// Blocks. Every copy of a message has the same id.
    pub(crate) fn send(
        &self,
        to: &[String],
        message_id: &str,
        subject: String,
        text: String,
    ) -> Result<String, Failure> {
        let sender = self.sender().map_err(Failure::for_good)?;
        let domain = sender.email.domain().to_owned();
        let mut message = Message::builder()
            .from(sender)
            .subject(subject)
            .message_id(Some(format!("<{message_id}@{domain}>")));
        for address in to {
            let address = address
                .parse()
                .map_err(|_| Failure::for_good(format!("{address:?} is no e-mail address")))?;
            message = message.to(Mailbox::new(None, address));
        }
        let message = message.header(ContentType::TEXT_PLAIN).body(text);
        let message = message.map_err(|error| Failure::for_good(error.to_string()))?;
        let sent = self.transport().map_err(Failure::for_good)?.send(&message);
        match sent {
            Ok(_) => Ok("accepted by the mail server".to_owned()),
            Err(error) if error.is_permanent() => Err(Failure::for_good(shortened(&error))),
            Err(error) => Err(Failure::for_now(shortened(&error))),
        }
    }
}

fn shortened(error: &lettre::transport::smtp::Error) -> String {
    const MAX_CHARS: usize = 200;
    let text = format!("mail server: {error}");
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(MAX_CHARS).collect()
}
