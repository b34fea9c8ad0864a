//! Who is a member of an organisation, for operators.

use crate::statements::{read, write};
use crate::value::{Bound, Expect};
use crate::{For, Store, StoreError};
use model::{Change, Conflict, Micros, OrganisationId, UserId};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub user: UserId,
    pub since: Micros,
    pub name: String,
}

impl Store {
    /// Members by id, `limit` of them after `after`.
    pub async fn members(
        &self,
        organisation: &OrganisationId,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<Member>, StoreError> {
        let after = after.map_or([0; 16], |user| *user.as_bytes());
        let values = vec![organisation.into(), after.as_slice().into(), i64::from(limit).into()];
        let rows = self.rows(For::Background, &read::MEMBERS, values).await?;
        let member = |mut row: crate::value::Row| {
            Ok(Member { user: row.id(UserId::from_slice)?, since: row.time()?, name: row.text()? })
        };
        rows.into_iter().map(member).collect()
    }
}

/// The statement of a change to a membership.
pub(crate) fn membership(change: &Change) -> Option<Bound> {
    let (sql, values) = match change {
        Change::AddMember { organisation, user, at } => {
            (&write::ADD_MEMBER, vec![user.as_bytes().into(), organisation.into(), (*at).into()])
        }
        Change::RemoveMember { organisation, user } => {
            (&write::REMOVE_MEMBER, vec![user.as_bytes().into(), organisation.into()])
        }
        _ => return None,
    };
    Some(Bound { sql, values, expect: Expect::One(Conflict::Stale) })
}
