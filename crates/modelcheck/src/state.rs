//! One state of the small world, and how it is packed.
//!
//! Versions are not numbers here: a decision only ever asks whether one is still what it was, so a ticket and a plan
//! that waits carry a mark that says *changed since*. Nothing is in the state that no decision and no invariant reads.

/// Slots for users. The first two can only be the victim's, the last only the attacker's: whose a user is needs no
/// place in the state, and the two of the victim are interchangeable.
pub const USERS: usize = 3;
pub const OF_ATTACKER: u8 = 2;
pub const ADDRESSES: usize = 2;
pub const IDENTITIES: usize = 6;
pub const CONNECTIONS: usize = 3;
/// Authenticators: the victim's, and the attacker's. Each keeps one credential at a time.
pub const PASSKEYS: usize = 2;
/// Browsers of victim and attacker, and an application that was handed a session of the victim's.
pub const SESSIONS: usize = 3;
pub const BROWSERS: usize = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Person {
    Victim,
    Attacker,
}

/// Whose user a slot is.
pub fn owner(user: u8) -> Person {
    if user == OF_ATTACKER { Person::Attacker } else { Person::Victim }
}

pub const NO_USER: u8 = 0;
pub const ACTIVE: u8 = 1;
pub const DISABLED: u8 = 2;
pub const HELD: u8 = 3;
pub const DELETED: u8 = 4;
pub const ABSORBED: u8 = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct User {
    pub status: u8,
    /// 0 none, 1 known to the victim, 2 known to the attacker.
    pub password: u8,
    /// Of the organisation that the third connection belongs to.
    pub member: bool,
    /// Requires the second level.
    pub two: bool,
    /// Whose second factor it has: 0 none, 1 the victim's, 2 the attacker's.
    pub factor: u8,
}

pub const VOUCHED: u8 = 0;
pub const AUTHORITATIVE: u8 = 1;
pub const LOOP: u8 = 2;
pub const LOOP_LONG_AGO: u8 = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Address {
    /// 0 nobody's, else the user and one.
    pub owner: u8,
    pub proof: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Identity {
    /// 0 linked to nobody; 1 to 3 active with that user; 4 to 6 held.
    pub holder: u8,
    /// Users with a tombstone of it, a bit each.
    pub tombstones: u8,
    /// Linked within the days in which recovery holds new links.
    pub recent: bool,
}

impl Identity {
    pub fn active(self) -> Option<u8> {
        (1..=3).contains(&self.holder).then(|| self.holder - 1)
    }

    pub fn held(self) -> Option<u8> {
        (4..=6).contains(&self.holder).then(|| self.holder - 4)
    }

    pub fn living(self) -> Option<u8> {
        self.active().or(self.held())
    }
}

/// The credential of one authenticator, as it is kept with a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Passkey {
    /// 0 nobody's, else the user and one.
    pub holder: u8,
    /// Added within the days in which recovery trusts nothing new.
    pub recent: bool,
    /// Made for the host that we had before: no browser shows it here.
    pub elsewhere: bool,
}

impl Passkey {
    pub fn of(self) -> Option<u8> {
        self.holder.checked_sub(1)
    }
}

/// Guesses of the attacker's at the password of the victim's user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Guesses {
    /// What the counters say: that of the user, or those of the addresses that were typed, where a fault counts by them.
    pub counted: [u8; ADDRESSES],
    /// Counters that let nobody try now, a bit each.
    pub blocked: u8,
    /// How many were let through. Not stored, but what the counters are there to bound.
    pub made: u8,
}

/// The last link or unlink that can be undone, and the last merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Grants {
    /// 0 none, 1 link, 2 unlink.
    pub change: u8,
    pub identity: u8,
    pub user: u8,
    pub merged: bool,
    pub survivor: u8,
    pub absorbed: u8,
    pub links: u8,
    pub addresses: u8,
    /// The survivor's required level rose.
    pub raised: bool,
}

/// What is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Db {
    pub users: [User; USERS],
    pub addresses: [Address; ADDRESSES],
    pub identities: [Identity; IDENTITIES],
    pub passkeys: [Passkey; PASSKEYS],
    pub guesses: Guesses,
    /// Connections switched off, a bit each.
    pub off: u8,
    /// The first connection is in its second epoch.
    pub second_epoch: bool,
    /// The victim's mailbox has passed to the attacker. Not stored, but what every stored thing about it means.
    pub recycled: bool,
    pub grants: Grants,
}

/// Methods by number: the password, a code to one of the addresses, a link of one of the identities, a passkey.
pub const PASSWORD: u8 = 0;
pub const CODE: u8 = 1;
pub const LINK: u8 = 3;
pub const PASSKEY: u8 = LINK + IDENTITIES as u8;
pub const METHODS: u8 = PASSKEY + PASSKEYS as u8;

/// The identity that a method goes through.
pub fn identity_of(method: u8) -> Option<u8> {
    (LINK..PASSKEY).contains(&method).then(|| method - LINK)
}

/// The authenticator that a method is of.
pub fn passkey_of(method: u8) -> Option<u8> {
    (PASSKEY..METHODS).contains(&method).then(|| method - PASSKEY)
}

pub const ACCOUNT: u8 = 0;
pub const ORGANISATION: u8 = 1;
pub const APPLICATION: u8 = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Session {
    /// 0 none, else the user and one.
    pub user: u8,
    pub method: u8,
    pub fresh: bool,
    pub two: bool,
    pub scope: u8,
    /// Made before a restore.
    pub dead: bool,
}

impl Session {
    pub fn of(self) -> Option<u8> {
        self.user.checked_sub(1)
    }

    pub fn link(self) -> Option<u8> {
        identity_of(self.method).filter(|_| self.user > 0)
    }

    pub fn passkey(self) -> Option<u8> {
        passkey_of(self.method).filter(|_| self.user > 0)
    }
}

pub const NO_FLOW: u8 = 0;
pub const SIGN_IN: u8 = 1;
pub const LINKING: u8 = 2;
/// One factor was shown at the door, or in a session that confirms, and the second is asked for.
pub const HALF_WAY: u8 = 3;
pub const CONFIRMING: u8 = 4;

/// What a browser carries, sealed, between two requests of one journey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Flow {
    pub kind: u8,
    /// The identity that came back, and one; 0 before that.
    pub identity: u8,
    /// The address the provider gave, and one.
    pub claim: u8,
    pub verified: bool,
    /// The address whose code was entered, and one.
    pub mailbox: u8,
    /// The user the ticket names, and one.
    pub named: u8,
    /// The method that user was proven by, and one, and the user, and one.
    pub proof: u8,
    pub proven: u8,
    /// Whose second factor was shown, and one.
    pub factor: u8,
    pub separate: bool,
    pub switch: bool,
    /// A link's ticket: the user changed since, or the session that asked is another.
    pub outdated: bool,
    pub other_session: bool,
    /// The connection's epoch changed since the journey began.
    pub old_epoch: bool,
    /// Its outcome is committed.
    pub spent: bool,
    /// A restore came after it.
    pub dead: bool,
}

/// A plan that was decided and waits for its commit, and what changed since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Pending {
    /// Number of the plan, and one.
    pub plan: u32,
    pub browser: u8,
    pub users: u8,
    pub connections: u8,
    pub cohorts: u8,
    pub epoch: bool,
    pub session: bool,
    /// The browser has begun another journey.
    pub flow: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct State {
    pub db: Db,
    pub sessions: [Session; SESSIONS],
    pub flows: [Flow; BROWSERS],
    pub pending: Pending,
}

/// Bits written one after the other into 128.
struct Writer(u128, u32);

impl Writer {
    fn put(&mut self, value: u32, bits: u32) {
        debug_assert!(value < 1 << bits);
        self.0 |= u128::from(value) << self.1;
        self.1 += bits;
        debug_assert!(self.1 <= 128);
    }

    fn flag(&mut self, value: bool) {
        self.put(u32::from(value), 1);
    }
}

struct Reader(u128);

impl Reader {
    fn take(&mut self, bits: u32) -> u8 {
        self.wide(bits) as u8
    }

    fn wide(&mut self, bits: u32) -> u32 {
        let value = (self.0 as u32) & ((1 << bits) - 1);
        self.0 >>= bits;
        value
    }

    fn flag(&mut self) -> bool {
        self.wide(1) == 1
    }
}

/// 32 bytes: what is stored, and what is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Packed(pub [u128; 2]);

impl Db {
    pub fn pack(&self) -> u128 {
        let mut w = Writer(0, 0);
        for user in &self.users {
            w.put(user.status.into(), 3);
            w.put(user.password.into(), 2);
            w.flag(user.member);
            w.flag(user.two);
            w.put(user.factor.into(), 2);
        }
        for address in &self.addresses {
            w.put(address.owner.into(), 2);
            w.put(address.proof.into(), 2);
        }
        for identity in &self.identities {
            w.put(identity.holder.into(), 3);
            w.put(identity.tombstones.into(), 3);
            w.flag(identity.recent);
        }
        for passkey in &self.passkeys {
            w.put(passkey.holder.into(), 2);
            w.flag(passkey.recent);
            w.flag(passkey.elsewhere);
        }
        for counted in self.guesses.counted {
            w.put(counted.into(), 3);
        }
        w.put(self.guesses.blocked.into(), 2);
        w.put(self.guesses.made.into(), 4);
        w.put(self.off.into(), 3);
        w.flag(self.second_epoch);
        w.flag(self.recycled);
        let g = &self.grants;
        w.put(g.change.into(), 2);
        w.put(g.identity.into(), 3);
        w.put(g.user.into(), 2);
        w.flag(g.merged);
        w.put(g.survivor.into(), 2);
        w.put(g.absorbed.into(), 2);
        w.put(g.links.into(), 6);
        w.put(g.addresses.into(), 2);
        w.flag(g.raised);
        w.0
    }

    pub fn unpack(packed: u128) -> Self {
        let mut r = Reader(packed);
        Self {
            users: std::array::from_fn(|_| User {
                status: r.take(3),
                password: r.take(2),
                member: r.flag(),
                two: r.flag(),
                factor: r.take(2),
            }),
            addresses: std::array::from_fn(|_| Address { owner: r.take(2), proof: r.take(2) }),
            identities: std::array::from_fn(|_| Identity {
                holder: r.take(3),
                tombstones: r.take(3),
                recent: r.flag(),
            }),
            passkeys: std::array::from_fn(|_| Passkey { holder: r.take(2), recent: r.flag(), elsewhere: r.flag() }),
            guesses: Guesses { counted: std::array::from_fn(|_| r.take(3)), blocked: r.take(2), made: r.take(4) },
            off: r.take(3),
            second_epoch: r.flag(),
            recycled: r.flag(),
            grants: Grants {
                change: r.take(2),
                identity: r.take(3),
                user: r.take(2),
                merged: r.flag(),
                survivor: r.take(2),
                absorbed: r.take(2),
                links: r.take(6),
                addresses: r.take(2),
                raised: r.flag(),
            },
        }
    }

    pub fn is_on(&self, connection: u8) -> bool {
        self.off & (1 << connection) == 0
    }
}

impl Session {
    fn write(self, w: &mut Writer) {
        w.put(self.user.into(), 2);
        w.put(self.method.into(), 4);
        w.flag(self.fresh);
        w.flag(self.two);
        w.put(self.scope.into(), 2);
        w.flag(self.dead);
    }

    fn read(r: &mut Reader) -> Self {
        Self { user: r.take(2), method: r.take(4), fresh: r.flag(), two: r.flag(), scope: r.take(2), dead: r.flag() }
    }

    pub fn pack(self) -> u32 {
        let mut w = Writer(0, 0);
        self.write(&mut w);
        w.0 as u32
    }
}

impl Flow {
    fn write(self, w: &mut Writer) {
        w.put(self.kind.into(), 3);
        w.put(self.identity.into(), 3);
        w.put(self.claim.into(), 2);
        w.put(self.mailbox.into(), 2);
        w.put(self.named.into(), 2);
        w.put(self.proof.into(), 4);
        w.put(self.proven.into(), 2);
        w.put(self.factor.into(), 2);
        let flags = [
            self.verified,
            self.separate,
            self.switch,
            self.outdated,
            self.other_session,
            self.old_epoch,
            self.spent,
            self.dead,
        ];
        for flag in flags {
            w.flag(flag);
        }
    }

    fn read(r: &mut Reader) -> Self {
        Self {
            kind: r.take(3),
            identity: r.take(3),
            claim: r.take(2),
            mailbox: r.take(2),
            named: r.take(2),
            proof: r.take(4),
            proven: r.take(2),
            factor: r.take(2),
            verified: r.flag(),
            separate: r.flag(),
            switch: r.flag(),
            outdated: r.flag(),
            other_session: r.flag(),
            old_epoch: r.flag(),
            spent: r.flag(),
            dead: r.flag(),
        }
    }

    pub fn pack(self) -> u32 {
        let mut w = Writer(0, 0);
        self.write(&mut w);
        w.0 as u32
    }
}

impl State {
    fn pack_as_is(&self) -> Packed {
        let mut w = Writer(0, 0);
        for session in self.sessions {
            session.write(&mut w);
        }
        for flow in self.flows {
            flow.write(&mut w);
        }
        let p = self.pending;
        w.put(p.plan, 24);
        w.put(p.browser.into(), 2);
        w.put(p.users.into(), 3);
        w.put(p.connections.into(), 3);
        w.put(p.cohorts.into(), 3);
        w.flag(p.epoch);
        w.flag(p.session);
        w.flag(p.flow);
        Packed([self.db.pack(), w.0])
    }

    /// The smaller of the state and of itself with the victim's two users exchanged. A plan that waits names users by
    /// slot, so a state with one stays as it is.
    pub fn pack(&self, interchangeable: bool) -> Packed {
        let packed = self.pack_as_is();
        if !interchangeable || self.pending.plan != 0 || self.db.users[1].status == NO_USER {
            return packed;
        }
        packed.min(self.exchanged().pack_as_is())
    }

    pub fn unpack(packed: Packed) -> Self {
        let mut r = Reader(packed.0[1]);
        Self {
            db: Db::unpack(packed.0[0]),
            sessions: std::array::from_fn(|_| Session::read(&mut r)),
            flows: std::array::from_fn(|_| Flow::read(&mut r)),
            pending: Pending {
                plan: r.wide(24),
                browser: r.take(2),
                users: r.take(3),
                connections: r.take(3),
                cohorts: r.take(3),
                epoch: r.flag(),
                session: r.flag(),
                flow: r.flag(),
            },
        }
    }

    fn exchanged(&self) -> Self {
        // Slots from 0, and slots from 1 where 0 is nobody.
        let slot = |user: u8| if user < 2 { 1 - user } else { user };
        let one = |user: u8| if user == 0 { 0 } else { slot(user - 1) + 1 };
        let mut other = *self;
        other.db.users.swap(0, 1);
        for address in &mut other.db.addresses {
            address.owner = one(address.owner);
        }
        for identity in &mut other.db.identities {
            identity.holder = match identity.holder {
                0 => 0,
                active @ 1..=3 => slot(active - 1) + 1,
                held => slot(held - 4) + 4,
            };
            let marks = identity.tombstones;
            identity.tombstones = (marks & 4) | ((marks & 1) << 1) | ((marks & 2) >> 1);
        }
        for passkey in &mut other.db.passkeys {
            passkey.holder = one(passkey.holder);
        }
        let grants = &mut other.db.grants;
        if grants.change != 0 {
            grants.user = slot(grants.user);
        }
        if grants.merged {
            (grants.survivor, grants.absorbed) = (slot(grants.survivor), slot(grants.absorbed));
        }
        for session in &mut other.sessions {
            session.user = one(session.user);
        }
        for flow in &mut other.flows {
            (flow.named, flow.proven, flow.factor) = (one(flow.named), one(flow.proven), one(flow.factor));
        }
        other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_loses_nothing() {
        let mut state = State::default();
        state.db.users = [
            User { status: ABSORBED, password: 1, member: true, two: false, factor: 1 },
            User { status: ACTIVE, password: 2, member: false, two: true, factor: 2 },
            User { status: DELETED, ..User::default() },
        ];
        state.db.addresses = [Address { owner: 3, proof: LOOP_LONG_AGO }, Address { owner: 1, proof: VOUCHED }];
        state.db.identities = std::array::from_fn(|i| Identity { holder: i as u8, tombstones: 5, recent: i % 2 == 0 });
        state.db.passkeys = [
            Passkey { holder: 3, recent: true, elsewhere: false },
            Passkey { holder: 1, recent: false, elsewhere: true },
        ];
        state.db.guesses = Guesses { counted: [5, 7], blocked: 2, made: 12 };
        (state.db.off, state.db.second_epoch, state.db.recycled) = (5, true, true);
        state.db.grants = Grants {
            change: 2,
            identity: 5,
            user: 1,
            merged: true,
            survivor: 0,
            absorbed: 1,
            links: 42,
            addresses: 3,
            raised: true,
        };
        state.sessions = [
            Session { user: 1, method: 8, fresh: true, two: true, scope: APPLICATION, dead: true },
            Session { user: 3, method: 2, fresh: false, two: false, scope: ORGANISATION, dead: false },
            Session { user: 2, method: METHODS - 1, ..Session::default() },
        ];
        let flow =
            Flow { kind: LINKING, identity: 6, claim: 2, mailbox: 1, named: 3, proof: 9, proven: 2, ..Flow::default() };
        state.flows =
            [flow, Flow { kind: CONFIRMING, factor: 3, verified: true, spent: true, old_epoch: true, ..flow }];
        state.pending = Pending {
            plan: 0x00ab_cdef,
            browser: 2,
            users: 5,
            connections: 3,
            cohorts: 7,
            epoch: true,
            session: true,
            flow: true,
        };
        assert_eq!(State::unpack(state.pack_as_is()), state);
        assert_eq!(state.exchanged().exchanged(), state);
        state.pending = Pending::default();
        assert_eq!(state.pack(true), state.exchanged().pack(true));
    }
}
