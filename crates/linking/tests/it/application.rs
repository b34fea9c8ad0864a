//! What applications are given rests on a live session of the person's own, and dies with what it rests on.

use crate::world::{MALLORY, NOW, PRESENT, Read, SESSION, SUBJECT, VERA, World, link, link_id, organisation};
use linking::{
    ClientTerms, Decision, Reason, decide_authorization, decide_code_reuse, decide_consent, decide_entry,
    decide_refresh, decide_withdrawal, is_consented,
};
use model::{
    AuthorizationFacts, AuthorizationId, Change, ClientFacts, ConsentFacts, DAY, EventKind, HOUR, Level, LinkState,
    MINUTE, Method, MethodKind, NewAuthorization, Personal, Plan, Purpose, SessionId, SessionScope, UserStatus,
};

const ID: AuthorizationId = AuthorizationId::from_bytes([9; 16]);

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

fn terms(scope: &[String]) -> ClientTerms<'_> {
    ClientTerms {
        client: "shop",
        scope,
        sector: "public",
        new_sub: "new",
        first_party: false,
        version: None,
        lifetime: HOUR,
        rotates: true,
        hears_of_logout: false,
    }
}

fn consented(scope: &str) -> ClientFacts {
    let consent = Some(ConsentFacts { scope: words(scope), given_at: NOW });
    ClientFacts { sub: Some("known".to_owned()), consent, authorization: None }
}

fn given() -> AuthorizationFacts {
    AuthorizationFacts {
        id: ID,
        client: "shop".to_owned(),
        user: VERA,
        session: SESSION,
        link: None,
        method: MethodKind::Password,
        level: Level::One,
        authenticated_at: NOW - MINUTE,
        sub: "known".to_owned(),
        scope: words("openid"),
        offline: false,
        generation: 3,
        created_at: NOW - MINUTE,
        expires_at: NOW + HOUR,
        store_epoch: World::new().facts().store_epoch,
        session_expires_at: Some(NOW + HOUR),
    }
}

fn authorize(world: &World, known: &ClientFacts, terms: &ClientTerms<'_>) -> Decision<Option<NewAuthorization>> {
    world.context(|context, _, _| decide_authorization(context, &world.facts(), known, terms, ID))
}

/// A refresh; a proxy that asks about the same authorization hears the same.
fn refresh(world: &World, change: impl FnOnce(&mut AuthorizationFacts), generation: i64) -> Decision<bool> {
    let mut authorization = given();
    change(&mut authorization);
    let current = authorization.generation;
    let known = ClientFacts { authorization: Some(authorization), ..consented("openid") };
    let scope = words("openid");
    world.context(|context, _, _| {
        let decision = decide_refresh(context, &world.facts(), &known, &terms(&scope), generation);
        if generation == current {
            let entry = decide_entry(context, &world.facts(), &known, &terms(&scope));
            assert_eq!((entry.outcome, entry.reason), (decision.outcome, decision.reason));
            assert!(entry.plan.is_empty());
        }
        decision
    })
}

/// What the owner reads of it later: in which session, by which proofs, and about which application.
fn told(plan: &Plan, kind: EventKind, in_session: bool, proofs: usize, scope: Option<&str>) {
    let event = plan.event(kind).unwrap_or_else(|| panic!("no {kind:?}: {plan:?}"));
    assert_eq!((event.session.is_some(), event.proofs.len()), (in_session, proofs), "{kind:?}");
    let Personal::Plain(personal) = &event.personal else { panic!("sealed too early") };
    assert_eq!(personal.get("application").map(String::as_str), Some("shop"), "{kind:?}");
    assert_eq!(personal.get("scope").map(String::as_str), scope, "{kind:?}");
}

#[test]
fn a_code_gives_what_was_allowed_in_the_session_that_asked() {
    let world = World::new().signed_in(VERA);
    let scope = words("openid email");
    let decision = authorize(&world, &consented("email openid"), &terms(&scope));
    let new = decision.outcome.clone().unwrap();
    assert_eq!((&*new.sub, new.user, new.session, new.offline), ("known", VERA, SESSION, false));
    assert!(decision.plan.has(&Change::Authorize(new.clone())));
    assert!(decision.plan.any(|change| matches!(change, Change::ExpectSession { .. })));
    assert!(decision.plan.any(|change| matches!(change, Change::ExpectUser { .. })));
    assert!(!decision.plan.any(|change| matches!(change, Change::CreateSubject { .. })));
    told(&decision.plan, EventKind::ApplicationSignedIn, true, 1, None);
    assert_eq!(new.expires_at, NOW + HOUR);
    assert_eq!(new.authenticated_at, world.session.as_ref().unwrap().authenticated_at, "not now: T91");
    // The first time in a sector it learns a subject of its own.
    let unknown = ClientFacts { sub: None, ..consented("email openid") };
    let decision = authorize(&world, &unknown, &terms(&scope));
    assert!(decision.plan.any(|change| matches!(change, Change::CreateSubject { sub, .. } if sub == "new")));
    let offline = words("openid offline_access");
    assert!(authorize(&world, &consented("openid offline_access"), &terms(&offline)).outcome.unwrap().offline);
}

#[test]
fn t66_a_session_goes_on_for_its_own_person_alone() {
    let first = SessionId::from_bytes([3; 16]);
    let vera = || {
        let linked = World::new().linked(VERA, link(20, "other", "x", LinkState::Active)).signed_in(VERA);
        linked.with(|w| w.session.as_mut().unwrap().sid = first)
    };
    let sid_of = |plan: &Plan| (plan.sessions()[0].sid, plan.sessions()[0].id);
    // Renewed by a link, confirmed, signed in to again: the same to applications, under a new id and secret.
    let again = vera().proof_of(VERA, Method::Password);
    for plan in [vera().link().plan, again.step_up(VERA).plan, again.local_sign_in().plan] {
        let (sid, id) = sid_of(&plan);
        assert!(sid == first && id != SESSION && id != first, "{plan:?}");
        assert_ne!(plan.sessions()[0].hash, PRESENT);
    }
    // Somebody else, or after its end: a session of its own.
    let other = vera().proof_of(MALLORY, Method::Password).with(|w| w.switch = true);
    let ended = again.with(|w| w.session.as_mut().unwrap().expires_at = NOW);
    for plan in [other.local_sign_in().plan, ended.local_sign_in().plan] {
        let (sid, id) = sid_of(&plan);
        assert!(sid == id && sid != first, "{plan:?}");
    }
}

#[test]
fn nothing_is_given_without_consent_but_to_our_own() {
    let world = World::new().signed_in(VERA);
    let scope = words("openid email");
    for known in [ClientFacts::default(), consented("openid")] {
        assert!(!is_consented(&terms(&scope), &known));
        let decision = authorize(&world, &known, &terms(&scope));
        assert_eq!((decision.reason, decision.plan.is_empty()), (Reason::ConsentMissing, true));
        let own = ClientTerms { first_party: true, ..terms(&scope) };
        assert!(authorize(&world, &known, &own).outcome.is_some());
    }
}

#[test]
fn t68_only_a_live_session_of_ones_own_lets_an_application_in() {
    let scope = words("openid");
    let known = consented("openid");
    let refused = |world: &World| {
        let decision = authorize(world, &known, &terms(&scope));
        let consent = world.context(|context, _, _| decide_consent(context, &world.facts(), &known, &terms(&scope)));
        assert!(decision.plan.is_empty() && decision.outcome.is_none() && consent.plan.is_empty() && !consent.outcome);
        assert_eq!(consent.reason, decision.reason);
        decision.reason
    };
    assert_eq!(refused(&World::new()), Reason::SessionExpired);
    let vera = || World::new().signed_in(VERA);
    assert_eq!(refused(&vera().with(|w| w.session.as_mut().unwrap().expires_at = NOW)), Reason::SessionExpired);
    assert_eq!(refused(&vera().with(|w| w.session.as_mut().unwrap().store_epoch += 1)), Reason::SessionExpired);
    assert_eq!(refused(&vera().with(|w| w.user(VERA).status = UserStatus::Disabled)), Reason::SessionExpired);
    assert_eq!(refused(&vera().with(|w| w.user(VERA).required_level = Level::Two)), Reason::LevelTooLow);
    for scope in [SessionScope::Application, SessionScope::Organisation { organisation: organisation("guild") }] {
        let world = vera().with(|w| w.session.as_mut().unwrap().scope = scope);
        assert_eq!(refused(&world), Reason::SessionScope);
        let withdrawn = world.context(|context, _, _| decide_withdrawal(context, &world.facts(), "shop"));
        assert!(!withdrawn.outcome && withdrawn.plan.is_empty());
    }
}

#[test]
fn consent_grows_and_is_taken_back_whole() {
    let world = World::new().signed_in(VERA);
    let scope = words("email openid");
    let known = consented("openid profile");
    let decision = world.context(|context, _, _| decide_consent(context, &world.facts(), &known, &terms(&scope)));
    let kept =
        Change::GiveConsent { client: "shop".to_owned(), user: VERA, scope: words("openid profile email"), at: NOW };
    assert!(decision.outcome && decision.plan.has(&kept), "{:?}", decision.plan);
    told(&decision.plan, EventKind::ConsentGiven, true, 1, Some("email openid"));
    assert!(decision.plan.any(|change| matches!(change, Change::ExpectSession { .. })));
    let decision = world.context(|context, _, _| decide_withdrawal(context, &world.facts(), "shop"));
    assert!(decision.plan.has(&Change::WithdrawConsent { client: "shop".to_owned(), user: VERA }));
    told(&decision.plan, EventKind::ConsentWithdrawn, true, 1, None);
    assert!(decision.plan.any(|change| matches!(change, Change::ExpectSession { .. })));
}

#[test]
fn t68_a_refresh_looks_at_everything_again() {
    let world = World::new().linked(VERA, link(10, "acme", SUBJECT, LinkState::Active));
    let through = |given: &mut AuthorizationFacts| given.link = Some(link_id(10));
    let good = refresh(&world, through, 3);
    assert!(good.outcome && good.plan.has(&Change::Refresh { authorization: ID, generation: 3 }));
    assert!(good.plan.any(|change| matches!(change, Change::ExpectUser { .. })));
    // One that only its holder can use stays as it is.
    let scope = words("openid");
    let stays = ClientTerms { rotates: false, ..terms(&scope) };
    let known = ClientFacts { authorization: Some(given()), ..consented("openid") };
    let kept = world.context(|context, _, _| decide_refresh(context, &world.facts(), &known, &stays, 3));
    assert!(kept.outcome && !kept.plan.any(|change| matches!(change, Change::Refresh { .. })));
    assert!(kept.plan.any(|change| matches!(change, Change::ExpectUser { .. })));
    let refused = |world: &World, change: &dyn Fn(&mut AuthorizationFacts)| {
        let decision = refresh(world, |given| change(given), 3);
        assert!(!decision.outcome && decision.plan.is_empty(), "{decision:?}");
        decision.reason
    };
    assert_eq!(refused(&world, &|given| given.session_expires_at = None), Reason::SessionExpired);
    assert_eq!(refused(&world, &|given| given.session_expires_at = Some(NOW)), Reason::SessionExpired);
    assert_eq!(refused(&world, &|given| given.expires_at = NOW), Reason::SessionExpired);
    assert_eq!(refused(&world, &|given| given.store_epoch += 1), Reason::SessionExpired, "t86");
    assert_eq!(refused(&world, &|given| given.client = "other".to_owned()), Reason::SessionExpired);
    let taken_back = ClientFacts { consent: None, authorization: Some(given()), ..ClientFacts::default() };
    let scope = words("openid");
    let decision =
        world.context(|context, _, _| decide_refresh(context, &world.facts(), &taken_back, &terms(&scope), 3));
    assert_eq!((decision.reason, decision.plan.is_empty()), (Reason::ConsentMissing, true));
    let decision = world.context(|context, _, _| decide_entry(context, &world.facts(), &taken_back, &terms(&scope)));
    assert_eq!((decision.outcome, decision.reason), (false, Reason::ConsentMissing));
    for status in [UserStatus::Disabled, UserStatus::Held, UserStatus::Deleted, UserStatus::Absorbed] {
        let world = World::new().with(|w| w.user(VERA).status = status);
        assert_eq!(refused(&world, &|_| {}), Reason::UserInactive);
    }
    let higher = World::new().with(|w| w.user(VERA).required_level = Level::Two);
    assert_eq!(refused(&higher, &|_| {}), Reason::LevelTooLow);
    // What it rests on has to work today.
    for world in [
        World::new(),
        World::new().linked(VERA, link(10, "acme", SUBJECT, LinkState::Held)),
        World::new().linked(VERA, link(10, "acme", SUBJECT, LinkState::Removed)),
        World::new().linked(VERA, link(10, "acme", SUBJECT, LinkState::Active)).with(|w| w.acme().enabled = false),
        World::new()
            .linked(VERA, link(10, "acme", SUBJECT, LinkState::Active))
            .with(|w| w.rules().purpose = Purpose::LinkOnly),
    ] {
        assert_eq!(refused(&world, &through), Reason::MethodNotAllowed);
    }
    // Given for longer, it needs no session.
    let offline = |given: &mut AuthorizationFacts| (given.offline, given.session_expires_at) = (true, None);
    assert!(refresh(&world, offline, 3).outcome);
    assert!(given().is_alive(NOW, given().store_epoch) && !given().is_alive(NOW + DAY, given().store_epoch));
}

#[test]
fn t68_what_comes_twice_ends_what_rests_on_it() {
    let world = World::new();
    for generation in [2, 4] {
        let decision = refresh(&world, |_| {}, generation);
        assert_eq!((decision.outcome, decision.reason), (false, Reason::TokenReused));
        assert!(decision.plan.has(&Change::EndAuthorization { authorization: ID }));
        told(&decision.plan, EventKind::TokenReused, true, 0, None);
        assert!(!decision.plan.any(|change| matches!(change, Change::Refresh { .. })));
    }
    let known = ClientFacts { authorization: Some(given()), ..ClientFacts::default() };
    let decision = world.context(|context, _, _| decide_code_reuse(context, &world.facts(), &known));
    assert!(decision.plan.has(&Change::EndAuthorization { authorization: ID }));
    let nothing = world.context(|context, _, _| decide_code_reuse(context, &world.facts(), &ClientFacts::default()));
    assert!(nothing.plan.is_empty() && nothing.reason == Reason::TokenReused);
}
