//! What the log says of a link: the events about it, one after the other, give the state it must be in (I13).

use crate::Reason;
use model::{EventKind, LinkState};

/// One event about a link, as the log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkEvent {
    pub kind: EventKind,
    /// The code of its reason.
    pub reason: String,
    pub proofs: Vec<String>,
}

/// What the events of one link tell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Replayed {
    /// The event that made it, with how many proofs.
    pub made: Option<usize>,
    /// After the last event; `None` when no event says anything.
    pub state: Option<LinkState>,
}

/// Replays the events of one link, in the order they were written. A recovery names no link and may hold it besides.
pub fn replay_link<'a>(events: impl IntoIterator<Item = &'a LinkEvent>) -> Replayed {
    let mut told = Replayed::default();
    for event in events {
        let undone = |reason: Reason| event.kind == EventKind::ChangeUndone && event.reason == reason.code();
        let state = match event.kind {
            EventKind::UserCreated | EventKind::Linked | EventKind::LinkMoved => {
                told.made = told.made.or(Some(event.proofs.len()));
                LinkState::Active
            }
            EventKind::LinkReleased => LinkState::Active,
            EventKind::LinkHeld => LinkState::Held,
            EventKind::Unlinked => LinkState::Removed,
            _ if undone(Reason::LinkRestored) => LinkState::Active,
            _ if undone(Reason::LinkUndone) => LinkState::Removed,
            _ => continue,
        };
        told.state = Some(state);
    }
    told
}
