//! What an operator does: one list of operations, run by the server when one is running (through its local socket) and by
//! the command line itself when none is. They decide by the same functions as everything else.

mod clients;
mod doctor;
mod explain;
mod json;
mod organisations;

pub use self::doctor::doctor_page;
use self::explain::SaidUpstream;
use self::json::{connection_json, session_json};
pub use self::organisations::OrganisationOperation;
use crate::domains::Domains;
use crate::server::Surroundings;
use crate::signing::{KeySummary, Keys};
use crate::wiring::Ledger;
use flows::{ApplyError, Journeys};
use linking::{
    ChangeOutcome, Context, Declaration, EndSessions, Stranded, UnlinkInput, UnlinkOutcome, decide_connection_change,
    decide_declaration, decide_end_session, decide_unlink, decide_user_status, stranded_without, usable_methods,
};
use model::{
    Actor, Address, ConnectionId, ConnectionState, EventId, Facts, FactsQuery, LinkFacts, LinkId, Plan, SessionId,
    UpstreamSubject, UserFacts, UserId, UserStatus,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{AuditChain, AuditRow, Page, Store, StoreError, UserFilter};

/// Somebody's account, as an operator names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    Id(UserId),
    Address(Address),
}

impl std::str::FromStr for Who {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains('@') {
            text.parse().map(Self::Address).map_err(|error| format!("{error}"))
        } else {
            text.parse().map(Self::Id).map_err(|_| "give a user's id or one of their addresses".to_owned())
        }
    }
}

/// One operation.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "operation", deny_unknown_fields)]
pub enum Operation {
    UserList {
        address: Option<Address>,
        after: Option<UserId>,
        limit: u32,
    },
    UserShow {
        user: Who,
    },
    UserStatus {
        user: Who,
        to: UserStatus,
    },
    UserSessions {
        user: Who,
    },
    EndSessions {
        user: Who,
        session: Option<SessionId>,
    },
    LinkList {
        user: Who,
    },
    LinkRemove {
        user: Who,
        link: LinkId,
        force: bool,
    },
    LinkFind {
        issuer: String,
        subject: UpstreamSubject,
    },
    AuditShow {
        user: Option<Who>,
        limit: u32,
        before: Option<i64>,
    },
    AuditVerify {},
    ExplainEvent {
        event: EventId,
    },
    ExplainLink {
        link: LinkId,
    },
    /// Of an identity that comes or might come. Absent means what it means upstream: the address is not verified.
    ExplainSignIn {
        connection: ConnectionId,
        subject: UpstreamSubject,
        address: Option<Address>,
        verified: Option<bool>,
        code_entered: bool,
    },
    /// The next rows that must agree with others; `from` is a place an answer named.
    DoctorPage {
        from: Option<String>,
        limit: u32,
    },
    /// Those of the configuration, and a page of those that the store keeps.
    ClientList {
        after: Option<String>,
        limit: u32,
    },
    ClientShow {
        client: String,
    },
    /// Metadata under the names of the standards (OpenID Connect Registration §2).
    ClientCreate {
        id: Option<String>,
        metadata: Map<String, Value>,
    },
    /// What is named is changed, what is null is taken away (RFC 7396), the rest stays.
    ClientUpdate {
        client: String,
        metadata: Map<String, Value>,
    },
    ClientRotateSecret {
        client: String,
        at_once: bool,
    },
    ClientRemove {
        client: String,
    },
    ClientTokenList {},
    ClientTokenCreate {
        uses: i64,
        hours: i64,
        client_credentials: bool,
    },
    ClientTokenRevoke {
        token: String,
    },
    /// Signing keys, those that sign next included.
    KeysList {},
    KeysRotate {},
    Organisation(OrganisationOperation),
    ConnectionList {},
    ConnectionEnable {
        connection: ConnectionId,
    },
    ConnectionDisable {
        connection: ConnectionId,
        force: bool,
    },
}

/// Why an operation did nothing: a stable code and a sentence that says what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    pub code: String,
    pub message: String,
}

impl Refusal {
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }

    fn not_found() -> Self {
        Self::new("user_not_found", "no user has this id or address; `selfsame user list` shows who is there")
    }

    fn busy() -> Self {
        Self::new("busy", "the user changed again and again meanwhile; try once more")
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::new("database_unavailable", error.to_string())
    }
}

fn keys_json(keys: Result<Vec<KeySummary>, flows::Unavailable>) -> Answer {
    let keys = keys.map_err(|error| Refusal::new("database_unavailable", error.to_string()))?;
    let key = |key: KeySummary| {
        json!({
            "kid": key.kid,
            "algorithm": key.algorithm,
            "state": key.state,
            "signs_from": key.signs_from.to_string(),
        })
    };
    Ok(keys.into_iter().map(key).collect())
}

pub(crate) type Answer = Result<Value, Refusal>;

/// Runs operations.
#[derive(Clone)]
pub struct Admin {
    ledger: Ledger,
    journeys: Arc<Journeys>,
    surroundings: Surroundings,
    /// Connections, as people know them.
    names: Arc<BTreeMap<String, String>>,
    signing: Arc<Keys>,
    domains: Domains,
}

/// What one try of a change decided.
enum Try {
    Apply(Plan, Value),
    Answer(Answer),
}

impl Admin {
    /// `names` gives the name people know a connection by.
    pub fn new(
        ledger: Ledger,
        journeys: Arc<Journeys>,
        surroundings: Surroundings,
        names: BTreeMap<String, String>,
        signing: Arc<Keys>,
        domains: Domains,
    ) -> Self {
        Self { ledger, journeys, surroundings, names: Arc::new(names), signing, domains }
    }

    fn store(&self) -> &Store {
        &self.ledger.store
    }

    /// Runs one operation for the operator `name`.
    pub async fn run(&self, operation: Operation, name: &str) -> Answer {
        let actor = Actor::Operator { name: name.to_owned() };
        match operation {
            Operation::UserList { address, after, limit } => self.user_list(address, after, limit).await,
            Operation::UserShow { user } => self.user_show(&user).await,
            Operation::UserStatus { user, to } => self.user_status(&user, to, &actor).await,
            Operation::UserSessions { user } => {
                let (_, id) = self.find(&user).await?;
                let sessions = self.store().sessions_of(id).await?;
                Ok(sessions.iter().map(session_json).collect())
            }
            Operation::EndSessions { user, session } => self.end_sessions(&user, session, &actor).await,
            Operation::LinkList { user } => {
                let (facts, id) = self.find(&user).await?;
                let user = facts.user(id).ok_or_else(Refusal::not_found)?;
                Ok(user.links.iter().map(|link| self.link_json(&facts, link)).collect())
            }
            Operation::LinkRemove { user, link, force } => self.link_remove(&user, link, force, &actor).await,
            Operation::LinkFind { issuer, subject } => self.link_find(&issuer, &subject).await,
            Operation::AuditShow { user, limit, before } => self.audit_show(user.as_ref(), limit, before).await,
            Operation::AuditVerify {} => self.audit_verify().await,
            Operation::ExplainEvent { event } => self.explain_event(event).await,
            Operation::ExplainLink { link } => self.explain_link(link).await,
            Operation::ExplainSignIn { connection, subject, address, verified, code_entered } => {
                let said = SaidUpstream {
                    connection: &connection,
                    subject: &subject,
                    address: address.as_ref(),
                    verified: verified.unwrap_or(false),
                    code_entered,
                };
                self.explain_sign_in(said).await
            }
            Operation::DoctorPage { from, limit } => {
                doctor_page(self.store(), self.journeys.policy(), from.as_deref(), limit).await
            }
            Operation::ClientList { after, limit } => self.client_list(after.as_deref(), limit).await,
            Operation::ClientShow { client } => self.client_show(&client).await,
            Operation::ClientCreate { id, metadata } => self.client_create(id, &metadata, &actor).await,
            Operation::ClientUpdate { client, metadata } => self.client_update(&client, &metadata, &actor).await,
            Operation::ClientRotateSecret { client, at_once } => self.client_rotate(&client, at_once, &actor).await,
            Operation::ClientRemove { client } => self.client_remove(&client, &actor).await,
            Operation::ClientTokenList {} => self.client_tokens().await,
            Operation::ClientTokenCreate { uses, hours, client_credentials } => {
                self.client_token_create(uses, hours, client_credentials, &actor).await
            }
            Operation::ClientTokenRevoke { token } => self.client_token_revoke(&token, &actor).await,
            Operation::KeysList {} => keys_json(self.signing.list().await),
            Operation::KeysRotate {} => keys_json(self.signing.rotate().await),
            Operation::Organisation(about) => self.organisation(&about, &actor).await,
            Operation::ConnectionList {} => {
                let facts = self.store().facts(&FactsQuery::default()).await?;
                Ok(facts.connections.iter().map(connection_json).collect())
            }
            Operation::ConnectionEnable { connection } => {
                self.connection_change(&connection, true, false, &actor).await
            }
            Operation::ConnectionDisable { connection, force } => {
                self.connection_change(&connection, false, force, &actor).await
            }
        }
    }

    /// The connections of the configuration, against what is known of them.
    pub async fn declare(&self, declared: &[ConnectionState]) -> Result<(), Refusal> {
        for connection in declared {
            self.declare_one(connection).await?;
        }
        Ok(())
    }

    async fn declare_one(&self, connection: &ConnectionState) -> Result<(), Refusal> {
        let actor = Actor::System;
        for _ in 0..3 {
            let facts = self.store().facts_background(&FactsQuery::default()).await?;
            let head = self.store().chain_head(AuditChain::Store).await?;
            let context = self.context(&actor);
            let decision = decide_declaration(&context, &facts, connection, head);
            match decision.outcome {
                Declaration::Known => return Ok(()),
                Declaration::Changed { what, was, is } => {
                    let message = format!(
                        "connection `{}`: {what} changed from `{was}` to `{is}`. Links made under the old one would mean \
                         other people. Put the old value back, or declare the new provider as a connection of its own.",
                        connection.id
                    );
                    return Err(Refusal::new("connection_changed", message));
                }
                Declaration::New => {
                    if self.apply(decision.plan, &facts).await? {
                        return Ok(());
                    }
                }
            }
        }
        Err(Refusal::busy())
    }

    fn context<'a>(&'a self, actor: &'a Actor) -> Context<'a> {
        Context {
            now: self.surroundings.clock.now(),
            random: &*self.surroundings.random,
            policy: self.journeys.policy(),
            actor,
            flow: None,
            device: "",
        }
    }

    /// `true` when it committed, `false` on a conflict.
    async fn apply(&self, plan: Plan, facts: &Facts) -> Result<bool, Refusal> {
        let sealed = self.journeys.sealed(plan, facts, None, "en").map_err(|_| {
            Refusal::new("key_missing", "a root key that sealed this user's data is not in the key ring")
        })?;
        match flows::Store::apply(&self.ledger, sealed).await {
            Ok(()) => Ok(true),
            Err(ApplyError::Conflict(_)) => Ok(false),
            Err(ApplyError::Unavailable(error)) => Err(Refusal::new("database_unavailable", error.to_string())),
        }
    }

    fn query(user: &Who) -> FactsQuery {
        match user {
            Who::Id(id) => FactsQuery { users: vec![*id], ..FactsQuery::default() },
            Who::Address(address) => FactsQuery { address: Some(address.clone()), ..FactsQuery::default() },
        }
    }

    async fn find(&self, user: &Who) -> Result<(Facts, UserId), Refusal> {
        let facts = self.store().facts(&Self::query(user)).await?;
        let id = match user {
            Who::Id(id) => Some(*id),
            Who::Address(_) => facts.address_owner,
        };
        let id = id.filter(|id| facts.user(*id).is_some()).ok_or_else(Refusal::not_found)?;
        Ok((facts, id))
    }

    /// Read, decide, apply; again on conflict.
    async fn change(&self, user: &Who, decide: impl Fn(&Facts, UserId) -> Try) -> Answer {
        for _ in 0..3 {
            let (facts, id) = self.find(user).await?;
            match decide(&facts, id) {
                Try::Answer(answer) => return answer,
                Try::Apply(plan, answer) => {
                    if self.apply(plan, &facts).await? {
                        return Ok(answer);
                    }
                }
            }
        }
        Err(Refusal::busy())
    }

    async fn user_list(&self, address: Option<Address>, after: Option<UserId>, limit: u32) -> Answer {
        let users = self.store().users(&UserFilter { address, after, limit }).await?;
        let line = |user: &store::UserSummary| {
            json!({
                "id": user.id, "name": user.name, "status": user.status, "address": user.address,
                "protected": user.protected, "password": user.has_password, "links": user.active_links,
                "addresses": user.proven_addresses, "sessions": user.sessions,
                "created_at": user.created_at, "last_sign_in": user.last_sign_in,
            })
        };
        Ok(users.iter().map(line).collect())
    }

    async fn user_show(&self, user: &Who) -> Answer {
        let (facts, id) = self.find(user).await?;
        let user = facts.user(id).ok_or_else(Refusal::not_found)?;
        let sessions = self.store().sessions_of(id).await?;
        let methods = usable_methods(user, &facts.connections, self.journeys.policy());
        Ok(json!({
            "id": user.id, "version": user.version, "name": user.name, "status": user.status,
            "protected": user.protected, "required_level": user.required_level, "created_at": user.created_at,
            "addresses": user.addresses.iter().map(|known| json!({
                "address": known.address, "proof": known.proof, "proven_at": known.proven_at,
            })).collect::<Vec<_>>(),
            "password_set_at": user.password.as_ref().map(|password| password.set_at),
            "usable_methods": methods,
            "second_factor": user.totp.as_ref().map(|totp| json!({
                "added_at": totp.added_at, "recovery_codes_left": totp.codes.len(),
            })),
            "links": user.links.iter().map(|link| self.link_json(&facts, link)).collect::<Vec<_>>(),
            "sessions": sessions.len(),
        }))
    }

    fn link_json(&self, facts: &Facts, link: &LinkFacts) -> Value {
        let unusable = linking::why_unusable(link, &facts.connections, self.journeys.policy());
        json!({
            "id": link.id, "connection": link.connection, "subject": link.identity.subject,
            "namespace": link.identity.namespace, "state": link.state, "linked_at": link.linked_at,
            "last_used_at": link.last_used_at, "removed_at": link.removed_at, "address": link.address,
            "name": link.display.name, "usable": unusable.is_none(),
        })
    }

    async fn user_status(&self, user: &Who, to: UserStatus, actor: &Actor) -> Answer {
        self.change(user, |facts, id| {
            let decision = decide_user_status(&self.context(actor), facts, id, to);
            if decision.plan.is_empty() {
                let message = match to {
                    UserStatus::Active => "this user is active already, or deleted for good",
                    UserStatus::Deleted => "this user is deleted already",
                    UserStatus::Disabled | UserStatus::Held | UserStatus::Absorbed => {
                        "this user may not sign in already"
                    }
                };
                return Try::Answer(Err(Refusal::new(decision.reason.code(), message)));
            }
            Try::Apply(decision.plan, json!({ "id": id, "status": to }))
        })
        .await
    }

    async fn end_sessions(&self, user: &Who, session: Option<SessionId>, actor: &Actor) -> Answer {
        let which = session.map_or(EndSessions::All, EndSessions::One);
        self.change(user, |facts, id| {
            let decision = decide_end_session(&self.context(actor), facts, id, which);
            Try::Apply(decision.plan, json!({ "id": id, "ended": session.map_or(json!("all"), |id| json!(id)) }))
        })
        .await
    }

    async fn link_remove(&self, user: &Who, link: LinkId, force: bool, actor: &Actor) -> Answer {
        self.change(user, |facts, id| {
            let input = UnlinkInput { facts, user: id, link, session: None, force };
            let decision = decide_unlink(&self.context(actor), &input);
            match decision.outcome {
                UnlinkOutcome::Removed { connection, .. } => {
                    Try::Apply(decision.plan, json!({ "user": id, "link": link, "connection": connection }))
                }
                UnlinkOutcome::LastMethod => Try::Answer(Err(Refusal::new(
                    "last_method",
                    "this is the user's last usable method; add another first, or repeat with --force",
                ))),
                _ => Try::Answer(Err(Refusal::new(decision.reason.code(), "this user has no such link"))),
            }
        })
        .await
    }

    async fn link_find(&self, issuer: &str, subject: &UpstreamSubject) -> Answer {
        let found = self.store().find_identity(issuer, subject).await?;
        let line = |found: &store::FoundLink| {
            json!({
                "user": found.user, "user_name": found.user_name, "user_status": found.user_status,
                "link": found.link.id, "connection": found.link.connection, "state": found.link.state,
                "linked_at": found.link.linked_at, "last_used_at": found.link.last_used_at,
                "removed_at": found.link.removed_at,
            })
        };
        Ok(found.iter().map(line).collect())
    }

    async fn audit_show(&self, user: Option<&Who>, limit: u32, before: Option<i64>) -> Answer {
        let Some(user) = user else {
            let rows = self.store().audit(AuditChain::Store, limit, before).await?;
            return Ok(rows.iter().map(|row| self.event_json(row, None)).collect());
        };
        let (facts, id) = self.find(user).await?;
        let rows = self.store().audit(AuditChain::User(id), limit, before).await?;
        Ok(rows.iter().map(|row| self.event_json(row, facts.user(id))).collect())
    }

    fn event_json(&self, row: &AuditRow, user: Option<&UserFacts>) -> Value {
        let personal = user
            .filter(|_| !row.personal.is_empty())
            .and_then(|user| self.journeys.open_personal(user.id, &user.sealed_key, row.id, &row.personal));
        json!({
            "seq": row.seq, "id": row.id, "at": row.at, "kind": row.kind, "actor": row.actor, "reason": row.reason,
            "policy_version": row.policy_version, "link": row.link, "connection": row.connection,
            "session": row.session, "proofs": row.proofs, "personal": personal,
        })
    }

    async fn audit_verify(&self) -> Answer {
        let report = self.store().audit_verify(&mut |_| {}).await?;
        let faults: Vec<String> =
            report.faults.iter().map(|fault| format!("{:?} at {:?} {}", fault.kind, fault.chain, fault.seq)).collect();
        Ok(json!({
            "clean": report.is_clean(), "chains": report.chains, "events": report.events, "faults": faults,
        }))
    }

    async fn connection_change(&self, connection: &ConnectionId, enabled: bool, force: bool, actor: &Actor) -> Answer {
        for _ in 0..3 {
            let facts = self.store().facts(&FactsQuery::default()).await?;
            let head = self.store().chain_head(AuditChain::Store).await?;
            let Some((stranded, fingerprint)) = self.stranded(connection, &facts.connections).await? else {
                continue;
            };
            let decision = decide_connection_change(
                &self.context(actor),
                &facts,
                connection,
                enabled,
                stranded,
                fingerprint,
                force,
                head,
            );
            match decision.outcome {
                ChangeOutcome::Changed => {
                    if self.apply(decision.plan, &facts).await? {
                        return Ok(json!({ "connection": connection, "enabled": enabled }));
                    }
                }
                ChangeOutcome::Nothing => {
                    return Ok(json!({ "connection": connection, "enabled": enabled, "changed": false }));
                }
                ChangeOutcome::NotFound => {
                    let message = "no such connection; `selfsame connection list` shows them";
                    return Err(Refusal::new(decision.reason.code(), message));
                }
                ChangeOutcome::WouldStrand(Stranded { users }) => {
                    let message = format!(
                        "{} users would lose their last usable method; help them to another first, or repeat with --force",
                        users.len()
                    );
                    return Err(Refusal::new(decision.reason.code(), message));
                }
            }
        }
        Err(Refusal::busy())
    }

    /// Who would lose their last method, over the whole cohort; `None` when it changed while it was read.
    async fn stranded(
        &self,
        connection: &ConnectionId,
        connections: &[ConnectionState],
    ) -> Result<Option<(Stranded, i64)>, Refusal> {
        let mut users = Vec::new();
        let mut page = Page::default();
        let mut fingerprint = None;
        loop {
            let cohort = self.store().cohort(connection, page).await?;
            if *fingerprint.get_or_insert(cohort.fingerprint) != cohort.fingerprint {
                return Ok(None);
            }
            users.extend(stranded_without(cohort.users.iter(), connection, connections, self.journeys.policy()));
            match cohort.next {
                Some(next) => page.after = Some(next),
                None => return Ok(Some((Stranded { users }, cohort.fingerprint))),
            }
        }
    }
}
