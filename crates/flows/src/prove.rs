//! Proving who you are: passwords and other links, for sign-in, for a conflict, for a step-up. One throttle for all.

use crate::flow::{Action, Fault, FaultKind, Field, Flow, ProofMethod, Proves, SealedProof};
use crate::journeys::{Acted, Journeys};
use crate::{Browser, NotHashed, PasswordsBusy, digest};
use linking::{Attempt as Reserved, FRESH, Reason, decide_attempt, throttle_keys};
use model::{
    Address, Assertion, Facts, Level, LinkState, MINUTE, Method, Micros, OwnerThrottle, Proof, Secret, UserId,
    UserStatus,
};
use protocol::oidc::Attempt;

/// Longest password that is looked at at all (bytes).
const PASSWORD_MAX: usize = 1024;
/// Clock difference to a provider that is tolerated.
const SKEW: Micros = MINUTE;

/// The throttle keys of one attempt, before and after it is known whose account it is.
pub(crate) struct Counters {
    source: Vec<u8>,
    device: Vec<u8>,
    /// Stands for the account while the address is nobody's.
    fallback: [u8; 32],
}

impl Counters {
    /// For the account that `address` leads to, or for the address itself: passwords and mailed codes count together.
    pub fn of(browser: &Browser, address: &Address) -> Self {
        let fallback = digest(&[b"account", address.as_str().as_bytes()]);
        Self { source: browser.source.clone(), device: browser.device.id.to_vec(), fallback }
    }

    /// For an account that is known to be there.
    pub fn of_user(browser: &Browser) -> Self {
        Self { source: browser.source.clone(), device: browser.device.id.to_vec(), fallback: [0; 32] }
    }

    /// Every counter that may matter once the owner is known.
    pub fn asked(&self) -> Vec<OwnerThrottle> {
        let fallback = self.fallback.to_vec();
        let pair = |source: &[u8]| {
            let suffix = [&[0], source].concat();
            OwnerThrottle { prefix: b"pair:", fallback: fallback.clone(), suffix }
        };
        let strangers = OwnerThrottle { prefix: b"strangers:", fallback: fallback.clone(), suffix: Vec::new() };
        vec![pair(&self.source), pair(&self.device), strangers]
    }

    pub fn of_source(&self) -> Vec<u8> {
        [b"source:", self.source.as_slice()].concat()
    }

    /// The counters of this attempt: a device the owner has used before answers for itself alone (T76).
    pub fn keys(&self, browser: &Browser, owner: Option<UserId>) -> Vec<Vec<u8>> {
        let known = owner.is_some_and(|user| browser.device.knows(user));
        let account = owner.map_or_else(|| self.fallback.to_vec(), |user| user.as_bytes().to_vec());
        throttle_keys(&account, if known { &self.device } else { &self.source }, known)
    }

    /// What a success clears: never the counter of the source, or an attacker would clear it with an account of his.
    pub fn cleared(keys: &[Vec<u8>]) -> Vec<Vec<u8>> {
        keys.iter().filter(|key| !key.starts_with(b"source:")).cloned().collect()
    }
}

impl Journeys {
    /// Sign-in with address and password: one read, the attempt, the hash, the outcome.
    pub(crate) async fn password_of_address(
        &self,
        mut flow: Flow,
        address: Address,
        password: Secret<String>,
        browser: &Browser,
    ) -> Acted {
        if !self.policy.local.password {
            return Err(Fault::refused(Reason::MethodNotAllowed));
        }
        let mut query = self.query(&flow, browser);
        query.address = Some(address.clone());
        let checked = self.check_password(query, None, &address, password, browser).await?;
        flow.material.proof = Some(SealedProof::of(&checked.proof, &checked.facts));
        flow.material.external = None;
        self.settle_with(flow, Some(checked.facts), browser, &checked.clear, |_| model::Plan::default()).await
    }

    /// Reserves the attempt, then hashes: wrong address and wrong password take the same path and the same time.
    async fn check_password(
        &self,
        mut query: model::FactsQuery,
        user: Option<UserId>,
        address: &Address,
        password: Secret<String>,
        browser: &Browser,
    ) -> Result<Checked, Fault> {
        let wrong = || Fault::input(Field::Password, "wrong_password");
        if password.expose().is_empty() || password.expose().len() > PASSWORD_MAX {
            return Err(wrong());
        }
        let counters = Counters::of(browser, address);
        match user {
            Some(user) => {
                query.users.push(user);
                let asked = counters.asked();
                query.throttles.extend(asked.iter().map(|throttle| throttle.key(Some(user))));
            }
            None => query.owner_throttles = counters.asked(),
        }
        query.throttles.push(counters.of_source());
        for _ in 0..3 {
            let facts = self.facts(&query).await?;
            let owner = user.or(facts.address_owner);
            let keys = counters.keys(browser, owner);
            let decision = decide_attempt(&facts, &keys, self.now());
            if let Reserved::Wait(until) = decision.outcome {
                return Err(Fault::wait("throttled", until));
            }
            // Before the attempt is counted: a full queue is nobody's failure.
            let place = self.passwords.admit().map_err(busy)?;
            if self.apply(decision.plan, &facts, None, &browser.language).await?.is_some() {
                continue;
            }
            let found = owner.and_then(|id| facts.user(id)).filter(|user| user.status == UserStatus::Active);
            let phc = found.and_then(|user| user.password.as_ref()).map(|known| &known.phc);
            let right = place.verify(&password, phc).await.map_err(busy)?;
            let Some(owner) = found.filter(|_| right) else { return Err(wrong()) };
            let proof = Proof::of_checked(owner.id, Method::Password, Level::One, self.now());
            return Ok(Checked { proof, facts, clear: Counters::cleared(&keys) });
        }
        Err(Fault::new(FaultKind::Unavailable, "busy"))
    }

    /// Proof of a named user: the conflict page and the step-up page.
    pub(crate) async fn prove(
        &self,
        mut flow: Flow,
        user: UserId,
        methods: &[ProofMethod],
        action: Action,
        browser: &Browser,
    ) -> Acted {
        match action {
            Action::Password(password) if methods.contains(&ProofMethod::Password) => {
                let query = self.query(&flow, browser);
                // The address only feeds the counter of accounts that do not exist; this one does.
                let nobody = Address::parse("nobody@nowhere.invalid").map_err(|_| Fault::flow("bad_request"))?;
                let checked = self.check_password(query, Some(user), &nobody, password, browser).await?;
                flow.material.proof = Some(SealedProof::of(&checked.proof, &checked.facts));
                self.settle_with(flow, Some(checked.facts), browser, &checked.clear, |_| model::Plan::default()).await
            }
            Action::Passkey(given) if methods.contains(&ProofMethod::Passkey) => {
                self.proven_by_passkey(flow, &given, Some(user), browser).await
            }
            Action::SendCode => {
                let address = methods.iter().find_map(|method| match method {
                    ProofMethod::EmailCode { address } => Some(address.clone()),
                    _ => None,
                });
                let Some(address) = address else { return Err(Fault::flow("bad_request")) };
                self.prove_by_mailbox(flow, user, address, browser).await
            }
            Action::Separate if flow.step_allows_separate() => {
                flow.material.separate = true;
                self.settle(flow, None, browser).await
            }
            _ => Err(Fault::flow("bad_request")),
        }
    }

    /// The mailbox as proof: a code that was just entered in this very flow counts, otherwise one is sent.
    async fn prove_by_mailbox(&self, mut flow: Flow, user: UserId, offered: Address, browser: &Browser) -> Acted {
        let fresh = flow.material.mailbox.as_ref().filter(|(_, at)| *at + FRESH > self.now()).cloned();
        if let Some((address, at)) = fresh {
            let mut query = self.query(&flow, browser);
            query.users.push(user);
            let facts = self.facts(&query).await?;
            if facts.user(user).is_some_and(|user| user.address(&address).is_some()) {
                let method = Method::EmailCode { address };
                flow.material.proof = Some(SealedProof::of(&Proof::of_checked(user, method, Level::One, at), &facts));
                return self.settle(flow, Some(facts), browser).await;
            }
        }
        self.send_code(flow, offered, Proves::User(user), browser).await
    }

    /// Another link as proof: the identity must be an active link of the named user, and the person must have
    /// authenticated at the provider for this very purpose (T91).
    pub(crate) async fn proven_by_provider(
        &self,
        mut flow: Flow,
        attempt: &Attempt,
        assertion: &Assertion,
        browser: &Browser,
    ) -> Acted {
        let wanted = match (&flow.goal, flow.material.named) {
            (crate::Goal::StepUp { user, .. }, _) => *user,
            (_, Some(user)) => user,
            _ => return Err(Fault::flow("bad_request")),
        };
        let fresh = assertion.parts().authenticated_at.is_some_and(|at| at + SKEW >= attempt.started_at);
        if !fresh {
            return Err(Fault::new(FaultKind::Provider, Reason::NotFresh.code()));
        }
        let mut query = self.query(&flow, browser);
        query.users.push(wanted);
        let facts = self.facts(&query).await?;
        let Some(method) = link_of(&facts, wanted, assertion) else {
            // Completed as somebody else: refuse, whoever it is (T66).
            return Err(Fault::new(FaultKind::Provider, Reason::WrongUserProved.code()));
        };
        let proof = Proof::of_checked(wanted, method, assertion.parts().level, self.now());
        flow.material.proof = Some(SealedProof::of(&proof, &facts));
        self.settle(flow, Some(facts), browser).await
    }

    /// The address turned out to have an account, and its mailbox was shown: sign in to that account.
    pub(crate) async fn sign_in_by_mailbox(&self, mut flow: Flow, shown: Address, browser: &Browser) -> Acted {
        let fresh = flow.material.mailbox.as_ref().filter(|(_, at)| *at + FRESH > self.now()).cloned();
        let Some((address, at)) = fresh else { return self.send_code(flow, shown, Proves::Owner, browser).await };
        let facts = self.facts(&self.query(&flow, browser)).await?;
        let Some(user) = facts.address_owner else { return Err(Fault::refused(Reason::MatchInactive)) };
        let method = Method::EmailCode { address };
        flow.material.proof = Some(SealedProof::of(&Proof::of_checked(user, method, Level::One, at), &facts));
        self.settle(flow, Some(facts), browser).await
    }
}

struct Checked {
    proof: Proof,
    facts: Facts,
    clear: Vec<Vec<u8>>,
}

fn link_of(facts: &Facts, user: UserId, assertion: &Assertion) -> Option<Method> {
    let link = facts
        .user(user)?
        .links
        .iter()
        .find(|link| link.state == LinkState::Active && link.identity == *assertion.identity())?;
    Some(Method::Link { link: link.id, connection: link.connection.clone() })
}

/// A new password that was not hashed.
pub(crate) fn not_hashed(why: NotHashed) -> Fault {
    match why {
        NotHashed::Weak(key) => Fault::input(Field::Password, key),
        NotHashed::Busy(full) => busy(full),
    }
}

fn busy(_: PasswordsBusy) -> Fault {
    Fault::new(FaultKind::Unavailable, "busy")
}

impl Flow {
    fn step_allows_separate(&self) -> bool {
        matches!(self.step, crate::Step::AskProof { may_separate: true, .. })
    }
}
