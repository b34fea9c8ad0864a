//! Mail: one transport, and the runner that empties the outbox.
//!
//! A mail is written with the change that causes it and sent after that change is durable, at least once; the stable
//! Message-ID lets a mailbox that saw it twice show it once.

mod outbox;
mod transport;

pub use outbox::{DueMail, MAX_ATTEMPTS, NEVER, OutboxPort, Runner};
pub use transport::{Mailer, MailerError, Rendered, message_id};
