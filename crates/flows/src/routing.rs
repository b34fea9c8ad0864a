//! Where a browser is led when it opens a journey or types an address, and what this server saw providers do meanwhile.

use crate::flow::{Destination, Fault, FaultKind, Flow, Goal, Next, Step};
use crate::journeys::{Acted, Journeys, provider_fault};
use crate::surface::Cookies;
use crate::{Action, Browser};
use linking::{Choice, Moment, check_local, choose, home_of, offered_local, offers};
use model::{
    Address, ConnectionId, Facts, FactsQuery, LocalMethods, Method, OrganisationId, ProvenDomain, ProviderFailure,
    UserId,
};
use protocol::oidc::{OidcError, ProviderErrorCode};
use serde::{Deserialize, Serialize};

/// As many failures are remembered in one journey.
const FAILURES_MAX: usize = 4;

/// What a journey remembers of being led.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Routing {
    /// The browser was led away without having chosen: from then on it is asked.
    #[serde(default)]
    pub led: bool,
    /// An address that was typed led away.
    #[serde(default)]
    pub named: bool,
    /// An address that was typed in this browser led away, and nobody came through: none leads away any more, or whoever
    /// has no account at that provider would never see another way (I4).
    #[serde(default)]
    pub asks: bool,
    /// What this server saw fail. Nothing that a browser can say gets in here (T78).
    #[serde(default)]
    pub failures: Vec<ProviderFailure>,
    /// Whose people's page it is, where it is one's.
    #[serde(default)]
    pub organisation: Option<OrganisationId>,
    /// Somebody without a link was shown to be the person.
    #[serde(default)]
    pub shown: bool,
}

/// Our own server failed to get an answer that it asked for itself. That too many wait is our own limit; a refused code
/// or a cancelled sign-in is what a browser brought.
fn saw_failure(error: OidcError) -> bool {
    matches!(error, OidcError::Down | OidcError::Slow | OidcError::TokenRefused(ProviderErrorCode::InvalidClient))
}

impl Flow {
    /// The page the journey stands at, with what went wrong at a provider.
    pub(crate) fn failed_at(mut self, connection: &ConnectionId, error: OidcError, now: model::Micros) -> Self {
        if saw_failure(error) {
            self.routing.failures.retain(|known| known.connection != *connection);
            self.routing.failures.truncate(FAILURES_MAX - 1);
            self.routing.failures.insert(0, ProviderFailure { connection: connection.clone(), at: now });
        }
        self.error = Some(provider_fault(error));
        self
    }
}

impl Journeys {
    /// Begins a sign-in that goes to a connection at once, where policy or this browser's last sign-in say so; `None`
    /// where the page is shown. Nothing is read.
    ///
    /// Whoever was led somewhere lately and did not come through is asked instead: no browser is led in circles.
    pub async fn lead(&self, flow: &Flow, wants_page: bool, browser: &Browser, cookies: Cookies<'_>) -> Option<Acted> {
        // Whoever opened a link that lets a device in sees where they are first (T52).
        if !matches!(flow.goal, Goal::SignIn { .. })
            || !matches!(flow.step, Step::Identify)
            || flow.goal.destination().is_some_and(Destination::is_device)
        {
            return None;
        }
        let last_used = browser.device.last_connection();
        let organisation = flow.routing.organisation.as_ref();
        let wants_page = wants_page || self.flows_of(cookies).any(|other| other.routing.led);
        match choose(&self.policy, &Moment::Opened { organisation, last_used: last_used.as_ref(), wants_page }) {
            Choice::Page => None,
            Choice::Connection(connection) => {
                let mut flow = flow.clone();
                flow.routing.led = true;
                Some(self.act(flow, Action::Provider(connection), browser).await)
            }
        }
    }

    /// Whether an address that was typed in this browser led away, and nobody came through yet.
    pub fn named_before(&self, cookies: Cookies<'_>) -> bool {
        self.flows_of(cookies).any(|other| other.routing.named)
    }

    pub(crate) fn proven_domain(&self, address: &Address) -> Option<ProvenDomain> {
        let domain = address.domain();
        let organisation = self.domains.proven(domain, self.now())?;
        Some(ProvenDomain { domain: domain.to_owned(), organisation })
    }

    /// The people of a proven domain go to their organisation's connection, before anybody is looked for.
    async fn home(&self, flow: &mut Flow, address: &Address) -> Result<Option<ConnectionId>, Fault> {
        let Some(known) = self.proven_domain(address) else { return Ok(None) };
        let facts = self.facts(&FactsQuery::default()).await?;
        let home = home_of(&self.policy, &facts.connections, &known.organisation).cloned();
        flow.routing.organisation = Some(known.organisation);
        Ok(home)
    }

    /// An address was typed. Under `force_linked` that is one read, of the same questions whoever has it.
    pub(crate) async fn named(&self, mut flow: Flow, address: Address, browser: &Browser) -> Acted {
        flow.step = Step::Password { address: address.clone() };
        let asks = flow.routing.asks || flow.routing.named;
        if matches!(flow.goal, Goal::SignIn { .. })
            && let Some(connection) = self.home(&mut flow, &address).await?
            && !asks
        {
            (flow.routing.led, flow.routing.named) = (true, true);
            let step = flow.step.clone();
            return self.leave(flow, step, connection).await;
        }
        if asks || !self.forces_links(&flow) || !matches!(flow.goal, Goal::SignIn { .. }) {
            return Ok(Next::Show(Box::new(flow)));
        }
        let stand_in = self.keys().mac("stand-in", &[address.as_str().as_bytes()]);
        let query = FactsQuery {
            address: Some(address.clone()),
            stand_in: Some(UserId::from_bytes(std::array::from_fn(|at| stand_in[at]))),
            ..FactsQuery::default()
        };
        let facts = self.facts(&query).await?;
        let ranked = self.ranked(&address);
        let owner = facts.address_owner.and_then(|id| facts.user(id));
        let last_used = owner.filter(|user| browser.device.knows(user.id)).and(browser.device.last_connection());
        let moment = Moment::Named {
            organisation: flow.routing.organisation.as_ref(),
            owner,
            connections: &facts.connections,
            ranked: &ranked,
            last_used: last_used.as_ref(),
        };
        match choose(&self.policy, &moment) {
            Choice::Page => Ok(Next::Show(Box::new(flow))),
            Choice::Connection(connection) => {
                (flow.routing.led, flow.routing.named) = (true, true);
                let step = flow.step.clone();
                self.leave(flow, step, connection).await
            }
        }
    }

    /// Whether this browser would be led away from the page of choices.
    pub fn would_lead(&self, browser: &Browser) -> bool {
        let last_used = browser.device.last_connection();
        let moment = Moment::Opened { organisation: None, last_used: last_used.as_ref(), wants_page: false };
        choose(&self.policy, &moment) != Choice::Page
    }

    /// Whether an address is of use at the beginning of a sign-in.
    pub fn asks_address(&self, flow: &Flow) -> bool {
        let discovers = self.policy.organisations.values().any(|one| !one.domains.is_empty());
        self.policy.local.password || self.policy.local.email_code || discovers || self.forces_links(flow)
    }

    fn forces_links(&self, flow: &Flow) -> bool {
        self.policy.selection_of(flow.routing.organisation.as_ref()).method_selection
            == model::MethodSelection::ForceLinked
    }

    /// The connections in an order of this address's own, a secret to everybody else. One that is added or taken away
    /// leaves the others where they were.
    fn ranked(&self, address: &Address) -> Vec<ConnectionId> {
        let rank = |id: &ConnectionId| {
            self.keys().mac("connection-of-address", &[address.as_str().as_bytes(), id.as_str().as_bytes()])
        };
        let mut ranked: Vec<([u8; 32], ConnectionId)> =
            self.policy.connections.keys().map(|id| (rank(id), id.clone())).collect();
        ranked.sort_unstable();
        ranked.into_iter().map(|(_, id)| id).collect()
    }

    /// Local methods that a page of this journey offers, and that are taken there.
    pub fn local_methods(&self, flow: &Flow) -> LocalMethods {
        let organisation = flow.routing.organisation.as_ref();
        offered_local(&self.policy, organisation, &flow.routing.failures, flow.routing.shown, self.now())
    }

    /// Whether a code is sent that shows whose mailbox it is: as a method where that is one, and else to learn by which
    /// methods one signs in.
    pub fn sends_codes(&self, flow: &Flow) -> bool {
        self.local_methods(flow).email_code || self.forces_links(flow)
    }

    /// The step instead of a session, for whoever has shown a local method and signs in by another.
    pub(crate) fn instead(&self, flow: &Flow, facts: &Facts, user: UserId, method: &Method) -> Option<Step> {
        let user = facts.user(user)?;
        let failures = &flow.routing.failures;
        match check_local(user, &facts.connections, &self.policy, method, failures, self.now()) {
            Err(connections) => Some(Step::SignInWith { connections }),
            Ok(()) => match method {
                // The mailbox was shown, and is no method here: a password is the other one.
                Method::EmailCode { address } if !self.policy.local.email_code && self.forces_links(flow) => {
                    Some(Step::Password { address: address.clone() })
                }
                _ => None,
            },
        }
    }

    /// Whether a connection is a way in on this journey's page.
    pub fn offers(&self, flow: &Flow, connection: &ConnectionId) -> bool {
        offers(&self.policy, flow.routing.organisation.as_ref(), connection)
    }

    /// A sign-in of an organisation's people.
    pub fn of_organisation(&self, mut flow: Flow, organisation: &str) -> Result<Flow, Fault> {
        let known = OrganisationId::parse(organisation).filter(|id| self.policy.organisations.contains_key(id));
        flow.routing.organisation = Some(known.ok_or_else(|| Fault::flow("bad_request"))?);
        Ok(flow)
    }

    pub(crate) fn unknown_connection() -> Fault {
        Fault::new(FaultKind::Provider, "unknown_connection")
    }
}
