//! Every row that something else must agree with, in pages by key: what `selfsame doctor verify` looks at. Each page is
//! one snapshot, so that a database at work shows no half of a change, and the cursor after it is where a later run goes on.

use crate::audit::{AuditFault, AuditWalk};
use crate::codec::{connection, from_json, level, link_state, organisations, status};
use crate::script::{Rows, Script, Step};
use crate::statements::{doctor as sql, read};
use crate::value::{Query, Row, Value};
use crate::{For, Sql, Store, StoreError};
use model::{
    ConnectionId, EventId, EventKind, Level, LinkId, LinkState, Method, Micros, OrganisationId, SessionId, Undoable,
    UserId, UserStatus,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

/// A part of what is stored, in the order in which the doctor looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    Users,
    Links,
    Identities,
    Addresses,
    Subjects,
    Sessions,
    Grants,
    Audit,
}

impl Part {
    pub const ALL: [Self; 8] = [
        Self::Users,
        Self::Links,
        Self::Identities,
        Self::Addresses,
        Self::Subjects,
        Self::Sessions,
        Self::Grants,
        Self::Audit,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Links => "links",
            Self::Identities => "identities",
            Self::Addresses => "addresses",
            Self::Subjects => "subjects",
            Self::Sessions => "sessions",
            Self::Grants => "grants",
            Self::Audit => "audit",
        }
    }

    fn statement(self) -> &'static Sql {
        match self {
            Self::Users => &sql::DOCTOR_USERS,
            Self::Links => &sql::DOCTOR_LINKS,
            Self::Identities => &sql::DOCTOR_IDENTITIES,
            Self::Addresses => &sql::DOCTOR_ADDRESSES,
            Self::Subjects => &sql::DOCTOR_SUBJECTS,
            Self::Sessions => &sql::DOCTOR_SESSIONS,
            Self::Grants => &sql::DOCTOR_GRANTS,
            Self::Audit => &read::AUDIT_WALK,
        }
    }

    /// Of its key: columns that hold bytes, or text, or a number.
    fn key(self) -> &'static [Kind] {
        match self {
            Self::Users | Self::Sessions | Self::Grants => &[Kind::Bytes],
            Self::Links => &[Kind::Bytes, Kind::Bytes],
            Self::Identities => &[Kind::Text, Kind::Bytes],
            Self::Addresses => &[Kind::Text],
            Self::Subjects => &[Kind::Text, Kind::Text],
            Self::Audit => &[Kind::Bytes, Kind::Int],
        }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Bytes,
    Text,
    Int,
}

/// Where a walk is: after the row with this key. As text it names the part and the key in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    pub part: Part,
    key: Vec<Vec<u8>>,
}

impl Cursor {
    /// Before the first row of a part.
    pub fn start(part: Part) -> Self {
        let first = |kind: &Kind| if matches!(kind, Kind::Int) { vec![0; 8] } else { Vec::new() };
        Self { part, key: part.key().iter().map(first).collect() }
    }

    fn values(&self) -> Result<Vec<Value>, StoreError> {
        let value = |(kind, bytes): (&Kind, &Vec<u8>)| match kind {
            Kind::Bytes => Ok(bytes.as_slice().into()),
            Kind::Text => String::from_utf8(bytes.clone()).map(Value::Text).map_err(|_| StoreError::Invalid(CURSOR)),
            Kind::Int => {
                let bytes = bytes.as_slice().try_into().map_err(|_| StoreError::Invalid(CURSOR))?;
                Ok(Value::Int(i64::from_be_bytes(bytes)))
            }
        };
        self.part.key().iter().zip(&self.key).map(value).collect()
    }

    fn after(part: Part, values: &[Value]) -> Self {
        let bytes = |value: &Value| match value {
            Value::Bytes(bytes) => bytes.clone(),
            Value::Text(text) => text.clone().into_bytes(),
            Value::Int(number) => number.to_be_bytes().to_vec(),
            Value::Null => Vec::new(),
        };
        Self { part, key: values.iter().take(part.key().len()).map(bytes).collect() }
    }
}

const CURSOR: &str = "this is no place the doctor gave";

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.part.name())?;
        for column in &self.key {
            f.write_str(":")?;
            column.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        }
        Ok(())
    }
}

impl FromStr for Cursor {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut words = text.split(':');
        let name = words.next().unwrap_or_default();
        let part = Part::ALL.into_iter().find(|part| part.name() == name).ok_or(CURSOR)?;
        let key: Vec<Vec<u8>> = words.map(bytes_of).collect::<Option<_>>().ok_or(CURSOR)?;
        if key.is_empty() {
            return Ok(Self::start(part));
        }
        let cursor = Self { part, key };
        let fits = cursor.key.len() == part.key().len() && cursor.values().is_ok();
        fits.then_some(cursor).ok_or(CURSOR)
    }
}

fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let pairs = digits.chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
        u8::from_str_radix(pair, 16).ok()
    });
    pairs.collect()
}

/// What the log says about a link, one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    pub at: Micros,
    pub kind: EventKind,
    pub reason: String,
    pub proofs: Vec<String>,
}

/// A row with what it must agree with. The status of a user is `None` when there is no such user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    User {
        user: UserId,
        status: UserStatus,
        chain_begins: bool,
    },
    Link(StoredLink),
    /// `link` is the holder that the identity names, and its state if there is such a link of this identity.
    Identity {
        namespace: String,
        subject: Vec<u8>,
        holder: Option<UserId>,
        link: Option<LinkId>,
        state: Option<LinkState>,
    },
    Address {
        address: String,
        user: UserId,
        status: Option<UserStatus>,
    },
    Subject {
        sector: String,
        sub: String,
        user: UserId,
        status: Option<UserStatus>,
    },
    Session(StoredSession),
    Grant {
        event: EventId,
        user: UserId,
        status: Option<UserStatus>,
        logged: bool,
        what: Undoable,
        missing: bool,
    },
    /// Only events that are wrong are told.
    Event(AuditFault),
    /// A row whose columns no version of this program wrote.
    Unreadable {
        key: String,
        what: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLink {
    pub user: UserId,
    pub link: LinkId,
    pub connection: ConnectionId,
    pub state: LinkState,
    pub status: Option<UserStatus>,
    /// User and link that the identity's row names as its holder.
    pub holder: (Option<UserId>, Option<LinkId>),
    pub organisations: Vec<OrganisationId>,
    /// The user came back by a recovery once, which may have put it on hold.
    pub recovered: bool,
    /// In the order they were written; uses are left out.
    pub events: Vec<StoredEvent>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSession {
    pub session: SessionId,
    pub user: UserId,
    pub level: Level,
    pub method: Method,
    /// The link it is ended with.
    pub link: Option<LinkId>,
    pub status: Option<UserStatus>,
    pub required_level: Option<Level>,
    pub link_state: Option<LinkState>,
    /// The link's connection means today what it meant when the link was made.
    pub current_epoch: bool,
    /// It was made before a restore, and counts for nothing.
    pub dead: bool,
}

/// One page of the walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoctorPage {
    pub rows: Vec<Stored>,
    /// How many rows were looked at.
    pub looked: u64,
    /// Where to go on; `None` at the end of the last part.
    pub next: Option<Cursor>,
}

impl Store {
    /// The page after `cursor`. Reads only.
    pub async fn doctor_page(&self, cursor: &Cursor, limit: u32) -> Result<DoctorPage, StoreError> {
        let script = PageScript { cursor: cursor.clone(), values: cursor.values()?, limit, asked: 0, page: Vec::new() };
        self.read(For::Background, script).await
    }
}

struct PageScript {
    cursor: Cursor,
    values: Vec<Value>,
    limit: u32,
    asked: u8,
    /// Of grants: kept while what they name is looked up.
    page: Vec<Row>,
}

impl PageScript {
    fn first(&self) -> Vec<Query> {
        let mut values = self.values.clone();
        values.push(i64::from(self.limit).into());
        let mut queries = vec![Query { sql: self.cursor.part.statement(), values: values.clone() }];
        match self.cursor.part {
            Part::Links => queries.push(Query { sql: &sql::DOCTOR_LINK_EVENTS, values }),
            Part::Audit => queries.push(Query { sql: &sql::DOCTOR_EVENT_BEFORE, values: self.values.clone() }),
            _ => {}
        }
        queries
    }

    fn page(&self, keys: &[Vec<Value>], rows: Vec<Stored>) -> DoctorPage {
        let part = self.cursor.part;
        let full = keys.len() >= self.limit as usize;
        let next = match keys.last().filter(|_| full) {
            Some(key) => Some(Cursor::after(part, key)),
            None => Part::ALL.into_iter().find(|other| *other > part).map(Cursor::start),
        };
        DoctorPage { rows, looked: keys.len() as u64, next }
    }
}

/// The key of a row, and the row again.
fn keyed(part: Part, row: Row) -> (Vec<Value>, Row) {
    let values = row.values();
    (values.iter().take(part.key().len()).cloned().collect(), Row::new(values))
}

impl Script for PageScript {
    type Out = DoctorPage;

    fn next(&mut self, mut answers: Vec<Rows>) -> Result<Step<DoctorPage>, StoreError> {
        self.asked += 1;
        let part = self.cursor.part;
        if self.asked == 1 {
            let queries = self.first();
            return Ok(if part == Part::Grants { Step::Ask(queries) } else { Step::Last(queries) });
        }
        if part == Part::Grants {
            if self.asked == 2 {
                self.page = answers.pop().unwrap_or_default();
                let (page, queries) = named_by_grants(std::mem::take(&mut self.page));
                self.page = page;
                if !queries.is_empty() {
                    return Ok(Step::Last(queries));
                }
            }
            let known: BTreeSet<Vec<u8>> =
                answers.into_iter().flatten().map(|mut row| row.bytes()).collect::<Result<_, _>>()?;
            let page = std::mem::take(&mut self.page);
            return Ok(Step::Done(self.decoded(page, |row| grant(row, &known))));
        }
        let second = if part == Part::Links || part == Part::Audit { answers.pop() } else { None };
        let rows = answers.pop().unwrap_or_default();
        if part == Part::Audit {
            return self.audit(rows, second).map(Step::Done);
        }
        let mut events = BTreeMap::new();
        for row in second.unwrap_or_default() {
            if let Ok((link, event)) = event_of_link(row) {
                events.entry(link).or_insert_with(Vec::new).push(event);
            }
        }
        let page = self.decoded(rows, |row| match part {
            Part::Users => user(row),
            Part::Links => link(row, &mut events),
            Part::Identities => identity(row),
            Part::Addresses => address(row),
            Part::Subjects => subject(row),
            Part::Sessions | Part::Grants | Part::Audit => session(row),
        });
        Ok(Step::Done(page))
    }
}

impl PageScript {
    fn decoded(&self, rows: Rows, mut decode: impl FnMut(Row) -> Result<Stored, StoreError>) -> DoctorPage {
        let part = self.cursor.part;
        let mut keys = Vec::with_capacity(rows.len());
        let mut stored = Vec::with_capacity(rows.len());
        for row in rows {
            let (key, row) = keyed(part, row);
            let unreadable = |error: StoreError| Stored::Unreadable {
                key: Cursor::after(part, &key).to_string(),
                what: error.to_string(),
            };
            stored.push(decode(row).unwrap_or_else(unreadable));
            keys.push(key);
        }
        self.page(&keys, stored)
    }

    /// Goes on in the middle of a chain from the event that the cursor names.
    fn audit(&self, rows: Rows, before: Option<Rows>) -> Result<DoctorPage, StoreError> {
        let hash = before.and_then(|rows| rows.into_iter().next()).map(|mut row| row.digest()).transpose()?;
        let mut walk = AuditWalk::after(&self.values, hash);
        let mut keys = Vec::with_capacity(rows.len());
        for row in rows {
            let (key, row) = keyed(Part::Audit, row);
            walk.visit(row)?;
            keys.push(key);
        }
        Ok(self.page(&keys, walk.into_faults().into_iter().map(Stored::Event).collect()))
    }
}

fn user(mut row: Row) -> Result<Stored, StoreError> {
    Ok(Stored::User {
        user: row.id(UserId::from_slice)?,
        status: row.parsed("the status of a user", status)?,
        chain_begins: row.int()? > 0,
    })
}

fn link(mut row: Row, events: &mut BTreeMap<LinkId, Vec<StoredEvent>>) -> Result<Stored, StoreError> {
    let user = row.id(UserId::from_slice)?;
    let link = row.id(LinkId::from_slice)?;
    Ok(Stored::Link(StoredLink {
        user,
        link,
        connection: row.parsed("a connection's name", connection)?,
        state: row.parsed("the state of a link", link_state)?,
        status: row.opt_parsed("the status of a user", status)?,
        holder: (row.opt_id(UserId::from_slice)?, row.opt_id(LinkId::from_slice)?),
        organisations: row.opt_parsed("names of organisations", organisations)?.unwrap_or_default(),
        recovered: row.int()? > 0,
        events: events.remove(&link).unwrap_or_default(),
    }))
}

fn event_of_link(mut row: Row) -> Result<(LinkId, StoredEvent), StoreError> {
    let link = row.id(LinkId::from_slice)?;
    let event = StoredEvent {
        at: row.time()?,
        kind: row.parsed("an unknown kind of audit event", EventKind::from_name)?,
        reason: row.text()?,
        proofs: row.parsed("proofs of an audit event", from_json)?,
    };
    Ok((link, event))
}

fn identity(mut row: Row) -> Result<Stored, StoreError> {
    Ok(Stored::Identity {
        namespace: row.text()?,
        subject: row.bytes()?,
        holder: row.opt_id(UserId::from_slice)?,
        link: row.opt_id(LinkId::from_slice)?,
        state: row.opt_parsed("the state of a link", link_state)?,
    })
}

fn address(mut row: Row) -> Result<Stored, StoreError> {
    Ok(Stored::Address {
        address: row.text()?,
        user: row.id(UserId::from_slice)?,
        status: row.opt_parsed("the status of a user", status)?,
    })
}

fn subject(mut row: Row) -> Result<Stored, StoreError> {
    Ok(Stored::Subject {
        sector: row.text()?,
        sub: row.text()?,
        user: row.id(UserId::from_slice)?,
        status: row.opt_parsed("the status of a user", status)?,
    })
}

fn session(mut row: Row) -> Result<Stored, StoreError> {
    row.digest()?;
    let session = row.id(SessionId::from_slice)?;
    let user = row.id(UserId::from_slice)?;
    let session_level = level(row.int()?)?;
    let method = row.parsed("the method of a session", from_json)?;
    let link = row.opt_id(LinkId::from_slice)?;
    let epoch = row.int()?;
    let user_status = row.opt_parsed("the status of a user", status)?;
    let required_level = row.opt_int()?.map(level).transpose()?;
    let state = row.opt_parsed("the state of a link", link_state)?;
    let (namespace, present) = (row.opt_text()?, row.opt_text()?);
    Ok(Stored::Session(StoredSession {
        session,
        user,
        level: session_level,
        method,
        link,
        status: user_status,
        required_level,
        link_state: state,
        current_epoch: namespace == present,
        dead: row.int()? != epoch,
    }))
}

/// The rows again, and the look-ups of what they name.
fn named_by_grants(rows: Rows) -> (Rows, Vec<Query>) {
    let (mut links, mut users) = (Vec::new(), Vec::new());
    let mut kept = Vec::with_capacity(rows.len());
    for row in rows {
        let values = row.values();
        if let Some(Value::Text(what)) = values.get(2) {
            match from_json(what) {
                Some(Undoable::Link { link, .. } | Undoable::Unlink { link, .. }) => links.push(link),
                Some(Undoable::Merge { absorbed, links: moved, .. }) => {
                    users.push(absorbed);
                    links.extend(moved);
                }
                None => {}
            }
        }
        kept.push(Row::new(values));
    }
    let four = |sql, ids: Vec<&[u8]>| -> Vec<Query> {
        let of_four = |ids: &[&[u8]]| Query { sql, values: crate::facts::four(ids, |id| (*id).into()) };
        ids.chunks(4).map(of_four).collect()
    };
    let mut queries = four(&sql::DOCTOR_FOUR_LINKS, links.iter().map(|link| link.as_bytes().as_slice()).collect());
    queries.extend(four(&sql::DOCTOR_FOUR_USERS, users.iter().map(|user| user.as_bytes().as_slice()).collect()));
    (kept, queries)
}

fn grant(mut row: Row, known: &BTreeSet<Vec<u8>>) -> Result<Stored, StoreError> {
    let event = row.id(EventId::from_slice)?;
    let user = row.id(UserId::from_slice)?;
    let what: Undoable = row.parsed("what can be undone", from_json)?;
    let there = |id: &[u8]| known.contains(id);
    let missing = match &what {
        Undoable::Link { link, .. } | Undoable::Unlink { link, .. } => !there(link.as_bytes()),
        Undoable::Merge { absorbed, links, .. } => {
            !there(absorbed.as_bytes()) || !links.iter().all(|link| there(link.as_bytes()))
        }
    };
    let status = row.opt_parsed("the status of a user", status)?;
    Ok(Stored::Grant { event, user, status, logged: row.int()? > 0, what, missing })
}

#[cfg(test)]
mod tests {
    use super::{Cursor, Part};

    #[test]
    fn a_place_is_read_as_it_was_written() {
        for text in ["users", "users:00ff", "links:01:", "audit:0a:0000000000000007", "addresses:6140622e63"] {
            let cursor: Cursor = text.parse().unwrap();
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        for part in Part::ALL {
            assert_eq!(part.name().parse(), Ok(Cursor::start(part)));
            assert_eq!(Cursor::start(part).to_string().parse(), Ok(Cursor::start(part)));
        }
        for text in ["", "nothing", "users:0", "users:zz", "users:00:00", "audit:00:00", "addresses:ff", "links:00"] {
            assert!(text.parse::<Cursor>().is_err(), "{text}");
        }
    }
}
