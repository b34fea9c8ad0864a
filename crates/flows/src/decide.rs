//! The heart of every journey: read facts, decide, apply, and on conflict read again (three times at most).

use crate::flow::{Destination, Fault, FaultKind, Finished, Flow, Goal, Material, Next, ProofMethod, Proves, Step};
use crate::journeys::{Acted, Journeys};
use crate::recover::recovery;
use crate::{Browser, seal::digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use linking::{
    Context, Decision, LinkInput, LinkOutcome, LocalOutcome, LocalSignIn, NewUser, Reason, SessionTerms, SignInInput,
    SignInOutcome, SignUpInput, SignUpOutcome, StepUpInput, decide_link, decide_local_sign_in, decide_sign_in,
    decide_sign_up, decide_step_up, recycled_notice_key,
};
use model::{Actor, Conflict, Facts, FactsQuery, LinkId, Method, Plan, Secret, UserId, masked};

/// A decision in the words of a journey.
pub(crate) enum Settled {
    Done { user: UserId, new_session: bool, linked: Option<LinkId>, created: bool },
    Step(Step),
    MailCode(model::Address),
    Fault(Fault),
}

/// How often facts are read before a conflict becomes an answer.
const TRIES: usize = 3;

/// A new session secret and its hash.
pub(crate) struct NewSecret {
    pub secret: Secret<String>,
    pub terms: SessionTerms,
}

impl Journeys {
    pub(crate) fn new_secret(&self, browser: &Browser) -> NewSecret {
        let secret = URL_SAFE_NO_PAD.encode(self.random().bytes::<32>());
        let terms = SessionTerms {
            hash: digest(&[secret.as_bytes()]),
            lifetime: self.session_lifetime,
            user_agent: browser.user_agent.clone(),
        };
        NewSecret { secret: Secret::new(secret), terms }
    }

    /// Which facts this flow's decision rests on: everything in one snapshot.
    pub(crate) fn query(&self, flow: &Flow, browser: &Browser) -> FactsQuery {
        let material = &flow.material;
        let external = material.external.as_ref();
        let address = flow_address(flow);
        let mut users: Vec<UserId> = material.named.into_iter().collect();
        users.extend(material.proof.iter().chain(&material.proofs).map(|proof| proof.user));
        users.extend(material.factor.as_ref().map(crate::flow::SealedFactor::user));
        if let Goal::Link { user, .. } | Goal::StepUp { user, .. } = &flow.goal {
            users.push(*user);
        }
        let mut throttles: Vec<Vec<u8>> = external.map(recycled_notice_key).into_iter().collect();
        if let (Some(address), None) = (&address, &material.mailbox) {
            // The decision may be to send a code: its limits are read along.
            throttles.extend(crate::mailbox::mail_keys(address, browser, false));
            throttles.extend(crate::mailbox::mail_keys(address, browser, true));
        }
        FactsQuery {
            session: browser.session,
            identity: external.map(|assertion| assertion.identity().clone()),
            address,
            // No configuration lets user names match yet.
            user_name: None,
            grant: None,
            users,
            flow: Some(flow.id),
            throttles,
            owner_throttles: Vec::new(),
            device: None,
            clients_of_session: false,
            credential: None,
            stand_in: None,
        }
    }

    /// Decides on what the flow has gathered. `given` are facts that were just read for the same query.
    pub(crate) async fn settle(&self, flow: Flow, given: Option<Facts>, browser: &Browser) -> Acted {
        self.settle_with(flow, given, browser, &[], |_| Plan::default()).await
    }

    /// As [`Self::settle`], with counters to clear on success and changes that go into the same plan (a redeemed code).
    pub(crate) async fn settle_with(
        &self,
        mut flow: Flow,
        mut given: Option<Facts>,
        browser: &Browser,
        clear: &[Vec<u8>],
        also: impl Fn(&Facts) -> Plan + Send,
    ) -> Acted {
        if matches!(flow.goal, Goal::Recover) {
            flow.material.gather();
        }
        let query = self.query(&flow, browser);
        let mut conflict = Conflict::Stale;
        for _ in 0..TRIES {
            let facts = match given.take() {
                Some(facts) => facts,
                None => self.facts(&query).await?,
            };
            if facts.flow_spent {
                return self.already_done(&flow, &facts);
            }
            let secret = self.new_secret(browser);
            let new_user = self.new_user()?;
            let actor = Actor::System;
            let context = self.context(Some(&flow), &actor, browser);
            let decision = self.decide(&context, &flow, &facts, &secret.terms, &new_user, clear);
            let decision = unless_stale(&flow, context.now, decision);
            tracing::info!(reason = decision.reason.code(), row = decision.row, "decided");
            let mut plan = also(&facts);
            plan.changes.extend(decision.plan.changes);
            if !plan.is_empty()
                && let Some(found) = self.apply(plan, &facts, Some(&new_user), &browser.language).await?
            {
                if found == Conflict::ProofSpent {
                    return Err(Self::conflict_fault(found));
                }
                conflict = found;
                continue;
            }
            return self.show(&mut flow, decision.outcome, facts, secret, browser).await;
        }
        Err(Self::conflict_fault(conflict))
    }

    pub(crate) fn conflict_fault(conflict: Conflict) -> Fault {
        match conflict {
            Conflict::FlowSpent => Fault::flow("flow_spent"),
            Conflict::IdentityTaken => Fault::refused(Reason::IdentityOfOtherUser),
            Conflict::AddressTaken => Fault::refused(Reason::AddressBelongsToAccount),
            Conflict::TokenSpent | Conflict::ProofSpent => Fault::refused(Reason::TokenReused),
            Conflict::GrantSpent => Fault::refused(Reason::UndoSpent),
            Conflict::SessionGone => Fault::refused(Reason::SessionExpired),
            // A client's own answer to it is in `tokens`; here the person tries again.
            Conflict::ClientChanged | Conflict::Stale => Fault::new(FaultKind::Unavailable, "busy"),
        }
    }

    /// The outcome was committed before. A browser that has a session is sent on; any other gets an error page (T85).
    fn already_done(&self, flow: &Flow, facts: &Facts) -> Acted {
        match facts.live_session(self.now()) {
            Some((_, user)) => {
                let to = match flow.goal.destination() {
                    Some(Destination::Path(path)) => path.clone(),
                    // Asks again for what it needs.
                    Some(Destination::Client(request)) => self.resume_at(request)?,
                    Some(Destination::Device(code)) => crate::device::typing_at(code.as_deref()),
                    Some(Destination::Application(_)) | None => "/account".to_owned(),
                };
                Ok(Next::Finished(self.finished(user.id, to)))
            }
            None => Err(Fault::flow("flow_spent")),
        }
    }

    fn decide(
        &self,
        context: &Context<'_>,
        flow: &Flow,
        facts: &Facts,
        terms: &SessionTerms,
        new_user: &NewUser,
        clear: &[Vec<u8>],
    ) -> Decision<Settled> {
        let material = &flow.material;
        if material.proof.iter().chain(&material.proofs).any(|proof| !proof.still_holds(facts)) {
            // Something about the user changed since: what was shown then shows nothing now.
            return map(nothing_to_decide(), |_, _| refused(Reason::TicketOutdated));
        }
        let factor = material.factor.as_ref().and_then(|factor| factor.unsealed(facts));
        let proof = material.proof.as_ref().map(crate::flow::SealedProof::unsealed);
        let proof = proof.map(|proof| factor.as_ref().map_or(proof.clone(), |second| proof.with(second)));
        match (&flow.goal, &material.external) {
            (Goal::Link { user, session, user_version, .. }, Some(assertion)) => {
                let input =
                    LinkInput { facts, assertion, user: *user, session: *session, user_version: *user_version, terms };
                map(decide_link(context, &input), |outcome, reason| link_outcome(outcome, *user, reason))
            }
            (Goal::StepUp { user, .. }, _) => match &proof {
                Some(proof) => {
                    let input = StepUpInput { facts, proof, user: *user, terms, clear };
                    map(decide_step_up(context, &input), |outcome, reason| {
                        self.local_outcome(outcome, flow, facts, reason)
                    })
                }
                None => nothing_to_decide(),
            },
            (Goal::SignIn { .. } | Goal::SignUp { .. }, Some(assertion)) => {
                let input = SignInInput {
                    facts,
                    assertion,
                    mailbox: material.mailbox.as_ref().map(|(address, _)| address),
                    proof: proof.as_ref().zip(material.named),
                    factor: factor.as_ref(),
                    switch_confirmed: material.switch,
                    separate_confirmed: material.separate,
                    for_device: flow.goal.destination().is_some_and(Destination::is_device),
                    terms,
                    new_user,
                };
                map(decide_sign_in(context, &input), |outcome, reason| {
                    self.sign_in_outcome(outcome, facts, flow, reason)
                })
            }
            (Goal::SignIn { .. } | Goal::SignUp { .. }, None) => match (&material.sign_up, &material.mailbox, &proof) {
                (_, _, Some(proof)) => {
                    if let Some(step) = self.instead(flow, facts, proof.user(), proof.method()) {
                        return map(nothing_to_decide(), |_, _| Settled::Step(step));
                    }
                    let input = LocalSignIn { facts, proof, switch_confirmed: material.switch, terms, clear };
                    map(decide_local_sign_in(context, &input), |outcome, reason| {
                        self.local_outcome(outcome, flow, facts, reason)
                    })
                }
                (Some(wanted), Some((address, _)), None) => {
                    let phc = wanted.phc();
                    let input = SignUpInput {
                        facts,
                        address,
                        name: &wanted.name,
                        phc: &phc,
                        switch_confirmed: material.switch,
                        terms,
                        new_user,
                    };
                    map(decide_sign_up(context, &input), |outcome, reason| {
                        sign_up_outcome(outcome, facts, self.policy.local.email_code, reason)
                    })
                }
                (Some(wanted), None, None) => {
                    // The code was entered too long ago.
                    map(nothing_to_decide(), |_, _| Settled::MailCode(wanted.address.clone()))
                }
                (None, _, None) => nothing_to_decide(),
            },
            (Goal::Link { .. }, None) => nothing_to_decide(),
            (Goal::Recover, _) => recovery(context, flow, facts, terms, clear),
        }
    }

    fn local_outcome(&self, outcome: LocalOutcome, flow: &Flow, facts: &Facts, reason: Reason) -> Settled {
        match outcome {
            LocalOutcome::SignedIn { user } => done(user),
            LocalOutcome::AskSwitch { current, other } => Settled::Step(ask_switch(facts, current, Some(other))),
            LocalOutcome::AskFactor { user } => self.ask_factor(flow, facts, user),
            LocalOutcome::Refused => refused(reason),
        }
    }

    fn sign_in_outcome(&self, outcome: SignInOutcome, facts: &Facts, flow: &Flow, reason: Reason) -> Settled {
        match outcome {
            SignInOutcome::SignedIn { user, link, linked_now, created } => {
                Settled::Done { user, new_session: true, linked: linked_now.then_some(link), created }
            }
            SignInOutcome::AlreadySignedIn { user, .. } => {
                Settled::Done { user, new_session: false, linked: None, created: false }
            }
            SignInOutcome::AskSwitch { current, other } => Settled::Step(ask_switch(facts, current, other)),
            SignInOutcome::AskMailbox { address } => Settled::MailCode(address),
            SignInOutcome::AskProof { user, methods } => {
                let address = flow_address(flow).map(|address| masked(&address)).unwrap_or_default();
                let may_separate = may_separate(&self.policy, flow);
                let methods = proof_methods(&methods);
                Settled::Step(Step::AskProof { user, account: address, methods, may_separate })
            }
            SignInOutcome::AskFactor { user } => self.ask_factor(flow, facts, user),
            SignInOutcome::OtherAccount => {
                Settled::Step(Step::OtherAccount { may_separate: may_separate(&self.policy, flow) })
            }
            SignInOutcome::AddressTaken { may_separate } => {
                let may_continue = self.policy.local.email_code && flow.material.mailbox.is_some();
                Settled::Step(Step::AddressTaken { may_separate, may_continue })
            }
            SignInOutcome::AskCreate => Settled::Step(Step::AskCreate),
            // Of several the way on is to sign in to one of them and to add this identity there.
            SignInOutcome::AskProofOfOne { .. } | SignInOutcome::Refused => refused(reason),
        }
    }

    /// Turns a settled decision into what comes next.
    async fn show(
        &self,
        flow: &mut Flow,
        settled: Settled,
        facts: Facts,
        secret: NewSecret,
        browser: &Browser,
    ) -> Acted {
        match settled {
            Settled::Done { user, new_session, linked, created } => {
                let used = self.used(flow);
                let to = self.destination(flow, new_session.then_some(&secret), &facts)?;
                let session = new_session.then_some(secret.secret);
                Ok(Next::Finished(Finished { session, user, used, to, linked, created }))
            }
            Settled::Step(step) => {
                match &step {
                    Step::AskProof { user, .. } | Step::RecoverProof { user, .. } => flow.material.named = Some(*user),
                    Step::SignInWith { .. } => flow.material = Material::default(),
                    // Whose mailbox it is was shown, and that no link is theirs.
                    Step::Password { .. } => {
                        flow.material = Material::default();
                        flow.routing.shown = true;
                    }
                    _ => {}
                }
                flow.step = step;
                Ok(Next::Show(Box::new(flow.clone())))
            }
            Settled::MailCode(address) => {
                Box::pin(self.send_code_given(flow.clone(), address, Proves::Mailbox, Some(facts), browser)).await
            }
            Settled::Fault(fault) => Ok(Next::Failed(fault, Box::new(flow.clone()))),
        }
    }

    /// What the last-used hint will say.
    fn used(&self, flow: &Flow) -> Option<String> {
        match (&flow.goal, &flow.material) {
            (Goal::Link { .. } | Goal::StepUp { .. } | Goal::Recover, _) => None,
            (_, material) => match (&material.proof, &material.external) {
                (_, Some(assertion)) => Some(format!("connection:{}", assertion.connection())),
                (Some(proof), None) => Some(proof.method.name().to_owned()),
                (None, None) => Some("password".to_owned()),
            },
        }
    }
}

pub(crate) fn nothing_to_decide() -> Decision<Settled> {
    let outcome = Settled::Fault(Fault::flow("bad_request"));
    Decision { outcome, reason: Reason::NothingToChange, row: None, plan: Plan::default() }
}

/// A sealed flow lives for half an hour, and a provider's answer completes nothing after [`linking::FRESH`]: the person
/// is sent there once more and finds everything else as it was.
fn unless_stale(flow: &Flow, now: model::Micros, decision: Decision<Settled>) -> Decision<Settled> {
    match (&decision.outcome, &flow.material.external) {
        (Settled::Done { .. }, Some(answer)) if flow.material.is_stale(now) => {
            let outcome = Settled::Step(Step::ProviderAgain { connection: answer.connection().clone() });
            Decision { outcome, reason: Reason::NotFresh, row: decision.row, plan: Plan::default() }
        }
        _ => decision,
    }
}

pub(crate) fn map<O>(decision: Decision<O>, with: impl FnOnce(O, Reason) -> Settled) -> Decision<Settled> {
    let Decision { outcome, reason, row, plan } = decision;
    Decision { outcome: with(outcome, reason), reason, row, plan }
}

pub(crate) fn done(user: UserId) -> Settled {
    Settled::Done { user, new_session: true, linked: None, created: false }
}

pub(crate) fn refused(reason: Reason) -> Settled {
    Settled::Fault(Fault::refused(reason))
}

fn link_outcome(outcome: LinkOutcome, user: UserId, reason: Reason) -> Settled {
    match outcome {
        LinkOutcome::Linked { link } => Settled::Done { user, new_session: true, linked: Some(link), created: false },
        LinkOutcome::AlreadyLinked { .. }
        | LinkOutcome::OtherUsers
        | LinkOutcome::SignInFirst
        | LinkOutcome::StepUpFirst
        | LinkOutcome::Refused => refused(reason),
    }
}

fn sign_up_outcome(outcome: SignUpOutcome, facts: &Facts, email_code: bool, reason: Reason) -> Settled {
    match outcome {
        SignUpOutcome::Created { user } => Settled::Done { user, new_session: true, linked: None, created: true },
        SignUpOutcome::AddressTaken => {
            Settled::Step(Step::AddressTaken { may_separate: false, may_continue: email_code })
        }
        SignUpOutcome::AskSwitch { current } => Settled::Step(ask_switch(facts, current, None)),
        SignUpOutcome::Refused => refused(reason),
    }
}

/// Whether a person may go on with a user of their own.
fn may_separate(policy: &model::Policy, flow: &Flow) -> bool {
    let rules = flow.material.external.as_ref().and_then(|assertion| policy.connection(assertion.connection()));
    rules.is_some_and(|rules| rules.sign_up == model::SignUp::Open)
}

/// The address this journey is about: the mailbox that was shown, else the one a provider or the person named.
pub(crate) fn flow_address(flow: &Flow) -> Option<model::Address> {
    let material = &flow.material;
    let mailbox = material.mailbox.as_ref().map(|(address, _)| address.clone());
    let asserted = || Some(material.external.as_ref()?.mail()?.address.clone());
    mailbox.or_else(asserted).or_else(|| material.sign_up.as_ref().map(|wanted| wanted.address.clone()))
}

pub(crate) fn ask_switch(facts: &Facts, current: UserId, other: Option<UserId>) -> Step {
    let name = |id: UserId| facts.user(id).map(display_name).unwrap_or_default();
    Step::AskSwitch { current: name(current), other: other.map(name) }
}

/// How a user is called on their own pages.
pub(crate) fn display_name(user: &model::UserFacts) -> String {
    if !user.name.is_empty() {
        return user.name.clone();
    }
    user.addresses.first().map_or_else(|| format!("…{}", user.id.tail()), |known| known.address.to_string())
}

/// Methods as the prompt may show them: which connection, never which upstream account.
pub(crate) fn proof_methods(methods: &[Method]) -> Vec<ProofMethod> {
    let mut shown: Vec<ProofMethod> = Vec::new();
    for method in methods {
        let method = match method {
            Method::Passkey { .. } => ProofMethod::Passkey,
            Method::Password => ProofMethod::Password,
            Method::EmailCode { address } => ProofMethod::EmailCode { address: address.clone() },
            Method::Link { connection, .. } => ProofMethod::Connection { connection: connection.clone() },
        };
        if !shown.contains(&method) {
            shown.push(method);
        }
    }
    shown
}
