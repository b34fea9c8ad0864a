//! Every combination of classes of facts for a returning external sign-in: the invariants over all of them, and the
//! reviewed table.

use crate::oracle::{proof_holds, row_12_holds};
use crate::world::{
    FLOW, FRESH_SECRET, MAIL, MALLORY, Read, SUBJECT, VERA, World, link, link_id, link_method, session,
};
use linking::{Decision, Reason, SignInOutcome};
use model::{
    Change, EventKind, Evidence, Facts, FlowId, LinkOnMatch, LinkState, MINUTE, MailKind, Method, Proof, Purpose,
    SECOND, SignUp, UserStatus,
};
use std::fmt::Write as _;

/// The axes, the ones that decide most first: the table collapses the last ones best.
const AXES: [(&str, &[&str]); 10] = [
    ("purpose", &["sign_in_and_link", "sign_in_only", "link_only", "data_only"]),
    ("identity", &["none", "of_vera", "of_mallory", "held", "removed"]),
    (
        "mail",
        &[
            "none",
            "none+code",
            "unproven",
            "unproven+code",
            "claimed",
            "claimed+code",
            "vouched",
            "vouched+code",
            "authoritative",
            "authoritative+code",
        ],
    ),
    ("match", &["none", "vera", "vera_disabled", "vera_protected", "vera_has_other_subject"]),
    ("link_on_match", &["off", "prove", "verified_email"]),
    ("proof", &["none", "right", "wrong_user", "same_identity", "stale"]),
    ("sign_up", &["open", "invited", "closed"]),
    ("separate", &["no", "yes"]),
    ("signed_in", &["nobody", "vera", "mallory"]),
    ("switch", &["no", "yes"]),
];

const PURPOSE: usize = 0;
const IDENTITY: usize = 1;
const MAIL_CLASS: usize = 2;
const MATCH: usize = 3;
const LINK_ON_MATCH: usize = 4;
const PROOF: usize = 5;
const SIGN_UP: usize = 6;
const SEPARATE: usize = 7;
const SIGNED_IN: usize = 8;
const SWITCH: usize = 9;

pub type Class = [usize; AXES.len()];

fn size() -> usize {
    AXES.iter().map(|(_, values)| values.len()).product()
}

fn number(class: &Class) -> usize {
    class.iter().zip(AXES).fold(0, |number, (value, (_, values))| number * values.len() + value)
}

fn evidence(class: &Class) -> Option<Evidence> {
    [None, Some(Evidence::Unproven), Some(Evidence::Claimed), Some(Evidence::Vouched), Some(Evidence::Authoritative)]
        [class[MAIL_CLASS] / 2]
}

/// The code that went to the mailbox was entered.
fn looped(class: &Class) -> bool {
    class[MAIL_CLASS] % 2 == 1
}

/// There is an address, and nobody we trust has seen its mailbox.
fn below_vouched(class: &Class) -> bool {
    evidence(class).is_some_and(|evidence| evidence < Evidence::Vouched) && !looped(class)
}

/// The facts of a class; policy and input are set by [`choose`].
fn world_of(class: &Class) -> World {
    let mut world = World::new();
    match evidence(class) {
        None => world.parts.mail = None,
        Some(evidence) => world = world.evidence(evidence),
    }
    if looped(class) {
        world = world.looped();
    }
    let vera = world.user(VERA);
    match class[MATCH] {
        0 => vera.addresses.retain(|known| known.address.as_str() != MAIL),
        1 => {}
        2 => vera.status = UserStatus::Disabled,
        3 => vera.protected = true,
        _ => vera.links.push(link(20, "acme", "another", LinkState::Active)),
    }
    match class[IDENTITY] {
        0 => {}
        1 => vera.links.push(link(10, "acme", SUBJECT, LinkState::Active)),
        2 => world.user(MALLORY).links.push(link(10, "acme", SUBJECT, LinkState::Active)),
        3 => vera.links.push(link(10, "acme", SUBJECT, LinkState::Held)),
        _ => vera.links.push(link(10, "acme", SUBJECT, LinkState::Removed)),
    }
    world.session = match class[SIGNED_IN] {
        0 => None,
        1 => Some(session(VERA, Method::Password)),
        _ => Some(session(MALLORY, Method::Password)),
    };
    world
}

fn choose(world: &mut World, class: &Class) {
    let now = world.now;
    let proof = |of, method, at| Some((Proof::of_checked(of, method, model::Level::One, at), VERA));
    world.proof = match class[PROOF] {
        0 => None,
        1 => proof(VERA, Method::Password, now - SECOND),
        2 => proof(MALLORY, Method::Password, now - SECOND),
        3 => proof(VERA, link_method(10, "acme"), now - SECOND),
        _ => proof(VERA, Method::Password, now - MINUTE.times(5) - SECOND),
    };
    world.separate = class[SEPARATE] == 1;
    world.switch = class[SWITCH] == 1;
    let rules = world.rules();
    rules.purpose = [Purpose::SignInAndLink, Purpose::SignInOnly, Purpose::LinkOnly, Purpose::DataOnly][class[PURPOSE]];
    rules.link_on_match = [LinkOnMatch::Off, LinkOnMatch::Prove, LinkOnMatch::VerifiedEmail][class[LINK_ON_MATCH]];
    rules.sign_up = [SignUp::Open, SignUp::Invited, SignUp::Closed][class[SIGN_UP]];
}

/// Visits every class with its world, its facts and the decision on them.
pub fn every_class(mut visit: impl FnMut(&Class, &World, &Facts, Decision<SignInOutcome>)) {
    // Facts depend on these alone and are made once for all the others.
    let of_facts = [IDENTITY, MAIL_CLASS, MATCH, SIGNED_IN];
    let others: Vec<usize> = (0..AXES.len()).filter(|axis| !of_facts.contains(axis)).collect();
    for_each(&of_facts, [0; AXES.len()], &mut |class| {
        let mut world = world_of(&class);
        let facts = world.facts();
        for_each(&others, class, &mut |class| {
            choose(&mut world, &class);
            let decision = world.sign_in_on(&facts);
            visit(&class, &world, &facts, decision);
        });
    });
}

fn for_each(axes: &[usize], class: Class, visit: &mut impl FnMut(Class)) {
    let Some((axis, rest)) = axes.split_first() else { return visit(class) };
    for value in 0..AXES[*axis].1.len() {
        let mut class = class;
        class[*axis] = value;
        for_each(rest, class, visit);
    }
}

fn described(class: &Class) -> String {
    let named: Vec<String> =
        AXES.iter().zip(class).map(|((axis, of), value)| format!("{axis}={}", of[*value])).collect();
    named.join(" ")
}

#[test]
fn every_combination_keeps_the_invariants_and_the_table_is_the_reviewed_one() {
    let mut results = Results::default();
    let mut of_class = vec![u16::MAX; size()];
    every_class(|class, world, facts, decision| {
        check(world, facts, &decision).unwrap_or_else(|broken| panic!("{broken}: {}\n{decision:#?}", described(class)));
        let unlinked = matches!(class[IDENTITY], 0 | 4);
        if unlinked && below_vouched(class) && class[PURPOSE] < 2 {
            // Below Vouched the next page is the same whatever else is true here (I12).
            assert!(
                matches!(&decision.outcome, SignInOutcome::AskMailbox { address } if address.as_str() == MAIL),
                "{}",
                described(class)
            );
        }
        of_class[number(class)] = results.number(decision);
    });
    assert!(of_class.iter().all(|result| *result != u16::MAX), "a class was never visited");
    t123_worlds_that_differ_in_the_victim_alone_look_the_same(&of_class);
    println!("{} combinations, {} distinct outcomes", of_class.len(), results.0.len());

    let labels = results.labels();
    let browser = AXES[SIGNED_IN].1.len() * AXES[SWITCH].1.len();
    let lines: Vec<String> = of_class.chunks(browser).map(|results| in_browser(results, &labels)).collect();
    let mut table =
        format!("{} combinations; an axis that is not named makes no difference; <who is signed in>\n", of_class.len());
    write_table(&lines, 0, &mut Vec::new(), &mut table);
    insta::assert_snapshot!("sign_in_table", table);
}

/// I12 as two runs: what the victim has here (nothing, a user, a protected one, …) changes nothing below Vouched, neither
/// for an identity nobody has nor for one the attacker has already.
fn t123_worlds_that_differ_in_the_victim_alone_look_the_same(of_class: &[u16]) {
    let axes: Vec<usize> = (0..AXES.len()).filter(|axis| *axis != MATCH).collect();
    let mut compared = 0;
    for_each(&axes, [0; AXES.len()], &mut |class| {
        let attackers = class[IDENTITY] == 0 || (class[IDENTITY] == 2 && class[SIGNED_IN] != 1);
        if below_vouched(&class) && attackers {
            let result = |value| {
                let mut class = class;
                class[MATCH] = value;
                of_class[number(&class)]
            };
            for other in 1..AXES[MATCH].1.len() {
                assert_eq!(result(0), result(other), "{}", described(&class));
                compared += 1;
            }
        }
    });
    assert!(compared > 10_000, "{compared}");
}

/// The invariants of one decision.
fn check(world: &World, facts: &Facts, decision: &Decision<SignInOutcome>) -> Result<(), &'static str> {
    let plan = &decision.plan;
    let must = |holds: bool, what| if holds { Ok(()) } else { Err(what) };
    let signed_in = matches!(decision.outcome, SignInOutcome::SignedIn { .. });
    let notice = decision.outcome == SignInOutcome::OtherAccount && !plan.is_empty();
    must(decision.row.is_some_and(|row| (1..=15).contains(&row)), "no row")?;
    must(signed_in != plan.sessions().is_empty(), "signed in without a session, or the reverse")?;
    must(plan.is_empty() || signed_in || notice, "a question or a refusal writes")?;
    if plan.is_empty() {
        return Ok(());
    }
    let spent = plan.changes.iter().filter(|change| matches!(change, Change::SpendFlow(_))).count();
    must(plan.changes[0] == Change::ExpectStoreEpoch { epoch: facts.store_epoch }, "rests on no store epoch")?;
    must(spent == usize::from(signed_in), "the flow is spent exactly by an outcome")?;
    must(!signed_in || plan.has(&Change::SpendFlow(FLOW)), "another flow is spent")?;
    let events = plan.events();
    must(!events.is_empty(), "no audit event")?;
    must(events.iter().all(|event| !event.proofs.is_empty()), "an event names no proof")?;
    if notice {
        let only = |change: &Change| {
            matches!(
                change,
                Change::ExpectStoreEpoch { .. } | Change::Throttle { .. } | Change::Audit(_) | Change::Send(_)
            )
        };
        return must(plan.changes.iter().all(only), "the notice of row 10 does more than tell");
    }
    check_session(world, facts, decision)?;
    check_link(world, facts, decision)
}

fn check_session(world: &World, facts: &Facts, decision: &Decision<SignInOutcome>) -> Result<(), &'static str> {
    let plan = &decision.plan;
    let must = |holds: bool, what| if holds { Ok(()) } else { Err(what) };
    let [session] = plan.sessions()[..] else { return Err("more than one session") };
    must(session.hash == FRESH_SECRET && session.store_epoch == facts.store_epoch, "not the new secret")?;
    match facts.user(session.user) {
        Some(user) => {
            must(user.status == UserStatus::Active, "a session of a user who is not active")?;
            must(plan.expects(user) || plan.raises(user), "a session without a guard on its user")?;
        }
        None => must(created(decision, session.user), "a session of nobody")?,
    }
    if let Some(present) = &facts.session {
        must(plan.has(&Change::EndSession { hash: present.hash }), "the old secret lives on")?;
    }
    if let Some((_, other)) = facts.live_session(world.now) {
        must(other.id == session.user || world.switch, "somebody else's session is replaced without a word")?;
    }
    let evidence = world.parts.level.max(world.proof.as_ref().map_or(world.parts.level, |(proof, _)| proof.level()));
    must(session.level <= evidence, "the level exceeds the evidence")?;
    must(plan.guards_connection("acme"), "the connection is not guarded")
}

fn created(decision: &Decision<SignInOutcome>, id: model::UserId) -> bool {
    decision.plan.any(|change| matches!(change, Change::CreateUser { user, .. } if *user == id))
}

fn check_link(world: &World, facts: &Facts, decision: &Decision<SignInOutcome>) -> Result<(), &'static str> {
    let plan = &decision.plan;
    let must = |holds: bool, what| if holds { Ok(()) } else { Err(what) };
    must(!plan.any(|change| matches!(change, Change::RemoveLink { .. })), "a sign-in removes a link")?;
    let held = facts.identity.as_ref().and_then(|known| known.link);
    let links = plan.links();
    let session = plan.sessions()[0];
    let [link] = links[..] else {
        must(links.is_empty(), "more than one link")?;
        let own = held.is_some_and(|(_, user, state)| user == session.user && state == LinkState::Active);
        must(own, "a session without a link, for somebody else than the identity's user")?;
        return must(plan.event(EventKind::SignedIn).is_some(), "no event says so");
    };
    must(held.is_none(), "an identity that is held is linked again")?;
    must(link.identity == world.parts.identity && link.connection == world.parts.connection, "another identity")?;
    must(!link.proofs.is_empty() && link.policy_version == world.policy.version, "the link does not say why")?;
    let told =
        |kind| plan.event(kind).is_some_and(|event| event.subject == Some(link.user) && event.link == Some(link.id));
    match facts.user(link.user) {
        None => {
            must(created(decision, link.user), "a link of nobody")?;
            must(told(EventKind::UserCreated), "no event says so")
        }
        Some(user) => {
            must(proof_holds(world) || row_12_holds(world), "a link without proof")?;
            must(plan.raises(user), "a link without a raise of its user's version")?;
            must(told(EventKind::Linked), "no event says so")?;
            let known: Vec<_> = user.addresses.iter().map(|k| (MailKind::Linked, k.address.as_str())).collect();
            must(plan.notices() == known, "an address is not told")
        }
    }
}

/// Distinct decisions, in the order they were met.
#[derive(Default)]
struct Results(Vec<Visible>);

type Visible = (SignInOutcome, Reason, Option<u8>, bool);

impl Results {
    fn number(&mut self, decision: Decision<SignInOutcome>) -> u16 {
        let visible = (decision.outcome, decision.reason, decision.row, decision.plan.is_empty());
        let known = self.0.iter().position(|result| *result == visible);
        let place = known.unwrap_or_else(|| {
            self.0.push(visible);
            self.0.len() - 1
        });
        u16::try_from(place).unwrap()
    }

    fn labels(&self) -> Vec<String> {
        let label = |(outcome, reason, row, unwritten): &Visible| {
            let outcome = match outcome {
                SignInOutcome::SignedIn { user, linked_now, created, .. } => {
                    let who = if *created { "a new user" } else { who(*user) };
                    format!("sign {who} in{}", if *linked_now && !*created { " and link" } else { "" })
                }
                SignInOutcome::AlreadySignedIn { user, .. } => format!("{} is signed in already", who(*user)),
                SignInOutcome::AskSwitch { .. } => "ask".to_owned(),
                SignInOutcome::AskMailbox { .. } => "ask for a mailbox code".to_owned(),
                SignInOutcome::AskProof { user, .. } => format!("ask for proof of {}", who(*user)),
                SignInOutcome::AskProofOfOne { .. } => "ask for proof of one of several".to_owned(),
                SignInOutcome::OtherAccount if *unwritten => "other account".to_owned(),
                SignInOutcome::OtherAccount => "other account, and tell its owner".to_owned(),
                SignInOutcome::AddressTaken { may_separate: true } => "address taken; may be separate".to_owned(),
                SignInOutcome::AddressTaken { may_separate: false } => "address taken".to_owned(),
                SignInOutcome::AskCreate => "ask whether to create".to_owned(),
                SignInOutcome::Refused => "refuse".to_owned(),
            };
            format!("{outcome}: {}, row {}", reason.code(), row.unwrap_or_default())
        };
        self.0.iter().map(label).collect()
    }
}

fn who(user: model::UserId) -> &'static str {
    if user == VERA { "vera" } else { "mallory" }
}

/// The last two axes in words: what happens, and for whom the question whether to switch comes first.
fn in_browser(results: &[u16], labels: &[String]) -> String {
    let mut said: Vec<(&str, Vec<String>)> = Vec::new();
    for (pair, who) in results.chunks(AXES[SWITCH].1.len()).zip(AXES[SIGNED_IN].1) {
        let [first, then] = [0, 1].map(|switch| labels[usize::from(pair[switch])].as_str());
        let who = if first == then { (*who).to_owned() } else { format!("{who} after [{first}]") };
        match said.iter_mut().find(|(same, _)| *same == then) {
            Some((_, sharing)) => sharing.push(who),
            None => said.push((then, vec![who])),
        }
    }
    match &said[..] {
        [(label, who)] if who.iter().all(|who| !who.contains('[')) => (*label).to_owned(),
        _ => {
            let parts: Vec<String> = said.iter().map(|(label, who)| format!("{label} <{}>", who.join(", "))).collect();
            parts.join("; ")
        }
    }
}

/// One line per class that differs: values of an axis that lead to the same lines share them, and an axis whose values
/// all do is left out.
fn write_table(labels: &[String], axis: usize, path: &mut Vec<String>, table: &mut String) {
    let Some((name, values)) = AXES[..SIGNED_IN].get(axis) else {
        let class = if path.is_empty() { "always".to_owned() } else { path.join(" ") };
        return writeln!(table, "{class} -> {}", labels[0]).unwrap();
    };
    let mut groups: Vec<(&[String], Vec<&str>)> = Vec::new();
    for (part, value) in labels.chunks(labels.len() / values.len()).zip(*values) {
        match groups.iter_mut().find(|(same, _)| *same == part) {
            Some((_, sharing)) => sharing.push(value),
            None => groups.push((part, vec![value])),
        }
    }
    if let [(part, _)] = groups[..] {
        return write_table(part, axis + 1, path, table);
    }
    for (part, sharing) in groups {
        path.push(format!("{name}={}", sharing.join("/")));
        write_table(part, axis + 1, path, table);
        path.pop();
    }
}

#[test]
fn without_a_flow_nothing_is_spent() {
    let world = World::new().with(|world| {
        world.flow = None;
        world.parts.mail = None;
    });
    let plan = world.sign_in().plan;
    assert_eq!(plan.changes[0], Change::ExpectStoreEpoch { epoch: 3 });
    assert!(!plan.any(|change| matches!(change, Change::SpendFlow(_))));
    let other = model::Expiring { flow: FlowId::from_bytes([8; 16]), ..FLOW };
    let plan = world.with(|world| world.flow = Some(other)).sign_in().plan;
    assert!(plan.has(&Change::SpendFlow(other)));
    assert_ne!(plan.links()[0].id, link_id(10));
}
