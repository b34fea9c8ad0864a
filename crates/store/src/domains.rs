//! Domains of organisations, and when each was last seen to be theirs.

use crate::statements::{read, write};
use crate::value::{Bound, Expect};
use crate::{For, Store, StoreError};
use model::{Micros, OrganisationId};

/// What is known of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownDomain {
    pub domain: String,
    /// Whose it was when it was last looked at.
    pub organisation: OrganisationId,
    /// When it last showed that; never, where it has not.
    pub seen_at: Option<Micros>,
    pub checked_at: Micros,
    /// Why the last look showed nothing, in words; empty where it did.
    pub problem: String,
}

impl Store {
    /// All of them: as many as operators have written into configurations.
    pub async fn domains(&self) -> Result<Vec<KnownDomain>, StoreError> {
        let rows = self.rows(For::Background, &read::DOMAINS, Vec::new()).await?;
        let domain = |mut row: crate::value::Row| {
            Ok(KnownDomain {
                domain: row.text()?,
                organisation: row.parsed("name of an organisation", OrganisationId::parse)?,
                seen_at: row.opt_time()?,
                checked_at: row.time()?,
                problem: row.text()?,
            })
        };
        rows.into_iter().map(domain).collect()
    }

    /// The domain was looked at: it showed whose it is, or there was a `problem`. What it showed another organisation before
    /// is worth nothing to this one.
    pub async fn looked_at_domain(
        &self,
        domain: &str,
        organisation: &OrganisationId,
        problem: Option<&str>,
        at: Micros,
    ) -> Result<(), StoreError> {
        let (sql, values) = match problem {
            None => (&write::SAW_DOMAIN, vec![domain.into(), organisation.into(), at.into(), at.into(), "".into()]),
            Some(problem) => {
                (&write::MISSED_DOMAIN, vec![domain.into(), organisation.into(), at.into(), problem.into()])
            }
        };
        self.write(For::Background, vec![Bound { sql, values, expect: Expect::Any }]).await.map(drop)
    }
}
