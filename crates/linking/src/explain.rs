//! Why a sign-in came out as it did, in sentences, and what would have changed it.
//!
//! Nothing here knows a rule: the real decision runs on the facts as they are, and once more on each of a list of facts
//! with one thing changed. What comes out otherwise is what would change it. Assertions and proofs are supposed here and
//! were verified by nobody; that is safe because an [`Explanation`] holds words and no plan.

mod what_if;

use crate::organisation::worth;
use crate::session::{NewUser, SessionTerms};
use crate::sign_in::{SignInInput, SignInOutcome, decide_sign_in};
use crate::{Context, Decision, Reason};
use model::{
    Actor, Address, AddressProof, Assertion, AssertionParts, ConnectionId, Evidence, FactorProof, Facts, HOUR,
    LinkOnMatch, LinkState, Method, Micros, Policy, Proof, Purpose, Random, Secret, SignUp, UserFacts, UserId,
    UserStatus,
};

/// A sign-in as it was or might be, in plain data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supposed {
    pub facts: Facts,
    pub policy: Policy,
    /// What the provider would say.
    pub parts: AssertionParts,
    /// The address whose mailbox code would be entered in the flow.
    pub mailbox: Option<Address>,
    /// Proof of an existing user, and the user the flow's ticket would name.
    pub proof: Option<(Proof, UserId)>,
    /// A second factor that would be shown in the flow.
    pub factor: Option<FactorProof>,
    pub switch_confirmed: bool,
    pub separate_confirmed: bool,
}

/// One fact that counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    pub label: &'static str,
    pub value: String,
}

/// What came, or would come, of a sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// A stable word for the outcome.
    pub outcome: &'static str,
    /// The outcome in a whole sentence.
    pub sentence: String,
    pub reason: Reason,
    pub row: Option<u8>,
}

/// One change that would lead elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhatIf {
    /// Continues a sentence that begins with "If".
    pub supposing: String,
    pub result: Told,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    pub facts: Vec<Fact>,
    pub result: Told,
    /// Every single change that was tried and gives another outcome, reason or row.
    pub what_if: Vec<WhatIf>,
}

/// The situation of a row of the sign-in table.
pub const fn row_words(row: u8) -> &'static str {
    match row {
        1 => "the identity is linked to a user, and nobody else is signed in here",
        2 => "the identity is linked to the user who is signed in",
        3 => "the identity is linked to another user than the one who is signed in",
        4 => "the signed-in user connects an identity that is linked to nobody",
        5 => "the identity is linked to nobody, and somebody is signed in here",
        6 => "the link was removed or is on hold",
        7 => "the account that has the address may not be used",
        8 => "the account that has the address is protected",
        9 => "the account's organisation forces its own connection",
        10 => "the account that has the address has another identity of this provider",
        11 => "several accounts match",
        12 => "the mailbox alone could sign this user in, and the provider speaks for it",
        13 => "the address is somebody's, or must be shown first",
        14 => "the address is somebody's, and this connection links nothing by itself",
        15 => "nobody matches",
        _ => "no row of the table",
    }
}

/// Names of connections, as people know them.
pub(crate) type Names<'a> = &'a dyn Fn(&ConnectionId) -> String;

/// Explains a sign-in at `now`; `name_of` gives the name people know a connection by.
pub fn explain_sign_in(now: Micros, random: &dyn Random, case: &Supposed, name_of: Names<'_>) -> Explanation {
    let decision = decide(now, random, case);
    let words = Words { case, name_of };
    let result = words.told(&decision);
    let mut what_if = Vec::new();
    for (supposing, other) in what_if::changes(now, case, &decision.outcome, name_of) {
        let result_then = (Words { case: &other, name_of }).told(&decide(now, random, &other));
        if result_then != result {
            what_if.push(WhatIf { supposing, result: result_then });
        }
    }
    Explanation { facts: words.facts(), result, what_if }
}

/// The real decision. Its plan goes no further than this module.
fn decide(now: Micros, random: &dyn Random, case: &Supposed) -> Decision<SignInOutcome> {
    let context = Context { now, random, policy: &case.policy, actor: &Actor::System, flow: None, device: "" };
    let input = SignInInput {
        facts: &case.facts,
        assertion: &Assertion::from_verified(case.parts.clone()),
        mailbox: case.mailbox.as_ref(),
        proof: case.proof.as_ref().map(|(proof, named)| (proof, *named)),
        factor: case.factor.as_ref(),
        switch_confirmed: case.switch_confirmed,
        separate_confirmed: case.separate_confirmed,
        for_device: false,
        terms: &SessionTerms { hash: [0; 32], lifetime: HOUR, user_agent: String::new() },
        new_user: &NewUser {
            id: UserId::generate(now, random),
            sealed_key: Secret::new(Vec::new()),
            sub: String::new(),
        },
    };
    decide_sign_in(&context, &input)
}

/// A person's account as a sentence names it.
pub(crate) fn account_of(user: &UserFacts) -> String {
    if !user.name.is_empty() {
        format!("the account of {}", user.name)
    } else if let Some(known) = user.addresses.first() {
        format!("the account of {}", known.address)
    } else {
        format!("the account …{}", user.id.tail())
    }
}

struct Words<'a> {
    case: &'a Supposed,
    name_of: Names<'a>,
}

impl Words<'_> {
    fn account(&self, user: UserId) -> String {
        self.case.facts.user(user).map_or_else(|| format!("the account …{}", user.tail()), account_of)
    }

    fn method(&self, method: &Method) -> String {
        match method {
            Method::Password => "its password".to_owned(),
            Method::EmailCode { address } => format!("a code to {address}"),
            Method::Link { connection, .. } => format!("a sign-in with {}", (self.name_of)(connection)),
            Method::Passkey { .. } => "a passkey".to_owned(),
        }
    }

    fn proof_of(&self, user: UserId, methods: &[Method]) -> String {
        let account = self.account(user);
        let by: Vec<String> = methods.iter().map(|method| self.method(method)).collect();
        if by.is_empty() {
            format!("{account} (which has no method to do so)")
        } else {
            format!("{account} by {}", by.join(" or "))
        }
    }

    fn told(&self, decision: &Decision<SignInOutcome>) -> Told {
        let (outcome, sentence) = self.outcome(&decision.outcome);
        Told { outcome, sentence, reason: decision.reason, row: decision.row }
    }

    fn outcome(&self, outcome: &SignInOutcome) -> (&'static str, String) {
        match outcome {
            SignInOutcome::SignedIn { created: true, .. } => {
                ("created", "A new account is created, and they are signed in to it.".to_owned())
            }
            SignInOutcome::SignedIn { user, linked_now: true, .. } => {
                let account = self.account(*user);
                ("linked", format!("The identity is linked to {account}, and they are signed in to it."))
            }
            SignInOutcome::SignedIn { user, .. } => {
                ("signed_in", format!("They are signed in to {}.", self.account(*user)))
            }
            SignInOutcome::AlreadySignedIn { user, .. } => {
                ("already_signed_in", format!("They go on in the session they have, in {}.", self.account(*user)))
            }
            SignInOutcome::AskSwitch { current, .. } => {
                let account = self.account(*current);
                ("ask_switch", format!("They are asked whether to switch, because {account} is signed in here."))
            }
            SignInOutcome::AskMailbox { address } => {
                ("ask_mailbox", format!("A code is sent to {address}, and nothing is said before it is entered."))
            }
            SignInOutcome::AskProof { user, methods } => {
                ("ask_proof", format!("They are asked to prove {}.", self.proof_of(*user, methods)))
            }
            SignInOutcome::AskFactor { user } => {
                ("ask_factor", format!("They are asked for the second factor of {}.", self.account(*user)))
            }
            SignInOutcome::AskProofOfOne { candidates } => {
                let each: Vec<String> =
                    candidates.iter().map(|(user, methods)| self.proof_of(*user, methods)).collect();
                ("ask_proof_of_one", format!("They are asked to prove one of these: {}.", each.join("; ")))
            }
            SignInOutcome::OtherAccount => (
                "other_account",
                "They are told to sign in to their other account first, and to add this identity there.".to_owned(),
            ),
            SignInOutcome::AddressTaken { may_separate } => {
                let separate = if *may_separate { ", and may ask for a separate one" } else { "" };
                ("address_taken", format!("They are told that the address belongs to an account{separate}."))
            }
            SignInOutcome::AskCreate => (
                "ask_create",
                "They are asked whether they want a new account, because it was removed once.".to_owned(),
            ),
            SignInOutcome::Refused => ("refused", "It is refused, and nothing is changed.".to_owned()),
        }
    }

    /// What the decision looked at, in words.
    fn facts(&self) -> Vec<Fact> {
        let mut facts = vec![self.connection()];
        facts.extend(self.policy());
        facts.push(self.identity());
        facts.extend(self.address());
        facts.extend(self.owner());
        if let Some(session) = &self.case.facts.session {
            facts.push(Fact { label: "signed in here", value: self.account(session.user) });
        }
        facts
    }

    fn connection(&self) -> Fact {
        let id = &self.case.parts.connection;
        let name = (self.name_of)(id);
        let value = match (self.case.policy.connection(id), self.case.facts.connection(id)) {
            (Some(_), Some(state)) if state.enabled => format!("{name} is switched on"),
            (Some(_), Some(_)) => format!("{name} is switched off"),
            _ => format!("{name} is not configured"),
        };
        Fact { label: "connection", value }
    }

    fn policy(&self) -> Option<Fact> {
        let rules = self.case.policy.connection(&self.case.parts.connection)?;
        let purpose = match rules.purpose {
            Purpose::SignInAndLink => "for signing in and linking",
            Purpose::LinkOnly => "for linking only",
            Purpose::SignInOnly => "for signing in only",
            Purpose::DataOnly => "for data only",
        };
        let link_on_match = link_on_match_words(rules.link_on_match);
        let value = format!("it is {purpose}; {link_on_match}; sign-up is {}", sign_up_words(rules.sign_up));
        Some(Fact { label: "policy", value })
    }

    fn identity(&self) -> Fact {
        let known = self.case.facts.identity_of(&self.case.parts.identity);
        let subject = self.case.parts.identity.subject.as_str();
        let value = match known.and_then(|known| known.link) {
            Some((_, user, LinkState::Held)) => {
                format!("{subject} is linked to {}, and the link is on hold", self.account(user))
            }
            Some((_, user, _)) => format!("{subject} is linked to {}", self.account(user)),
            None if known.is_some_and(|known| known.was_removed) => {
                format!("{subject} is linked to nobody; it was linked once and removed")
            }
            None => format!("{subject} is linked to nobody"),
        };
        Fact { label: "identity", value }
    }

    fn address(&self) -> Vec<Fact> {
        let mut facts = Vec::new();
        let Some(mail) = &self.case.parts.mail else {
            facts.push(Fact { label: "address", value: "the provider gives none".to_owned() });
            return facts;
        };
        let verified = if mail.verified { "calls it verified" } else { "does not call it verified" };
        facts.push(Fact { label: "address", value: format!("{}; the provider {verified}", mail.address) });
        if let Some(rules) = self.case.policy.connection(&self.case.parts.connection) {
            let worth = match worth(&self.case.facts, rules, mail) {
                Evidence::Unproven => "nothing: the provider itself does not say that it was checked",
                Evidence::Claimed => "a claim: nobody vouches for this provider",
                Evidence::Vouched => "vouched: the provider is known to send a code of its own",
                Evidence::Authoritative => "authoritative: the provider may speak for this domain",
            };
            facts.push(Fact { label: "worth of the address", value: worth.to_owned() });
        }
        if let Some(address) = &self.case.mailbox {
            facts.push(Fact { label: "mailbox", value: format!("a code that went to {address} was entered here") });
        }
        facts
    }

    fn owner(&self) -> Vec<Fact> {
        let asked = self.case.mailbox.as_ref().or(self.case.parts.mail.as_ref().map(|mail| &mail.address));
        let Some(asked) = asked else { return Vec::new() };
        let owner = self.case.facts.address_owner.and_then(|id| self.case.facts.user(id));
        let Some(owner) = owner else {
            return vec![Fact { label: "owner of the address", value: "nobody here".to_owned() }];
        };
        let proof = match owner.address(asked).map(|known| known.proof) {
            Some(AddressProof::Loop) => ", proven by a code here",
            Some(AddressProof::Authoritative) => ", proven by a provider that may speak for it",
            Some(AddressProof::Vouched) => ", proven by a provider that sends codes",
            None => "",
        };
        let mut facts = vec![Fact { label: "owner of the address", value: format!("{}{proof}", account_of(owner)) }];
        let status = match owner.status {
            UserStatus::Active => "active",
            UserStatus::Disabled => "disabled",
            UserStatus::Held => "held",
            UserStatus::Deleted => "deleted",
            UserStatus::Absorbed => "absorbed by a merge",
        };
        let protected = if owner.protected { ", and protected" } else { "" };
        facts.push(Fact { label: "that account", value: format!("{status}{protected}") });
        let namespace = &self.case.parts.identity.namespace;
        let other = |link: &&model::LinkFacts| {
            link.state != LinkState::Removed
                && link.identity.namespace == *namespace
                && link.identity != self.case.parts.identity
        };
        if let Some(link) = owner.links.iter().find(other) {
            let value = format!("that account has another identity there: {}", link.identity.subject.as_str());
            facts.push(Fact { label: "same provider", value });
        }
        facts
    }
}

pub(crate) fn link_on_match_words(link_on_match: LinkOnMatch) -> &'static str {
    match link_on_match {
        LinkOnMatch::Off => "a matching address links nothing",
        LinkOnMatch::Prove => "a matching address links after a proof",
        LinkOnMatch::VerifiedEmail => "a matching address may link at once",
    }
}

pub(crate) fn sign_up_words(sign_up: SignUp) -> &'static str {
    match sign_up {
        SignUp::Open => "open",
        SignUp::Invited => "by invitation",
        SignUp::Closed => "closed",
    }
}
