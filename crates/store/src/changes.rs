//! From a plan's changes to statements: which rows each touches, and which conflict a different count means.
//!
//! # Why this is serialisable
//! On SQLite one writer runs plans one after the other. On PostgreSQL they run at READ COMMITTED, where each statement
//! sees what was committed before it and waits for rows that another plan has locked. Whatever a decision about a user
//! rested on is covered by a row that the plan itself locks: the user's row (`RaiseUser` writes it, `ExpectUser` locks
//! it to share) and the connection's row (`ExpectConnection` to share; `SetConnectionEnabled` and `ExpectCohort` to
//! write). A guard that waited looks again at the row as it then is, so it holds at commit or the plan is a conflict.
//! Two plans that rest on one another therefore meet on one of these rows and one comes after the other. The rest is
//! compare-and-swap within one row (holder of an identity, owner of an address, counters) or an insertion under a
//! unique key (spent flow, chain and number of an audit event). A cohort is summed after the connection's row was
//! locked: who linked, unlinked or changed under the old row is in the sum, who comes later fails at the row.

mod methods;

use crate::audit::{append, chain_of};
use crate::clients::joined;
use crate::codec::{json, origin, proof_rank, scope_name, status_name};
use crate::memberships::membership;
use crate::statements::write as sql;
use crate::value::{Bound, Expect, Value};
use crate::{Sql, StoreError};
use model::{
    AuditEvent, ChainHead, Change, Conflict, ConnectionId, ConnectionState, DeviceState, DisplayClaims,
    ExternalIdentity, LinkId, Mail, MailBody, Method, Micros, Namespace, NewAuthorization, NewDeviceRequest, NewLink,
    NewSession, Plan, RegistrationToken, SessionId, StoredClient, UserId,
};
use std::collections::{BTreeMap, BTreeSet};

/// All statements of a plan, in the order of its changes.
pub(crate) fn statements(plan: &Plan) -> Result<Vec<Bound>, StoreError> {
    let statements = Vec::with_capacity(plan.changes.len() + 4);
    let mut writer = Writer {
        statements,
        heads: BTreeMap::new(),
        used: used_links(plan),
        goes_on: going_on(plan),
        at: time_of(plan),
    };
    for change in &plan.changes {
        writer.change(change)?;
    }
    let holds_nul = |value: &Value| matches!(value, Value::Text(text) if text.contains('\0'));
    if writer.statements.iter().flat_map(|bound| &bound.values).any(holds_nul) {
        return Err(StoreError::Invalid("a text holds a NUL character"));
    }
    Ok(writer.statements)
}

struct Writer {
    statements: Vec<Bound>,
    /// Ends of the chains this plan has written to.
    heads: BTreeMap<[u8; 16], ChainHead>,
    /// Links that a session of this plan rests on.
    used: BTreeSet<LinkId>,
    /// The `sid` of the session that this plan makes: one that it ends under the same is renewed.
    goes_on: Option<SessionId>,
    /// When the plan was made, as its events say.
    at: Micros,
}

fn time_of(plan: &Plan) -> Micros {
    let at = plan.changes.iter().find_map(|change| match change {
        Change::Audit(event) => Some(event.at),
        _ => None,
    });
    at.unwrap_or(Micros(0))
}

fn going_on(plan: &Plan) -> Option<SessionId> {
    plan.changes.iter().find_map(|change| match change {
        Change::CreateSession(session) => Some(session.sid),
        _ => None,
    })
}

/// A link that signs its owner in as it is made is used by that.
fn used_links(plan: &Plan) -> BTreeSet<LinkId> {
    let of_session = |change: &Change| match change {
        Change::CreateSession(session) => session.method.link(),
        _ => None,
    };
    plan.changes.iter().filter_map(of_session).collect()
}

impl Writer {
    /// A statement that must touch exactly one row.
    fn one(&mut self, sql: &'static Sql, conflict: Conflict, values: Vec<Value>) {
        self.statements.push(Bound { sql, values, expect: Expect::One(conflict) });
    }

    fn any(&mut self, sql: &'static Sql, values: Vec<Value>) {
        self.statements.push(Bound { sql, values, expect: Expect::Any });
    }

    fn change(&mut self, change: &Change) -> Result<(), StoreError> {
        use Conflict::{
            AddressTaken, ClientChanged, FlowSpent, GrantSpent, ProofSpent, SessionGone, Stale, TokenSpent,
        };
        match change {
            Change::ExpectUser { user, version } => {
                self.one(&sql::EXPECT_USER, Stale, vec![id(user), (*version).into()]);
            }
            Change::ExpectConnection { connection, version } => {
                self.one(&sql::EXPECT_CONNECTION, Stale, vec![connection.into(), (*version).into()]);
            }
            Change::ExpectClient { client, version } => {
                self.one(&sql::EXPECT_CLIENT, ClientChanged, vec![client.as_str().into(), (*version).into()]);
            }
            Change::ExpectStoreEpoch { epoch } => self.one(&sql::EXPECT_STORE_EPOCH, Stale, vec![(*epoch).into()]),
            Change::ExpectSession { hash } => self.one(&sql::EXPECT_SESSION, SessionGone, vec![hash.into()]),
            Change::ExpectCohort { connection, fingerprint } => {
                self.one(&sql::LOCK_CONNECTION, Stale, vec![connection.into()]);
                self.one(&sql::EXPECT_COHORT, Stale, vec![connection.into(), (*fingerprint).into()]);
            }
            Change::RaiseUser { user, from } => {
                self.one(&sql::RAISE_USER, Stale, vec![id(user), (*from).into()]);
            }
            Change::SpendFlow(spent) => {
                self.one(&sql::SPEND_FLOW, FlowSpent, vec![spent.flow.as_bytes().into(), spent.expires_at.into()]);
            }
            Change::SpendProof(spent) => {
                self.one(&sql::SPEND_FLOW, ProofSpent, vec![spent.flow.as_bytes().into(), spent.expires_at.into()]);
            }

            Change::CreateUser { user, name, required_level, sealed_key, at } => {
                let values = vec![
                    id(user),
                    i64::from(*required_level).into(),
                    name.as_str().into(),
                    sealed_key.expose().as_slice().into(),
                    (*at).into(),
                ];
                self.one(&sql::CREATE_USER, Stale, values);
            }
            Change::CreateSubject { sector, sub, user, at } => {
                let values = vec![sector.as_str().into(), sub.as_str().into(), id(user), (*at).into()];
                self.one(&sql::CREATE_SUBJECT, Stale, values);
            }
            Change::SetUserStatus { user, status, at: _ } => {
                self.one(&sql::SET_USER_STATUS, Stale, vec![status_name(*status).into(), id(user)]);
            }
            Change::EraseUser { user, at } => self.erase(user, (*at).into()),

            Change::ProveAddress { address, user, proof, at } => {
                let values = vec![address.into(), id(user), proof_rank(*proof).into(), (*at).into()];
                self.one(&sql::PROVE_ADDRESS, AddressTaken, values);
                self.any(&sql::UNCLAIM_ADDRESS, vec![address.into(), id(user)]);
            }
            Change::RenewAddress { address, user, proof, at } => {
                let values = vec![proof_rank(*proof).into(), (*at).into(), address.into(), id(user)];
                self.one(&sql::RENEW_ADDRESS, Stale, values);
            }
            Change::ClaimAddress { address, user, at } => {
                self.any(&sql::CLAIM_ADDRESS, vec![address.into(), id(user), (*at).into()]);
            }
            Change::SetPassword { user, phc, at } => {
                self.one(&sql::SET_PASSWORD, Stale, vec![id(user), phc.expose().as_str().into(), (*at).into()]);
            }

            Change::AddPasskey(new) => self.add_passkey(new),
            Change::UsePasskey { passkey, user, was, key, at } => {
                let values =
                    vec![key.as_str().into(), (*at).into(), id(user), passkey.as_bytes().into(), was.as_str().into()];
                self.one(&sql::USE_PASSKEY, Stale, values);
            }
            Change::RemovePasskey { passkey, user } => {
                self.one(&sql::REMOVE_PASSKEY, Stale, vec![id(user), passkey.as_bytes().into()]);
            }
            Change::SetTotp(_)
            | Change::UseTotp { .. }
            | Change::SetRecoveryCodes { .. }
            | Change::RemoveTotp { .. } => self.second_factor(change),
            Change::SeeIdentity { identity, display, address, at } => {
                let values = vec![
                    identity.namespace.as_str().into(),
                    identity.subject.as_bytes().into(),
                    json(display).into(),
                    address.as_ref().into(),
                    (*at).into(),
                ];
                self.one(&sql::SEE_IDENTITY, Stale, values);
            }
            Change::AddLink(link) => self.add_link(link),
            Change::RemoveLink { link, user, identity, at } => {
                self.one(&sql::REMOVE_LINK, Stale, vec![(*at).into(), id(user), link.as_bytes().into()]);
                let values = vec![
                    identity.namespace.as_str().into(),
                    identity.subject.as_bytes().into(),
                    link.as_bytes().into(),
                    id(user),
                ];
                self.one(&sql::RELEASE_IDENTITY, Stale, values);
            }
            Change::TouchLink { link, user, at } => {
                self.one(&sql::TOUCH_LINK, Stale, vec![(*at).into(), id(user), link.as_bytes().into()]);
            }

            Change::HoldLink { link, user } => {
                self.one(&sql::HOLD_LINK, Stale, vec![id(user), link.as_bytes().into()]);
            }
            Change::ReleaseLink { link, user } => {
                self.one(&sql::RELEASE_LINK, Stale, vec![id(user), link.as_bytes().into()]);
            }
            Change::RestoreLink { link, user, identity } => self.restore_link(link, user, identity),
            Change::MoveLink { link, identity, from, to } => self.move_link(link, identity, from, to),
            Change::MoveAddress { address, from, to } => {
                self.one(&sql::MOVE_ADDRESS, Stale, vec![id(to), address.into(), id(from)]);
            }
            Change::MoveSubjects { from, to } => {
                self.any(&sql::MOVE_SUBJECTS, vec![id(to), origin(from).into(), id(from)]);
            }
            Change::ReturnSubjects { from, to } => {
                self.any(&sql::RETURN_SUBJECTS, vec![id(to), id(from), origin(to).into()]);
            }
            Change::SetRequiredLevel { user, level } => {
                self.one(&sql::SET_REQUIRED_LEVEL, Stale, vec![i64::from(*level).into(), id(user)]);
            }
            Change::AddMember { .. } | Change::RemoveMember { .. } => self.statements.extend(membership(change)),
            Change::Grant(grant) => {
                let values = vec![
                    grant.event.as_bytes().into(),
                    id(&grant.user),
                    json(&grant.what).into(),
                    grant.at.into(),
                    grant.expires_at.into(),
                ];
                self.one(&sql::GRANT_UNDO, Stale, values);
            }
            Change::SpendGrant { event } => self.one(&sql::SPEND_GRANT, GrantSpent, vec![event.as_bytes().into()]),

            Change::CreateSession(session) => self.create_session(session),
            Change::EndSession { hash } => {
                let goes_on = self.goes_on.as_ref().map_or(Vec::new(), |sid| sid.as_bytes().to_vec());
                self.any(&sql::EXPECT_SESSION, vec![hash.into()]);
                self.any(&sql::TELL_OF_SESSION, vec![self.at.into(), hash.into(), goes_on.into()]);
                self.any(&sql::END_SESSION, vec![hash.into()]);
            }
            Change::EndSessionById { session, user } => {
                self.any(&sql::LOCK_SESSION_BY_ID, vec![id(user), session.as_bytes().into()]);
                self.any(&sql::TELL_OF_SESSION_BY_ID, vec![self.at.into(), id(user), session.as_bytes().into()]);
                self.any(&sql::END_SESSION_BY_ID, vec![id(user), session.as_bytes().into()]);
            }
            Change::EndSessionsOfLink { link, user } => {
                self.any(&sql::TELL_OF_LINK, vec![self.at.into(), id(user), link.as_bytes().into()]);
                self.any(&sql::END_SESSIONS_OF_LINK, vec![id(user), link.as_bytes().into()]);
                self.any(&sql::END_AUTHORIZATIONS_OF_LINK, vec![id(user), link.as_bytes().into()]);
            }
            Change::EndSessionsOfPasskey { passkey, user } => {
                let of_passkey = || vec![id(user), passkey.as_bytes().into()];
                let method = json(&Method::Passkey { passkey: *passkey });
                let told = vec![self.at.into(), id(user), passkey.as_bytes().into(), method.as_str().into()];
                self.any(&sql::TELL_OF_PASSKEY, told);
                self.any(&sql::END_SESSIONS_OF_PASSKEY, vec![id(user), method.into()]);
                self.any(&sql::END_AUTHORIZATIONS_OF_PASSKEY, of_passkey());
            }
            Change::EndSessionsOfConnection { connection } => {
                self.any(&sql::TELL_OF_CONNECTION, vec![self.at.into(), connection.into()]);
                self.any(&sql::END_SESSIONS_OF_CONNECTION, vec![connection.into()]);
                self.any(&sql::END_AUTHORIZATIONS_OF_CONNECTION, vec![connection.into()]);
            }
            Change::EndSessionsOfUser { user } => {
                self.any(&sql::TELL_OF_USER, vec![self.at.into(), id(user)]);
                self.any(&sql::END_SESSIONS_OF_USER, vec![id(user)]);
                // Also those of a session that this plan renews: whoever has stolen it may have let themselves in (T24, T68).
                self.any(&sql::END_AUTHORIZATIONS_OF_USER, vec![id(user)]);
            }

            Change::Authorize(new) => self.authorize(new),
            Change::Refresh { authorization, generation } => {
                self.one(&sql::REFRESH, TokenSpent, vec![authorization.as_bytes().into(), (*generation).into()]);
            }
            Change::EndAuthorization { authorization } => {
                self.any(&sql::END_AUTHORIZATION, vec![authorization.as_bytes().into()]);
            }
            Change::GiveConsent { client, user, scope, at } => {
                let values = vec![id(user), client.as_str().into(), scope.join(" ").into(), (*at).into()];
                self.one(&sql::GIVE_CONSENT, Stale, values);
            }
            Change::WithdrawConsent { client, user } => {
                self.any(&sql::TELL_CLIENT, vec![self.at.into(), id(user), client.as_str().into()]);
                for statement in [&sql::WITHDRAW_CONSENT, &sql::END_AUTHORIZATIONS_OF_CLIENT] {
                    self.any(statement, vec![id(user), client.as_str().into()]);
                }
            }

            Change::AskForDevice(new) => self.ask_for_device(new),
            Change::ClaimDevice { code, id, session } => {
                let values = vec![session.as_bytes().into(), code.into(), id.as_bytes().into()];
                self.one(&sql::CLAIM_DEVICE, Stale, values);
            }
            Change::AnswerDevice { code, id, session, allowed } => {
                let state = if *allowed { DeviceState::Approved } else { DeviceState::Denied };
                let values = vec![state.name().into(), code.into(), id.as_bytes().into(), session.as_bytes().into()];
                self.one(&sql::ANSWER_DEVICE, Stale, values);
            }
            Change::RedeemDevice { code, id } => {
                self.one(&sql::REDEEM_DEVICE, TokenSpent, vec![code.into(), id.as_bytes().into()]);
            }
            Change::SlowDevice { code, id, from, to } => {
                let values = vec![(*to).into(), code.into(), id.as_bytes().into(), (*from).into()];
                self.any(&sql::SLOW_DEVICE, values);
            }
            Change::AddClient(client) => self.add_client(client),
            Change::ChangeClient { client, version, metadata, secrets, at } => {
                let values = vec![
                    metadata.as_str().into(),
                    joined(secrets),
                    (*at).into(),
                    client.as_str().into(),
                    (*version).into(),
                ];
                self.one(&sql::CHANGE_CLIENT, ClientChanged, values);
            }
            Change::RemoveClient { client, version, at } => {
                let values = vec![joined(&[]), (*at).into(), client.as_str().into(), (*version).into()];
                self.one(&sql::REMOVE_CLIENT, ClientChanged, values);
                // In the order of a withdrawal, so that the two do not wait for each other.
                self.any(&sql::WITHDRAW_CONSENTS_OF_CLIENT, vec![client.as_str().into()]);
                self.any(&sql::END_AUTHORIZATIONS_OF_WHOLE_CLIENT, vec![client.as_str().into()]);
            }
            Change::AddRegistrationToken(token) => self.add_registration_token(token),
            Change::UseRegistrationToken { id, at } => {
                self.one(&sql::USE_REGISTRATION_TOKEN, TokenSpent, vec![id.as_str().into(), (*at).into()]);
            }
            Change::RemoveRegistrationToken { id } => {
                self.one(&sql::REMOVE_REGISTRATION_TOKEN, Stale, vec![id.as_str().into()]);
            }

            Change::IssueCode { flow, address, hash, attempts, expires_at } => {
                let values =
                    vec![flow.as_bytes().into(), address.into(), hash.into(), (*attempts).into(), (*expires_at).into()];
                self.one(&sql::ISSUE_CODE, Stale, values);
            }
            Change::CountGuess { flow, left } => {
                self.one(&sql::COUNT_GUESS, Stale, vec![flow.as_bytes().into(), (*left).into()]);
            }
            Change::RedeemCode { flow, left } => {
                self.one(&sql::REDEEM_CODE, Stale, vec![flow.as_bytes().into(), (*left).into()]);
            }
            Change::Throttle { key, was: 0, failures, blocked_until, at } => {
                let values = vec![key.as_slice().into(), (*failures).into(), (*blocked_until).into(), (*at).into()];
                self.one(&sql::FIRST_FAILURE, Stale, values);
            }
            Change::Throttle { key, was, failures, blocked_until, at } => {
                let values = vec![
                    (*failures).into(),
                    (*blocked_until).into(),
                    (*at).into(),
                    key.as_slice().into(),
                    (*was).into(),
                ];
                self.one(&sql::NEXT_FAILURE, Stale, values);
            }
            Change::ClearThrottle { key } => self.any(&sql::CLEAR_THROTTLE, vec![key.as_slice().into()]),

            Change::DeclareConnection(state) => self.declare(state),
            Change::SetConnectionEnabled { connection, version, enabled, at } => {
                let values = vec![i64::from(*enabled).into(), (*at).into(), connection.into(), (*version).into()];
                self.one(&sql::SET_CONNECTION_ENABLED, Stale, values);
            }

            Change::MoveConnection { to, version } => self.move_connection(to, *version),
            Change::CarryLinks { connection, from, to, at } => self.carry_links(connection, from, to, *at),

            Change::Audit(event) => self.audit(event)?,
            Change::Send(mail) => self.send(mail)?,
        }
        Ok(())
    }

    fn authorize(&mut self, new: &NewAuthorization) {
        let values = vec![
            new.id.as_bytes().into(),
            new.client.as_str().into(),
            id(&new.user),
            new.session.as_bytes().into(),
            new.link.as_ref().map(|link| link.as_bytes().to_vec()).into(),
            json(&new.method).into(),
            i64::from(new.level).into(),
            new.authenticated_at.into(),
            new.sub.as_str().into(),
            new.scope.join(" ").into(),
            i64::from(new.offline).into(),
            new.at.into(),
            new.expires_at.into(),
            new.store_epoch.into(),
            i64::from(new.hears_of_logout).into(),
            new.passkey.as_ref().map(|passkey| passkey.as_bytes().to_vec()).into(),
        ];
        self.one(&sql::AUTHORIZE, Conflict::FlowSpent, values);
    }

    fn ask_for_device(&mut self, new: &NewDeviceRequest) {
        let values = vec![
            (&new.code).into(),
            new.id.as_bytes().into(),
            new.client.as_str().into(),
            new.scope.join(" ").into(),
            new.user_agent.as_str().into(),
            new.source.as_slice().into(),
            new.interval.into(),
            new.at.into(),
            new.expires_at.into(),
        ];
        self.one(&sql::ASK_FOR_DEVICE, Conflict::Stale, values);
    }

    fn add_client(&mut self, client: &StoredClient) {
        let values = vec![
            client.id.as_str().into(),
            client.version.into(),
            client.metadata.as_str().into(),
            joined(&client.secrets),
            client.registered_by.name().into(),
            client.access_token.map(|hash| hash.to_vec()).into(),
            client.created_at.into(),
            client.changed_at.into(),
        ];
        self.one(&sql::ADD_CLIENT, Conflict::ClientChanged, values);
    }

    fn add_registration_token(&mut self, token: &RegistrationToken) {
        let values = vec![
            token.id.as_str().into(),
            (&token.hash).into(),
            token.uses_left.into(),
            i64::from(token.client_credentials).into(),
            token.created_by.as_str().into(),
            token.created_at.into(),
            token.expires_at.into(),
        ];
        self.one(&sql::ADD_REGISTRATION_TOKEN, Conflict::Stale, values);
    }

    fn erase(&mut self, user: &UserId, at: Value) {
        self.any(&sql::TELL_OF_USER, vec![self.at.into(), id(user)]);
        self.one(&sql::ERASE_USER, Conflict::Stale, vec![Vec::new().into(), id(user)]);
        let of_user = [
            &sql::ERASE_PROVEN,
            &sql::ERASE_CLAIMED,
            &sql::ERASE_MEMBERSHIPS,
            &sql::ERASE_USER_NAMES,
            &sql::ERASE_GRANTS,
            &sql::ERASE_PASSWORD,
            &sql::ERASE_PASSKEYS,
            &sql::REMOVE_TOTP,
            &sql::ERASE_CONSENTS,
            &sql::END_SESSIONS_OF_USER,
        ];
        for statement in of_user {
            self.any(statement, vec![id(user)]);
        }
        self.any(&sql::END_AUTHORIZATIONS_OF_USER, vec![id(user)]);
        self.any(&sql::ERASE_LINKS, vec![at, id(user)]);
        self.any(&sql::ERASE_IDENTITIES, vec![json(&DisplayClaims::default()).into(), id(user)]);
    }

    fn add_link(&mut self, link: &NewLink) {
        let (namespace, subject) = (link.identity.namespace.as_str(), link.identity.subject.as_bytes());
        let values = vec![
            namespace.into(),
            subject.into(),
            json(&DisplayClaims::default()).into(),
            link.at.into(),
            id(&link.user),
            link.id.as_bytes().into(),
        ];
        self.one(&sql::HOLD_IDENTITY, Conflict::IdentityTaken, values);
        let values = vec![
            id(&link.user),
            link.id.as_bytes().into(),
            (&link.connection).into(),
            namespace.into(),
            subject.into(),
            link.reason.into(),
            json(&link.proofs).into(),
            link.policy_version.as_str().into(),
            link.at.into(),
            self.used.contains(&link.id).then_some(link.at.0).into(),
        ];
        self.one(&sql::ADD_LINK, Conflict::Stale, values);
    }

    fn restore_link(&mut self, link: &LinkId, user: &UserId, identity: &ExternalIdentity) {
        let values = || {
            vec![
                id(user),
                link.as_bytes().into(),
                identity.namespace.as_str().into(),
                identity.subject.as_bytes().into(),
            ]
        };
        self.one(&sql::RESTORE_LINK, Conflict::Stale, values());
        self.one(&sql::RETAKE_IDENTITY, Conflict::IdentityTaken, values());
    }

    fn move_link(&mut self, link: &LinkId, identity: &ExternalIdentity, from: &UserId, to: &UserId) {
        let (namespace, subject) = (identity.namespace.as_str(), identity.subject.as_bytes());
        let values = vec![id(to), id(from), link.as_bytes().into(), namespace.into(), subject.into()];
        self.one(&sql::MOVE_LINK, Conflict::Stale, values);
        let values = vec![id(to), namespace.into(), subject.into(), link.as_bytes().into(), id(from)];
        self.one(&sql::PASS_IDENTITY, Conflict::Stale, values);
    }

    fn move_connection(&mut self, to: &ConnectionState, version: i64) {
        let values = vec![
            to.version.into(),
            i64::from(to.enabled).into(),
            to.issuer.as_str().into(),
            to.client_id.as_str().into(),
            to.subject_claim.as_str().into(),
            to.epoch.into(),
            to.namespace.as_str().into(),
            to.changed_at.into(),
            (&to.id).into(),
            version.into(),
        ];
        self.one(&sql::MOVE_CONNECTION, Conflict::Stale, values);
    }

    fn carry_links(&mut self, connection: &ConnectionId, from: &Namespace, to: &Namespace, at: Micros) {
        let (from, to) = (from.as_str(), to.as_str());
        self.any(&sql::CARRY_LINKS, vec![to.into(), connection.into(), from.into()]);
        self.any(&sql::CARRY_IDENTITIES, vec![at.into(), from.into(), connection.into(), to.into()]);
        self.any(&sql::LEAVE_IDENTITIES, vec![from.into(), connection.into(), to.into()]);
    }

    fn create_session(&mut self, session: &NewSession) {
        let values = vec![
            (&session.hash).into(),
            session.id.as_bytes().into(),
            id(&session.user),
            i64::from(session.level).into(),
            json(&session.method).into(),
            session.method.link().as_ref().map(LinkId::as_bytes).into(),
            session.at.into(),
            session.authenticated_at.into(),
            session.expires_at.into(),
            session.store_epoch.into(),
            session.user_agent.as_str().into(),
            scope_name(&session.scope).into(),
            session.sid.as_bytes().into(),
        ];
        self.one(&sql::CREATE_SESSION, Conflict::Stale, values);
    }

    fn declare(&mut self, state: &ConnectionState) {
        let values = vec![
            (&state.id).into(),
            state.version.into(),
            i64::from(state.enabled).into(),
            state.issuer.as_str().into(),
            state.client_id.as_str().into(),
            state.subject_claim.as_str().into(),
            state.epoch.into(),
            state.namespace.as_str().into(),
            state.changed_at.into(),
        ];
        self.one(&sql::DECLARE_CONNECTION, Conflict::Stale, values);
    }

    /// The first event of a chain must rest on its end; the next ones of this plan on the one before.
    fn audit(&mut self, event: &AuditEvent) -> Result<(), StoreError> {
        let chain = chain_of(event).key();
        let head = match self.heads.get(&chain) {
            Some(head) => *head,
            None if event.after.seq == 0 => ChainHead::default(),
            None => {
                let values = vec![(&chain).into(), event.after.seq.into(), (&event.after.hash).into()];
                self.one(&sql::EXPECT_CHAIN_HEAD, Conflict::Stale, values);
                event.after
            }
        };
        let (statement, head) = append(event, head)?;
        self.statements.push(statement);
        self.heads.insert(chain, head);
        Ok(())
    }

    fn send(&mut self, mail: &Mail) -> Result<(), StoreError> {
        let MailBody::Sealed(sealed) = &mail.body else {
            return Err(StoreError::Invalid("a mail is not sealed"));
        };
        let values = vec![mail.id.as_bytes().into(), sealed.as_slice().into(), mail.at.into()];
        self.one(&sql::SEND_MAIL, Conflict::Stale, values);
        Ok(())
    }
}

fn id(user: &UserId) -> Value {
    user.as_bytes().into()
}
