//! A connection that comes to mean another provider, client or subject claim: a new epoch, or back to the one before
//! (T100).

use crate::connection_change::{ChangeOutcome, Stranded};
use crate::draft::{Draft, Told};
use crate::{Context, Decision, Reason};
use model::{ChainHead, Change, ConnectionId, ConnectionState, EventKind, Facts, Namespace};

/// Which links go with the connection into its new epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Carry {
    /// Everybody proves again: links stay behind, inert.
    Nobody,
    /// The operator vouches that each subject is the same person there. Only active links go: what was unlinked
    /// meanwhile is not revived.
    SameSubjects,
}

/// What the connection is to mean.
#[derive(Clone, Copy)]
pub struct MoveConnectionInput<'a> {
    pub facts: &'a Facts,
    pub connection: &'a ConnectionId,
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub subject_claim: &'a str,
    /// The client, where the provider's subjects depend on it.
    pub subject_scope: Option<&'a str>,
    /// The epoch to go to: the next one, or an earlier one to roll back.
    pub epoch: i64,
    pub carry: Carry,
    /// Over the whole cohort, as for disabling; nobody is stranded when all links are carried.
    pub stranded: &'a Stranded,
    pub fingerprint: i64,
    pub force: bool,
    pub store_chain: ChainHead,
}

pub fn decide_connection_move(context: &Context<'_>, input: &MoveConnectionInput<'_>) -> Decision<ChangeOutcome> {
    let no = |outcome, reason| Decision::without_plan(outcome, reason, None);
    let Some(state) = input.facts.connection(input.connection) else {
        return no(ChangeOutcome::NotFound, Reason::UnknownConnection);
    };
    let namespace = Namespace::new(input.issuer, input.subject_scope, input.epoch);
    if namespace == state.namespace {
        return no(ChangeOutcome::Nothing, Reason::NothingToChange);
    }
    // An epoch is entered once: the next, or one that was.
    if !(1..=state.epoch + 1).contains(&input.epoch) || input.epoch == state.epoch {
        return no(ChangeOutcome::Nothing, Reason::OldEpoch);
    }
    if input.facts.connections.iter().any(|other| other.id != state.id && other.namespace == namespace) {
        return no(ChangeOutcome::Nothing, Reason::OldEpoch);
    }
    if input.carry == Carry::Nobody && !input.stranded.users.is_empty() && !input.force {
        return no(ChangeOutcome::WouldStrand(input.stranded.clone()), Reason::WouldStrandUsers);
    }
    let to = ConnectionState {
        id: state.id.clone(),
        version: state.version + 1,
        enabled: state.enabled,
        epoch: input.epoch,
        namespace: namespace.clone(),
        issuer: input.issuer.to_owned(),
        client_id: input.client_id.to_owned(),
        subject_claim: input.subject_claim.to_owned(),
        changed_at: context.now,
    };
    let mut draft = Draft::new(context, input.facts);
    draft.expect_others_around(&state.id, |draft| {
        draft.push(Change::MoveConnection { to: to.clone(), version: state.version });
    });
    draft.push(Change::ExpectCohort { connection: state.id.clone(), fingerprint: input.fingerprint });
    if input.carry == Carry::SameSubjects {
        let from = state.namespace.clone();
        draft.push(Change::CarryLinks { connection: state.id.clone(), from, to: namespace, at: context.now });
    } else {
        // What rested on the connection as it was rests on nothing now.
        draft.push(Change::EndSessionsOfConnection { connection: state.id.clone() });
    }
    let reason = if input.epoch > state.epoch { Reason::EpochOpened } else { Reason::EpochRolledBack };
    let told = Told { connection: Some(state.id.clone()), ..Told::default() };
    draft.store_event(input.store_chain, EventKind::ConnectionMoved, reason, told);
    Decision { outcome: ChangeOutcome::Changed, reason, row: None, plan: draft.into_plan() }
}
