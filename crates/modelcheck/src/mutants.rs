//! Faults, switched on one at a time and only here: each re-creates a published one, and each must be caught.
//!
//! A fault is put around the real functions: it changes what a decision is told, what it decided, which guard the store
//! keeps, or what the world outside can do. Nothing of this is reachable from the product.

use crate::act::{Act, Step};
use crate::decide::{Decided, Kind, Mutation, Seen, View};
use crate::facts::VERSION;
use crate::names::{Names, TENANT, VICTIMS, link_id, namespace, user_id};
use crate::plan::{Guard, Op};
use crate::setup::Setup;
use crate::state::{ACCOUNT, ACTIVE, CODE, DISABLED, Flow, LINK, LINKING, PASSWORD, Person, SIGN_IN, State, owner};
use linking::Reason;
use model::{
    AddressFacts, AddressProof, AssertionParts, DAY, FactorProof, Facts, IdentityFacts, Level, LinkOnMatch, LinkState,
    Method, OrganisationPolicy, PasswordFacts, Policy, Proof, Purpose, Secret, SessionScope, SignUp, UserStatus,
};

/// One fault, with the published ones it re-creates and the setups in which to look for it.
pub struct Mutant {
    pub name: &'static str,
    /// Identifiers as in the list of published faults, and the rule that would have prevented them.
    pub after: &'static str,
    pub rule: &'static str,
    pub setups: &'static [&'static str],
    pub fault: Fault,
}

type OnFacts = fn(&View, &mut Facts);
type OnAccount = fn(&View, Vec<u8>) -> Vec<u8>;

#[derive(Clone, Copy)]
pub struct Fault {
    facts: Option<OnFacts>,
    policy: Option<fn(&View, &mut Policy)>,
    flow: Option<fn(&View, &mut Flow)>,
    assertion: Option<fn(&View, &mut AssertionParts)>,
    proof: Option<fn(&View, Proof, &Facts) -> Proof>,
    decided: Option<fn(&View, &mut Decided)>,
    factor: Option<fn(&View, FactorProof) -> FactorProof>,
    account: Option<OnAccount>,
    keeps: Option<fn(Kind, Guard) -> bool>,
    acts: Option<fn(&Setup, &State, &mut Vec<Step>)>,
    environment: Option<fn(Act, &mut State)>,
}

const NONE: Fault = Fault {
    facts: None,
    policy: None,
    flow: None,
    assertion: None,
    proof: None,
    decided: None,
    factor: None,
    account: None,
    keeps: None,
    acts: None,
    environment: None,
};

impl Mutation for Fault {
    fn facts(&self, view: &View, facts: &mut Facts) {
        if let Some(change) = self.facts {
            change(view, facts);
        }
    }
    fn policy(&self, view: &View, policy: &mut Policy) {
        if let Some(change) = self.policy {
            change(view, policy);
        }
    }
    fn flow(&self, view: &View, flow: &mut Flow) {
        if let Some(change) = self.flow {
            change(view, flow);
        }
    }
    fn assertion(&self, view: &View, parts: &mut AssertionParts) {
        if let Some(change) = self.assertion {
            change(view, parts);
        }
    }
    fn proof(&self, view: &View, proof: Proof, facts: &Facts) -> Proof {
        self.proof.map_or_else(|| proof.clone(), |change| change(view, proof.clone(), facts))
    }
    fn factor(&self, view: &View, shown: FactorProof) -> FactorProof {
        self.factor.map_or(shown, |change| change(view, shown))
    }
    fn account(&self, view: &View, account: Vec<u8>) -> Vec<u8> {
        self.account.map_or_else(|| account.clone(), |change| change(view, account.clone()))
    }
    fn decided(&self, view: &View, decided: &mut Decided) {
        if let Some(change) = self.decided {
            change(view, decided);
        }
    }
    fn keeps(&self, kind: Kind, op: Op) -> bool {
        self.keeps.is_none_or(|keeps| op.guard().is_none_or(|guard| keeps(kind, guard)))
    }
    fn more_acts(&self, setup: &Setup, state: &State, acts: &mut Vec<Step>) {
        if let Some(more) = self.acts {
            more(setup, state, acts);
        }
    }
    fn environment(&self, act: Act, state: &mut State) {
        if let Some(change) = self.environment {
            change(act, state);
        }
    }
}

/// One guard of one decision's plans left out.
pub struct Unguarded(pub Kind, pub Guard);

impl Mutation for Unguarded {
    fn keeps(&self, kind: Kind, op: Op) -> bool {
        kind != self.0 || op.guard() != Some(self.1)
    }
}

const RACES: &[&str] = &["races_last_method", "races_of_newcomers", "everyday"];

fn all_rules(policy: &mut Policy, change: impl Fn(&mut model::ConnectionPolicy)) {
    policy.connections.values_mut().for_each(change);
}

fn trusted(policy: &mut Policy) {
    all_rules(policy, |rules| rules.mail_authority.authoritative_domains = vec!["home.example".to_owned()]);
}

fn without(decided: &mut Decided, kind: Kind, drop: impl Fn(&Op) -> bool) {
    if decided.kind == kind {
        decided.plan.retain(|op| !drop(op));
    }
}

fn with_spare_method(facts: &mut Facts) {
    let names = Names::get();
    for user in &mut facts.users {
        user.password = Some(PasswordFacts { phc: Secret::new(String::new()), set_at: model::Micros(0) });
        if user.addresses.is_empty() {
            let (proof, proven_at) = (AddressProof::Loop, model::Micros(0));
            user.addresses.push(AddressFacts { address: names.addresses[0].clone(), proof, proven_at });
        }
    }
}

fn always(act: Act) -> Step {
    Step { act, split: false }
}

macro_rules! mutants {
    ($($name:ident: $after:literal, $rule:literal, $setups:expr, $fault:expr;)*) => {
        fn list() -> Vec<Mutant> {
            vec![$(Mutant { name: stringify!($name), after: $after, rule: $rule, setups: $setups, fault: $fault },)*]
        }
    };
}

mod factors;
mod methods;

pub fn all() -> Vec<Mutant> {
    let mut all = list();
    all.extend(methods::all());
    all.extend(factors::all());
    all
}

mutants! {
    mail_of_any_provider_is_proof: "CVE-2024-21632, CVE-2023-3128, CVE-2026-49757", "T01", &["verified_email"],
        Fault { policy: Some(|_, policy| trusted(policy)), ..NONE };
    absent_verified_counts_as_true: "CVE-2026-55076, CVE-2026-41574", "T02", &["vouched"],
        Fault { assertion: Some(|_, parts| {
            if let Some(mail) = &mut parts.mail { mail.verified = true; }
        }), ..NONE };
    user_name_stands_for_address: "CVE-2022-31107, CVE-2025-65431", "T04", &["user_names"],
        Fault {
            policy: Some(|_, policy| trusted(policy)),
            facts: Some(|view, facts| {
                facts.address_owner = facts.user_name_owner;
                let address = Names::get().addresses[usize::from(view.flow.claim.max(1) - 1)].clone();
                if let Some(user) = facts.users.iter_mut().find(|user| Some(user.id) == facts.address_owner) {
                    let proven_at = crate::names::NOW - DAY;
                    user.addresses.push(AddressFacts { address, proof: AddressProof::Loop, proven_at });
                }
            }),
            ..NONE };
    issuer_left_out_of_the_key: "CVE-2023-39953, GO-2026-6216", "T05", &["new_issuer"],
        Fault { facts: Some(|view, facts| {
            let other = match view.flow.identity { 1 => 5, 6 => 0, _ => return };
            let held = view.db.identities[other].active();
            if let (Some(identity), Some(user)) = (&mut facts.identity, held) {
                let same = view.flow.identity - 1;
                identity.link = Some((link_id(same, user, true), user_id(user), LinkState::Active));
            }
        }), keeps: Some(|_, guard| guard != Guard::LinkStands), ..NONE };
    other_subject_of_the_provider_overlooked: "CVE-2026-55075", "T08", &["recycled_mailbox", "prove"],
        Fault { facts: Some(|_, facts| {
            let Some(identity) = facts.identity.clone() else { return };
            let known = identity.link.map(|(link, _, _)| link);
            for user in &mut facts.users {
                user.links.retain(|link| {
                    Some(link.id) == known || link.identity.namespace != identity.identity.namespace
                });
            }
        }), ..NONE };
    sign_up_without_the_code: "CVE-2024-38351, GHSA-g38m-r43w-p2q7, CVE-2026-35511", "T23", &["prove"],
        Fault { acts: Some(|_, state, acts| {
            if state.sessions[1].user == 0 { acts.push(always(Act::SignUp { b: 1, a: VICTIMS })); }
        }), ..NONE };
    provider_user_without_the_code: "CVE-2026-44166", "T28", &["prove"],
        Fault { flow: Some(|_, flow| flow.mailbox = flow.mailbox.max(flow.claim)), ..NONE };
    code_of_another_journey_counts: "CVE-2025-7365", "T29", &["prove"],
        Fault { acts: Some(|_, state, acts| {
            let waits = |flow: Flow| flow.kind == SIGN_IN && flow.claim == VICTIMS + 1 && !flow.spent;
            if waits(state.flows[0]) && waits(state.flows[1]) && state.flows[1].mailbox == 0 {
                acts.push(always(Act::Code { b: 1, a: VICTIMS }));
            }
        }), ..NONE };
    proof_names_no_identity: "CVE-2026-9087", "T43", &["prove"],
        Fault { acts: Some(|_, state, acts| {
            let named = |flow: Flow| flow.kind == SIGN_IN && flow.named == 1 && !flow.spent;
            if named(state.flows[0]) && state.flows[1].kind == SIGN_IN && !state.flows[1].spent {
                acts.push(always(Act::Prove { b: 1, u: 0, m: PASSWORD }));
            }
        }), environment: Some(|act, state| {
            // The mail of the proof says nothing of the identity: whoever is in a journey uses it.
            if matches!(act, Act::Prove { b: 1, u: 0, .. }) {
                (state.flows[1].named, state.flows[1].mailbox) = (1, VICTIMS + 1);
            }
        }), ..NONE };
    re_authentication_as_another: "CVE-2023-6787", "T66", &["recycled_mailbox"],
        Fault { proof: Some(|view, proof, _| {
            let named = user_id(view.flow.named.max(1) - 1);
            if view.flow.kind != SIGN_IN { return proof; }
            Proof::of_checked(named, proof.method().clone(), proof.level(), proof.at())
        }), ..NONE };
    ticket_names_nobody: "CVE-2025-23389, CVE-2025-12421", "T106", &["move"],
        Fault { flow: Some(|view, flow| {
            if flow.kind == LINKING {
                (flow.named, flow.other_session, flow.outdated) = (view.session.user, false, false);
            }
        }), ..NONE };
    get_starts_a_link: "CVE-2015-9284, CVE-2012-6134", "T32", &["prove"],
        Fault { acts: Some(|_, state, acts| {
            if state.sessions[0].user > 0 {
                acts.push(always(Act::ReturnToLink { b: 0, i: 3, a: 0, verified: false }));
            }
        }), environment: Some(|act, state| {
            if matches!(act, Act::ReturnToLink { b: 0, i: 3, .. }) {
                state.flows[0] = Flow { kind: LINKING, named: state.sessions[0].user, ..Flow::default() };
            }
        }), ..NONE };
    callback_of_another_browser: "GHSA-x445-f3h2-j279, CVE-2025-12419", "T34", &["prove"],
        Fault { acts: Some(|_, state, acts| {
            // The attacker's answer is brought to the journey that the victim began.
            if state.flows[0].kind == LINKING && state.flows[0].identity == 0 {
                acts.push(always(Act::ReturnToLink { b: 0, i: 3, a: 0, verified: false }));
            }
        }), ..NONE };
    forced_sign_in: "login forgery at the callback", "T31", &["prove"],
        Fault { acts: Some(|_, state, acts| {
            if state.sessions[0].user == 0 {
                acts.push(always(Act::Return { b: 0, i: 3, a: 0, verified: false }));
            }
        }), ..NONE };
    ticket_used_again: "CVE-2020-14302, CVE-2025-46815, CVE-2026-45720", "T42", &["replay"],
        Fault { keeps: Some(|_, guard| guard != Guard::SpendFlow), ..NONE };
    disabled_user_signs_in: "CVE-2025-53942", "T69", &["operator"],
        Fault { facts: Some(|_, facts| {
            for user in &mut facts.users {
                if user.status == UserStatus::Disabled { user.status = UserStatus::Active; }
            }
        }), ..NONE };
    sign_in_enables_a_disabled_user: "CVE-2026-58422, CVE-2026-55987", "T69", &["operator"],
        Fault { facts: Some(|_, facts| {
            for user in &mut facts.users {
                if user.status == UserStatus::Disabled { user.status = UserStatus::Active; }
            }
        }), decided: Some(|view, decided| {
            let session = decided.plan.iter().find_map(|op| match op {
                Op::CreateSession(session) => session.of(),
                _ => None,
            });
            if let Some(user) = session
                && view.db.users[usize::from(user)].status == DISABLED
            {
                decided.plan.push(Op::Status(user, ACTIVE));
            }
        }), ..NONE };
    second_factor_skipped_upstream: "CVE-2025-64103, CVE-2026-34727, CVE-2022-35248", "T89", &["second_level"],
        Fault { facts: Some(|view, facts| {
            if matches!(view.act, Act::Return { .. }) {
                for user in &mut facts.users { user.required_level = Level::One; }
            }
        }), ..NONE };
    level_taken_from_what_is_available: "CVE-2024-45042", "T96", &["second_level"],
        Fault { facts: Some(|view, facts| {
            if matches!(view.act, Act::SignIn { .. }) {
                for user in &mut facts.users { user.required_level = Level::One; }
            }
        }), ..NONE };
    recovery_by_one_code: "CVE-2023-7028", "T94", &["second_level"],
        Fault { facts: Some(|view, facts| {
            if matches!(view.act, Act::Recover { .. }) {
                for user in &mut facts.users { user.required_level = Level::One; }
            }
        }), decided: Some(|_, decided| {
            for op in &mut decided.plan {
                if let Op::CreateSession(session) = op { session.two = true; }
            }
        }), ..NONE };
    recovery_leaves_sessions: "user pre-hijacking, unexpired session", "T24", &["recovery"],
        Fault { decided: Some(|_, decided| {
            without(decided, Kind::Recover, |op| matches!(op, Op::EndSessionsOfUser(_)));
        }), ..NONE };
    password_change_leaves_sessions: "CVE-2025-2571", "T24", &["hand_over"],
        Fault { decided: Some(|_, decided| {
            without(decided, Kind::SetPassword, |op| matches!(op, Op::EndSessionsOfUser(_)));
        }), ..NONE };
    recovery_trusts_new_links: "user pre-hijacking, trojan identifier", "T25", &["trojan"],
        Fault { decided: Some(|_, decided| {
            without(decided, Kind::Recover, |op| matches!(op, Op::HoldLink(..)));
        }), ..NONE };
    freshness_by_an_old_session: "GHSA-hp74-gm6m-2qm5", "T91", &["recovery"],
        Fault { facts: Some(|_, facts| {
            if let Some(session) = &mut facts.session { session.authenticated_at = crate::names::NOW; }
        }), ..NONE };
    sessions_outlive_unlink: "CVE-2026-43983", "T68", &["prove"],
        Fault { decided: Some(|_, decided| {
            without(decided, Kind::Unlink, |op| matches!(op, Op::EndSessionsOfLink(..)));
        }), ..NONE };
    count_then_delete: "better-auth unlink, by reading", "T80", RACES,
        Fault { keeps: Some(|kind, guard| {
            kind != Kind::Unlink || !matches!(guard, Guard::RaiseUser | Guard::ExpectConnection)
        }), ..NONE };
    unlink_takes_the_last_method: "Ory Kratos before its guard", "T72", &["prove"],
        Fault { facts: Some(|view, facts| {
            if matches!(view.act, Act::Unlink { .. }) { with_spare_method(facts); }
        }), ..NONE };
    password_without_an_address_counts: "Keycloak removal without a usable way", "T73", &["two_doors"],
        Fault { facts: Some(|view, facts| {
            if matches!(view.act, Act::Unlink { .. }) { with_spare_method(facts); }
        }), ..NONE };
    disabled_connection_still_links: "CVE-2025-64717", "T98", &["operator"],
        Fault { facts: Some(|view, facts| {
            if matches!(view.act, Act::ReturnToLink { .. } | Act::Return { .. }) {
                for connection in &mut facts.connections { connection.enabled = true; }
            }
        }), ..NONE };
    disabling_asks_nobody: "ZITADEL on expired secrets", "T74", &["operator"],
        Fault { facts: Some(|view, facts| {
            if matches!(view.act, Act::Disable { .. }) { with_spare_method(facts); }
        }), ..NONE };
    cohort_not_looked_at_again: "check then disable", "T74", &["operator"],
        Fault { keeps: Some(|_, guard| guard != Guard::ExpectCohort), ..NONE };
    tenant_speaks_for_the_world: "CVE-2025-22146, GHSA-pfrf-9r5f-73f5", "T97", &["tenant", "tenant_member"],
        Fault { policy: Some(|_, policy| {
            let tenant = &Names::get().connections[usize::from(TENANT)];
            if let Some(rules) = policy.connections.get_mut(tenant) { rules.organisation = None; }
        }), ..NONE };
    tenant_session_opens_the_account: "CVE-2026-9094", "T97", &["tenant_member"],
        Fault { facts: Some(|_, facts| {
            if let Some(session) = &mut facts.session { session.scope = SessionScope::Account; }
        }), ..NONE };
    application_session_opens_the_account: "CVE-2024-22206", "T106", &["hand_over"],
        Fault { facts: Some(|view, facts| {
            if view.session.scope != ACCOUNT
                && let Some(session) = &mut facts.session
            {
                session.scope = SessionScope::Account;
                session.authenticated_at = crate::names::NOW;
            }
        }), ..NONE };
    member_proves_by_any_method: "CVE-2026-56350", "T93", &["forced_connection"],
        Fault { policy: Some(|_, policy| {
            for rules in policy.organisations.values_mut() { *rules = OrganisationPolicy::default(); }
        }), ..NONE };
    issuer_edited_under_links: "Ory Kratos provider id as key", "T100", &["new_issuer"],
        Fault { facts: Some(|view, facts| {
            // The journey of the old issuer is finished as if nothing had changed.
            let Some(state) = facts.connections.first_mut() else { return };
            if view.flow.old_epoch {
                let epoch = if view.flow.identity == 6 { 2 } else { 1 };
                state.namespace = namespace(0, epoch);
                state.epoch = 3 - epoch;
            }
        }), keeps: Some(|_, guard| guard != Guard::ExpectConnection), ..NONE };
    restore_revives_sessions: "backup restore, rarely written down", "T86", &["restore"],
        Fault { facts: Some(|_, facts| {
            if let Some(session) = &mut facts.session { session.store_epoch = VERSION; }
        }), ..NONE };
    address_proven_twice: "CVE-2026-32700, CVE-2023-0105", "T82", RACES,
        Fault { keeps: Some(|_, guard| guard != Guard::AddressFree), ..NONE };
    identity_linked_twice: "upsert without a key", "T79", &["races_of_two_users"],
        Fault { keeps: Some(|_, guard| guard != Guard::IdentityFree), ..NONE };
    merge_on_one_proof: "dashboard merge by equal address", "T127", &["merge"],
        Fault { acts: Some(|_, state, acts| {
            if state.sessions[1].of().is_some_and(|user| owner(user) == Person::Attacker) {
                acts.push(always(Act::Merge { b: 1, u: 0, m: PASSWORD }));
                acts.push(always(Act::Merge { b: 1, u: 1, m: PASSWORD }));
            }
        }), ..NONE };
    merge_unites_memberships: "merged records unite roles", "T128", &["merge_levels"],
        Fault { decided: Some(|view, decided| {
            if decided.kind == Kind::Merge && !decided.plan.is_empty()
                && let (Some(survivor), Act::Merge { u, .. }) = (view.session.of(), view.act)
                && view.db.users[usize::from(u)].member
            {
                decided.plan.push(Op::AddMember(survivor));
            }
        }), ..NONE };
    merge_lowers_the_level: "merged record takes the weaker rule", "T127", &["merge_levels"],
        Fault { decided: Some(|_, decided| {
            without(decided, Kind::Merge, |op| matches!(op, Op::RequireLevel(..)));
        }), ..NONE };
    merge_leaves_links_behind: "half-done merge", "T129", &["merge"],
        Fault { decided: Some(|_, decided| {
            without(decided, Kind::Merge, |op| matches!(op, Op::MoveLink(..)));
        }), ..NONE };
    move_by_the_identity_itself: "proof by the thing to be moved", "T43", &["move"],
        Fault { proof: Some(|view, proof, _| match view.act {
            Act::Move { m, .. } if m == LINK + view.flow.identity.max(1) - 1 => {
                Proof::of_checked(proof.user(), Method::Password, proof.level(), proof.at())
            }
            _ => proof,
        }), ..NONE };
    freeze_takes_the_last_method: "one click in a mail locks out", "T72", &["undo_without_local_methods"],
        Fault { facts: Some(|view, facts| {
            if matches!(view.act, Act::Freeze { .. }) { with_spare_method(facts); }
        }), ..NONE };
    undo_takes_what_is_somebody_elses: "restored over a living link", "T79", &["undo_two_users"],
        Fault {
            facts: Some(|view, facts| {
                if matches!(view.act, Act::Undo { .. })
                    && let Some(IdentityFacts { link, .. }) = &mut facts.identity
                {
                    *link = None;
                }
            }),
            keeps: Some(|kind, guard| kind != Kind::Undo || guard != Guard::IdentityFree),
            ..NONE };
    silent_change: "owners who never learn", "T125", &["prove"],
        Fault { decided: Some(|_, decided| decided.plan.retain(|op| !matches!(op, Op::Notify(_)))), ..NONE };
    unlogged_change: "log with gaps", "T134", &["prove"],
        Fault { decided: Some(|_, decided| {
            without(decided, Kind::Unlink, |op| matches!(op, Op::Audit(..)));
        }), ..NONE };
    page_tells_who_exists: "CVE-2026-23511", "T123", &["prove"],
        Fault { decided: Some(|view, decided| {
            let at = usize::from(view.flow.claim.max(1) - 1);
            if decided.seen == Seen::AskMailbox
                && let Some(user) = view.db.addresses[at].owner.checked_sub(1)
            {
                decided.seen = Seen::AskProof(user);
            }
        }), ..NONE };
    link_though_matching_is_off: "policy not asked on the link path", "T98", &["off"],
        Fault { policy: Some(|_, policy| all_rules(policy, |rules| rules.link_on_match = LinkOnMatch::Prove)), ..NONE };
    link_though_only_for_sign_in: "policy not asked on the link path", "T98", &["sign_in_only"],
        Fault { policy: Some(|_, policy| all_rules(policy, |rules| rules.purpose = Purpose::SignInAndLink)), ..NONE };
    sign_in_though_only_for_data: "policy not asked on the sign-in path", "T98", &["data_only"],
        Fault { policy: Some(|_, policy| all_rules(policy, |rules| rules.purpose = Purpose::SignInAndLink)), ..NONE };
    sign_up_though_closed: "policy not asked on the sign-up path", "T98", &["closed", "invited"],
        Fault { policy: Some(|_, policy| {
            policy.sign_up = SignUp::Open;
            all_rules(policy, |rules| rules.sign_up = SignUp::Open);
        }), ..NONE };
    more_links_than_allowed: "limits checked on one path only", "T98", &["second_accounts"],
        Fault { policy: Some(|_, policy| all_rules(policy, |rules| rules.max_links_per_user = 9)), ..NONE };
    protected_user_linked_by_mail: "administrators taken in by an address", "T01", &["protected"],
        Fault { facts: Some(|_, facts| facts.users.iter_mut().for_each(|user| user.protected = false)), ..NONE };
    old_mailbox_proof_counts: "reissued mailbox", "T08", &["old_mailbox_proof"],
        Fault { facts: Some(|_, facts| {
            for known in facts.users.iter_mut().flat_map(|user| &mut user.addresses) {
                known.proven_at = crate::names::NOW;
            }
        }), ..NONE };
    removed_link_comes_back_by_itself: "unlink undone by the next sign-in", "row 6", &["verified_email"],
        Fault { facts: Some(|_, facts| {
            if let Some(identity) = &mut facts.identity { identity.was_removed = false; }
        }), ..NONE };
    refused_journey_signs_in: "CVE-2023-27490", "T44", &["closed"],
        Fault { decided: Some(|view, decided| {
            if decided.kind == Kind::SignIn && decided.reason == Reason::SignUpClosed
                && view.db.users[0].status == ACTIVE
            {
                decided.plan.push(Op::CreateSession(crate::state::Session {
                    user: 1, method: CODE, fresh: true, two: false, scope: ACCOUNT, dead: false,
                }));
            }
        }), ..NONE };
}
