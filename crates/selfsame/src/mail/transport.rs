//! Sending one mail by SMTP (RFC 5321).

use crate::config::{Mail, SmtpSecurity};
use crate::runner::SendError;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use model::{Address, MailId, Micros};
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, UNIX_EPOCH};

/// For each answer of the server.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(15);
/// For the whole of one mail.
const SEND_TIMEOUT: Duration = Duration::from_mins(1);

/// A mail as a person will read it.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    pub to: Address,
    pub subject: String,
    pub text: String,
    pub html: String,
}

impl fmt::Debug for Rendered {
    /// Without content: it may hold a code.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rendered").finish_non_exhaustive()
    }
}

/// Settings that name no relay.
#[derive(Debug, thiserror::Error)]
#[error("mail cannot be sent with these settings: {0}")]
pub struct MailerError(String);

/// `<id@host>`: the same at every attempt (RFC 5322 §3.6.4).
pub fn message_id(id: MailId, host: &str) -> String {
    format!("<{id}@{host}>")
}

/// One SMTP relay and one sender. Clones share it.
#[derive(Clone)]
pub struct Mailer(Arc<Inner>);

struct Inner {
    settings: Mail,
    from: Mailbox,
    host: String,
    /// Made with the first mail: reading the system's certificates takes longer than everything else at start.
    transport: OnceLock<AsyncSmtpTransport<Tokio1Executor>>,
}

impl Mailer {
    /// `host` is the host of the public origin; it names us in Message-IDs.
    pub fn new(settings: Mail, host: &str) -> Result<Self, MailerError> {
        let from = settings.from.parse().map_err(|_| MailerError("the sender is not a mailbox".to_owned()))?;
        let transport = OnceLock::new();
        Ok(Self(Arc::new(Inner { settings, from, host: host.to_owned(), transport })))
    }

    /// Sends once. The outcome is unknown when the connection breaks after the last byte, so it may arrive although this
    /// fails; then it is sent again under the same Message-ID.
    pub async fn send(&self, id: MailId, written_at: Micros, mail: &Rendered) -> Result<(), SendError> {
        let message = self.message(id, written_at, mail)?;
        let transport = self.transport()?;
        match tokio::time::timeout(SEND_TIMEOUT, transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(classified(&error)),
            Err(_) => Err(SendError { permanent: false, detail: "the relay took too long".to_owned() }),
        }
    }

    fn transport(&self) -> Result<&AsyncSmtpTransport<Tokio1Executor>, SendError> {
        let inner = &self.0;
        if let Some(transport) = inner.transport.get() {
            return Ok(transport);
        }
        let transport = build(&inner.settings)
            .map_err(|error| SendError { permanent: false, detail: format!("TLS cannot be set up: {error}") })?;
        Ok(inner.transport.get_or_init(|| transport))
    }

    fn message(&self, id: MailId, written_at: Micros, mail: &Rendered) -> Result<Message, SendError> {
        let unwritable = |what: &str| SendError { permanent: true, detail: format!("{what} cannot be written") };
        let to = mail.to.as_str().parse::<lettre::Address>().map_err(|_| unwritable("the address"))?;
        let micros = u64::try_from(written_at.0).unwrap_or(0);
        let part = |kind: ContentType, body: &str| {
            // Base64 keeps long lines and every character whole on the way.
            SinglePart::builder().header(kind).header(ContentTransferEncoding::Base64).body(body.to_owned())
        };
        let subject: String = mail.subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let mut message = Message::builder()
            .from(self.0.from.clone())
            .to(Mailbox::new(None, to))
            .subject(subject)
            .date(UNIX_EPOCH + Duration::from_micros(micros))
            .message_id(Some(message_id(id, &self.0.host)))
            .multipart(
                MultiPart::alternative()
                    .singlepart(part(ContentType::TEXT_PLAIN, &mail.text))
                    .singlepart(part(ContentType::TEXT_HTML, &mail.html)),
            )
            .map_err(|_| unwritable("the mail"))?;
        // RFC 3834 §5: no out-of-office answers to a machine.
        let name = HeaderName::new_from_ascii_str("Auto-Submitted");
        message.headers_mut().insert_raw(HeaderValue::new(name, "auto-generated".to_owned()));
        Ok(message)
    }
}

fn build(settings: &Mail) -> Result<AsyncSmtpTransport<Tokio1Executor>, lettre::transport::smtp::Error> {
    let smtp = &settings.smtp;
    let tls = match smtp.security {
        SmtpSecurity::Plain => Tls::None,
        SmtpSecurity::StartTls => Tls::Required(TlsParameters::new(smtp.host.clone())?),
        SmtpSecurity::Tls => Tls::Wrapper(TlsParameters::new(smtp.host.clone())?),
    };
    // "dangerous" because it starts without TLS, which is set right here.
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(smtp.host.clone())
        .port(smtp.port)
        .tls(tls)
        .timeout(Some(COMMAND_TIMEOUT));
    if let Some((user, password)) = &smtp.credentials {
        builder = builder.credentials(Credentials::new(user.clone(), password.expose().clone()));
    }
    Ok(builder.build())
}

/// Permanent where the relay said that trying again is useless (RFC 5321 §4.2.1: 5yz). Servers quote addresses and content
/// in their answers, so none of the answer is kept.
fn classified(error: &lettre::transport::smtp::Error) -> SendError {
    let detail = match error.status() {
        Some(code) => format!("the relay answered {code}"),
        None if error.is_timeout() => "the relay took too long".to_owned(),
        None if error.is_tls() => "no TLS connection to the relay".to_owned(),
        None if error.is_client() => "the relay lacks what this mail needs".to_owned(),
        None => "no connection to the relay".to_owned(),
    };
    SendError { permanent: error.is_permanent(), detail }
}
