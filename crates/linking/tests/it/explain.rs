//! Explanations: the real decision in sentences, and what would change it, computed and not written down.

use crate::matrix::every_class;
use crate::world::{MAIL, NOW, SUBJECT, Seeded, VERA, World, link, namespace};
use linking::{Explanation, LinkEvent, Reason, Supposed, explain_sign_in, replay_link, row_words};
use model::{ConnectionId, EventKind, Evidence, Facts, LinkOnMatch, LinkState, Purpose, SignUp, UserStatus};
use std::fmt::Write as _;

fn supposed(world: &World, facts: Facts) -> Supposed {
    Supposed {
        facts,
        policy: world.policy.clone(),
        parts: world.parts.clone(),
        mailbox: world.mailbox.clone(),
        proof: world.proof.clone(),
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
    assert_eq!(state(&[&used]), None);
    assert_eq!(replay_link([&removed]).made, None);
}
