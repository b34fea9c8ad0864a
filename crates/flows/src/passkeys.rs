//! Passkeys (WebAuthn Level 3): a challenge that nobody stores, and what an authenticator made of it.
//!
//! The challenge travels sealed in the page and is spent by what it leads to, so that an answer counts once (§13.4.3). Any
//! passkey may answer: a page that named those of an account would tell strangers which there are (§14.6.3).

use crate::Browser;
use crate::flow::{Fault, FaultKind, Flow, SealedProof};
use crate::journeys::{Acted, Journeys};
use linking::{
    Credential, PASSKEY_LEVEL, PASSKEYS_MAX, PasskeyRemoval, Reason, decide_add_passkey, decide_remove_passkey,
};
use model::{
    Change, Expiring, Facts, FactsQuery, FlowId, MINUTE, Method, Micros, PasskeyId, Plan, Proof, UserFacts, UserId,
};
use protocol::oauth::plain_name;
use serde::{Deserialize, Serialize};

/// As long as a person may look for their phone (§13.4.3 and §5.5 recommend five to ten minutes).
const CEREMONY_LIFETIME: Micros = MINUTE.times(10);
/// NIST SP 800-63C-4 §3.16: a new authenticator is bound within five minutes.
const CREATION_LIFETIME: Micros = MINUTE.times(5);
/// Nothing that an authenticator answers is larger.
const ANSWER_MAX: usize = 32 * 1024;

/// What is asked of an authenticator, and what is needed to verify its answer.
#[derive(Debug, Clone)]
pub struct Challenge {
    /// JSON for `parseRequestOptionsFromJSON` or `parseCreationOptionsFromJSON`.
    pub options: String,
    pub state: String,
}

/// A credential as its authenticator made it.
#[derive(Debug, Clone)]
pub struct Created {
    pub credential: Vec<u8>,
    /// Public key and counter, for [`Passkeys::verify`].
    pub key: String,
}

/// Which passkey answers.
#[derive(Debug, Clone)]
pub struct Named {
    pub credential: Vec<u8>,
    /// Whose it says that it is (§5.4.3).
    pub handle: Vec<u8>,
}

/// The answer is not one, or was not made for this challenge, this origin and this key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no passkey answered")]
pub struct NoPasskey;

/// For whom a passkey is made.
#[derive(Debug, Clone, Copy)]
pub struct Owner<'a> {
    pub handle: [u8; 16],
    /// What the authenticator shows beside it.
    pub name: &'a str,
    pub display_name: &'a str,
    /// Those they have.
    pub known: &'a [Vec<u8>],
}

/// The ceremonies of WebAuthn §7. Users are always verified by their authenticator.
pub trait Passkeys: Send + Sync {
    fn ask_for_new(&self, owner: &Owner<'_>) -> Result<Challenge, NoPasskey>;
    /// §7.1.
    fn created(&self, answer: &str, state: &str) -> Result<Created, NoPasskey>;
    fn ask(&self) -> Result<Challenge, NoPasskey>;
    fn named(&self, answer: &str) -> Result<Named, NoPasskey>;
    /// §7.2. The key as it is to be kept from now on.
    fn verify(&self, answer: &str, state: &str, key: &str) -> Result<String, NoPasskey>;
}

/// A ceremony in a page.
#[derive(Debug, Clone, Serialize)]
pub struct PasskeyAsked {
    /// JSON, for the browser.
    pub options: String,
    /// Sealed: it comes back with the answer.
    pub ceremony: String,
}

/// What came back from the browser.
#[derive(Debug, Clone)]
pub struct PasskeyAnswer {
    pub ceremony: String,
    /// JSON, as `toJSON` of the credential gives it.
    pub answer: String,
}

#[derive(Serialize, Deserialize)]
struct Ceremony {
    id: FlowId,
    expires_at: Micros,
    state: String,
    /// Where a passkey is made, for whom.
    owner: Option<UserId>,
}

fn failed() -> Fault {
    Fault::new(FaultKind::Input, "passkey_failed")
}

/// A passkey that was shown, and what goes into the plan with it.
struct Shown {
    proof: Proof,
    facts: Facts,
    spends: Plan,
}

impl Journeys {
    /// A question to whichever passkey is there. Nothing is read and nothing written.
    pub fn ask_passkey(&self) -> Option<PasskeyAsked> {
        if !self.policy.local.passkey {
            return None;
        }
        self.sealed_ceremony(self.passkeys.ask().ok()?, None).ok()
    }

    fn sealed_ceremony(&self, challenge: Challenge, owner: Option<UserId>) -> Result<PasskeyAsked, Fault> {
        let ceremony = Ceremony {
            id: FlowId::generate(self.now(), self.random()),
            expires_at: self.now() + if owner.is_some() { CREATION_LIFETIME } else { CEREMONY_LIFETIME },
            state: challenge.state,
            owner,
        };
        let sealed = self.keys.seal_value("passkey", b"", &ceremony, self.random());
        let ceremony = sealed.map_err(|_| Fault::unavailable())?;
        Ok(PasskeyAsked { options: challenge.options, ceremony })
    }

    fn ceremony(&self, given: &PasskeyAnswer) -> Result<Ceremony, Fault> {
        let ceremony: Ceremony = self.keys.open_value("passkey", b"", &given.ceremony).map_err(|_| failed())?;
        let good = ceremony.expires_at > self.now() && given.answer.len() <= ANSWER_MAX;
        if good { Ok(ceremony) } else { Err(failed()) }
    }

    /// What an authenticator is to know a user by: not the id, and the same for all passkeys of the user, whichever root
    /// key was the first when the first one was made.
    fn handle(&self, user: &UserFacts) -> [u8; 16] {
        let known = user.passkeys.iter().find_map(|passkey| passkey.handle.as_slice().try_into().ok());
        known.unwrap_or_else(|| {
            let mac = self.keys.mac("passkey-handle", &[user.id.as_bytes()]);
            std::array::from_fn(|at| mac[at])
        })
    }

    /// One read. A passkey of `wanted`, where somebody is to be shown.
    async fn show_passkey(
        &self,
        flow: &Flow,
        given: &PasskeyAnswer,
        wanted: Option<UserId>,
        browser: &Browser,
    ) -> Result<Shown, Fault> {
        if !self.policy.local.passkey {
            return Err(Fault::refused(Reason::MethodNotAllowed));
        }
        let ceremony = self.ceremony(given)?;
        if ceremony.owner.is_some() {
            return Err(failed());
        }
        let named = self.passkeys.named(&given.answer).map_err(|_| failed())?;
        let mut query = self.query(flow, browser);
        query.credential = Some(named.credential);
        query.users.extend(wanted);
        let facts = self.facts(&query).await?;
        let unknown = || Fault::new(FaultKind::Input, Reason::PasskeyNotFound.code());
        let known = facts.credential.clone().ok_or_else(unknown)?;
        if known.handle != named.handle || wanted.is_some_and(|wanted| wanted != known.user) {
            return Err(unknown());
        }
        let key = self.passkeys.verify(&given.answer, &ceremony.state, &known.key).map_err(|_| failed())?;
        let method = Method::Passkey { passkey: known.passkey };
        let proof = Proof::of_checked(known.user, method, PASSKEY_LEVEL, self.now());
        let mut spends = Plan::default();
        spends.push(Change::SpendProof(Expiring { flow: ceremony.id, expires_at: ceremony.expires_at }));
        let (passkey, user, was) = (known.passkey, known.user, known.key);
        spends.push(Change::UsePasskey { passkey, user, was, key, at: self.now() });
        Ok(Shown { proof, facts, spends })
    }

    /// A passkey as the way in, or as proof of `wanted`: on a conflict and for a step-up.
    pub(crate) async fn proven_by_passkey(
        &self,
        mut flow: Flow,
        given: &PasskeyAnswer,
        wanted: Option<UserId>,
        browser: &Browser,
    ) -> Acted {
        let Shown { proof, facts, spends } = self.show_passkey(&flow, given, wanted, browser).await?;
        flow.material.proof = Some(SealedProof::of(&proof, &facts));
        if wanted.is_none() {
            flow.material.external = None;
        }
        self.settle_with(flow, Some(facts), browser, &[], |_| spends.clone()).await
    }

    /// A question for a new passkey of whoever is signed in, freshly.
    pub async fn ask_new_passkey(&self, browser: &Browser) -> Result<PasskeyAsked, Fault> {
        let facts = self.own_facts(browser).await?;
        let (session, user) = self.changing(&facts)?;
        if !self.policy.local.passkey {
            return Err(Fault::refused(Reason::MethodNotAllowed));
        }
        if !self.is_fresh(session, user) {
            return Err(Fault::refused(Reason::StepUpNeeded));
        }
        if user.passkeys.len() >= PASSKEYS_MAX {
            return Err(Fault::refused(Reason::TooManyPasskeys));
        }
        let display = crate::decide::display_name(user);
        let known: Vec<Vec<u8>> = user.passkeys.iter().map(|passkey| passkey.credential.clone()).collect();
        let name = user.addresses.first().map_or_else(|| display.clone(), |known| known.address.to_string());
        let owner = Owner { handle: self.handle(user), name: &name, display_name: &display, known: &known };
        self.sealed_ceremony(self.passkeys.ask_for_new(&owner).map_err(|_| Fault::unavailable())?, Some(user.id))
    }

    /// Adds what the authenticator made. One read, one plan.
    pub async fn add_passkey(&self, given: &PasskeyAnswer, name: &str, browser: &Browser) -> Result<PasskeyId, Fault> {
        let ceremony = self.ceremony(given)?;
        let created = self.passkeys.created(&given.answer, &ceremony.state).map_err(|_| failed())?;
        let name = Some(plain_name(name)).filter(|name| !name.is_empty()).unwrap_or_else(|| "Passkey".to_owned());
        let query = FactsQuery {
            session: browser.session,
            credential: Some(created.credential.clone()),
            ..FactsQuery::default()
        };
        for _ in 0..3 {
            let facts = self.facts(&query).await?;
            let (session, user) = self.changing(&facts)?;
            if ceremony.owner != Some(user.id) {
                return Err(failed());
            }
            let actor = model::Actor::User { user: user.id };
            let context = self.context(None, &actor, browser);
            let handle = self.handle(user);
            let credential = Credential { id: &created.credential, handle: &handle, key: &created.key, name: &name };
            let decision = decide_add_passkey(&context, &facts, session.id, &credential);
            tracing::info!(reason = decision.reason.code(), "decided");
            let Some(passkey) = decision.outcome else { return Err(Fault::refused(decision.reason)) };
            let mut plan = decision.plan;
            plan.push(Change::SpendProof(Expiring { flow: ceremony.id, expires_at: ceremony.expires_at }));
            match self.apply(plan, &facts, None, &browser.language).await? {
                None => return Ok(passkey),
                Some(model::Conflict::ProofSpent) => return Err(failed()),
                Some(_) => {}
            }
        }
        Err(Fault::new(FaultKind::Unavailable, "busy"))
    }

    /// Removes a passkey of one's own. Whether the session that asked ended with it.
    pub async fn remove_passkey(&self, passkey: PasskeyId, browser: &Browser) -> Result<bool, Fault> {
        self.own_change(browser, |context, facts| {
            let (session, user) = self.changing(facts)?;
            let actor = model::Actor::User { user: user.id };
            let context = linking::Context { actor: &actor, ..*context };
            let decision = decide_remove_passkey(&context, facts, session.id, passkey);
            match decision.outcome {
                PasskeyRemoval::Removed { own_session_ended } => Ok((own_session_ended, decision.plan)),
                PasskeyRemoval::Refused => Err(Fault::refused(decision.reason)),
            }
        })
        .await
    }
}
