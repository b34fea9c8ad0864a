//! Why: of an event, of a link, of a sign-in that was or might be. Whole sentences first, in the words a person of
//! support can use; then what counted, and the ids for reference.

mod words;

use super::{Admin, Answer, Refusal};
use linking::{Explanation, Reason, Supposed, explain_sign_in, row_words};
use model::{
    Address, AssertionParts, ConnectionId, ConnectionState, DisplayClaims, EventId, ExternalIdentity, Facts,
    FactsQuery, Level, LinkFacts, LinkId, LinkState, MailClaim, UpstreamSubject, UserFacts, UserId, UserStatus,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::{AuditChain, AuditRow};

/// More events than this of one link are not told.
const EVENTS: u32 = 200;

/// What the provider is supposed to say.
pub(super) struct SaidUpstream<'a> {
    pub connection: &'a ConnectionId,
    pub subject: &'a UpstreamSubject,
    pub address: Option<&'a Address>,
    pub verified: bool,
    /// The code that went to the address was entered.
    pub code_entered: bool,
}

fn explained(what: &'static str, said: &[String], explanation: Option<&Explanation>, reference: &Value) -> Value {
    let what_if = explanation.map(|told| {
        told.what_if
            .iter()
            .map(|other| {
                json!({
                    "if": other.supposing, "then": other.result.sentence, "outcome": other.result.outcome,
                    "reason": other.result.reason.code(), "row": other.result.row,
                })
            })
            .collect::<Vec<_>>()
    });
    let counted = explanation.map(|told| {
        told.facts.iter().map(|fact| json!({ "label": fact.label, "value": fact.value })).collect::<Vec<_>>()
    });
    json!({
        "explains": what, "said": said, "counted": counted.unwrap_or_default(),
        "what_if": what_if.unwrap_or_default(), "reference": reference,
    })
}

impl Admin {
    fn name_of(&self, connection: &ConnectionId) -> String {
        self.names.get(connection.as_str()).cloned().unwrap_or_else(|| format!("the connection `{connection}`"))
    }

    fn explanation(&self, facts: Facts, parts: AssertionParts, mailbox: Option<Address>) -> Explanation {
        let case = Supposed {
            facts,
            policy: self.journeys.policy().clone(),
            parts,
            mailbox,
            proof: None,
            factor: None,
            switch_confirmed: false,
            separate_confirmed: false,
        };
        let (now, random) = (self.surroundings.clock.now(), &*self.surroundings.random);
        explain_sign_in(now, random, &case, &|connection| self.name_of(connection))
    }

    fn parts(&self, state: &ConnectionState, identity: ExternalIdentity, mail: Option<MailClaim>) -> AssertionParts {
        AssertionParts {
            connection: state.id.clone(),
            epoch: state.epoch,
            identity,
            mail,
            display: DisplayClaims::default(),
            authenticated_at: None,
            verified_at: self.surroundings.clock.now(),
            level: Level::One,
        }
    }

    pub(super) async fn explain_sign_in(&self, said: SaidUpstream<'_>) -> Answer {
        let known = self.store().facts(&FactsQuery::default()).await?;
        let state = known.connection(said.connection).cloned().ok_or_else(|| {
            Refusal::new(
                Reason::UnknownConnection.code(),
                format!("there is no connection `{}`; `selfsame connection list` shows them", said.connection),
            )
        })?;
        let identity = ExternalIdentity { namespace: state.namespace.clone(), subject: said.subject.clone() };
        let query =
            FactsQuery { identity: Some(identity.clone()), address: said.address.cloned(), ..FactsQuery::default() };
        let facts = self.store().facts(&query).await?;
        let users = reference_of_users(&facts);
        let mail = said.address.map(|address| MailClaim {
            address: address.clone(),
            verified: said.verified,
            hosted_domain: None,
            domain_owner_verified: false,
        });
        let mailbox = said.address.filter(|_| said.code_entered).cloned();
        let explanation = self.explanation(facts, self.parts(&state, identity, mail), mailbox);
        let name = self.name_of(said.connection);
        let address = said.address.map(|address| format!(" with the address {address}")).unwrap_or_default();
        let sentences = [
            format!("Somebody comes from {name} as {}{address}.", said.subject.as_str()),
            explanation.result.sentence.clone(),
            format!("Why: {}", explanation.result.reason.happened()),
            format!("What changes it: {}", explanation.result.reason.otherwise()),
        ];
        let row = explanation.result.row;
        let reference = json!({
            "reason": explanation.result.reason.code(), "outcome": explanation.result.outcome, "row": row,
            "rule": row.map(row_words), "connection": said.connection, "subject": said.subject, "users": users,
            "policy_version": self.journeys.policy().version, "page": page_of(explanation.result.reason.code()),
        });
        Ok(explained("sign_in", &sentences, Some(&explanation), &reference))
    }

    pub(super) async fn explain_link(&self, id: LinkId) -> Answer {
        let not_found = || {
            let message = "no link has this id; `selfsame link list USER` shows those of a user";
            Refusal::new(Reason::LinkNotFound.code(), message)
        };
        let record = self.store().link(id).await?.ok_or_else(not_found)?;
        let link = &record.link;
        let query =
            FactsQuery { identity: Some(link.identity.clone()), users: vec![record.user], ..FactsQuery::default() };
        let facts = self.store().facts(&query).await?;
        let events = self.store().events_of_link(id, EVENTS).await?;
        let owner = facts.user(record.user).ok_or_else(not_found)?;
        let mut said = vec![self.link_sentence(link, owner)];
        said.push(format!("It came on {}: {}", words::date(link.linked_at), words::reason(&record.reason)));
        said.extend(self.proofs_sentence(&record.proofs));
        said.push(self.policy_sentence(&record.policy_version));
        let (explanation, today) = self.link_today(&facts, link, owner);
        said.push(today);
        let told: Vec<Value> = events.iter().rev().map(|event| self.event_line(event)).collect();
        let reference = json!({
            "link": id, "user": record.user, "connection": link.connection, "subject": link.identity.subject,
            "state": link.state, "reason": record.reason, "page": page_of(&record.reason), "proofs": record.proofs,
            "policy_version": record.policy_version,
        });
        let mut answer = explained("link", &said, explanation.as_ref(), &reference);
        answer["events"] = Value::Array(told);
        Ok(answer)
    }

    fn link_sentence(&self, link: &LinkFacts, owner: &UserFacts) -> String {
        let name = link.display.name.as_ref().map(|name| format!(", called {name} there")).unwrap_or_default();
        let identity =
            format!("The identity {} of {}{name}", link.identity.subject.as_str(), self.name_of(&link.connection));
        let account = words::account(owner);
        match link.state {
            LinkState::Active => format!("{identity}, is linked to {account}."),
            LinkState::Held => format!("{identity}, is linked to {account}, and the link is on hold."),
            LinkState::Removed => {
                let on = link.removed_at.map(|at| format!(" on {}", words::date(at))).unwrap_or_default();
                format!("{identity}, was linked to {account} and was removed{on}.")
            }
        }
    }

    /// Whether whoever comes with the identity today is signed in by it, as the decision itself says.
    fn link_today(&self, facts: &Facts, link: &LinkFacts, owner: &UserFacts) -> (Option<Explanation>, String) {
        if owner.status == UserStatus::Deleted {
            return (None, "It signs nobody in: the user was deleted for good.".to_owned());
        }
        let Some(state) = facts.connection(&link.connection) else {
            return (None, "It signs nobody in: the connection is not there any more.".to_owned());
        };
        let explanation = self.explanation(facts.clone(), self.parts(state, link.identity.clone(), None), None);
        let result = &explanation.result;
        let today = match result.outcome {
            "signed_in" if link.state == LinkState::Active => {
                "It works today: whoever comes with it is signed in.".to_owned()
            }
            "signed_in" => {
                format!("This link signs nobody in. Whoever comes with the identity today: {}", result.sentence)
            }
            _ => format!(
                "It signs nobody in today. {} {} What changes it: {}",
                result.reason.happened(),
                result.sentence,
                result.reason.otherwise()
            ),
        };
        (Some(explanation), today)
    }

    pub(super) async fn explain_event(&self, id: EventId) -> Answer {
        let row = self.store().event(id).await?.ok_or_else(|| {
            Refusal::new("event_not_found", "no event has this id; `selfsame audit show USER` shows those of a user")
        })?;
        let mut users: Vec<UserId> = Vec::new();
        if let AuditChain::User(user) = row.chain {
            users.push(user);
        }
        if let model::Actor::User { user } = &row.actor {
            users.push(*user);
        }
        let facts = self.store().facts(&FactsQuery { users, ..FactsQuery::default() }).await?;
        let subject = match row.chain {
            AuditChain::User(user) => facts.user(user),
            AuditChain::Store => None,
        };
        let personal = subject.and_then(|user| self.personal(user, &row));
        let mut said = vec![self.event_sentence(&row, &facts)];
        said.push(format!("Why: {}", words::reason(&row.reason)));
        if let Some(reason) = Reason::from_code(&row.reason) {
            said.push(format!("What changes it: {}", reason.otherwise()));
        }
        said.extend(self.proofs_sentence(&row.proofs));
        said.extend(words::personal(personal.as_ref()));
        if personal.is_none() && !row.personal.is_empty() {
            let why = if subject.is_some_and(|user| user.status == UserStatus::Deleted) {
                "the user was deleted for good, and the key with them"
            } else {
                "the key is not in the key ring"
            };
            said.push(format!("Its personal values cannot be read any more: {why}."));
        }
        said.push(self.policy_sentence(&row.policy_version));
        let reference = json!({
            "event": row.id, "user": subject.map(|user| user.id), "seq": row.seq, "at": row.at, "kind": row.kind,
            "reason": row.reason, "page": page_of(&row.reason), "actor": row.actor, "link": row.link,
            "connection": row.connection, "session": row.session, "proofs": row.proofs, "personal": personal,
            "policy_version": row.policy_version,
        });
        Ok(explained("event", &said, None, &reference))
    }

    fn personal(&self, user: &UserFacts, row: &AuditRow) -> Option<BTreeMap<String, String>> {
        self.journeys
            .open_personal(user.id, &user.sealed_key, row.id, &row.personal)
            .filter(|_| !row.personal.is_empty())
    }

    fn event_sentence(&self, row: &AuditRow, facts: &Facts) -> String {
        let account = match row.chain {
            AuditChain::User(user) => {
                let named = facts.user(user).map_or_else(|| words::nameless(user), words::account);
                format!(" It is about {named}.")
            }
            AuditChain::Store => String::new(),
        };
        let connection = row
            .connection
            .as_ref()
            .map(|connection| format!(", through {}", self.name_of(connection)))
            .unwrap_or_default();
        let by = words::actor(&row.actor, row.chain, facts);
        format!("On {}, {}{connection}, by {by}.{account}", words::date(row.at), words::kind(row.kind))
    }

    fn event_line(&self, row: &AuditRow) -> Value {
        json!({
            "at": row.at, "event": row.id, "kind": row.kind, "reason": row.reason,
            "sentence": format!("{}: {} {}", words::date(row.at), words::capital(words::kind(row.kind)), words::reason(&row.reason)),
        })
    }

    fn proofs_sentence(&self, proofs: &[String]) -> Option<String> {
        let told: Vec<String> = proofs.iter().map(|proof| words::proof(proof, &|id| self.name_of(id))).collect();
        (!told.is_empty()).then(|| format!("It rests on {}.", told.join(", and on ")))
    }

    fn policy_sentence(&self, version: &str) -> String {
        if version == self.journeys.policy().version {
            "The policy was the one of today.".to_owned()
        } else {
            format!("The policy was another than today's (version {version}).")
        }
    }
}

/// The page about a reason, in the documentation.
fn page_of(reason: &str) -> Option<String> {
    Reason::from_code(reason).map(|reason| format!("docs/reasons/{}.md", reason.code()))
}

fn reference_of_users(facts: &Facts) -> Vec<Value> {
    facts.users.iter().map(|user| json!({ "id": user.id, "name": user.name, "status": user.status })).collect()
}
