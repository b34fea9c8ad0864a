//! Enabling and disabling a connection, with the people it would strand.

use crate::draft::{Draft, Told};
use crate::methods::{reaching, usable_methods};
use crate::{Context, Decision, Reason};
use model::{ChainHead, Change, ConnectionId, ConnectionState, EventKind, Facts, Policy, UserFacts, UserId};

/// Users who would lose their last usable method.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stranded {
    pub users: Vec<UserId>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeOutcome {
    Changed,
    /// An answer for these is needed first.
    WouldStrand(Stranded),
    NotFound,
    Nothing,
}

/// Who among `users` has no usable method left when the connection is gone.
pub fn stranded_without<'a>(
    users: impl Iterator<Item = &'a UserFacts>,
    connection: &ConnectionId,
    connections: &[ConnectionState],
    policy: &Policy,
) -> Vec<UserId> {
    let mut without = connections.to_vec();
    for state in without.iter_mut().filter(|state| state.id == *connection) {
        state.enabled = false;
    }
    let can_sign_in = |user: &UserFacts, connections: &[ConnectionState]| {
        !reaching(user, usable_methods(user, connections, policy), policy).is_empty()
    };
    users
        .filter(|user| can_sign_in(user, connections))
        .filter(|user| !can_sign_in(user, &without))
        .map(|user| user.id)
        .collect()
}

/// `stranded` was computed over the whole cohort of the connection, read in one snapshot with `fingerprint`; the plan
/// guards that nobody's methods changed since, so that it and an unlink can never both take a last method (T74).
#[allow(clippy::too_many_arguments)] // each is a fact of its own kind; a struct would only be unpacked here
pub fn decide_connection_change(
    context: &Context<'_>,
    facts: &Facts,
    connection: &ConnectionId,
    enabled: bool,
    stranded: Stranded,
    fingerprint: i64,
    force: bool,
    store_chain: ChainHead,
) -> Decision<ChangeOutcome> {
    let no = |outcome, reason| Decision::without_plan(outcome, reason, None);
    let Some(state) = facts.connection(connection) else {
        return no(ChangeOutcome::NotFound, Reason::UnknownConnection);
    };
    if state.enabled == enabled {
        return no(ChangeOutcome::Nothing, Reason::NothingToChange);
    }
    if !enabled && !stranded.users.is_empty() && !force {
        return no(ChangeOutcome::WouldStrand(stranded), Reason::WouldStrandUsers);
    }
    let mut draft = Draft::new(context, facts);
    let change = Change::SetConnectionEnabled {
        connection: connection.clone(),
        version: state.version,
        enabled,
        at: context.now,
    };
    if enabled {
        draft.push(change);
    } else {
        draft.expect_others_around(connection, |draft| draft.push(change.clone()));
    }
    if !enabled {
        draft.push(Change::ExpectCohort { connection: connection.clone(), fingerprint });
    }
    let kind = if enabled { EventKind::ConnectionEnabled } else { EventKind::ConnectionDisabled };
    let told = Told { connection: Some(connection.clone()), ..Told::default() };
    draft.store_event(store_chain, kind, Reason::ByOperator, told);
    Decision { outcome: ChangeOutcome::Changed, reason: Reason::ByOperator, row: None, plan: draft.into_plan() }
}

/// What a declared connection must not change about one that is known: its key space would mean other people (T100).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Declaration {
    /// As it was declared before.
    Known,
    New,
    /// Refuse to start.
    Changed {
        what: &'static str,
        was: String,
        is: String,
    },
}

/// A connection as the configuration declares it, against what the store knows of it.
pub fn decide_declaration(
    context: &Context<'_>,
    facts: &Facts,
    declared: &ConnectionState,
    store_chain: ChainHead,
) -> Decision<Declaration> {
    if let Some(known) = facts.connection(&declared.id) {
        let changed = [
            ("issuer", &known.issuer, &declared.issuer),
            ("client_id", &known.client_id, &declared.client_id),
            ("subject_claim", &known.subject_claim, &declared.subject_claim),
        ]
        .into_iter()
        .find(|(_, was, is)| was != is)
        .map(|(what, was, is)| Declaration::Changed { what, was: was.clone(), is: is.clone() })
        .or_else(|| {
            let same = known.namespace == declared.namespace;
            (!same).then(|| Declaration::Changed {
                what: "pairwise",
                was: known.namespace.as_str().to_owned(),
                is: declared.namespace.as_str().to_owned(),
            })
        });
        let reason = if changed.is_some() { Reason::OldEpoch } else { Reason::NothingToChange };
        return Decision::without_plan(changed.unwrap_or(Declaration::Known), reason, None);
    }
    // One key space under two names would be two doors to the same links (T06).
    let twin = facts.connections.iter().find(|known| known.namespace == declared.namespace);
    if let Some(twin) = twin {
        let changed = Declaration::Changed { what: "id", was: twin.id.to_string(), is: declared.id.to_string() };
        return Decision::without_plan(changed, Reason::OldEpoch, None);
    }
    let mut draft = Draft::new(context, facts);
    draft.push(Change::DeclareConnection(declared.clone()));
    let told = Told { connection: Some(declared.id.clone()), ..Told::default() };
    draft.store_event(store_chain, EventKind::ConnectionDeclared, Reason::ByOperator, told);
    Decision { outcome: Declaration::New, reason: Reason::ByOperator, row: None, plan: draft.into_plan() }
}
