//! Handing a session over to an application: a one-time code on its registered redirect, redeemed with a secret of its
//! own (the shape of RFC 7636), so that neither the code nor the redirect alone is worth anything.
//!
//! The code is sealed, bound to the application, the challenge and the browser's session, and spent in the plan that
//! creates the application's session.

use crate::Browser;
use crate::authorize::destination;
use crate::decide::NewSecret;
use crate::flow::{Destination, Fault, Flow, Goal, HandoverRequest, Next};
use crate::journeys::{Acted, Application, Journeys};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use linking::{HandoverInput, decide_handover};
use model::{Actor, Expiring, Facts, FactsQuery, FlowId, MINUTE, Micros, Secret, UserId};
use protocol::oauth::redirect_matches;
pub use protocol::oauth::s256;
use serde::{Deserialize, Serialize};
use url::Url;

/// Registered applications.
pub(crate) struct Applications(Vec<Application>);

impl Applications {
    pub fn new(applications: Vec<Application>) -> Self {
        Self(applications)
    }

    fn find(&self, id: &str) -> Option<&Application> {
        self.0.iter().find(|application| application.id == id)
    }
}

/// Begins what a session of an application has in place of a browser's `User-Agent`; no browser's may begin like it.
const APPLICATION: &str = "application:";

/// A browser's `User-Agent`, as much as is kept of it. None can pass for an application.
pub(crate) fn own_words(user_agent: &str) -> String {
    let plain: String = user_agent.chars().filter(|c| !c.is_control()).take(200).collect();
    match plain.strip_prefix(APPLICATION) {
        Some(rest) => rest.trim_start_matches(APPLICATION).to_owned(),
        None => plain,
    }
}

/// The life of a one-time code (RFC 6749 §4.1.2 recommends ten minutes at most).
const CODE_LIFETIME: Micros = MINUTE;

#[derive(Serialize, Deserialize)]
struct Code {
    id: FlowId,
    application: String,
    challenge: String,
    /// The browser's session: when it ends, the code is worth nothing.
    session: [u8; 32],
    expires_at: Micros,
}

/// What the application gets.
#[derive(Debug, Clone)]
pub struct Handed {
    pub token: Secret<String>,
    pub user: UserId,
    pub sub: String,
    pub name: String,
    pub address: Option<model::Address>,
    pub expires_at: Micros,
    pub application: String,
}

impl Journeys {
    /// Checks an application's request against its registration: exact redirect, loopback with any port (RFC 8252
    /// §7.3), an S256 challenge.
    pub fn handover_request(
        &self,
        application: &str,
        redirect_uri: &str,
        challenge: &str,
        state: &str,
    ) -> Result<HandoverRequest, Fault> {
        let known = self.applications.find(application).ok_or_else(|| Fault::flow("unknown_application"))?;
        if !known.redirect_uris.iter().any(|registered| redirect_matches(registered, redirect_uri)) {
            return Err(Fault::flow("redirect_not_registered"));
        }
        let challenge_ok = challenge.len() == 43 && URL_SAFE_NO_PAD.decode(challenge).is_ok_and(|c| c.len() == 32);
        if !challenge_ok || state.len() > 512 {
            return Err(Fault::flow("bad_request"));
        }
        Ok(HandoverRequest {
            application: application.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            challenge: challenge.to_owned(),
            state: state.to_owned(),
        })
    }

    /// Who is waiting for the person at the end of a journey, by the name people know.
    pub fn awaited_by(&self, goal: &Goal) -> Option<String> {
        match goal.destination()? {
            Destination::Path(_) | Destination::Device(_) => None,
            Destination::Application(request) => {
                self.applications.find(&request.application).map(|application| application.name.clone())
            }
            Destination::Client(request) => self.client(&request.client).map(|client| {
                if !client.unverified {
                    return client.name.clone();
                }
                // Nobody vouches for the name: where it leads stands beside it (T47).
                format!("{} ({})", client.name, destination(&request.answer.redirect_uri))
            }),
        }
    }

    /// The application that a session was handed to, as people know it: its name, and its host where it has one.
    pub fn application_of(&self, user_agent: &str) -> Option<String> {
        let id = user_agent.strip_prefix(APPLICATION)?;
        let Some(known) = self.applications.find(id) else { return Some(id.to_owned()) };
        let host =
            known.redirect_uris.iter().filter_map(|uri| Url::parse(uri).ok()).find_map(|uri| match uri.host()? {
                url::Host::Domain(domain) if uri.scheme().starts_with("http") => Some(domain.to_owned()),
                _ => None,
            });
        Some(host.map_or_else(|| known.name.clone(), |host| format!("{} ({host})", known.name)))
    }

    /// Where a finished journey leads.
    pub(crate) fn destination(&self, flow: &Flow, new: Option<&NewSecret>, facts: &Facts) -> Result<String, Fault> {
        match &flow.goal {
            Goal::Link { .. } => Ok("/account".to_owned()),
            Goal::Recover => Ok(crate::recover::RECOVERED.to_owned()),
            Goal::SignIn { to } | Goal::SignUp { to } | Goal::StepUp { to, .. } => self.leads_to(to, new, facts),
        }
    }

    fn leads_to(&self, to: &Destination, new: Option<&NewSecret>, facts: &Facts) -> Result<String, Fault> {
        match to {
            Destination::Path(path) => Ok(crate::local_path(path).unwrap_or("/account").to_owned()),
            Destination::Client(request) => self.resume_at(request),
            Destination::Device(code) => Ok(crate::device::typing_at(code.as_deref())),
            Destination::Application(request) => {
                // The browser's session as it will be: the one just made, or the one that goes on.
                let session = match (new, facts.session.as_ref()) {
                    (Some(new), _) => new.terms.hash,
                    (None, Some(live)) => live.hash,
                    (None, None) => return Err(Fault::flow("flow_spent")),
                };
                let code = Code {
                    id: FlowId::generate(self.now(), self.random()),
                    application: request.application.clone(),
                    challenge: request.challenge.clone(),
                    session,
                    expires_at: self.now() + CODE_LIFETIME,
                };
                self.code_redirect(request, &code)
            }
        }
    }

    fn code_redirect(&self, request: &HandoverRequest, code: &Code) -> Result<String, Fault> {
        let sealed = self.keys.seal_value("handover", b"", code, self.random()).map_err(|_| Fault::unavailable())?;
        let mut url = Url::parse(&request.redirect_uri).map_err(|_| Fault::flow("redirect_not_registered"))?;
        url.query_pairs_mut().append_pair("code", &sealed).append_pair("state", &request.state);
        Ok(url.into())
    }

    /// "Continue as …": the person is signed in already and says yes.
    pub(crate) async fn continue_to_application(&self, flow: Flow, browser: &Browser) -> Acted {
        let query = FactsQuery { session: browser.session, ..FactsQuery::default() };
        let facts = self.facts(&query).await?;
        let Some((_, user)) = facts.live_session(self.now()) else {
            return Err(Fault::refused(linking::Reason::SessionExpired));
        };
        let to = self.destination(&flow, None, &facts)?;
        Ok(Next::Finished(self.finished(user.id, to)))
    }

    /// Redeems a one-time code: one read, one plan.
    pub async fn redeem_handover(&self, code: &str, verifier: &str) -> Result<Handed, Fault> {
        let invalid = || Fault::flow("handover_invalid");
        let code: Code = self.keys.open_value("handover", b"", code).map_err(|_| invalid())?;
        if code.expires_at <= self.now() || !same(&s256(verifier), &code.challenge) {
            return Err(invalid());
        }
        let browser = Browser {
            session: Some(code.session),
            device: crate::Device { id: [0; 16], users: Vec::new(), last_used: None },
            source: Vec::new(),
            user_agent: format!("{APPLICATION}{}", code.application),
            language: "en".to_owned(),
        };
        let query = FactsQuery { session: Some(code.session), flow: Some(code.id), ..FactsQuery::default() };
        for _ in 0..3 {
            let (facts, sub) = self.store.facts_for_handover(&query).await?;
            if facts.flow_spent {
                return Err(invalid());
            }
            let secret = self.new_secret(&browser);
            let actor = Actor::System;
            let mut context = self.context(None, &actor, &browser);
            context.flow = Some(Expiring { flow: code.id, expires_at: code.expires_at });
            let input = HandoverInput { facts: &facts, session: &code.session, terms: &secret.terms };
            let decision = decide_handover(&context, &input);
            let Some(user) = decision.outcome.and_then(|user| facts.user(user)) else {
                return Err(Fault::refused(decision.reason));
            };
            let sub = sub.ok_or_else(|| {
                tracing::error!(user = %user.id, "a user has no subject");
                Fault::unavailable()
            })?;
            let handed = Handed {
                token: secret.secret,
                user: user.id,
                sub,
                name: crate::decide::display_name(user),
                address: user.addresses.first().map(|known| known.address.clone()),
                expires_at: self.now() + self.session_lifetime,
                application: code.application.clone(),
            };
            if self.apply(decision.plan, &facts, None, "en").await?.is_none() {
                return Ok(handed);
            }
        }
        Err(invalid())
    }
}

fn same(a: &str, b: &str) -> bool {
    use subtle::ConstantTimeEq as _;
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_no_applications() {
        for forged in ["application:notes", "application:application:notes", "\u{1}application:notes"] {
            assert_eq!(own_words(forged), "notes", "no browser passes for an application");
        }
        assert_eq!(own_words("curl/8"), "curl/8");
    }
}
