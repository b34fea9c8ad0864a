//! Decisions are total and deterministic over facts no store would give.

use crate::world::{
    MAIL, MALLORY, NEW, NOW, PRESENT, SESSION, SUBJECT, VERA, World, address, connection, identity, link, link_id,
    link_method, namespace, proven, session,
};
use linking::{
    EndSessions, HandoverInput, Stranded, decide_attempt, decide_connection_change, decide_end_session,
    decide_handover, decide_set_password, decide_sign_out, decide_user_status, throttle_keys,
};
use model::{
    AddressProof, ChainHead, Evidence, Facts, IdentityFacts, Level, LinkOnMatch, LinkState, Method, Micros, Proof,
    Purpose, Secret, SignUp, ThrottleFacts, UserId, UserStatus,
};
use proptest::prelude::*;
use proptest::sample::select;
use std::fmt::Write as _;

const LEVELS: [Level; 3] = [Level::One, Level::Two, Level::Three];
const STATES: [LinkState; 3] = [LinkState::Active, LinkState::Held, LinkState::Removed];
const STATUSES: [UserStatus; 4] = [UserStatus::Active, UserStatus::Disabled, UserStatus::Held, UserStatus::Deleted];
const USERS: [UserId; 4] = [VERA, MALLORY, NEW, UserId::from_bytes([77; 16])];
const EVIDENCE: [Evidence; 4] = [Evidence::Unproven, Evidence::Claimed, Evidence::Vouched, Evidence::Authoritative];

fn time() -> impl Strategy<Value = Micros> {
    prop_oneof![
        select(vec![i64::MIN, -1, 0, 1, i64::MAX]).prop_map(Micros),
        (-400_000_000i64..400_000_000).prop_map(|near| NOW + Micros(near)),
        any::<i64>().prop_map(Micros),
    ]
}

fn method() -> impl Strategy<Value = Method> {
    prop_oneof![
        Just(Method::Password),
        select(vec![MAIL, "vera@home.example", "x@y.example"])
            .prop_map(|mail| Method::EmailCode { address: address(mail) }),
        (0u8..4, select(vec!["acme", "other", "gone"])).prop_map(|(n, name)| link_method(n, name)),
    ]
}

/// One world, and facts that need not agree with it.
fn anything() -> impl Strategy<Value = (World, Facts)> {
    let users = proptest::collection::vec(
        (
            select(&USERS),
            select(&STATUSES),
            any::<bool>(),
            select(&LEVELS),
            any::<i64>(),
            any::<bool>(),
            links(),
            time(),
        ),
        0..4,
    );
    let policy = (
        select(vec![LinkOnMatch::Off, LinkOnMatch::Prove, LinkOnMatch::VerifiedEmail]),
        select(vec![SignUp::Open, SignUp::Invited, SignUp::Closed]),
        select(vec![Purpose::SignInAndLink, Purpose::LinkOnly, Purpose::SignInOnly, Purpose::DataOnly]),
        select(&LEVELS),
        any::<(bool, bool)>(),
        prop_oneof![Just(0u32), Just(1), any::<u32>()],
        select(&EVIDENCE),
        select(vec!["acme", "other", "gone"]),
    );
    let person = (
        proptest::option::of((select(&USERS), method(), select(&LEVELS), time(), time(), 0i64..5)),
        proptest::option::of((select(&USERS), method(), select(&LEVELS), time(), select(&USERS))),
        proptest::option::of(select(vec![MAIL, "x@y.example"])),
        any::<(bool, bool, bool)>(),
        time(),
    );
    let store = (
        proptest::option::of((0u8..3, proptest::option::of((0u8..4, select(&USERS), select(&STATES))), any::<bool>())),
        proptest::option::of(select(&USERS)),
        any::<(bool, bool)>(),
        0i64..3,
    );
    (users, policy, person, store).prop_map(|(users, policy, person, store)| {
        let mut world = World::new().evidence(policy.6);
        let template = world.users[0].clone();
        world.users = users
            .into_iter()
            .map(|(id, status, protected, required_level, version, password, links, at)| {
                let addresses = vec![proven(MAIL, AddressProof::Loop, at)];
                let password = template.password.clone().filter(|_| password);
                let user = template.clone();
                model::UserFacts { id, status, protected, required_level, version, password, links, addresses, ..user }
            })
            .collect();
        let rules = world.rules();
        (rules.link_on_match, rules.sign_up, rules.purpose) = (policy.0, policy.1, policy.2);
        rules.max_links_per_user = policy.5;
        world.policy.required_level = policy.3;
        (world.policy.local.password, world.policy.local.email_code) = policy.4;
        world.parts.connection = connection(policy.7);
        world.session = person.0.map(|(of, method, level, at, expires_at, store_epoch)| model::SessionFacts {
            level,
            authenticated_at: at,
            expires_at,
            store_epoch,
            ..session(of, method)
        });
        world.proof = person.1.map(|(of, method, level, at, named)| (Proof::of_checked(of, method, level, at), named));
        world.mailbox = person.2.map(address);
        (world.switch, world.separate) = (person.3.0, person.3.1);
        if person.3.2 {
            world.parts.mail = None;
        }
        world.now = person.4;
        world.connections[0].enabled = store.2.0;
        world.connections[0].epoch = store.3;
        let mut facts = world.facts();
        facts.address_owner = store.1;
        facts.identity = store.0.map(|(subject, link, was_removed)| IdentityFacts {
            identity: identity("acme", if subject == 0 { SUBJECT } else { "else" }),
            link: link.map(|(n, user, state)| (link_id(n), user, state)),
            was_removed,
        });
        if store.2.1 {
            facts.connections.pop();
        }
        (world, facts)
    })
}

fn links() -> impl Strategy<Value = Vec<model::LinkFacts>> {
    let one = (0u8..4, select(vec!["acme", "other", "gone"]), select(vec![SUBJECT, "else"]), select(&STATES), 1i64..3);
    let one = one.prop_map(|(n, name, subject, state, epoch)| {
        let mut link = link(n, name, subject, state);
        link.identity.namespace = namespace(name, epoch);
        link
    });
    proptest::collection::vec(one, 0..4)
}

/// Everything that is decided on one world, twice in the same way.
fn decide_all(world: &World, facts: &Facts) -> String {
    let mut said = format!("{:?}", world.sign_in_on(facts));
    for (user, version) in [(VERA, 41), (MALLORY, i64::MIN)] {
        write!(said, "{:?}", world.link_on(facts, user, SESSION, version)).unwrap();
    }
    for (session, force) in [(Some(SESSION), false), (None, false), (None, true)] {
        write!(said, "{:?}", world.unlink_by(link_id(1), session, force)).unwrap();
    }
    if world.proof.is_some() {
        write!(said, "{:?}{:?}", world.local_sign_in(), world.step_up(VERA)).unwrap();
    }
    if world.mailbox.is_some() {
        write!(said, "{:?}", world.sign_up()).unwrap();
    }
    world.context(|context, terms, _| {
        for status in STATUSES {
            write!(said, "{:?}", decide_user_status(context, facts, VERA, status)).unwrap();
        }
        for which in [EndSessions::All, EndSessions::One(SESSION)] {
            write!(said, "{:?}", decide_end_session(context, facts, VERA, which)).unwrap();
        }
        write!(said, "{:?}", decide_sign_out(context, facts)).unwrap();
        write!(said, "{:?}", decide_set_password(context, facts, SESSION, &Secret::new("p".to_owned()), terms))
            .unwrap();
        write!(said, "{:?}", decide_handover(context, &HandoverInput { facts, session: &PRESENT, terms })).unwrap();
        let chain = ChainHead::default();
        for (enabled, force) in [(false, false), (false, true), (true, false)] {
            let acme = connection("acme");
            let stranded = Stranded { users: vec![VERA] };
            let change = decide_connection_change(context, facts, &acme, enabled, stranded, 1, force, chain);
            write!(said, "{change:?}").unwrap();
        }
    });
    said
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn decisions_are_total_and_deterministic((world, facts) in anything()) {
        prop_assert_eq!(decide_all(&world, &facts), decide_all(&world, &facts));
    }

    #[test]
    fn t69_no_sign_in_ever_mints_for_a_user_who_is_not_active((world, facts) in anything()) {
        // The id of a new user is nobody's.
        prop_assume!(facts.user(NEW).is_none());
        let plans = [world.sign_in_on(&facts).plan, world.link_on(&facts, VERA, SESSION, 41).plan];
        for session in plans.iter().flat_map(crate::world::Read::sessions) {
            prop_assert!(facts.user(session.user).is_none_or(|user| user.status == UserStatus::Active));
        }
    }

    #[test]
    fn attempts_are_total((failures, blocked_until, updated_at, now) in (any::<i64>(), time(), time(), time())) {
        let keys = throttle_keys(b"account", b"source", false);
        let throttles = keys
            .iter()
            .map(|key| ThrottleFacts { key: key.clone(), failures, blocked_until, updated_at })
            .collect();
        let facts = Facts { throttles, ..Facts::default() };
        let decision = decide_attempt(&facts, &keys, now);
        prop_assert_eq!(blocked_until > now, decision.plan.is_empty());
    }
}
