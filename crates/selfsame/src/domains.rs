//! Domains of organisations: looked up in the name system, kept in the store, and known to every request.
//!
//! A domain shows whose it is by the text at [`CHALLENGE`] below it, which only our key ring can tell. It counts while the
//! last such look is no older than [`GRACE`]: an outage of its name servers costs nobody their way in, and a domain that
//! went to somebody else is theirs no longer than that.

use crate::config::Config;
use flows::KeyRing;
use model::{Clock, DAY, HOUR, Micros, OrganisationId};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use store::{KnownDomain, Store, StoreError};
use upstream::TxtResolver;

/// Put before the domain.
pub const CHALLENGE: &str = "_selfsame-challenge";
/// How long what was seen counts without being seen again.
pub const GRACE: Micros = DAY.times(3);
/// How often a domain is looked at.
const EVERY: Micros = HOUR;
/// How often it is asked what is due, and what other replicas have seen.
const TICK: Duration = Duration::from_mins(1);

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// All domains that the configuration names.
#[derive(Clone)]
pub struct Domains {
    inner: Arc<Inner>,
}

struct Inner {
    /// Domain → whose the configuration says it is.
    declared: BTreeMap<String, OrganisationId>,
    store: Store,
    keys: Arc<KeyRing>,
    names: Arc<dyn TxtResolver>,
    clock: Arc<dyn Clock>,
    known: RwLock<BTreeMap<String, KnownDomain>>,
}

/// One domain, as operators see it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct DomainLine {
    pub organisation: OrganisationId,
    pub domain: String,
    /// Name and text of the record that shows it.
    pub record: String,
    pub token: String,
    pub proven: bool,
    pub seen_at: Option<Micros>,
    pub checked_at: Option<Micros>,
    pub problem: String,
}

impl Domains {
    pub fn new(
        config: &Config,
        store: Store,
        keys: Arc<KeyRing>,
        names: Arc<dyn TxtResolver>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let of = |one: &crate::config::Organisation| {
            let id = one.id.clone();
            one.policy.domains.iter().map(move |domain| (domain.clone(), id.clone())).collect::<Vec<_>>()
        };
        let declared = config.organisations.iter().flat_map(of).collect();
        let known = RwLock::default();
        Self { inner: Arc::new(Inner { declared, store, keys, names, clock, known }) }
    }

    /// Reads what has been seen, by whichever replica.
    pub async fn load(&self) -> Result<(), StoreError> {
        let rows = self.inner.store.domains().await?;
        let known = rows.into_iter().map(|row| (row.domain.clone(), row)).collect();
        *self.inner.known.write().unwrap_or_else(PoisonError::into_inner) = known;
        Ok(())
    }

    fn row(&self, domain: &str) -> Option<KnownDomain> {
        self.inner.known.read().unwrap_or_else(PoisonError::into_inner).get(domain).cloned()
    }

    /// The text that shows whose a domain is.
    pub fn token(&self, domain: &str, organisation: &OrganisationId) -> String {
        self.tokens(domain, organisation).swap_remove(0)
    }

    /// By every root key, the present one first: what was published under an older one still shows it.
    fn tokens(&self, domain: &str, organisation: &OrganisationId) -> Vec<String> {
        let parts: [&[u8]; 2] = [organisation.as_str().as_bytes(), domain.as_bytes()];
        let tokens = self.inner.keys.macs("domain", &parts);
        tokens.into_iter().map(|mac| format!("selfsame-{}", hex(&mac[..16]))).collect()
    }

    /// Looks a domain up now, and keeps what was seen.
    async fn look(&self, domain: &str, organisation: &OrganisationId) -> Result<(), StoreError> {
        let tokens = self.tokens(domain, organisation);
        let result = match self.inner.names.txt(&format!("{CHALLENGE}.{domain}")).await {
            Ok(texts) if texts.iter().any(|text| tokens.contains(text)) => Ok(()),
            Ok(texts) if texts.is_empty() => Err("there is no such record".to_owned()),
            Ok(_) => Err("the record says something else".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        let before = self.proven_for(domain, self.inner.clock.now()).as_ref() == Some(organisation);
        match &result {
            Err(problem) => tracing::warn!(domain, %organisation, problem, "a domain does not show whose it is"),
            Ok(()) if !before => tracing::info!(domain, %organisation, "a domain shows whose it is"),
            Ok(()) => {}
        }
        let problem = result.as_ref().err().map(String::as_str);
        self.inner.store.looked_at_domain(domain, organisation, problem, self.inner.clock.now()).await
    }

    /// Looks up what was not looked at lately. The store and other replicas are asked first.
    pub async fn check_due(&self) -> Result<(), StoreError> {
        self.load().await?;
        let now = self.inner.clock.now();
        let is_due = |domain: &str, organisation: &OrganisationId| {
            self.row(domain).is_none_or(|row| row.organisation != *organisation || row.checked_at + EVERY <= now)
        };
        let due = self.inner.declared.iter().filter(|(domain, organisation)| is_due(domain, organisation));
        let mut looked = false;
        for (domain, organisation) in due {
            self.look(domain, organisation).await?;
            looked = true;
        }
        if looked { self.load().await } else { Ok(()) }
    }

    /// Looks up all domains of an organisation, or of all.
    pub async fn check(&self, organisation: Option<&OrganisationId>) -> Result<Vec<DomainLine>, StoreError> {
        for (domain, whose) in &self.inner.declared {
            if organisation.is_none_or(|one| one == whose) {
                self.look(domain, whose).await?;
            }
        }
        self.load().await?;
        Ok(self.lines(organisation))
    }

    pub fn lines(&self, organisation: Option<&OrganisationId>) -> Vec<DomainLine> {
        let now = self.inner.clock.now();
        let line = |(domain, whose): (&String, &OrganisationId)| {
            let row = self.row(domain).filter(|row| row.organisation == *whose);
            DomainLine {
                organisation: whose.clone(),
                domain: domain.clone(),
                record: format!("{CHALLENGE}.{domain}"),
                token: self.token(domain, whose),
                proven: self.proven_for(domain, now).is_some(),
                seen_at: row.as_ref().and_then(|row| row.seen_at),
                checked_at: row.as_ref().map(|row| row.checked_at),
                problem: row.map(|row| row.problem).unwrap_or_default(),
            }
        };
        self.inner.declared.iter().filter(|(_, whose)| organisation.is_none_or(|one| one == *whose)).map(line).collect()
    }

    fn proven_for(&self, domain: &str, now: Micros) -> Option<OrganisationId> {
        let declared = self.inner.declared.get(domain)?;
        let row = self.row(domain)?;
        let lately = row.seen_at.is_some_and(|at| at + GRACE > now);
        (lately && row.organisation == *declared).then_some(row.organisation)
    }

    /// Runs for as long as the server does.
    pub async fn run(self) {
        loop {
            if let Err(error) = self.check_due().await {
                tracing::warn!(%error, "domains were not looked up");
            }
            tokio::time::sleep(TICK).await;
        }
    }
}

impl flows::Domains for Domains {
    fn proven(&self, domain: &str, now: Micros) -> Option<OrganisationId> {
        self.proven_for(domain, now)
    }
}
