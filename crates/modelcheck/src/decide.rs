//! One step's decision, by the real functions on facts of the small world.

use crate::act::Act;
use crate::facts::{Reader, VERSION, authenticated_at, flow_of};
use crate::names::{Counter, NEW_HASH, NOW, Names, issuer, link_id, session_hash, session_id, user_id};
use crate::plan::{Op, compact};
use crate::setup::Setup;
use crate::state::{Db, Flow, NO_USER, OF_ATTACKER, Person, Session, USERS};
use factors::with;
use linking::{
    Carry, Context, Decision, HandoverInput, LinkInput, LinkOutcome, LocalOutcome, LocalSignIn, MergeInput,
    MoveConnectionInput, MoveInput, NewUser, Reason, SessionTerms, SignInInput, SignInOutcome, SignUpInput,
    StepUpInput, Stranded, UndoInput, UnlinkInput, UnmergeInput,
};
use model::{Actor, ChainHead, DAY, FactorProof, Facts, Plan, Policy, Proof, Secret, UserId, UserStatus};

mod factors;
mod methods;

/// What came of a step, for the browser that did it and for the invariants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Seen {
    Done,
    /// A page that asks for the code of a mailbox.
    AskMailbox,
    /// A page that asks to prove this user.
    AskProof(u8),
    AskProofOfOne,
    /// A page that asks for the second factor of this user.
    AskFactor(u8),
    AskSwitch,
    AskCreate,
    OtherAccount,
    AddressTaken,
    OtherUsers,
    StepUpFirst,
    SignInFirst,
    LastMethod,
    Nothing,
    Refused,
}

/// Decisions by name, for coverage and for leaving out guards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    SignIn,
    SignUp,
    LocalSignIn,
    StepUp,
    SignOut,
    Link,
    Move,
    Unlink,
    SetPassword,
    AddPasskey,
    RemovePasskey,
    SetFactor,
    RemoveFactor,
    Merge,
    Unmerge,
    Undo,
    Freeze,
    Recover,
    Release,
    HandOver,
    Guess,
    ConnectionChange,
    ConnectionMove,
    UserStatus,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    pub kind: Kind,
    pub seen: Seen,
    pub reason: Reason,
    pub row: Option<u8>,
    pub plan: Vec<Op>,
}

/// What a decision may know: the stored state, one browser's session and flow, and the act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct View {
    pub db: Db,
    pub session: Session,
    pub flow: Flow,
    pub act: Act,
}

/// Everything the real functions are given. Mutants change it before, and the plan after.
pub struct World<'a> {
    pub setup: &'a Setup,
    pub names: &'a Names,
    pub mutant: &'a dyn Mutation,
}

/// A fault that is switched on in the checker only.
pub trait Mutation: Sync {
    fn facts(&self, _view: &View, _facts: &mut Facts) {}
    fn policy(&self, _view: &View, _policy: &mut Policy) {}
    /// The flow as the journey reads it back.
    fn flow(&self, _view: &View, _flow: &mut Flow) {}
    fn assertion(&self, _view: &View, _parts: &mut model::AssertionParts) {}
    fn proof(&self, _view: &View, proof: Proof, _facts: &Facts) -> Proof {
        proof
    }
    fn factor(&self, _view: &View, shown: FactorProof) -> FactorProof {
        shown
    }
    /// The account that a guess is counted for.
    fn account(&self, _view: &View, account: Vec<u8>) -> Vec<u8> {
        account
    }
    fn decided(&self, _view: &View, _decided: &mut Decided) {}
    /// Whether a guard is kept when the plan is applied.
    fn keeps(&self, _kind: Kind, _op: Op) -> bool {
        true
    }
    /// Acts that only the fault makes possible.
    fn more_acts(&self, _setup: &Setup, _state: &crate::state::State, _acts: &mut Vec<crate::act::Step>) {}
    /// What the fault does outside any decision: carrying a flow from one browser to another, say.
    fn environment(&self, _act: Act, _state: &mut crate::state::State) {}
}

/// No fault.
pub struct Faultless;
impl Mutation for Faultless {}

/// The slot a new user of this person gets.
pub fn free_slot(setup: &Setup, db: &Db, person: Person) -> Option<u8> {
    let mine: &[u8] = match person {
        Person::Victim if setup.second_user || db.users[0].status == crate::state::DELETED => &[0, 1],
        Person::Victim => &[0],
        Person::Attacker => &[OF_ATTACKER],
    };
    mine.iter().copied().find(|slot| db.users[usize::from(*slot)].status == NO_USER)
}

impl World<'_> {
    /// `None` where the small world has no room for what would come of it.
    pub fn decide(&self, view: &View) -> Option<Decided> {
        let reader = Reader { names: self.names, setup: self.setup, db: &view.db };
        let mut flow = view.flow;
        self.mutant.flow(view, &mut flow);
        let mut policy = self.setup.policy.clone();
        self.mutant.policy(view, &mut policy);
        let browser = view.act.browser().unwrap_or(0);
        let random = Counter::default();
        let slot = free_slot(self.setup, &view.db, self.setup.person_at(browser));
        let request = Request {
            world: self,
            view,
            reader,
            flow,
            policy,
            browser,
            random,
            actor: match view.act {
                Act::Disable { .. } | Act::Enable { .. } | Act::MoveConnection { .. } | Act::SetUser { .. } => {
                    Actor::Operator { name: "operator".to_owned() }
                }
                _ => Actor::User { user: view.session.of().map_or(user_id(0), user_id) },
            },
            terms: SessionTerms { hash: NEW_HASH, lifetime: DAY, user_agent: String::new() },
            new_user: NewUser {
                id: user_id(slot.unwrap_or(USERS as u8)),
                sealed_key: Secret::new(Vec::new()),
                sub: String::new(),
            },
        };
        let mut decided = request.decide();
        let no_room = USERS as u8;
        if decided.plan.iter().any(|op| matches!(op, Op::CreateUser(slot, _) if *slot == no_room)) {
            return None;
        }
        self.mutant.decided(view, &mut decided);
        Some(decided)
    }
}

struct Request<'a> {
    world: &'a World<'a>,
    view: &'a View,
    reader: Reader<'a>,
    flow: Flow,
    policy: Policy,
    browser: u8,
    random: Counter,
    actor: Actor,
    terms: SessionTerms,
    new_user: NewUser,
}

impl Request<'_> {
    fn context(&self) -> Context<'_> {
        Context { now: NOW, random: &self.random, policy: &self.policy, actor: &self.actor, flow: None, device: "" }
    }

    fn in_flow(&self) -> Context<'_> {
        Context { flow: Some(flow_of(self.browser)), ..self.context() }
    }

    fn facts(&self, identity: Option<u8>, address: Option<u8>, grant: Option<bool>) -> Facts {
        let mut facts = self.reader.facts(self.browser, self.view.session, identity, address, grant);
        self.world.mutant.facts(self.view, &mut facts);
        facts
    }

    fn proof(&self, facts: &Facts, user: u8, method: u8) -> Proof {
        // A code went to the mailbox of whoever has it; a link and a password name their user by themselves.
        let method = self.world.names.method(user, method);
        let level = self.reader.level_of(&method);
        let proof = Proof::of_checked(user_id(user), method, level, authenticated_at(true));
        self.world.mutant.proof(self.view, proof, facts)
    }

    fn assertion(&self) -> Option<model::Assertion> {
        let assertion = self.reader.assertion(self.flow)?;
        let mut parts = assertion.parts().clone();
        self.world.mutant.assertion(self.view, &mut parts);
        Some(model::Assertion::from_verified(parts))
    }

    fn finish<O>(&self, kind: Kind, decision: Decision<O>, seen: impl FnOnce(&O) -> Seen) -> Decided {
        let Decision { outcome, reason, row, plan } = decision;
        Decided { kind, seen: seen(&outcome), reason, row, plan: self.compact(&plan) }
    }

    fn compact(&self, plan: &Plan) -> Vec<Op> {
        compact(self.world.names, plan)
    }

    fn decide(&self) -> Decided {
        match self.view.act {
            Act::Return { .. }
            | Act::Code { .. }
            | Act::Prove { .. }
            | Act::Factor { .. }
            | Act::Separate { .. }
            | Act::Switch { .. }
            | Act::Again { .. }
                if self.flow.kind == crate::state::SIGN_IN =>
            {
                self.sign_in()
            }
            Act::ReturnToLink { .. } | Act::Again { .. } => self.link(),
            Act::Factor { .. } => self.second_factor(),
            Act::SetFactor { .. } => self.set_factor(),
            Act::RemoveFactor { .. } => self.remove_factor(),
            Act::Move { u, m, .. } => self.move_here(u, m),
            Act::SignUp { a, .. } => self.sign_up(a),
            Act::SignIn { u, m, .. } => self.local(u, m),
            Act::StepUp { m, .. } => self.step_up(m),
            Act::Recover { u, m, second, .. } => self.recover(u, m, second),
            Act::Merge { u, m, .. } => self.merge(u, m),
            Act::Unmerge { u, m, .. } => self.unmerge(u, m),
            Act::MoveConnection { second } => self.move_connection(second),
            Act::Disable { c, force } => self.change_connection(c, false, force),
            Act::Enable { c } => self.change_connection(c, true, false),
            Act::AddPasskey { k, .. } => self.add_passkey(k),
            Act::RemovePasskey { k, .. } => self.remove_passkey(k),
            Act::Guess { a, .. } => self.guess(a),
            _ => self.of_session(),
        }
    }

    /// Single requests of a live session, and what operators do to users.
    fn of_session(&self) -> Decided {
        let context = self.context();
        let facts = self.facts(self.grant_identity(), None, Some(false));
        let live = session_id(self.browser);
        let none = |(): &()| Seen::Done;
        match self.view.act {
            Act::SignOut { .. } => self.finish(Kind::SignOut, linking::decide_sign_out(&context, &facts), none),
            Act::SetPassword { .. } => {
                let phc = Secret::new(String::new());
                let decision = linking::decide_set_password(&context, &facts, live, &phc, &self.terms);
                self.finish(Kind::SetPassword, decision, local_seen)
            }
            Act::Unlink { i, .. } => {
                let user = self.view.session.of().unwrap_or(0);
                let input = UnlinkInput {
                    facts: &facts,
                    user: user_id(user),
                    link: link_id(i, user, true),
                    session: Some(live),
                    force: false,
                };
                self.finish(Kind::Unlink, linking::decide_unlink(&context, &input), |outcome| match outcome {
                    linking::UnlinkOutcome::Removed { .. } => Seen::Done,
                    linking::UnlinkOutcome::LastMethod => Seen::LastMethod,
                    linking::UnlinkOutcome::SignInFirst => Seen::SignInFirst,
                    linking::UnlinkOutcome::StepUpFirst => Seen::StepUpFirst,
                    linking::UnlinkOutcome::NotFound => Seen::Nothing,
                })
            }
            Act::Release { i, .. } => {
                let user = self.view.session.of().unwrap_or(0);
                let decision = linking::decide_release(&context, &facts, live, link_id(i, user, true));
                self.finish(Kind::Release, decision, |done| if done.is_some() { Seen::Done } else { Seen::Refused })
            }
            Act::Undo { .. } => {
                let input = UndoInput { facts: &facts, session: live };
                self.finish(Kind::Undo, linking::decide_undo(&context, &input), undo_seen)
            }
            Act::Freeze { .. } => self.finish(Kind::Freeze, linking::decide_freeze(&context, &facts), undo_seen),
            Act::HandOver => {
                let hash = session_hash(self.browser);
                let input = HandoverInput { facts: &facts, session: &hash, terms: &self.terms };
                let decision = linking::decide_handover(&self.in_flow(), &input);
                self.finish(Kind::HandOver, decision, |user| if user.is_some() { Seen::Done } else { Seen::Refused })
            }
            Act::SetUser { u, status } => {
                let to = match status {
                    crate::state::ACTIVE => UserStatus::Active,
                    crate::state::DISABLED => UserStatus::Disabled,
                    _ => UserStatus::Deleted,
                };
                let decision = linking::decide_user_status(&context, &facts, user_id(u), to);
                self.finish(Kind::UserStatus, decision, none)
            }
            act => unreachable!("{act:?} decides nothing"),
        }
    }

    fn grant_identity(&self) -> Option<u8> {
        let grants = self.view.db.grants;
        (grants.change != 0).then_some(grants.identity)
    }

    fn sign_in(&self) -> Decided {
        let flow = self.flow;
        let address = flow.mailbox.checked_sub(1).or(flow.claim.checked_sub(1));
        let facts = self.facts(flow.identity.checked_sub(1), address, None);
        let assertion = self.assertion().expect("a flow with an assertion");
        let factor = self.shown_factor();
        let proof = flow.proof.checked_sub(1).map(|method| self.proof(&facts, flow.proven - 1, method));
        let proof = proof.map(|proof| with(proof, factor.as_ref()));
        let named = user_id(flow.named.max(1) - 1);
        let input = SignInInput {
            factor: factor.as_ref(),
            facts: &facts,
            assertion: &assertion,
            mailbox: flow.mailbox.checked_sub(1).map(|at| &self.world.names.addresses[usize::from(at)]),
            proof: proof.as_ref().map(|proof| (proof, named)),
            switch_confirmed: flow.switch,
            separate_confirmed: flow.separate,
            for_device: false,
            terms: &self.terms,
            new_user: &self.new_user,
        };
        let decision = linking::decide_sign_in(&self.in_flow(), &input);
        self.finish(Kind::SignIn, decision, |outcome| match outcome {
            SignInOutcome::SignedIn { .. } => Seen::Done,
            SignInOutcome::AlreadySignedIn { .. } => Seen::Nothing,
            SignInOutcome::AskSwitch { .. } => Seen::AskSwitch,
            SignInOutcome::AskMailbox { .. } => Seen::AskMailbox,
            SignInOutcome::AskProof { user, .. } => Seen::AskProof(number(*user)),
            SignInOutcome::AskProofOfOne { .. } => Seen::AskProofOfOne,
            SignInOutcome::OtherAccount => Seen::OtherAccount,
            SignInOutcome::AddressTaken { .. } => Seen::AddressTaken,
            SignInOutcome::AskCreate => Seen::AskCreate,
            SignInOutcome::AskFactor { user } => Seen::AskFactor(number(*user)),
            SignInOutcome::Refused => Seen::Refused,
        })
    }

    /// The ticket's user, and the session it names: another one once the browser's has changed.
    fn ticket(&self) -> (UserId, model::SessionId, i64) {
        let user = user_id(self.flow.named.max(1) - 1);
        let session = session_id(if self.flow.other_session { 9 } else { self.browser });
        (user, session, if self.flow.outdated { VERSION - 1 } else { VERSION })
    }

    fn link(&self) -> Decided {
        let facts = self.facts(self.flow.identity.checked_sub(1), None, None);
        let assertion = self.assertion().expect("a flow with an assertion");
        let (user, session, user_version) = self.ticket();
        let input = LinkInput { facts: &facts, assertion: &assertion, user, session, user_version, terms: &self.terms };
        self.finish(Kind::Link, linking::decide_link(&self.in_flow(), &input), |outcome| match outcome {
            LinkOutcome::Linked { .. } => Seen::Done,
            LinkOutcome::AlreadyLinked { .. } => Seen::Nothing,
            LinkOutcome::OtherUsers => Seen::OtherUsers,
            LinkOutcome::SignInFirst => Seen::SignInFirst,
            LinkOutcome::StepUpFirst => Seen::StepUpFirst,
            LinkOutcome::Refused => Seen::Refused,
        })
    }

    fn move_here(&self, from: u8, method: u8) -> Decided {
        let facts = self.facts(self.flow.identity.checked_sub(1), None, None);
        let assertion = self.assertion().expect("a flow with an assertion");
        let (user, session, user_version) = self.ticket();
        let proof = self.proof(&facts, from, method);
        let holder = self.view.db.identities[usize::from(self.flow.identity - 1)].active();
        let input = MoveInput {
            facts: &facts,
            assertion: &assertion,
            user,
            session,
            user_version,
            from: holder.map_or(user, user_id),
            proof: &proof,
            terms: &self.terms,
        };
        self.finish(Kind::Move, linking::decide_move(&self.in_flow(), &input), |outcome| match outcome {
            linking::MoveOutcome::Moved { .. } => Seen::Done,
            linking::MoveOutcome::SignInFirst => Seen::SignInFirst,
            linking::MoveOutcome::StepUpFirst => Seen::StepUpFirst,
            linking::MoveOutcome::LastMethod => Seen::LastMethod,
            linking::MoveOutcome::Refused => Seen::Refused,
        })
    }

    fn sign_up(&self, address: u8) -> Decided {
        let facts = self.facts(None, Some(address), None);
        let phc = Secret::new(String::new());
        let input = SignUpInput {
            facts: &facts,
            address: &self.world.names.addresses[usize::from(address)],
            name: "",
            phc: &phc,
            switch_confirmed: false,
            terms: &self.terms,
            new_user: &self.new_user,
        };
        self.finish(Kind::SignUp, linking::decide_sign_up(&self.in_flow(), &input), |outcome| match outcome {
            linking::SignUpOutcome::Created { .. } => Seen::Done,
            linking::SignUpOutcome::AddressTaken => Seen::AddressTaken,
            linking::SignUpOutcome::AskSwitch { .. } => Seen::AskSwitch,
            linking::SignUpOutcome::Refused => Seen::Refused,
        })
    }

    /// With a password or a code; a link signs in by coming back from its provider.
    fn local(&self, user: u8, method: u8) -> Decided {
        let facts = self.facts(None, None, None);
        let proof = with(self.proof(&facts, user, method), self.shown_factor().as_ref());
        let input =
            LocalSignIn { facts: &facts, proof: &proof, switch_confirmed: true, terms: &self.terms, clear: &[] };
        self.finish(Kind::LocalSignIn, linking::decide_local_sign_in(&self.in_flow(), &input), local_seen)
    }

    fn step_up(&self, method: u8) -> Decided {
        let facts = self.facts(None, None, None);
        let user = self.view.session.of().unwrap_or(0);
        let proof = with(self.proof(&facts, user, method), self.shown_factor().as_ref());
        let input = StepUpInput { facts: &facts, proof: &proof, user: user_id(user), terms: &self.terms, clear: &[] };
        self.finish(Kind::StepUp, linking::decide_step_up(&self.in_flow(), &input), local_seen)
    }

    fn merge(&self, absorbed: u8, method: u8) -> Decided {
        let facts = self.facts(None, None, None);
        let proof = self.proof(&facts, absorbed, method);
        let input = MergeInput {
            facts: &facts,
            user: user_id(self.view.session.of().unwrap_or(0)),
            session: session_id(self.browser),
            user_version: VERSION,
            absorbed: user_id(absorbed),
            absorbed_version: VERSION,
            proof: &proof,
            terms: &self.terms,
        };
        self.finish(Kind::Merge, linking::decide_merge(&self.in_flow(), &input), merge_seen)
    }

    fn unmerge(&self, user: u8, method: u8) -> Decided {
        let facts = self.facts(None, None, Some(true));
        let proof = self.proof(&facts, user, method);
        let input =
            UnmergeInput { facts: &facts, session: session_id(self.browser), proof: &proof, terms: &self.terms };
        self.finish(Kind::Unmerge, linking::decide_unmerge(&self.in_flow(), &input), merge_seen)
    }

    fn stranded(&self, facts: &Facts, connection: u8) -> Stranded {
        let users = linking::stranded_without(
            facts.users.iter(),
            &self.world.names.connections[usize::from(connection)],
            &facts.connections,
            &self.policy,
        );
        Stranded { users }
    }

    fn change_connection(&self, connection: u8, enabled: bool, force: bool) -> Decided {
        let facts = self.facts(None, None, None);
        let stranded = self.stranded(&facts, connection);
        let id = &self.world.names.connections[usize::from(connection)];
        let decision = linking::decide_connection_change(
            &self.context(),
            &facts,
            id,
            enabled,
            stranded,
            VERSION,
            force,
            ChainHead::default(),
        );
        self.finish(Kind::ConnectionChange, decision, change_seen)
    }

    fn move_connection(&self, second: bool) -> Decided {
        let facts = self.facts(None, None, None);
        let epoch = if second { 2 } else { 1 };
        let carried = self.world.setup.carried();
        let stranded = self.stranded(&facts, 0);
        let input = MoveConnectionInput {
            facts: &facts,
            connection: &self.world.names.connections[0],
            issuer: &issuer(0, epoch),
            client_id: "selfsame",
            subject_claim: "sub",
            subject_scope: None,
            epoch,
            carry: if carried { Carry::SameSubjects } else { Carry::Nobody },
            stranded: &stranded,
            fingerprint: VERSION,
            force: false,
            store_chain: ChainHead::default(),
        };
        self.finish(Kind::ConnectionMove, linking::decide_connection_move(&self.context(), &input), change_seen)
    }
}

fn number(user: UserId) -> u8 {
    crate::names::user_number(user)
}

fn local_seen(outcome: &LocalOutcome) -> Seen {
    match outcome {
        LocalOutcome::SignedIn { .. } => Seen::Done,
        LocalOutcome::AskSwitch { .. } => Seen::AskSwitch,
        LocalOutcome::AskFactor { user } => Seen::AskFactor(number(*user)),
        LocalOutcome::Refused => Seen::Refused,
    }
}

fn merge_seen(outcome: &linking::MergeOutcome) -> Seen {
    match outcome {
        linking::MergeOutcome::Merged => Seen::Done,
        linking::MergeOutcome::SignInFirst => Seen::SignInFirst,
        linking::MergeOutcome::StepUpFirst => Seen::StepUpFirst,
        linking::MergeOutcome::Refused => Seen::Refused,
    }
}

fn undo_seen(outcome: &linking::UndoOutcome) -> Seen {
    match outcome {
        linking::UndoOutcome::Undone | linking::UndoOutcome::Held => Seen::Done,
        linking::UndoOutcome::SignInFirst => Seen::SignInFirst,
        linking::UndoOutcome::StepUpFirst => Seen::StepUpFirst,
        linking::UndoOutcome::LastMethod => Seen::LastMethod,
        linking::UndoOutcome::OtherUsers => Seen::OtherUsers,
        linking::UndoOutcome::Refused => Seen::Refused,
    }
}

fn change_seen(outcome: &linking::ChangeOutcome) -> Seen {
    match outcome {
        linking::ChangeOutcome::Changed => Seen::Done,
        linking::ChangeOutcome::WouldStrand(_) => Seen::LastMethod,
        linking::ChangeOutcome::NotFound | linking::ChangeOutcome::Nothing => Seen::Nothing,
    }
}
