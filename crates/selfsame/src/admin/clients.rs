//! Clients and registration tokens.

use super::{Admin, Answer, Refusal};
use flows::oauth::Client;
use flows::{Registered, RegistryFault};
use model::{Actor, HOUR, StoredClient};
use serde_json::{Map, Value, json};

/// A page of registration tokens.
const TOKENS: u32 = 1_000;

impl Admin {
    pub(super) async fn client_list(&self, after: Option<&str>, limit: u32) -> Answer {
        let declared = self.journeys.clients();
        let mut lines: Vec<Value> = match after {
            None => declared.iter().map(|client| client_json(client, "file")).collect(),
            Some(_) => Vec::new(),
        };
        let stored = self.store().clients(after.unwrap_or_default(), limit).await?;
        lines.extend(stored.iter().map(|stored| match flows::client_of(stored) {
            Ok(client) => client_json(&client, source(stored)),
            // It has no effect, and is here to be changed.
            Err(_) => json!({ "id": stored.id, "source": source(stored), "faulty": true }),
        }));
        Ok(lines.into_iter().collect())
    }

    pub(super) async fn client_show(&self, id: &str) -> Answer {
        if let Some(client) = self.journeys.clients().iter().find(|client| client.id == id) {
            return Ok(with_logouts(client_json(client, "file"), self.store().untold_logouts(id).await?));
        }
        let stored = self.store().client(id).await?.ok_or_else(unknown)?;
        Ok(with_logouts(stored_json(&stored), self.store().untold_logouts(id).await?))
    }

    pub(super) async fn client_create(
        &self,
        id: Option<String>,
        metadata: &Map<String, Value>,
        actor: &Actor,
    ) -> Answer {
        self.journeys.add_client(actor, id, metadata).await.map(|new| registered_json(&new)).map_err(refusal)
    }

    pub(super) async fn client_update(&self, id: &str, metadata: &Map<String, Value>, actor: &Actor) -> Answer {
        self.journeys.change_client(actor, id, metadata).await.map(|new| registered_json(&new)).map_err(refusal)
    }

    pub(super) async fn client_rotate(&self, id: &str, at_once: bool, actor: &Actor) -> Answer {
        let rotated = self.journeys.rotate_client_secret(actor, id, at_once).await;
        rotated.map(|new| registered_json(&new)).map_err(refusal)
    }

    pub(super) async fn client_remove(&self, id: &str, actor: &Actor) -> Answer {
        self.journeys.remove_client(actor, id).await.map_err(refusal)?;
        Ok(json!({ "id": id, "removed": true }))
    }

    pub(super) async fn client_tokens(&self) -> Answer {
        let line = |token: &model::RegistrationToken| {
            json!({
                "id": token.id, "uses_left": token.uses_left, "client_credentials": token.client_credentials,
                "created_by": token.created_by, "created_at": token.created_at, "expires_at": token.expires_at,
            })
        };
        Ok(self.store().registration_tokens("", TOKENS).await?.iter().map(line).collect())
    }

    pub(super) async fn client_token_create(
        &self,
        uses: i64,
        hours: i64,
        client_credentials: bool,
        actor: &Actor,
    ) -> Answer {
        if !(1..=1_000_000).contains(&uses) || !(1..=8_760).contains(&hours) {
            return Err(Refusal::new("out_of_range", "give 1 to 1000000 uses and 1 to 8760 hours"));
        }
        let made = self.journeys.make_registration_token(actor, uses, HOUR.times(hours), client_credentials).await;
        let new = made.map_err(refusal)?;
        Ok(json!({
            "id": new.token.id, "token": new.secret.expose(), "uses_left": uses,
            "client_credentials": client_credentials, "expires_at": new.token.expires_at,
        }))
    }

    pub(super) async fn client_token_revoke(&self, id: &str, actor: &Actor) -> Answer {
        self.journeys.revoke_registration_token(actor, id).await.map_err(refusal)?;
        Ok(json!({ "id": id, "revoked": true }))
    }
}

fn source(stored: &StoredClient) -> &'static str {
    match stored.registered_by {
        model::RegisteredBy::Operator => "store",
        model::RegisteredBy::Itself => "registered itself",
    }
}

fn client_json(client: &Client, source: &str) -> Value {
    json!({
        "id": client.id,
        "name": client.name,
        "source": source,
        "public": client.is_public(),
        "grants": client.grants.iter().map(|grant| grant.name()).collect::<Vec<_>>(),
        "scopes": client.scopes,
        "redirect_uris": client.redirect_uris,
        "first_party": client.first_party,
    })
}

fn stored_json(stored: &StoredClient) -> Value {
    let metadata: Value = serde_json::from_str(&stored.metadata).unwrap_or_default();
    json!({
        "id": stored.id, "source": source(stored), "version": stored.version, "metadata": metadata,
        "secrets": stored.secrets.len(), "created_at": stored.created_at, "changed_at": stored.changed_at,
    })
}

/// Logouts that the client has not heard of.
fn with_logouts(mut shown: Value, untold: store::UntoldLogouts) -> Value {
    shown["logouts"] = json!({ "waiting": untold.waiting, "given_up": untold.given_up });
    shown
}

/// The secret is in the answer that made it and in no other.
fn registered_json(new: &Registered) -> Value {
    let mut answer = stored_json(&new.client);
    if let Some(secret) = &new.secret {
        answer["client_secret"] = secret.expose().as_str().into();
    }
    answer
}

fn unknown() -> Refusal {
    Refusal::new("client_unknown", "no such client; `selfsame client list` shows them")
}

fn refusal(fault: RegistryFault) -> Refusal {
    match fault {
        RegistryFault::Metadata(faults) => {
            let lines: Vec<String> = faults.iter().map(|fault| format!("{fault} ({})", fault.code)).collect();
            Refusal::new("client_metadata", lines.join("\n"))
        }
        RegistryFault::Declared => Refusal::new(
            "client_in_file",
            "this client stands in the configuration; change it there and restart, or choose another id",
        ),
        RegistryFault::Refused(linking::Reason::ClientUnknown) => unknown(),
        RegistryFault::Refused(linking::Reason::RegistrationTokenSpent) | RegistryFault::Token => {
            Refusal::new("token_unknown", "no such token; `selfsame client token list` shows them")
        }
        RegistryFault::Refused(linking::Reason::ClientIdTaken) => {
            Refusal::new("client_id_taken", "a client has this id, or had it until yesterday; choose another")
        }
        RegistryFault::Refused(reason) => Refusal::new(reason.code(), reason.happened()),
        RegistryFault::Unavailable => {
            Refusal::new("busy", "the database did not answer, or others changed the same; try once more")
        }
    }
}
