//! Clients that have to be told of a logout, as their teller sees them. Plans put them down.

use crate::statements::{read, write};
use crate::value::{Bound, Expect, Row, Value, corrupt};
use crate::{For, Sql, Store, StoreError};
use model::{Change, Conflict, DueLogout, Micros, Plan, SessionId};

/// How many clients of one id have not heard of a logout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UntoldLogouts {
    pub waiting: i64,
    /// It was tried long enough.
    pub given_up: i64,
}

/// Whether clients may have to be told of what a plan ends.
pub fn tells_clients(plan: &Plan) -> bool {
    plan.changes.iter().any(|change| change.ends_sessions() || matches!(change, Change::WithdrawConsent { .. }))
}

fn due(mut row: Row) -> Result<DueLogout, StoreError> {
    Ok(DueLogout {
        client: row.text()?,
        session: row.id(SessionId::from_slice)?,
        sub: row.text()?,
        attempts: row.int()?,
        signed_in_again: row.int()? > 0,
    })
}

impl Store {
    /// What is due, the longest due first.
    pub async fn due_logouts(&self, now: Micros, limit: u32) -> Result<Vec<DueLogout>, StoreError> {
        let values = vec![now.into(), i64::from(limit).into()];
        let rows = self.rows(For::Background, &read::DUE_LOGOUTS, values).await?;
        rows.into_iter().map(due).collect()
    }

    /// Counts an attempt and puts the next one off. `false` when somebody else counted first, or when the person
    /// has signed in to the client again; calling it *before* telling makes it a lease.
    pub async fn logout_claim(&self, logout: &DueLogout, next_at: Micros) -> Result<bool, StoreError> {
        let (client, session) = key(logout);
        let values = vec![next_at.into(), client, session, logout.attempts.into()];
        let expect = Expect::One(Conflict::Stale);
        match self.write(For::Background, vec![Bound { sql: &write::LOGOUT_CLAIM, values, expect }]).await {
            Ok(_) => Ok(true),
            Err(StoreError::Conflict(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The client was told by a claimed attempt.
    pub async fn logout_done(&self, logout: &DueLogout) -> Result<(), StoreError> {
        let (client, session) = key(logout);
        self.set(&write::LOGOUT_DONE, vec![client, session, (logout.attempts + 1).into()]).await
    }

    /// The person signed in to the client again: there is nothing to tell.
    pub async fn logout_dropped(&self, logout: &DueLogout) -> Result<(), StoreError> {
        let (client, session) = key(logout);
        self.set(&write::LOGOUT_DONE, vec![client, session, logout.attempts.into()]).await
    }

    /// After a claimed attempt that failed.
    pub async fn logout_put_off(&self, logout: &DueLogout, next_at: Micros) -> Result<(), StoreError> {
        let (client, session) = key(logout);
        self.set(&write::LOGOUT_PUT_OFF, vec![next_at.into(), client, session, (logout.attempts + 1).into()]).await
    }

    /// After the last attempt.
    pub async fn logout_give_up(&self, logout: &DueLogout, at: Micros) -> Result<(), StoreError> {
        let (client, session) = key(logout);
        self.set(&write::LOGOUT_GIVE_UP, vec![at.into(), client, session, (logout.attempts + 1).into()]).await
    }

    pub async fn untold_logouts(&self, client: &str) -> Result<UntoldLogouts, StoreError> {
        let rows = self.rows(For::Request, &read::LOGOUTS_OF_CLIENT, vec![client.into()]).await?;
        let mut row = rows.into_iter().next().ok_or_else(|| corrupt("a row is missing"))?;
        let (all, given_up) = (row.int()?, row.int()?);
        Ok(UntoldLogouts { waiting: all - given_up, given_up })
    }

    async fn set(&self, sql: &'static Sql, values: Vec<Value>) -> Result<(), StoreError> {
        self.write(For::Background, vec![Bound { sql, values, expect: Expect::Any }]).await.map(drop)
    }
}

fn key(logout: &DueLogout) -> (Value, Value) {
    (logout.client.as_str().into(), logout.session.as_bytes().into())
}
