//! Which way a person is led: every setting, moment and failure, and where the person goes.

use crate::world::{MAIL, NOW, VERA, World, code_method, connection, link, link_method};
use linking::{Choice, Moment, SignInOutcome, check_local, choose, offered_local};
use model::{
    ConnectionId, LinkState, LocalMethods, MINUTE, Method, MethodKind, MethodSelection, Micros, ProviderFailure,
    Purpose,
};

fn world(selection: MethodSelection, fallback: &[MethodKind]) -> World {
    World::new().with(|world| {
        world.policy.selection.method_selection = selection;
        world.policy.selection.fallback = fallback.iter().copied().collect();
    })
}

fn failure(name: &str, ago: Micros) -> ProviderFailure {
    ProviderFailure { connection: connection(name), at: NOW - ago }
}

/// `page`, or the connection.
fn word(choice: Choice) -> String {
    match choice {
        Choice::Page => "page".to_owned(),
        Choice::Connection(id) => id.to_string(),
    }
}

const NO_LOCAL: LocalMethods = LocalMethods { password: false, email_code: false, passkey: false, totp: true };

#[test]
#[allow(clippy::type_complexity)] // a table, read where it stands
fn the_first_page_leads_on_where_policy_says_so_and_the_person_did_not_ask_for_it() {
    use MethodSelection::{Choose, ForceLinked, PreferLinked};
    let other_is_no_way: fn(&mut World) =
        |w| w.policy.connections.get_mut(&connection("other")).unwrap().purpose = Purpose::LinkOnly;
    let alone: fn(&mut World) = |w| {
        w.policy.connections.get_mut(&connection("other")).unwrap().purpose = Purpose::LinkOnly;
        w.policy.local = NO_LOCAL;
    };
    let nothing: fn(&mut World) = |_| {};
    let no_local: fn(&mut World) = |w| w.policy.local = NO_LOCAL;
    let rows: &[(MethodSelection, fn(&mut World), Option<&str>, bool, &str)] = &[
        (Choose, nothing, None, false, "page"),
        (Choose, nothing, Some("acme"), false, "page"),
        (Choose, no_local, Some("acme"), false, "page"),
        (Choose, other_is_no_way, None, false, "page"),
        (Choose, alone, None, false, "acme"),
        (Choose, alone, None, true, "page"),
        (PreferLinked, nothing, None, false, "page"),
        (PreferLinked, nothing, Some("acme"), false, "acme"),
        (PreferLinked, nothing, Some("other"), false, "other"),
        (PreferLinked, nothing, Some("other"), true, "page"),
        (PreferLinked, other_is_no_way, Some("other"), false, "page"),
        (PreferLinked, nothing, Some("gone"), false, "page"),
        (PreferLinked, alone, None, false, "acme"),
        // Its rule wants an address.
        (ForceLinked, nothing, Some("acme"), false, "page"),
        (ForceLinked, alone, Some("acme"), false, "acme"),
    ];
    for (selection, change, last_used, wants_page, expect) in rows {
        let world = world(*selection, &[]).with(change);
        let last_used = last_used.map(connection);
        let moment = Moment::Opened { organisation: None, last_used: last_used.as_ref(), wants_page: *wants_page };
        assert_eq!(word(choose(&world.policy, &moment)), *expect, "{selection:?} {last_used:?} {wants_page}");
    }
}

/// T123: with `force_linked` everybody is led somewhere, and by the key alone unless a link says otherwise.
#[test]
#[allow(clippy::type_complexity)] // a table, read where it stands
fn t123_an_address_leads_to_a_link_or_to_what_a_key_picks() {
    use MethodSelection::{Choose, ForceLinked, PreferLinked};
    let [acme, other] = ["acme", "other"].map(connection);
    let order = [other.clone(), acme.clone()];
    let nothing: fn(&mut World) = |_| {};
    let to: fn(&mut World) = |w| w.user(VERA).links.push(link(1, "acme", "v", LinkState::Active));
    let both: fn(&mut World) = |w| {
        w.user(VERA).links.push(link(1, "acme", "v", LinkState::Active));
        w.user(VERA).links.push(link(2, "other", "v", LinkState::Active));
    };
    let removed: fn(&mut World) = |w| w.user(VERA).links.push(link(1, "acme", "v", LinkState::Removed));
    let held: fn(&mut World) = |w| w.user(VERA).links.push(link(1, "acme", "v", LinkState::Held));
    let switched_off: fn(&mut World) = |w| {
        w.user(VERA).links.push(link(1, "other", "v", LinkState::Active));
        w.connections[1].enabled = false;
    };
    let all_off: fn(&mut World) = |w| w.connections.iter_mut().for_each(|known| known.enabled = false);
    let disabled: fn(&mut World) = |w| {
        w.user(VERA).links.push(link(1, "acme", "v", LinkState::Active));
        w.user(VERA).status = model::UserStatus::Disabled;
    };
    let rows: &[(MethodSelection, fn(&mut World), bool, Option<&ConnectionId>, &str)] = &[
        (Choose, to, true, None, "page"),
        (PreferLinked, to, true, Some(&acme), "page"),
        // Nobody; somebody without a link; somebody whose link is none today: the key picks.
        (ForceLinked, nothing, false, None, "other"),
        (ForceLinked, nothing, true, None, "other"),
        (ForceLinked, removed, true, None, "other"),
        (ForceLinked, held, true, None, "other"),
        (ForceLinked, switched_off, true, None, "acme"),
        (ForceLinked, switched_off, false, None, "acme"),
        (ForceLinked, all_off, true, None, "page"),
        (ForceLinked, all_off, false, None, "page"),
        // A link wins over the key, and the key between links.
        (ForceLinked, to, true, None, "acme"),
        (ForceLinked, both, true, None, "other"),
        (ForceLinked, both, true, Some(&acme), "acme"),
        // What this browser used last picks nothing that is not theirs.
        (ForceLinked, to, true, Some(&other), "acme"),
        (ForceLinked, nothing, true, Some(&acme), "other"),
        // What an operator did to the account shows nowhere either.
        (ForceLinked, disabled, true, None, "acme"),
    ];
    for (at, (selection, change, known, last_used, expect)) in rows.iter().enumerate() {
        let mut world = world(*selection, &[]).with(change);
        let vera = world.user(VERA).clone();
        let moment = Moment::Named {
            organisation: None,
            owner: known.then_some(&vera),
            connections: &world.connections,
            ranked: &order,
            last_used: *last_used,
        };
        assert_eq!(word(choose(&world.policy, &moment)), *expect, "row {at}");
    }
}

/// T78: before it is known who it is, a page offers what is listed, once this server saw a provider fail lately.
#[test]
#[allow(clippy::type_complexity)] // a table, read where it stands
fn t78_nothing_local_is_offered_without_a_failure_that_we_saw() {
    let none = (false, false, false);
    let all = (true, true, true);
    let rows: &[(MethodSelection, &[MethodKind], &[ProviderFailure], bool, (bool, bool, bool))] = &[
        (MethodSelection::Choose, &[], &[], false, all),
        (MethodSelection::PreferLinked, &[], &[], false, all),
        (MethodSelection::ForceLinked, &[], &[], false, none),
        (MethodSelection::ForceLinked, &[MethodKind::Password], &[], false, none),
        (MethodSelection::ForceLinked, &[], &[failure("acme", MINUTE)], false, none),
        (
            MethodSelection::ForceLinked,
            &[MethodKind::Password],
            &[failure("acme", MINUTE)],
            false,
            (true, false, false),
        ),
        (MethodSelection::ForceLinked, &[MethodKind::Password], &[failure("acme", MINUTE.times(6))], false, none),
        (
            MethodSelection::ForceLinked,
            &[MethodKind::EmailCode, MethodKind::Passkey],
            &[failure("acme", MINUTE)],
            false,
            (false, true, true),
        ),
        (MethodSelection::ForceLinked, &[], &[], true, all),
    ];
    for (at, (selection, fallback, failures, shown, expect)) in rows.iter().enumerate() {
        let world = world(*selection, fallback);
        let offered = offered_local(&world.policy, None, failures, *shown, NOW);
        assert_eq!((offered.password, offered.email_code, offered.passkey), *expect, "row {at}");
    }
}

/// World, listed, method, seen failing; the connections that stand in the way, or none.
type Row<'a> = (fn(&mut World), &'a [MethodKind], &'a Method, Vec<&'a ProviderFailure>, &'a [&'a str]);

/// T78: whoever has a link comes in by another way only while every link of theirs is down, and only as listed.
#[test]
fn t78_a_local_method_opens_a_linked_account_only_while_its_providers_fail() {
    let to_acme: fn(&mut World) = |w| w.user(VERA).links.push(link(1, "acme", "v", LinkState::Active));
    let to_both: fn(&mut World) = |w| {
        w.user(VERA).links.push(link(1, "acme", "v", LinkState::Active));
        w.user(VERA).links.push(link(2, "other", "v", LinkState::Active));
    };
    let nothing: fn(&mut World) = |_| {};
    let (password, code) = (Method::Password, code_method(MAIL));
    let [acme_down, other_down] = ["acme", "other"].map(|name| failure(name, MINUTE));
    let long_ago = failure("acme", MINUTE.times(6));
    let listed = &[MethodKind::Password][..];
    let rows: Vec<Row<'_>> = vec![
        (nothing, &[], &password, vec![], &[]),
        (nothing, &[], &code, vec![], &[]),
        (to_acme, listed, &password, vec![], &["acme"]),
        (to_acme, listed, &password, vec![&other_down], &["acme"]),
        (to_acme, listed, &password, vec![&long_ago], &["acme"]),
        (to_acme, listed, &password, vec![&acme_down], &[]),
        (to_acme, listed, &code, vec![&acme_down], &["acme"]),
        (to_acme, &[], &password, vec![&acme_down], &["acme"]),
        (to_both, listed, &password, vec![&acme_down], &["other"]),
        (to_both, listed, &password, vec![&acme_down, &other_down], &[]),
    ];
    for (at, (change, fallback, method, failures, expect)) in rows.into_iter().enumerate() {
        let mut world = world(MethodSelection::ForceLinked, fallback).with(change);
        let vera = world.user(VERA).clone();
        let failures: Vec<ProviderFailure> = failures.into_iter().cloned().collect();
        let check = |world: &World| check_local(&vera, &world.connections, &world.policy, method, &failures, NOW);
        let ways: Vec<String> = check(&world).err().unwrap_or_default().iter().map(ToString::to_string).collect();
        assert_eq!(ways, expect, "row {at}");
        world.policy.selection.method_selection = MethodSelection::PreferLinked;
        assert_eq!(check(&world), Ok(()), "row {at}: nobody is forced");
    }
    // A link is never stopped by the rule about others.
    let mut world = world(MethodSelection::ForceLinked, &[]).with(to_acme);
    let vera = world.user(VERA).clone();
    assert_eq!(check_local(&vera, &world.connections, &world.policy, &link_method(1, "acme"), &[], NOW), Ok(()));
}

/// T78: a conflict is no way round it. What proves the account there is what signs in to it, and the mailbox alone does
/// not (row 12).
#[test]
fn t78_a_conflict_asks_whoever_is_forced_for_a_link() {
    let proofs = |world: &World| match world.sign_in().outcome {
        SignInOutcome::AskProof { methods, .. } => methods.iter().map(Method::kind).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let linked = |selection| {
        World::row_12().with(|w| {
            w.policy.selection.method_selection = selection;
            w.user(VERA).links.push(link(2, "other", "v", LinkState::Active));
        })
    };
    assert_eq!(proofs(&linked(MethodSelection::ForceLinked)), [MethodKind::Link]);
    let by_password = linked(MethodSelection::ForceLinked).proof_of(VERA, Method::Password).sign_in();
    assert_eq!(by_password.outcome, SignInOutcome::Refused);
    for selection in [MethodSelection::Choose, MethodSelection::PreferLinked] {
        let decision = linked(selection).sign_in();
        assert!(matches!(decision.outcome, SignInOutcome::SignedIn { linked_now: true, .. }), "{decision:?}");
    }
    let unlinked = World::row_12().with(|w| w.policy.selection.method_selection = MethodSelection::ForceLinked);
    assert!(matches!(unlinked.sign_in().outcome, SignInOutcome::SignedIn { linked_now: true, .. }));
}
