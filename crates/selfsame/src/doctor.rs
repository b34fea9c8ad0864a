//! What must agree in the stored data, and what it means where it does not: the invariants that show without running
//! anything. The store gives rows in pages; this looks at each and writes nothing.

use linking::{LinkEvent, replay_link};
use model::{LinkState, Policy, UserStatus};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use store::{AuditChain, AuditFaultKind, Stored, StoredEvent, StoredLink, StoredSession};

/// Something that does not agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Stable.
    pub check: &'static str,
    /// The invariant it breaks.
    pub invariant: &'static str,
    pub ids: BTreeMap<&'static str, String>,
    /// What is wrong, in a sentence.
    pub what: String,
    /// What to do about it, in a sentence.
    pub advice: &'static str,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}:", self.invariant, self.check)?;
        self.ids.iter().try_for_each(|(label, id)| write!(f, " {label}={id}"))?;
        write!(f, " — {} {}", self.what, self.advice)
    }
}

const LOOK: &str = "Compare with a backup and with `selfsame audit show`; nothing here repairs it by itself.";
const END: &str = "End the session with `selfsame user sessions USER --end SESSION`.";
const UNLINK: &str = "Remove the link with `selfsame link remove`, or restore the data from a backup.";

type Ids<'a> = &'a [(&'static str, &'a dyn fmt::Display)];

fn finding(check: &'static str, invariant: &'static str, ids: Ids<'_>, what: &str, advice: &'static str) -> Finding {
    let ids = ids.iter().map(|(label, id)| (*label, id.to_string())).collect();
    Finding { check, invariant, ids, what: what.to_owned(), advice }
}

/// What is wrong with one row; nothing, mostly.
pub fn findings(stored: &Stored, policy: &Policy) -> Vec<Finding> {
    match stored {
        Stored::User { chain_begins: true, .. } => Vec::new(),
        Stored::User { user, .. } => {
            let what = "The user exists and their audit log has no beginning.";
            vec![finding("audit_chain_missing", "I13", &[("user", user)], what, LOOK)]
        }
        Stored::Link(link) => of_link(link, policy),
        Stored::Identity { namespace, subject, holder, link, state } => {
            let subject = String::from_utf8_lossy(subject);
            let ids: Ids<'_> = &[("namespace", namespace), ("subject", &subject)];
            let found = |check, what| vec![finding(check, "I5", ids, what, LOOK)];
            match (holder, link, state) {
                (None, None, _) | (Some(_), Some(_), Some(LinkState::Active | LinkState::Held)) => Vec::new(),
                (Some(_), Some(_), Some(LinkState::Removed)) => {
                    found("identity_of_removed_link", "The identity is held by a link that was removed.")
                }
                _ => found("identity_of_no_link", "The identity is held by a link that does not exist."),
            }
        }
        Stored::Address { address, user, status } if is_gone(*status) => {
            let what = "The address is proven for a user who is not there any more.";
            vec![finding("address_of_gone_user", "I5", &[("address", address), ("user", user)], what, LOOK)]
        }
        Stored::Subject { sub, user, status: None, .. } => {
            let what = "The subject leads to a user who does not exist.";
            vec![finding("subject_of_nobody", "I5", &[("subject", sub), ("user", user)], what, LOOK)]
        }
        Stored::Subject { sub, user, status: Some(UserStatus::Absorbed), .. } => {
            let what = "The subject leads to a user who was absorbed by a merge, and not to the one who took over.";
            vec![finding("subject_of_absorbed_user", "I5", &[("subject", sub), ("user", user)], what, LOOK)]
        }
        Stored::Address { .. } | Stored::Subject { .. } => Vec::new(),
        Stored::Session(session) => of_session(session),
        Stored::Grant { event, user, status, logged, missing, .. } => {
            let found = |check, what| finding(check, "I5", &[("event", event), ("user", user)], what, LOOK);
            let mut all = Vec::new();
            if matches!(status, None | Some(UserStatus::Deleted)) {
                all.push(found("grant_of_gone_user", "The right to undo belongs to a user who is not there any more."));
            }
            if !logged {
                all.push(found("grant_without_event", "The right to undo names an event that the log does not have."));
            }
            if *missing {
                all.push(found("grant_of_nothing", "The right to undo names a link or a user that does not exist."));
            }
            all
        }
        Stored::Event(fault) => {
            let chain = match fault.chain {
                AuditChain::User(user) => user.to_string(),
                AuditChain::Store => "the store's".to_owned(),
            };
            let (check, what) = match fault.kind {
                AuditFaultKind::Gap => ("audit_gap", "Events before this one are missing."),
                AuditFaultKind::WrongHash => ("audit_changed", "The event was changed after it was written."),
                AuditFaultKind::Unchained => ("audit_unchained", "The event does not rest on the one before it."),
                AuditFaultKind::Unreadable => ("audit_unreadable", "The event cannot be read."),
                AuditFaultKind::NoChain => ("audit_chain_missing", "The audit log has no beginning."),
            };
            vec![finding(check, "I13", &[("chain", &chain), ("seq", &fault.seq)], what, LOOK)]
        }
        Stored::Unreadable { key, what } => {
            vec![finding("unreadable", "I5", &[("row", key)], &format!("The row cannot be read: {what}."), LOOK)]
        }
    }
}

/// No such user, or one that holds nothing any more.
fn is_gone(status: Option<UserStatus>) -> bool {
    matches!(status, None | Some(UserStatus::Deleted | UserStatus::Absorbed))
}

fn of_link(stored: &StoredLink, policy: &Policy) -> Vec<Finding> {
    let ids: Ids<'_> = &[("link", &stored.link), ("user", &stored.user), ("connection", &stored.connection)];
    let found = |check, invariant, what| finding(check, invariant, ids, what, UNLINK);
    let mut all = Vec::new();
    let living = stored.state != LinkState::Removed;
    let holds = stored.holder == (Some(stored.user), Some(stored.link));
    if living && !holds {
        all.push(found("identity_not_held", "I5", "The link lives, and its identity names another holder or none."));
    }
    if !living && holds {
        all.push(found("removed_link_holds", "I5", "The link was removed, and its identity still names it as holder."));
    }
    if living && is_gone(stored.status) {
        all.push(found("link_of_gone_user", "I5", "The link lives, and its user is not there any more."));
    }
    let organisation = policy.organisation_of(&stored.connection);
    if stored.state == LinkState::Active && organisation.is_some_and(|one| !stored.organisations.contains(one)) {
        let what = "The connection is an organisation's, and the user is not one of its members.";
        all.push(found("link_outside_organisation", "I9", what));
    }
    all.extend(against_the_log(stored).map(|(check, what)| found(check, "I13", what)));
    all
}

/// What the log says of the link, against what is stored.
fn against_the_log(stored: &StoredLink) -> Option<(&'static str, &'static str)> {
    let mut events: Vec<&StoredEvent> = stored.events.iter().collect();
    // One chain is in order by itself; a link that was moved has events on two.
    events.sort_by_key(|event| event.at);
    let event = |event: &&StoredEvent| LinkEvent {
        kind: event.kind,
        reason: event.reason.clone(),
        proofs: event.proofs.clone(),
    };
    let events: Vec<LinkEvent> = events.iter().map(event).collect();
    let told = replay_link(&events);
    match (told.made, told.state) {
        (None, _) => return Some(("link_without_event", "No event of the log made this link.")),
        (Some(0), _) => return Some(("link_without_proofs", "The event that made this link names no proof.")),
        _ => {}
    }
    let held_by_recovery = stored.state == LinkState::Held && stored.recovered && told.state == Some(LinkState::Active);
    // Deleting a user removes all links in one event that names none.
    let erased = stored.status == Some(UserStatus::Deleted) && stored.state == LinkState::Removed;
    let agrees = told.state == Some(stored.state) || held_by_recovery || erased;
    (!agrees).then_some(("link_differs_from_log", "The log leads to another state of this link than the stored one."))
}

fn of_session(stored: &StoredSession) -> Vec<Finding> {
    if stored.dead {
        return Vec::new();
    }
    let ids: Ids<'_> = &[("session", &stored.session), ("user", &stored.user)];
    let found = |check, invariant, what| finding(check, invariant, ids, what, END);
    let mut all = Vec::new();
    if stored.status != Some(UserStatus::Active) {
        all.push(found("session_of_inactive_user", "I5", "The session is of a user who may not sign in."));
    }
    if stored.method.link() != stored.link {
        all.push(found("session_method_differs", "I6", "The session rests on another link than the one it ends with."));
    }
    if stored.link.is_some() && stored.link_state != Some(LinkState::Active) {
        all.push(found(
            "session_through_dead_link",
            "I6",
            "The session came through a link that is removed or on hold.",
        ));
    } else if stored.link.is_some() && !stored.current_epoch {
        all.push(found("session_of_old_epoch", "I10", "The session came through a link of another epoch."));
    }
    if stored.required_level.is_some_and(|required| stored.level < required) {
        all.push(found("session_level_too_low", "I8", "The session's level is lower than its user requires."));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::findings;
    use model::{
        ConnectionId, ConnectionPolicy, EventKind, Level, LinkId, LinkState, LocalMethods, Micros, OrganisationId,
        Policy, SignUp, UserId, UserStatus,
    };
    use store::{Stored, StoredEvent, StoredLink};

    fn policy(organisation: Option<&str>) -> Policy {
        let rules =
            ConnectionPolicy { organisation: organisation.and_then(OrganisationId::parse), ..Default::default() };
        Policy {
            version: "p1".to_owned(),
            local: LocalMethods { password: true, email_code: true, passkey: true, totp: true },
            host: "id.example".to_owned(),
            sign_up: SignUp::Open,
            selection: model::SelectionPolicy::default(),
            required_level: Level::One,
            connections: [(ConnectionId::parse("acme").unwrap(), rules)].into(),
            organisations: std::collections::BTreeMap::new(),
        }
    }

    fn link(change: impl FnOnce(&mut StoredLink)) -> Stored {
        let (user, link) = (UserId::from_bytes([1; 16]), LinkId::from_bytes([2; 16]));
        let event = StoredEvent {
            at: Micros(1),
            kind: EventKind::Linked,
            reason: "linked_by_owner".to_owned(),
            proofs: vec!["password@1/aal1".to_owned()],
        };
        let mut stored = StoredLink {
            user,
            link,
            connection: ConnectionId::parse("acme").unwrap(),
            state: LinkState::Active,
            status: Some(UserStatus::Active),
            holder: (Some(user), Some(link)),
            organisations: Vec::new(),
            recovered: false,
            events: vec![event],
        };
        change(&mut stored);
        Stored::Link(stored)
    }

    fn codes(stored: &Stored, organisation: Option<&str>) -> Vec<&'static str> {
        findings(stored, &policy(organisation)).into_iter().map(|finding| finding.check).collect()
    }

    #[test]
    fn t106_a_link_of_an_organisation_is_its_members_alone() {
        assert!(codes(&link(|_| {}), None).is_empty());
        assert_eq!(codes(&link(|_| {}), Some("navy")), ["link_outside_organisation"]);
        let member = link(|link| link.organisations = vec![OrganisationId::parse("navy").unwrap()]);
        assert!(codes(&member, Some("navy")).is_empty());
        assert_eq!(codes(&member, Some("army")), ["link_outside_organisation"]);
    }

    #[test]
    fn a_recovery_and_a_deletion_explain_what_no_event_of_the_link_says() {
        let held = |recovered| {
            link(|link| {
                link.state = LinkState::Held;
                link.recovered = recovered;
            })
        };
        assert!(codes(&held(true), None).is_empty());
        assert_eq!(codes(&held(false), None), ["link_differs_from_log"]);
        let removed = |status| {
            link(|link| {
                (link.state, link.status, link.holder) = (LinkState::Removed, Some(status), (None, None));
            })
        };
        assert!(codes(&removed(UserStatus::Deleted), None).is_empty());
        assert_eq!(codes(&removed(UserStatus::Active), None), ["link_differs_from_log"]);
    }
}
