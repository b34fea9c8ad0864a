//! A page per reason, generated. Which decisions and which rows can give it is seen and not written: every decision runs
//! on several situations with every pair of changes, and the sources hold the list of reasons that must be seen.

use crate::matrix::every_class;
use crate::world::{
    HOME, MALLORY, NOW, PRESENT, SESSION, SUBJECT, VERA, World, authority, code_method, connection, identity, link,
    link_id, link_method, namespace, passkey, passkey_id, session,
};
use linking::{
    Carry, ClientTerms, Credential, EndSessions, HandoverInput, LinkInput, LocalSignIn, MergeInput,
    MoveConnectionInput, MoveInput, Reason, RecoverInput, SetTotp, SignInInput, SignUpInput, StepUpInput, Stranded,
    UndoInput, UnlinkInput, UnmergeInput,
};
use model::{
    Address, Assertion, AuthorizationFacts, AuthorizationId, ChainHead, ClientFacts, ConnectionPolicy, ConsentFacts,
    CredentialFacts, DAY, DeviceFacts, DeviceState, EventId, Evidence, Factor, FactorProof, Facts, GrantFacts, HOUR,
    Level, LinkOnMatch, LinkState, MINUTE, MatchOn, Method, MethodKind, OrganisationId, OrganisationPolicy, Proof,
    Purpose, RegisteredBy, RegistrationToken, RegistryFacts, SECOND, Secret, SessionFacts, SessionScope, SignUp,
    StoredClient, ThrottleFacts, TotpFacts, Undoable, UserId, UserStatus,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

/// A world and what the facts hold besides.
#[derive(Clone)]
struct Case {
    world: World,
    grant: Option<GrantFacts>,
    user_name_owner: Option<UserId>,
    /// Whom a merge would absorb, and who a status or a change is for.
    absorbed: UserId,
    missing: bool,
    status: UserStatus,
    force: bool,
    stranded: bool,
    enabled: bool,
    epoch: i64,
    proofs: Vec<Proof>,
}

fn case(change: impl FnOnce(&mut Case)) -> Case {
    let mut case = Case {
        world: World::new(),
        grant: None,
        user_name_owner: None,
        absorbed: MALLORY,
        missing: false,
        status: UserStatus::Disabled,
        force: false,
        stranded: false,
        enabled: false,
        epoch: 2,
        proofs: vec![proof(VERA, Method::Password)],
    };
    change(&mut case);
    case
}

fn proof(user: UserId, method: Method) -> Proof {
    Proof::of_checked(user, method, Level::One, NOW - SECOND)
}

fn grant(what: Undoable) -> GrantFacts {
    let event = EventId::from_bytes([6; 16]);
    GrantFacts { event, user: VERA, what, made_at: NOW - HOUR, expires_at: NOW + DAY, spent: false, followed: false }
}

fn of_link() -> (model::LinkId, model::ConnectionId, model::ExternalIdentity) {
    (link_id(10), connection("acme"), identity("acme", SUBJECT))
}

fn bases() -> Vec<Case> {
    let signed_in = || case(|case| case.world.session = Some(session(VERA, Method::Password)));
    let with = |mut case: Case, change: &dyn Fn(&mut Case)| {
        change(&mut case);
        case
    };
    let (link_id, through, identity) = of_link();
    let linked = |case: &mut Case, state| case.world.user(VERA).links.push(link(10, "acme", SUBJECT, state));
    vec![
        case(|_| {}),
        signed_in(),
        case(|case| case.world.proof = Some((proof(VERA, Method::Password), VERA))),
        // Mallory's account is Vera's second one, and she has proven it.
        with(signed_in(), &|case| {
            case.world.user(MALLORY).links.push(link(10, "acme", SUBJECT, LinkState::Active));
            case.world.proof = Some((proof(MALLORY, Method::Password), MALLORY));
        }),
        with(signed_in(), &|case| {
            linked(case, LinkState::Active);
            let (link, connection, identity) = (link_id, through.clone(), identity.clone());
            case.grant = Some(grant(Undoable::Link { link, connection, identity }));
        }),
        with(signed_in(), &|case| {
            linked(case, LinkState::Removed);
            let (link, connection, identity) = (link_id, through.clone(), identity.clone());
            case.grant = Some(grant(Undoable::Unlink { link, connection, identity }));
        }),
        with(signed_in(), &|case| {
            linked(case, LinkState::Active);
            case.world.user(MALLORY).status = UserStatus::Absorbed;
            let what = Undoable::Merge {
                absorbed: MALLORY,
                links: vec![link_id],
                addresses: Vec::new(),
                required_level: (Level::One, Level::One),
            };
            case.grant = Some(grant(what));
            case.world.proof = Some((proof(VERA, link_method(10, "acme")), VERA));
        }),
    ]
}

/// Where the connection is configured still.
fn rules(case: &mut Case, change: impl FnOnce(&mut ConnectionPolicy)) {
    if let Some(rules) = case.world.policy.connections.get_mut(&connection("acme")) {
        change(rules);
    }
}

type Made = Box<dyn Fn(&mut Case)>;

/// Single changes of every kind of fact that a decision may look at.
fn changes() -> Vec<Made> {
    fn of(change: impl Fn(&mut Case) + 'static) -> Made {
        Box::new(change)
    }
    let navy = || OrganisationId::parse("navy").unwrap();
    let mut all = vec![
        of(|case| case.world.session = Some(session(MALLORY, Method::Password))),
        of(|case| case.world.session = Some(session(VERA, link_method(10, "acme")))),
        of(|case| case.world.session = None),
        of(|case| case.world.session.iter_mut().for_each(|session| session.scope = SessionScope::Application)),
        of(|case| case.world.session.iter_mut().for_each(|session| session.authenticated_at = NOW - HOUR)),
        of(|case| case.world.user(VERA).protected = true),
        of(|case| case.world.user(VERA).password = None),
        of(|case| case.world.user(MALLORY).password = None),
        of(|case| case.world.user(VERA).version += 1),
        of(|case| case.world.user(VERA).required_level = Level::Two),
        of(|case| case.world.user(MALLORY).required_level = Level::Two),
        of(|case| case.world.policy.required_level = Level::Two),
        of(|case| case.world.policy.local.password = false),
        of(|case| case.world.policy.local.email_code = false),
        of(|case| case.world.user(VERA).addresses.clear()),
        of(|case| case.world.user(VERA).links.clear()),
        of(|case| case.world.user(VERA).links.push(link(20, "acme", "another", LinkState::Active))),
        of(|case| case.world.parts.mail = None),
        of(|case| case.world.mailbox = Address::parse(crate::world::MAIL).ok()),
        of(|case| case.world.mailbox = Address::parse("nobody@new.example").ok()),
        of(|case| case.world.separate = true),
        of(|case| case.world.switch = true),
        of(|case| case.world.connections.iter_mut().take(1).for_each(|acme| acme.enabled = false)),
        of(|case| {
            for acme in case.world.connections.iter_mut().take(1) {
                (acme.epoch, acme.namespace) = (2, namespace("acme", 2));
            }
        }),
        of(|case| drop(case.world.policy.connections.remove(&connection("acme")))),
        of(|case| case.world.connections.truncate(0)),
        of(|case| rules(case, |rules| rules.max_links_per_user = 0)),
        of(move |case| rules(case, |rules| rules.organisation = Some(navy()))),
        of(move |case| {
            case.world.user(VERA).organisations.push(navy());
            let forced =
                OrganisationPolicy { forced_connection: Some(connection("other")), ..OrganisationPolicy::default() };
            case.world.policy.organisations.insert(navy(), forced);
        }),
        of(|case| {
            rules(case, |rules| rules.match_on = MatchOn { address: true, user_name: true });
            case.user_name_owner = Some(MALLORY);
        }),
        of(|case| case.world.policy.sign_up = SignUp::Closed),
        of(|case| case.world.policy.sign_up = SignUp::Invited),
        of(|case| case.world.throttles = vec![blocked()]),
        of(|case| case.world.for_device = true),
        of(|case| case.grant.iter_mut().for_each(|grant| grant.spent = true)),
        of(|case| case.grant.iter_mut().for_each(|grant| grant.expires_at = NOW)),
        of(|case| case.absorbed = VERA),
        of(|case| case.missing = true),
        of(|case| case.force = true),
        of(|case| case.stranded = true),
        of(|case| case.enabled = true),
        of(|case| case.epoch = 1),
        of(|case| case.epoch = 9),
        of(|case| case.proofs.clear()),
        of(|case| case.proofs = vec![proof(MALLORY, Method::Password)]),
        of(|case| case.proofs = vec![Proof::of_checked(VERA, Method::Password, Level::One, NOW - HOUR)]),
        of(|case| case.proofs = vec![proof(VERA, link_method(77, "acme"))]),
    ];
    for state in [LinkState::Active, LinkState::Held, LinkState::Removed] {
        for user in [VERA, MALLORY] {
            all.push(of(move |case| case.world.user(user).links.push(link(10, "acme", SUBJECT, state))));
        }
    }
    for status in [UserStatus::Active, UserStatus::Disabled, UserStatus::Deleted, UserStatus::Absorbed] {
        for user in [VERA, MALLORY] {
            all.push(of(move |case| case.world.user(user).status = status));
        }
        all.push(of(move |case| case.status = status));
    }
    for evidence in [Evidence::Vouched, Evidence::Authoritative] {
        all.push(of(move |case| rules(case, |rules| rules.mail_authority = authority(evidence))));
    }
    for link_on_match in [LinkOnMatch::Off, LinkOnMatch::VerifiedEmail] {
        all.push(of(move |case| rules(case, |rules| rules.link_on_match = link_on_match)));
    }
    for sign_up in [SignUp::Closed, SignUp::Invited] {
        all.push(of(move |case| rules(case, |rules| rules.sign_up = sign_up)));
    }
    for purpose in [Purpose::SignInOnly, Purpose::LinkOnly, Purpose::DataOnly] {
        all.push(of(move |case| rules(case, |rules| rules.purpose = purpose)));
    }
    all.push(of(|case| case.world.user(VERA).passkeys.push(passkey(1))));
    all.push(of(|case| case.world.user(VERA).passkeys = (1..=20).map(passkey).collect()));
    all.push(of(|case| case.world.policy.local.passkey = false));
    all.push(of(|case| case.world.policy.local.totp = false));
    all.push(of(|case| {
        case.world.user(VERA).passkeys.push(passkey(1));
        case.world.policy.local.password = false;
        case.world.policy.local.email_code = false;
    }));
    all.push(of(|case| {
        case.world.user(VERA).protected = true;
        case.world.user(VERA).addresses.truncate(1);
        case.world.policy.local.password = false;
    }));
    let totp = || TotpFacts { secret: vec![7], last_step: 1, codes: vec![[1; 32]], added_at: NOW };
    all.push(of(move |case| case.world.user(VERA).totp = Some(totp())));
    all.push(of(move |case| {
        case.world.user(VERA).totp = Some(totp());
        case.world.session = Some(SessionFacts { level: Level::Two, ..session(VERA, Method::Password) });
    }));
    let methods =
        [Method::Password, link_method(10, "acme"), code_method(HOME), Method::Passkey { passkey: passkey_id(1) }];
    for (user, method) in [VERA, MALLORY].into_iter().flat_map(|user| methods.clone().map(|method| (user, method))) {
        all.push(of(move |case| case.world.proof = Some((proof(user, method.clone()), user))));
    }
    let old = Proof::of_checked(VERA, Method::Password, Level::One, NOW - MINUTE.times(6));
    let olds = [old, Proof::of_checked(MALLORY, Method::Password, Level::One, NOW - HOUR)];
    for old in olds {
        all.push(of(move |case| case.world.proof = Some((old.clone(), old.user()))));
    }
    all
}

fn blocked() -> ThrottleFacts {
    ThrottleFacts { key: b"pair:1".to_vec(), failures: 9, blocked_until: NOW + HOUR, updated_at: NOW }
}

type Seen = BTreeMap<Reason, BTreeMap<&'static str, BTreeSet<u8>>>;

/// Every decision on one case.
fn observe(case: &Case, seen: &mut Seen) {
    let world = &case.world;
    let mut facts = world.facts();
    facts.grant.clone_from(&case.grant);
    facts.user_name_owner = case.user_name_owner;
    if case.missing {
        facts.users.clear();
    }
    let assertion = &Assertion::from_verified(world.parts.clone());
    // A ticket from before whatever changed the version.
    let version = |user: UserId| 40 + i64::from(user.as_bytes()[0]);
    let none = proof(VERA, Method::Password);
    let (given, named) = world.proof.clone().unwrap_or((none, VERA));
    let (facts, given, clear) = (&facts, &given, &[][..]);
    let phc = &Secret::new("$argon2id$new".to_owned());
    let address = &Address::parse("nobody@new.example").unwrap();
    let address = if world.mailbox.is_some() { address } else { &Address::parse(crate::world::MAIL).unwrap() };
    let credential = CredentialFacts { passkey: passkey_id(9), user: MALLORY, handle: vec![7], key: String::new() };
    let taken = &Facts { credential: Some(credential), ..facts.clone() };
    let stranded = &Stranded { users: if case.stranded { vec![VERA] } else { Vec::new() } };
    let (acme, chain) = (&connection("acme"), ChainHead::default());
    world.context(|context, terms, new_user| {
        let mut saw = |decision: &'static str, reason: Reason, row: Option<u8>| {
            seen.entry(reason).or_default().entry(decision).or_default().extend(row);
        };
        macro_rules! decide {
            ($($name:ident($($argument:expr),*);)*) => {$(
                let decision = linking::$name($($argument),*);
                saw(stringify!($name), decision.reason, decision.row);
            )*};
        }
        let switch_confirmed = world.switch;
        let shown = FactorProof::of_checked(VERA, Factor::Totp, NOW);
        let new_totp = SetTotp { secret: &[9], step: 2, codes: &[[8; 32]], shown: &shown };
        let sign_in = SignInInput {
            facts,
            assertion,
            mailbox: world.mailbox.as_ref(),
            proof: world.proof.as_ref().map(|(proof, named)| (proof, *named)),
            factor: world.factor.as_ref(),
            switch_confirmed,
            separate_confirmed: world.separate,
            for_device: world.for_device,
            terms,
            new_user,
        };
        let (user, session, user_version) = (VERA, SESSION, version(VERA));
        let moving = MoveInput { facts, assertion, user, session, user_version, from: named, proof: given, terms };
        let merging = MergeInput {
            facts,
            user,
            session,
            user_version,
            absorbed: case.absorbed,
            absorbed_version: version(case.absorbed),
            proof: given,
            terms,
        };
        let sign_up = SignUpInput { facts, address, name: "Vera", phc, switch_confirmed, terms, new_user };
        let moved = |carry| MoveConnectionInput {
            facts,
            connection: acme,
            issuer: "https://id.acme.example",
            client_id: "selfsame",
            subject_claim: "sub",
            subject_scope: None,
            epoch: case.epoch,
            carry,
            stranded,
            fingerprint: 1,
            force: case.force,
            store_chain: chain,
        };
        let removal = |session| UnlinkInput { facts, user, link: link_id(10), session, force: case.force };
        let proofs = &case.proofs;
        decide! {
            decide_sign_in(context, &sign_in);
            decide_link(context, &LinkInput { facts, assertion, user, session, user_version, terms });
            decide_unlink(context, &removal(Some(session)));
            decide_unlink(context, &removal(None));
            decide_move(context, &moving);
            decide_merge(context, &merging);
            decide_unmerge(context, &UnmergeInput { facts, session, proof: given, terms });
            decide_freeze(context, facts);
            decide_undo(context, &UndoInput { facts, session });
            decide_recover(context, &RecoverInput { facts, user, proofs, switch_confirmed, terms, clear });
            decide_release(context, facts, session, link_id(10));
            decide_local_sign_in(context, &LocalSignIn { facts, proof: given, switch_confirmed, terms, clear });
            decide_sign_up(context, &sign_up);
            decide_step_up(context, &StepUpInput { facts, proof: given, user, terms, clear });
            decide_sign_out(context, facts);
            decide_set_password(context, facts, session, phc, terms);
            decide_add_passkey(context, facts, session, &NEW_CREDENTIAL);
            decide_add_passkey(context, taken, session, &NEW_CREDENTIAL);
            decide_remove_passkey(context, facts, session, passkey_id(1));
            decide_set_totp(context, facts, session, &new_totp, terms);
            decide_remove_totp(context, facts, session, terms);
            decide_recovery_codes(context, facts, session, &[[8; 32]]);
            decide_handover(context, &HandoverInput { facts, session: &PRESENT, terms });
            decide_user_status(context, facts, user, case.status);
            decide_end_session(context, facts, user, EndSessions::All);
            decide_connection_change(
                context, facts, acme, case.enabled, stranded.clone(), 1, case.force, chain
            );
            decide_connection_move(context, &moved(Carry::Nobody));
            decide_connection_move(context, &moved(Carry::SameSubjects));
            decide_declaration(context, facts, &World::new().connections[0], chain);
            decide_attempt(facts, &[b"pair:1".to_vec()], world.now);
            decide_withdrawal(context, facts, "shop");
        }
        for known in &registries() {
            decide! {
                decide_client_creation(context, known, &stored("new", RegisteredBy::Operator));
                decide_client_creation(context, known, &stored("new", RegisteredBy::Itself));
                decide_client_change(context, known, "{}", &[]);
                decide_client_change(context, known, "", &[]);
                decide_client_removal(context, known);
                decide_registration_token(context, known, &registration_token());
                decide_token_revocation(context, known);
            }
        }
        let client = &ClientTerms {
            client: "shop",
            scope: &SCOPE,
            sector: "public",
            new_sub: "new",
            first_party: false,
            version: None,
            lifetime: HOUR,
            rotates: true,
            hears_of_logout: false,
        };
        for known in &known_clients() {
            decide! {
                decide_authorization(context, facts, known, client, AUTHORIZATION);
                decide_consent(context, facts, known, client);
                decide_refresh(context, facts, known, client, 1);
                decide_entry(context, facts, known, client);
                decide_code_reuse(context, facts, known);
            }
        }
        for device in [None, Some(DeviceState::Pending), Some(DeviceState::Approved)] {
            let facts = &Facts { device: device.map(waiting), ..facts.clone() };
            decide! {
                decide_device_claim(context, facts, &[b"pair:1".to_vec()]);
            }
            for known in &known_clients() {
                decide! {
                    decide_device_answer(context, facts, known, client, true);
                    decide_device_answer(context, facts, known, client, false);
                    decide_device_redemption(context, facts, known, client);
                }
            }
        }
    });
}

const NEW_CREDENTIAL: Credential<'_> = Credential { id: &[9], handle: &[7], key: "key", name: "Phone" };
const AUTHORIZATION: AuthorizationId = AuthorizationId::from_bytes([9; 16]);
static SCOPE: std::sync::LazyLock<Vec<String>> = std::sync::LazyLock::new(|| vec!["openid".to_owned()]);

/// A device whose code the session typed.
fn waiting(state: DeviceState) -> DeviceFacts {
    DeviceFacts {
        code: [1; 32],
        id: AUTHORIZATION,
        client: "shop".to_owned(),
        scope: SCOPE.clone(),
        user_agent: String::new(),
        source: Vec::new(),
        state,
        claimed_by: Some(SESSION),
        interval: SECOND,
        created_at: NOW,
        expires_at: NOW + MINUTE,
    }
}

/// A client that was never heard of, one that was let in, one whose token is old, and one that rests on a link.
fn known_clients() -> Vec<ClientFacts> {
    let consent = Some(ConsentFacts { scope: SCOPE.clone(), given_at: NOW });
    let given = |generation, link| AuthorizationFacts {
        id: AUTHORIZATION,
        client: "shop".to_owned(),
        user: VERA,
        session: SESSION,
        link,
        method: MethodKind::Password,
        level: Level::One,
        authenticated_at: NOW,
        sub: "known".to_owned(),
        scope: SCOPE.clone(),
        offline: true,
        generation,
        created_at: NOW,
        expires_at: NOW + HOUR,
        store_epoch: World::new().facts().store_epoch,
        session_expires_at: None,
    };
    let of = |consent: &Option<ConsentFacts>, authorization| ClientFacts {
        sub: None,
        consent: consent.clone(),
        authorization: Some(authorization),
    };
    vec![
        ClientFacts::default(),
        ClientFacts { consent: consent.clone(), ..ClientFacts::default() },
        of(&consent, given(1, None)),
        of(&None, given(1, None)),
        of(&consent, given(2, None)),
        of(&consent, given(1, Some(link_id(10)))),
    ]
}

fn stored(id: &str, registered_by: RegisteredBy) -> StoredClient {
    StoredClient {
        id: id.to_owned(),
        version: 1,
        metadata: String::new(),
        secrets: Vec::new(),
        registered_by,
        access_token: None,
        created_at: NOW,
        changed_at: NOW,
    }
}

fn registration_token() -> RegistrationToken {
    RegistrationToken {
        id: "token".to_owned(),
        hash: [1; 32],
        uses_left: 1,
        client_credentials: false,
        created_by: "olga".to_owned(),
        created_at: NOW,
        expires_at: NOW + HOUR,
    }
}

/// Nothing known, a token that counts, and a client that is there.
fn registries() -> Vec<RegistryFacts> {
    let token = Some(registration_token());
    let client = Some(stored("known", RegisteredBy::Operator));
    vec![
        RegistryFacts::default(),
        RegistryFacts { token: token.clone(), ..RegistryFacts::default() },
        RegistryFacts { token, client, ..RegistryFacts::default() },
    ]
}

fn observed() -> Seen {
    let mut seen = Seen::new();
    every_class(|_, _, _, decision| {
        seen.entry(decision.reason).or_default().entry("decide_sign_in").or_default().extend(decision.row);
    });
    let changes = changes();
    for base in bases() {
        observe(&base, &mut seen);
        for (at, first) in changes.iter().enumerate() {
            let mut one = base.clone();
            first(&mut one);
            observe(&one, &mut seen);
            for second in &changes[at + 1..] {
                let mut both = one.clone();
                second(&mut both);
                observe(&both, &mut seen);
            }
        }
    }
    seen
}

/// Sources of decisions, and which decisions they hold: what a source names must be seen from one of them.
const SOURCES: &[(&str, &str, &[&str])] = &[
    (
        "factor",
        include_str!("../../src/factor.rs"),
        &["decide_set_totp", "decide_remove_totp", "decide_recovery_codes"],
    ),
    ("administer", include_str!("../../src/administer.rs"), &["decide_user_status", "decide_end_session"]),
    (
        "connection_change",
        include_str!("../../src/connection_change.rs"),
        &["decide_connection_change", "decide_declaration"],
    ),
    (
        "application",
        include_str!("../../src/application.rs"),
        &[
            "decide_authorization",
            "decide_code_reuse",
            "decide_consent",
            "decide_device_answer",
            "decide_entry",
            "decide_refresh",
            "decide_withdrawal",
        ],
    ),
    (
        "device",
        include_str!("../../src/device.rs"),
        &["decide_device_answer", "decide_device_claim", "decide_device_redemption"],
    ),
    (
        "client",
        include_str!("../../src/client.rs"),
        &[
            "decide_client_creation",
            "decide_client_change",
            "decide_client_removal",
            "decide_registration_token",
            "decide_token_revocation",
        ],
    ),
    ("epoch", include_str!("../../src/epoch.rs"), &["decide_connection_move"]),
    ("link", include_str!("../../src/link.rs"), &["decide_link"]),
    (
        "local",
        include_str!("../../src/local.rs"),
        &[
            "decide_local_sign_in",
            "decide_sign_up",
            "decide_step_up",
            "decide_sign_out",
            "decide_set_password",
            "decide_handover",
        ],
    ),
    ("matched", include_str!("../../src/matched.rs"), &["decide_sign_in"]),
    ("merge", include_str!("../../src/merge.rs"), &["decide_merge", "decide_unmerge"]),
    ("move_link", include_str!("../../src/move_link.rs"), &["decide_move"]),
    ("recover", include_str!("../../src/recover.rs"), &["decide_recover", "decide_release"]),
    ("sign_in", include_str!("../../src/sign_in.rs"), &["decide_sign_in"]),
    ("throttle", include_str!("../../src/throttle.rs"), &["decide_attempt"]),
    ("undo", include_str!("../../src/undo.rs"), &["decide_freeze", "decide_undo"]),
    ("unlink", include_str!("../../src/unlink.rs"), &["decide_unlink"]),
];

/// The names of reasons in a text of Rust.
fn named(source: &str) -> BTreeSet<&str> {
    source
        .match_indices("Reason::")
        .map(|(at, word)| {
            let rest = &source[at + word.len()..];
            &rest[..rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len())]
        })
        .collect()
}

/// The person's sentence in English, where there is one.
fn person(code: &str) -> Option<&'static str> {
    let key = format!("reason-{} = ", code.replace('_', "-"));
    include_str!("../../../web/locales/en.ftl").lines().find_map(|line| line.strip_prefix(&key))
}

fn given_by(decisions: &BTreeMap<&'static str, BTreeSet<u8>>) -> String {
    let mut text = String::new();
    for (decision, rows) in decisions {
        let rows: Vec<String> = rows.iter().map(u8::to_string).collect();
        let of = match rows.len() {
            0 => String::new(),
            1 => format!(", row {}", rows[0]),
            _ => format!(", rows {}", rows.join(", ")),
        };
        writeln!(text, "- `{decision}`{of}").unwrap();
    }
    text
}

const GENERATED: &str =
    "<!-- Generated by `UPDATE_GENERATED=1 cargo nextest run -p linking -E 'test(reasons::)'`: change reason.rs. -->\n";

fn page(reason: Reason, decisions: &BTreeMap<&'static str, BTreeSet<u8>>) -> String {
    let code = reason.code();
    let person = person(code).map_or_else(
        || "People never meet it as an error, so it has no sentence of its own.".to_owned(),
        |sentence| format!("> {sentence}"),
    );
    format!(
        "{GENERATED}# `{code}`\n\n{}\n\n**What would change it.** {}\n\n## What the person reads\n\n{person}\n\n\
         ## Which decisions give it\n\n{}\nRows are those of the sign-in table.\n\n## Where it appears\n\n\
         As `{code}`: in the audit log (`reason`), in log lines (`reason`) and in the JSON API (`code`).\n",
        reason.happened(),
        reason.otherwise(),
        given_by(decisions)
    )
}

fn index() -> String {
    let mut text = format!(
        "{GENERATED}# Reasons\n\nEvery decision gives one of these. The code is stable: it stands in the audit log, in log \
         lines and in the JSON API, and `selfsame explain` says which one a case has.\n\n| code | what happened |\n|---|---|\n"
    );
    let mut all: Vec<Reason> = Reason::ALL.to_vec();
    all.sort_by_key(|reason| reason.code());
    for reason in all {
        writeln!(text, "| [`{code}`]({code}.md) | {} |", reason.happened(), code = reason.code()).unwrap();
    }
    text
}

#[test]
fn the_page_of_every_reason_is_current() {
    let seen = observed();
    for reason in Reason::ALL {
        assert!(seen.contains_key(reason), "no decision was seen to give {reason:?}");
    }
    let mut unseen = Vec::new();
    for (file, source, decisions) in SOURCES {
        for name in named(source) {
            let reason = Reason::ALL.iter().find(|reason| format!("{reason:?}") == name).unwrap();
            if !seen[reason].keys().any(|decision| decisions.contains(decision)) {
                unseen.push((*file, name));
            }
        }
    }
    assert_eq!(unseen, [], "a source names a reason that none of its decisions was seen to give");
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/reasons");
    let mut pages: BTreeMap<String, String> =
        Reason::ALL.iter().map(|reason| (format!("{}.md", reason.code()), page(*reason, &seen[reason]))).collect();
    pages.insert("README.md".to_owned(), index());
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::create_dir_all(&folder).unwrap();
        for (name, text) in &pages {
            std::fs::write(folder.join(name), text).unwrap();
        }
    }
    let there: BTreeSet<String> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(there, pages.keys().cloned().collect(), "a page too many, or one is missing");
    for (name, text) in &pages {
        let stored = std::fs::read_to_string(folder.join(name)).unwrap();
        assert!(stored == *text, "docs/reasons/{name} is old: run this test with UPDATE_GENERATED=1");
    }
}
