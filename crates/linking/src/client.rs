//! Clients that are registered while the server runs: who may add, change and remove one, and what goes with it.
//!
//! What a client may be is `protocol`'s; here is what its registration rests on, that every change of it is told, and that
//! nothing it was given outlives it (T67, T68).

use crate::draft::{Draft, Told};
use crate::{Context, Decision, Reason};
use model::{Actor, Change, EventKind, Facts, RegisteredBy, RegistrationToken, RegistryFacts, StoredClient};

/// The facts that every plan rests on. Nothing here is about a person.
fn ground(known: &RegistryFacts) -> Facts {
    Facts { store_epoch: known.store_epoch, ..Facts::default() }
}

/// Operators change clients; nobody else does, but for a client that has shown its own access token (RFC 7592 §2).
fn reason(context: &Context<'_>) -> Reason {
    if matches!(context.actor, Actor::Operator { .. }) { Reason::ByOperator } else { Reason::ByClientItself }
}

fn about(client: &str) -> Told {
    Told { proofs: vec![format!("client:{client}")], ..Told::default() }
}

/// An operator adds a client, or one registers itself with a token that counts and has a use left.
pub fn decide_client_creation(context: &Context<'_>, known: &RegistryFacts, new: &StoredClient) -> Decision<bool> {
    let no = |reason| Decision::without_plan(false, reason, None);
    let token = match new.registered_by {
        RegisteredBy::Operator => None,
        RegisteredBy::Itself => {
            let good = known.token.as_ref().filter(|token| token.uses_left > 0 && token.expires_at > context.now);
            if good.is_none() {
                return no(Reason::RegistrationTokenSpent);
            }
            good
        }
    };
    if known.client.is_some() || known.was_removed {
        return no(Reason::ClientIdTaken);
    }
    let facts = ground(known);
    let mut draft = Draft::new(context, &facts);
    let mut told = about(&new.id);
    if let Some(token) = token {
        draft.push(Change::UseRegistrationToken { id: token.id.clone(), at: context.now });
        told.proofs.push(format!("registration_token:{}", token.id));
    }
    draft.push(Change::AddClient(new.clone()));
    let reason = reason(context);
    draft.store_event(known.chain, EventKind::ClientRegistered, reason, told);
    Decision { outcome: true, reason, row: None, plan: draft.into_plan() }
}

/// Other metadata or other secrets. Whoever decided with the client as it was decides again.
pub fn decide_client_change(
    context: &Context<'_>,
    known: &RegistryFacts,
    metadata: &str,
    secrets: &[[u8; 32]],
) -> Decision<bool> {
    let Some(client) = &known.client else { return Decision::without_plan(false, Reason::ClientUnknown, None) };
    if client.metadata == metadata && client.secrets == secrets {
        return Decision::without_plan(true, Reason::NothingToChange, None);
    }
    let facts = ground(known);
    let mut draft = Draft::new(context, &facts);
    draft.push(Change::ChangeClient {
        client: client.id.clone(),
        version: client.version,
        metadata: metadata.to_owned(),
        secrets: secrets.to_vec(),
        at: context.now,
    });
    let reason = reason(context);
    draft.store_event(known.chain, EventKind::ClientChanged, reason, about(&client.id));
    Decision { outcome: true, reason, row: None, plan: draft.into_plan() }
}

/// The client goes with all that it was given and allowed.
pub fn decide_client_removal(context: &Context<'_>, known: &RegistryFacts) -> Decision<bool> {
    let Some(client) = &known.client else { return Decision::without_plan(false, Reason::ClientUnknown, None) };
    let facts = ground(known);
    let mut draft = Draft::new(context, &facts);
    draft.push(Change::RemoveClient { client: client.id.clone(), version: client.version, at: context.now });
    let reason = reason(context);
    draft.store_event(known.chain, EventKind::ClientRemoved, reason, about(&client.id));
    Decision { outcome: true, reason, row: None, plan: draft.into_plan() }
}

/// An operator lets clients register themselves.
pub fn decide_registration_token(
    context: &Context<'_>,
    known: &RegistryFacts,
    token: &RegistrationToken,
) -> Decision<bool> {
    let facts = ground(known);
    let mut draft = Draft::new(context, &facts);
    draft.push(Change::AddRegistrationToken(token.clone()));
    let told = Told { proofs: vec![format!("registration_token:{}", token.id)], ..Told::default() };
    draft.store_event(known.chain, EventKind::RegistrationTokenMade, Reason::ByOperator, told);
    Decision { outcome: true, reason: Reason::ByOperator, row: None, plan: draft.into_plan() }
}

/// And takes it back. What was registered with it stays.
pub fn decide_token_revocation(context: &Context<'_>, known: &RegistryFacts) -> Decision<bool> {
    let Some(token) = &known.token else {
        return Decision::without_plan(false, Reason::RegistrationTokenSpent, None);
    };
    let facts = ground(known);
    let mut draft = Draft::new(context, &facts);
    draft.push(Change::RemoveRegistrationToken { id: token.id.clone() });
    let told = Told { proofs: vec![format!("registration_token:{}", token.id)], ..Told::default() };
    draft.store_event(known.chain, EventKind::RegistrationTokenRevoked, Reason::ByOperator, told);
    Decision { outcome: true, reason: Reason::ByOperator, row: None, plan: draft.into_plan() }
}
