//! Every combination of classes of facts for a returning external sign-in: the invariants over all of them. The table
//! they make is in the document.

use crate::fold::{self, Axes, Said, Table};
use crate::oracle::{proof_holds, row_12_holds};
use crate::world::{
    FLOW, FRESH_SECRET, MAIL, MALLORY, Read, SUBJECT, VERA, World, connection, link, link_id, link_method,
    organisation, session,
};
use linking::{Decision, Reason, SignInOutcome};
use model::{
    Change, EventKind, Evidence, Facts, FlowId, LinkOnMatch, LinkState, MINUTE, MailKind, Method, OrganisationPolicy,
    Proof, Purpose, SECOND, SessionScope, SignUp, UserId, UserStatus,
};
use std::mem::Discriminant;

const AXES: Axes = &[
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
    (
        "match",
        &[
            "none",
            "vera",
            "vera_disabled",
            "vera_protected",
            "vera_has_other_subject",
            "vera_forced_to_other_connection",
            "vera_by_user_name",
            "vera_and_mallory_by_user_name",
            "organisation's_connection",
            "organisation's_connection+vera_is_member",
            "organisation's_connection+vera_is_outside",
        ],
    ),
    ("link_on_match", &["off", "prove", "verified_email"]),
    (
        "proof",
        &[
            "none",
            "vera",
            "vera_by_other_connection",
            "vera_stale",
            "vera_by_same_identity",
            "mallory",
            "mallory_but_ticket_names_vera",
            "somebody_else",
        ],
    ),
    ("sign_up", &["open", "invited", "closed"]),
    ("separate", &["no", "yes"]),
    ("signed_in", &["nobody", "vera", "mallory", "vera+switch", "mallory+switch"]),
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

/// Values of the match from here on are worlds with another policy: the connection is an organisation's.
const ORGANISATION: usize = 8;

/// The rows of the product's meaning that a sign-in can come to. Row 4 is a link's.
const TITLES: [(u8, &str); 14] = [
    (1, "linked to a user, nobody else signed in here"),
    (2, "linked to the user who is signed in"),
    (3, "linked to another user than the one signed in"),
    (5, "linked to nobody, somebody is signed in"),
    (6, "the link was removed or is held"),
    (7, "the match takes no part"),
    (8, "the match is protected"),
    (9, "the match's organisation forces its own connection"),
    (10, "the match has another subject of this namespace"),
    (11, "several matches"),
    (12, "the mailbox alone would do"),
    (13, "one match otherwise, or not yet known whether there is one"),
    (14, "match, and this connection links nothing"),
    (15, "no match"),
];

const SOMEBODY: UserId = UserId::from_bytes([4; 16]);

pub type Class = [usize; AXES.len()];

fn number(class: &Class) -> usize {
    fold::number(AXES, class)
}

fn described(class: &Class) -> String {
    fold::described(AXES, class)
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
    let forced = OrganisationPolicy { forced_connection: Some(connection("other")), ..OrganisationPolicy::default() };
    world.policy.organisations.insert(organisation("club"), forced);
    world.policy.organisations.insert(organisation("guild"), OrganisationPolicy::default());
    world.rules().match_on.user_name = true;
    let vera = world.user(VERA);
    vera.links.push(link(20, "other", "x", LinkState::Active));
    if matches!(class[MATCH], 0 | 6 | ORGANISATION) {
        vera.addresses.retain(|known| known.address.as_str() != MAIL);
    }
    match class[MATCH] {
        2 => vera.status = UserStatus::Disabled,
        3 => vera.protected = true,
        4 => vera.links.push(link(21, "acme", "another", LinkState::Active)),
        5 => vera.organisations.push(organisation("club")),
        6 => world.named = Some(VERA),
        7 => world.named = Some(MALLORY),
        ORGANISATION.. => {
            if class[MATCH] == ORGANISATION + 1 {
                vera.organisations.push(organisation("guild"));
            }
            world.rules().organisation = Some(organisation("guild"));
        }
        _ => {}
    }
    match class[IDENTITY] {
        0 => {}
        1 => world.user(VERA).links.push(link(10, "acme", SUBJECT, LinkState::Active)),
        2 => world.user(MALLORY).links.push(link(10, "acme", SUBJECT, LinkState::Active)),
        3 => world.user(VERA).links.push(link(10, "acme", SUBJECT, LinkState::Held)),
        _ => world.user(VERA).links.push(link(10, "acme", SUBJECT, LinkState::Removed)),
    }
    world.session = match class[SIGNED_IN] {
        0 => None,
        1 | 3 => Some(session(VERA, Method::Password)),
        _ => Some(session(MALLORY, Method::Password)),
    };
    world.switch = class[SIGNED_IN] > 2;
    world
}

fn choose(world: &mut World, class: &Class) {
    let now = world.now;
    let proof = |of, method, at, named| Some((Proof::of_checked(of, method, model::Level::One, at), named));
    world.proof = match class[PROOF] {
        0 => None,
        1 => proof(VERA, Method::Password, now - SECOND, VERA),
        2 => proof(VERA, link_method(20, "other"), now - SECOND, VERA),
        3 => proof(VERA, Method::Password, now - MINUTE.times(5) - SECOND, VERA),
        4 => proof(VERA, link_method(10, "acme"), now - SECOND, VERA),
        5 => proof(MALLORY, Method::Password, now - SECOND, MALLORY),
        6 => proof(MALLORY, Method::Password, now - SECOND, VERA),
        _ => proof(SOMEBODY, Method::Password, now - SECOND, SOMEBODY),
    };
    world.separate = class[SEPARATE] == 1;
    let rules = world.rules();
    rules.purpose = [Purpose::SignInAndLink, Purpose::SignInOnly, Purpose::LinkOnly, Purpose::DataOnly][class[PURPOSE]];
    rules.link_on_match = [LinkOnMatch::Off, LinkOnMatch::Prove, LinkOnMatch::VerifiedEmail][class[LINK_ON_MATCH]];
    rules.sign_up = [SignUp::Open, SignUp::Invited, SignUp::Closed][class[SIGN_UP]];
}

/// Visits every class with its world, its facts and the decision on them.
pub fn every_class(mut visit: impl FnMut(&Class, &World, &Facts, Decision<SignInOutcome>)) {
    for of in 0..AXES[MATCH].1.len() {
        every_class_of(of, &mut visit);
    }
}

/// As [`every_class`], for one value of the match.
fn every_class_of(of: usize, mut visit: impl FnMut(&Class, &World, &Facts, Decision<SignInOutcome>)) {
    // Facts depend on these alone and are made once for all the others.
    let of_facts = [IDENTITY, MAIL_CLASS, SIGNED_IN];
    let others: Vec<usize> = (0..AXES.len()).filter(|axis| *axis != MATCH && !of_facts.contains(axis)).collect();
    let mut class = [0; AXES.len()];
    class[MATCH] = of;
    for_each(&of_facts, class, &mut |class| {
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

/// Decides every combination, checks each, and gives back the page about them.
pub fn page() -> String {
    let values: Vec<usize> = (0..AXES[MATCH].1.len()).collect();
    let parts: Vec<Results> = std::thread::scope(|scope| {
        let halves = values.chunks(values.len().div_ceil(2));
        let threads: Vec<_> = halves.map(|half| scope.spawn(|| decided(half))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut all = Results::default();
    for part in parts {
        all.take(part);
    }
    assert!(all.of_class.iter().all(|result| *result != UNVISITED), "a class was never visited");
    t123_worlds_that_differ_in_the_victim_alone_look_the_same(&all.of_class);
    let table = Table::numbered(AXES, &all.said(), &all.of_class);
    assert_eq!(table.rows(), TITLES.iter().map(|(row, _)| *row).collect(), "every row is reached, and no other");
    table.written(&TITLES)
}

fn decided(matches: &[usize]) -> Results {
    let mut results = Results::default();
    for value in matches {
        every_class_of(*value, |class, world, facts, decision| {
            check(world, facts, &decision)
                .unwrap_or_else(|broken| panic!("{broken}: {}\n{decision:#?}", described(class)));
            let unlinked = matches!(class[IDENTITY], 0 | 4);
            if unlinked && below_vouched(class) && class[PURPOSE] < 2 {
                // Below Vouched the next page is the same whatever else is true here (I12).
                assert!(
                    matches!(&decision.outcome, SignInOutcome::AskMailbox { address } if address.as_str() == MAIL),
                    "{}",
                    described(class)
                );
            }
            results.record(class, &decision);
        });
    }
    results
}

/// I12 as two runs: what the victim has here (nothing, a user, a protected one, …) changes nothing below Vouched, neither
/// for an identity nobody has nor for one the attacker has already.
fn t123_worlds_that_differ_in_the_victim_alone_look_the_same(of_class: &[u16]) {
    let axes: Vec<usize> = (0..AXES.len()).filter(|axis| *axis != MATCH).collect();
    let mut compared = 0;
    for_each(&axes, [0; AXES.len()], &mut |class| {
        let attackers = class[IDENTITY] == 0 || (class[IDENTITY] == 2 && !matches!(class[SIGNED_IN], 1 | 3));
        if below_vouched(&class) && attackers {
            let result = |value| {
                let mut class = class;
                class[MATCH] = value;
                of_class[number(&class)]
            };
            for (first, others) in [(0, 1..ORGANISATION), (ORGANISATION, ORGANISATION + 1..AXES[MATCH].1.len())] {
                for other in others {
                    assert_eq!(result(first), result(other), "{}", described(&class));
                    compared += 1;
                }
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
    let of = match &session.method {
        Method::Link { connection, .. } => world.policy.organisation_of(connection),
        Method::Password | Method::EmailCode { .. } | Method::Passkey { .. } => None,
    };
    let scope = of.map_or(SessionScope::Account, |of| SessionScope::Organisation { organisation: of.clone() });
    must(session.scope == scope, "a session reaches further than its method")?;
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
    let of = world.policy.organisation_of(&link.connection);
    match facts.user(link.user) {
        None => {
            must(created(decision, link.user), "a link of nobody")?;
            let joins = |change: &Change| {
                matches!(change, Change::AddMember { organisation, user, .. }
                    if Some(organisation) == of && *user == link.user)
            };
            must(of.is_none() || plan.any(joins), "an organisation's connection made somebody who is no member")?;
            must(told(EventKind::UserCreated), "no event says so")
        }
        Some(user) => {
            must(of.is_none_or(|of| user.is_member(of)), "an organisation's connection reaches outside")?;
            must(proof_holds(world) || row_12_holds(world), "a link without proof")?;
            must(plan.raises(user), "a link without a raise of its user's version")?;
            must(told(EventKind::Linked), "no event says so")?;
            let known: Vec<_> = user.addresses.iter().map(|k| (MailKind::Linked, k.address.as_str())).collect();
            must(plan.notices() == known, "an address is not told")
        }
    }
}

const UNVISITED: u16 = u16::MAX;

/// Distinct decisions in the order they were met, and which class has which.
struct Results {
    distinct: Vec<(Visible, Said)>,
    of_class: Vec<u16>,
}

impl Default for Results {
    fn default() -> Self {
        Self { distinct: Vec::new(), of_class: vec![UNVISITED; fold::size(AXES)] }
    }
}

type Visible = (SignInOutcome, Reason, Option<u8>, Vec<Discriminant<Change>>);

impl Results {
    fn record(&mut self, class: &Class, decision: &Decision<SignInOutcome>) {
        let visible = (decision.outcome.clone(), decision.reason, decision.row, fold::kinds(&decision.plan));
        self.of_class[number(class)] = self.place(visible, || Said::with(&label(decision), decision));
    }

    fn place(&mut self, visible: Visible, said: impl FnOnce() -> Said) -> u16 {
        let known = self.distinct.iter().position(|(result, _)| *result == visible);
        let place = known.unwrap_or_else(|| {
            self.distinct.push((visible, said()));
            self.distinct.len() - 1
        });
        u16::try_from(place).unwrap()
    }

    /// What another thread decided, over other classes.
    fn take(&mut self, other: Self) {
        let places: Vec<u16> = other.distinct.into_iter().map(|(one, said)| self.place(one, || said)).collect();
        for (mine, theirs) in self.of_class.iter_mut().zip(other.of_class) {
            if theirs != UNVISITED {
                *mine = places[usize::from(theirs)];
            }
        }
    }

    fn said(&self) -> Vec<Said> {
        self.distinct.iter().map(|(_, said)| said.clone()).collect()
    }
}

fn label(decision: &Decision<SignInOutcome>) -> String {
    match &decision.outcome {
        SignInOutcome::SignedIn { user, linked_now, created, .. } => {
            let who = if *created { "a new user" } else { who(*user) };
            format!("sign {who} in{}", if *linked_now && !*created { " and link" } else { "" })
        }
        SignInOutcome::AlreadySignedIn { user, .. } => format!("{} is signed in already", who(*user)),
        SignInOutcome::AskSwitch { .. } => "ask whether to switch".to_owned(),
        SignInOutcome::AskMailbox { .. } => "ask for a mailbox code".to_owned(),
        SignInOutcome::AskProof { user, methods } => format!("ask for proof of {} by {}", who(*user), named(methods)),
        SignInOutcome::AskFactor { user } => format!("ask for the second factor of {}", who(*user)),
        SignInOutcome::AskProofOfOne { candidates } => {
            let each: Vec<String> =
                candidates.iter().map(|(user, methods)| format!("{} by {}", who(*user), named(methods))).collect();
            format!("ask for proof of one of: {}", each.join("; "))
        }
        SignInOutcome::OtherAccount if decision.plan.is_empty() => "other account".to_owned(),
        SignInOutcome::OtherAccount => "other account, and tell its owner".to_owned(),
        SignInOutcome::AddressTaken { may_separate: true } => "address taken; may be separate".to_owned(),
        SignInOutcome::AddressTaken { may_separate: false } => "address taken".to_owned(),
        SignInOutcome::AskCreate => "ask whether to create".to_owned(),
        SignInOutcome::Refused => "refuse".to_owned(),
    }
}

fn who(user: UserId) -> &'static str {
    if user == VERA { "vera" } else { "mallory" }
}

fn named(methods: &[Method]) -> String {
    let mut names: Vec<&str> = methods.iter().map(Method::name).collect();
    names.dedup();
    names.join(", ")
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
