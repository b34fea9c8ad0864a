//! Faults about passkeys, the way back in, tenants as proof, and guesses.

use super::{Fault, Mutant, NONE, always, with_spare_method, without};
use crate::act::Act;
use crate::decide::Kind;
use crate::names::{NOW, Names, TENANT, account, passkey_id};
use crate::plan::{Guard, Op};
use crate::state::{ACTIVE, CODE, LINK, OF_ATTACKER, PASSKEY, PASSKEYS};
use model::{Facts, Level, PasskeyFacts, Policy};

pub(super) fn all() -> Vec<Mutant> {
    list()
}

/// The credential of an authenticator, as if it were this user's.
fn as_if(key: u8, user: u8) -> PasskeyFacts {
    PasskeyFacts {
        id: passkey_id(key, user),
        credential: Vec::new(),
        handle: Vec::new(),
        host: "id.example".to_owned(),
        name: String::new(),
        added_at: model::Micros(0),
        last_used_at: None,
    }
}

/// Every user has every passkey.
fn anybodys_passkey(facts: &mut Facts) {
    for user in &mut facts.users {
        let number = crate::names::user_number(user.id);
        user.passkeys = (0..PASSKEYS as u8).map(|key| as_if(key, number)).collect();
    }
}

/// Passkeys of another host as if they were made for this one.
fn here(facts: &mut Facts) {
    for known in facts.users.iter_mut().flat_map(|user| &mut user.passkeys) {
        "id.example".clone_into(&mut known.host);
    }
}

/// A tenant's connection as if it were anybody's.
fn tenants_are_everybodys(policy: &mut Policy) {
    let tenant = &Names::get().connections[usize::from(TENANT)];
    if let Some(rules) = policy.connections.get_mut(tenant) {
        rules.organisation = None;
    }
}

mutants! {
    user_handle_is_believed: "an answer whose user handle is not held against its credential", "T66", &["passkeys"],
        Fault { acts: Some(|_, state, acts| {
            if state.db.passkeys[1].holder == OF_ATTACKER + 1 {
                acts.push(always(Act::SignIn { b: 1, u: 0, m: PASSKEY + 1 }));
            }
        }), facts: Some(|view, facts| {
            if matches!(view.act, Act::SignIn { .. }) { anybodys_passkey(facts); }
        }), ..NONE };
    removed_passkey_signs_in: "a credential that is forgotten in one table only", "T67", &["passkeys"],
        Fault { acts: Some(|_, state, acts| {
            if state.db.passkeys[0].holder == 0 && state.db.users[0].status == ACTIVE {
                acts.push(always(Act::SignIn { b: 0, u: 0, m: PASSKEY }));
            }
        }), facts: Some(|view, facts| {
            if matches!(view.act, Act::SignIn { .. }) { anybodys_passkey(facts); }
        }), ..NONE };
    sessions_outlive_a_passkey: "CVE-2026-43983, for a credential", "T67", &["passkeys"],
        Fault { decided: Some(|_, decided| {
            without(decided, Kind::RemovePasskey, |op| matches!(op, Op::EndSessionsOfPasskey(..)));
        }), ..NONE };
    passkey_added_by_an_old_session: "pre-hijacking by a session that was left open", "T88", &["passkeys"],
        Fault { facts: Some(|view, facts| {
            if matches!(view.act, Act::AddPasskey { .. })
                && let Some(session) = &mut facts.session
            {
                session.authenticated_at = NOW;
            }
        }), ..NONE };
    passkey_added_unheard: "owners who never learn", "T125", &["passkeys"],
        Fault { decided: Some(|_, decided| {
            without(decided, Kind::AddPasskey, |op| matches!(op, Op::Notify(_)));
        }), ..NONE };
    credential_changes_hands: "registration over a credential that is known", "T79", &["passkeys"],
        Fault {
            facts: Some(|_, facts| facts.credential = None),
            keeps: Some(|_, guard| guard != Guard::CredentialFree),
            ..NONE };
    last_passkey_is_removed: "Ory Kratos before its guard", "T72", &["last_passkey"],
        Fault { facts: Some(|view, facts| {
            if matches!(view.act, Act::RemovePasskey { .. }) { with_spare_method(facts); }
        }), ..NONE };
    passkey_of_another_host_counts: "a passkey of another domain as what remains", "T73", &["passkey_of_another_host"],
        Fault { facts: Some(|view, facts| {
            if matches!(view.act, Act::Unlink { .. }) { here(facts); }
        }), ..NONE };
    passkey_counts_though_switched_off: "a method that policy forbids as what remains", "T73", &["passkeys_off"],
        Fault { policy: Some(|view, policy| {
            if matches!(view.act, Act::Unlink { .. }) { policy.local.passkey = true; }
        }), ..NONE };
    passkey_and_link_removed_at_once: "better-auth unlink, by reading", "T80", &["races_passkeys"],
        Fault { keeps: Some(|kind, guard| {
            kind != Kind::RemovePasskey || !matches!(guard, Guard::RaiseUser | Guard::ExpectConnection)
        }), ..NONE };
    level_forgotten_when_a_passkey_goes: "CVE-2024-45042", "T96", &["passkey_level"],
        Fault { facts: Some(|view, facts| {
            if matches!(view.act, Act::RemovePasskey { .. }) {
                for user in &mut facts.users { user.required_level = Level::One; }
            }
        }), ..NONE };
    recovery_weaker_than_sign_in: "CVE-2023-7028", "T94", &["passkey_level"],
        Fault { facts: Some(|view, facts| {
            if matches!(view.act, Act::Recover { m: CODE..LINK, .. }) {
                for user in &mut facts.users { user.required_level = Level::One; }
            }
        }), decided: Some(|view, decided| {
            // One code from the mailbox, and in at the user's own level.
            let two = view.db.users.map(|user| user.two);
            for op in &mut decided.plan {
                if let (Kind::Recover, Op::CreateSession(session)) = (decided.kind, op) {
                    session.two |= session.of().is_some_and(|user| two[usize::from(user)]);
                }
            }
        }), ..NONE };
    recovery_by_one_mailbox_twice: "reset through the provider account that the mailbox resets", "T94", &["passkey_level"],
        Fault { facts: Some(|view, facts| {
            if matches!(view.act, Act::Recover { .. }) {
                for link in facts.users.iter_mut().flat_map(|user| &mut user.links) { link.address = None; }
            }
        }), ..NONE };
    recovery_keeps_new_passkeys: "user pre-hijacking, trojan identifier", "T25", &["trojan"],
        Fault { decided: Some(|_, decided| {
            without(decided, Kind::Recover, |op| matches!(op, Op::RemovePasskey(..)));
        }), ..NONE };
    tenant_recovers_an_account: "CVE-2026-9094, by way of recovery", "T97", &["tenant_recovery"],
        Fault { policy: Some(|view, policy| {
            if matches!(view.act, Act::Recover { .. }) { tenants_are_everybodys(policy); }
        }), ..NONE };
    tenant_proves_beyond_its_walls: "GHSA-pfrf-9r5f-73f5, as a proof", "T97", &["tenant_user_names"],
        Fault { policy: Some(|view, policy| {
            if matches!(view.act, Act::Prove { .. }) { tenants_are_everybodys(policy); }
        }), ..NONE };
    guesses_counted_per_alias: "CVE-2025-24806", "T95", &["guesses"],
        Fault { account: Some(|view, known| match view.act {
            Act::Guess { a, .. } => account(Names::get(), a, None),
            _ => known,
        }), ..NONE };
    guesses_counted_after_the_fact: "check, compare, then count", "T76", &["guesses"],
        Fault { keeps: Some(|_, guard| guard != Guard::Counter), ..NONE };
}
