//! The victim alone, with few identities, so that every pair of writes that cross is met early.

use super::{Events, Setup, base, policy, registered, state, two_users};
use crate::state::{Address, Flow, Identity, LINKING, OF_ATTACKER, PASSWORD, Passkey, Session, State, User};
use model::{LinkOnMatch, Policy};

pub(super) fn all() -> Vec<Setup> {
    let split = Events { split: true, ..Events::default() };
    let small = |name, change: fn(&mut Policy), events, start| Setup {
        identities: 0b00_0101,
        two_devices: true,
        ..base(name, policy(LinkOnMatch::Prove, change), events, start)
    };
    let alone = |extra: fn(&mut State)| {
        state(|s| {
            registered(s);
            s.db.identities[2] = Identity { holder: 1, ..Identity::default() };
            extra(s);
        })
    };
    let pair = |extra: fn(&mut State)| {
        state(|s| {
            *s = two_users();
            s.db.users[usize::from(OF_ATTACKER)] = User::default();
            s.db.addresses[1] = Address::default();
            extra(s);
        })
    };
    let no_codes: fn(&mut Policy) = |p| p.local.email_code = false;
    let same: fn(&mut Policy) = |_| {};
    let nothing: fn(&mut State) = |_| {};
    // Each device is signed in to another of the two users, and about to link.
    let both_linking: fn(&mut State) = |s| {
        for (browser, user) in [(0, 1), (1, 2)] {
            s.sessions[browser] = Session { user, method: PASSWORD, fresh: true, ..Session::default() };
            s.flows[browser] = Flow { kind: LINKING, named: user, ..Flow::default() };
        }
    };
    vec![
        small("races", same, Events { operator: true, passwords: true, ..split }, vec![alone(nothing)]),
        small(
            "races_last_method",
            no_codes,
            Events { operator: true, ..split },
            vec![alone(|s| {
                s.db.users[0].password = 0;
                s.db.identities[0] = Identity { holder: 1, ..Identity::default() };
            })],
        ),
        Setup {
            identities: 0b10_0101,
            ..small(
                "races_new_issuer",
                no_codes,
                Events { operator: true, epoch: Some(false), ..split },
                vec![alone(|s| {
                    s.db.users[0].password = 0;
                    s.db.identities[0] = Identity { holder: 1, ..Identity::default() };
                })],
            )
        },
        small("races_of_newcomers", same, split, vec![state(|_| {})]),
        small("races_hand_over", same, Events { hand_over: true, passwords: true, ..split }, vec![alone(nothing)]),
        small(
            "races_undo",
            no_codes,
            Events { undo: true, operator: true, ..split },
            vec![alone(|s| {
                s.db.users[0].password = 0;
            })],
        ),
        Setup {
            two_devices: false,
            left_open: true,
            ..small(
                "races_recovery",
                same,
                Events { recovery: true, undo: true, operator: true, ..split },
                vec![alone(|s| {
                    s.db.identities[2].recent = true;
                })],
            )
        },
        Setup {
            second_user: true,
            ..small(
                "races_of_two_users",
                same,
                Events { moves: true, operator: true, ..split },
                vec![pair(nothing), pair(both_linking)],
            )
        },
        Setup {
            second_user: true,
            ..small("races_merge", same, Events { merges: true, operator: true, ..split }, vec![pair(nothing)])
        },
        Setup {
            second_user: true,
            ..small("races_undo_two_users", same, Events { undo: true, ..split }, vec![alone(nothing)])
        },
        small(
            "races_passkeys",
            no_codes,
            Events { passkeys: true, operator: true, ..split },
            vec![alone(|s| {
                s.db.users[0].password = 0;
                s.db.passkeys[0] = Passkey { holder: 1, ..Passkey::default() };
            })],
        ),
        Setup {
            second_user: true,
            ..small("races_passkeys_of_two_users", same, Events { passkeys: true, ..split }, vec![pair(nothing)])
        },
        small("races_restore", same, Events { restore: true, passwords: true, ..split }, vec![alone(nothing)]),
    ]
}
