//! The outbox as its sender sees it, and the removal of what nobody can present any more.

use crate::statements::{read, write};
use crate::value::{Bound, Expect, Value};
use crate::{For, REMOVED_CLIENT_KEPT, Sql, Store, StoreError};
use model::{Conflict, DAY, MINUTE, MailId, Micros};

/// How long the row of a sent mail stays; its content goes at once.
pub const SENT_MAIL_KEPT: Micros = DAY.times(7);
/// How long a grant of undo stays after it has expired: a late click is told so.
pub const GRANT_KEPT: Micros = DAY.times(30);
/// How long a device's request stays after nobody can answer it: the device still hears what became of it.
pub const DEVICE_KEPT: Micros = MINUTE.times(10);
/// How long it stays known that a client could not be told of a logout.
pub const LOGOUT_KEPT: Micros = DAY.times(7);
/// How long a failure counter stays after its last failure.
pub const THROTTLE_KEPT: Micros = DAY;

const BATCH: i64 = 500;
/// Batches of one table in one sweep; the rest waits for the next.
const BATCHES: u32 = 20;

/// A mail that waits to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct DueMail {
    pub id: MailId,
    /// Sealed by who made the plan.
    pub sealed: Vec<u8>,
    pub created_at: Micros,
    /// How often it was tried.
    pub attempts: i64,
}

impl Store {
    /// Unsent mails that are due, the longest due first.
    pub async fn due_mail(&self, now: Micros, limit: u32) -> Result<Vec<DueMail>, StoreError> {
        let values = vec![now.into(), i64::from(limit).into()];
        let rows = self.rows(For::Background, &read::DUE_MAIL, values).await?;
        let decode = |mut row: crate::value::Row| {
            Ok(DueMail {
                id: row.id(MailId::from_slice)?,
                sealed: row.bytes()?,
                created_at: row.time()?,
                attempts: row.int()?,
            })
        };
        rows.into_iter().map(decode).collect()
    }

    /// The mail was handed over: its content is erased. Repeating it is harmless.
    pub async fn mail_sent(&self, id: MailId, at: Micros) -> Result<(), StoreError> {
        let values = vec![at.into(), Vec::new().into(), id.as_bytes().into()];
        self.write(For::Background, vec![any(&write::MAIL_SENT, values)]).await.map(drop)
    }

    /// Counts the attempt up to `attempts` and puts the mail off until `next_at`. `false` when another sender counted
    /// first, so calling it *before* sending makes it a lease.
    pub async fn mail_claim(&self, id: MailId, attempts: i64, next_at: Micros) -> Result<bool, StoreError> {
        let values = vec![attempts.into(), next_at.into(), id.as_bytes().into(), attempts.saturating_sub(1).into()];
        let expect = Expect::One(Conflict::Stale);
        match self.write(For::Background, vec![Bound { sql: &write::MAIL_CLAIM, values, expect }]).await {
            Ok(_) => Ok(true),
            Err(StoreError::Conflict(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Puts a mail off until `next_at` after its claimed attempt failed.
    pub async fn mail_put_off(&self, id: MailId, attempts: i64, next_at: Micros) -> Result<(), StoreError> {
        let values = vec![next_at.into(), id.as_bytes().into(), attempts.into()];
        self.write(For::Background, vec![any(&write::MAIL_PUT_OFF, values)]).await.map(drop)
    }

    /// Deletes expired sessions, codes, tokens and requests of devices, spent flows, ids of removed clients, stale
    /// throttles, grants long expired and old sent mail; gives
    /// how many rows. Each batch is a transaction of its own.
    pub async fn sweep(&self, now: Micros) -> Result<u64, StoreError> {
        let mut swept = 0;
        for (sql, before) in [
            (&write::SWEEP_SESSIONS, vec![now]),
            (&write::SWEEP_SPENT_FLOWS, vec![now]),
            (&write::SWEEP_CODES, vec![now]),
            (&write::SWEEP_THROTTLES, vec![now - THROTTLE_KEPT, now]),
            (&write::SWEEP_AUTHORIZATIONS, vec![now]),
            (&write::SWEEP_LOGOUTS, vec![now - LOGOUT_KEPT]),
            (&write::SWEEP_DEVICES, vec![now - DEVICE_KEPT]),
            (&write::SWEEP_CLIENTS, vec![now - REMOVED_CLIENT_KEPT]),
            (&write::SWEEP_REGISTRATION_TOKENS, vec![now]),
            (&write::SWEEP_GRANTS, vec![now - GRANT_KEPT]),
            (&write::SWEEP_MAIL, vec![now - SENT_MAIL_KEPT]),
        ] {
            for _ in 0..BATCHES {
                let mut values: Vec<Value> = before.iter().map(|time| (*time).into()).collect();
                values.push(BATCH.into());
                let counts = self.write(For::Background, vec![any(sql, values)]).await?;
                let count = counts.first().copied().unwrap_or(0);
                swept += count;
                if count < BATCH.unsigned_abs() {
                    break;
                }
            }
        }
        Ok(swept)
    }
}

fn any(sql: &'static Sql, values: Vec<Value>) -> Bound {
    Bound { sql, values, expect: Expect::Any }
}
