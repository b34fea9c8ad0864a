//! The session check, and what administration reads: each one read, however many rows.

use crate::codec::{connection, from_json, level, status};
use crate::facts::{CohortScript, address, link, session};
use crate::rows::{Cohort, FoundLink, LinkRecord, Page, SessionRow, UserFilter, UserSummary};
use crate::statements::read;
use crate::value::Row;
use crate::{For, Store, StoreError};
use model::{ConnectionId, LinkId, SessionFacts, UpstreamSubject, UserId};

impl Store {
    /// The session with the SHA-256 of its secret, and what the check compares it with: one indexed read.
    pub async fn session(&self, hash: &[u8; 32]) -> Result<Option<SessionRow>, StoreError> {
        let rows = self.rows(For::Request, &read::CHECK_SESSION, vec![hash.into()]).await?;
        rows.into_iter().next().map(session_row).transpose()
    }

    /// A list of users by id, with counts.
    pub async fn users(&self, filter: &UserFilter) -> Result<Vec<UserSummary>, StoreError> {
        let after = filter.after.as_ref().map_or(Vec::new(), |user| user.as_bytes().to_vec()).into();
        let limit = i64::from(filter.limit).into();
        let rows = match &filter.address {
            None => self.rows(For::Request, &read::USERS, vec![after, limit]).await?,
            Some(address) => {
                self.rows(For::Request, &read::USERS_BY_ADDRESS, vec![after, address.into(), limit]).await?
            }
        };
        rows.into_iter().map(summary).collect()
    }

    /// All sessions of a user, newest first, expired ones that were not swept included.
    pub async fn sessions_of(&self, user: UserId) -> Result<Vec<SessionFacts>, StoreError> {
        let rows = self.rows(For::Request, &read::SESSIONS_OF, vec![user.as_bytes().into()]).await?;
        rows.into_iter().map(|mut row| session(&mut row)).collect()
    }

    /// Who links, or linked, the subject of an issuer, in any namespace that a connection has with it.
    pub async fn find_identity(&self, issuer: &str, subject: &UpstreamSubject) -> Result<Vec<FoundLink>, StoreError> {
        let values = vec![issuer.into(), subject.as_bytes().into()];
        let rows = self.rows(For::Request, &read::FIND_IDENTITY, values).await?;
        rows.into_iter().map(found).collect()
    }

    /// The link with this id, whoever has it.
    pub async fn link(&self, id: LinkId) -> Result<Option<LinkRecord>, StoreError> {
        let rows = self.rows(For::Request, &read::LINK_BY_ID, vec![id.as_bytes().into()]).await?;
        rows.into_iter().next().map(record).transpose()
    }

    /// Users with an active link through a connection. See [`Cohort::fingerprint`] for walks over pages.
    pub async fn cohort(&self, connection: &ConnectionId, page: Page) -> Result<Cohort, StoreError> {
        self.read(For::Request, CohortScript::new(connection, page)).await
    }
}

fn session_row(mut row: Row) -> Result<SessionRow, StoreError> {
    Ok(SessionRow {
        session: session(&mut row)?,
        user_status: row.parsed("the status of a user", status)?,
        user_version: row.int()?,
        required_level: level(row.int()?)?,
        store_epoch: row.int()?,
        name: row.text()?,
        address: row.opt_parsed("an address", address)?,
        sub: row.opt_text()?,
    })
}

fn summary(mut row: Row) -> Result<UserSummary, StoreError> {
    Ok(UserSummary {
        id: row.id(UserId::from_slice)?,
        version: row.int()?,
        status: row.parsed("the status of a user", status)?,
        protected: row.int()? != 0,
        required_level: level(row.int()?)?,
        name: row.text()?,
        created_at: row.time()?,
        address: row.opt_parsed("an address", address)?,
        proven_addresses: row.int()?,
        has_password: row.int()? > 0,
        active_links: row.int()?,
        sessions: row.int()?,
        last_sign_in: row.opt_time()?,
    })
}

fn record(mut row: Row) -> Result<LinkRecord, StoreError> {
    let reason = row.text()?;
    let proofs = row.parsed("proofs of a link", from_json)?;
    let policy_version = row.text()?;
    let (user, link) = link(&mut row)?;
    Ok(LinkRecord { user, link, reason, proofs, policy_version })
}

fn found(mut row: Row) -> Result<FoundLink, StoreError> {
    let found_through = row.parsed("a connection's name", connection)?;
    let user_name = row.text()?;
    let user_status = row.parsed("the status of a user", status)?;
    let (user, link) = link(&mut row)?;
    Ok(FoundLink { found_through, user, user_name, user_status, link })
}
