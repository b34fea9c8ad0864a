//! Which way a person is led: to the page with its choices, or to a connection at once.
//!
//! Before the address is proven nothing here may depend on who exists: under `force_linked` an address that nobody has,
//! or whose owner has no link, is led to a connection as well, which a key only this server has picks for it (T123).
//! A provider counts as failed when this server saw it fail; what a browser brought is no evidence (T78).

use crate::is_fresh_at;
use crate::methods::{required_level, usable_methods};
use model::{
    ConnectionId, ConnectionState, Level, LocalMethods, Method, MethodKind, MethodSelection, Micros, OrganisationId,
    Policy, ProviderFailure, SelectionPolicy, UserFacts,
};

/// Where in its journey a browser is.
#[derive(Debug, Clone, Copy)]
pub enum Moment<'a> {
    /// It asks for the first page, of one organisation's people or of all.
    Opened {
        organisation: Option<&'a OrganisationId>,
        /// What was used last in this browser, by its own sealed cookie.
        last_used: Option<&'a ConnectionId>,
        /// It asked for the choices, or was led somewhere already and did not come through.
        wants_page: bool,
    },
    /// An address was typed.
    Named {
        organisation: Option<&'a OrganisationId>,
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

/// Whether a connection is a way in on the page of an organisation, or of none: those of others show nowhere.
pub fn offers(policy: &Policy, organisation: Option<&OrganisationId>, id: &ConnectionId) -> bool {
    policy.connection(id).is_some_and(|rules| {
        rules.purpose.signs_in() && (rules.organisation.is_none() || rules.organisation.as_ref() == organisation)
    })
}

/// Where a browser goes now. The same number of steps, whoever has the address.
pub fn choose(policy: &Policy, moment: &Moment<'_>) -> Choice {
    match moment {
        Moment::Opened { wants_page: true, .. } => Choice::Page,
        Moment::Opened { organisation, last_used, .. } => {
            let prefers = policy.selection_of(*organisation).method_selection == MethodSelection::PreferLinked;
            let preferred = last_used.filter(|id| prefers && offers(policy, *organisation, id));
            preferred.or_else(|| only_way(policy, *organisation)).cloned().map_or(Choice::Page, Choice::Connection)
        }
        Moment::Named { organisation, owner, connections, ranked, last_used } => {
            if policy.selection_of(*organisation).method_selection != MethodSelection::ForceLinked {
                return Choice::Page;
            }
            let offered: Vec<&ConnectionId> = ranked.iter().filter(|id| offers(policy, *organisation, id)).collect();
            let open = |id: &&ConnectionId| connections.iter().any(|known| known.id == **id && known.enabled);
            let decoy = offered.iter().copied().find(open);
            let linked = owner.map_or_else(Vec::new, |user| linked_ways(user, connections, policy));
            let known = last_used.filter(|id| linked.contains(id) && offered.contains(id));
            let own = known.or_else(|| offered.iter().copied().find(|id| linked.contains(id)));
            own.or(decoy).cloned().map_or(Choice::Page, Choice::Connection)
        }
    }
}

/// The one connection, where there is nothing else to choose from.
fn only_way<'a>(policy: &'a Policy, organisation: Option<&OrganisationId>) -> Option<&'a ConnectionId> {
    // An address that is typed leads to an organisation's connection.
    let discovers = policy.organisations.values().any(|one| !one.domains.is_empty());
    let local = policy.local.password || policy.local.email_code || policy.local.passkey || discovers;
    let mut connections = policy.connections.keys().filter(|id| offers(policy, organisation, id));
    match (connections.next(), connections.next()) {
        (Some(only), None) if !local => Some(only),
        _ => None,
    }
}

/// Connections through which this user signs in today.
fn linked_ways(user: &UserFacts, connections: &[ConnectionState], policy: &Policy) -> Vec<ConnectionId> {
    let usable = usable_methods(user, connections, policy);
    let mut ways: Vec<ConnectionId> = usable
        .into_iter()
        .filter_map(|method| match method {
            Method::Link { connection, .. } => Some(connection),
            _ => None,
        })
        .collect();
    ways.sort_unstable();
    ways.dedup();
    ways
}

/// What holds for this user: the policies of their organisations, or that of all.
fn selections<'a>(user: &'a UserFacts, policy: &'a Policy) -> impl Iterator<Item = &'a SelectionPolicy> {
    let own = user.organisations.iter().map(|id| policy.selection_of(Some(id)));
    let of_all = user.organisations.is_empty().then_some(&policy.selection);
    own.chain(of_all)
}

/// The connections this user has to come through one of; none where nothing binds them.
fn binding(user: &UserFacts, connections: &[ConnectionState], policy: &Policy) -> Vec<ConnectionId> {
    let forces = |one: &SelectionPolicy| one.method_selection == MethodSelection::ForceLinked;
    if selections(user, policy).any(forces) { linked_ways(user, connections, policy) } else { Vec::new() }
}

/// Local methods a page may offer before it is known whose it is. `shown` says that somebody who has no link was shown to
/// be the person.
pub fn offered_local(
    policy: &Policy,
    organisation: Option<&OrganisationId>,
    failures: &[ProviderFailure],
    shown: bool,
    now: Micros,
) -> LocalMethods {
    let selection = policy.selection_of(organisation);
    if shown || selection.method_selection != MethodSelection::ForceLinked {
        return policy.local;
    }
    let failed = failures.iter().any(|failure| is_fresh_at(failure.at, now));
    let listed = |kind| failed && selection.fallback.contains(&kind);
    LocalMethods {
        password: policy.local.password && listed(MethodKind::Password),
        email_code: policy.local.email_code && listed(MethodKind::EmailCode),
        passkey: policy.local.passkey && listed(MethodKind::Passkey),
        totp: policy.local.totp,
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
    let ways = binding(user, connections, policy);
    if method.link().is_some() || ways.is_empty() {
        return Ok(());
    }
    // Another link that works is still the way.
    let seen = |id: &ConnectionId| failures.iter().any(|known| known.connection == *id && is_fresh_at(known.at, now));
    let standing: Vec<ConnectionId> = ways.iter().filter(|id| !seen(id)).cloned().collect();
    if !standing.is_empty() {
        Err(standing)
    } else if selections(user, policy).all(|one| one.allows_instead(method.kind())) {
        Ok(())
    } else {
        Err(ways)
    }
}

/// Whether a code to a mailbox of this user would open their account today with nothing beside it, where codes are a method.
pub fn mailbox_opens(user: &UserFacts, connections: &[ConnectionState], policy: &Policy) -> bool {
    !user.protected && required_level(user, policy) == Level::One && proves_locally(user, connections, policy)
}

/// Whether this user may prove themselves locally, with no provider failing: what a conflict asks for is an ordinary
/// sign-in, and takes no other way.
pub(crate) fn proves_locally(user: &UserFacts, connections: &[ConnectionState], policy: &Policy) -> bool {
    binding(user, connections, policy).is_empty()
}
