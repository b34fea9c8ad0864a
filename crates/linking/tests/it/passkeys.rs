//! Passkeys: added and removed by their owner, counted wherever methods are.

use crate::world::{FRESH_SECRET, HOME, MAIL, MALLORY, NOW, PRESENT, Read, SESSION, VERA, World, passkey, passkey_id};
use linking::{
    Credential, Decision, LocalOutcome, LocalSignIn, PASSKEY_LEVEL, PasskeyRemoval, Reason, decide_add_passkey,
    decide_local_sign_in, decide_remove_passkey, usable_methods, ways_in,
};
use model::{
    Change, CredentialFacts, EventKind, Level, MINUTE, MailKind, Method, PasskeyId, Proof, SECOND, SessionId,
    SessionScope, UserStatus,
};

const NEW: Credential<'_> = Credential { id: &[9], handle: &[7], key: "key", name: "Phone" };

fn method(n: u8) -> Method {
    Method::Passkey { passkey: passkey_id(n) }
}

fn add(world: &World) -> Decision<Option<PasskeyId>> {
    world.context(|context, _, _| decide_add_passkey(context, &world.facts(), SESSION, &NEW))
}

fn remove(world: &World, n: u8) -> Decision<PasskeyRemoval> {
    world.context(|context, _, _| decide_remove_passkey(context, &world.facts(), SESSION, passkey_id(n)))
}

fn signed_in(change: impl FnOnce(&mut World)) -> World {
    World::new().signed_in(VERA).with(change)
}

#[test]
fn t26_t88_t125_a_passkey_is_added_in_a_fresh_session_and_told() {
    let world = signed_in(|_| {});
    let decision = add(&world);
    assert!(decision.outcome.is_some() && decision.reason == Reason::PasskeyAdded);
    assert!(decision.plan.raises(&world.users[0]), "tickets die with the version");
    assert!(decision.plan.has(&Change::ExpectSession { hash: PRESENT }));
    let mails = [(MailKind::PasskeyAdded, MAIL), (MailKind::PasskeyAdded, HOME)];
    assert_eq!(decision.plan.notices(), mails);
    let refused = |change: fn(&mut World), reason| {
        let decision = add(&signed_in(change));
        assert_eq!((decision.outcome, decision.reason, decision.plan.is_empty()), (None, reason, true));
    };
    refused(|w| w.session = None, Reason::SessionExpired);
    refused(|w| w.session.as_mut().unwrap().id = SessionId::from_bytes([8; 16]), Reason::SessionExpired);
    refused(|w| w.session.as_mut().unwrap().authenticated_at = NOW - MINUTE.times(5), Reason::StepUpNeeded);
    refused(|w| w.user(VERA).required_level = Level::Two, Reason::StepUpNeeded);
    refused(|w| w.session.as_mut().unwrap().scope = SessionScope::Application, Reason::SessionScope);
    refused(|w| w.policy.local.passkey = false, Reason::MethodNotAllowed);
    refused(|w| w.user(VERA).passkeys = (1..=20).map(passkey).collect(), Reason::TooManyPasskeys);
    let taken = world.context(|context, _, _| {
        let credential =
            Some(CredentialFacts { passkey: passkey_id(9), user: MALLORY, handle: vec![7], key: String::new() });
        let facts = model::Facts { credential, ..world.facts() };
        decide_add_passkey(context, &facts, SESSION, &NEW)
    });
    assert_eq!((taken.outcome, taken.reason), (None, Reason::PasskeyTaken));
}

#[test]
fn m047_t72_a_passkey_goes_while_another_way_in_stays() {
    let world = signed_in(|w| w.user(VERA).passkeys.push(passkey(1)));
    let decision = remove(&world, 1);
    assert_eq!(decision.outcome, PasskeyRemoval::Removed { own_session_ended: false });
    let plan = &decision.plan;
    assert!(plan.raises(&world.users[0]) && plan.has(&Change::RemovePasskey { passkey: passkey_id(1), user: VERA }));
    assert!(plan.has(&Change::EndSessionsOfPasskey { passkey: passkey_id(1), user: VERA }), "t67");
    assert_eq!(plan.notices(), [(MailKind::PasskeyRemoved, MAIL), (MailKind::PasskeyRemoved, HOME)]);
    let own = remove(&world.clone().with(|w| w.session.as_mut().unwrap().method = method(1)), 1);
    assert_eq!(own.outcome, PasskeyRemoval::Removed { own_session_ended: true });

    let refused = |change: fn(&mut World), reason| {
        let decision = remove(&world.clone().with(change), 1);
        assert_eq!((decision.outcome, decision.reason), (PasskeyRemoval::Refused, reason));
        assert!(decision.plan.is_empty());
    };
    refused(|w| w.user(VERA).passkeys.clear(), Reason::PasskeyNotFound);
    refused(|w| w.session = None, Reason::SessionExpired);
    refused(|w| w.session.as_mut().unwrap().authenticated_at = NOW - MINUTE.times(5), Reason::StepUpNeeded);
    // t73: what does not work today does not count as what remains.
    let alone = |w: &mut World| {
        w.policy.local.password = false;
        w.policy.local.email_code = false;
        w.user(VERA).links.clear();
    };
    refused(alone, Reason::LastMethod);
    let two = world.clone().with(alone).with(|w| w.user(VERA).passkeys.push(passkey(2)));
    assert!(matches!(remove(&two, 1).outcome, PasskeyRemoval::Removed { .. }), "another passkey is a way in");
    // t92: nor does what does not reach the level that the user needs.
    refused(
        |w| {
            w.user(VERA).required_level = Level::Two;
            w.session.as_mut().unwrap().level = Level::Two;
        },
        Reason::LastMethod,
    );
}

#[test]
fn t73_t92_a_passkey_is_usable_while_policy_allows_it_and_reaches_level_two() {
    let world = signed_in(|w| {
        w.user(VERA).passkeys.push(passkey(1));
        w.user(VERA).required_level = Level::Two;
    });
    let of = |world: &World| {
        let user = world.users.iter().find(|user| user.id == VERA).unwrap();
        let usable = usable_methods(user, &world.connections, &world.policy).contains(&method(1));
        (usable, ways_in(user, &world.connections, &world.policy))
    };
    assert_eq!(of(&world), (true, vec![method(1)]), "the only one that reaches it");
    assert_eq!(of(&world.clone().with(|w| w.policy.local.passkey = false)), (false, Vec::new()));
    let moved = world.with(|w| "id.elsewhere.example".clone_into(&mut w.policy.host));
    assert_eq!(of(&moved), (false, Vec::new()), "a passkey of another host opens nothing");
}

#[test]
fn n09_a_passkey_signs_its_owner_in_at_level_two() {
    let world = World::new().with(|w| {
        w.user(VERA).passkeys.push(passkey(1));
        w.user(VERA).required_level = Level::Two;
    });
    let sign_in = |world: &World, user, n, at| {
        let proof = Proof::of_checked(user, method(n), PASSKEY_LEVEL, at);
        world.context(|context, terms, _| {
            let facts = world.facts();
            let input = LocalSignIn { facts: &facts, proof: &proof, switch_confirmed: false, terms, clear: &[] };
            decide_local_sign_in(context, &input)
        })
    };
    let decision = sign_in(&world, VERA, 1, NOW - SECOND);
    assert_eq!((&decision.outcome, decision.reason), (&LocalOutcome::SignedIn { user: VERA }, Reason::PasskeyCorrect));
    let session = decision.plan.sessions()[0].clone();
    assert_eq!((session.level, &session.method, session.hash), (Level::Two, &method(1), FRESH_SECRET));
    assert!(decision.plan.changes.iter().any(|change| {
        matches!(change, Change::Audit(event) if event.kind == EventKind::SignedIn && event.proofs[0].starts_with("passkey@"))
    }));
    let refused = |world: &World, user, n, at, reason| {
        let decision = sign_in(world, user, n, at);
        assert_eq!((decision.outcome, decision.reason), (LocalOutcome::Refused, reason));
    };
    refused(&world, VERA, 2, NOW - SECOND, Reason::MethodNotAllowed);
    refused(&world, MALLORY, 1, NOW - SECOND, Reason::MethodNotAllowed);
    refused(&world, VERA, 1, NOW - MINUTE.times(6), Reason::NotFresh);
    refused(&world.clone().with(|w| w.policy.local.passkey = false), VERA, 1, NOW - SECOND, Reason::MethodNotAllowed);
    refused(&world.with(|w| w.user(VERA).status = UserStatus::Held), VERA, 1, NOW - SECOND, Reason::UserInactive);
}
