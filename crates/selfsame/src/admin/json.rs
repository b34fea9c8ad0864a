//! How an operator is told of sessions and connections.

use model::{ConnectionState, SessionFacts};
use serde_json::{Value, json};

pub(super) fn session_json(session: &SessionFacts) -> Value {
    json!({
        "id": session.id, "level": session.level, "method": session.method.name(), "link": session.method.link(),
        "authenticated_at": session.authenticated_at, "created_at": session.created_at,
        "expires_at": session.expires_at, "device": session.user_agent,
    })
}

pub(super) fn connection_json(connection: &ConnectionState) -> Value {
    json!({
        "id": connection.id, "enabled": connection.enabled, "version": connection.version, "epoch": connection.epoch,
        "issuer": connection.issuer, "client_id": connection.client_id, "subject_claim": connection.subject_claim,
    })
}
