//! A mailbox for every address: a real SMTP receiver on loopback, with a page for people and JSON for programs.

mod message;
mod pages;
mod smtp;

pub use message::Message;

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// Mails kept; the oldest go first.
const KEPT: usize = 500;

/// What becomes of a mail whose sender gets no answer after the last byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It arrived, and only the answer was lost: whoever sends again sends it twice.
    Kept,
    Lost,
}

/// The mailbox; a clone is the same one. It stops listening when the last clone is dropped.
#[derive(Clone)]
pub struct Mailbox {
    shared: Arc<Shared>,
    address: SocketAddr,
    _running: Arc<Running>,
}

struct Running(AbortHandle);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What the receiver and the readers share.
struct Shared {
    state: Mutex<State>,
    /// The number of the newest mail.
    arrived: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    messages: VecDeque<Message>,
    newest: u64,
    refuse: usize,
    drop_after_data: Option<(usize, Fate)>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the next mail is to be refused; counts down.
    fn refuses(&self) -> bool {
        let mut state = self.state();
        let refuses = state.refuse > 0;
        state.refuse = state.refuse.saturating_sub(1);
        refuses
    }

    /// What the connection does instead of answering the last byte of a mail; counts down.
    fn drops(&self) -> Option<Fate> {
        let mut state = self.state();
        let (left, fate) = state.drop_after_data.filter(|(left, _)| *left > 0)?;
        state.drop_after_data = Some((left - 1, fate));
        Some(fate)
    }

    fn keep(&self, from: String, to: Vec<String>, raw: Vec<u8>) {
        let number = {
            let mut state = self.state();
            state.newest += 1;
            let number = state.newest;
            if state.messages.len() == KEPT {
                state.messages.pop_front();
            }
            state.messages.push_back(Message::read(number, from, to, raw));
            number
        };
        self.arrived.send_replace(number);
    }
}

impl Mailbox {
    /// Listens on a loopback address; port 0 takes a free one.
    pub async fn start(address: SocketAddr) -> io::Result<Self> {
        if !address.ip().is_loopback() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the mailbox listens on loopback addresses only"));
        }
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { state: Mutex::default(), arrived: watch::Sender::new(0) });
        let task = tokio::spawn(smtp::listen(listener, Arc::clone(&shared)));
        Ok(Self { shared, address, _running: Arc::new(Running(task.abort_handle())) })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Everything that is kept, oldest first.
    pub fn messages(&self) -> Vec<Message> {
        self.shared.state().messages.iter().cloned().collect()
    }

    pub fn clear(&self) {
        self.shared.state().messages.clear();
    }

    /// The newest mail to an address that fits, as soon as there is one.
    pub async fn wait_for(
        &self,
        address: &str,
        predicate: impl Fn(&Message) -> bool,
        timeout: Duration,
    ) -> Option<Message> {
        let mut arrived = self.shared.arrived.subscribe();
        let found = || self.messages().into_iter().rev().find(|message| message.is_to(address) && predicate(message));
        let search = async {
            loop {
                arrived.borrow_and_update();
                if let Some(message) = found() {
                    return Some(message);
                }
                if arrived.changed().await.is_err() {
                    return None;
                }
            }
        };
        tokio::time::timeout(timeout, search).await.ok().flatten()
    }

    /// Refuses the next mails with 451, a failure that passes (RFC 5321 §4.2.1).
    pub fn refuse_next(&self, count: usize) {
        self.shared.state().refuse = count;
    }

    /// Ends the connection after the last byte of the next mails instead of answering.
    pub fn drop_after_data(&self, count: usize, fate: Fate) {
        self.shared.state().drop_after_data = Some((count, fate));
    }
}
