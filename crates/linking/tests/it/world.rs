//! A small world: who exists, what they have, what came back from the provider. Facts are computed from it the way the
//! store reads them, so that a test states a situation and not a query.

use linking::{
    Context, Decision, LinkInput, LinkOutcome, LocalOutcome, LocalSignIn, NewUser, SessionTerms, SignInInput,
    SignInOutcome, SignUpInput, SignUpOutcome, StepUpInput, UnlinkInput, UnlinkOutcome, decide_link,
    decide_local_sign_in, decide_sign_in, decide_sign_up, decide_step_up, decide_unlink,
};
use model::{
    Actor, Address, AddressFacts, AddressProof, Assertion, AssertionParts, AuditEvent, ChainHead, Change, ConnectionId,
    ConnectionPolicy, ConnectionState, DAY, DisplayClaims, EventKind, Evidence, Expiring, ExternalIdentity,
    FactorProof, Facts, FlowId, GrantFacts, HOUR, IdentityFacts, Level, LinkFacts, LinkId, LinkState, LocalMethods,
    Mail, MailAuthority, MailBody, MailClaim, MailKind, Method, Micros, Namespace, NewLink, NewSession, OrganisationId,
    PasskeyFacts, PasskeyId, PasswordFacts, Plan, Policy, Proof, Random, SECOND, Secret, SessionFacts, SessionId,
    SessionScope, SignUp, ThrottleFacts, UpstreamSubject, UserFacts, UserId, UserStatus,
};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

pub const NOW: Micros = Micros(1_800_000_000_000_000);
pub const VERA: UserId = UserId::from_bytes([1; 16]);
pub const MALLORY: UserId = UserId::from_bytes([2; 16]);
pub const NEW: UserId = UserId::from_bytes([3; 16]);
pub const SESSION: SessionId = SessionId::from_bytes([7; 16]);
pub const PRESENT: [u8; 32] = [0x5e; 32];
pub const FRESH_SECRET: [u8; 32] = [0xf0; 32];
pub const FLOW: Expiring = Expiring { flow: FlowId::from_bytes([9; 16]), expires_at: Micros(NOW.0 + 600_000_000) };
/// The address of Vera that the provider may bring, and one it never brings.
pub const MAIL: &str = "vera@example.org";
pub const HOME: &str = "vera@home.example";
/// The subject that comes back from `acme`.
pub const SUBJECT: &str = "4711";

/// SplitMix64: the same ids in the same order, every time.
pub struct Seeded(AtomicU64);

impl Seeded {
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Random for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_be_bytes()[..chunk.len()]);
        }
    }
}

pub fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

pub fn connection(name: &str) -> ConnectionId {
    ConnectionId::parse(name).unwrap()
}

pub fn organisation(name: &str) -> OrganisationId {
    OrganisationId::parse(name).unwrap()
}

pub fn namespace(name: &str, epoch: i64) -> Namespace {
    Namespace::new(&format!("https://id.{name}.example"), None, epoch)
}

pub fn identity(name: &str, subject: &str) -> ExternalIdentity {
    ExternalIdentity { namespace: namespace(name, 1), subject: UpstreamSubject::parse(subject).unwrap() }
}

pub fn link_id(n: u8) -> LinkId {
    LinkId::from_bytes([n; 16])
}

pub fn proven(text: &str, proof: AddressProof, at: Micros) -> AddressFacts {
    AddressFacts { address: address(text), proof, proven_at: at }
}

pub fn link(n: u8, name: &str, subject: &str, state: LinkState) -> LinkFacts {
    LinkFacts {
        id: link_id(n),
        connection: connection(name),
        identity: identity(name, subject),
        state,
        linked_at: NOW - DAY,
        last_used_at: None,
        removed_at: (state == LinkState::Removed).then_some(NOW - HOUR),
        display: DisplayClaims::default(),
        address: None,
    }
}

pub fn link_method(n: u8, name: &str) -> Method {
    Method::Link { link: link_id(n), connection: connection(name) }
}

pub fn code_method(text: &str) -> Method {
    Method::EmailCode { address: address(text) }
}

/// An active user with a password, whose only address is proven by a code here.
pub fn user(id: UserId, mail: &str) -> UserFacts {
    UserFacts {
        id,
        version: 40 + i64::from(id.as_bytes()[0]),
        status: UserStatus::Active,
        protected: false,
        required_level: Level::One,
        name: "Somebody".to_owned(),
        created_at: NOW - DAY.times(30),
        organisations: Vec::new(),
        addresses: vec![proven(mail, AddressProof::Loop, NOW - DAY)],
        password: Some(PasswordFacts { phc: Secret::new("$argon2id$…".to_owned()), set_at: NOW - DAY }),
        passkeys: Vec::new(),
        totp: None,
        links: Vec::new(),
        chain: ChainHead { seq: 5, hash: [id.as_bytes()[0]; 32] },
        sealed_key: vec![1],
    }
}

pub fn session(user: UserId, method: Method) -> SessionFacts {
    SessionFacts {
        id: SESSION,
        sid: SESSION,
        hash: PRESENT,
        user,
        level: Level::One,
        scope: SessionScope::Account,
        method,
        authenticated_at: NOW - SECOND.times(60),
        created_at: NOW - SECOND.times(60),
        expires_at: NOW + HOUR,
        store_epoch: 3,
        user_agent: "Firefox".to_owned(),
    }
}

/// How the provider's word about [`MAIL`] comes to be worth this much. `Claimed` is the default of the world.
pub fn authority(evidence: Evidence) -> MailAuthority {
    MailAuthority {
        issuer: "https://id.acme.example".to_owned(),
        vouched: evidence == Evidence::Vouched,
        authoritative_domains: match evidence {
            Evidence::Authoritative => vec!["example.org".to_owned()],
            _ => Vec::new(),
        },
    }
}

#[derive(Debug, Clone)]
pub struct World {
    pub now: Micros,
    pub users: Vec<UserFacts>,
    pub session: Option<SessionFacts>,
    pub connections: Vec<ConnectionState>,
    pub policy: Policy,
    pub parts: AssertionParts,
    pub mailbox: Option<Address>,
    pub proof: Option<(Proof, UserId)>,
    pub factor: Option<FactorProof>,
    pub switch: bool,
    pub separate: bool,
    pub for_device: bool,
    pub throttles: Vec<ThrottleFacts>,
    /// Whose user name the provider's is.
    pub named: Option<UserId>,
    pub grant: Option<GrantFacts>,
    pub flow: Option<Expiring>,
}

impl World {
    /// Vera and Mallory with a password each; connections `acme` (which comes back) and `other`; nobody is linked.
    pub fn new() -> Self {
        let state = |name: &str| ConnectionState {
            id: connection(name),
            version: 11,
            enabled: true,
            epoch: 1,
            namespace: namespace(name, 1),
            issuer: format!("https://id.{name}.example"),
            client_id: "selfsame".to_owned(),
            subject_claim: "sub".to_owned(),
            changed_at: NOW - DAY,
        };
        let rules = ConnectionPolicy { mail_authority: authority(Evidence::Claimed), ..ConnectionPolicy::default() };
        let mut vera = user(VERA, MAIL);
        vera.addresses.push(proven(HOME, AddressProof::Vouched, NOW - DAY));
        Self {
            now: NOW,
            users: vec![vera, user(MALLORY, "mallory@elsewhere.example")],
            session: None,
            connections: vec![state("acme"), state("other")],
            policy: Policy {
                version: "p1".to_owned(),
                local: LocalMethods { password: true, email_code: true, passkey: true, totp: true },
                host: HOST.to_owned(),
                sign_up: SignUp::Open,
                selection: model::SelectionPolicy::default(),
                required_level: Level::One,
                connections: BTreeMap::from([(connection("acme"), rules.clone()), (connection("other"), rules)]),
                organisations: BTreeMap::new(),
            },
            parts: AssertionParts {
                connection: connection("acme"),
                epoch: 1,
                identity: identity("acme", SUBJECT),
                mail: Some(MailClaim {
                    address: address(MAIL),
                    verified: true,
                    hosted_domain: None,
                    domain_owner_verified: false,
                }),
                display: DisplayClaims { name: Some("Vera V.".to_owned()), ..DisplayClaims::default() },
                authenticated_at: None,
                verified_at: NOW - SECOND,
                level: Level::One,
            },
            mailbox: None,
            proof: None,
            factor: None,
            switch: false,
            separate: false,
            for_device: false,
            throttles: Vec::new(),
            named: None,
            grant: None,
            flow: Some(FLOW),
        }
    }

    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub fn evidence(self, evidence: Evidence) -> Self {
        self.with(|world| {
            world.rules().mail_authority = authority(evidence);
            world.parts.mail.as_mut().unwrap().verified = evidence != Evidence::Unproven;
        })
    }

    pub fn signed_in(self, user: UserId) -> Self {
        self.with(|world| world.session = Some(session(user, Method::Password)))
    }

    pub fn linked(self, to: UserId, link: LinkFacts) -> Self {
        self.with(|world| world.user(to).links.push(link))
    }

    pub fn proof_of(self, of: UserId, method: Method) -> Self {
        self.with(|world| world.proof = Some((Proof::of_checked(of, method, Level::One, NOW - SECOND), of)))
    }

    pub fn looped(self) -> Self {
        self.with(|world| world.mailbox = Some(address(MAIL)))
    }

    pub fn rules(&mut self) -> &mut ConnectionPolicy {
        self.policy.connections.get_mut(&connection("acme")).unwrap()
    }

    pub fn acme(&mut self) -> &mut ConnectionState {
        &mut self.connections[0]
    }

    pub fn user(&mut self, id: UserId) -> &mut UserFacts {
        self.users.iter_mut().find(|user| user.id == id).unwrap()
    }

    /// Everything row 12 asks for.
    pub fn row_12() -> Self {
        Self::new()
            .evidence(Evidence::Authoritative)
            .with(|w| w.rules().link_on_match = model::LinkOnMatch::VerifiedEmail)
    }

    /// What the store would read.
    pub fn facts(&self) -> Facts {
        let asked = self.mailbox.as_ref().or_else(|| self.parts.mail.as_ref().map(|mail| &mail.address));
        let holders = || {
            self.users.iter().flat_map(|user| {
                user.links
                    .iter()
                    .filter(|l| l.identity == self.parts.identity)
                    .map(|link| (link.id, user.id, link.state))
            })
        };
        let link = holders().find(|(_, _, state)| *state != LinkState::Removed);
        Facts {
            store_epoch: 3,
            flow_spent: false,
            session: self.session.clone(),
            identity: holders().next().map(|_| IdentityFacts {
                identity: self.parts.identity.clone(),
                link,
                was_removed: link.is_none(),
            }),
            address_owner: asked
                .and_then(|asked| self.users.iter().find(|user| user.address(asked).is_some()))
                .map(|user| user.id),
            user_name_owner: self.named,
            grant: self.grant.clone(),
            code: None,
            throttles: self.throttles.clone(),
            device: None,
            clients_of_session: Vec::new(),
            credential: None,
            domain: None,
            connections: self.connections.clone(),
            users: self.users.clone(),
        }
    }

    /// Runs a decision in this world's context.
    pub fn context<T>(&self, run: impl FnOnce(&Context<'_>, &SessionTerms, &NewUser) -> T) -> T {
        let random = Seeded::new(1);
        let context = Context {
            now: self.now,
            random: &random,
            policy: &self.policy,
            actor: &Actor::System,
            flow: self.flow,
            device: "Firefox, Ghent",
        };
        let terms = SessionTerms { hash: FRESH_SECRET, lifetime: HOUR, user_agent: "Firefox".to_owned() };
        let new = NewUser { id: NEW, sealed_key: Secret::new(vec![2]), sub: "s-new".to_owned() };
        run(&context, &terms, &new)
    }

    pub fn sign_in(&self) -> Decision<SignInOutcome> {
        self.sign_in_on(&self.facts())
    }

    pub fn sign_in_on(&self, facts: &Facts) -> Decision<SignInOutcome> {
        let assertion = Assertion::from_verified(self.parts.clone());
        self.context(|context, terms, new_user| {
            let input = SignInInput {
                facts,
                assertion: &assertion,
                mailbox: self.mailbox.as_ref(),
                proof: self.proof.as_ref().map(|(proof, named)| (proof, *named)),
                factor: self.factor.as_ref(),
                switch_confirmed: self.switch,
                separate_confirmed: self.separate,
                for_device: self.for_device,
                terms,
                new_user,
            };
            decide_sign_in(context, &input)
        })
    }

    /// A link ticket of Vera's, made in [`SESSION`] at her present version.
    pub fn link(&self) -> Decision<LinkOutcome> {
        let version = self.users.iter().find(|user| user.id == VERA).map_or(0, |user| user.version);
        self.link_ticket(VERA, SESSION, version)
    }

    pub fn link_ticket(&self, user: UserId, session: SessionId, user_version: i64) -> Decision<LinkOutcome> {
        self.link_on(&self.facts(), user, session, user_version)
    }

    pub fn link_on(&self, facts: &Facts, user: UserId, session: SessionId, version: i64) -> Decision<LinkOutcome> {
        let assertion = Assertion::from_verified(self.parts.clone());
        self.context(|context, terms, _| {
            let input = LinkInput { facts, assertion: &assertion, user, session, user_version: version, terms };
            decide_link(context, &input)
        })
    }

    pub fn unlink(&self, link: LinkId) -> Decision<UnlinkOutcome> {
        self.unlink_by(link, Some(SESSION), false)
    }

    pub fn unlink_by(&self, link: LinkId, session: Option<SessionId>, force: bool) -> Decision<UnlinkOutcome> {
        let facts = self.facts();
        self.context(|context, _, _| {
            decide_unlink(context, &UnlinkInput { facts: &facts, user: VERA, link, session, force })
        })
    }

    pub fn local_sign_in(&self) -> Decision<LocalOutcome> {
        let (facts, proof) = (self.facts(), &self.proof.as_ref().unwrap().0);
        let clear = [b"pair:1".to_vec()];
        self.context(|context, terms, _| {
            let input = LocalSignIn { facts: &facts, proof, switch_confirmed: self.switch, terms, clear: &clear };
            decide_local_sign_in(context, &input)
        })
    }

    pub fn step_up(&self, user: UserId) -> Decision<LocalOutcome> {
        let (facts, proof) = (self.facts(), &self.proof.as_ref().unwrap().0);
        self.context(|context, terms, _| {
            decide_step_up(context, &StepUpInput { facts: &facts, proof, user, terms, clear: &[] })
        })
    }

    pub fn sign_up(&self) -> Decision<SignUpOutcome> {
        let (facts, mailbox) = (self.facts(), self.mailbox.as_ref().unwrap());
        let phc = Secret::new("$argon2id$new".to_owned());
        self.context(|context, terms, new_user| {
            let input = SignUpInput {
                facts: &facts,
                address: mailbox,
                name: "Vera",
                phc: &phc,
                switch_confirmed: self.switch,
                terms,
                new_user,
            };
            decide_sign_up(context, &input)
        })
    }
}

/// What a test asks of a plan.
pub trait Read {
    fn changes(&self) -> &[Change];

    fn has(&self, change: &Change) -> bool {
        self.changes().contains(change)
    }

    fn place(&self, change: &Change) -> usize {
        self.changes().iter().position(|found| found == change).unwrap()
    }

    fn any(&self, is: impl Fn(&Change) -> bool) -> bool {
        self.changes().iter().any(is)
    }

    fn sessions(&self) -> Vec<&NewSession> {
        let mut found = Vec::new();
        for change in self.changes() {
            if let Change::CreateSession(one) = change {
                found.push(one);
            }
        }
        found
    }

    fn links(&self) -> Vec<&NewLink> {
        let mut found = Vec::new();
        for change in self.changes() {
            if let Change::AddLink(one) = change {
                found.push(one);
            }
        }
        found
    }

    fn events(&self) -> Vec<&AuditEvent> {
        let mut found = Vec::new();
        for change in self.changes() {
            if let Change::Audit(one) = change {
                found.push(one);
            }
        }
        found
    }

    fn event(&self, kind: EventKind) -> Option<&AuditEvent> {
        self.events().into_iter().find(|event| event.kind == kind)
    }

    /// Kind and address of every notice.
    fn notices(&self) -> Vec<(MailKind, &str)> {
        let mut notices = Vec::new();
        for change in self.changes() {
            if let Change::Send(Mail { body: MailBody::Plain { kind, to, .. }, .. }) = change {
                notices.push((*kind, to.as_str()));
            }
        }
        notices
    }

    fn guards_connection(&self, name: &str) -> bool {
        self.has(&Change::ExpectConnection { connection: connection(name), version: 11 })
    }

    fn raises(&self, user: &UserFacts) -> bool {
        self.has(&Change::RaiseUser { user: user.id, from: user.version })
    }

    fn expects(&self, user: &UserFacts) -> bool {
        self.has(&Change::ExpectUser { user: user.id, version: user.version })
    }

    fn ends_present(&self) -> bool {
        self.has(&Change::EndSession { hash: PRESENT })
    }

    /// The journey is spent, and the plan rests on the store's epoch before anything else.
    fn well_begun(&self) -> bool {
        self.changes().first() == Some(&Change::ExpectStoreEpoch { epoch: 3 }) && self.has(&Change::SpendFlow(FLOW))
    }
}

impl Read for Plan {
    fn changes(&self) -> &[Change] {
        &self.changes
    }
}

/// Where passkeys belong.
pub const HOST: &str = "id.example";

pub fn passkey_id(n: u8) -> PasskeyId {
    PasskeyId::from_bytes([n; 16])
}

/// The passkey of this number, of whoever gets it.
pub fn passkey(n: u8) -> PasskeyFacts {
    PasskeyFacts {
        id: passkey_id(n),
        credential: vec![n],
        handle: vec![7],
        host: HOST.to_owned(),
        name: format!("Passkey {n}"),
        added_at: NOW - DAY,
        last_used_at: None,
    }
}
