//! The session check's cache: sharded, bounded, and told of every revocation before the change is acknowledged.

use flows::Present;
use model::{Change, Micros, Plan, SECOND, UserId};
use quick_cache::sync::Cache;
use std::sync::atomic::{AtomicU64, Ordering};

const ENTRIES: usize = 20_000;
/// Users share a slot; a collision costs a read, never a stale answer.
const SLOTS: usize = 4096;
/// However long nothing was heard of a session, it is read again after this.
const TRUSTED: Micros = SECOND.times(5);

#[derive(Clone)]
struct Entry {
    present: Present,
    /// The cache's clock before the row was read.
    seen: u64,
    read_at: Micros,
    /// Gaps in hearing other replicas when it was read.
    gaps: u64,
}

/// Answers the session check from memory while nothing about the user changed.
pub struct SessionCache {
    entries: Cache<[u8; 32], Entry>,
    /// Counts revocations; an entry holds while no revocation of its user's slot came after it was read.
    clock: AtomicU64,
    revoked: Box<[AtomicU64]>,
}

impl Default for SessionCache {
    fn default() -> Self {
        Self {
            entries: Cache::new(ENTRIES),
            clock: AtomicU64::new(1),
            revoked: (0..SLOTS).map(|_| AtomicU64::new(0)).collect(),
        }
    }
}

fn slot(user: UserId) -> usize {
    let tail = user.as_bytes();
    usize::from(u16::from_be_bytes([tail[14], tail[15]])) % SLOTS
}

impl SessionCache {
    /// Taken before the row is read, handed to [`Self::put`].
    pub fn before_read(&self) -> u64 {
        self.clock.load(Ordering::Acquire)
    }

    pub fn get(&self, hash: &[u8; 32], now: Micros, gaps: u64) -> Option<Present> {
        let entry = self.entries.get(hash)?;
        let fresh = entry.read_at + TRUSTED > now && entry.read_at <= now && entry.present.expires_at > now;
        let unrevoked = self.revoked[slot(entry.present.user)].load(Ordering::Acquire) <= entry.seen;
        (fresh && unrevoked && entry.gaps == gaps).then_some(entry.present)
    }

    pub fn put(&self, hash: [u8; 32], present: Present, seen: u64, read_at: Micros, gaps: u64) {
        self.entries.insert(hash, Entry { present, seen, read_at, gaps });
    }

    /// Something of this user's was revoked, or of everybody's, here or by another replica.
    pub fn revoke_user(&self, user: UserId) {
        let at = self.clock.fetch_add(1, Ordering::AcqRel) + 1;
        let slots = if user == store::EVERYBODY { &self.revoked[..] } else { &self.revoked[slot(user)..=slot(user)] };
        for revoked in slots {
            revoked.fetch_max(at, Ordering::AcqRel);
        }
    }

    /// What a committed plan ends or changes.
    pub fn revoke(&self, plan: &[Revocation]) {
        for revocation in plan {
            match revocation {
                Revocation::Session(hash) => {
                    // A read that is under way may put it back: the user's slot settles that.
                    if let Some(entry) = self.entries.get(hash) {
                        self.revoke_user(entry.present.user);
                    }
                    self.clock.fetch_add(1, Ordering::AcqRel);
                    self.entries.remove(hash);
                }
                Revocation::User(user) => self.revoke_user(*user),
            }
        }
    }
}

/// What of a plan the cache must hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revocation {
    Session([u8; 32]),
    User(UserId),
}

/// Read off a plan before it is applied.
pub fn revocations(plan: &Plan) -> Vec<Revocation> {
    let mut found: Vec<Revocation> = plan
        .changes
        .iter()
        .filter_map(|change| match change {
            Change::EndSession { hash } => Some(Revocation::Session(*hash)),
            Change::EndSessionById { user, .. }
            | Change::EndSessionsOfLink { user, .. }
            | Change::EndSessionsOfPasskey { user, .. }
            | Change::EndSessionsOfUser { user }
            | Change::RaiseUser { user, .. }
            | Change::SetUserStatus { user, .. }
            | Change::EraseUser { user, .. } => Some(Revocation::User(*user)),
            Change::EndSessionsOfConnection { .. } => Some(Revocation::User(store::EVERYBODY)),
            _ => None,
        })
        .collect();
    // A session ends together with its user's slot, so that a read under way cannot bring it back.
    let users: Vec<Revocation> = plan
        .changes
        .iter()
        .filter_map(|change| match change {
            Change::CreateSession(session) => Some(Revocation::User(session.user)),
            Change::Audit(event) => event.subject.map(Revocation::User),
            _ => None,
        })
        .collect();
    if !found.is_empty() {
        found.extend(users);
    }
    found
}
