//! Which methods a user can really use today.

use crate::{Context, Reason, is_fresh_at};
use model::{ConnectionState, Level, LinkFacts, LinkState, Method, Policy, Proof, UserFacts};

/// A passkey that verified its user is two factors in one (NIST SP 800-63B-4 §3.1.7); none that did not is taken.
pub const PASSKEY_LEVEL: Level = Level::Two;

/// Any method and a second factor beside it (§2.2).
pub const FACTOR_LEVEL: Level = Level::Two;

/// Why a method that stands in a list does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnusableBecause {
    /// Policy does not allow this kind today.
    PolicyForbids,
    /// It needs a proven address and there is none.
    NoProvenAddress,
    ConnectionNotConfigured,
    ConnectionDisabled,
    OldEpoch,
    NotForSignIn,
    LinkNotActive,
}

/// *Usable* = enabled by policy for this user now, proven, and working (T73). In a stable order: passkeys, password,
/// e-mail codes, links by age.
pub fn usable_methods(user: &UserFacts, connections: &[ConnectionState], policy: &Policy) -> Vec<Method> {
    let mut methods = Vec::new();
    if policy.local.passkey {
        let here = user.passkeys.iter().filter(|known| known.host == policy.host);
        methods.extend(here.map(|known| Method::Passkey { passkey: known.id }));
    }
    if user.password.is_some() && password_unusable(user, policy).is_none() {
        methods.push(Method::Password);
    }
    if policy.local.email_code {
        methods.extend(user.addresses.iter().map(|known| Method::EmailCode { address: known.address.clone() }));
    }
    methods.extend(
        user.links
            .iter()
            .filter(|link| why_unusable(link, connections, policy).is_none())
            // An organisation's connection reaches its members only.
            .filter(|link| policy.organisation_of(&link.connection).is_none_or(|one| user.is_member(one)))
            .map(|link| Method::Link { link: link.id, connection: link.connection.clone() }),
    );
    methods
}

/// Usable methods that are the user's own: an organisation's connection is the organisation's, and may be taken away by
/// it (row 1). What must remain to a person is one of these.
pub fn own_methods(user: &UserFacts, connections: &[ConnectionState], policy: &Policy) -> Vec<Method> {
    let mut methods = usable_methods(user, connections, policy);
    methods.retain(|method| match method {
        Method::Link { connection, .. } => policy.organisation_of(connection).is_none(),
        Method::Password | Method::EmailCode { .. } | Method::Passkey { .. } => true,
    });
    methods
}

/// Own methods that lead to a session of this user, at the level it requires: one of these must remain.
pub fn ways_in(user: &UserFacts, connections: &[ConnectionState], policy: &Policy) -> Vec<Method> {
    reaching(user, own_methods(user, connections, policy), policy)
}

/// Those of `methods` that reach the level this user requires.
pub(crate) fn reaching(user: &UserFacts, methods: Vec<Method>, policy: &Policy) -> Vec<Method> {
    methods_at(required_level(user, policy), user, methods, policy)
}

/// Whether this user has a second factor that policy allows today.
pub fn has_factor(user: &UserFacts, policy: &Policy) -> bool {
    policy.local.totp && user.totp.is_some()
}

/// Whether a second factor is all that is missing: of evidence at `level`, for a session of this user.
pub(crate) fn wants_factor(user: &UserFacts, policy: &Policy, level: Level) -> bool {
    let required = required_level(user, policy);
    level < required && required <= FACTOR_LEVEL && has_factor(user, policy)
}

/// Those of `methods` of this user that reach a level, with their second factor where they have one.
pub fn methods_at(needed: Level, user: &UserFacts, mut methods: Vec<Method>, policy: &Policy) -> Vec<Method> {
    let second = if has_factor(user, policy) { FACTOR_LEVEL } else { Level::One };
    methods.retain(|method| {
        let alone = match method {
            Method::Password | Method::EmailCode { .. } => Level::One,
            Method::Passkey { .. } => PASSKEY_LEVEL,
            Method::Link { connection, .. } => policy.connection(connection).map_or(Level::One, |rules| rules.level),
        };
        alone.max(second) >= needed
    });
    methods
}

/// Whether a proof of this user counts: by one of `allowed`, fresh, and at the user's own level.
pub(crate) fn check_proof_by(
    context: &Context<'_>,
    user: &UserFacts,
    allowed: &[Method],
    proof: &Proof,
) -> Result<(), Reason> {
    if !allowed.contains(proof.method()) {
        Err(Reason::MethodNotAllowed)
    } else if !is_fresh_at(proof.at(), context.now) {
        Err(Reason::NotFresh)
    } else if wants_factor(user, context.policy, proof.level()) {
        Err(Reason::SecondFactorNeeded)
    } else if proof.level() < required_level(user, context.policy) {
        Err(Reason::LevelTooLow)
    } else {
        Ok(())
    }
}

fn password_unusable(user: &UserFacts, policy: &Policy) -> Option<UnusableBecause> {
    if !policy.local.password {
        Some(UnusableBecause::PolicyForbids)
    } else if user.addresses.is_empty() {
        // The person names themselves by an address; without one the password opens nothing.
        Some(UnusableBecause::NoProvenAddress)
    } else {
        None
    }
}

/// `None` when the link signs its user in today.
pub fn why_unusable(link: &LinkFacts, connections: &[ConnectionState], policy: &Policy) -> Option<UnusableBecause> {
    if link.state != LinkState::Active {
        return Some(UnusableBecause::LinkNotActive);
    }
    let Some(rules) = policy.connection(&link.connection) else {
        return Some(UnusableBecause::ConnectionNotConfigured);
    };
    let Some(state) = connections.iter().find(|connection| connection.id == link.connection) else {
        return Some(UnusableBecause::ConnectionNotConfigured);
    };
    if !state.enabled {
        Some(UnusableBecause::ConnectionDisabled)
    } else if state.namespace != link.identity.namespace {
        Some(UnusableBecause::OldEpoch)
    } else if !rules.purpose.signs_in() {
        Some(UnusableBecause::NotForSignIn)
    } else {
        None
    }
}

/// The level that the user themselves asks for: whoever has a second factor wants it asked for (T89).
pub(crate) fn own_level(user: &UserFacts, policy: &Policy) -> Level {
    if has_factor(user, policy) { user.required_level.max(FACTOR_LEVEL) } else { user.required_level }
}

/// The level a session of this user must reach: the highest of the user's own, the policy's and that of the
/// organisations they are a member of. Computed, never stored (T96).
pub fn required_level(user: &UserFacts, policy: &Policy) -> Level {
    let of_organisations = user
        .organisations
        .iter()
        .filter_map(|organisation| policy.organisations.get(organisation)?.required_level)
        .max();
    own_level(user, policy).max(policy.required_level).max(of_organisations.unwrap_or(Level::One))
}
