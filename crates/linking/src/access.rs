//! The access graph: what opens an account, and what those ways in have in common (T75, N09).

use crate::Reason;
use crate::evidence::hosts;
use model::{Address, ConnectionId, Method, Policy, UserFacts};
use std::collections::BTreeMap;

/// What a way in hangs on, as far as is known here.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Element {
    Mailbox(Address),
    Provider(ConnectionId),
}

/// How many ways in there are, and what several of them hang on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Access {
    pub ways: usize,
    /// Elements of at least two ways, with how many: the most shared first.
    pub shared: Vec<(Element, usize)>,
}

impl Access {
    pub fn of(user: &UserFacts, ways: &[Method], policy: &Policy) -> Self {
        let mut counts: BTreeMap<Element, usize> = BTreeMap::new();
        for element in ways.iter().flat_map(|way| rests_on(user, way, policy)) {
            *counts.entry(element).or_default() += 1;
        }
        let mut shared: Vec<_> = counts.into_iter().filter(|(_, count)| *count > 1).collect();
        shared.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        Self { ways: ways.len(), shared }
    }

    /// What all of several ways hang on: whoever loses or steals it has the account.
    pub fn single_point(&self) -> Option<&Element> {
        self.shared.iter().find(|(_, count)| *count == self.ways).map(|(element, _)| element)
    }
}

/// A code hangs on its mailbox, and that on the provider that hosts it. A provider's account can be taken over through
/// the mailbox it names. A password and a passkey hang on nothing that others hang on.
pub(crate) fn rests_on(user: &UserFacts, method: &Method, policy: &Policy) -> Vec<Element> {
    match method {
        Method::Password | Method::Passkey { .. } => Vec::new(),
        Method::EmailCode { address } => {
            let hosting = policy.connections.iter().filter(|(_, rules)| hosts(&rules.mail_authority, address.domain()));
            let mut elements = vec![Element::Mailbox(address.clone())];
            elements.extend(hosting.map(|(id, _)| Element::Provider(id.clone())));
            elements
        }
        Method::Link { link, connection } => {
            let mut elements = vec![Element::Provider(connection.clone())];
            let known = user.link(*link).and_then(|link| link.address.clone());
            elements.extend(known.map(Element::Mailbox));
            elements
        }
    }
}

/// Whether a method of a user may go, of whom these are the ways in: what the page says and what the guards hold. A password
/// is changed and not removed, and a code comes with its address.
pub fn may_go(user: &UserFacts, ways: &[Method], method: &Method, policy: &Policy) -> Result<(), Reason> {
    match method {
        Method::Password | Method::EmailCode { .. } => Err(Reason::MethodNotAllowed),
        Method::Link { .. } | Method::Passkey { .. } => {
            let remaining: Vec<Method> = ways.iter().filter(|way| *way != method).cloned().collect();
            may_remain(user, &remaining, policy)
        }
    }
}

/// Whether these ways in are enough to remain to a user: at least one, and for a protected user not all of them on one
/// mailbox or one provider.
pub(crate) fn may_remain(user: &UserFacts, remaining: &[Method], policy: &Policy) -> Result<(), Reason> {
    let Some((first, others)) = remaining.split_first() else { return Err(Reason::LastMethod) };
    if !user.protected {
        return Ok(());
    }
    let common = |element: &Element| others.iter().all(|other| rests_on(user, other, policy).contains(element));
    if rests_on(user, first, policy).iter().any(common) { Err(Reason::SharedAccess) } else { Ok(()) }
}
