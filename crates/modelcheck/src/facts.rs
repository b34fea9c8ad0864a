//! Facts as the store would read them in a state, for the real decisions.

use crate::names::{
    IDENTITY, NOW, Names, counter_number, credential, flow_id, grant_id, issuer, link_id, namespace, passkey_id,
    session_hash, session_id, user_id,
};
use crate::setup::Setup;
use crate::state::{
    ABSORBED, ACCOUNT, ACTIVE, AUTHORITATIVE, CONNECTIONS, DELETED, DISABLED, Db, Flow, HELD, IDENTITIES, Identity,
    LOOP, LOOP_LONG_AGO, NO_USER, ORGANISATION, PASSKEYS, Session, USERS, VOUCHED,
};
use model::{
    AddressFacts, AddressProof, Assertion, AssertionParts, ChainHead, ConnectionState, CredentialFacts, DAY,
    DisplayClaims, EventId, Expiring, Facts, GrantFacts, HOUR, IdentityFacts, Level, LinkFacts, LinkState, MINUTE,
    MailClaim, Method, Micros, PasskeyFacts, PasswordFacts, SECOND, Secret, SessionFacts, SessionScope, ThrottleFacts,
    TotpFacts, Undoable, UserFacts, UserStatus,
};

/// What the store answers: the same version everywhere; a ticket that is outdated names another.
pub const VERSION: i64 = 1;

pub struct Reader<'a> {
    pub names: &'a Names,
    pub setup: &'a Setup,
    pub db: &'a Db,
}

fn level(two: bool) -> Level {
    if two { Level::Two } else { Level::One }
}

fn status(number: u8) -> UserStatus {
    match number {
        ACTIVE => UserStatus::Active,
        DISABLED => UserStatus::Disabled,
        HELD => UserStatus::Held,
        ABSORBED => UserStatus::Absorbed,
        _ => {
            debug_assert_eq!(number, DELETED);
            UserStatus::Deleted
        }
    }
}

impl Reader<'_> {
    /// The epoch the first connection is in; the others have one.
    pub fn epoch(&self, connection: u8) -> i64 {
        if connection == 0 && self.db.second_epoch { 2 } else { 1 }
    }

    pub fn connections(&self) -> Vec<ConnectionState> {
        (0..CONNECTIONS as u8)
            .map(|connection| {
                let epoch = self.epoch(connection);
                ConnectionState {
                    id: self.names.connections[usize::from(connection)].clone(),
                    version: VERSION,
                    enabled: self.db.is_on(connection),
                    epoch,
                    namespace: namespace(connection, epoch),
                    issuer: issuer(connection, epoch),
                    client_id: "selfsame".to_owned(),
                    subject_claim: "sub".to_owned(),
                    changed_at: NOW - DAY,
                }
            })
            .collect()
    }

    fn link(&self, number: u8, identity: Identity, user: u8, state: LinkState) -> LinkFacts {
        let (_, connection, _, _) = IDENTITY[usize::from(number)];
        let living = state != LinkState::Removed;
        LinkFacts {
            id: link_id(number, user, living),
            connection: self.names.connections[usize::from(connection)].clone(),
            identity: self.names.identities[usize::from(number)].clone(),
            state,
            linked_at: if identity.recent { NOW - DAY } else { NOW - DAY.times(60) },
            last_used_at: None,
            removed_at: (!living).then_some(NOW - HOUR),
            display: DisplayClaims::default(),
            // The open provider knows its people by the same mailbox.
            address: (number == 2).then(|| self.names.addresses[0].clone()),
        }
    }

    pub fn passkey(&self, key: u8, user: u8) -> PasskeyFacts {
        let known = self.db.passkeys[usize::from(key)];
        let host = &self.setup.policy.host;
        PasskeyFacts {
            id: passkey_id(key, user),
            credential: credential(key).to_vec(),
            handle: vec![user],
            host: if known.elsewhere { format!("old.{host}") } else { host.clone() },
            name: String::new(),
            added_at: if known.recent { NOW - DAY } else { NOW - DAY.times(60) },
            last_used_at: None,
        }
    }

    /// Who has the credential that an authenticator shows.
    pub fn credential(&self, key: u8) -> Option<CredentialFacts> {
        let user = self.db.passkeys[usize::from(key)].of()?;
        let passkey = passkey_id(key, user);
        Some(CredentialFacts { passkey, user: user_id(user), handle: vec![user], key: String::new() })
    }

    /// What the counters say, of those that are asked for.
    pub fn throttles(&self, keys: &[Vec<u8>]) -> Vec<ThrottleFacts> {
        let guesses = self.db.guesses;
        let of = |key: &Vec<u8>| {
            let number = counter_number(self.names, key)?;
            let failures = guesses.counted[usize::from(number)];
            let blocked_until = if guesses.blocked & (1 << number) != 0 { NOW + SECOND } else { NOW - MINUTE };
            let known =
                ThrottleFacts { key: key.clone(), failures: failures.into(), blocked_until, updated_at: NOW - SECOND };
            (failures > 0).then_some(known)
        };
        keys.iter().filter_map(of).collect()
    }

    pub fn user(&self, slot: u8) -> Option<UserFacts> {
        let user = self.db.users[usize::from(slot)];
        if user.status == NO_USER {
            return None;
        }
        let mut links = Vec::new();
        for (number, identity) in (0..IDENTITIES as u8).zip(self.db.identities) {
            if identity.tombstones & (1 << slot) != 0 {
                links.push(self.link(number, identity, slot, LinkState::Removed));
            }
            if identity.active() == Some(slot) {
                links.push(self.link(number, identity, slot, LinkState::Active));
            } else if identity.held() == Some(slot) {
                links.push(self.link(number, identity, slot, LinkState::Held));
            }
        }
        let addresses = self
            .db
            .addresses
            .iter()
            .zip(&self.names.addresses)
            .filter(|(known, _)| known.owner == slot + 1)
            .map(|(known, address)| AddressFacts {
                address: address.clone(),
                proof: match known.proof {
                    VOUCHED => AddressProof::Vouched,
                    AUTHORITATIVE => AddressProof::Authoritative,
                    _ => AddressProof::Loop,
                },
                proven_at: if known.proof == LOOP_LONG_AGO { NOW - DAY.times(400) } else { NOW - DAY },
            })
            .collect();
        Some(UserFacts {
            id: user_id(slot),
            version: VERSION,
            status: status(user.status),
            protected: self.setup.protected & (1 << slot) != 0,
            required_level: level(user.two),
            name: String::new(),
            created_at: NOW - DAY.times(90),
            organisations: if user.member { vec![self.names.organisation.clone()] } else { Vec::new() },
            addresses,
            password: (user.password != 0)
                .then(|| PasswordFacts { phc: Secret::new(String::new()), set_at: NOW - DAY }),
            passkeys: (0..PASSKEYS as u8)
                .filter(|key| self.db.passkeys[usize::from(*key)].of() == Some(slot))
                .map(|key| self.passkey(key, slot))
                .collect(),
            totp: (user.factor > 0).then(|| TotpFacts {
                secret: Vec::new(),
                last_step: 0,
                codes: Vec::new(),
                added_at: NOW - DAY.times(60),
            }),
            links,
            chain: ChainHead { seq: 1, hash: [slot; 32] },
            sealed_key: Vec::new(),
        })
    }

    pub fn session(&self, slot: u8, session: Session) -> Option<SessionFacts> {
        let user = session.of()?;
        Some(SessionFacts {
            id: session_id(slot),
            sid: session_id(slot),
            hash: session_hash(slot),
            user: user_id(user),
            level: level(session.two),
            scope: match session.scope {
                ACCOUNT => SessionScope::Account,
                ORGANISATION => SessionScope::Organisation { organisation: self.names.organisation.clone() },
                _ => SessionScope::Application,
            },
            method: self.names.method(user, session.method),
            authenticated_at: authenticated_at(session.fresh),
            created_at: NOW - HOUR,
            expires_at: NOW + DAY,
            store_epoch: if session.dead { 0 } else { VERSION },
            user_agent: String::new(),
        })
    }

    fn identity(&self, number: u8) -> IdentityFacts {
        let known = self.db.identities[usize::from(number)];
        let link = match (known.active(), known.held()) {
            (Some(user), _) => Some((link_id(number, user, true), user_id(user), LinkState::Active)),
            (_, Some(user)) => Some((link_id(number, user, true), user_id(user), LinkState::Held)),
            _ => None,
        };
        // Tombstones of deleted users do not count.
        let remembered = (0..USERS as u8)
            .any(|user| known.tombstones & (1 << user) != 0 && self.db.users[usize::from(user)].status != DELETED);
        IdentityFacts {
            identity: self.names.identities[usize::from(number)].clone(),
            link,
            was_removed: link.is_none() && remembered,
        }
    }

    /// One snapshot: session of this browser, an identity, an address, and every user.
    pub fn facts(
        &self,
        slot: u8,
        session: Session,
        identity: Option<u8>,
        address: Option<u8>,
        grant: Option<bool>,
    ) -> Facts {
        let address_owner = address.and_then(|at| self.db.addresses[usize::from(at)].owner.checked_sub(1));
        let named = self.setup.events.user_names && self.db.users[1].status == ACTIVE;
        Facts {
            store_epoch: VERSION,
            flow_spent: false,
            session: self.session(slot, session),
            identity: identity.map(|number| self.identity(number)),
            address_owner: address_owner.map(user_id),
            user_name_owner: named.then(|| user_id(1)),
            grant: grant.and_then(|merge| self.grant(merge)),
            code: None,
            throttles: Vec::new(),
            device: None,
            clients_of_session: Vec::new(),
            credential: None,
            domain: None,
            connections: self.connections(),
            users: (0..USERS as u8).filter_map(|user| self.user(user)).collect(),
        }
    }

    fn grant(&self, merge: bool) -> Option<GrantFacts> {
        let grants = self.db.grants;
        let (user, what) = if merge {
            let links = (0..IDENTITIES as u8).filter(|i| grants.links & (1 << i) != 0);
            let at = self.names.addresses.iter().enumerate().filter(|(i, _)| grants.addresses & (1 << i) != 0);
            let what = Undoable::Merge {
                absorbed: user_id(grants.absorbed),
                links: links.map(|i| link_id(i, grants.survivor, true)).collect(),
                addresses: at.map(|(_, address)| address.clone()).collect(),
                required_level: (Level::One, level(grants.raised)),
            };
            (grants.merged.then_some(grants.survivor)?, what)
        } else {
            let (number, user) = (grants.identity, grants.user);
            let connection = self.names.connections[usize::from(IDENTITY[usize::from(number)].1)].clone();
            let identity = self.names.identities[usize::from(number)].clone();
            let link = link_id(number, user, grants.change == 1);
            let what = match grants.change {
                1 => Undoable::Link { link, connection, identity },
                2 => Undoable::Unlink { link, connection, identity },
                _ => return None,
            };
            (user, what)
        };
        let event: EventId = grant_id(merge);
        let (made_at, expires_at) = (NOW - HOUR, NOW + DAY);
        Some(GrantFacts { event, user: user_id(user), what, made_at, expires_at, spent: false, followed: false })
    }

    /// What came back from the provider in this flow.
    pub fn assertion(&self, flow: Flow) -> Option<Assertion> {
        let number = flow.identity.checked_sub(1)?;
        let (_, connection, epoch, _) = IDENTITY[usize::from(number)];
        let user_name = self.setup.events.user_names.then(|| "vera".to_owned());
        Some(Assertion::from_verified(AssertionParts {
            connection: self.names.connections[usize::from(connection)].clone(),
            epoch: if flow.old_epoch { 3 - epoch } else { epoch },
            identity: self.names.identities[usize::from(number)].clone(),
            mail: flow.claim.checked_sub(1).map(|at| MailClaim {
                address: self.names.addresses[usize::from(at)].clone(),
                verified: flow.verified,
                hosted_domain: None,
                domain_owner_verified: false,
            }),
            display: DisplayClaims { user_name, ..DisplayClaims::default() },
            authenticated_at: Some(NOW),
            verified_at: NOW,
            level: level(connection == 0 && self.setup.honest_two),
        }))
    }

    /// What a method proves here and now.
    pub fn level_of(&self, method: &Method) -> Level {
        match method {
            Method::Link { connection, .. } => level(*connection == self.names.connections[0] && self.setup.honest_two),
            Method::Passkey { .. } => linking::PASSKEY_LEVEL,
            Method::Password | Method::EmailCode { .. } => Level::One,
        }
    }
}

pub fn authenticated_at(fresh: bool) -> Micros {
    if fresh { NOW - MINUTE } else { NOW - HOUR }
}

pub fn flow_of(browser: u8) -> Expiring {
    Expiring { flow: flow_id(browser), expires_at: NOW + HOUR }
}

/// Kinds of proof that are worth a code through the mailbox, for the invariants.
pub fn is_loop(proof: u8) -> bool {
    proof == LOOP || proof == LOOP_LONG_AGO
}
