//! What is stored, in the model's numbers: read through the store's facts, without a word of SQL.

use crate::cast::password;
use crate::stage::{Stage, identity_named};
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordVerifier};
use model::{
    AddressProof, Clock as _, ConnectionId, Facts, FactsQuery, Level, LinkState, Method, SessionFacts, SessionScope,
    UserFacts, UserStatus,
};
use modelcheck::plan::status_number;
use modelcheck::state::{
    ACCOUNT, APPLICATION, AUTHORITATIVE, Address, CODE, DELETED, Db, Flow, Grants, LINK, LOOP, LOOP_LONG_AGO,
    ORGANISATION, PASSKEY, PASSWORD, Passkey, Person, Session, State, USERS, User, VOUCHED,
};
use store::UserFilter;

/// What the store has that no slot of the model is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surplus(pub String);

impl Stage<'_> {
    pub async fn facts(&self) -> Facts {
        let users = self.users.iter().flatten().copied().collect();
        let query = FactsQuery { users, ..FactsQuery::default() };
        self.world.server.store.facts(&query).await.expect("facts")
    }

    /// Users that were made since the last look are whose browser acted.
    pub async fn notice_users(&mut self, person: Person) -> Result<(), Surplus> {
        let filter = UserFilter { after: Some(self.since), limit: 100, ..UserFilter::default() };
        let listed = self.world.server.store.users(&filter).await.expect("users");
        for user in listed {
            if self.users.contains(&Some(user.id)) {
                continue;
            }
            let slots: &[usize] = if person == Person::Victim { &[0, 1] } else { &[2] };
            let free = slots.iter().find(|slot| self.users[**slot].is_none());
            let Some(slot) = free else {
                return Err(Surplus(format!("a user more than the model has: {user:?}")));
            };
            self.users[*slot] = Some(user.id);
        }
        Ok(())
    }

    /// Everything of this trace, without what a browser carries in a journey.
    pub async fn stored(&mut self, person: Person) -> Result<State, Surplus> {
        self.notice_users(person).await?;
        let facts = self.facts().await;
        let mut state = State::default();
        state.db.recycled = self.recycled;
        for slot in 0..USERS {
            let Some(user) = self.users[slot].and_then(|id| facts.user(id)) else { continue };
            self.read_user(&mut state.db, slot as u8, user)?;
        }
        for (number, name) in [(0, "a"), (1, "b")] {
            let id = ConnectionId::parse(name).expect("a name");
            let on = facts.connection(&id).is_some_and(|known| known.enabled);
            state.db.off |= u8::from(!on) << number;
        }
        self.read_sessions(&mut state, &facts).await?;
        Ok(state)
    }

    fn read_user(&mut self, db: &mut Db, slot: u8, user: &UserFacts) -> Result<(), Surplus> {
        let password = match &user.password {
            Some(known) => self.whose(known.phc.expose())?,
            None => 0,
        };
        db.users[usize::from(slot)] = User {
            status: status_number(user.status),
            password,
            member: !user.organisations.is_empty(),
            two: user.required_level > Level::One,
            // Setups with one are left out: there is none.
            factor: u8::from(user.totp.is_some()),
        };
        let now = self.world.clock.now();
        for known in &user.addresses {
            let at = (0..2).find(|at| self.cast.address(*at) == known.address.as_str());
            let at = at.ok_or_else(|| Surplus(format!("an address from nowhere: {}", known.address)))?;
            let proof = match known.proof {
                AddressProof::Vouched => VOUCHED,
                AddressProof::Authoritative => AUTHORITATIVE,
                AddressProof::Loop if known.proven_at + linking::LOOP_PROOF_MAX_AGE <= now => LOOP_LONG_AGO,
                AddressProof::Loop => LOOP,
            };
            db.addresses[usize::from(at)] = Address { owner: slot + 1, proof };
        }
        for passkey in &user.passkeys {
            let known = &mut db.passkeys[usize::from(self.key_of(&passkey.credential)?)];
            if known.holder != 0 {
                return Err(Surplus(format!("a credential of two users: {passkey:?}")));
            }
            *known = Passkey { holder: slot + 1, ..Passkey::default() };
        }
        for link in &user.links {
            let number = identity_named(self.cast, &link.connection, link.identity.subject.as_str());
            let number = number.ok_or_else(|| Surplus(format!("a link from nowhere: {link:?}")))?;
            let identity = &mut db.identities[usize::from(number)];
            let holder = match link.state {
                LinkState::Active => slot + 1,
                LinkState::Held => slot + 4,
                LinkState::Removed => {
                    identity.tombstones |= 1 << slot;
                    continue;
                }
            };
            if identity.holder != 0 {
                return Err(Surplus(format!("an identity with two links: {link:?}")));
            }
            identity.holder = holder;
        }
        Ok(())
    }

    /// The authenticator that calls its credential so.
    fn key_of(&self, credential: &[u8]) -> Result<u8, Surplus> {
        let key = self.authenticators.iter().position(|known| known.id == credential);
        key.map(|key| key as u8).ok_or_else(|| Surplus("a passkey from nowhere".to_owned()))
    }

    /// 1 where the victim knows the password, 2 where the attacker does.
    fn whose(&mut self, phc: &str) -> Result<u8, Surplus> {
        if let Some(known) = self.hashes.get(phc) {
            return Ok(*known);
        }
        let hash = PasswordHash::new(phc).expect("a hash of ours");
        let opens = |person: &Person| Argon2::default().verify_password(password(*person).as_bytes(), &hash).is_ok();
        let person = [Person::Victim, Person::Attacker].into_iter().find(opens);
        let person = person.ok_or_else(|| Surplus("a password that nobody typed".to_owned()))?;
        self.hashes.insert(phc.to_owned(), person as u8 + 1);
        Ok(person as u8 + 1)
    }

    async fn read_sessions(&self, state: &mut State, facts: &Facts) -> Result<(), Surplus> {
        let cookie = |seat: usize| self.seats[seat].browser.session();
        let secrets = [cookie(0), cookie(1), self.token.clone()];
        let hashes = secrets.map(|secret| secret.map(|secret| flows::session_hash(&secret)));
        for (slot, user) in (0u8..).zip(&self.users) {
            let Some(user) = user else { continue };
            for session in self.world.server.store.sessions_of(*user).await.expect("sessions") {
                if session.expires_at <= self.world.clock.now() {
                    continue;
                }
                let place = hashes.iter().position(|hash| *hash == Some(session.hash));
                let place = place.ok_or_else(|| Surplus(format!("a session that nobody holds: {session:?}")))?;
                state.sessions[place] = self.read_session(slot, &session, facts)?;
            }
        }
        Ok(())
    }

    fn read_session(&self, slot: u8, session: &SessionFacts, facts: &Facts) -> Result<Session, Surplus> {
        let method = match &session.method {
            Method::Password => PASSWORD,
            Method::EmailCode { address } => {
                let at = (0..2).find(|at| self.cast.address(*at) == address.as_str());
                CODE + at.ok_or_else(|| Surplus(format!("a session by a code to {address}")))?
            }
            Method::Passkey { passkey } => {
                let found = facts.users.iter().find_map(|user| user.passkey(*passkey));
                let found =
                    found.ok_or_else(|| Surplus(format!("a session by a passkey that is not there: {session:?}")))?;
                PASSKEY + self.key_of(&found.credential)?
            }
            Method::Link { link, connection } => {
                let found = facts.users.iter().find_map(|user| user.link(*link));
                let number =
                    found.and_then(|found| identity_named(self.cast, connection, found.identity.subject.as_str()));
                LINK + number.ok_or_else(|| Surplus(format!("a session by a link that is not there: {session:?}")))?
            }
        };
        Ok(Session {
            user: slot + 1,
            method,
            fresh: linking::is_fresh_at(session.authenticated_at, self.world.clock.now()),
            two: session.level > Level::One,
            scope: match session.scope {
                SessionScope::Account => ACCOUNT,
                SessionScope::Organisation { .. } => ORGANISATION,
                SessionScope::Application => APPLICATION,
            },
            dead: session.store_epoch != facts.store_epoch,
        })
    }

    /// Leaves nothing behind that another trace could meet: the operator deletes these users.
    pub async fn clear(&mut self) {
        use selfsame::admin::{Operation, Who};
        for user in self.users.into_iter().flatten() {
            // Who is deleted already is refused.
            let _ = self.world.operate(Operation::UserStatus { user: Who::Id(user), to: UserStatus::Deleted }).await;
        }
        for connection in ["a", "b"].iter().filter_map(|name| ConnectionId::parse(name)) {
            self.world.operate(Operation::ConnectionEnable { connection }).await.expect("it is on");
        }
    }
}

/// The part of a model's state that is stored, as far as anything reads it: what is remembered of a deleted user's links
/// counts for nothing.
pub fn comparable(state: &State) -> State {
    let mut state = *state;
    state.flows = [Flow::default(); 2];
    state.db.grants = Grants::default();
    for passkey in &mut state.db.passkeys {
        passkey.recent = false;
    }
    for identity in &mut state.db.identities {
        identity.recent = false;
        for (slot, user) in state.db.users.iter().enumerate() {
            if user.status == DELETED {
                identity.tombstones &= !(1 << slot);
            }
        }
    }
    state
}
