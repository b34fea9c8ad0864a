//! Setups: a policy, who exists at the start, and what may happen. Each is explored on its own; together they cover
//! what no single world of this size could.

use crate::names::{HONEST, Names, OPEN, TENANT, issuer};
use crate::state::{
    ACCOUNT, ACTIVE, Address, Identity, LOOP, LOOP_LONG_AGO, OF_ATTACKER, PASSWORD, Person, Session, State, User,
};
use model::{
    ConnectionPolicy, Level, LinkOnMatch, LocalMethods, MailAuthority, MatchOn, OrganisationPolicy, Policy, Purpose,
    SignUp,
};
use std::collections::BTreeMap;

mod factors;
mod methods;
mod races;

/// Which things happen besides sign-in, sign-up, sign-out, link and unlink.
#[derive(Debug, Clone, Copy, Default)]
pub struct Events {
    /// Commits split into read and guarded write, with crashes between.
    pub split: bool,
    /// Minutes pass, so that nothing is fresh any more.
    pub time: bool,
    /// Months pass: sessions are over, grants expired.
    pub months: bool,
    /// Passwords are set.
    pub passwords: bool,
    /// Second factors are set up and turned off.
    pub factors: bool,
    /// Passkeys are added and removed.
    pub passkeys: bool,
    /// The attacker guesses at the password of the victim's user.
    pub guesses: bool,
    /// The victim's mailbox passes to the attacker.
    pub recycle: bool,
    /// A spent flow is presented again.
    pub replay: bool,
    /// A backup of the first state is restored.
    pub restore: bool,
    /// The operator switches connections and users off and on.
    pub operator: bool,
    pub moves: bool,
    pub merges: bool,
    pub undo: bool,
    pub recovery: bool,
    pub hand_over: bool,
    /// The first connection gets another issuer and goes back: `Some(true)` carries the links along.
    pub epoch: Option<bool>,
    /// Identities that come back carry the user name of the victim's second user.
    pub user_names: bool,
}

pub struct Setup {
    pub name: &'static str,
    pub policy: Policy,
    pub events: Events,
    pub start: Vec<State>,
    /// Identities that take part, a bit each.
    pub identities: u8,
    /// Users an operator marked.
    pub protected: u8,
    /// The honest provider's sign-ins are worth the second level.
    pub honest_two: bool,
    /// The victim may make a second user.
    pub second_user: bool,
    /// What are else the attacker's accounts at the providers are second ones of the victim's.
    pub second_accounts: bool,
    /// Both browsers are the victim's: two devices of one person.
    pub two_devices: bool,
    /// The operator names the open provider as one that sends its own codes, and it does.
    pub vouched: bool,
    /// At the start the attacker has a session of the victim's that was left open long ago.
    pub left_open: bool,
    /// At the start the attacker has left a way in at the victim's user, and stays away while it is there.
    pub trojan: bool,
    /// The attacker knows the victim's password and signs in to their account at the open provider.
    pub known: bool,
    /// Both mailboxes are the victim's.
    pub two_mailboxes: bool,
}

impl Setup {
    pub fn carried(&self) -> bool {
        self.events.epoch == Some(true)
    }

    /// Who can authenticate as an identity. The tenant's administrator can as anybody there; the second epoch's issuer is
    /// the victim's own only where the operator vouches for it.
    pub fn controls(&self, person: Person, identity: u8) -> bool {
        let victims = match identity {
            2 if self.known => return true,
            0 | 2 => true,
            1 | 3 => self.second_accounts,
            4 => return true,
            _ => self.carried(),
        };
        victims == (person == Person::Victim)
    }

    /// Who sits at a browser; the application is as good as the attacker.
    pub fn person_at(&self, browser: u8) -> Person {
        if browser == 0 || (browser == 1 && self.two_devices) { Person::Victim } else { Person::Attacker }
    }

    pub fn takes_part(&self, identity: u8) -> bool {
        self.identities & (1 << identity) != 0
    }
}

fn policy(link_on_match: LinkOnMatch, change: impl FnOnce(&mut Policy)) -> Policy {
    let names = Names::get();
    let rules = |connection: u8| ConnectionPolicy {
        link_on_match,
        mail_authority: MailAuthority {
            issuer: issuer(connection, 1),
            vouched: false,
            authoritative_domains: if connection == HONEST { vec!["home.example".to_owned()] } else { Vec::new() },
        },
        max_links_per_user: 2,
        organisation: (connection == TENANT).then(|| names.organisation.clone()),
        ..ConnectionPolicy::default()
    };
    let mut policy = Policy {
        version: "modelcheck".to_owned(),
        local: LocalMethods { password: true, email_code: true, passkey: true, totp: false },
        host: "id.example".to_owned(),
        sign_up: SignUp::Open,
        selection: model::SelectionPolicy::default(),
        required_level: Level::One,
        connections: (0..3).map(|c| (names.connections[usize::from(c)].clone(), rules(c))).collect(),
        organisations: BTreeMap::from([(names.organisation.clone(), OrganisationPolicy::default())]),
    };
    change(&mut policy);
    policy
}

fn rules(policy: &mut Policy, connection: u8) -> &mut ConnectionPolicy {
    let id = &Names::get().connections[usize::from(connection)];
    policy.connections.get_mut(id).expect("a connection of this world")
}

fn state(change: impl FnOnce(&mut State)) -> State {
    let mut state = State::default();
    change(&mut state);
    state
}

/// The victim with a password and a mailbox that was proven here.
fn registered(state: &mut State) {
    state.db.users[0] = User { status: ACTIVE, password: 1, ..User::default() };
    state.db.addresses[0] = Address { owner: 1, proof: LOOP };
}

/// The victim who came through a provider and has no password.
fn through(state: &mut State, identity: usize) {
    state.db.users[0] = User { status: ACTIVE, ..User::default() };
    state.db.addresses[0] = Address { owner: 1, proof: LOOP };
    state.db.identities[identity] = Identity { holder: 1, ..Identity::default() };
}

fn attacker(state: &mut State) {
    let slot = usize::from(OF_ATTACKER);
    state.db.users[slot] = User { status: ACTIVE, password: 2, ..User::default() };
    state.db.addresses[1] = Address { owner: OF_ATTACKER + 1, proof: LOOP };
}

const FOUR: u8 = 0b00_1111;

fn base(name: &'static str, policy: Policy, events: Events, start: Vec<State>) -> Setup {
    Setup {
        name,
        policy,
        events,
        start,
        identities: FOUR,
        protected: 0,
        honest_two: false,
        second_user: false,
        second_accounts: false,
        two_devices: false,
        vouched: false,
        left_open: false,
        trojan: false,
        known: false,
        two_mailboxes: false,
    }
}

/// Nobody yet; the victim by password; the victim by each provider, with the attacker beside.
fn usual() -> Vec<State> {
    vec![
        state(|_| {}),
        state(|s| {
            registered(s);
            attacker(s);
        }),
        state(|s| {
            through(s, 0);
            attacker(s);
        }),
        state(|s| {
            through(s, 2);
            attacker(s);
        }),
    ]
}

/// Two users of the victim: one by password and mailbox, one by the open provider without an address.
fn two_users() -> State {
    state(|s| {
        registered(s);
        s.db.users[1] = User { status: ACTIVE, password: 1, ..User::default() };
        s.db.identities[2] = Identity { holder: 2, ..Identity::default() };
        attacker(s);
    })
}

/// All setups, cheap ones first.
pub fn all() -> Vec<Setup> {
    let none = Events::default();
    let everyday = Events { time: true, split: true, ..none };
    let mut setups = Vec::new();
    for (name, mode) in
        [("off", LinkOnMatch::Off), ("prove", LinkOnMatch::Prove), ("verified_email", LinkOnMatch::VerifiedEmail)]
    {
        setups.push(base(name, policy(mode, |_| {}), none, usual()));
    }
    setups.push(base(
        "replay",
        policy(LinkOnMatch::Prove, |_| {}),
        Events { replay: true, passwords: true, ..none },
        usual(),
    ));
    // A mailbox alone must not be enough where it may pass on.
    setups.push(base(
        "recycled_mailbox",
        policy(LinkOnMatch::Prove, |p| p.local.email_code = false),
        Events { recycle: true, time: true, ..none },
        usual(),
    ));
    setups.push(base(
        "old_mailbox_proof",
        policy(LinkOnMatch::VerifiedEmail, |_| {}),
        Events { time: true, ..none },
        vec![state(|s| {
            registered(s);
            s.db.addresses[0].proof = LOOP_LONG_AGO;
        })],
    ));
    setups.push(Setup {
        vouched: true,
        ..base(
            "vouched",
            policy(LinkOnMatch::VerifiedEmail, |p| rules(p, OPEN).mail_authority.vouched = true),
            none,
            usual(),
        )
    });
    for (name, purpose) in
        [("link_only", Purpose::LinkOnly), ("sign_in_only", Purpose::SignInOnly), ("data_only", Purpose::DataOnly)]
    {
        setups.push(base(name, policy(LinkOnMatch::Prove, |p| rules(p, OPEN).purpose = purpose), none, usual()));
    }
    for (name, sign_up) in [("invited", SignUp::Invited), ("closed", SignUp::Closed)] {
        let change = |p: &mut Policy| {
            p.sign_up = sign_up;
            rules(p, HONEST).sign_up = sign_up;
            rules(p, OPEN).sign_up = sign_up;
        };
        setups.push(base(name, policy(LinkOnMatch::VerifiedEmail, change), none, usual()));
    }
    setups.push(base(
        "no_local_methods",
        policy(LinkOnMatch::Prove, |p| {
            p.local = LocalMethods { password: false, email_code: false, passkey: false, totp: false };
            rules(p, OPEN).max_links_per_user = 1;
        }),
        Events { operator: true, ..none },
        vec![
            state(|_| {}),
            state(|s| {
                through(s, 0);
                s.db.identities[2] = Identity { holder: 1, ..Identity::default() };
            }),
        ],
    ));
    // A password names its user by an address: without one it opens nothing.
    setups.push(base(
        "two_doors",
        policy(LinkOnMatch::Prove, |_| {}),
        none,
        vec![state(|s| {
            s.db.users[0] = User { status: ACTIVE, password: 1, ..User::default() };
            s.db.identities[2] = Identity { holder: 1, ..Identity::default() };
        })],
    ));
    setups.push(Setup { protected: 1, ..base("protected", policy(LinkOnMatch::VerifiedEmail, |_| {}), none, usual()) });
    setups.push(Setup {
        honest_two: true,
        ..base(
            "second_level",
            policy(LinkOnMatch::VerifiedEmail, |p| rules(p, HONEST).level = Level::Two),
            Events { recovery: true, passwords: true, ..none },
            vec![state(|s| {
                through(s, 0);
                s.db.users[0].two = true;
                s.db.users[0].password = 1;
                s.db.identities[2] = Identity { holder: 1, ..Identity::default() };
                attacker(s);
            })],
        )
    });
    // A tenant whose administrator asserts anybody; the victim outside its walls, then inside.
    for (name, member) in [("tenant", false), ("tenant_member", true)] {
        let start = |with_link: bool| {
            state(|s| {
                registered(s);
                s.db.users[0].member = member;
                if with_link {
                    s.db.identities[4] = Identity { holder: 1, ..Identity::default() };
                }
                attacker(s);
            })
        };
        setups.push(Setup {
            identities: 0b01_1001,
            ..base(
                name,
                policy(LinkOnMatch::VerifiedEmail, |_| {}),
                Events { passwords: true, ..none },
                vec![start(false), start(member)],
            )
        });
    }
    setups.push(Setup {
        identities: 0b01_0101,
        ..base(
            "forced_connection",
            policy(LinkOnMatch::VerifiedEmail, |p| {
                let tenant = Names::get();
                let rules = OrganisationPolicy {
                    forced_connection: Some(tenant.connections[usize::from(TENANT)].clone()),
                    ..OrganisationPolicy::default()
                };
                p.organisations.insert(tenant.organisation.clone(), rules);
            }),
            none,
            vec![state(|s| {
                registered(s);
                s.db.users[0].member = true;
                s.db.identities[4] = Identity { holder: 1, ..Identity::default() };
                attacker(s);
            })],
        )
    });
    setups.push(Setup {
        second_user: true,
        ..base(
            "user_names",
            policy(LinkOnMatch::VerifiedEmail, |p| {
                for connection in [HONEST, OPEN] {
                    rules(p, connection).match_on = MatchOn { address: true, user_name: true };
                }
            }),
            Events { user_names: true, ..none },
            vec![two_users()],
        )
    });
    setups.push(base(
        "hand_over",
        policy(LinkOnMatch::Prove, |_| {}),
        Events { hand_over: true, passwords: true, time: true, ..none },
        vec![state(|s| {
            registered(s);
            s.db.identities[2] = Identity { holder: 1, ..Identity::default() };
            attacker(s);
        })],
    ));
    setups.push(base(
        "restore",
        policy(LinkOnMatch::Prove, |_| {}),
        Events { restore: true, replay: true, split: true, ..none },
        vec![state(|s| {
            registered(s);
            s.db.identities[2] = Identity { holder: 1, ..Identity::default() };
            attacker(s);
        })],
    ));
    for (name, carried, identities) in [("new_issuer", false, 0b10_0111), ("renamed_issuer", true, 0b10_1101)] {
        setups.push(Setup {
            identities,
            ..base(
                name,
                policy(LinkOnMatch::VerifiedEmail, |_| {}),
                Events { epoch: Some(carried), split: true, ..none },
                vec![state(|s| {
                    registered(s);
                    s.db.identities[0] = Identity { holder: 1, ..Identity::default() };
                })],
            )
        });
    }
    setups.push(Setup {
        second_user: true,
        identities: 0b00_0101,
        ..base(
            "move",
            policy(LinkOnMatch::Prove, |_| {}),
            Events { moves: true, time: true, ..none },
            vec![two_users()],
        )
    });
    setups.push(Setup {
        second_user: true,
        ..base(
            "merge",
            policy(LinkOnMatch::Prove, |_| {}),
            Events { merges: true, time: true, ..none },
            vec![two_users()],
        )
    });
    // The survivor reaches the level that the other requires, and the other is a member somewhere.
    setups.push(Setup {
        second_user: true,
        second_accounts: true,
        honest_two: true,
        identities: 0b01_0111,
        ..base(
            "merge_levels",
            policy(LinkOnMatch::Prove, |p| rules(p, HONEST).level = Level::Two),
            Events { merges: true, ..none },
            vec![state(|s| {
                *s = two_users();
                s.db.users[0].two = true;
                s.db.users[0].member = true;
                s.db.identities[4] = Identity { holder: 1, ..Identity::default() };
                s.db.identities[0] = Identity { holder: 2, ..Identity::default() };
                s.db.identities[1] = Identity { holder: 1, ..Identity::default() };
            })],
        )
    });
    setups.push(base(
        "undo_without_local_methods",
        policy(LinkOnMatch::VerifiedEmail, |p| p.local.email_code = false),
        Events { undo: true, operator: true, ..none },
        vec![state(|s| through(s, 2))],
    ));
    setups.push(Setup {
        second_user: true,
        identities: 0b00_0101,
        ..base(
            "undo_two_users",
            policy(LinkOnMatch::Prove, |_| {}),
            Events { undo: true, ..none },
            vec![state(registered)],
        )
    });
    setups.push(Setup {
        second_accounts: true,
        ..base(
            "second_accounts",
            policy(LinkOnMatch::VerifiedEmail, |p| rules(p, OPEN).max_links_per_user = 1),
            none,
            vec![state(|s| {
                registered(s);
                s.db.identities[2] = Identity { holder: 1, ..Identity::default() };
            })],
        )
    });
    setups.push(base(
        "undo",
        policy(LinkOnMatch::VerifiedEmail, |_| {}),
        Events { undo: true, months: true, ..none },
        vec![state(|s| {
            registered(s);
            attacker(s);
        })],
    ));
    setups.push(Setup {
        left_open: true,
        ..base(
            "recovery",
            policy(LinkOnMatch::Prove, |_| {}),
            Events { recovery: true, undo: true, months: true, passwords: true, ..none },
            vec![state(|s| {
                registered(s);
                s.db.identities[2] = Identity { holder: 1, recent: true, ..Identity::default() };
                s.sessions[1] =
                    Session { user: 1, method: PASSWORD, fresh: false, two: false, scope: ACCOUNT, dead: false };
            })],
        )
    });
    setups.push(base(
        "operator",
        policy(LinkOnMatch::Prove, |p| p.local.email_code = false),
        Events { operator: true, split: true, ..none },
        vec![state(|s| {
            through(s, 0);
            s.db.identities[2] = Identity { holder: 1, ..Identity::default() };
        })],
    ));
    setups.extend(methods::all());
    setups.extend(factors::all());
    setups.extend(races::all());
    for (name, mode) in [
        ("everyday_off", LinkOnMatch::Off),
        ("everyday", LinkOnMatch::Prove),
        ("everyday_verified_email", LinkOnMatch::VerifiedEmail),
    ] {
        let events = Events { passwords: true, replay: true, ..everyday };
        setups.push(base(name, policy(mode, |_| {}), events, usual()));
    }
    setups
}
