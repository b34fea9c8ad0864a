//! A bounded queue between async callers, who never wait on it, and threads, who do.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

pub(crate) struct Queue<T> {
    state: Mutex<State<T>>,
    ready: Condvar,
    room: usize,
}

struct State<T> {
    waiting: VecDeque<T>,
    closed: bool,
}

/// The queue is full or nobody serves it any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    Full,
    Closed,
}

impl<T> Queue<T> {
    pub fn new(room: usize) -> Self {
        Self { state: Mutex::new(State { waiting: VecDeque::new(), closed: false }), ready: Condvar::new(), room }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn push(&self, item: T) -> Result<(), Refused> {
        let mut state = self.state();
        if state.closed {
            return Err(Refused::Closed);
        }
        if state.waiting.len() >= self.room {
            return Err(Refused::Full);
        }
        state.waiting.push_back(item);
        drop(state);
        self.ready.notify_one();
        Ok(())
    }

    /// Waits for work and takes up to `most`; `None` once closed and empty.
    pub fn take(&self, most: usize) -> Option<Vec<T>> {
        let mut state = self.state();
        while state.waiting.is_empty() {
            if state.closed {
                return None;
            }
            state = self.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let count = state.waiting.len().min(most);
        Some(state.waiting.drain(..count).collect())
    }

    /// What waits is still served; nothing new is taken.
    pub fn close(&self) {
        self.state().closed = true;
        self.ready.notify_all();
    }

    /// Nobody serves any more: what waits is dropped, which tells its callers.
    pub fn abandon(&self) {
        let mut state = self.state();
        state.closed = true;
        let dropped = std::mem::take(&mut state.waiting);
        drop(state);
        drop(dropped);
        self.ready.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_bounded_ordered_and_drains_after_close() {
        let queue = Queue::new(3);
        assert_eq!([queue.push(1), queue.push(2), queue.push(3)], [Ok(()); 3]);
        assert_eq!(queue.push(4), Err(Refused::Full));
        assert_eq!(queue.take(2), Some(vec![1, 2]));
        queue.close();
        assert_eq!(queue.push(5), Err(Refused::Closed));
        assert_eq!(queue.take(2), Some(vec![3]));
        assert_eq!(queue.take(2), None);
    }
}
