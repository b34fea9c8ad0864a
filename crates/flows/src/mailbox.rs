//! Codes that go through a mailbox: sending, counting and redeeming them; and the sign-up that waits for one.

use crate::flow::{Fault, FaultKind, Field, Flow, Goal, Material, Next, PendingSignUp, Proves, SealedProof, Step};
use crate::journeys::{Acted, Journeys, parse_address};
use crate::prove::{Counters, not_hashed};
use crate::{Browser, Written, digest};
use linking::{Attempt as Reserved, Reason, decide_attempt};
use model::{
    Address, Change, CodeFacts, Facts, Level, MINUTE, Mail, MailBody, MailId, MailKind, Method, Micros, Plan, Proof,
    Secret,
};
use serde::{Deserialize, Serialize};

/// A mail as it lies sealed in the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutgoingMail {
    pub to: Address,
    pub written: Written,
}

/// Guesses per code: with six digits and three, one in 200,000 at best.
const GUESSES: i64 = 5;
/// ASVS 6.5.5: ten minutes.
pub(crate) const CODE_LIFETIME: Micros = MINUTE.times(10);
const NAME_MAX: usize = 100;

impl Journeys {
    /// Sends a code and shows the page that asks for it: always the same page, whoever has the address (T123).
    /// One read, one plan.
    pub(crate) async fn send_code(&self, flow: Flow, address: Address, proves: Proves, browser: &Browser) -> Acted {
        self.send_code_given(flow, address, proves, None, browser).await
    }

    /// As [`Self::send_code`], with facts that were just read for the same flow and address.
    pub(crate) async fn send_code_given(
        &self,
        mut flow: Flow,
        address: Address,
        proves: Proves,
        mut given: Option<Facts>,
        browser: &Browser,
    ) -> Acted {
        let mut query = self.query(&flow, browser);
        query.address = Some(address.clone());
        query.throttles.extend(mail_keys(&address, browser, false));
        query.throttles.extend(mail_keys(&address, browser, true));
        for _ in 0..3 {
            let facts = match given.take() {
                Some(facts) => facts,
                None => self.facts(&query).await?,
            };
            if let Proves::User(user) = proves
                && facts.address_owner != Some(user)
            {
                // The address went to somebody else, or nobody, since the page offered it.
                return Err(Fault::refused(Reason::MethodNotAllowed));
            }
            let keys = mail_keys(&address, browser, knows_owner(browser, &facts, proves));
            let reserved = decide_attempt(&facts, &keys, self.now());
            if let Reserved::Wait(until) = reserved.outcome {
                return Err(Fault::wait("mail_limit", until));
            }
            let code = self.six_digits();
            let mut plan = reserved.plan;
            plan.push(Change::IssueCode {
                flow: flow.id,
                address: address.clone(),
                hash: code_hash(&flow, &code),
                attempts: GUESSES,
                expires_at: self.now() + CODE_LIFETIME,
            });
            plan.push(Change::Send(self.code_mail(&flow, &address, proves, &code, &facts, browser)));
            if self.apply(plan, &facts, None, &browser.language).await?.is_none() {
                // The code belongs to the page it was asked on; its own page never nests.
                let back = match flow.step {
                    Step::MailCode { back, .. } => back,
                    step => Box::new(step),
                };
                flow.step = Step::MailCode { address, proves, back };
                return Ok(Next::Show(Box::new(flow)));
            }
        }
        Err(Fault::new(FaultKind::Unavailable, "busy"))
    }

    /// The mail says what would follow; only whoever reads the mailbox learns it (T29).
    fn code_mail(
        &self,
        flow: &Flow,
        to: &Address,
        proves: Proves,
        code: &str,
        facts: &Facts,
        browser: &Browser,
    ) -> Mail {
        let known = facts.address_owner.is_some();
        let purpose = match (proves, &flow.goal, &flow.material.external) {
            (Proves::User(_), Goal::StepUp { .. }, _) => "step_up",
            (Proves::User(_), Goal::Recover, _) => "recover",
            (Proves::Owner, Goal::Recover, _) if known => "recover",
            (Proves::Owner, Goal::Recover, _) => "recover_unknown",
            (Proves::User(_), _, _) => "prove",
            (Proves::Owner, _, _) if known => "sign_in",
            (Proves::Owner, _, _) => "sign_in_unknown",
            (Proves::Mailbox, _, Some(_)) if known => "connect",
            (Proves::Mailbox, _, _) if known => "sign_up_known",
            (Proves::Mailbox, _, _) => "sign_up",
        };
        let mut values =
            vec![("code", code.to_owned()), ("purpose", purpose.to_owned()), ("device", browser.user_agent.clone())];
        if let Some(assertion) = &flow.material.external {
            let display = &assertion.parts().display;
            values.push(("connection", assertion.connection().to_string()));
            values.push(("subject_tail", assertion.identity().subject.tail().to_owned()));
            values.push(("external_name", display.name.clone().or(display.user_name.clone()).unwrap_or_default()));
        }
        let body = MailBody::Plain { kind: MailKind::Code, to: to.clone(), values };
        Mail { id: MailId::generate(self.now(), self.random()), at: self.now(), body }
    }

    fn six_digits(&self) -> String {
        // 64 bits make the bias of the remainder smaller than any attempt count can see.
        let number = u64::from_be_bytes(self.random().bytes::<8>()) % 1_000_000;
        format!("{number:06}")
    }

    /// A code was typed. A wrong one is counted in the store, where no second tab or replica can rewind it: against the
    /// code, and against account and source like a wrong password, so that many codes give no more guesses than one
    /// (T76, T95).
    pub(crate) async fn enter_code(
        &self,
        mut flow: Flow,
        address: Address,
        proves: Proves,
        back: Step,
        typed: &str,
        browser: &Browser,
    ) -> Acted {
        let typed: String = typed.chars().filter(char::is_ascii_digit).collect();
        let mut query = self.query(&flow, browser);
        query.address = Some(address.clone());
        let counters = Counters::of(browser, &address);
        query.owner_throttles = counters.asked();
        query.throttles.push(counters.of_source());
        for _ in 0..3 {
            let mut facts = self.facts(&query).await?;
            if facts.flow_spent {
                return self.settle(flow, Some(facts), browser).await;
            }
            let code = live_code(&facts, &address, self.now())?.clone();
            let keys = counters.keys(browser, facts.address_owner);
            let reserved = decide_attempt(&facts, &keys, self.now());
            if let Reserved::Wait(until) = reserved.outcome {
                return Err(Fault::wait("throttled", until));
            }
            // Counted before it is compared: of guesses made at the same time each one costs, and no more are compared
            // than were counted.
            let mut plan = reserved.plan;
            plan.push(Change::CountGuess { flow: flow.id, left: code.attempts_left });
            if self.apply(plan, &facts, None, &browser.language).await?.is_some() {
                continue;
            }
            let left = code.attempts_left - 1;
            if !matches_code(&flow, &code, &typed) {
                let mut fault = Fault::input(Field::Code, "wrong_code");
                fault.number = Some(left);
                return Err(if left > 0 { fault } else { Fault::input(Field::Code, "code_attempts_used_up") });
            }
            if let Some(counted) = facts.code.as_mut() {
                counted.attempts_left = left;
            }
            let now = self.now();
            flow.material.mailbox = Some((address.clone(), now));
            flow.step = back;
            match (proves, facts.address_owner) {
                (Proves::Mailbox, _) => {}
                (Proves::User(user), _) | (Proves::Owner, Some(user)) => {
                    let method = Method::EmailCode { address: address.clone() };
                    flow.material.proof =
                        Some(SealedProof::of(&Proof::of_checked(user, method, Level::One, now), &facts));
                }
                (Proves::Owner, None) => {
                    let redeem = redeem_code(&flow, left, &keys);
                    return self.nobody_here(flow, redeem, &facts, browser).await;
                }
            }
            // Read again after a conflict, it must still be this very code; any other is not the one that was entered.
            let redeem = |facts: &Facts| {
                let same = facts.code.as_ref().filter(|known| known.hash == code.hash);
                redeem_code(&flow, same.map_or(-1, |known| known.attempts_left), self.forgiven(facts, proves, &keys))
            };
            return self.settle_with(flow.clone(), Some(facts), browser, &[], redeem).await;
        }
        Err(Fault::new(FaultKind::Unavailable, "busy"))
    }

    /// Which counters a right code clears. Where something else is asked for next the mailbox alone clears none, or whoever
    /// reads it could guess that for ever (T95).
    fn forgiven<'a>(&self, facts: &Facts, proves: Proves, keys: &'a [Vec<u8>]) -> &'a [Vec<u8>] {
        let owner = match proves {
            Proves::User(user) => Some(user),
            Proves::Owner | Proves::Mailbox => facts.address_owner,
        };
        let opens = |user: &model::UserFacts| linking::mailbox_opens(user, &facts.connections, &self.policy);
        if owner.and_then(|id| facts.user(id)).is_none_or(opens) { keys } else { &[] }
    }

    /// The mailbox is theirs, and no account has the address. Only now may that be said.
    async fn nobody_here(&self, mut flow: Flow, redeem: Plan, facts: &Facts, browser: &Browser) -> Acted {
        if let Some(conflict) = self.apply(redeem, facts, None, &browser.language).await? {
            return Err(Self::conflict_fault(conflict));
        }
        flow.step = Step::Identify;
        flow.material = Material::default();
        flow.error = Some(Fault::input(Field::Email, "no_account_here"));
        Ok(Next::Show(Box::new(flow)))
    }

    /// Sign-up: until the code is entered nothing exists but the sealed flow (T23, T77).
    pub(crate) async fn sign_up(
        &self,
        mut flow: Flow,
        name: &str,
        email: &str,
        password: Secret<String>,
        browser: &Browser,
    ) -> Acted {
        if !matches!(flow.goal, Goal::SignUp { .. }) {
            return Err(Fault::flow("bad_request"));
        }
        if !self.policy.local.password {
            return Err(Fault::refused(Reason::MethodNotAllowed));
        }
        match self.policy.sign_up {
            model::SignUp::Open => {}
            model::SignUp::Invited => return Err(Fault::refused(Reason::SignUpInvited)),
            model::SignUp::Closed => return Err(Fault::refused(Reason::SignUpClosed)),
        }
        let address = parse_address(email)?;
        let name = plain_name(name).ok_or_else(|| Fault::input(Field::Name, "invalid_name"))?;
        // The mail's limits are asked before a hash is spent (T111); they are counted with the mail.
        let mut query = self.query(&flow, browser);
        query.address = Some(address.clone());
        query.throttles.extend(mail_keys(&address, browser, false));
        query.throttles.extend(mail_keys(&address, browser, true));
        let facts = self.facts(&query).await?;
        let keys = mail_keys(&address, browser, knows_owner(browser, &facts, Proves::Mailbox));
        if let Reserved::Wait(until) = decide_attempt(&facts, &keys, self.now()).outcome {
            return Err(Fault::wait("mail_limit", until));
        }
        let about = [name.as_str(), address.local(), address.domain()];
        let phc = self.passwords.hash(&password, &about).await.map_err(not_hashed)?;
        flow.material.sign_up = Some(PendingSignUp::new(name, address.clone(), phc));
        self.send_code_given(flow, address, Proves::Mailbox, Some(facts), browser).await
    }
}

/// What limits the mails to one address: shared by strangers, and one of its own for a device its owner has used, so that
/// strangers cannot keep codes from the owner (T76). Strangers are limited by their source as well.
pub(crate) fn mail_keys(address: &Address, browser: &Browser, known_device: bool) -> Vec<Vec<u8>> {
    let address = digest(&[untagged(address.local()).as_bytes(), b"@", address.domain().as_bytes()]);
    if known_device {
        return vec![[b"mail:own:".as_slice(), &address, &browser.device.id].concat()];
    }
    let to = [b"mail:".as_slice(), &address].concat();
    let from = [b"source:mail:".as_slice(), &browser.source].concat();
    vec![to, from]
}

/// The local part without its `+tag`: at most mail systems one mailbox has endless tags. It names a counter and never
/// an identity (T17): where tags are mailboxes of their own, they only share the limit.
fn untagged(local: &str) -> &str {
    match local.split_once('+') {
        Some((mailbox, _)) if !mailbox.is_empty() => mailbox,
        _ => local,
    }
}

fn knows_owner(browser: &Browser, facts: &Facts, proves: Proves) -> bool {
    let owner = match proves {
        Proves::User(user) => Some(user),
        Proves::Mailbox | Proves::Owner => facts.address_owner,
    };
    owner.is_some_and(|user| browser.device.knows(user))
}

/// A name as people write it: one line, no control or direction characters.
pub(crate) fn plain_name(name: &str) -> Option<String> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let odd = |c: char| {
        c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
    };
    (name.chars().count() <= NAME_MAX && !name.chars().any(odd)).then_some(name)
}

fn code_hash(flow: &Flow, code: &str) -> [u8; 32] {
    digest(&[flow.id.as_bytes(), code.as_bytes()])
}

fn live_code<'a>(facts: &'a Facts, address: &Address, now: Micros) -> Result<&'a CodeFacts, Fault> {
    let code = facts
        .code
        .as_ref()
        .filter(|code| code.expires_at > now && code.address == *address)
        .ok_or_else(|| Fault::input(Field::Code, "code_expired"))?;
    if code.attempts_left > 0 { Ok(code) } else { Err(Fault::input(Field::Code, "code_attempts_used_up")) }
}

/// The plan that spends a right code. Whoever reads the mailbox was no guesser: what was counted for the account goes.
fn redeem_code(flow: &Flow, left: i64, counted: &[Vec<u8>]) -> Plan {
    let mut plan = Plan { changes: vec![Change::RedeemCode { flow: flow.id, left }] };
    plan.changes.extend(Counters::cleared(counted).into_iter().map(|key| Change::ClearThrottle { key }));
    plan
}

fn matches_code(flow: &Flow, code: &CodeFacts, typed: &str) -> bool {
    use subtle::ConstantTimeEq as _;
    code_hash(flow, typed).ct_eq(&code.hash).into()
}
