//! An application asks who somebody is: from its request to a code on its redirect (RFC 6749 §4.1, OpenID Connect Core
//! §3.1.2).
//!
//! There is one question, asked again whenever the person comes back: may this request have its code now? Whatever is
//! missing (a sign-in, a fresh one, consent) is a journey or a page that leads back here, with the request sealed in its
//! address. So nothing that happened on the way can be skipped, and nothing is stored before a code is exchanged.

use crate::Browser;
use crate::decide::proof_methods;
use crate::flow::{Destination, Fault, Flow, Goal, Step};
use crate::journeys::Journeys;
use linking::{ClientTerms, Reason, decide_consent, is_consented, methods_at, own_methods, required_level};
use model::{
    Actor, ClientFacts, ClientQuery, ClientQueryBy, Conflict, DAY, Facts, FactsQuery, FlowId, Level, MINUTE, Micros,
    SessionFacts, SessionId, SessionScope, UserFacts,
};
use protocol::oauth::{
    Answer, AuthorizationRequest, Client, ErrorCode, Evidence, Invalid, Parameters, Prompt, Refused, ResponseMode,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use url::Url;

/// Where the browser comes back with its sealed request.
pub const RESUME_PATH: &str = "/oauth2/authorize/resume";

/// The life of a code (RFC 6749 §4.1.2 recommends ten minutes at most).
const CODE_LIFETIME: Micros = MINUTE;
/// A request travels in cookies and addresses.
pub(crate) const REQUEST_MAX: usize = 1_400;
/// An authorization that goes on without its session.
const OFFLINE_LIFETIME: Micros = DAY.times(90);

/// What a code stands for, sealed in it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Code {
    /// Spent by the exchange, whose authorization has the same bytes for its id.
    pub id: FlowId,
    pub client: String,
    pub redirect_uri: String,
    pub challenge: Option<String>,
    pub nonce: Option<String>,
    pub scope: Vec<String>,
    #[serde(default)]
    pub resource: Vec<String>,
    pub dpop_key: Option<String>,
    pub pushed: Option<FlowId>,
    /// The browser's session: when it ends, the code is worth nothing.
    pub session: [u8; 32],
    pub expires_at: Micros,
}

/// An answer on its way to the client, by the browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub mode: ResponseMode,
    pub redirect_uri: String,
    pub parameters: Vec<(String, String)>,
    /// For [`ResponseMode::Query`].
    pub location: String,
}

/// The question to the person.
#[derive(Debug, Clone)]
pub struct ConsentAsked {
    /// The request, sealed: it comes back with the answer.
    pub request: String,
    pub client: String,
    pub name: String,
    /// Nobody vouches for its name: it registered itself. The host that the person is sent to.
    pub unverified: Option<String>,
    /// What is asked for and was not allowed before, and what was.
    pub new: Vec<String>,
    pub known: Vec<String>,
    pub person: String,
    pub address: Option<model::Address>,
}

/// A client's wish to sign somebody out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaving {
    /// Its name.
    pub client: Option<String>,
    /// The client and the `sid` that the hint was made for.
    sid: Option<(String, String)>,
    pub to: Option<String>,
}

impl Leaving {
    /// Whether the hint is about this very session.
    pub fn is_about(&self, journeys: &Journeys, session: SessionId) -> bool {
        let known = self.sid.as_ref().and_then(|(client, sid)| Some((journeys.client(client)?, sid)));
        known.is_some_and(|(client, sid)| journeys.sid_for(&client, session) == *sid)
    }
}

/// What comes next for a request.
#[derive(Debug, Clone)]
pub enum Authorized {
    Reply(Reply),
    /// A journey first.
    Journey(Box<Flow>),
    Consent(Box<ConsentAsked>),
}

impl Journeys {
    /// What levels are called in `acr`, the ones that can be reached here.
    pub fn acr_values(&self) -> Vec<String> {
        let reached = self.policy.connections.values().map(|rules| rules.level).max().unwrap_or(Level::One);
        [Level::One, Level::Two, Level::Three]
            .into_iter()
            .filter(|level| *level <= reached)
            .map(Evidence::acr)
            .collect()
    }

    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Parses and checks a request against its client, and whom its hint is about.
    pub async fn authorization_request(&self, parameters: &Parameters) -> Result<AuthorizationRequest, Invalid> {
        let client = match parameters.get("client_id") {
            None => None,
            Some(id) => {
                let later = Refused::new(ErrorCode::TemporarilyUnavailable, "try again in a moment");
                self.find_client(id).await.map_err(|_| Invalid::Page(later))?
            }
        };
        if let Some(pushed) = self.pushed_request(parameters, client.as_deref()) {
            return pushed;
        }
        let mut request = AuthorizationRequest::parse(parameters, client.as_deref(), self.now())?;
        if let Some(hint) = parameters.get("id_token_hint") {
            let about = self.hinted(hint, &request.client).await.and_then(|sub| request.is_about(sub));
            about.map_err(|refused| Invalid::Client(request.answer.clone(), refused))?;
        }
        self.check_pushed(&request).map_err(|(answer, refused)| Invalid::Client(answer, refused))?;
        match self.check_size(&request) {
            Ok(()) => Ok(request),
            Err(refused) => Err(Invalid::Client(request.answer, refused)),
        }
    }

    /// Whom to sign out, and where to go then (RP-Initiated Logout 1.0 §2). Only a registered redirect is led to, and
    /// only for a client that is named.
    pub async fn leaving(&self, parameters: &Parameters) -> Result<Leaving, Refused> {
        let hint = match parameters.get("id_token_hint") {
            // What cannot be looked at now is as if it were not there: the person is asked.
            Some(hint) => self.signer.open("JWT", hint).await.unwrap_or_default(),
            None => None,
        };
        let word = |name: &str| hint.as_ref().and_then(|claims| claims.get(name)).and_then(|value| value.as_str());
        let hinted = word("aud");
        let named = parameters.get("client_id");
        if hinted.is_some() && named.is_some() && hinted != named {
            return Err(Refused::request("client_id is not the one of the hint"));
        }
        let client = match hinted.or(named) {
            // As with the hint.
            Some(id) => self.find_client(id).await.unwrap_or_default(),
            None => None,
        };
        let to = match parameters.get("post_logout_redirect_uri") {
            None => None,
            Some(uri) => {
                let known = client
                    .as_deref()
                    .is_some_and(|client| client.post_logout_redirect_uris.iter().any(|one| one == uri));
                let mut url = Url::parse(uri)
                    .ok()
                    .filter(|_| known)
                    .ok_or(Refused::request("redirect_uri after signing out is not registered for this client"))?;
                if let Some(state) = parameters.get("state") {
                    url.query_pairs_mut().append_pair("state", state);
                }
                Some(String::from(url))
            }
        };
        let sid = client.as_deref().filter(|_| hinted.is_some()).zip(word("sid"));
        let sid = sid.map(|(client, sid)| (client.id.clone(), sid.to_owned()));
        Ok(Leaving { client: client.map(|client| client.name.clone()), sid, to })
    }

    /// Whom an ID token of ours is about: made for this client, however old.
    pub(crate) async fn hinted(&self, hint: &str, client: &str) -> Result<String, Refused> {
        let claims = self.signer.open("JWT", hint).await;
        let claims = claims.map_err(|_| Refused::new(ErrorCode::TemporarilyUnavailable, "try again in a moment"))?;
        let word = |name: &str| claims.as_ref().and_then(|claims| claims.get(name)).and_then(|value| value.as_str());
        match (word("aud"), word("sub")) {
            (Some(aud), Some(sub)) if aud == client => Ok(sub.to_owned()),
            _ => Err(Refused::request("id_token_hint is no ID token that was made for this client")),
        }
    }

    /// An error for the client.
    pub fn refusal(&self, answer: &Answer, refused: Refused) -> Result<Reply, Fault> {
        let own = [("error", refused.code.name()), ("error_description", refused.because)];
        self.reply(answer, &own)
    }

    /// Where the person goes back to who would rather not: the client hears of it, where an address can say so.
    pub(crate) fn turned_away(&self, request: &AuthorizationRequest) -> Option<String> {
        let refused = Refused::new(ErrorCode::AccessDenied, "the person went back");
        let reply = self.refusal(&request.answer, refused).ok()?;
        (reply.mode == ResponseMode::Query && by_web(&reply.redirect_uri)).then_some(reply.location)
    }

    fn reply(&self, answer: &Answer, own: &[(&str, &str)]) -> Result<Reply, Fault> {
        let parameters = answer.parameters(&self.issuer, own);
        let location = answer.location(&parameters).ok_or_else(|| Fault::flow("redirect_not_registered"))?;
        Ok(Reply { mode: answer.mode, redirect_uri: answer.redirect_uri.clone(), parameters, location })
    }

    /// A request as it travels in an address.
    pub fn seal_request(&self, request: &AuthorizationRequest) -> Result<String, Fault> {
        self.keys.seal_value("authorize", b"", request, self.random()).map_err(|_| Fault::unavailable())
    }

    /// A request that was sealed here, while its life lasts.
    pub fn open_request(&self, sealed: &str) -> Result<AuthorizationRequest, Fault> {
        let request: AuthorizationRequest =
            self.keys.open_value("authorize", b"", sealed).map_err(|_| Fault::flow("flow_forged"))?;
        if request.at + crate::journeys::FLOW_LIFETIME <= self.now() {
            return Err(Fault::flow("flow_expired"));
        }
        Ok(request)
    }

    /// Where a journey for a client leads when it is finished.
    pub(crate) fn resume_at(&self, request: &AuthorizationRequest) -> Result<String, Fault> {
        Ok(format!("{RESUME_PATH}?request={}", self.seal_request(request)?))
    }

    /// The browser is back from a journey.
    pub async fn resume(&self, sealed: &str, browser: &Browser) -> Result<Authorized, Fault> {
        let request = self.open_request(sealed)?;
        self.authorize(request, browser).await
    }

    pub(crate) fn client_query(client: &Client, by: ClientQueryBy) -> ClientQuery {
        ClientQuery { client: client.id.clone(), sector: client.sector_name().to_owned(), by }
    }

    /// The facts about the person at the browser and what they have to do with the client. One read; none where nobody
    /// is signed in.
    async fn facts_at(
        &self,
        client: &Client,
        request: &AuthorizationRequest,
        browser: &Browser,
    ) -> Result<(Facts, ClientFacts), Fault> {
        let Some(hash) = browser.session else { return Ok(<(Facts, ClientFacts)>::default()) };
        let query = FactsQuery { session: Some(hash), flow: request.pushed, ..FactsQuery::default() };
        let of_client = Self::client_query(client, ClientQueryBy::Session(hash));
        Ok(self.store.facts_for_client(&query, &of_client).await?)
    }

    pub(crate) fn terms<'a>(
        client: &'a Client,
        scope: &'a [String],
        new_sub: &'a str,
        session: Micros,
    ) -> ClientTerms<'a> {
        let offline = scope.iter().any(|word| word == "offline_access");
        ClientTerms {
            client: &client.id,
            scope,
            sector: client.sector_name(),
            new_sub,
            first_party: client.first_party,
            version: client.version,
            lifetime: if offline { OFFLINE_LIFETIME } else { session },
            rotates: client.rotates(),
            hears_of_logout: client.hears_of_logout(),
        }
    }

    /// The client of a request that may have waited for the person: it may have been changed or removed meanwhile, and
    /// nobody is sent where it does not redirect any more (T41), or asked for what it may not ask for any more.
    async fn client_of_request(&self, request: &mut AuthorizationRequest) -> Result<Arc<Client>, Fault> {
        let client = self.find_client(&request.client).await?.ok_or_else(|| Fault::flow("unknown_application"))?;
        request.scope = client.still_allowed(&request.scope);
        let leads_there = client.redirects_to(&request.answer.redirect_uri);
        if leads_there { Ok(client) } else { Err(Fault::flow("redirect_not_registered")) }
    }

    /// May this request have its code now?
    pub async fn authorize(&self, request: AuthorizationRequest, browser: &Browser) -> Result<Authorized, Fault> {
        let mut request = request;
        let client = self.client_of_request(&mut request).await?;
        let (facts, known) = self.facts_at(&client, &request, browser).await?;
        let silent = request.asks(Prompt::None);
        let refuse = |code, because| self.refusal(&request.answer, Refused::new(code, because)).map(Authorized::Reply);
        if facts.flow_spent {
            return refuse(ErrorCode::InvalidRequestUri, "this pushed request was used before: push another one");
        }
        let live = facts.live_session(self.now()).filter(|(session, _)| session.scope == SessionScope::Account);
        let Some((session, user)) = live else {
            return if silent {
                refuse(ErrorCode::LoginRequired, "nobody is signed in")
            } else {
                Ok(self.sign_in_for(request))
            };
        };
        let terms = Self::terms(&client, &request.scope, "", self.session_lifetime);
        // Somebody has to see it where another program could be behind the request (RFC 8252 §8.6).
        let shown = request.allowed_now || !client.may_be_another(&request.answer.redirect_uri);
        let allowed = shown && is_consented(&terms, &known);
        if silent && !allowed {
            // Before anything that would tell the client who it is (T133).
            return refuse(ErrorCode::ConsentRequired, "the person has not allowed this");
        }
        if request.asks(Prompt::Create) {
            return Ok(self.sign_in_for(request));
        }
        if request.hinted.is_some() && request.hinted != known.sub {
            // Whoever signed in for this very request is not the one it is about. A provider may say that it was long ago,
            // so the time tells nothing here.
            return if silent || request.hint_asked {
                refuse(ErrorCode::LoginRequired, "somebody else is signed in")
            } else {
                Ok(self.sign_in_for(request))
            };
        }
        if self.is_stale(&request, session) || session.level < required_level(user, &self.policy) {
            return if silent {
                refuse(ErrorCode::LoginRequired, "the person has to sign in again")
            } else {
                let to = Destination::Client(Box::new(request));
                Ok(Authorized::Journey(Box::new(self.step_up_flow(&facts, session, user, to))))
            };
        }
        let unmet = match self.acr_step(&request, &facts, session, user) {
            AcrStep::Reached => false,
            AcrStep::StepUp(_) if silent => {
                return refuse(ErrorCode::LoginRequired, "the person has to sign in at a higher level");
            }
            AcrStep::StepUp(flow) => return Ok(Authorized::Journey(flow)),
            AcrStep::Unmet => true,
        };
        if request.asks(Prompt::SelectAccount) {
            let to = Destination::Client(Box::new(without(request, Prompt::SelectAccount)));
            return Ok(Authorized::Journey(Box::new(self.continue_flow(to, &crate::decide::display_name(user)))));
        }
        if !allowed || request.asks(Prompt::Consent) {
            return self.ask_consent(&request, &client, user, &known).map(|asked| Authorized::Consent(Box::new(asked)));
        }
        if unmet {
            let because = "this person has no way to sign in at that level";
            return refuse(ErrorCode::UnmetAuthenticationRequirements, because);
        }
        self.code(&request, session).map(Authorized::Reply)
    }

    /// A sign-in that the client asked for has to be later than the request (Core §3.1.2.1); through a provider in
    /// seconds, because its `auth_time` has no more.
    fn is_stale(&self, request: &AuthorizationRequest, session: &SessionFacts) -> bool {
        let at = session.authenticated_at;
        let again = request.asks(Prompt::Login) || request.max_age == Some(Micros(0));
        let by_link = session.method.link().is_some();
        let before = if by_link { at.seconds() < request.at.seconds() } else { at < request.at };
        again && before || request.max_age.is_some_and(|age| age > Micros(0) && at + age < request.at)
    }

    /// The level that the client would like, or has to have (Core §3.1.2.1, §5.5.1.1; RFC 9470 §5): by one of the
    /// person's own methods that reach it, asked for once. What cannot be had is left to the client where it is not
    /// essential: `acr` says what was reached.
    fn acr_step(
        &self,
        request: &AuthorizationRequest,
        facts: &Facts,
        session: &SessionFacts,
        user: &UserFacts,
    ) -> AcrStep {
        let wanted = request.acr_values.iter().filter_map(|acr| Evidence::level(acr)).min();
        let unmet = if request.essential_acr { AcrStep::Unmet } else { AcrStep::Reached };
        let Some(wanted) = wanted else {
            return if request.acr_values.is_empty() { AcrStep::Reached } else { unmet };
        };
        if session.level >= wanted {
            return AcrStep::Reached;
        }
        let methods = methods_at(wanted, user, own_methods(user, &facts.connections, &self.policy), &self.policy);
        if methods.is_empty() || request.acr_asked {
            return unmet;
        }
        let asked = AuthorizationRequest { acr_asked: true, ..request.clone() };
        let to = Destination::Client(Box::new(asked));
        let mut flow = self.step_up_flow(facts, session, user, to);
        flow.step = Step::StepUp { methods: proof_methods(&methods) };
        AcrStep::StepUp(Box::new(flow))
    }

    fn sign_in_for(&self, request: AuthorizationRequest) -> Authorized {
        let create = request.asks(Prompt::Create);
        let mut request = request;
        let hint = request.login_hint.take();
        request.hint_asked = request.hinted.is_some();
        // Whoever signs in now has picked the account with it.
        let request = without(without(request, Prompt::SelectAccount), Prompt::Create);
        let to = Destination::Client(Box::new(request));
        let mut flow = self.begin(if create { Goal::SignUp { to } } else { Goal::SignIn { to } });
        if let Some(email) = hint.filter(|hint| hint.contains('@')) {
            flow.material.typed = crate::flow::Typed::of(&crate::Action::Email(email));
        }
        Authorized::Journey(Box::new(flow))
    }

    fn ask_consent(
        &self,
        request: &AuthorizationRequest,
        client: &Client,
        user: &UserFacts,
        known: &ClientFacts,
    ) -> Result<ConsentAsked, Fault> {
        let (before, new) = request.scope.iter().cloned().partition(|scope| known.allows(scope));
        Ok(ConsentAsked {
            request: self.seal_request(request)?,
            client: client.id.clone(),
            name: client.name.clone(),
            unverified: client.unverified.then(|| destination(&request.answer.redirect_uri)),
            new,
            known: before,
            person: crate::decide::display_name(user),
            address: user.addresses.first().map(|known| known.address.clone()),
        })
    }

    /// The person answered. A refusal is told to the client, and nothing is kept of it.
    pub async fn consent(&self, sealed: &str, allowed: bool, browser: &Browser) -> Result<Authorized, Fault> {
        let mut request = self.open_request(sealed)?;
        let mut client = self.client_of_request(&mut request).await?;
        if !allowed {
            let refused = Refused::new(ErrorCode::AccessDenied, "the person said no");
            return self.refusal(&request.answer, refused).map(Authorized::Reply);
        }
        for _ in 0..3 {
            let (facts, known) = self.facts_at(&client, &request, browser).await?;
            let actor = facts.session.as_ref().map_or(Actor::System, |session| Actor::User { user: session.user });
            let context = self.context(None, &actor, browser);
            let terms = Self::terms(&client, &request.scope, "", self.session_lifetime);
            let decision = decide_consent(&context, &facts, &known, &terms);
            if !decision.outcome {
                return match decision.reason {
                    // The session ended while the page was open: sign in, and be asked again.
                    Reason::SessionExpired | Reason::SessionScope => Ok(self.sign_in_for(request)),
                    reason => Err(Fault::refused(reason)),
                };
            }
            match self.apply(decision.plan, &facts, None, &browser.language).await? {
                None => {
                    let request = AuthorizationRequest { allowed_now: true, ..without(request, Prompt::Consent) };
                    return self.authorize(request, browser).await;
                }
                Some(Conflict::ClientChanged) => client = self.client_of_request(&mut request).await?,
                Some(_) => {}
            }
        }
        Err(Fault::unavailable())
    }

    fn code(&self, request: &AuthorizationRequest, session: &SessionFacts) -> Result<Reply, Fault> {
        let code = Code {
            id: FlowId::generate(self.now(), self.random()),
            client: request.client.clone(),
            redirect_uri: request.answer.redirect_uri.clone(),
            challenge: request.challenge.clone(),
            nonce: request.nonce.clone(),
            scope: request.scope.clone(),
            resource: request.resource.clone(),
            dpop_key: request.dpop_key.clone(),
            pushed: request.pushed,
            session: session.hash,
            expires_at: self.now() + CODE_LIFETIME,
        };
        let sealed = self.keys.seal_value("code", b"", &code, self.random()).map_err(|_| Fault::unavailable())?;
        self.reply(&request.answer, &[("code", &sealed)])
    }
}

/// Whether a redirect leads to a web page. Anything else is an application's own scheme on the person's device.
pub fn by_web(redirect_uri: &str) -> bool {
    redirect_uri.starts_with("https:") || redirect_uri.starts_with("http:")
}

/// Where a redirect leads, as people may know it: the host, and of a private-use scheme the scheme.
pub(crate) fn destination(redirect_uri: &str) -> String {
    let url = Url::parse(redirect_uri).ok();
    let host = url.as_ref().and_then(|url| url.host_str().filter(|_| by_web(redirect_uri)));
    host.or(url.as_ref().map(Url::scheme)).unwrap_or_default().to_owned()
}

/// Whether the session is at the level that a request asks for.
enum AcrStep {
    Reached,
    /// It can be, by a journey.
    StepUp(Box<Flow>),
    Unmet,
}

fn without(mut request: AuthorizationRequest, prompt: Prompt) -> AuthorizationRequest {
    request.prompt.retain(|known| *known != prompt);
    request
}
