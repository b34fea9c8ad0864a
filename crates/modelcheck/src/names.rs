//! The small world in the model's own nouns: ids, addresses, identities, and back from them to numbers.

use crate::state::{CODE, IDENTITIES, LINK, PASSWORD, passkey_of};
use model::{
    Address, ConnectionId, EventId, ExternalIdentity, FlowId, LinkId, Method, Micros, Namespace, OrganisationId,
    PasskeyId, Random, SessionId, UpstreamSubject, UserId,
};

pub const NOW: Micros = Micros(1_800_000_000_000_000);

/// The provider that speaks for the victim's mail domain, one where anybody sets any address, and a tenant's own.
pub const HONEST: u8 = 0;
pub const OPEN: u8 = 1;
pub const TENANT: u8 = 2;

/// The victim's mailbox, and the attacker's.
pub const VICTIMS: u8 = 0;
pub const ATTACKERS: u8 = 1;

/// Identities by number: who is meant in words, the connection, the epoch, the subject.
pub const IDENTITY: [(&str, u8, i64, &str); IDENTITIES] = [
    ("the victim's account at the honest provider", HONEST, 1, "hv"),
    ("the attacker's account at the honest provider", HONEST, 1, "ha"),
    ("the victim's account at the open provider", OPEN, 1, "ov"),
    ("the attacker's account at the open provider", OPEN, 1, "oa"),
    ("the victim's account at the tenant's provider", TENANT, 1, "tv"),
    ("the subject of the same name at the new issuer", HONEST, 2, "hv"),
];

/// Everything that is the same in every state, made once.
pub struct Names {
    pub connections: [ConnectionId; 3],
    pub addresses: [Address; 2],
    pub identities: [ExternalIdentity; IDENTITIES],
    pub organisation: OrganisationId,
}

pub fn issuer(connection: u8, epoch: i64) -> String {
    let name = ["honest", "open", "tenant"][usize::from(connection)];
    if epoch == 1 { format!("https://{name}.example") } else { format!("https://{name}-{epoch}.example") }
}

pub fn namespace(connection: u8, epoch: i64) -> Namespace {
    Namespace::new(&issuer(connection, epoch), None, epoch)
}

impl Default for Names {
    fn default() -> Self {
        let parse = |name| ConnectionId::parse(name).expect("a connection name");
        Self {
            connections: ["honest", "open", "tenant"].map(parse),
            addresses: ["vera@home.example", "mallory@home.example"]
                .map(|text| Address::parse(text).expect("an address")),
            identities: IDENTITY.map(|(_, connection, epoch, subject)| ExternalIdentity {
                namespace: namespace(connection, epoch),
                subject: UpstreamSubject::parse(subject).expect("a subject"),
            }),
            organisation: OrganisationId::parse("tenant").expect("an organisation name"),
        }
    }
}

impl Names {
    /// The one set of names: made once, for what is asked in every state.
    pub fn get() -> &'static Self {
        static NAMES: std::sync::LazyLock<Names> = std::sync::LazyLock::new(Names::new);
        &NAMES
    }

    pub fn new() -> Self {
        Self::default()
    }

    pub fn method(&self, user: u8, method: u8) -> Method {
        if let Some(key) = passkey_of(method) {
            return Method::Passkey { passkey: passkey_id(key, user) };
        }
        match method {
            PASSWORD => Method::Password,
            code if code < LINK => Method::EmailCode { address: self.addresses[usize::from(code - CODE)].clone() },
            link => {
                let identity = link - LINK;
                let connection = IDENTITY[usize::from(identity)].1;
                let connection = self.connections[usize::from(connection)].clone();
                Method::Link { link: link_id(identity, user, true), connection }
            }
        }
    }

    pub fn connection_number(&self, id: &ConnectionId) -> u8 {
        self.connections.iter().position(|known| known == id).expect("a connection of this world") as u8
    }

    pub fn address_number(&self, address: &Address) -> u8 {
        self.addresses.iter().position(|known| known == address).expect("an address of this world") as u8
    }

    pub fn identity_number(&self, identity: &ExternalIdentity) -> u8 {
        self.identities.iter().position(|known| known == identity).expect("an identity of this world") as u8
    }
}

pub fn user_id(user: u8) -> UserId {
    UserId::from_bytes([user + 1; 16])
}

pub fn user_number(id: UserId) -> u8 {
    id.as_bytes()[0] - 1
}

/// Living links and tombstones of one identity and user are told apart; nothing asks for more.
pub fn link_id(identity: u8, user: u8, living: bool) -> LinkId {
    LinkId::from_bytes([0xa0, identity, user, u8::from(living), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
}

/// The identity and the user of an id that [`link_id`] made.
pub fn link_number(id: LinkId) -> Option<(u8, u8)> {
    let bytes = id.as_bytes();
    (bytes[0] == 0xa0 && bytes[15] == 1).then(|| (bytes[1], bytes[2]))
}

/// A credential is one user's: with another it is another passkey.
pub fn passkey_id(key: u8, user: u8) -> PasskeyId {
    PasskeyId::from_bytes([0xa1, key, user, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
}

/// The authenticator of an id that [`passkey_id`] made.
pub fn passkey_number(id: PasskeyId) -> Option<u8> {
    let bytes = id.as_bytes();
    (bytes[0] == 0xa1 && bytes[15] == 1).then(|| bytes[1])
}

/// What an authenticator calls its credential.
pub fn credential(key: u8) -> [u8; 2] {
    [0xa2, key]
}

/// Where the attacker's guesses come from.
pub const SOURCE: &[u8] = b"203.0.113.7";

/// The account a guess is counted for: the user whose the typed address is, or the address where it is nobody's.
pub fn account(names: &Names, typed: u8, owner: Option<u8>) -> Vec<u8> {
    match owner {
        Some(user) => user_id(user).as_bytes().to_vec(),
        None => names.addresses[usize::from(typed)].as_str().as_bytes().to_vec(),
    }
}

/// The number of a counter of one account and source: that of the address it is named by, the first for a user.
pub fn counter_number(names: &Names, key: &[u8]) -> Option<u8> {
    let account = key.strip_prefix(b"pair:")?.strip_suffix(SOURCE)?.strip_suffix(&[0])?;
    let typed = names.addresses.iter().position(|address| address.as_str().as_bytes() == account);
    Some(typed.unwrap_or(0) as u8)
}

pub fn session_id(slot: u8) -> SessionId {
    SessionId::from_bytes([0xb0 + slot; 16])
}

pub fn session_hash(slot: u8) -> [u8; 32] {
    [0xc0 + slot; 32]
}

pub const NEW_HASH: [u8; 32] = [0xcf; 32];

pub fn flow_id(browser: u8) -> FlowId {
    FlowId::from_bytes([0xd0 + browser; 16])
}

/// The event of the last change that can be undone, and that of the last merge.
pub fn grant_id(merge: bool) -> EventId {
    EventId::from_bytes([0xe0 + u8::from(merge); 16])
}

/// The ids of a plan need not be random here: only the order in which they are made tells them apart.
pub struct Counter(std::sync::atomic::AtomicU64);

impl Default for Counter {
    fn default() -> Self {
        Self(std::sync::atomic::AtomicU64::new(1))
    }
}

impl Random for Counter {
    fn fill(&self, bytes: &mut [u8]) {
        let next = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed).to_be_bytes();
        bytes.fill(0x11);
        let end = bytes.len().saturating_sub(8);
        for (byte, value) in bytes[end..].iter_mut().zip(next) {
            *byte = value;
        }
    }
}
