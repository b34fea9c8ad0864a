//! What a link may rest on, said a second time and in other words, so that the decision is not its own judge.

use crate::world::World;
use model::{
    AddressProof, ConnectionId, DAY, Level, LinkOnMatch, LinkState, MINUTE, Method, Purpose, UserFacts, UserStatus,
};

/// For whom the address in question is proven, in reach of the connection.
fn by_address(world: &World) -> Option<&UserFacts> {
    let asked = world.mailbox.as_ref().or(world.parts.mail.as_ref().map(|mail| &mail.address))?;
    let owner = world.users.iter().find(|user| user.addresses.iter().any(|known| known.address == *asked));
    owner.filter(|user| world.policy.connections[&world.parts.connection].match_on.address && reaches(world, user))
}

/// Who has the provider's user name, where that may match.
fn by_name(world: &World) -> Option<&UserFacts> {
    let rules = &world.policy.connections[&world.parts.connection];
    let named = world.users.iter().find(|user| Some(user.id) == world.named);
    named.filter(|user| {
        rules.match_on.user_name
            && rules.purpose.links()
            && rules.link_on_match != LinkOnMatch::Off
            && reaches(world, user)
    })
}

/// An organisation's connection reaches its members.
fn reaches(world: &World, user: &UserFacts) -> bool {
    let of = world.policy.connections[&world.parts.connection].organisation.as_ref();
    of.is_none_or(|organisation| user.organisations.contains(organisation))
}

/// The connection that an organisation of the user forces.
fn forced<'a>(world: &'a World, user: &UserFacts) -> Option<&'a ConnectionId> {
    user.organisations.iter().find_map(|of| world.policy.organisations[of].forced_connection.as_ref())
}

fn signs_in(world: &World, id: &ConnectionId) -> bool {
    world
        .policy
        .connections
        .get(id)
        .is_some_and(|rules| matches!(rules.purpose, Purpose::SignInAndLink | Purpose::SignInOnly))
        && world.connections.iter().any(|state| state.id == *id && state.enabled)
}

/// A complete sign-in to the matching user, by a usable method other than the identity itself, at most five minutes old.
pub fn proof_holds(world: &World) -> bool {
    let Some((proof, named)) = &world.proof else { return false };
    let matching = [by_address(world), by_name(world)];
    let Some(owner) = matching.into_iter().flatten().find(|user| user.id == proof.user()) else { return false };
    let allowed = forced(world, owner)
        .is_none_or(|forced| matches!(proof.method(), Method::Link { connection, .. } if connection == forced));
    let usable = match proof.method() {
        Method::Passkey { passkey } => world.policy.local.passkey && owner.passkey(*passkey).is_some(),
        Method::Password => world.policy.local.password && owner.password.is_some(),
        Method::EmailCode { address } => {
            world.policy.local.email_code && owner.addresses.iter().any(|known| known.address == *address)
        }
        Method::Link { link, .. } => owner.links.iter().any(|known| {
            known.id == *link
                && known.state == LinkState::Active
                && known.identity != world.parts.identity
                && signs_in(world, &known.connection)
                && world.connections.iter().any(|state| state.namespace == known.identity.namespace)
        }),
    };
    usable
        && allowed
        && *named == owner.id
        && owner.status == UserStatus::Active
        && proof.at() <= world.now
        && proof.at() + MINUTE.times(5) >= world.now
        && proof.level() >= owner.required_level.max(world.policy.required_level)
}

/// Row 12 with every one of its conditions.
pub fn row_12_holds(world: &World) -> bool {
    let rules = &world.policy.connections[&world.parts.connection];
    let (Some(mail), Some(owner)) = (&world.parts.mail, by_address(world)) else { return false };
    let authoritative = mail.verified
        && rules.mail_authority.authoritative_domains.iter().any(|domain| domain == mail.address.domain())
        && world.mailbox.as_ref().is_none_or(|mailbox| *mailbox == mail.address);
    let lately = owner.addresses.iter().any(|known| {
        known.address == mail.address
            && known.proof == AddressProof::Loop
            && known.proven_at + DAY.times(365) > world.now
    });
    let never_here = !owner.links.iter().any(|link| {
        let near =
            link.connection == world.parts.connection || link.identity.namespace == world.parts.identity.namespace;
        link.identity == world.parts.identity || (near && link.state != LinkState::Removed)
    });
    rules.link_on_match == LinkOnMatch::VerifiedEmail
        && rules.purpose == Purpose::SignInAndLink
        && authoritative
        && lately
        && never_here
        && world.policy.local.email_code
        && owner.status == UserStatus::Active
        && !owner.protected
        && forced(world, owner).is_none()
        && by_name(world).is_none_or(|other| other.id == owner.id)
        && owner.required_level == Level::One
        && world.policy.required_level == Level::One
}
