//! Setups about passkeys, about the way back in, and about guesses.

use super::{Events, Setup, attacker, base, policy, registered, rules, state, two_users};
use crate::names::OPEN;
use crate::state::{ACCOUNT, ACTIVE, Address, Identity, LOOP, OF_ATTACKER, PASSKEY, Passkey, Session, State, User};
use model::{LinkOnMatch, LocalMethods, MatchOn, Policy};

fn passkey_of_victim(state: &mut State) {
    state.db.passkeys[0] = Passkey { holder: 1, ..Passkey::default() };
}

/// The victim without a password, by the open provider and a passkey.
fn by_link_and_passkey(state: &mut State) {
    state.db.users[0] = User { status: ACTIVE, ..User::default() };
    state.db.addresses[0] = Address { owner: 1, proof: LOOP };
    state.db.identities[2] = Identity { holder: 1, ..Identity::default() };
    passkey_of_victim(state);
}

pub(super) fn all() -> Vec<Setup> {
    let none = Events::default();
    let passkeys = Events { passkeys: true, ..none };
    let no_codes: fn(&mut Policy) = |p| p.local.email_code = false;
    let same: fn(&mut Policy) = |_| {};
    vec![
        base(
            "passkeys",
            policy(LinkOnMatch::Prove, same),
            Events { time: true, ..passkeys },
            vec![state(|s| {
                registered(s);
                passkey_of_victim(s);
                attacker(s);
                s.db.passkeys[1] = Passkey { holder: OF_ATTACKER + 1, ..Passkey::default() };
            })],
        ),
        // What remains is a passkey alone, one of another host beside a link, or one that policy does not allow.
        base(
            "last_passkey",
            policy(LinkOnMatch::Prove, no_codes),
            Events { operator: true, ..passkeys },
            vec![state(by_link_and_passkey)],
        ),
        base(
            "passkey_of_another_host",
            policy(LinkOnMatch::Prove, no_codes),
            passkeys,
            vec![state(|s| {
                by_link_and_passkey(s);
                s.db.passkeys[0].elsewhere = true;
            })],
        ),
        base(
            "passkeys_off",
            policy(LinkOnMatch::Prove, |p| {
                p.local = LocalMethods { password: false, email_code: false, passkey: false, totp: false };
            }),
            passkeys,
            vec![state(by_link_and_passkey)],
        ),
        // The passkey is the only way in at the level the user requires; recovery asks for two proofs.
        base(
            "passkey_level",
            policy(LinkOnMatch::VerifiedEmail, same),
            Events { recovery: true, ..passkeys },
            vec![state(|s| {
                registered(s);
                s.db.users[0].two = true;
                s.db.identities[2] = Identity { holder: 1, ..Identity::default() };
                passkey_of_victim(s);
                attacker(s);
            })],
        ),
        Setup {
            second_user: true,
            identities: 0b00_0101,
            ..base(
                "merge_passkeys",
                policy(LinkOnMatch::Prove, same),
                Events { merges: true, ..passkeys },
                vec![state(|s| {
                    *s = two_users();
                    s.db.passkeys[0] = Passkey { holder: 2, ..Passkey::default() };
                })],
            )
        },
        // Somebody was in and left a passkey and an account of their own; the owner recovers, and they come back.
        Setup {
            trojan: true,
            ..base(
                "trojan",
                policy(LinkOnMatch::Prove, same),
                Events { recovery: true, ..passkeys },
                vec![state(|s| {
                    registered(s);
                    s.db.passkeys[1] = Passkey { holder: 1, recent: true, elsewhere: false };
                    s.db.identities[3] = Identity { holder: 1, recent: true, ..Identity::default() };
                })],
            )
        },
        // A member whose tenant's administrator signs in as them.
        Setup {
            identities: 0b01_1001,
            ..base(
                "tenant_recovery",
                policy(LinkOnMatch::Prove, same),
                Events { recovery: true, ..passkeys },
                vec![state(|s| {
                    registered(s);
                    s.db.users[0].member = true;
                    s.db.identities[4] = Identity { holder: 1, ..Identity::default() };
                    s.db.passkeys[0] = Passkey { holder: 1, recent: true, elsewhere: false };
                    attacker(s);
                })],
            )
        },
        // The name of that member is known, and leads to a proof.
        Setup {
            identities: 0b01_1001,
            ..base(
                "tenant_user_names",
                policy(LinkOnMatch::Prove, |p| {
                    rules(p, OPEN).match_on = MatchOn { address: true, user_name: true };
                }),
                Events { user_names: true, ..none },
                vec![state(|s| {
                    *s = two_users();
                    s.db.users[1].member = true;
                    // The attacker comes with a mailbox that is nobody's yet.
                    s.db.users[usize::from(OF_ATTACKER)] = User::default();
                    s.db.addresses[1] = Address::default();
                    s.db.identities[2] = Identity::default();
                    s.db.identities[4] = Identity { holder: 2, ..Identity::default() };
                })],
            )
        },
        Setup {
            identities: 0,
            two_mailboxes: true,
            ..base(
                "guesses",
                policy(LinkOnMatch::Prove, no_codes),
                Events { guesses: true, split: true, ..none },
                vec![state(|s| {
                    registered(s);
                    s.db.addresses[1] = Address { owner: 1, proof: LOOP };
                    s.sessions[0] = Session { user: 1, method: PASSKEY, scope: ACCOUNT, ..Session::default() };
                    passkey_of_victim(s);
                })],
            )
        },
    ]
}
