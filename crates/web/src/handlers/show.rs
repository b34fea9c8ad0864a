//! From a flow's step to its page.

use super::{Page, Visit, add_cookies, html, see_other};
use crate::pages::{
    AccountCard, Action, Code, CodePurpose, ConfirmLink, Conflict, Continue, ErrorText, ExternalCard, Field, Mark,
    Notice, NoticeKind, PasskeyForm, Password, ProofKind, ProofMethod, ProviderAgain, ProviderButton, SecondFactor,
    SignIn, SignInWith, SignUp, StepUp, StepUpWhy, SwitchUser, Way, route,
};
use crate::texts;
use axum::http::{HeaderValue, header};
use flows::{Destination, Fault, FaultKind, Flow, Goal, Landing, Next, Place, Proves, Step};
use model::{FlowId, SignUp as SignUpPolicy};

impl Visit {
    /// Redirects to where the person is now; pages are shown by GET alone.
    pub fn land(&self, next: Result<Next, Fault>, flow: Option<FlowId>) -> Page {
        let Landing { cookies, place } = self.site.journeys.land(next, flow, &self.browser, self.cookies());
        let mut response = match place {
            Place::Flow(flow) => match left_linking(&flow) {
                Some(connection) => see_other(&format!("{}?cancelled={connection}", route::ACCOUNT), &[]),
                None => see_other(&format!("/flow/{}", flow.id), &[]),
            },
            Place::Provider { url, .. } => see_other(&url, &[]),
            Place::Done(done) => match done.linked {
                Some(link) if done.to == route::ACCOUNT && !done.created => {
                    see_other(&format!("/account?linked={link}"), &[])
                }
                _ => see_other(&done.to, &[]),
            },
            Place::Ended { to } => see_other(&to, &[]),
            Place::Failed { fault, flow } => self.failed(&fault, flow.as_deref()),
        };
        add_cookies(&mut response, &cookies);
        response
    }

    /// A fault as a page with a way on.
    pub fn failed(&self, fault: &Fault, flow: Option<&Flow>) -> Page {
        let in_account = flow.is_some_and(|flow| matches!(flow.goal, Goal::Link { .. } | Goal::StepUp { .. }));
        let way = || {
            if in_account {
                vec![(Way::Account, route::ACCOUNT.to_owned())]
            } else {
                vec![(Way::SignIn, route::SIGN_IN.to_owned()), (Way::Home, "/".to_owned())]
            }
        };
        match fault.kind {
            FaultKind::Unavailable => self.error_with(503, &fault.code, way(), Some(2)),
            FaultKind::Wait => self.error_with(429, &fault.code, way(), Some(self.seconds_to_wait(fault))),
            FaultKind::Refused if fault.code == "session_expired" => {
                self.error_with(401, &fault.code, vec![(Way::SignIn, route::SIGN_IN.to_owned())], None)
            }
            FaultKind::Refused => self.refused(fault, flow),
            FaultKind::Input | FaultKind::Provider | FaultKind::Flow => self.error_with(400, &fault.code, way(), None),
        }
    }

    fn refused(&self, fault: &Fault, flow: Option<&Flow>) -> Page {
        let in_account = flow.is_some_and(|flow| matches!(flow.goal, Goal::Link { .. } | Goal::StepUp { .. }));
        let mut ways_on = if in_account {
            vec![Action::new(self.lang, Way::Account, route::ACCOUNT)]
        } else {
            vec![Action::new(self.lang, Way::OtherSignIn, route::CHOOSE)]
        };
        if fault.code == flows::Reason::IdentityHeld.code()
            || flow.is_some_and(|flow| matches!(flow.goal, Goal::Recover))
        {
            ways_on.push(Action::new(self.lang, Way::Recover, route::RECOVER));
        }
        let page = Notice {
            shell: self.shell(),
            kind: NoticeKind::Refused,
            external: flow.and_then(|flow| self.external(flow)),
            sentence: texts::reason(self.lang, &fault.code),
            support_code: Some(self.support_code(&fault.code, flow)),
            ways_on,
            flow: String::new(),
            may_continue: false,
            may_separate: false,
        };
        html(403, page.render())
    }

    pub(super) fn support_code(&self, code: &str, flow: Option<&Flow>) -> String {
        flow.map_or_else(|| code.to_owned(), |flow| format!("{code} · {}", flow.id.tail()))
    }

    fn error_text(&self, flow: &Flow) -> Option<ErrorText> {
        let fault = flow.error.as_ref()?;
        let text = ErrorText::reason(self.lang, &fault.code);
        let field = match fault.field? {
            flows::Field::Email => Field::Email,
            flows::Field::Password => Field::Password,
            flows::Field::Name => Field::Name,
            flows::Field::Code => Field::Code,
        };
        Some(text.at(field))
    }

    /// An error that belongs to no field still shows.
    fn error_of(&self, flow: &Flow) -> Option<ErrorText> {
        self.error_text(flow).or_else(|| flow.error.as_ref().map(|fault| ErrorText::reason(self.lang, &fault.code)))
    }

    /// The page has a field for each of the two codes.
    fn factor_error(&self, flow: &Flow) -> Option<ErrorText> {
        let recovery = flow.error.as_ref().is_some_and(|fault| fault.code == "wrong_recovery_code");
        let error = self.error_of(flow)?;
        Some(if recovery { error.at(Field::RecoveryCode) } else { error })
    }

    pub fn buttons(&self, which: impl Fn(&model::ConnectionId) -> bool) -> Vec<ProviderButton> {
        let last = self.browser.device.last_used.as_deref().and_then(|used| used.strip_prefix("connection:"));
        self.site
            .providers
            .iter()
            .filter(|provider| which(&provider.id))
            .map(|provider| ProviderButton {
                id: provider.id.to_string(),
                name: provider.name.clone(),
                mark: provider.mark,
                last_used: last == Some(provider.id.as_str()),
            })
            .collect()
    }

    fn signing_in(&self, flow: &Flow) -> Vec<ProviderButton> {
        self.buttons(|id| self.site.journeys.offers(flow, id))
    }

    fn external(&self, flow: &Flow) -> Option<ExternalCard> {
        let parts = flow.material.external.as_ref()?.parts();
        let (provider, mark) = self.provider(&parts.connection);
        let asserted = parts.mail.as_ref().map(|mail| &mail.address);
        Some(ExternalCard {
            provider,
            mark,
            address: asserted.map(ToString::to_string).or_else(|| parts.display.raw_address.clone()),
            name: parts.display.name.clone().or_else(|| parts.display.user_name.clone()),
            id_tail: parts.identity.subject.tail().to_owned(),
            address_confirmed: flow.address_confirmed(self.site.journeys.policy()),
        })
    }

    /// A question to whichever passkey is there.
    fn passkey(&self) -> Option<PasskeyForm> {
        let asked = self.site.journeys.ask_passkey()?;
        Some(PasskeyForm { options: asked.options, ceremony: asked.ceremony })
    }

    pub(super) fn methods(&self, methods: &[flows::ProofMethod]) -> Vec<ProofMethod> {
        let last = self.browser.device.last_used.as_deref().unwrap_or_default();
        let kinds: Vec<(ProofKind, bool)> = methods
            .iter()
            .filter_map(|method| {
                Some(match method {
                    flows::ProofMethod::Passkey => (ProofKind::Passkey(self.passkey()?), last == "passkey"),
                    flows::ProofMethod::Password => (ProofKind::Password, last == "password"),
                    flows::ProofMethod::EmailCode { .. } => (ProofKind::Code, last == "email_code"),
                    flows::ProofMethod::Connection { connection } => {
                        let (name, mark) = self.provider(connection);
                        let kind = ProofKind::Provider { id: connection.to_string(), name, mark };
                        (kind, last.strip_prefix("connection:") == Some(connection.as_str()))
                    }
                })
            })
            .collect();
        // A passkey needs script, so it is not the one big button of whom nobody knows to have it.
        let plain = || kinds.iter().position(|(kind, _)| !matches!(kind, ProofKind::Passkey(_)));
        let best = kinds.iter().position(|(_, last)| *last).or_else(plain).unwrap_or(0);
        let mut methods: Vec<ProofMethod> =
            kinds.into_iter().enumerate().map(|(at, (kind, _))| ProofMethod { kind, primary: at == best }).collect();
        methods.sort_by_key(|method| !method.primary);
        methods
    }

    /// The page of the flow's step.
    pub fn page(&self, flow: &Flow, signed_in: Option<&flows::Present>) -> Page {
        let mut page = self.page_of_step(flow, signed_in);
        if let Some(fault) = flow.error.as_ref().filter(|fault| fault.kind == FaultKind::Wait) {
            page.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(self.seconds_to_wait(fault)));
        }
        page
    }

    pub(super) fn seconds_to_wait(&self, fault: &Fault) -> i64 {
        fault.number.map_or(1, |until| ((until - self.site.journeys.now().0) / 1_000_000 + 1).max(1))
    }

    fn page_of_step(&self, flow: &Flow, signed_in: Option<&flows::Present>) -> Page {
        let id = flow.id.to_string();
        let status = match flow.error.as_ref().map(|fault| fault.kind) {
            Some(FaultKind::Wait) => 429,
            // Changing one's mind is no failure.
            Some(FaultKind::Provider) if is_cancelled(flow) => 200,
            Some(FaultKind::Provider) => 400,
            Some(_) => 422,
            None => 200,
        };
        let body = match &flow.step {
            Step::Identify => return self.identify(flow, status, signed_in),
            Step::Away { back, .. } => {
                let flow = Flow { step: (**back).clone(), ..flow.clone() };
                return self.page_of_step(&flow, signed_in);
            }
            Step::Password { address } => Password {
                shell: self.shell(),
                flow: id,
                address: address.to_string(),
                can_code: self.site.journeys.sends_codes(flow),
                can_password: self.site.journeys.local_methods(flow).password,
                providers: if flow.routing.led || flow.routing.asks { self.signing_in(flow) } else { Vec::new() },
                error: self.error_of(flow),
            }
            .render(),
            Step::SignInWith { connections } => {
                let providers = self.buttons(|id| connections.contains(id));
                SignInWith { shell: self.shell(), flow: id, providers, error: self.error_of(flow) }.render()
            }
            Step::MailCode { address, proves, .. } => self.code(flow, address, *proves).render(),
            Step::AskProof { account, methods, may_separate, .. } => {
                let Some(external) = self.external(flow) else { return self.error(400, "bad_request") };
                Conflict {
                    shell: self.shell(),
                    flow: id,
                    external,
                    account: card(account, None),
                    methods: self.methods(methods),
                    can_continue_without: *may_separate,
                    support_code: self.support_code("proof_needed", Some(flow)),
                    error: self.error_of(flow),
                }
                .render()
            }
            Step::SecondFactor { methods, .. } => SecondFactor {
                shell: self.shell(),
                flow: id,
                can_recover: methods.contains(&flows::SecondFactor::RecoveryCode),
                passkey: methods.contains(&flows::SecondFactor::Passkey).then(|| self.passkey()).flatten(),
                back_href: self.site.journeys.way_back(flow),
                error: self.factor_error(flow),
            }
            .render(),
            Step::StepUp { methods } => StepUp {
                shell: self.frame(signed_in),
                flow: id,
                why: self.why(flow),
                back_href: self.site.journeys.way_back(flow),
                methods: self.methods(methods),
                error: self.error_of(flow),
            }
            .render(),
            Step::ConfirmLink => {
                let Some(external) = self.external(flow) else { return self.error(400, "bad_request") };
                let user = signed_in.map_or_else(|| card("", None), card_of);
                ConfirmLink { shell: self.frame(signed_in), flow: id, external, user, silent: true }.render()
            }
            Step::ProviderAgain { connection } => {
                let Some(external) = self.external(flow) else { return self.error(400, "bad_request") };
                let providers = self.buttons(|id| id == connection);
                ProviderAgain { shell: self.shell(), flow: id, external, providers, error: self.error_of(flow) }
                    .render()
            }
            Step::AskSwitch { current, other } => {
                let other = other.clone().unwrap_or_else(|| self.unnamed(flow));
                SwitchUser { shell: self.shell(), flow: id, current: card(current, None), other: card(&other, None) }
                    .render()
            }
            Step::Continue { name } => Continue {
                shell: self.shell(),
                flow: id,
                client_name: self.client_name(flow).unwrap_or_default(),
                account: signed_in.map_or_else(|| card(name, None), card_of),
            }
            .render(),
            Step::OtherAccount { may_separate } => {
                let may = (false, *may_separate);
                self.notice(flow, NoticeKind::OtherAccount, "same_provider_other_subject", may)
            }
            Step::AddressTaken { may_separate, may_continue } => {
                let may = (*may_continue, *may_separate);
                self.notice(flow, NoticeKind::AddressTaken, "address_belongs_to_account", may)
            }
            Step::RecoverProof { methods, .. } => self.recover_proof(flow, methods, self.error_of(flow)),
            Step::AskCreate => self.notice(flow, NoticeKind::Returning, "identity_was_removed", (false, true)),
        };
        html(status, body)
    }

    fn frame(&self, signed_in: Option<&flows::Present>) -> crate::pages::Shell {
        match signed_in {
            Some(person) => self.shell_for(&person.name, &address_of(person)),
            None => self.shell(),
        }
    }

    fn unnamed(&self, flow: &Flow) -> String {
        let external = self.external(flow);
        external.and_then(|card| card.name.or(card.address)).unwrap_or_default()
    }

    fn identify(&self, flow: &Flow, status: u16, signed_in: Option<&flows::Present>) -> Page {
        let policy = self.site.journeys.policy();
        let for_device = matches!(flow.goal.destination(), Some(Destination::Device(_)));
        let open = policy.sign_up == SignUpPolicy::Open && policy.local.password;
        let body = if let Goal::Recover = &flow.goal {
            self.recover(flow, self.error_of(flow))
        } else if let Goal::SignUp { .. } = &flow.goal {
            let typed = flow.material.typed.clone().unwrap_or_default();
            SignUp {
                shell: self.shell(),
                client_name: self.client_name(flow),
                flow: flow.id.to_string(),
                name: typed.name,
                address: typed.email,
                providers: self.signing_in(flow),
                sign_in_href: self.other_first_page(route::SIGN_IN, flow),
                feedback: None,
                error: self.error_of(flow),
            }
            .render()
        } else {
            SignIn {
                shell: self.shell(),
                client_name: self.client_name(flow),
                flow: flow.id.to_string(),
                providers: self.signing_in(flow),
                email: flow.material.typed.as_ref().map(|typed| typed.email.clone()).unwrap_or_default(),
                email_enabled: self.site.journeys.asks_address(flow),
                sign_up_allowed: open && !for_device,
                sign_up_href: self.other_first_page(route::SIGN_UP, flow),
                last_used_email_method: matches!(
                    self.browser.device.last_used.as_deref(),
                    Some("password" | "email_code")
                ),
                passkey: self.passkey().filter(|_| self.site.journeys.local_methods(flow).passkey),
                switch_notice: signed_in.map(|person| person.name.clone()),
                error: self.error_of(flow),
            }
            .render()
        };
        html(status, body)
    }

    /// The way to the other first page, with the same destination.
    fn other_first_page(&self, path: &str, flow: &Flow) -> String {
        let (Goal::SignIn { to } | Goal::SignUp { to }) = &flow.goal else { return path.to_owned() };
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        match to {
            Destination::Path(place) if place == route::ACCOUNT => return path.to_owned(),
            Destination::Path(place) => query.append_pair("return_to", place),
            // Not offered there.
            Destination::Device(_) => return path.to_owned(),
            Destination::Application(request) => query
                .append_pair("application", &request.application)
                .append_pair("redirect_uri", &request.redirect_uri)
                .append_pair("challenge", &request.challenge)
                .append_pair("state", &request.state),
            Destination::Client(request) => match self.site.journeys.seal_request(request) {
                Ok(sealed) => query.append_pair("request", &sealed),
                Err(_) => return path.to_owned(),
            },
        };
        format!("{path}?{}", query.finish())
    }

    fn client_name(&self, flow: &Flow) -> Option<String> {
        self.site.journeys.awaited_by(&flow.goal)
    }

    fn code(&self, flow: &Flow, address: &model::Address, proves: Proves) -> Code {
        let purpose = match (proves, &flow.material.external) {
            _ if matches!(flow.goal, Goal::Recover) => CodePurpose::Recover,
            (Proves::Mailbox, Some(assertion)) => {
                CodePurpose::External { provider: self.provider(assertion.connection()).0 }
            }
            (Proves::Mailbox, None) => CodePurpose::SignUp,
            (Proves::Owner, _) => CodePurpose::SignIn,
            (Proves::User(_), _) => CodePurpose::Confirm,
        };
        // The owner's address is masked where it was not the person themselves who named it.
        let address_shown =
            if matches!(proves, Proves::User(_)) { model::masked(address) } else { address.to_string() };
        Code {
            shell: self.shell(),
            flow: flow.id.to_string(),
            address_shown,
            purpose,
            resent: false,
            attempts_left: flow.error.as_ref().and_then(|fault| u32::try_from(fault.number?).ok()),
            error: self.error_of(flow),
        }
    }

    fn why(&self, flow: &Flow) -> StepUpWhy {
        if let Some(name) = self.client_name(flow) {
            return StepUpWhy::Client { name };
        }
        let Goal::StepUp { to: Destination::Path(to), .. } = &flow.goal else { return StepUpWhy::Continue };
        if to.starts_with(route::SET_PASSWORD) {
            StepUpWhy::SetPassword
        } else if to.starts_with(route::SECOND_FACTOR_SETTINGS) {
            StepUpWhy::SecondFactor
        } else if to.starts_with(route::ADD_PASSKEY) {
            StepUpWhy::AddPasskey
        } else if let Some((path, query)) = to.split_once('?') {
            let value = query.split_once('=').map(|(_, value)| value).unwrap_or_default();
            let provider =
                |id: &str| model::ConnectionId::parse(id).map_or_else(String::new, |id| self.provider(&id).0);
            match path {
                route::CONNECT => StepUpWhy::Connect { provider: provider(value) },
                route::REMOVE => match query.rsplit_once("name=").map(|(_, name)| provider(name)) {
                    Some(provider) if !provider.is_empty() => StepUpWhy::Remove { provider },
                    _ => StepUpWhy::Continue,
                },
                _ => StepUpWhy::Continue,
            }
        } else {
            StepUpWhy::Continue
        }
    }

    fn notice(
        &self,
        flow: &Flow,
        kind: NoticeKind,
        code: &str,
        (may_continue, may_separate): (bool, bool),
    ) -> Result<String, askama::Error> {
        // Beside "sign in to that account", or for whom this way in was removed, it is another way that is meant.
        let way = if may_continue || kind == NoticeKind::Returning { Way::OtherSignIn } else { Way::SignIn };
        let ways_on = vec![Action::new(self.lang, way, route::CHOOSE)];
        Notice {
            shell: self.shell(),
            kind,
            external: self.external(flow),
            sentence: texts::reason(self.lang, code),
            support_code: Some(self.support_code(code, Some(flow))),
            ways_on,
            flow: flow.id.to_string(),
            may_continue,
            may_separate,
        }
        .render()
    }
}

fn is_cancelled(flow: &Flow) -> bool {
    flow.error.as_ref().is_some_and(|fault| fault.code == "provider_cancelled")
}

/// Linking was given up at the provider: the way on is the account it was started from.
fn left_linking(flow: &Flow) -> Option<&model::ConnectionId> {
    match &flow.goal {
        Goal::Link { connection, .. } if is_cancelled(flow) => Some(connection),
        _ => None,
    }
}

fn initial(text: &str) -> String {
    text.chars().next().map(|c| c.to_uppercase().to_string()).unwrap_or_default()
}

pub(super) fn card(address: &str, name: Option<&str>) -> AccountCard {
    AccountCard {
        address: address.to_owned(),
        initial: initial(name.unwrap_or(address)),
        name: name.map(str::to_owned),
    }
}

pub(super) fn address_of(person: &flows::Present) -> String {
    person.address.as_ref().map(ToString::to_string).unwrap_or_default()
}

pub(super) fn card_of(person: &flows::Present) -> AccountCard {
    card(&address_of(person), Some(&person.name))
}

/// The mark of a local method.
pub(super) fn local_mark(kind: model::MethodKind) -> Mark {
    match kind {
        model::MethodKind::Password => Mark::Password,
        model::MethodKind::EmailCode => Mark::Mail,
        model::MethodKind::Link | model::MethodKind::Passkey => Mark::Key,
    }
}
