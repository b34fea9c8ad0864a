//! The audit log: one hash chain per user and one of the store, written with the changes it tells of.
//!
//! Each event is hashed over every column as stored and over the hash before it, so an edit, a cut or an insertion in
//! the middle shows. A chain that lost its newest events is whole in itself; only heads kept elsewhere show that.

use crate::codec::{connection, from_json, json};
use crate::statements::{read, write};
use crate::value::{Bound, Expect, Row, Value, corrupt};
use crate::{For, Store, StoreError};
use aws_lc_rs::digest::{Context, SHA256};
use model::{
    Actor, AuditEvent, ChainHead, Conflict, ConnectionId, EventId, EventKind, LinkId, Micros, Personal, SessionId,
    UserId,
};

/// Whose chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AuditChain {
    User(UserId),
    /// Of what has no user.
    Store,
}

/// An event as it was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    pub chain: AuditChain,
    pub seq: i64,
    pub id: EventId,
    pub at: Micros,
    pub kind: EventKind,
    pub actor: Actor,
    pub reason: String,
    pub policy_version: String,
    pub link: Option<LinkId>,
    pub connection: Option<ConnectionId>,
    pub session: Option<SessionId>,
    pub proofs: Vec<String>,
    /// Sealed with the user's key; empty when the event holds nothing personal.
    pub personal: Vec<u8>,
    pub prev_hash: [u8; 32],
    pub hash: [u8; 32],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AuditFaultKind {
    /// Events before this one are missing.
    Gap,
    /// The event was changed after it was written.
    WrongHash,
    /// The event does not rest on the one before it.
    Unchained,
    /// The event cannot be read.
    Unreadable,
    /// The user exists and their chain has no beginning.
    NoChain,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AuditFault {
    pub chain: AuditChain,
    pub seq: i64,
    pub kind: AuditFaultKind,
}

/// What a walk over the whole log found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditReport {
    pub chains: u64,
    pub events: u64,
    pub faults: Vec<AuditFault>,
}

impl AuditReport {
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }
}

const STORE_CHAIN: [u8; 16] = [0; 16];
const PAGE: i64 = 500;
/// Columns before `hash`, which is the last.
const HASHED_COLUMNS: usize = 14;

impl AuditChain {
    pub(crate) fn key(self) -> [u8; 16] {
        match self {
            Self::User(user) => *user.as_bytes(),
            Self::Store => STORE_CHAIN,
        }
    }

    fn from_slice(bytes: &[u8]) -> Option<Self> {
        if bytes == STORE_CHAIN { Some(Self::Store) } else { UserId::from_slice(bytes).map(Self::User) }
    }
}

/// SHA-256 over the columns, each with its kind and length before it.
fn digest(columns: &[Value]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(b"selfsame audit event 1");
    for column in columns {
        let int;
        let (kind, bytes): (u8, &[u8]) = match column {
            Value::Null => (0, &[]),
            Value::Int(value) => {
                int = value.to_be_bytes();
                (1, &int)
            }
            Value::Text(value) => (2, value.as_bytes()),
            Value::Bytes(value) => (3, value),
        };
        context.update(&[kind]);
        context.update(&(bytes.len() as u64).to_be_bytes());
        context.update(bytes);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// The statement that appends `event` after `head`, and the head it makes.
pub(crate) fn append(event: &AuditEvent, head: ChainHead) -> Result<(Bound, ChainHead), StoreError> {
    let personal = match &event.personal {
        Personal::Sealed(bytes) => bytes.clone(),
        Personal::Plain(values) if values.is_empty() => Vec::new(),
        Personal::Plain(_) => return Err(StoreError::Invalid("personal values of an audit event are not sealed")),
    };
    let seq = head.seq.checked_add(1).ok_or(StoreError::Invalid("a chain without end"))?;
    let mut values: Vec<Value> = vec![
        (&chain_of(event).key()).into(),
        seq.into(),
        event.id.as_bytes().into(),
        event.at.into(),
        event.kind.name().into(),
        json(&event.actor).into(),
        event.reason.into(),
        event.policy_version.as_str().into(),
        event.link.as_ref().map(LinkId::as_bytes).into(),
        event.connection.as_ref().into(),
        event.session.as_ref().map(SessionId::as_bytes).into(),
        json(&event.proofs).into(),
        personal.into(),
        (&head.hash).into(),
    ];
    let hash = digest(&values);
    values.push((&hash).into());
    let bound = Bound { sql: &write::APPEND_AUDIT, values, expect: Expect::One(Conflict::Stale) };
    Ok((bound, ChainHead { seq, hash }))
}

pub(crate) fn chain_of(event: &AuditEvent) -> AuditChain {
    event.subject.map_or(AuditChain::Store, AuditChain::User)
}

fn decode(mut row: Row) -> Result<AuditRow, StoreError> {
    Ok(AuditRow {
        chain: row.id(AuditChain::from_slice)?,
        seq: row.int()?,
        id: row.id(EventId::from_slice)?,
        at: row.time()?,
        kind: row.parsed("an unknown kind of audit event", EventKind::from_name)?,
        actor: row.parsed("an unknown actor", from_json)?,
        reason: row.text()?,
        policy_version: row.text()?,
        link: row.opt_id(LinkId::from_slice)?,
        connection: row.opt_parsed("a connection's name", connection)?,
        session: row.opt_id(SessionId::from_slice)?,
        proofs: row.parsed("proofs of an audit event", from_json)?,
        personal: row.bytes()?,
        prev_hash: row.digest()?,
        hash: row.digest()?,
    })
}

/// The walk: where it is and what it found.
#[derive(Default)]
pub(crate) struct AuditWalk {
    report: AuditReport,
    chain: Option<AuditChain>,
    head: ChainHead,
}

impl AuditWalk {
    /// Goes on after the event with this chain and number, whose hash was read again.
    pub fn after(key: &[Value], hash: Option<[u8; 32]>) -> Self {
        let (Some(Value::Bytes(key)), Some(Value::Int(seq)), Some(hash)) = (key.first(), key.get(1), hash) else {
            return Self::default();
        };
        Self { chain: AuditChain::from_slice(key), head: ChainHead { seq: *seq, hash }, ..Self::default() }
    }

    pub fn into_faults(self) -> Vec<AuditFault> {
        self.report.faults
    }

    /// Looks at one event and gives its chain key and number, from where the next page starts.
    pub fn visit(&mut self, row: Row) -> Result<(Vec<u8>, i64), StoreError> {
        let values = row.values();
        let hash = digest(values.get(..HASHED_COLUMNS).ok_or_else(|| corrupt("an audit event is too short"))?);
        let (Some(Value::Bytes(key)), Some(Value::Int(seq))) = (values.first(), values.get(1)) else {
            return Err(corrupt("an audit event without its key"));
        };
        let (key, seq) = (key.clone(), *seq);
        let chain = AuditChain::from_slice(&key).ok_or_else(|| corrupt("a chain that belongs to nobody"))?;
        if self.chain != Some(chain) {
            (self.chain, self.head) = (Some(chain), ChainHead::default());
            self.report.chains += 1;
        }
        self.report.events += 1;
        let mut fault = |kind| self.report.faults.push(AuditFault { chain, seq, kind });
        let follows = seq == self.head.seq + 1;
        if !follows {
            fault(AuditFaultKind::Gap);
        }
        match decode(Row::new(values)) {
            Ok(event) => {
                if event.hash != hash {
                    fault(AuditFaultKind::WrongHash);
                }
                if follows && event.prev_hash != self.head.hash {
                    fault(AuditFaultKind::Unchained);
                }
                self.head = ChainHead { seq, hash: event.hash };
            }
            Err(_) => {
                fault(AuditFaultKind::Unreadable);
                self.head = ChainHead { seq, hash };
            }
        }
        Ok((key, seq))
    }
}

impl Store {
    /// Where a chain ends; the default when it has no event.
    pub async fn chain_head(&self, chain: AuditChain) -> Result<ChainHead, StoreError> {
        let rows = self.rows(For::Request, &read::CHAIN_HEAD, vec![(&chain.key()).into()]).await?;
        match rows.into_iter().next() {
            Some(mut row) => Ok(ChainHead { seq: row.int()?, hash: row.digest()? }),
            None => Ok(ChainHead::default()),
        }
    }

    /// Events of a chain, newest first, those before `before_seq` when it is given.
    pub async fn audit(
        &self,
        chain: AuditChain,
        limit: u32,
        before_seq: Option<i64>,
    ) -> Result<Vec<AuditRow>, StoreError> {
        let values = vec![(&chain.key()).into(), before_seq.unwrap_or(i64::MAX).into(), i64::from(limit).into()];
        self.rows(For::Request, &read::AUDIT, values).await?.into_iter().map(decode).collect()
    }

    /// The event with this id, on whichever chain.
    pub async fn event(&self, id: EventId) -> Result<Option<AuditRow>, StoreError> {
        let rows = self.rows(For::Request, &read::EVENT_BY_ID, vec![id.as_bytes().into()]).await?;
        rows.into_iter().next().map(decode).transpose()
    }

    /// Events about a link, newest first, on whichever chains.
    pub async fn events_of_link(&self, link: LinkId, limit: u32) -> Result<Vec<AuditRow>, StoreError> {
        let values = vec![link.as_bytes().into(), i64::from(limit).into()];
        self.rows(For::Request, &read::EVENTS_OF_LINK, values).await?.into_iter().map(decode).collect()
    }

    /// Walks every chain, in pages, and every user's beginning. `progress` hears the count of events so far.
    pub async fn audit_verify(&self, progress: &mut (dyn FnMut(u64) + Send)) -> Result<AuditReport, StoreError> {
        let mut walk = AuditWalk::default();
        let (mut key, mut seq) = (Vec::new(), 0_i64);
        loop {
            let values = vec![key.as_slice().into(), seq.into(), PAGE.into()];
            let rows = self.rows(For::Background, &read::AUDIT_WALK, values).await?;
            let last = (rows.len() as i64) < PAGE;
            for row in rows {
                (key, seq) = walk.visit(row)?;
            }
            progress(walk.report.events);
            if last {
                break;
            }
        }
        let mut after = Vec::new();
        loop {
            let rows =
                self.rows(For::Background, &read::USERS_WALK, vec![after.as_slice().into(), PAGE.into()]).await?;
            let last = (rows.len() as i64) < PAGE;
            for mut row in rows {
                let user = row.id(UserId::from_slice)?;
                if row.int()? == 0 {
                    let chain = AuditChain::User(user);
                    walk.report.faults.push(AuditFault { chain, seq: 1, kind: AuditFaultKind::NoChain });
                }
                after = user.as_bytes().to_vec();
            }
            if last {
                return Ok(walk.report);
            }
        }
    }
}
