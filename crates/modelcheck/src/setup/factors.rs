//! Setups about the second factor.

use super::{Events, Setup, attacker, base, policy, registered, state};
use crate::state::{Identity, OF_ATTACKER, State};
use model::{LinkOnMatch, Policy};

/// The victim with a password, the open provider and an authenticator app.
fn with_app(state: &mut State) {
    registered(state);
    state.db.users[0].factor = 1;
    state.db.identities[2] = Identity { holder: 1, ..Identity::default() };
}

pub(super) fn all() -> Vec<Setup> {
    let events = Events { factors: true, ..Events::default() };
    let on: fn(&mut Policy) = |p| p.local.totp = true;
    vec![
        // Somebody has a password of the victim's, and an account at a provider that opens the user too; the app they
        // have is their own.
        Setup {
            known: true,
            identities: 0b00_1100,
            ..base(
                "password_known",
                policy(LinkOnMatch::Prove, on),
                Events { passwords: true, ..events },
                vec![state(|s| {
                    with_app(s);
                    attacker(s);
                    s.db.users[usize::from(OF_ATTACKER)].factor = 2;
                })],
            )
        },
        // Set up and turned off by whoever it is for, on two devices; the last stands for a required level.
        Setup {
            two_devices: true,
            identities: 0b00_0101,
            ..base(
                "second_factor",
                policy(LinkOnMatch::Prove, on),
                Events { time: true, ..events },
                vec![
                    state(registered),
                    state(with_app),
                    state(|s| {
                        with_app(s);
                        s.db.users[0].two = true;
                    }),
                ],
            )
        },
        // Policy has it switched off: one factor is enough, and whoever has one can still turn it off.
        Setup {
            identities: 0b00_1100,
            ..base(
                "second_factor_off",
                policy(LinkOnMatch::VerifiedEmail, |_| {}),
                events,
                vec![state(|s| {
                    with_app(s);
                    attacker(s);
                })],
            )
        },
    ]
}
