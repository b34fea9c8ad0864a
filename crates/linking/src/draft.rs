//! A plan while it is being written: guards first, then changes, each event on the chain it belongs to.

use crate::{Context, Reason};
use model::{
    Actor, AuditEvent, ChainHead, Change, ConnectionId, EventId, EventKind, Facts, LinkId, Mail, MailBody, MailId,
    MailKind, Method, Personal, Plan, Proof, SessionId, UserFacts, UserId,
};
use std::collections::BTreeMap;

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

    /// An event on the chain of `user`, whose chain head is `after`.
    pub fn event(&mut self, user: UserId, after: ChainHead, kind: EventKind, reason: Reason, told: Told) {
        self.push_event(Some(user), after, kind, reason, told, self.context.actor.clone());
    }

    /// As [`Self::event`], by the person themselves: they were not known before the decision.
    pub fn own_event(&mut self, user: &UserFacts, kind: EventKind, reason: Reason, told: Told) {
        self.push_event(Some(user.id), user.chain, kind, reason, told, Actor::User { user: user.id });
    }

    /// The first event of a user this plan creates.
    pub fn first_event(&mut self, user: UserId, kind: EventKind, reason: Reason, told: Told) {
        self.push_event(Some(user), ChainHead::default(), kind, reason, told, Actor::User { user });
    }

    /// An event of the store's own chain.
    pub fn store_event(&mut self, after: ChainHead, kind: EventKind, reason: Reason, told: Told) {
        self.push_event(None, after, kind, reason, told, self.context.actor.clone());
    }

    fn push_event(
        &mut self,
        subject: Option<UserId>,
        after: ChainHead,
        kind: EventKind,
        reason: Reason,
        told: Told,
        actor: Actor,
    ) {
        let event = AuditEvent {
            id: EventId::generate(self.context.now, self.context.random),
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
        };
        self.push(Change::Audit(event));
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
    format!("{method}@{}/aal{}", proof.at(), i64::from(proof.level()))
}
