//! Pieces of plans that several decisions write: a new user, a link with its proofs, what the provider said.

use crate::draft::{Draft, Told, UNDO_VALUE};
use crate::session::NewUser;
use crate::{Context, Reason};
use model::{
    Assertion, Change, EventKind, LinkId, MailKind, NewLink, ProfileSync, SessionFacts, SessionId, Undoable, UserFacts,
    UserId,
};
use std::collections::BTreeMap;

/// A user and the subject clients know them by.
pub(crate) fn create_user(draft: &mut Draft<'_>, new: &NewUser, name: String) {
    let (now, required_level) = (draft.context.now, draft.context.policy.required_level);
    draft.push(Change::CreateUser { user: new.id, name, required_level, sealed_key: new.sealed_key.clone(), at: now });
    draft.push(Change::CreateSubject { sector: "public".to_owned(), sub: new.sub.clone(), user: new.id, at: now });
}

/// The link itself, with the record of its proofs and of the policy that allowed it. The connection is guarded, so
/// that a connection disabled meanwhile links nobody (T98).
pub(crate) fn push_link(
    draft: &mut Draft<'_>,
    assertion: &Assertion,
    user: UserId,
    reason: Reason,
    proofs: &[String],
) -> LinkId {
    draft.expect_connection(assertion.connection());
    let id = LinkId::generate(draft.context.now, draft.context.random);
    draft.push(Change::AddLink(NewLink {
        id,
        user,
        connection: assertion.connection().clone(),
        identity: assertion.identity().clone(),
        reason: reason.code(),
        proofs: proofs.to_vec(),
        policy_version: draft.context.policy.version.clone(),
        at: draft.context.now,
    }));
    id
}

/// What the provider said, onto the external identity: never onto the user (T112).
pub(crate) fn push_seen(draft: &mut Draft<'_>, context: &Context<'_>, assertion: &Assertion, linking: bool) {
    let sync = context.policy.connection(assertion.connection()).map(|rules| rules.profile_sync).unwrap_or_default();
    let wanted = if linking { sync != ProfileSync::Never } else { sync == ProfileSync::OnSignIn };
    if wanted {
        draft.push(Change::SeeIdentity {
            identity: assertion.identity().clone(),
            display: assertion.parts().display.clone(),
            address: assertion.mail().map(|mail| mail.address.clone()),
            at: context.now,
        });
    }
}

/// The event of a link by its owner, the right to undo it, and the notice.
pub(crate) fn tell_of_link(
    draft: &mut Draft<'_>,
    assertion: &Assertion,
    user: &UserFacts,
    link: LinkId,
    session: SessionId,
    reason: Reason,
    proofs: Vec<String>,
) {
    let connection = assertion.connection();
    let told = Told {
        link: Some(link),
        connection: Some(connection.clone()),
        session: Some(session),
        proofs,
        personal: identity_values(assertion),
    };
    let event = draft.own_event(user, EventKind::Linked, reason, told);
    let identity = assertion.identity().clone();
    draft.grant(event, user.id, Undoable::Link { link, connection: connection.clone(), identity });
    let values = [("connection", connection.to_string()), (UNDO_VALUE, event.to_string())];
    draft.notify(user, MailKind::Linked, &values);
}

pub(crate) fn assertion_reference(assertion: &Assertion) -> String {
    let parts = assertion.parts();
    format!("assertion:{}@{}/aal{}", parts.connection, parts.verified_at, i64::from(parts.level))
}

/// Personal values of an event about an identity; sealed with the user's key before they are stored.
pub(crate) fn identity_values(assertion: &Assertion) -> BTreeMap<&'static str, String> {
    let mut values = BTreeMap::new();
    values.insert("subject", assertion.identity().subject.as_str().to_owned());
    if let Some(mail) = assertion.mail() {
        values.insert("asserted_address", mail.address.to_string());
    }
    values
}

/// The session that asked, as it stands in links and audit events: method, level and time of the authentication.
pub(crate) fn session_reference(session: &SessionFacts) -> String {
    format!(
        "session:{}:{}@{}/aal{}",
        session.id,
        session.method.name(),
        session.authenticated_at,
        i64::from(session.level)
    )
}
