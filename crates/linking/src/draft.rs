//! A plan while it is being written: guards first, then changes, each event on the chain it belongs to.

use crate::{Context, Reason, UNDO, UNDO_MERGE};
use model::{
    Actor, AuditEvent, ChainHead, Change, ConnectionId, EventId, EventKind, Facts, LinkId, Mail, MailBody, MailId,
    MailKind, Method, NewGrant, Personal, Plan, Proof, SessionId, Undoable, UserFacts, UserId,
};
use std::collections::BTreeMap;

/// The value of a notice that names the event it can undo. Whoever writes the mail turns it into what cannot be made up.
pub const UNDO_VALUE: &str = "undo";

pub(crate) struct Draft<'a> {
    pub context: &'a Context<'a>,
    pub facts: &'a Facts,
    plan: Plan,
}

/// What an event says besides its kind and reason.
#[derive(Default)]
pub(crate) struct Told {
    pub link: Option<LinkId>,
    pub connection: Option<ConnectionId>,
    pub session: Option<SessionId>,
    pub proofs: Vec<String>,
    pub personal: BTreeMap<&'static str, String>,
}

impl<'a> Draft<'a> {
    /// Every plan rests on the store's epoch and spends its flow.
    pub fn new(context: &'a Context<'a>, facts: &'a Facts) -> Self {
        let mut draft = Self { context, facts, plan: Plan::default() };
        draft.push(Change::ExpectStoreEpoch { epoch: facts.store_epoch });
        if let Some(flow) = context.flow {
            draft.push(Change::SpendFlow(flow));
        }
        draft
    }

    pub fn push(&mut self, change: Change) {
        self.plan.push(change);
    }

    /// Guards a connection as it was read, so that one disabled meanwhile neither signs in nor links (T98).
    pub fn expect_connection(&mut self, id: &ConnectionId) {
        if let Some(state) = self.facts.connection(id) {
            self.push(Change::ExpectConnection { connection: state.id.clone(), version: state.version });
        }
    }

    /// Guards the connection that a method goes through, if it goes through one.
    pub fn expect_method(&mut self, method: &Method) {
        if let Method::Link { connection, .. } = method {
            self.expect_connection(connection);
        }
    }

    /// Who is stranded by a change of a connection was judged with the other connections as they are. They are guarded,
    /// in one order for everybody, so that two connections disabled at once neither pass each other nor deadlock.
    pub fn expect_others_around(&mut self, changed: &ConnectionId, change: impl Fn(&mut Self)) {
        let mut all: Vec<_> = self.facts.connections.iter().collect();
        all.sort_by(|a, b| a.id.cmp(&b.id));
        for other in all {
            if other.id == *changed {
                change(self);
            } else if other.enabled {
                self.expect_connection(&other.id);
            }
        }
    }

    /// Raises two users, in one order for everybody, so that two plans over the same two never wait for each other.
    pub fn raise_both(&mut self, one: &UserFacts, other: &UserFacts) {
        let (first, second) = if one.id < other.id { (one, other) } else { (other, one) };
        for user in [first, second] {
            self.push(Change::RaiseUser { user: user.id, from: user.version });
        }
    }

    /// The method that remains must still work when this commits: one that needs no connection does by the user's
    /// version alone; otherwise the connection it goes through is guarded (T72, T80).
    pub fn expect_remaining(&mut self, remaining: &[Method]) {
        if let Some(method) = remaining.first() {
            self.expect_method(method);
        }
    }

    /// An event on the chain of `user`, by whoever asked.
    pub fn event(&mut self, user: &UserFacts, kind: EventKind, reason: Reason, told: Told) -> EventId {
        self.push_event(Some(user.id), user.chain, kind, reason, told, self.context.actor.clone())
    }

    /// As [`Self::event`], by the person themselves: they were not known before the decision.
    pub fn own_event(&mut self, user: &UserFacts, kind: EventKind, reason: Reason, told: Told) -> EventId {
        self.push_event(Some(user.id), user.chain, kind, reason, told, Actor::User { user: user.id })
    }

    /// The first event of a user this plan creates.
    pub fn first_event(&mut self, user: UserId, kind: EventKind, reason: Reason, told: Told) -> EventId {
        self.push_event(Some(user), ChainHead::default(), kind, reason, told, Actor::User { user })
    }

    /// An event of the store's own chain.
    pub fn store_event(&mut self, after: ChainHead, kind: EventKind, reason: Reason, told: Told) -> EventId {
        self.push_event(None, after, kind, reason, told, self.context.actor.clone())
    }

    fn push_event(
        &mut self,
        subject: Option<UserId>,
        after: ChainHead,
        kind: EventKind,
        reason: Reason,
        told: Told,
        actor: Actor,
    ) -> EventId {
        let id = EventId::generate(self.context.now, self.context.random);
        self.push(Change::Audit(AuditEvent {
            id,
            subject,
            after,
            at: self.context.now,
            kind,
            actor,
            reason: reason.code(),
            policy_version: self.context.policy.version.clone(),
            link: told.link,
            connection: told.connection,
            session: told.session,
            proofs: told.proofs,
            personal: Personal::Plain(told.personal),
        }));
        id
    }

    /// The right to undo an event of this plan.
    pub fn grant(&mut self, event: EventId, user: UserId, what: Undoable) {
        let at = self.context.now;
        let kept = if matches!(what, Undoable::Merge { .. }) { UNDO_MERGE } else { UNDO };
        self.push(Change::Grant(NewGrant { event, user, what, at, expires_at: at + kept }));
    }

    /// A notice to every address that was proven for the user before this change (T125).
    pub fn notify(&mut self, user: &UserFacts, kind: MailKind, values: &[(&'static str, String)]) {
        for known in &user.addresses {
            let mut values = values.to_vec();
            values.push(("device", self.context.device.to_owned()));
            values.push(("name", user.name.clone()));
            let body = MailBody::Plain { kind, to: known.address.clone(), values };
            let id = MailId::generate(self.context.now, self.context.random);
            self.push(Change::Send(Mail { id, at: self.context.now, body }));
        }
    }

    pub fn into_plan(self) -> Plan {
        self.plan
    }
}

/// A reference to a proof, as it stands in links and audit events: method, level and time.
pub(crate) fn reference(proof: &Proof) -> String {
    let method = match proof.method().link() {
        Some(link) => format!("link:{link}"),
        None => proof.method().name().to_owned(),
    };
    let second = proof.factor().map(|factor| format!("+{}", factor.name())).unwrap_or_default();
    format!("{method}{second}@{}/aal{}", proof.at(), i64::from(proof.level()))
}
