//! The second factor: set up and turned off by its owner, asked for wherever one factor was shown, and spent once.

use crate::world::{
    FRESH_SECRET, HOME, MAIL, MALLORY, NOW, PRESENT, Read, SESSION, VERA, World, code_method, link, link_method,
    passkey,
};
use linking::{
    Decision, LocalOutcome, Reason, SetTotp, SignInOutcome, Spent, decide_recovery_codes, decide_remove_totp,
    decide_set_totp, own_methods, required_level, spend_factor, ways_in,
};
use model::{
    Change, DAY, EventKind, Factor, FactorProof, Level, LinkOnMatch, LinkState, MINUTE, MailKind, Method, Micros,
    OrganisationPolicy, Plan, Proof, SECOND, TotpFacts, UserId, UserStatus,
};

const CODES: [[u8; 32]; 3] = [[1; 32], [2; 32], [3; 32]];

fn totp() -> TotpFacts {
    TotpFacts { secret: vec![7; 40], last_step: 100, codes: CODES.to_vec(), added_at: NOW - DAY }
}

/// Vera has a second factor.
fn world() -> World {
    World::new().with(|w| w.user(VERA).totp = Some(totp()))
}

fn shown(user: UserId, at: Micros) -> FactorProof {
    FactorProof::of_checked(user, Factor::Totp, at)
}

fn just() -> FactorProof {
    shown(VERA, NOW - SECOND)
}

/// Signed in with both factors.
fn both(world: World) -> World {
    world.signed_in(VERA).with(|w| w.session.as_mut().unwrap().level = Level::Two)
}

fn with_factor(world: World, second: &FactorProof) -> World {
    world.with(|w| {
        let (proof, named) = w.proof.take().unwrap();
        w.proof = Some((proof.with(second), named));
    })
}

fn set(world: &World, second: &FactorProof) -> Decision<bool> {
    world.context(|context, terms, _| {
        let new = SetTotp { secret: &[9; 40], step: 200, codes: &[[8; 32]], shown: second };
        decide_set_totp(context, &world.facts(), SESSION, &new, terms)
    })
}

fn remove(world: &World) -> Decision<bool> {
    world.context(|context, terms, _| decide_remove_totp(context, &world.facts(), SESSION, terms))
}

fn codes(world: &World) -> Decision<bool> {
    world.context(|context, _, _| decide_recovery_codes(context, &world.facts(), SESSION, &[[8; 32]]))
}

fn refused(decision: &Decision<bool>, reason: Reason) {
    assert_eq!((decision.outcome, decision.reason, decision.plan.is_empty()), (false, reason, true));
}

#[test]
fn t24_t88_t125_a_second_factor_is_set_up_in_a_fresh_session_and_ends_every_other() {
    let world = World::new().signed_in(VERA);
    let decision = set(&world, &just());
    assert!(decision.outcome && decision.reason == Reason::TotpAdded);
    let plan = &decision.plan;
    assert!(plan.raises(&world.users[0]), "tickets die with the version");
    assert!(plan.has(&Change::ExpectSession { hash: PRESENT }) && plan.has(&Change::EndSessionsOfUser { user: VERA }));
    let session = plan.sessions()[0].clone();
    assert_eq!((session.hash, session.level), (FRESH_SECRET, Level::Two), "it has just shown both");
    assert_eq!(plan.notices(), [(MailKind::TotpAdded, MAIL), (MailKind::TotpAdded, HOME)]);

    refused(&set(&world, &shown(MALLORY, NOW)), Reason::WrongUserProved);
    let off = |change: fn(&mut World), reason| refused(&set(&world.clone().with(change), &just()), reason);
    off(|w| w.session = None, Reason::SessionExpired);
    off(|w| w.policy.local.totp = false, Reason::MethodNotAllowed);
    off(|w| w.session.as_mut().unwrap().authenticated_at = NOW - MINUTE.times(5), Reason::StepUpNeeded);
    // Another app in place of the one there is needs the one there is (T94).
    off(|w| w.user(VERA).totp = Some(totp()), Reason::StepUpNeeded);
    assert!(set(&both(world.with(|w| w.user(VERA).totp = Some(totp()))), &just()).outcome);
}

#[test]
fn t94_i8_a_second_factor_goes_only_by_itself() {
    let half = world().signed_in(VERA);
    refused(&remove(&half), Reason::StepUpNeeded);
    refused(&codes(&half), Reason::StepUpNeeded);
    let world = both(world());
    let decision = remove(&world);
    assert!(decision.outcome && decision.reason == Reason::TotpRemoved);
    let plan = &decision.plan;
    assert!(plan.raises(&world.users[0]) && plan.has(&Change::RemoveTotp { user: VERA }));
    assert!(plan.has(&Change::EndSessionsOfUser { user: VERA }));
    assert_eq!(plan.sessions()[0].level, Level::Two, "this session has shown it and goes on");
    assert_eq!(plan.notices(), [(MailKind::TotpRemoved, MAIL), (MailKind::TotpRemoved, HOME)]);
    let made = codes(&world);
    let expected = Change::SetRecoveryCodes { user: VERA, was: CODES.to_vec(), codes: vec![[8; 32]] };
    assert!(made.outcome && made.plan.has(&expected) && made.plan.raises(&world.users[0]));
    assert_eq!(made.plan.notices(), [(MailKind::RecoveryCodesMade, MAIL), (MailKind::RecoveryCodesMade, HOME)]);

    let none = both(World::new());
    refused(&remove(&none), Reason::NoSecondFactor);
    refused(&codes(&none), Reason::NoSecondFactor);
    // t72: where level two is required, another way to reach it has to remain.
    let required = world.clone().with(|w| w.policy.required_level = Level::Two);
    refused(&remove(&required), Reason::LastMethod);
    let passkeys = required.with(|w| w.user(VERA).passkeys.push(passkey(1)));
    assert!(remove(&passkeys).outcome);
    // While policy has it switched off it can still go, and asks for nothing.
    let off = world.with(|w| w.policy.local.totp = false);
    refused(&codes(&off), Reason::NoSecondFactor);
    assert!(remove(&off).outcome);
}

#[test]
fn t89_t96_whoever_has_a_second_factor_needs_level_two_everywhere() {
    let of = |world: &World| {
        let user = world.users.iter().find(|user| user.id == VERA).unwrap();
        let own = own_methods(user, &world.connections, &world.policy);
        let ways = ways_in(user, &world.connections, &world.policy);
        (required_level(user, &world.policy), ways == own && !ways.is_empty())
    };
    let linked = |world: World| world.linked(VERA, link(1, "acme", "v", LinkState::Active));
    assert_eq!(of(&linked(world())), (Level::Two, true), "every method reaches it with the factor beside it");
    assert_eq!(of(&World::new()), (Level::One, true));
    assert_eq!(of(&world().with(|w| w.policy.local.totp = false)), (Level::One, true), "computed, not stored");
    let three = world().with(|w| w.user(VERA).required_level = Level::Three);
    assert_eq!(of(&three), (Level::Three, false), "two factors are not level three");
}

#[test]
fn t89_t92_one_factor_alone_makes_no_session() {
    for method in [Method::Password, code_method(MAIL)] {
        let one = world().proof_of(VERA, method.clone());
        for decision in [one.local_sign_in(), one.clone().signed_in(VERA).step_up(VERA)] {
            assert_eq!(decision.outcome, LocalOutcome::AskFactor { user: VERA });
            assert_eq!((decision.reason, decision.plan.is_empty()), (Reason::SecondFactorNeeded, true), "t92");
        }
        let two = with_factor(one, &just());
        let decision = two.local_sign_in();
        assert_eq!(decision.outcome, LocalOutcome::SignedIn { user: VERA });
        let session = decision.plan.sessions()[0].clone();
        assert_eq!((session.level, &session.method), (Level::Two, &method));
        let told = decision.plan.changes.iter().any(|change| {
            let proved = format!("{}+totp@", method.name());
            matches!(change, Change::Audit(event) if event.kind == EventKind::SignedIn
                && event.proofs[0].starts_with(&proved) && event.proofs[0].ends_with("/aal2"))
        });
        assert!(told, "the event names both");
        assert_eq!(two.signed_in(VERA).step_up(VERA).outcome, LocalOutcome::SignedIn { user: VERA });
    }
    // A passkey is two factors in one.
    let key = Method::Passkey { passkey: crate::world::passkey_id(1) };
    let passkey = world().with(|w| w.user(VERA).passkeys.push(passkey(1))).with(|w| {
        w.proof = Some((Proof::of_checked(VERA, key, linking::PASSKEY_LEVEL, NOW - SECOND), VERA));
    });
    assert_eq!(passkey.local_sign_in().outcome, LocalOutcome::SignedIn { user: VERA });
}

#[test]
fn t92_a_second_factor_counts_for_its_user_and_while_it_is_fresh() {
    let one = world().proof_of(VERA, Method::Password);
    let other = with_factor(one.clone(), &shown(MALLORY, NOW - SECOND));
    assert_eq!(other.local_sign_in().outcome, LocalOutcome::AskFactor { user: VERA });
    let old = with_factor(one.clone(), &shown(VERA, NOW - MINUTE.times(6)));
    assert_eq!((old.local_sign_in().outcome, old.local_sign_in().reason), (LocalOutcome::Refused, Reason::NotFresh));
    // Three is more than two factors can show: asking for one would lead nowhere.
    let three = one.with(|w| w.user(VERA).required_level = Level::Three);
    assert_eq!(
        (three.local_sign_in().outcome, three.local_sign_in().reason),
        (LocalOutcome::Refused, Reason::LevelTooLow)
    );
    let held = three.with(|w| w.user(VERA).status = UserStatus::Held);
    assert_eq!(held.local_sign_in().reason, Reason::UserInactive, "t69: nothing is asked of whoever may not come in");
}

#[test]
fn t89_a_provider_s_sign_in_does_not_skip_the_second_factor() {
    let linked = world().with(|w| {
        let identity = w.parts.identity.clone();
        w.user(VERA).links.push(model::LinkFacts { identity, ..link(1, "acme", "v", LinkState::Active) });
    });
    let asked = linked.sign_in();
    let outcome = SignInOutcome::AskFactor { user: VERA };
    assert_eq!((&asked.outcome, asked.reason, asked.row), (&outcome, Reason::SecondFactorNeeded, Some(1)));
    assert!(asked.plan.is_empty());
    // Before whoever is signed in here hears whose account it is.
    assert_eq!(linked.clone().signed_in(MALLORY).sign_in().outcome, outcome);
    let with = |second: FactorProof| linked.clone().with(|w| w.factor = Some(second)).sign_in();
    let decision = with(just());
    assert!(matches!(decision.outcome, SignInOutcome::SignedIn { user: VERA, .. }));
    let session = decision.plan.sessions()[0].clone();
    assert_eq!((session.level, session.method), (Level::Two, link_method(1, "acme")));
    assert_eq!(with(shown(MALLORY, NOW - SECOND)).outcome, outcome);
    assert_eq!(with(shown(VERA, NOW - MINUTE.times(6))).outcome, outcome);
    // A provider that is known to have asked for two is enough.
    let two = linked.with(|w| w.parts.level = Level::Two);
    assert!(matches!(two.sign_in().outcome, SignInOutcome::SignedIn { .. }));
}

#[test]
fn m027_t88_the_second_factor_comes_before_a_link() {
    let found = world().looped().with(|w| {
        let rules = w.policy.connections.get_mut(&crate::world::connection("acme")).unwrap();
        rules.link_on_match = LinkOnMatch::VerifiedEmail;
        w.parts.identity = crate::world::identity("acme", "new");
    });
    let first = found.sign_in();
    assert!(matches!(first.outcome, SignInOutcome::AskProof { user: VERA, .. }), "row 12 is for one factor only");
    let one = found.proof_of(VERA, Method::Password);
    let asked = one.sign_in();
    assert_eq!((&asked.outcome, asked.row), (&SignInOutcome::AskFactor { user: VERA }, Some(13)));
    assert!(asked.plan.is_empty(), "no link before the whole sign-in");
    let linked = with_factor(one, &just()).sign_in();
    assert!(matches!(linked.outcome, SignInOutcome::SignedIn { user: VERA, linked_now: true, .. }));
    assert_eq!(linked.plan.sessions()[0].level, Level::Two);
}

fn spend(world: &World, shown: Spent) -> Plan {
    let facts = world.facts();
    world.context(|context, _, _| spend_factor(context, &facts, facts.user(VERA).unwrap(), shown))
}

#[test]
fn what_is_shown_counts_once() {
    let world = world();
    let used = spend(&world, Spent::Step(101));
    assert!(used.has(&Change::UseTotp { user: VERA, was: 100, step: 101 }) && used.notices().is_empty());
    for old in [100, 99] {
        assert!(spend(&world, Spent::Step(old)).is_empty(), "a code of a step that was taken");
    }
    let code = spend(&world, Spent::Code(CODES[1]));
    let left = vec![CODES[0], CODES[2]];
    assert!(code.has(&Change::SetRecoveryCodes { user: VERA, was: CODES.to_vec(), codes: left }));
    assert_eq!(code.notices(), [(MailKind::RecoveryCodeUsed, MAIL), (MailKind::RecoveryCodeUsed, HOME)], "t125");
    assert!(spend(&world, Spent::Code([9; 32])).is_empty());
    assert!(spend(&world.with(|w| w.policy.local.totp = false), Spent::Step(101)).is_empty());
    assert!(spend(&World::new(), Spent::Step(101)).is_empty());
}

#[test]
fn a_proof_with_a_second_factor_is_as_fresh_as_the_older() {
    let one = Proof::of_checked(VERA, Method::Password, Level::One, NOW - SECOND);
    let two = one.clone().with(&shown(VERA, one.at() - SECOND));
    assert_eq!((two.level(), two.at(), two.factor()), (Level::Two, one.at() - SECOND, Some(Factor::Totp)));
    assert_eq!(one.clone().with(&shown(MALLORY, NOW)), one);
}

#[test]
fn an_organisation_may_require_what_only_a_second_factor_reaches() {
    let world = World::new().with(|w| {
        let guild = crate::world::organisation("guild");
        let rules = OrganisationPolicy { required_level: Some(Level::Two), ..OrganisationPolicy::default() };
        w.policy.organisations.insert(guild.clone(), rules);
        w.user(VERA).organisations.push(guild);
    });
    let one = world.clone().proof_of(VERA, Method::Password);
    assert_eq!((one.local_sign_in().outcome, one.local_sign_in().reason), (LocalOutcome::Refused, Reason::LevelTooLow));
    let two = one.with(|w| w.user(VERA).totp = Some(totp()));
    assert_eq!(two.local_sign_in().outcome, LocalOutcome::AskFactor { user: VERA });
}
