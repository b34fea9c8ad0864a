//! Threats on the sign-in path: each test fails when its rule is broken.

use crate::oracle::row_12_holds;
use crate::world::{
    FRESH_SECRET, HOME, MAIL, MALLORY, NEW, NOW, Read, SUBJECT, VERA, World, address, authority, identity, link,
    link_id, link_method, namespace, proven, session,
};
use linking::{Reason, SignInOutcome, recycled_notice_key};
use model::{
    AddressProof, Assertion, Change, DAY, EventKind, Evidence, IdentityFacts, Level, LinkOnMatch, LinkState, MailKind,
    Method, ProfileSync, Proof, Purpose, SECOND, SignUp, ThrottleFacts, UserId, UserStatus,
};

const EVIDENCE: [Evidence; 4] = [Evidence::Unproven, Evidence::Claimed, Evidence::Vouched, Evidence::Authoritative];
const MODES: [LinkOnMatch; 3] = [LinkOnMatch::Off, LinkOnMatch::Prove, LinkOnMatch::VerifiedEmail];

/// Whether anything in the plan gives this browser a hold on `user`.
fn touches(plan: &model::Plan, user: UserId) -> bool {
    plan.sessions().iter().any(|session| session.user == user) || plan.links().iter().any(|link| link.user == user)
}

/// One way to break a condition of row 12.
type Spoil = (&'static str, fn(&mut World));

/// What refuses everything, and with which reason.
type Rule = (Reason, fn(&mut World));

/// Row 12's conditions, each taken away alone.
const WITHOUT: [Spoil; 20] = [
    ("mode off", |w| w.rules().link_on_match = LinkOnMatch::Off),
    ("mode prove", |w| w.rules().link_on_match = LinkOnMatch::Prove),
    ("not verified", |w| w.parts.mail.as_mut().unwrap().verified = false),
    ("only claimed", |w| w.rules().mail_authority = authority(Evidence::Claimed)),
    ("only vouched", |w| w.rules().mail_authority = authority(Evidence::Vouched)),
    ("authority for another domain", |w| w.rules().mail_authority.authoritative_domains = vec!["example.com".into()]),
    ("authority for the parent domain", |w| w.rules().mail_authority.authoritative_domains = vec!["org".into()]),
    ("purpose without linking", |w| w.rules().purpose = Purpose::SignInOnly),
    ("code method off", |w| w.policy.local.email_code = false),
    ("user needs more", |w| w.user(VERA).required_level = Level::Two),
    ("policy needs more", |w| w.policy.required_level = Level::Two),
    ("protected", |w| w.user(VERA).protected = true),
    ("disabled", |w| w.user(VERA).status = UserStatus::Disabled),
    ("held", |w| w.user(VERA).status = UserStatus::Held),
    ("address vouched for", |w| w.user(VERA).addresses[0].proof = AddressProof::Vouched),
    ("address by authority", |w| w.user(VERA).addresses[0].proof = AddressProof::Authoritative),
    ("proof a year old", |w| w.user(VERA).addresses[0].proven_at = NOW - DAY.times(365)),
    ("removed once", |w| w.user(VERA).links.push(link(10, "acme", SUBJECT, LinkState::Removed))),
    ("same provider", |w| w.user(VERA).links.push(link(20, "acme", "another", LinkState::Active))),
    ("no room for a link", |w| w.rules().max_links_per_user = 0),
];

#[test]
fn t01_an_address_alone_yields_neither_session_nor_link() {
    let mut linked = 0;
    for mode in MODES {
        for evidence in EVIDENCE {
            for verified in [false, true] {
                for matches in [false, true] {
                    for looped in [false, true] {
                        let world = World::new().evidence(evidence).with(|w| {
                            w.rules().link_on_match = mode;
                            w.parts.mail.as_mut().unwrap().verified = verified;
                            w.mailbox = looped.then(|| address(MAIL));
                            if !matches {
                                w.user(VERA).addresses.remove(0);
                            }
                        });
                        let hold = touches(&world.sign_in().plan, VERA);
                        assert_eq!(hold, row_12_holds(&world), "{mode:?} {evidence:?} {verified} {matches} {looped}");
                        linked += usize::from(hold);
                    }
                }
            }
        }
    }
    // Authoritative, verified, matching, `verified_email`: with or without a code.
    assert_eq!(linked, 2);
}

#[test]
fn t01_row_12_needs_every_condition() {
    assert!(touches(&World::row_12().sign_in().plan, VERA));
    for (name, spoil) in WITHOUT {
        let decision = World::row_12().with(spoil).sign_in();
        assert!(!touches(&decision.plan, VERA), "{name}: {:?}", decision.outcome);
        assert!(!touches(&decision.plan, NEW), "{name}: {:?}", decision.outcome);
    }
}

#[test]
fn t05_the_same_subject_at_two_issuers_is_two_people() {
    let world = World::new().linked(VERA, link(10, "other", SUBJECT, LinkState::Active)).with(|w| w.parts.mail = None);
    let plan = world.sign_in().plan;
    assert_eq!((plan.links()[0].user, plan.sessions()[0].user), (NEW, NEW));
    assert_eq!(plan.links()[0].identity, identity("acme", SUBJECT));
    // Even where a reader of facts was to confuse the two.
    let mut facts = world.facts();
    let held = Some((link_id(10), VERA, LinkState::Active));
    facts.identity = Some(IdentityFacts { identity: identity("other", SUBJECT), link: held, was_removed: false });
    assert!(!touches(&world.sign_in_on(&facts).plan, VERA));
}

#[test]
fn t08_recycled_account_gets_no_suggestion_and_its_owner_one_notice() {
    for evidence in [Evidence::Vouched, Evidence::Authoritative] {
        let world = World::row_12()
            .evidence(evidence)
            .linked(VERA, link(20, "acme", "another", LinkState::Active))
            .proof_of(VERA, Method::Password);
        let decision = world.sign_in();
        assert_eq!((&decision.outcome, decision.row), (&SignInOutcome::OtherAccount, Some(10)));
        // Who asks for a user of their own gets one, without the address, and Vera keeps everything.
        let separate = world.clone().with(|w| w.separate = true).sign_in().plan;
        assert!(!touches(&separate, VERA) && separate.links()[0].user == NEW);
        assert!(!separate.any(|c| matches!(c, Change::ProveAddress { .. } | Change::RenewAddress { .. })));
        let plan = &decision.plan;
        assert_eq!(plan.notices(), [(MailKind::RecycledIdentity, MAIL), (MailKind::RecycledIdentity, HOME)]);
        assert!(plan.event(EventKind::RecycledIdentityNoticed).is_some_and(|event| event.subject == Some(VERA)));
        // Never a hold, never a version raise, and the journey goes on.
        let more =
            |c: &Change| matches!(c, Change::RaiseUser { .. } | Change::SetUserStatus { .. } | Change::SpendFlow(_));
        assert!(!plan.any(more) && plan.links().is_empty() && plan.sessions().is_empty());
        // What the plan counts is what silences the next.
        let key = recycled_notice_key(&Assertion::from_verified(world.parts.clone()));
        let counted = |c: &Change| matches!(c, Change::Throttle { key: k, was: 0, failures: 1, .. } if *k == key);
        assert!(plan.any(counted));
        let told = ThrottleFacts { key, failures: 1, blocked_until: NOW + DAY, updated_at: NOW };
        let again = world.with(|w| w.throttles.push(told)).sign_in();
        assert_eq!((again.outcome, again.plan.is_empty()), (SignInOutcome::OtherAccount, true));
    }
    // A code through the mailbox here is worth more than Vouched.
    let looped = World::new().looped().linked(VERA, link(20, "acme", "another", LinkState::Active)).sign_in();
    assert_eq!((looped.row, looped.plan.notices().len()), (Some(10), 2));
}

#[test]
fn t08_the_notice_is_of_one_identity_and_silent_for_a_year() {
    let world = World::row_12().linked(VERA, link(20, "acme", "another", LinkState::Active));
    let key = |name, subject| {
        let mut parts = world.parts.clone();
        parts.identity = identity(name, subject);
        recycled_notice_key(&Assertion::from_verified(parts))
    };
    let (own, subject, provider) = (key("acme", SUBJECT), key("acme", "4712"), key("other", SUBJECT));
    assert!(own != subject && own != provider && subject != provider);
    let after = |key: &[u8], failures| {
        let told = ThrottleFacts { key: key.to_vec(), failures, blocked_until: NOW + DAY, updated_at: NOW };
        world.clone().with(|w| w.throttles.push(told)).sign_in().plan
    };
    // What was told of another identity silences nothing, and neither does a counter that was cleared.
    for plan in [after(&subject, 1), after(&provider, 1), after(&own, 0)] {
        assert_eq!(plan.notices().len(), 2);
        let year =
            |c: &Change| matches!(c, Change::Throttle { blocked_until, .. } if *blocked_until == NOW + DAY.times(365));
        assert!(plan.any(year));
    }
    assert!(after(&own, 1).is_empty());
}

#[test]
fn t23_a_victim_who_arrives_second_gets_a_clean_user() {
    // Mallory typed Vera's address and a password somewhere: until a code comes back nothing of it exists, so the only
    // thing in the new user is what Vera brought.
    let world = World::new().evidence(Evidence::Vouched).with(|w| drop(w.users.remove(0)));
    let plan = world.sign_in().plan;
    assert!(!plan.any(|c| matches!(c, Change::SetPassword { .. })));
    assert_eq!((plan.links().len(), plan.links()[0].user), (1, NEW));
    // And where a user has the address, joining needs proof of that user.
    assert!(!touches(&World::new().evidence(Evidence::Vouched).sign_in().plan, VERA));
}

#[test]
fn t25_t28_nothing_that_was_attached_earlier_comes_along() {
    // Mallory made a user with an identity of hers and merely claims Vera's address: it attracts nothing.
    let world =
        World::new().linked(MALLORY, link(30, "other", "mallory", LinkState::Active)).with(|w| drop(w.users.remove(0)));
    for evidence in EVIDENCE {
        for mode in MODES {
            let world = world.clone().evidence(evidence).looped().with(|w| w.rules().link_on_match = mode);
            let plan = world.sign_in().plan;
            assert!(!touches(&plan, MALLORY) && touches(&plan, NEW));
            assert_eq!(plan.links().iter().map(|l| &l.identity).collect::<Vec<_>>(), [&identity("acme", SUBJECT)]);
        }
    }
}

#[test]
fn t27_an_unbelieved_provider_proves_no_address() {
    for evidence in [Evidence::Unproven, Evidence::Claimed] {
        let world = World::new().evidence(evidence).with(|w| drop(w.users.remove(0)));
        let decision = world.sign_in();
        assert!(matches!(decision.outcome, SignInOutcome::AskMailbox { .. }) && decision.plan.is_empty());
    }
    // Vouched is weaker than authority: it is never enough for an automatic link.
    assert!(!touches(&World::row_12().evidence(Evidence::Vouched).sign_in().plan, VERA));
}

#[test]
fn t31_a_live_session_is_never_replaced_without_a_word() {
    let linked = World::new().linked(VERA, link(10, "acme", SUBJECT, LinkState::Active));
    let proven = World::new().evidence(Evidence::Vouched).proof_of(VERA, Method::Password);
    let new = World::new().with(|w| w.parts.mail = None);
    let separate = World::new().evidence(Evidence::Vouched).with(|w| w.separate = true);
    for world in [linked, proven, World::row_12(), new, separate] {
        let world = world.signed_in(MALLORY);
        let decision = world.sign_in();
        assert!(matches!(decision.outcome, SignInOutcome::AskSwitch { current: MALLORY, .. }), "{decision:?}");
        assert!(decision.plan.is_empty());
        let decision = world.clone().with(|w| w.switch = true).sign_in();
        assert!(decision.plan.ends_present() && decision.plan.sessions().len() == 1);
        // A session that does not live any more is nobody's.
        let dead = world.with(|w| w.session.as_mut().unwrap().expires_at = NOW).sign_in();
        assert!(matches!(dead.outcome, SignInOutcome::SignedIn { .. }) && dead.plan.ends_present());
    }
}

#[test]
fn t43_t106_proof_counts_only_for_the_user_the_ticket_named() {
    let world = World::new().evidence(Evidence::Vouched);
    let by = |of, named| {
        let proof = Proof::of_checked(of, Method::Password, Level::One, NOW - SECOND);
        world.clone().with(|w| w.proof = Some((proof, named))).sign_in()
    };
    for (of, named) in [(MALLORY, VERA), (VERA, MALLORY), (MALLORY, MALLORY)] {
        let decision = by(of, named);
        assert_eq!((decision.outcome, decision.reason), (SignInOutcome::Refused, Reason::WrongUserProved));
        assert!(decision.plan.is_empty());
    }
    assert!(touches(&by(VERA, VERA).plan, VERA));
    // Whose session this is decides nothing either.
    let decision = world.signed_in(MALLORY).proof_of(MALLORY, Method::Password).sign_in();
    assert!(!touches(&decision.plan, MALLORY) && !touches(&decision.plan, VERA));
}

#[test]
fn t65_every_sign_in_makes_a_new_secret_and_ends_the_old() {
    let linked = World::new().linked(VERA, link(10, "acme", SUBJECT, LinkState::Active));
    let proven = World::new().evidence(Evidence::Vouched).proof_of(VERA, Method::Password);
    for world in [linked, proven, World::row_12()] {
        let plan = world.signed_in(VERA).sign_in().plan;
        assert!(plan.ends_present());
        assert_eq!((plan.sessions().len(), plan.sessions()[0].hash), (1, FRESH_SECRET));
    }
}

#[test]
fn t69_no_path_signs_in_a_user_who_is_not_active() {
    for status in [UserStatus::Disabled, UserStatus::Held, UserStatus::Deleted] {
        let ways = [
            World::new().linked(VERA, link(10, "acme", SUBJECT, LinkState::Active)),
            World::row_12(),
            World::new().evidence(Evidence::Vouched).proof_of(VERA, Method::Password),
            World::new().looped().proof_of(VERA, Method::Password),
            World::new().evidence(Evidence::Vouched).with(|w| w.separate = true),
        ];
        for world in ways {
            for signed_in in [None, Some(VERA), Some(MALLORY)] {
                let mut world = world.clone().with(|w| (w.switch, w.user(VERA).status) = (true, status));
                world.session = signed_in.map(|of| session(of, Method::Password));
                let decision = world.sign_in();
                assert_eq!(decision.outcome, SignInOutcome::Refused, "{status:?}");
                assert!(decision.plan.is_empty());
            }
        }
    }
}

#[test]
fn t92_t96_the_required_level_is_computed_at_every_sign_in() {
    let linked = World::new().linked(VERA, link(10, "acme", SUBJECT, LinkState::Active));
    for (own, policy, given, enough) in [
        (Level::One, Level::One, Level::One, true),
        (Level::Two, Level::One, Level::One, false),
        (Level::One, Level::Two, Level::One, false),
        (Level::Two, Level::Three, Level::Two, false),
        (Level::Three, Level::One, Level::Two, false),
        (Level::Two, Level::Two, Level::Two, true),
    ] {
        let world = linked.clone().with(|w| {
            w.user(VERA).required_level = own;
            w.policy.required_level = policy;
            w.parts.level = given;
        });
        let decision = world.sign_in();
        assert_eq!(!decision.plan.sessions().is_empty(), enough, "{own:?} {policy:?} {given:?}");
        if enough {
            assert_eq!(decision.plan.sessions()[0].level, given);
        } else {
            // Not half a session either.
            assert_eq!((decision.reason, decision.plan.is_empty()), (Reason::LevelTooLow, true));
        }
    }
}

#[test]
fn t98_a_disabled_connection_does_nothing_on_any_path() {
    let ways = [
        ("sign in", World::new().linked(VERA, link(10, "acme", SUBJECT, LinkState::Active))),
        ("link at once", World::row_12()),
        ("link after proof", World::new().evidence(Evidence::Vouched).proof_of(VERA, Method::Password)),
        ("create", World::new().with(|w| w.parts.mail = None)),
        ("separate", World::new().evidence(Evidence::Vouched).with(|w| w.separate = true)),
    ];
    let rules: [Rule; 5] = [
        (Reason::ConnectionDisabled, |w| w.acme().enabled = false),
        (Reason::OldEpoch, |w| w.acme().epoch = 2),
        (Reason::PurposeForbids, |w| w.rules().purpose = Purpose::LinkOnly),
        (Reason::PurposeForbids, |w| w.rules().purpose = Purpose::DataOnly),
        (Reason::UnknownConnection, |w| w.policy.connections.clear()),
    ];
    for (way, world) in ways {
        let decision = world.sign_in();
        assert!(decision.plan.guards_connection("acme"), "{way}: disabled meanwhile");
        for (reason, rule) in &rules {
            let decision = world.clone().with(rule).sign_in();
            assert_eq!((decision.outcome, decision.reason), (SignInOutcome::Refused, *reason), "{way}");
            assert!(decision.plan.is_empty());
        }
    }
}

#[test]
fn t112_claims_land_on_the_identity_and_never_on_the_user() {
    let linked = World::new().linked(VERA, link(10, "acme", SUBJECT, LinkState::Active));
    let proven = World::new().evidence(Evidence::Vouched).proof_of(VERA, Method::Password);
    let seen = |c: &Change| {
        matches!(c, Change::SeeIdentity { identity: i, display, .. }
            if *i == identity("acme", SUBJECT) && display.name.as_deref() == Some("Vera V."))
    };
    for (sync, at_sign_in, at_link) in
        [(ProfileSync::Never, false, false), (ProfileSync::OnLink, false, true), (ProfileSync::OnSignIn, true, true)]
    {
        for (world, wanted) in [(&linked, at_sign_in), (&proven, at_link)] {
            let plan = world.clone().with(|w| w.rules().profile_sync = sync).sign_in().plan;
            assert_eq!(plan.any(seen), wanted, "{sync:?}");
            let on_user = |c: &Change| {
                matches!(c, Change::CreateUser { .. } | Change::ProveAddress { .. } | Change::ClaimAddress { .. })
            };
            assert!(!plan.any(on_user), "{sync:?}");
        }
    }
}

#[test]
fn t123_below_vouched_no_world_with_the_victim_differs_from_one_without() {
    let without = |world: World| world.with(|w| drop(w.users.remove(0)));
    let kinds: [fn(&mut World); 6] = [
        |_| {},
        |w| w.user(VERA).status = UserStatus::Disabled,
        |w| w.user(VERA).protected = true,
        |w| w.user(VERA).links.push(link(20, "acme", "another", LinkState::Active)),
        |w| w.user(VERA).password = None,
        |w| w.user(VERA).required_level = Level::Three,
    ];
    for evidence in [Evidence::Unproven, Evidence::Claimed] {
        for sign_up in [SignUp::Open, SignUp::Invited, SignUp::Closed] {
            for mode in MODES {
                for signed_in in [false, true] {
                    let world = World::new().evidence(evidence).with(|w| {
                        (w.rules().sign_up, w.rules().link_on_match) = (sign_up, mode);
                        w.session = signed_in.then(|| session(MALLORY, Method::Password));
                    });
                    let nobody = without(world.clone()).sign_in();
                    for kind in kinds {
                        assert_eq!(world.clone().with(kind).sign_in(), nobody);
                    }
                }
            }
        }
    }
}

#[test]
fn t125_every_address_known_before_is_told() {
    let asked = World::new().evidence(Evidence::Vouched).proof_of(VERA, Method::Password);
    for world in [asked, World::row_12()] {
        let world = world.with(|w| w.user(VERA).addresses.push(proven("third@x.example", AddressProof::Vouched, NOW)));
        let told = [(MailKind::Linked, MAIL), (MailKind::Linked, HOME), (MailKind::Linked, "third@x.example")];
        assert_eq!(world.sign_in().plan.notices(), told);
    }
}

#[test]
fn t126_signing_in_never_links_in_the_same_breath() {
    // Signed in as the very user, freshly: an unknown identity still needs an answer to a page of its own.
    for mode in [LinkOnMatch::Off, LinkOnMatch::Prove] {
        let world = World::new()
            .evidence(Evidence::Authoritative)
            .signed_in(VERA)
            .with(|w| (w.rules().link_on_match, w.switch) = (mode, true));
        let decision = world.sign_in();
        let asked = matches!(decision.outcome, SignInOutcome::AskProof { .. } | SignInOutcome::AddressTaken { .. });
        assert!(asked && decision.plan.is_empty(), "{mode:?}");
    }
}

#[test]
fn proof_by_what_is_reached_through_the_identity_is_none() {
    // The link of the present epoch with the same identity, under whatever id.
    let world = World::new().evidence(Evidence::Vouched).linked(VERA, link(10, "acme", SUBJECT, LinkState::Removed));
    let offered = world.sign_in();
    let SignInOutcome::AskProof { methods, .. } = offered.outcome else { panic!("{:?}", offered.outcome) };
    assert!(!methods.contains(&link_method(10, "acme")));
    // A link of an old epoch is no method either.
    let mut old = link(21, "other", "x", LinkState::Active);
    old.identity.namespace = namespace("other", 0);
    let offered = World::new().evidence(Evidence::Vouched).linked(VERA, old).sign_in();
    let SignInOutcome::AskProof { methods, .. } = offered.outcome else { panic!("{:?}", offered.outcome) };
    assert_eq!(methods.iter().filter(|method| method.link().is_some()).count(), 0);
}
