//! The second factor: codes of an authenticator app (RFC 6238), and recovery codes in their place.
//!
//! Somebody who has shown one factor of an account that has two has no session of any kind, but a sealed flow that
//! waits for the other (T92).

use crate::decide::Settled;
use crate::flow::{Action, Fault, FaultKind, Field, Finished, Flow, SealedFactor, Step};
use crate::journeys::{Acted, Journeys};
use crate::prove::Counters;
use crate::{Browser, Next, digest};
use linking::{
    Attempt as Reserved, RECOVERY_CODES, Reason, SetTotp, Spent, decide_attempt, decide_recovery_codes,
    decide_remove_totp, decide_set_totp, spend_factor,
};
use model::{
    Change, Expiring, Factor, FactorProof, Facts, FlowId, MINUTE, Micros, Plan, UserFacts, UserId, UserStatus,
};
use protocol::totp;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

/// As long as it takes to find the phone and install an app.
const SETUP_LIFETIME: Micros = MINUTE.times(15);
const SETUP: &[u8] = b"setup";

/// What may be shown beside the factor that was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondFactor {
    Totp,
    RecoveryCode,
    /// Two factors in one, and enough alone.
    Passkey,
}

impl SecondFactor {
    pub fn name(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::RecoveryCode => "recovery_code",
            Self::Passkey => "passkey",
        }
    }
}

/// A new secret for an authenticator app.
#[derive(Debug, Clone)]
pub struct TotpAsked {
    /// For a QR code, or a link on the phone itself.
    pub uri: String,
    /// For somebody who types it.
    pub secret: String,
    /// Sealed: it comes back with the first code.
    pub setup: String,
}

#[derive(Serialize, Deserialize)]
struct Setup {
    id: FlowId,
    expires_at: Micros,
    user: UserId,
    secret: [u8; totp::SECRET],
}

/// Codes to write down: said once, and kept as digests.
#[derive(Debug, Clone)]
pub struct RecoveryCodes(pub Vec<String>);

fn wrong(factor: Factor) -> Fault {
    Fault::input(
        Field::Code,
        match factor {
            Factor::Totp => "wrong_totp",
            Factor::RecoveryCode => "wrong_recovery_code",
        },
    )
}

fn code_digest(user: UserId, code: &str) -> [u8; 32] {
    digest(&[b"recovery code", user.as_bytes(), code.as_bytes()])
}

/// As they were written down: without what people put between groups, and whatever the case.
fn plain_code(typed: &str) -> String {
    typed.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

fn sealed_for(user: UserId) -> Vec<u8> {
    [b"totps.secret:".as_slice(), user.as_bytes()].concat()
}

impl Flow {
    /// A passkey is a proof, and takes the place of the one that was shown; an identity that is linked has none to replace.
    fn takes_passkey(&self) -> bool {
        self.material.external.is_none() || self.material.proof.is_some()
    }
}

impl Journeys {
    /// The page that asks for the second factor of a user.
    pub(crate) fn ask_factor(&self, flow: &Flow, facts: &Facts, user: UserId) -> Settled {
        let known = facts.user(user);
        let mut methods = vec![SecondFactor::Totp];
        if known.and_then(|known| known.totp.as_ref()).is_some_and(|totp| !totp.codes.is_empty()) {
            methods.push(SecondFactor::RecoveryCode);
        }
        let has_passkey = known.is_some_and(|known| {
            let usable = linking::usable_methods(known, &facts.connections, &self.policy);
            usable.iter().any(|method| method.passkey().is_some())
        });
        if has_passkey && flow.takes_passkey() {
            methods.push(SecondFactor::Passkey);
        }
        let back = match flow.step.clone() {
            Step::SecondFactor { back, .. } => back,
            step => Box::new(step),
        };
        Settled::Step(Step::SecondFactor { user, methods, back })
    }

    pub(crate) async fn second_factor(
        &self,
        mut flow: Flow,
        user: UserId,
        methods: &[SecondFactor],
        back: Step,
        action: Action,
        browser: &Browser,
    ) -> Acted {
        let stale = |proof: &crate::SealedProof| !linking::is_fresh_at(proof.at, self.now());
        if flow.material.proof.as_ref().is_some_and(stale) {
            // The first factor was shown too long ago: it is asked for again.
            flow.material.proof = None;
            flow.step = back;
            flow.error = Some(Fault::new(FaultKind::Input, Reason::NotFresh.code()));
            return Ok(Next::Show(Box::new(flow)));
        }
        match action {
            Action::Totp(typed) => self.check_factor(flow, user, back, Factor::Totp, &typed, browser).await,
            Action::RecoveryCode(typed) => {
                self.check_factor(flow, user, back, Factor::RecoveryCode, &typed, browser).await
            }
            Action::Passkey(given) if methods.contains(&SecondFactor::Passkey) => {
                flow.step = back;
                self.proven_by_passkey(flow, &given, Some(user), browser).await
            }
            _ => Err(Fault::flow("bad_request")),
        }
    }

    /// The attempt is counted before the code is looked at, with the same counters as passwords and mailed codes, so that
    /// no door gives guesses that another has used up (T76, T95).
    async fn check_factor(
        &self,
        mut flow: Flow,
        user: UserId,
        back: Step,
        factor: Factor,
        typed: &str,
        browser: &Browser,
    ) -> Acted {
        let counters = Counters::of_user(browser);
        let mut query = self.query(&flow, browser);
        query.users.push(user);
        query.throttles.extend(counters.asked().iter().map(|throttle| throttle.key(Some(user))));
        query.throttles.push(counters.of_source());
        for _ in 0..3 {
            let facts = self.facts(&query).await?;
            if facts.flow_spent {
                return self.settle(flow, Some(facts), browser).await;
            }
            let keys = counters.keys(browser, Some(user));
            let reserved = decide_attempt(&facts, &keys, self.now());
            if let Reserved::Wait(until) = reserved.outcome {
                return Err(Fault::wait("throttled", until));
            }
            if self.apply(reserved.plan, &facts, None, &browser.language).await?.is_some() {
                continue;
            }
            let found = facts.user(user).filter(|user| user.status == UserStatus::Active);
            let Some(spent) = found.and_then(|user| self.shown(user, factor, typed)) else { return Err(wrong(factor)) };
            let proof = FactorProof::of_checked(user, factor, self.now());
            flow.material.factor = Some(SealedFactor::of(&proof, &facts));
            flow.step = back;
            let cleared = Counters::cleared(&keys);
            return self
                .settle_with(flow, Some(facts), browser, &[], |facts| {
                    let mut plan = self.spent_factor(facts, user, spent, browser);
                    plan.changes.extend(cleared.iter().map(|key| Change::ClearThrottle { key: key.clone() }));
                    plan
                })
                .await;
        }
        Err(Fault::new(FaultKind::Unavailable, "busy"))
    }

    /// Which code of the user this is, if it is one and was not used before.
    fn shown(&self, user: &UserFacts, factor: Factor, typed: &str) -> Option<Spent> {
        let known = user.totp.as_ref()?;
        match factor {
            Factor::Totp => {
                let secret = self.keys.open("totp", &sealed_for(user.id), &known.secret).ok()?;
                let step = totp::step_of(&secret, typed, self.now())?;
                (step > known.last_step).then_some(Spent::Step(step))
            }
            Factor::RecoveryCode => {
                let digest = code_digest(user.id, &plain_code(typed));
                let found = known.codes.iter().any(|code| code.ct_eq(&digest).into());
                found.then_some(Spent::Code(digest))
            }
        }
    }

    fn spent_factor(&self, facts: &Facts, user: UserId, shown: Spent, browser: &Browser) -> Plan {
        let actor = model::Actor::User { user };
        let context = self.context(None, &actor, browser);
        let mut plan = facts.user(user).map(|user| spend_factor(&context, facts, user, shown)).unwrap_or_default();
        if plan.is_empty() {
            // Used meanwhile: what was shown leads to nothing.
            plan.push(Change::UseTotp { user, was: -1, step: -1 });
        }
        plan
    }

    /// A new secret for whoever is signed in, freshly. Nothing is written.
    pub async fn ask_totp(&self, browser: &Browser) -> Result<TotpAsked, Fault> {
        let facts = self.own_facts(browser).await?;
        let (session, user) = self.changing(&facts)?;
        if !self.policy.local.totp {
            return Err(Fault::refused(Reason::MethodNotAllowed));
        }
        if !self.is_fresh(session, user) {
            return Err(Fault::refused(Reason::StepUpNeeded));
        }
        let setup = Setup {
            id: FlowId::generate(self.now(), self.random()),
            expires_at: self.now() + SETUP_LIFETIME,
            user: user.id,
            secret: self.random().bytes(),
        };
        self.totp_asked(&setup, user)
    }

    fn totp_asked(&self, setup: &Setup, user: &UserFacts) -> Result<TotpAsked, Fault> {
        let named = user.addresses.first().map(|known| known.address.to_string());
        let account = named.unwrap_or_else(|| crate::decide::display_name(user));
        let uri = totp::uri(&setup.secret, &self.policy.host, &account).ok_or_else(Fault::unavailable)?;
        let sealed = self.keys.seal_value("totp", SETUP, setup, self.random());
        Ok(TotpAsked { uri, secret: totp::typed_form(&setup.secret), setup: sealed.map_err(|_| Fault::unavailable())? })
    }

    /// The same secret once more, after a wrong code.
    pub async fn ask_totp_again(&self, setup: &str, browser: &Browser) -> Result<TotpAsked, Fault> {
        let facts = self.own_facts(browser).await?;
        let (_, user) = self.changing(&facts)?;
        self.totp_asked(&self.setup(setup, user.id)?, user)
    }

    fn setup(&self, sealed: &str, user: UserId) -> Result<Setup, Fault> {
        let setup: Option<Setup> = self.keys.open_value("totp", SETUP, sealed).ok();
        let setup = setup.filter(|setup| setup.user == user && setup.expires_at > self.now());
        setup.ok_or_else(|| Fault::flow("totp_setup_over"))
    }

    /// The app shows its first code: from now on the account has a second factor. One read, one plan. Every other session
    /// ends, and this one gets a new secret.
    pub async fn set_totp(
        &self,
        setup: &str,
        typed: &str,
        browser: &Browser,
    ) -> Result<(Finished, RecoveryCodes), Fault> {
        let facts = self.own_facts(browser).await?;
        let (session, user) = self.changing(&facts)?;
        if !self.is_fresh(session, user) {
            return Err(Fault::refused(Reason::StepUpNeeded));
        }
        let (session, owner) = (session.id, user.id);
        let setup = self.setup(setup, owner)?;
        let step = totp::step_of(&setup.secret, typed, self.now()).ok_or_else(|| wrong(Factor::Totp))?;
        let sealed = self.keys.seal("totp", &sealed_for(owner), &setup.secret, self.random());
        let sealed = sealed.map_err(|_| Fault::unavailable())?;
        let (codes, digests) = self.recovery_codes(owner);
        let secret = self.new_secret(browser);
        let shown = FactorProof::of_checked(owner, Factor::Totp, self.now());
        self.own_change_given(Some(facts), browser, |context, facts| {
            let new = SetTotp { secret: &sealed, step, codes: &digests, shown: &shown };
            let decision = decide_set_totp(context, facts, session, &new, &secret.terms);
            if !decision.outcome {
                return Err(Fault::refused(decision.reason));
            }
            let mut plan = decision.plan;
            plan.push(Change::SpendProof(Expiring { flow: setup.id, expires_at: setup.expires_at }));
            Ok(((), plan))
        })
        .await?;
        let finished = self.finished(owner, "/account".to_owned());
        Ok((Finished { session: Some(secret.secret), ..finished }, codes))
    }

    /// Turns the second factor off. Every other session ends, and this one gets a new secret.
    pub async fn remove_totp(&self, browser: &Browser) -> Result<Finished, Fault> {
        let secret = self.new_secret(browser);
        let owner = self
            .own_change(browser, |context, facts| {
                let (session, user) = self.changing(facts)?;
                let decision = decide_remove_totp(context, facts, session.id, &secret.terms);
                if decision.outcome { Ok((user.id, decision.plan)) } else { Err(Fault::refused(decision.reason)) }
            })
            .await?;
        let finished = self.finished(owner, "/account".to_owned());
        Ok(Finished { session: Some(secret.secret), ..finished })
    }

    /// New recovery codes; those from before count no more.
    pub async fn new_recovery_codes(&self, browser: &Browser) -> Result<RecoveryCodes, Fault> {
        let facts = self.own_facts(browser).await?;
        let (_, user) = self.changing(&facts)?;
        let (codes, digests) = self.recovery_codes(user.id);
        self.own_change_given(Some(facts), browser, |context, facts| {
            let (session, _) = self.changing(facts)?;
            let decision = decide_recovery_codes(context, facts, session.id, &digests);
            if decision.outcome { Ok(((), decision.plan)) } else { Err(Fault::refused(decision.reason)) }
        })
        .await?;
        Ok(codes)
    }

    /// Eighty bits each: nobody guesses them, so a fast hash keeps them (NIST SP 800-63B-4 §3.1.2.2).
    fn recovery_codes(&self, user: UserId) -> (RecoveryCodes, Vec<[u8; 32]>) {
        const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        let code = || -> String {
            let letter = |byte: u8| char::from(LETTERS[usize::from(byte % 32)]);
            self.random().bytes::<16>().into_iter().map(letter).collect()
        };
        let codes: Vec<String> = std::iter::repeat_with(code).take(RECOVERY_CODES).collect();
        let digests = codes.iter().map(|code| code_digest(user, code)).collect();
        let grouped = |code: &String| [&code[..4], &code[4..8], &code[8..12], &code[12..]].join("-");
        (RecoveryCodes(codes.iter().map(grouped).collect()), digests)
    }
}
