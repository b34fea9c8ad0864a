//! Plans in the small world's numbers: what is left of a [`model::Plan`] when everything that no invariant reads is
//! gone.

use crate::names::{Names, counter_number, link_number, passkey_number, user_number};
use crate::state::{
    ABSORBED, ACCOUNT, ACTIVE, APPLICATION, AUTHORITATIVE, CODE, DELETED, DISABLED, Grants, HELD, LINK, LOOP,
    ORGANISATION, PASSKEY, PASSWORD, Session, VOUCHED,
};
use model::{
    AddressProof, Change, EventKind, Level, LinkId, MailBody, Method, PasskeyId, Plan, SessionScope, Undoable,
    UserStatus,
};

/// One guard or change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Op {
    ExpectUser(u8),
    ExpectConnection(u8),
    ExpectStoreEpoch,
    /// The session of the browser that acts is still there.
    ExpectSession,
    ExpectCohort(u8),
    /// Guard and change: from the version that was read to the next.
    Raise(u8),
    SpendFlow,

    CreateUser(u8, bool),
    Status(u8, u8),
    Erase(u8),
    /// Address, user, proof: it must be nobody's.
    Prove(u8, u8, u8),
    Renew(u8, u8),
    Password(u8),
    /// The identity must be held by no link.
    AddLink(u8, u8),
    RemoveLink(u8, u8),
    TouchLink(u8, u8),
    HoldLink(u8, u8),
    ReleaseLink(u8, u8),
    RestoreLink(u8, u8),
    MoveLink(u8, u8, u8),
    MoveAddress(u8, u8, u8),
    /// The authenticator and the user: nobody has its credential.
    AddPasskey(u8, u8),
    RemovePasskey(u8, u8),
    SetFactor(u8),
    RemoveFactor(u8),
    /// The counter, what was read, what it says now, and whether it lets nobody try any more.
    Count(u8, u8, u8, bool),
    RequireLevel(u8, bool),
    AddMember(u8),
    CreateSession(Session),
    /// The session of the browser that acts.
    EndOwnSession,
    EndSessionsOfLink(u8, u8),
    EndSessionsOfPasskey(u8, u8),
    EndSessionsOfUser(u8),
    EndSessionsOfConnection(u8),
    Grant(Grants),
    /// Whether it is that of the merge.
    SpendGrant(bool),
    Enable(u8, bool),
    /// To the second epoch, or back; and whether the connection is on.
    MoveConnection(bool, bool),
    /// The active links go along.
    CarryLinks,
    /// Kind, whose chain (none: the store's), and whether it names a proof or was an operator's.
    Audit(EventKind, Option<u8>, bool),
    /// A mail goes to this address.
    Notify(u8),
}

/// The name under which a guard can be left out and is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Guard {
    ExpectUser,
    ExpectConnection,
    ExpectStoreEpoch,
    ExpectSession,
    ExpectCohort,
    RaiseUser,
    SpendFlow,
    /// Compare-and-swap on the identity's row.
    IdentityFree,
    /// Insertion under the address.
    AddressFree,
    /// Insertion under the credential.
    CredentialFree,
    /// The link, the address or the passkey still stands as it was read.
    LinkStands,
    /// Compare-and-swap on a counter of attempts.
    Counter,
    SpendGrant,
    ConnectionVersion,
}

impl Guard {
    pub const ALL: [Self; 14] = [
        Self::ExpectUser,
        Self::ExpectConnection,
        Self::ExpectStoreEpoch,
        Self::ExpectSession,
        Self::ExpectCohort,
        Self::RaiseUser,
        Self::SpendFlow,
        Self::IdentityFree,
        Self::AddressFree,
        Self::CredentialFree,
        Self::LinkStands,
        Self::Counter,
        Self::SpendGrant,
        Self::ConnectionVersion,
    ];
}

impl Op {
    pub fn guard(self) -> Option<Guard> {
        Some(match self {
            Self::ExpectUser(_) => Guard::ExpectUser,
            Self::ExpectConnection(_) => Guard::ExpectConnection,
            Self::ExpectStoreEpoch => Guard::ExpectStoreEpoch,
            Self::ExpectSession => Guard::ExpectSession,
            Self::ExpectCohort(_) => Guard::ExpectCohort,
            Self::Raise(_) => Guard::RaiseUser,
            Self::SpendFlow => Guard::SpendFlow,
            Self::AddLink(..) | Self::RestoreLink(..) => Guard::IdentityFree,
            Self::Prove(..) => Guard::AddressFree,
            Self::AddPasskey(..) => Guard::CredentialFree,
            Self::Count(..) => Guard::Counter,
            Self::RemoveLink(..)
            | Self::TouchLink(..)
            | Self::HoldLink(..)
            | Self::ReleaseLink(..)
            | Self::MoveLink(..)
            | Self::MoveAddress(..)
            | Self::RemovePasskey(..)
            | Self::Renew(..) => Guard::LinkStands,
            Self::SpendGrant(_) => Guard::SpendGrant,
            Self::Enable(..) | Self::MoveConnection(..) => Guard::ConnectionVersion,
            _ => return None,
        })
    }
}

pub fn status_number(status: UserStatus) -> u8 {
    match status {
        UserStatus::Active => ACTIVE,
        UserStatus::Disabled => DISABLED,
        UserStatus::Held => HELD,
        UserStatus::Deleted => DELETED,
        UserStatus::Absorbed => ABSORBED,
    }
}

/// A plan's changes in numbers.
pub fn compact(names: &Names, plan: &Plan) -> Vec<Op> {
    let mut reading = Reading { names, added: Vec::new(), passkeys: Vec::new() };
    plan.changes.iter().filter_map(|change| reading.op(change)).collect()
}

struct Reading<'a> {
    names: &'a Names,
    /// Links this very plan makes: their ids are new.
    added: Vec<(LinkId, u8)>,
    /// Passkeys it makes, likewise.
    passkeys: Vec<(PasskeyId, u8)>,
}

impl Reading<'_> {
    fn identity_of(&self, link: LinkId) -> u8 {
        match link_number(link) {
            Some((identity, _)) => identity,
            None => self.added.iter().find(|(id, _)| *id == link).expect("a link of this plan").1,
        }
    }

    fn passkey_of(&self, passkey: PasskeyId) -> u8 {
        match passkey_number(passkey) {
            Some(key) => key,
            None => self.passkeys.iter().find(|(id, _)| *id == passkey).expect("a passkey of this plan").1,
        }
    }

    fn method(&self, method: &Method) -> u8 {
        match method {
            Method::Password => PASSWORD,
            Method::EmailCode { address } => CODE + self.names.address_number(address),
            Method::Link { link, .. } => LINK + self.identity_of(*link),
            Method::Passkey { passkey } => PASSKEY + self.passkey_of(*passkey),
        }
    }

    fn op(&mut self, change: &Change) -> Option<Op> {
        let names = self.names;
        Some(match change {
            Change::ExpectUser { user, .. } => Op::ExpectUser(user_number(*user)),
            Change::ExpectConnection { connection, .. } => Op::ExpectConnection(names.connection_number(connection)),
            Change::ExpectStoreEpoch { .. } => Op::ExpectStoreEpoch,
            Change::ExpectSession { .. } => Op::ExpectSession,
            Change::ExpectCohort { connection, .. } => Op::ExpectCohort(names.connection_number(connection)),
            Change::RaiseUser { user, .. } => Op::Raise(user_number(*user)),
            Change::SpendFlow(_) => Op::SpendFlow,
            Change::CreateUser { user, required_level, .. } => {
                Op::CreateUser(user_number(*user), *required_level > Level::One)
            }
            Change::SetUserStatus { user, status, .. } => Op::Status(user_number(*user), status_number(*status)),
            Change::EraseUser { user, .. } => Op::Erase(user_number(*user)),
            Change::ProveAddress { address, user, proof, .. } => {
                let proof = match proof {
                    AddressProof::Vouched => VOUCHED,
                    AddressProof::Authoritative => AUTHORITATIVE,
                    AddressProof::Loop => LOOP,
                };
                Op::Prove(names.address_number(address), user_number(*user), proof)
            }
            Change::RenewAddress { address, user, .. } => Op::Renew(names.address_number(address), user_number(*user)),
            Change::SetPassword { user, .. } => Op::Password(user_number(*user)),
            Change::AddLink(new) => {
                let identity = names.identity_number(&new.identity);
                self.added.push((new.id, identity));
                Op::AddLink(identity, user_number(new.user))
            }
            Change::RemoveLink { link, user, .. } => Op::RemoveLink(self.identity_of(*link), user_number(*user)),
            Change::TouchLink { link, user, .. } => Op::TouchLink(self.identity_of(*link), user_number(*user)),
            Change::HoldLink { link, user } => Op::HoldLink(self.identity_of(*link), user_number(*user)),
            Change::ReleaseLink { link, user } => Op::ReleaseLink(self.identity_of(*link), user_number(*user)),
            Change::RestoreLink { link, user, .. } => Op::RestoreLink(self.identity_of(*link), user_number(*user)),
            Change::MoveLink { link, from, to, .. } => {
                Op::MoveLink(self.identity_of(*link), user_number(*from), user_number(*to))
            }
            Change::MoveAddress { address, from, to } => {
                Op::MoveAddress(names.address_number(address), user_number(*from), user_number(*to))
            }
            Change::AddPasskey(new) => {
                let key = *new.credential.last().expect("a credential of this world");
                self.passkeys.push((new.id, key));
                Op::AddPasskey(key, user_number(new.user))
            }
            Change::RemovePasskey { passkey, user } => Op::RemovePasskey(self.passkey_of(*passkey), user_number(*user)),
            Change::SetTotp(new) => Op::SetFactor(user_number(new.user)),
            Change::RemoveTotp { user } => Op::RemoveFactor(user_number(*user)),
            Change::Throttle { key, was, failures, blocked_until, at } => {
                // The other counters are wide: nobody reaches their ends here.
                let number = counter_number(names, key)?;
                Op::Count(number, *was as u8, *failures as u8, blocked_until > at)
            }
            Change::SetRequiredLevel { user, level } => Op::RequireLevel(user_number(*user), *level > Level::One),
            Change::AddMember { user, .. } => Op::AddMember(user_number(*user)),
            Change::CreateSession(new) => Op::CreateSession(Session {
                user: user_number(new.user) + 1,
                method: self.method(&new.method),
                fresh: linking::is_fresh_at(new.authenticated_at, new.at),
                two: new.level > Level::One,
                scope: match new.scope {
                    SessionScope::Account => ACCOUNT,
                    SessionScope::Organisation { .. } => ORGANISATION,
                    SessionScope::Application => APPLICATION,
                },
                dead: false,
            }),
            Change::EndSession { .. } | Change::EndSessionById { .. } => Op::EndOwnSession,
            Change::EndSessionsOfLink { link, user } => {
                Op::EndSessionsOfLink(self.identity_of(*link), user_number(*user))
            }
            Change::EndSessionsOfPasskey { passkey, user } => {
                Op::EndSessionsOfPasskey(self.passkey_of(*passkey), user_number(*user))
            }
            Change::EndSessionsOfUser { user } => Op::EndSessionsOfUser(user_number(*user)),
            Change::EndSessionsOfConnection { connection } => {
                Op::EndSessionsOfConnection(names.connection_number(connection))
            }
            Change::Grant(grant) => Op::Grant(self.grant(user_number(grant.user), &grant.what)),
            Change::SpendGrant { event } => Op::SpendGrant(*event == crate::names::grant_id(true)),
            Change::SetConnectionEnabled { connection, enabled, .. } => {
                Op::Enable(names.connection_number(connection), *enabled)
            }
            Change::MoveConnection { to, .. } => Op::MoveConnection(to.epoch > 1, to.enabled),
            Change::CarryLinks { .. } => Op::CarryLinks,
            Change::Audit(event) => {
                let named = !event.proofs.is_empty() || !event.by_self();
                Op::Audit(event.kind, event.subject.map(user_number), named)
            }
            Change::Send(mail) => match &mail.body {
                MailBody::Plain { to, .. } => Op::Notify(names.address_number(to)),
                MailBody::Sealed(_) => return None,
            },
            // Nothing in this world depends on these.
            Change::CreateSubject { .. }
            | Change::MoveSubjects { .. }
            | Change::ReturnSubjects { .. }
            | Change::ClaimAddress { .. }
            | Change::SeeIdentity { .. }
            | Change::IssueCode { .. }
            | Change::CountGuess { .. }
            | Change::RedeemCode { .. }
            | Change::ClearThrottle { .. }
            | Change::DeclareConnection(_)
            | Change::SpendProof(_)
            | Change::UseTotp { .. }
            | Change::SetRecoveryCodes { .. }
            | Change::RemoveMember { .. }
            | Change::UsePasskey { .. }
            | Change::Authorize(_)
            | Change::Refresh { .. }
            | Change::EndAuthorization { .. }
            | Change::AskForDevice(_)
            | Change::ClaimDevice { .. }
            | Change::AnswerDevice { .. }
            | Change::RedeemDevice { .. }
            | Change::SlowDevice { .. }
            | Change::GiveConsent { .. }
            | Change::WithdrawConsent { .. }
            | Change::ExpectClient { .. }
            | Change::AddClient(_)
            | Change::ChangeClient { .. }
            | Change::RemoveClient { .. }
            | Change::AddRegistrationToken(_)
            | Change::UseRegistrationToken { .. }
            | Change::RemoveRegistrationToken { .. } => return None,
        })
    }

    fn grant(&self, user: u8, what: &Undoable) -> Grants {
        let none = Grants::default();
        match what {
            Undoable::Link { link, .. } => Grants { change: 1, identity: self.identity_of(*link), user, ..none },
            Undoable::Unlink { link, .. } => Grants { change: 2, identity: self.identity_of(*link), user, ..none },
            Undoable::Merge { absorbed, links, addresses, required_level } => Grants {
                merged: true,
                survivor: user,
                absorbed: user_number(*absorbed),
                links: links.iter().fold(0, |mask, link| mask | 1 << self.identity_of(*link)),
                addresses: addresses.iter().fold(0, |mask, at| mask | 1 << self.names.address_number(at)),
                raised: required_level.0 != required_level.1,
                ..none
            },
        }
    }
}
