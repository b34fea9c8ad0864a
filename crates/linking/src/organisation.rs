//! Who is a member of which organisation, and how much of an organisation's policy goes before everybody's.

use crate::draft::{Draft, Told};
use crate::evidence::evidence;
use crate::methods::ways_in;
use crate::{Context, Decision, Reason};
use model::{
    Change, ConnectionId, ConnectionPolicy, ConnectionState, EventKind, Evidence, Facts, LinkFacts, LinkOnMatch,
    LinkState, MailClaim, MailKind, Method, OrganisationId, Policy, UserFacts, UserId,
};
use std::collections::BTreeMap;

/// What became of a membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    Changed,
    /// It was so already.
    Nothing,
    NotFound,
    /// Without the organisation's links no way in of the user's own would remain.
    LastMethod,
}

/// Makes a user a member, or ends that. With a membership end the links through the organisation's connections and the
/// sessions that rest on them: outside it they open nothing (I9). Done by an operator alone.
pub fn decide_membership(
    context: &Context<'_>,
    facts: &Facts,
    user: UserId,
    organisation: &OrganisationId,
    member: bool,
    force: bool,
) -> Decision<Membership> {
    let no = |outcome, reason| Decision::without_plan(outcome, reason, None);
    let Some(user) = facts.user(user) else { return no(Membership::NotFound, Reason::UserNotFound) };
    if user.is_member(organisation) == member {
        return no(Membership::Nothing, Reason::NothingToChange);
    }
    let of_theirs = |link: &&LinkFacts| {
        link.state != LinkState::Removed && context.policy.organisation_of(&link.connection) == Some(organisation)
    };
    let links: Vec<&LinkFacts> = if member { Vec::new() } else { user.links.iter().filter(of_theirs).collect() };
    let remaining = ways_in(user, &facts.connections, context.policy);
    if !links.is_empty() && remaining.is_empty() && !force {
        return no(Membership::LastMethod, Reason::LastMethod);
    }
    let mut draft = Draft::new(context, facts);
    draft.push(Change::RaiseUser { user: user.id, from: user.version });
    if !links.is_empty() {
        draft.expect_remaining(&remaining);
    }
    let kind = if member {
        draft.push(Change::AddMember { organisation: organisation.clone(), user: user.id, at: context.now });
        EventKind::MemberAdded
    } else {
        draft.push(Change::RemoveMember { organisation: organisation.clone(), user: user.id });
        EventKind::MemberRemoved
    };
    for link in links {
        remove(&mut draft, user, link);
    }
    let personal = BTreeMap::from([("organisation", organisation.to_string())]);
    draft.event(user, kind, Reason::ByOperator, Told { personal, ..Told::default() });
    Decision { outcome: Membership::Changed, reason: Reason::ByOperator, row: None, plan: draft.into_plan() }
}

/// There is no grant to undo it: it comes back with the membership alone, and by a link of the person's own asking.
fn remove(draft: &mut Draft<'_>, user: &UserFacts, link: &LinkFacts) {
    let at = draft.context.now;
    draft.push(Change::RemoveLink { link: link.id, user: user.id, identity: link.identity.clone(), at });
    draft.push(Change::EndSessionsOfLink { link: link.id, user: user.id });
    let personal = BTreeMap::from([
        ("subject", link.identity.subject.as_str().to_owned()),
        ("namespace", link.identity.namespace.as_str().to_owned()),
    ]);
    let told = Told { link: Some(link.id), connection: Some(link.connection.clone()), personal, ..Told::default() };
    draft.event(user, EventKind::Unlinked, Reason::UnlinkedByOperator, told);
    draft.notify(user, MailKind::Unlinked, &[("connection", link.connection.to_string())]);
}

/// How far a match may link to this user: as the connection says, and never further than an organisation of theirs allows.
pub(crate) fn link_on_match(policy: &Policy, rules: &ConnectionPolicy, user: &UserFacts) -> LinkOnMatch {
    let of_organisations = user.organisations.iter().filter_map(|id| policy.organisations.get(id)?.link_on_match);
    of_organisations.min().map_or(rules.link_on_match, |most| rules.link_on_match.min(most))
}

/// Whether a method belongs to the person, or to this very organisation, whose connection asks: nobody's account changes
/// elsewhere on an organisation's word (I9).
pub(crate) fn counts_for(policy: &Policy, asking: Option<&OrganisationId>, method: &Method) -> bool {
    match method {
        Method::Link { connection, .. } => {
            let whose = policy.organisation_of(connection);
            whose.is_none() || whose == asking
        }
        _ => true,
    }
}

/// What a connection's word about an address is worth: an organisation speaks for the domains that show to be its own, by
/// its own connections. Whom it reaches with that is for the scope to say (T27, T101).
pub(crate) fn worth(facts: &Facts, rules: &ConnectionPolicy, mail: &MailClaim) -> Evidence {
    let shows = |whose: &OrganisationId| {
        facts.domain.as_ref().is_some_and(|known| known.organisation == *whose && known.domain == mail.address.domain())
    };
    if mail.verified && rules.organisation.as_ref().is_some_and(shows) {
        return Evidence::Authoritative;
    }
    evidence(mail, &rules.mail_authority)
}

/// Where the people of a proven domain go: to the connection that their organisation forces, or the first one it has.
pub fn home_of<'a>(
    policy: &'a Policy,
    connections: &[ConnectionState],
    organisation: &OrganisationId,
) -> Option<&'a ConnectionId> {
    let forced = policy.organisations.get(organisation)?.forced_connection.as_ref();
    let own = |id: &&ConnectionId| {
        policy
            .connection(id)
            .is_some_and(|one| one.organisation.as_ref() == Some(organisation) && one.purpose.signs_in())
            && connections.iter().any(|known| known.id == **id && known.enabled)
    };
    forced.filter(own).or_else(|| policy.connections.keys().find(own))
}
