//! Mail: one transport, and the runner that empties the outbox.
//!
//! A mail is written with the change that causes it and sent after that change is durable, at least once; the stable
//! Message-ID lets a mailbox that saw it twice show it once.

mod outbox;
mod transport;

pub use outbox::{
    AlreadyRunning, DueMail, MAX_ATTEMPTS, MAX_PERMANENT_ATTEMPTS, NEVER, OutboxError, OutboxPort, Runner, backoff,
};
pub use transport::{Mailer, MailerError, Rendered, SendError, message_id};
