//! Which way a person is led: to the page with its choices, or to a connection at once.
//!
//! Before the address is proven nothing here may depend on who exists: under `force_linked` an address that nobody has,
//! or whose owner has no link, is led to a connection as well, which a key only this server has picks for it (T123).
//! A provider counts as failed when this server saw it fail; what a browser brought is no evidence (T78).

use crate::is_fresh_at;
use crate::methods::why_unusable;
use model::{
    ConnectionId, ConnectionState, LocalMethods, Method, MethodKind, MethodSelection, Micros, Policy, ProviderFailure,
    SelectionPolicy, UserFacts,
};

/// Where in its journey a browser is.
#[derive(Debug, Clone, Copy)]
pub enum Moment<'a> {
    /// It asks for the first page.
    Opened {
        /// What was used last in this browser, by its own sealed cookie.
        last_used: Option<&'a ConnectionId>,
        /// It asked for the choices, or was led somewhere already and did not come through.
        wants_page: bool,
    },
    /// An address was typed.
    Named {
        /// Who has it; nobody may learn whether there is somebody.
        owner: Option<&'a UserFacts>,
        connections: &'a [ConnectionState],
        /// Every connection, in an order that only a key of this server gives for this address.
        ranked: &'a [ConnectionId],
        /// What was used last in this browser, where it is the owner who used it before.
        last_used: Option<&'a ConnectionId>,
    },
}

/// Where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    Page,
    Connection(ConnectionId),
}

/// Where a browser goes now. The same number of steps, whoever has the address.
pub fn choose(policy: &Policy, moment: &Moment<'_>) -> Choice {
    let selection = &policy.selection;
    match moment {
        Moment::Opened { wants_page: true, .. } => Choice::Page,
        Moment::Opened { last_used, .. } => {
            let preferred = (selection.method_selection == MethodSelection::PreferLinked)
                .then_some(*last_used)
                .flatten()
                .filter(|id| signs_in(policy, id));
            preferred.or_else(|| only_way(policy)).cloned().map_or(Choice::Page, Choice::Connection)
        }
        Moment::Named { owner, connections, ranked, last_used } => {
            if selection.method_selection != MethodSelection::ForceLinked {
                return Choice::Page;
            }
            let open = |id: &&ConnectionId| {
                signs_in(policy, id) && connections.iter().any(|known| known.id == **id && known.enabled)
            };
            let decoy = ranked.iter().find(open);
            let linked = owner.map_or_else(Vec::new, |user| linked_ways(user, connections, policy));
            let known = last_used.filter(|id| linked.contains(id));
            let own = known.or_else(|| ranked.iter().find(|id| linked.contains(id)));
            own.or(decoy).cloned().map_or(Choice::Page, Choice::Connection)
        }
    }
}

/// The one connection, where there is nothing else to choose from.
fn only_way(policy: &Policy) -> Option<&ConnectionId> {
    let local = policy.local.password || policy.local.email_code || policy.local.passkey;
    let mut connections = policy.connections.keys().filter(|id| signs_in(policy, id));
    match (connections.next(), connections.next()) {
        (Some(only), None) if !local => Some(only),
        _ => None,
    }
}

fn signs_in(policy: &Policy, id: &ConnectionId) -> bool {
    policy.connection(id).is_some_and(|rules| rules.purpose.signs_in() && rules.organisation.is_none())
}

/// Connections through which this user signs in today.
fn linked_ways(user: &UserFacts, connections: &[ConnectionState], policy: &Policy) -> Vec<ConnectionId> {
    let usable = user.links.iter().filter(|link| why_unusable(link, connections, policy).is_none());
    let own = usable.filter(|link| signs_in(policy, &link.connection));
    let mut ways: Vec<ConnectionId> = own.map(|link| link.connection.clone()).collect();
    ways.sort_unstable();
    ways.dedup();
    ways
}

/// Whether this user has to come through a link, and through which connections.
fn forced<'a>(selection: &SelectionPolicy, ways: &'a [ConnectionId]) -> Option<&'a [ConnectionId]> {
    (selection.method_selection == MethodSelection::ForceLinked && !ways.is_empty()).then_some(ways)
}

/// Local methods a page may offer before it is known whose it is. `shown` says that somebody who has no link was shown to
/// be the person.
pub fn offered_local(policy: &Policy, failures: &[ProviderFailure], shown: bool, now: Micros) -> LocalMethods {
    if shown || policy.selection.method_selection != MethodSelection::ForceLinked {
        return policy.local;
    }
    let failed = failures.iter().any(|failure| is_fresh_at(failure.at, now));
    let listed = |kind| failed && policy.selection.fallback.contains(&kind);
    LocalMethods {
        password: policy.local.password && listed(MethodKind::Password),
        email_code: policy.local.email_code && listed(MethodKind::EmailCode),
        passkey: policy.local.passkey && listed(MethodKind::Passkey),
    }
}

/// Whether a local method may sign this user in now. `Err` has the connections that do; whoever has shown a method of
/// theirs may know them. Whether it reaches the level is for the session to say.
pub fn check_local(
    user: &UserFacts,
    connections: &[ConnectionState],
    policy: &Policy,
    method: &Method,
    failures: &[ProviderFailure],
    now: Micros,
) -> Result<(), Vec<ConnectionId>> {
    if method.link().is_some() {
        return Ok(());
    }
    let ways = linked_ways(user, connections, policy);
    let Some(forced) = forced(&policy.selection, &ways) else { return Ok(()) };
    // Another link that works is still the way.
    let standing: Vec<ConnectionId> = forced
        .iter()
        .filter(|id| !failures.iter().any(|failure| failure.connection == **id && is_fresh_at(failure.at, now)))
        .cloned()
        .collect();
    if !standing.is_empty() {
        Err(standing)
    } else if policy.selection.fallback.contains(&method.kind()) {
        Ok(())
    } else {
        Err(ways)
    }
}

/// Whether this user may prove themselves locally, with no provider failing: what a conflict asks for is an ordinary
/// sign-in, and takes no other way.
pub(crate) fn proves_locally(user: &UserFacts, connections: &[ConnectionState], policy: &Policy) -> bool {
    forced(&policy.selection, &linked_ways(user, connections, policy)).is_none()
}
