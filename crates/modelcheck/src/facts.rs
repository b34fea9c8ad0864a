//! Facts as the store would read them in a state, for the real decisions.

use crate::names::{
    IDENTITY, NOW, Names, flow_id, grant_id, issuer, link_id, namespace, session_hash, session_id, user_id,
};
use crate::setup::Setup;
use crate::state::{
    ABSORBED, ACCOUNT, ACTIVE, AUTHORITATIVE, CONNECTIONS, DELETED, DISABLED, Db, Flow, HELD, IDENTITIES, Identity,
    LOOP, LOOP_LONG_AGO, NO_USER, ORGANISATION, Session, USERS, VOUCHED,
};
use model::{
    AddressFacts, AddressProof, Assertion, AssertionParts, ChainHead, ConnectionState, DAY, DisplayClaims, EventId,
    Expiring, Facts, GrantFacts, HOUR, IdentityFacts, Level, LinkFacts, LinkState, MINUTE, MailClaim, Method, Micros,
    PasswordFacts, Secret, SessionFacts, SessionScope, Undoable, UserFacts, UserStatus,
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
            passkeys: Vec::new(),
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
        let honest = matches!(method, Method::Link { connection, .. } if *connection == self.names.connections[0]);
        level(honest && self.setup.honest_two)
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
