//! Explanations: the real decision in sentences, and what would change it, computed and not written down.

use crate::matrix::every_class;
use crate::world::{
    HOME, MAIL, MALLORY, NOW, SUBJECT, Seeded, VERA, World, address, connection, identity, link, link_method,
    namespace, organisation, proven, session,
};
use linking::{Explanation, LinkEvent, Reason, Supposed, explain_sign_in, replay_link, row_words};
use model::{
    AddressProof, ConnectionId, DAY, EventKind, Evidence, Facts, IdentityFacts, Level, LinkOnMatch, LinkState, Method,
    OrganisationPolicy, Proof, Purpose, SECOND, SignUp, UserId, UserStatus,
};
use std::collections::BTreeSet;
use std::fmt::Write as _;

fn supposed(world: &World, facts: Facts) -> Supposed {
    Supposed {
        facts,
        policy: world.policy.clone(),
        parts: world.parts.clone(),
        mailbox: world.mailbox.clone(),
        proof: world.proof.clone(),
        factor: world.factor,
        switch_confirmed: world.switch,
        separate_confirmed: world.separate,
    }
}

fn explain(case: &Supposed) -> Explanation {
    let name_of = |id: &ConnectionId| if id.as_str() == "acme" { "Acme".to_owned() } else { id.to_string() };
    explain_sign_in(NOW, &Seeded::new(1), case, &name_of)
}

fn explained(world: &World) -> Explanation {
    explain(&supposed(world, world.facts()))
}

fn vera_named() -> World {
    World::new().with(|world| "Vera".clone_into(&mut world.user(VERA).name))
}

fn text(explanation: &Explanation) -> String {
    let mut text = String::new();
    for fact in &explanation.facts {
        writeln!(text, "{}: {}", fact.label, fact.value).unwrap();
    }
    let result = &explanation.result;
    let row = result.row.unwrap();
    writeln!(
        text,
        "=> {} [{}, {}, row {row}: {}]",
        result.sentence,
        result.outcome,
        result.reason.code(),
        row_words(row)
    )
    .unwrap();
    for other in &explanation.what_if {
        let (row, reason) = (other.result.row.unwrap(), other.result.reason.code());
        writeln!(text, "If {}: {} [{reason}, row {row}]", other.supposing, other.result.sentence).unwrap();
    }
    text
}

#[test]
fn the_troubles_people_ask_about_are_told_in_sentences() {
    let mut told = String::new();
    let mut tell = |what: &str, world: &World| {
        writeln!(told, "## {what}\n{}", text(&explained(world))).unwrap();
    };
    tell("an address nobody vouches for", &vera_named().evidence(Evidence::Claimed));
    tell("an address of an account, vouched for", &vera_named().evidence(Evidence::Vouched));
    let second = vera_named().evidence(Evidence::Vouched).with(|world| {
        world.user(VERA).links.push(link(20, "acme", "another", LinkState::Active));
    });
    tell("two accounts of one provider", &second);
    let held = vera_named().with(|world| world.user(VERA).links.push(link(10, "acme", SUBJECT, LinkState::Held)));
    tell("a link on hold", &held);
    tell("row 12", &World::row_12());
    insta::assert_snapshot!("explanations", told);
}

#[test]
fn every_row_has_words_of_its_own() {
    let words: BTreeSet<&str> = (1..=15).map(row_words).collect();
    assert_eq!(words.len(), 15);
    assert!(!words.contains(row_words(0)) && row_words(0) == row_words(16));
}

/// Over a sample of the whole matrix: an explanation says what the decision says, and every change it names leads elsewhere.
#[test]
fn explanations_agree_with_the_decision_everywhere() {
    let (mut seen, mut looked) = (0_usize, 0_usize);
    every_class(|class, world, facts, decision| {
        seen += 1;
        if seen % 1_009 != 0 {
            return;
        }
        looked += 1;
        let explanation = explain(&supposed(world, facts.clone()));
        assert_eq!((explanation.result.reason, explanation.result.row), (decision.reason, decision.row), "{class:?}");
        assert!(explanation.what_if.iter().all(|other| other.result != explanation.result), "{class:?}");
        assert!(!explanation.what_if.is_empty(), "nothing would change it: {class:?}\n{}", text(&explanation));
    });
    assert!(looked > 500, "{looked}");
}

/// Vera has the identity that comes back.
fn linked(state: LinkState) -> World {
    vera_named().linked(VERA, link(10, "acme", SUBJECT, state))
}

/// Vera's address is vouched for, and Mallory has the user name.
fn several() -> World {
    vera_named().evidence(Evidence::Vouched).with(|w| {
        "Mallory".clone_into(&mut w.user(MALLORY).name);
        w.rules().match_on.user_name = true;
        w.named = Some(MALLORY);
    })
}

#[test]
fn every_outcome_is_told_in_a_sentence() {
    let told = |world: &World, outcome, sentence: &str| {
        let result = explained(world).result;
        assert_eq!((result.outcome, result.sentence.as_str()), (outcome, sentence));
    };
    let vouched = || vera_named().evidence(Evidence::Vouched);
    let nobody = || vera_named().with(|w| w.parts.mail = None);
    told(&nobody(), "created", "A new account is created, and they are signed in to it.");
    told(&linked(LinkState::Active), "signed_in", "They are signed in to the account of Vera.");
    let present = linked(LinkState::Active).with(|w| w.session = Some(session(VERA, link_method(10, "acme"))));
    told(&present, "already_signed_in", "They go on in the session they have, in the account of Vera.");
    let switch = "They are asked whether to switch, because the account of Vera is signed in here.";
    told(&nobody().signed_in(VERA), "ask_switch", switch);
    let one = "They are asked to prove one of these: the account of Vera by its password or a code to vera@example.org or \
               a code to vera@home.example; the account of Mallory by its password or a code to mallory@elsewhere.example.";
    told(&several(), "ask_proof_of_one", one);
    let no_local = |w: &mut World| (w.policy.local.password, w.policy.local.email_code) = (false, false);
    let by_link = vouched().with(no_local).linked(VERA, link(20, "other", "x", LinkState::Active));
    told(&by_link, "ask_proof", "They are asked to prove the account of Vera by a sign-in with other.");
    let none = "They are asked to prove the account of Vera (which has no method to do so).";
    told(&vouched().with(no_local), "ask_proof", none);
    let taken = || vouched().with(|w| w.rules().link_on_match = LinkOnMatch::Off);
    let sentence = "They are told that the address belongs to an account, and may ask for a separate one.";
    told(&taken(), "address_taken", sentence);
    let closed = taken().with(|w| w.rules().sign_up = SignUp::Closed);
    told(&closed, "address_taken", "They are told that the address belongs to an account.");
    let removed = linked(LinkState::Removed).with(|w| w.parts.mail = None);
    told(&removed, "ask_create", "They are asked whether they want a new account, because it was removed once.");
    told(&linked(LinkState::Held), "refused", "It is refused, and nothing is changed.");
    // Without a name the address names an account, and without both the end of its id.
    let nameless = linked(LinkState::Active).with(|w| w.user(VERA).name.clear());
    told(&nameless, "signed_in", "They are signed in to the account of vera@example.org.");
    let bare = nameless.with(|w| w.user(VERA).addresses.clear());
    told(&bare, "signed_in", &format!("They are signed in to the account …{}.", VERA.tail()));
}

/// What of a world stands under a label, one after the other.
fn facts_of(world: &World, label: &str) -> Vec<String> {
    explained(world).facts.into_iter().filter(|fact| fact.label == label).map(|fact| fact.value).collect()
}

#[test]
fn every_fact_that_counts_is_told() {
    let told = |label, world: &World, value: &str| assert_eq!(facts_of(world, label), [value], "{label}");
    let with = |change: fn(&mut World)| vera_named().evidence(Evidence::Vouched).with(change);
    told("connection", &with(|w| w.acme().enabled = false), "Acme is switched off");
    for gone in [with(|w| w.policy.connections.clear()), with(|w| w.connections.clear())] {
        told("connection", &gone, "Acme is not configured");
    }
    assert!(facts_of(&with(|w| w.policy.connections.clear()), "policy").is_empty());
    let linking = "it is for linking only; a matching address links nothing; sign-up is by invitation";
    let rules = |purpose, link_on_match, sign_up| {
        with(|_| {}).with(|w| {
            let rules = w.rules();
            (rules.purpose, rules.link_on_match, rules.sign_up) = (purpose, link_on_match, sign_up);
        })
    };
    told("policy", &rules(Purpose::LinkOnly, LinkOnMatch::Off, SignUp::Invited), linking);
    let signing_in = "it is for signing in only; a matching address links after a proof; sign-up is closed";
    told("policy", &rules(Purpose::SignInOnly, LinkOnMatch::Prove, SignUp::Closed), signing_in);
    let data = "it is for data only; a matching address may link at once; sign-up is open";
    told("policy", &rules(Purpose::DataOnly, LinkOnMatch::VerifiedEmail, SignUp::Open), data);
    told("identity", &linked(LinkState::Active), "4711 is linked to the account of Vera");
    told("identity", &linked(LinkState::Removed), "4711 is linked to nobody; it was linked once and removed");
    told("address", &with(|w| w.parts.mail = None), "the provider gives none");
    let unverified = "vera@example.org; the provider does not call it verified";
    told("address", &vera_named().evidence(Evidence::Unproven), unverified);
    let nothing = "nothing: the provider itself does not say that it was checked";
    told("worth of the address", &vera_named().evidence(Evidence::Unproven), nothing);
    told(
        "mailbox",
        &with(|w| w.mailbox = Some(address(HOME))),
        "a code that went to vera@home.example was entered here",
    );
    let owner = "owner of the address";
    let vouched = "the account of Vera, proven by a provider that sends codes";
    told(owner, &with(|w| w.mailbox = Some(address(HOME))), vouched);
    let authority = "the account of Vera, proven by a provider that may speak for it";
    told(owner, &with(|w| w.user(VERA).addresses[0].proof = AddressProof::Authoritative), authority);
    told(owner, &with(|w| drop(w.user(VERA).addresses.remove(0))), "nobody here");
    assert!(facts_of(&with(|w| w.parts.mail = None), owner).is_empty());
    for (status, words) in [
        (UserStatus::Disabled, "disabled"),
        (UserStatus::Held, "held"),
        (UserStatus::Deleted, "deleted"),
        (UserStatus::Absorbed, "absorbed by a merge"),
    ] {
        told("that account", &with(|_| {}).with(|w| w.user(VERA).status = status), words);
    }
    told("that account", &with(|w| w.user(VERA).protected = true), "active, and protected");
    told("signed in here", &vera_named().signed_in(VERA), "the account of Vera");
    // Neither the identity itself, nor a tombstone, nor one of another provider is another identity there.
    for link in [
        link(10, "acme", SUBJECT, LinkState::Active),
        link(20, "acme", "another", LinkState::Removed),
        link(20, "other", "another", LinkState::Active),
    ] {
        assert!(facts_of(&vera_named().linked(VERA, link), "same provider").is_empty());
    }
    // What a reader found of another identity, or of nobody who is here, is not told as this one's.
    let of = |identity, user| {
        let mut facts = vera_named().facts();
        let link = Some((crate::world::link_id(10), user, LinkState::Active));
        facts.identity = Some(IdentityFacts { identity, link, was_removed: true });
        let facts = explain(&supposed(&vera_named(), facts)).facts;
        facts.into_iter().find(|fact| fact.label == "identity").unwrap().value
    };
    assert_eq!(of(identity("acme", "else"), VERA), "4711 is linked to nobody");
    let gone = UserId::from_bytes([5; 16]);
    assert_eq!(of(identity("acme", SUBJECT), gone), format!("4711 is linked to the account …{}", gone.tail()));
}

/// A situation, the words of one change, and that change.
type Change = (World, &'static str, fn(&mut World));

/// Situations with one thing that stands in the way, or lets somebody through, and what there would be without it.
fn single_changes() -> Vec<Change> {
    let active = || linked(LinkState::Active);
    let vouched = || vera_named().evidence(Evidence::Vouched);
    let row_12 = || World::row_12().with(|w| "Vera".clone_into(&mut w.user(VERA).name));
    let newcomer = || vera_named().with(|w| w.parts.mail = None);
    let club = |w: &mut World| {
        let club = OrganisationPolicy { forced_connection: Some(connection("other")), ..OrganisationPolicy::default() };
        w.policy.organisations.insert(organisation("club"), club);
        w.user(VERA).organisations.push(organisation("club"));
    };
    let of_mallory = || {
        vera_named().linked(MALLORY, link(10, "acme", SUBJECT, LinkState::Active)).with(|w| {
            "Mallory".clone_into(&mut w.user(MALLORY).name);
        })
    };
    let told_apart = |level| active().with(|w| w.policy.required_level = level);
    vec![
        (
            vouched().with(|w| w.parts.mail.as_mut().unwrap().verified = false),
            "the provider called the address verified",
            |w| {
                w.parts.mail.as_mut().unwrap().verified = true;
            },
        ),
        (vera_named().looped(), "no code had been entered", |w| w.mailbox = None),
        (vera_named(), "the code that goes to vera@example.org were entered", |w| w.mailbox = Some(address(MAIL))),
        (vouched(), "nobody vouched for the provider", |w| w.rules().mail_authority.vouched = false),
        (vera_named(), "the operator vouched for the provider (`email_evidence = \"vouched\"`)", |w| {
            w.rules().mail_authority.vouched = true;
        }),
        (
            row_12().with(|w| w.rules().mail_authority.authoritative_domains.clear()),
            "the provider could speak for example.org",
            |w| {
                w.rules().mail_authority.authoritative_domains.push("example.org".to_owned());
            },
        ),
        (vouched(), "the person proved the account of Vera by its password", |w| {
            w.proof = Some((Proof::of_checked(VERA, Method::Password, Level::One, NOW - SECOND), VERA));
        }),
        (
            vouched().linked(VERA, link(20, "other", "x", LinkState::Active)),
            "the person proved the account of Vera by a sign-in with other",
            |w| w.proof = Some((Proof::of_checked(VERA, link_method(20, "other"), Level::One, NOW - SECOND), VERA)),
        ),
        (several(), "the person proved the account of Mallory by its password", |w| {
            w.proof = Some((Proof::of_checked(MALLORY, Method::Password, Level::One, NOW - SECOND), MALLORY));
        }),
        (
            vouched().with(|w| w.user(VERA).required_level = Level::Two),
            "the person proved the account of Vera by its password",
            |w| w.proof = Some((Proof::of_checked(VERA, Method::Password, Level::Two, NOW - SECOND), VERA)),
        ),
        (active().signed_in(MALLORY), "the person chose to switch", |w| w.switch = true),
        (active().signed_in(MALLORY), "nobody were signed in in this browser", |w| w.session = None),
        (told_apart(Level::Two), "the provider asserted level 2", |w| w.parts.level = Level::Two),
        (told_apart(Level::Three), "the provider asserted level 3", |w| w.parts.level = Level::Three),
        (active().with(|w| w.acme().enabled = false), "Acme were switched on", |w| w.acme().enabled = true),
        (row_12(), "`link_on_match` were \"off\"", |w| w.rules().link_on_match = LinkOnMatch::Off),
        (row_12(), "`link_on_match` were \"prove\"", |w| w.rules().link_on_match = LinkOnMatch::Prove),
        (
            row_12().with(|w| w.rules().link_on_match = LinkOnMatch::Prove),
            "`link_on_match` were \"verified_email\"",
            |w| w.rules().link_on_match = LinkOnMatch::VerifiedEmail,
        ),
        (newcomer().with(|w| w.rules().sign_up = SignUp::Invited), "`sign_up` of the connection were \"open\"", |w| {
            w.rules().sign_up = SignUp::Open;
        }),
        (newcomer(), "`sign_up` of the connection were \"closed\"", |w| w.rules().sign_up = SignUp::Closed),
        (active().with(|w| w.rules().purpose = Purpose::LinkOnly), "`purpose` were \"sign_in_and_link\"", |w| {
            w.rules().purpose = Purpose::SignInAndLink;
        }),
        (
            row_12().with(|w| w.rules().max_links_per_user = 0),
            "more links of the connection were allowed for one user",
            |w| w.rules().max_links_per_user = 5,
        ),
        (
            active().with(|w| w.rules().organisation = Some(organisation("guild"))),
            "the connection were not an organisation's",
            |w| w.rules().organisation = None,
        ),
        (
            active().with(|w| w.rules().organisation = Some(organisation("guild"))),
            "the account of Vera were a member of guild",
            |w| w.user(VERA).organisations.push(organisation("guild")),
        ),
        (row_12().with(club), "the account of Vera were in no organisation", |w| w.user(VERA).organisations.clear()),
        (row_12().with(|w| w.policy.local.email_code = false), "codes to a mailbox signed people in", |w| {
            w.policy.local.email_code = true;
        }),
        (row_12(), "codes to a mailbox did not sign people in", |w| w.policy.local.email_code = false),
        (told_apart(Level::Two), "policy asked for no higher level", |w| w.policy.required_level = Level::One),
        (linked(LinkState::Held), "the owner confirmed the link", |w| w.user(VERA).links[0].state = LinkState::Active),
        (active(), "the link were put on hold", |w| w.user(VERA).links[0].state = LinkState::Held),
        (row_12().linked(VERA, link(10, "acme", SUBJECT, LinkState::Active)), "the link were removed", |w| {
            w.user(VERA).links[0].state = LinkState::Removed;
        }),
        (
            row_12().linked(VERA, link(10, "acme", SUBJECT, LinkState::Removed)),
            "the identity had never been linked",
            |w| w.user(VERA).links.clear(),
        ),
        (vouched(), "the identity were linked to the account of Vera already", |w| {
            w.user(VERA).links.push(link(10, "acme", SUBJECT, LinkState::Active));
        }),
        (of_mallory(), "the account of Mallory were disabled", |w| w.user(MALLORY).status = UserStatus::Disabled),
        (of_mallory().with(|w| w.user(MALLORY).status = UserStatus::Held), "the account of Mallory were active", |w| {
            w.user(MALLORY).status = UserStatus::Active;
        }),
        (vouched().with(|w| w.user(VERA).protected = true), "the account of Vera were not protected", |w| {
            w.user(VERA).protected = false;
        }),
        (
            active().with(|w| w.user(VERA).required_level = Level::Two),
            "the account of Vera needed no higher level",
            |w| {
                w.user(VERA).required_level = Level::One;
            },
        ),
        (vouched(), "the address were nobody's here", |w| drop(w.user(VERA).addresses.remove(0))),
        (
            row_12().with(|w| w.user(VERA).addresses[0] = proven(MAIL, AddressProof::Vouched, NOW - DAY)),
            "the account of Vera had proven vera@example.org by a code here lately",
            |w| w.user(VERA).addresses[0] = proven(MAIL, AddressProof::Loop, NOW),
        ),
        (
            vouched().linked(VERA, link(20, "acme", "another", LinkState::Active)),
            "the account of Vera had no identity of this provider",
            |w| w.user(VERA).links.clear(),
        ),
    ]
}

#[test]
fn every_single_change_is_named_and_comes_true() {
    for (world, words, change) in single_changes() {
        let explanation = explained(&world);
        let found = explanation.what_if.iter().find(|other| other.supposing == words);
        let found = found.unwrap_or_else(|| panic!("{words}: {}", text(&explanation)));
        let decision = world.with(change).sign_in();
        assert_eq!((found.result.reason, found.result.row), (decision.reason, decision.row), "{words}");
    }
}

#[test]
fn a_change_that_would_not_help_is_not_named() {
    let named =
        |world: &World, words: &str| explained(world).what_if.iter().any(|other| other.supposing.contains(words));
    let needs_three = linked(LinkState::Active).with(|w| w.policy.required_level = Level::Three);
    assert!(!named(&needs_three, "level 2"));
    // Less than the provider asserts is nothing to wish for.
    assert!(!named(&needs_three.with(|w| w.parts.level = Level::Three), "asserted level"));
    // A user who is no member of an organisation leaves none, and a member joins none.
    let guild = linked(LinkState::Active).with(|w| {
        w.rules().organisation = Some(organisation("guild"));
        w.user(VERA).organisations.push(organisation("guild"));
    });
    assert!(!named(&guild, "a member of") && named(&guild, "in no organisation"));
    assert!(!named(&linked(LinkState::Active), "in no organisation"));
}

/// What an explanation promises of a change is what the decision does when that change is made.
#[test]
fn what_would_change_it_does_change_it() {
    let with = |change: &dyn Fn(&mut World)| vera_named().evidence(Evidence::Vouched).with(|world| change(world));
    let here = with(&|_| {});
    let promised = |words: &str| {
        let explanation = explained(&here);
        let found = explanation.what_if.iter().find(|other| other.supposing == words);
        let found = found.unwrap_or_else(|| panic!("{words}: {}", text(&explanation)));
        (found.result.reason, found.result.row)
    };
    for (words, changed) in [
        ("the account of Vera were disabled", with(&|world| world.user(VERA).status = UserStatus::Disabled)),
        ("the account of Vera were protected", with(&|world| world.user(VERA).protected = true)),
        ("`link_on_match` were \"off\"", with(&|world| world.rules().link_on_match = LinkOnMatch::Off)),
        ("Acme were switched off", with(&|world| world.connections[0].enabled = false)),
        ("the provider gave no address", with(&|world| world.parts.mail = None)),
        ("the provider did not call the address verified", vera_named().evidence(Evidence::Unproven)),
        ("the person asked for a separate account", with(&|world| world.separate = true)),
        ("addresses led to nobody", with(&|world| world.rules().match_on.address = false)),
    ] {
        let decision = changed.sign_in();
        assert_eq!(promised(words), (decision.reason, decision.row), "{words}");
    }
    // Nothing that leads to the same place is named.
    let named: Vec<_> = explained(&here).what_if.into_iter().map(|other| other.supposing).collect();
    assert!(!named.contains(&format!("the code that goes to {MAIL} were entered")), "{named:?}");
    assert!(!named.iter().any(|words| words.contains("lately")), "it was, yesterday: {named:?}");
}

#[test]
fn t100_a_link_of_an_old_epoch_is_explained() {
    let world = vera_named().with(|world| {
        world.user(VERA).links.push(link(10, "acme", SUBJECT, LinkState::Active));
        world.connections[0].epoch = 2;
        world.connections[0].namespace = namespace("acme", 2);
    });
    let explanation = explained(&world);
    assert_eq!((explanation.result.outcome, explanation.result.reason), ("refused", Reason::OldEpoch));
    let words = "Acme were in the epoch in which the identity was seen";
    let found = explanation.what_if.iter().find(|other| other.supposing == words).unwrap();
    assert_eq!((found.result.outcome, found.result.reason), ("signed_in", Reason::LinkedIdentity));
}

#[test]
fn a_purpose_or_a_closed_door_is_explained() {
    let closed = World::new().with(|world| {
        world.parts.mail = None;
        world.rules().sign_up = SignUp::Closed;
    });
    let explanation = explained(&closed);
    assert_eq!(explanation.result.reason, Reason::SignUpClosed);
    assert!(text(&explanation).contains("If `sign_up` of the connection were \"open\": A new account is created"));
    let data = World::new().with(|world| world.rules().purpose = Purpose::DataOnly);
    assert!(text(&explained(&data)).contains("If `purpose` were \"sign_in_and_link\": "));
}

#[test]
fn t134_the_log_says_in_which_state_a_link_is() {
    let event = |kind, reason: Reason, proofs: &[&str]| LinkEvent {
        kind,
        reason: reason.code().to_owned(),
        proofs: proofs.iter().map(|&proof| proof.to_owned()).collect(),
    };
    let made = event(EventKind::Linked, Reason::LinkedByOwner, &["password@1"]);
    let used = event(EventKind::SignedIn, Reason::LinkedIdentity, &[]);
    let removed = event(EventKind::Unlinked, Reason::Unlinked, &[]);
    let restored = event(EventKind::ChangeUndone, Reason::LinkRestored, &[]);
    let undone = event(EventKind::ChangeUndone, Reason::LinkUndone, &[]);
    let held = event(EventKind::LinkHeld, Reason::LinkFrozen, &[]);
    let state = |events: &[&LinkEvent]| replay_link(events.iter().copied()).state;
    assert_eq!(replay_link([]), linking::Replayed::default());
    assert_eq!(replay_link([&made]).made, Some(1));
    assert_eq!(state(&[&made, &used]), Some(LinkState::Active));
    assert_eq!(state(&[&made, &removed]), Some(LinkState::Removed));
    assert_eq!(state(&[&made, &removed, &restored]), Some(LinkState::Active));
    assert_eq!(state(&[&made, &undone]), Some(LinkState::Removed));
    assert_eq!(state(&[&made, &held, &used]), Some(LinkState::Held));
    let released = event(EventKind::LinkReleased, Reason::LinkConfirmed, &[]);
    assert_eq!(state(&[&made, &held, &released]), Some(LinkState::Active));
    assert_eq!(state(&[&used]), None);
    assert_eq!(replay_link([&removed]).made, None);
}
