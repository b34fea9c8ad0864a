//! A device is let in by the session that typed its code, and by nothing else (T52).

use crate::world::{MALLORY, NOW, Read, SESSION, SUBJECT, VERA, World, link, link_id, organisation};
use linking::{
    ClientTerms, Decision, DeviceClaim, Reason, decide_device_answer, decide_device_claim, decide_device_redemption,
    throttle_keys,
};
use model::{
    AuthorizationFacts, AuthorizationId, Change, ClientFacts, ConsentFacts, DAY, DeviceFacts, DeviceState, EventKind,
    Facts, HOUR, Level, LinkState, MINUTE, Method, NewAuthorization, Personal, Purpose, SECOND, SessionId,
    SessionScope, ThrottleFacts, UserStatus,
};

const ID: AuthorizationId = AuthorizationId::from_bytes([9; 16]);
const CODE: [u8; 32] = [7; 32];

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

fn terms(scope: &[String]) -> ClientTerms<'_> {
    ClientTerms {
        client: "tv",
        scope,
        sector: "public",
        new_sub: "new",
        first_party: false,
        lifetime: HOUR,
        rotates: true,
        hears_of_logout: false,
        version: Some(4),
    }
}

fn device(state: DeviceState, claimed_by: Option<SessionId>) -> DeviceFacts {
    DeviceFacts {
        code: CODE,
        id: ID,
        client: "tv".to_owned(),
        scope: words("openid email"),
        user_agent: "Tizen".to_owned(),
        source: vec![203, 0, 113, 7],
        state,
        claimed_by,
        interval: SECOND.times(5),
        created_at: NOW - MINUTE,
        expires_at: NOW + MINUTE,
    }
}

fn with(world: &World, device: DeviceFacts) -> Facts {
    Facts { device: Some(device), ..world.facts() }
}

fn keys() -> Vec<Vec<u8>> {
    throttle_keys(b"device:session", b"source", false)
}

fn claim(world: &World, facts: &Facts) -> Decision<DeviceClaim> {
    world.context(|context, _, _| decide_device_claim(context, facts, &keys()))
}

fn answer(world: &World, facts: &Facts, known: &ClientFacts, allowed: bool) -> Decision<Option<NewAuthorization>> {
    let scope = facts.device.as_ref().map(|device| device.scope.clone()).unwrap_or_default();
    world.context(|context, _, _| decide_device_answer(context, facts, known, &terms(&scope), allowed))
}

fn throttles(decision: &Decision<DeviceClaim>) -> Vec<Vec<u8>> {
    let key = |change: &Change| match change {
        Change::Throttle { key, .. } => Some(key.clone()),
        _ => None,
    };
    decision.plan.changes.iter().filter_map(key).collect()
}

#[test]
fn t52_a_code_is_claimed_by_the_session_that_typed_it() {
    let world = World::new().signed_in(VERA);
    let pending = |claimed_by| with(&world, device(DeviceState::Pending, claimed_by));
    for claimed_by in [None, Some(SESSION)] {
        let decision = claim(&world, &pending(claimed_by));
        assert_eq!((&decision.outcome, decision.reason), (&DeviceClaim::Claimed, Reason::DeviceClaimed));
        assert!(decision.plan.has(&Change::ClaimDevice { code: CODE, id: ID, session: SESSION }));
        assert!(decision.plan.any(|change| matches!(change, Change::ExpectSession { .. })));
        assert_eq!(throttles(&decision), [b"source:source".to_vec()], "the rest is for wrong ones");
    }
    let old = DeviceFacts { expires_at: NOW, ..device(DeviceState::Pending, None) };
    let wrong = [
        world.facts(),
        pending(Some(SessionId::from_bytes([3; 16]))),
        with(&world, old),
        with(&world, device(DeviceState::Approved, Some(SESSION))),
        with(&world, device(DeviceState::Denied, None)),
        with(&world, device(DeviceState::Redeemed, Some(SESSION))),
    ];
    for facts in wrong {
        let decision = claim(&world, &facts);
        assert_eq!((&decision.outcome, decision.reason), (&DeviceClaim::Unknown, Reason::DeviceCodeUnknown));
        assert_eq!(throttles(&decision), keys(), "counted, and nothing else is written");
        assert_eq!(decision.plan.changes.len(), 3);
    }
}

#[test]
fn t52_too_many_codes_wait_and_the_right_one_with_them() {
    let world = World::new().signed_in(VERA);
    for key in keys() {
        let mut facts = with(&world, device(DeviceState::Pending, None));
        facts.throttles.push(ThrottleFacts { key, failures: 9, blocked_until: NOW + MINUTE, updated_at: NOW });
        let decision = claim(&world, &facts);
        assert_eq!((decision.outcome, decision.plan.is_empty()), (DeviceClaim::Wait(NOW + MINUTE), true));
    }
}

#[test]
fn t52_only_a_session_of_the_account_types_and_answers() {
    let vera = || World::new().signed_in(VERA);
    let organisation = SessionScope::Organisation { organisation: organisation("guild") };
    for (world, reason) in [
        (World::new(), Reason::SessionExpired),
        (vera().with(|w| w.session.as_mut().unwrap().expires_at = NOW), Reason::SessionExpired),
        (vera().with(|w| w.user(VERA).status = UserStatus::Disabled), Reason::SessionExpired),
        (vera().with(|w| w.user(VERA).required_level = Level::Two), Reason::LevelTooLow),
        (vera().with(|w| w.session.as_mut().unwrap().scope = SessionScope::Application), Reason::SessionScope),
        (vera().with(|w| w.session.as_mut().unwrap().scope = organisation.clone()), Reason::SessionScope),
    ] {
        let facts = with(&world, device(DeviceState::Pending, Some(SESSION)));
        let claimed = claim(&world, &facts);
        assert_eq!((claimed.outcome, claimed.reason, claimed.plan.is_empty()), (DeviceClaim::Refused, reason, true));
        for allowed in [true, false] {
            let answered = answer(&world, &facts, &ClientFacts::default(), allowed);
            assert_eq!((answered.reason, answered.plan.is_empty()), (reason, true));
        }
    }
    // What another session claimed, or nobody, and what is over.
    let (world, mallory) = (
        vera(),
        World::new().signed_in(MALLORY).with(|w| {
            w.session.as_mut().unwrap().sid = SessionId::from_bytes([3; 16]);
        }),
    );
    let pending = || device(DeviceState::Pending, Some(SESSION));
    for (world, device) in [
        (&mallory, pending()),
        (&world, device(DeviceState::Pending, None)),
        (&world, device(DeviceState::Approved, Some(SESSION))),
        (&world, device(DeviceState::Denied, Some(SESSION))),
        (&world, DeviceFacts { expires_at: NOW, ..pending() }),
        (&world, DeviceFacts { client: "other".to_owned(), ..pending() }),
    ] {
        for allowed in [true, false] {
            let answered = answer(world, &with(world, device.clone()), &ClientFacts::default(), allowed);
            assert_eq!((answered.reason, answered.plan.is_empty()), (Reason::DeviceCodeUnknown, true), "{device:?}");
        }
    }
}

#[test]
fn a_yes_is_consent_and_an_authorization_that_needs_no_browser() {
    let world = World::new().signed_in(VERA);
    let facts = with(&world, device(DeviceState::Pending, Some(SESSION)));
    let decision = answer(&world, &facts, &ClientFacts::default(), true);
    let new = decision.outcome.clone().unwrap();
    assert_eq!((new.id, new.user, &*new.sub, new.offline), (ID, VERA, "new", true));
    assert_ne!(new.session, SESSION, "nobody's browser");
    assert_eq!(new.authenticated_at, world.session.as_ref().unwrap().authenticated_at, "t91");
    assert_eq!((new.expires_at, new.scope.clone()), (NOW + HOUR, words("openid email")));
    assert!(decision.plan.has(&Change::AnswerDevice { code: CODE, id: ID, session: SESSION, allowed: true }));
    assert!(decision.plan.has(&Change::Authorize(new)));
    let consent = Change::GiveConsent { client: "tv".to_owned(), user: VERA, scope: words("openid email"), at: NOW };
    assert!(decision.plan.has(&consent));
    for guard in [
        decision.plan.any(|change| matches!(change, Change::ExpectUser { user: VERA, .. })),
        decision.plan.any(|change| matches!(change, Change::ExpectSession { .. })),
        decision.plan.any(|change| matches!(change, Change::ExpectStoreEpoch { .. })),
    ] {
        assert!(guard, "{:?}", decision.plan);
    }
    let event = decision.plan.event(EventKind::ApplicationSignedIn).unwrap();
    assert_eq!(event.reason, "device_let_in");
    let Personal::Plain(personal) = &event.personal else { panic!("sealed too early") };
    assert_eq!(personal.get("device").map(String::as_str), Some("Tizen"));
    // What was allowed before is not asked again, and a no writes the no alone.
    let consent = Some(ConsentFacts { scope: words("openid email"), given_at: NOW });
    let known = ClientFacts { sub: Some("known".to_owned()), consent, authorization: None };
    let again = answer(&world, &facts, &known, true);
    assert!(again.outcome.is_some() && !again.plan.any(|change| matches!(change, Change::GiveConsent { .. })));
    let no = answer(&world, &facts, &known, false);
    assert_eq!((no.outcome, no.reason), (None, Reason::DeviceRefused));
    assert!(no.plan.has(&Change::AnswerDevice { code: CODE, id: ID, session: SESSION, allowed: false }));
    assert!(!no.plan.any(|change| matches!(change, Change::Authorize(_) | Change::GiveConsent { .. })));
}

#[test]
fn t68_a_redemption_looks_at_everything_again() {
    let given = || AuthorizationFacts {
        id: ID,
        client: "tv".to_owned(),
        user: VERA,
        session: SessionId::from_bytes([9; 16]),
        link: None,
        method: model::MethodKind::Password,
        level: Level::One,
        authenticated_at: NOW - MINUTE,
        sub: "known".to_owned(),
        scope: words("openid"),
        offline: true,
        generation: 0,
        created_at: NOW,
        expires_at: NOW + DAY,
        store_epoch: World::new().facts().store_epoch,
        session_expires_at: None,
    };
    let consent = Some(ConsentFacts { scope: words("openid"), given_at: NOW });
    let scope = words("openid");
    let redeem = |world: &World, state, authorization, consent: &Option<ConsentFacts>| {
        let facts = with(world, device(state, Some(SESSION)));
        let known = ClientFacts { sub: None, consent: consent.clone(), authorization };
        let decision = world.context(|context, _, _| decide_device_redemption(context, &facts, &known, &terms(&scope)));
        assert_eq!(decision.outcome, !decision.plan.is_empty());
        (decision.outcome, decision.reason, decision.plan)
    };
    let world = World::new();
    let (good, _, plan) = redeem(&world, DeviceState::Approved, Some(given()), &consent);
    assert!(good && plan.has(&Change::RedeemDevice { code: CODE, id: ID }));
    assert!(plan.has(&Change::ExpectClient { client: "tv".to_owned(), version: 4 }), "t68");
    assert!(plan.any(|change| matches!(change, Change::ExpectUser { user: VERA, .. })));
    let refused = |world: &World, state, authorization, consent: &Option<ConsentFacts>| {
        let (good, reason, _) = redeem(world, state, authorization, consent);
        assert!(!good);
        reason
    };
    for state in [DeviceState::Pending, DeviceState::Denied, DeviceState::Redeemed] {
        assert_eq!(refused(&world, state, Some(given()), &consent), Reason::DeviceCodeUnknown);
    }
    let approved = DeviceState::Approved;
    assert_eq!(refused(&world, approved, None, &consent), Reason::SessionExpired);
    let other = AuthorizationFacts { client: "other".to_owned(), ..given() };
    assert_eq!(refused(&world, approved, Some(other), &consent), Reason::SessionExpired);
    assert_eq!(refused(&world, approved, Some(given()), &None), Reason::ConsentMissing);
    let disabled = World::new().with(|w| w.user(VERA).status = UserStatus::Disabled);
    assert_eq!(refused(&disabled, approved, Some(given()), &consent), Reason::UserInactive);
    let higher = World::new().with(|w| w.user(VERA).required_level = Level::Two);
    assert_eq!(refused(&higher, approved, Some(given()), &consent), Reason::LevelTooLow);
    for ended in [
        AuthorizationFacts { id: AuthorizationId::from_bytes([8; 16]), ..given() },
        AuthorizationFacts { expires_at: NOW, ..given() },
        AuthorizationFacts { store_epoch: given().store_epoch + 1, ..given() },
        AuthorizationFacts { offline: false, ..given() },
    ] {
        assert_eq!(refused(&world, approved, Some(ended), &consent), Reason::SessionExpired);
    }
    let through = || Some(AuthorizationFacts { link: Some(link_id(10)), ..given() });
    let linked = |state| World::new().linked(VERA, link(10, "acme", SUBJECT, state));
    assert!(redeem(&linked(LinkState::Active), approved, through(), &consent).0);
    for world in [
        World::new(),
        linked(LinkState::Held),
        linked(LinkState::Removed),
        linked(LinkState::Active).with(|w| w.acme().enabled = false),
        linked(LinkState::Active).with(|w| w.rules().purpose = Purpose::LinkOnly),
    ] {
        assert_eq!(refused(&world, approved, through(), &consent), Reason::MethodNotAllowed);
    }
    // The request of another client.
    let facts = with(&world, DeviceFacts { client: "other".to_owned(), ..device(approved, Some(SESSION)) });
    let known = ClientFacts { sub: None, consent, authorization: Some(given()) };
    let decision = world.context(|context, _, _| decide_device_redemption(context, &facts, &known, &terms(&scope)));
    assert_eq!((decision.reason, decision.plan.is_empty()), (Reason::DeviceCodeUnknown, true));
}

#[test]
fn t52_on_the_way_to_a_device_only_what_is_linked_opens() {
    let way = |world: World| world.with(|w| w.for_device = true);
    let linked = |state| World::new().linked(VERA, link(10, "acme", SUBJECT, state));
    let decision = way(linked(LinkState::Active)).sign_in();
    assert_eq!((decision.reason, decision.plan.sessions().len()), (Reason::LinkedIdentity, 1));
    // Nothing of what follows depends on who is there: not on a match, its proof, nor the person's word.
    for world in [
        World::new(),
        linked(LinkState::Removed),
        World::new().signed_in(VERA),
        World::new().proof_of(VERA, Method::Password),
        World::new().with(|w| w.separate = true),
        World::new().with(|w| w.rules().mail_authority = crate::world::authority(model::Evidence::Authoritative)),
        World::new().with(|w| w.users.clear()),
    ] {
        let decision = way(world).sign_in();
        assert_eq!((decision.reason, decision.plan.is_empty()), (Reason::DeviceNeverLinks, true));
    }
    assert_eq!(way(linked(LinkState::Held)).sign_in().reason, Reason::IdentityHeld);
}
