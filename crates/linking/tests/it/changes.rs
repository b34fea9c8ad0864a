//! The world asked for changes of settled users, and the world after a plan: what the store would make of it.

use crate::world::{FLOW, MALLORY, NOW, Read, SESSION, VERA, World, connection, identity, link_id};
use linking::{
    Carry, ChangeOutcome, Decision, MergeInput, MergeOutcome, MoveConnectionInput, MoveInput, MoveOutcome,
    RecoverInput, RecoverOutcome, Stranded, UndoInput, UndoOutcome, UnmergeInput, decide_connection_move,
    decide_freeze, decide_merge, decide_move, decide_recover, decide_release, decide_undo, decide_unmerge, ways_in,
};
use model::{
    Assertion, ChainHead, Change, DAY, EventId, Facts, GrantFacts, LinkFacts, LinkId, LinkState, Proof, SessionFacts,
    Undoable, UserFacts, UserId,
};

pub const EVENT: EventId = EventId::from_bytes([0xe1; 16]);
pub const CHAIN: ChainHead = ChainHead { seq: 9, hash: [9; 32] };

/// The right to undo something of Vera's.
pub fn grant(what: Undoable) -> GrantFacts {
    let (made_at, expires_at) = (NOW - DAY, NOW + DAY);
    GrantFacts { event: EVENT, user: VERA, what, made_at, expires_at, spent: false, followed: false }
}

pub fn undo_link(n: u8, name: &str, subject: &str) -> Undoable {
    Undoable::Link { link: link_id(n), connection: connection(name), identity: identity(name, subject) }
}

pub fn undo_unlink(n: u8, name: &str, subject: &str) -> Undoable {
    Undoable::Unlink { link: link_id(n), connection: connection(name), identity: identity(name, subject) }
}

impl World {
    pub fn version(&self, user: UserId) -> i64 {
        self.users.iter().find(|known| known.id == user).map_or(0, |user| user.version)
    }

    pub fn of(&self, user: UserId) -> &UserFacts {
        self.users.iter().find(|known| known.id == user).unwrap()
    }

    fn given(&self) -> (&Proof, UserId) {
        let (proof, named) = self.proof.as_ref().unwrap();
        (proof, *named)
    }

    /// Vera asks; the proof names whom the ticket named.
    pub fn move_here(&self, user_version: i64) -> Decision<MoveOutcome> {
        let (facts, assertion) = (self.facts(), Assertion::from_verified(self.parts.clone()));
        let (proof, from) = self.given();
        self.context(|context, terms, _| {
            let (facts, assertion) = (&facts, &assertion);
            let input = MoveInput { facts, assertion, user: VERA, session: SESSION, user_version, from, proof, terms };
            decide_move(context, &input)
        })
    }

    pub fn merge(&self) -> Decision<MergeOutcome> {
        self.merge_at(self.version(VERA), self.version(self.given().1))
    }

    pub fn merge_at(&self, user_version: i64, absorbed_version: i64) -> Decision<MergeOutcome> {
        let facts = self.facts();
        let (proof, absorbed) = self.given();
        self.context(|context, terms, _| {
            let (facts, user, session) = (&facts, VERA, SESSION);
            let input = MergeInput { facts, user, session, user_version, absorbed, absorbed_version, proof, terms };
            decide_merge(context, &input)
        })
    }

    pub fn unmerge(&self) -> Decision<MergeOutcome> {
        let facts = self.facts();
        let session = self.session.as_ref().map_or(SESSION, |session| session.id);
        self.context(|context, terms, _| {
            decide_unmerge(context, &UnmergeInput { facts: &facts, session, proof: self.given().0, terms })
        })
    }

    pub fn undo(&self) -> Decision<UndoOutcome> {
        self.undo_on(&self.facts())
    }

    pub fn undo_on(&self, facts: &Facts) -> Decision<UndoOutcome> {
        self.context(|context, _, _| decide_undo(context, &UndoInput { facts, session: SESSION }))
    }

    pub fn freeze(&self) -> Decision<UndoOutcome> {
        let facts = self.facts();
        self.context(|context, _, _| decide_freeze(context, &facts))
    }

    pub fn recover(&self, user: UserId, proofs: &[Proof]) -> Decision<RecoverOutcome> {
        let facts = self.facts();
        self.context(|context, terms, _| {
            let clear = &[b"pair:".to_vec()];
            let switch_confirmed = self.switch;
            decide_recover(context, &RecoverInput { facts: &facts, user, proofs, switch_confirmed, terms, clear })
        })
    }

    pub fn release(&self, link: LinkId) -> Decision<Option<LinkId>> {
        let facts = self.facts();
        self.context(|context, _, _| decide_release(context, &facts, SESSION, link))
    }

    /// `acme` comes to mean another issuer.
    pub fn move_connection(
        &self,
        issuer: &str,
        epoch: i64,
        carry: Carry,
        stranded: &Stranded,
        force: bool,
    ) -> Decision<ChangeOutcome> {
        let facts = self.facts();
        self.context(|context, _, _| {
            let input = MoveConnectionInput {
                facts: &facts,
                connection: &connection("acme"),
                issuer,
                client_id: "next",
                subject_claim: "oid",
                subject_scope: None,
                epoch,
                carry,
                stranded,
                fingerprint: 77,
                force,
                store_chain: CHAIN,
            };
            decide_connection_move(context, &input)
        })
    }

    pub fn ways_in(&self, user: UserId) -> usize {
        ways_in(self.of(user), &self.connections, &self.policy).len()
    }

    /// What the store makes of a plan, as far as this world tells.
    pub fn after(&self, plan: &model::Plan) -> Self {
        let mut world = self.clone();
        plan.changes.iter().for_each(|change| world.apply(change));
        world
    }

    fn known_link(&mut self, user: UserId, link: LinkId) -> &mut LinkFacts {
        self.user(user).links.iter_mut().find(|known| known.id == link).unwrap()
    }

    fn apply(&mut self, change: &Change) {
        match change {
            Change::RaiseUser { user, from } => {
                assert_eq!(self.user(*user).version, *from, "raised from what was read");
                self.user(*user).version += 1;
            }
            Change::SetUserStatus { user, status, .. } => self.user(*user).status = *status,
            Change::SetRequiredLevel { user, level } => self.user(*user).required_level = *level,
            Change::RemoveLink { link, user, .. } => self.known_link(*user, *link).state = LinkState::Removed,
            Change::HoldLink { link, user } => self.known_link(*user, *link).state = LinkState::Held,
            Change::ReleaseLink { link, user } | Change::RestoreLink { link, user, .. } => {
                self.known_link(*user, *link).state = LinkState::Active;
            }
            Change::AddLink(new) => {
                let (id, connection, identity) = (new.id, new.connection.clone(), new.identity.clone());
                let made = LinkFacts {
                    id,
                    connection,
                    identity,
                    linked_at: new.at,
                    ..crate::world::link(0, "acme", "0", LinkState::Active)
                };
                self.user(new.user).links.push(made);
            }
            Change::MoveLink { link, from, to, .. } => {
                let links = &mut self.user(*from).links;
                let at = links.iter().position(|known| known.id == *link).unwrap();
                let moved = links.remove(at);
                self.user(*to).links.push(moved);
            }
            Change::MoveAddress { address, from, to } => {
                let addresses = &mut self.user(*from).addresses;
                let at = addresses.iter().position(|known| known.address == *address).unwrap();
                let moved = addresses.remove(at);
                self.user(*to).addresses.push(moved);
            }
            Change::Grant(new) if matches!(new.what, Undoable::Merge { .. }) => {
                let (event, user, what, made_at) = (new.event, new.user, new.what.clone(), new.at);
                let expires_at = new.expires_at;
                let made = GrantFacts { event, user, what, made_at, expires_at, spent: false, followed: false };
                self.grant = Some(made);
            }
            Change::SpendGrant { .. } => self.grant.as_mut().unwrap().spent = true,
            Change::CreateSession(new) => {
                let (user, level, method) = (new.user, new.level, new.method.clone());
                let template = crate::world::session(user, method.clone());
                let (id, hash, scope, authenticated_at) = (new.id, new.hash, new.scope.clone(), new.authenticated_at);
                self.session = Some(SessionFacts { id, hash, level, scope, authenticated_at, ..template });
            }
            _ => {}
        }
    }
}

/// What holds for every plan of a change to settled users: it is spent once, told, and rests on everybody it touches.
pub fn check_plan(world: &World, plan: &model::Plan) -> Result<(), String> {
    let must = |holds: bool, what: &str| if holds { Ok(()) } else { Err(format!("{what}\n{plan:#?}")) };
    must(plan.changes[0] == Change::ExpectStoreEpoch { epoch: 3 }, "rests on no store epoch")?;
    must(plan.has(&Change::SpendFlow(FLOW)), "the flow is not spent")?;
    must(!plan.events().is_empty(), "no audit event")?;
    for change in &plan.changes {
        for user in touched(change) {
            must(plan.raises(world.of(user)), "a change without a raise of its user's version")?;
        }
    }
    for session in plan.sessions() {
        let user = world.of(session.user);
        must(plan.raises(user) || plan.expects(user), "a session without a guard on its user")?;
        must(session.level >= linking::required_level(user, &world.policy), "a session below the level")?;
        if let Some(present) = &world.session {
            must(plan.ends_present() || session.method == present.method, "the old secret lives on")?;
        }
    }
    let before = world.users.iter().filter(|user| user.status == model::UserStatus::Active);
    let after = world.after(plan);
    for user in before.filter(|user| world.ways_in(user.id) > 0) {
        let still = after.of(user.id);
        must(still.status != model::UserStatus::Active || after.ways_in(user.id) > 0, "nobody is locked out")?;
    }
    Ok(())
}

/// Whose methods, addresses, status or level a change changes.
fn touched(change: &Change) -> Vec<UserId> {
    match change {
        Change::AddLink(new) => vec![new.user],
        Change::RemoveLink { user, .. }
        | Change::HoldLink { user, .. }
        | Change::ReleaseLink { user, .. }
        | Change::RestoreLink { user, .. }
        | Change::SetPassword { user, .. }
        | Change::SetUserStatus { user, .. }
        | Change::SetRequiredLevel { user, .. } => vec![*user],
        Change::MoveLink { from, to, .. }
        | Change::MoveAddress { from, to, .. }
        | Change::MoveSubjects { from, to }
        | Change::ReturnSubjects { from, to } => vec![*from, *to],
        _ => Vec::new(),
    }
}

/// Vera and Mallory are one person, who has merged them: Mallory's link, address and subjects are Vera's now.
pub fn merged() -> World {
    let world = mergeable();
    let plan = world.merge().plan;
    world.after(&plan)
}

/// Vera is signed in, and has proven Mallory by the password.
pub fn mergeable() -> World {
    World::new()
        .linked(VERA, crate::world::link(20, "other", "x", LinkState::Active))
        .linked(MALLORY, crate::world::link(30, "acme", "m", LinkState::Active))
        .signed_in(VERA)
        .proof_of(MALLORY, model::Method::Password)
}
