//! Clients that were registered while the server runs, and registration tokens.

use crate::script::{Rows, Script, Step};
use crate::statements::read;
use crate::value::{Query, Row, Value, corrupt};
use crate::{For, Store, StoreError};
use model::{
    ChainHead, ClientTokenFacts, FlowId, Micros, RegisteredBy, RegistrationToken, RegistryFacts, RegistryQuery,
    StoredClient,
};

/// Of SHA-256.
const HASH: usize = 32;

pub(crate) fn joined(secrets: &[[u8; HASH]]) -> Value {
    Value::Bytes(secrets.concat())
}

/// A client, or `None` for one that was removed.
fn client(mut row: Row) -> Result<Option<StoredClient>, StoreError> {
    let client = StoredClient {
        id: row.text()?,
        version: row.int()?,
        metadata: row.text()?,
        secrets: {
            let (hashes, rest) = row.bytes().map(|bytes| {
                let (hashes, rest) = bytes.as_chunks::<HASH>();
                (hashes.to_vec(), rest.len())
            })?;
            if rest != 0 {
                return Err(corrupt("the hash of a secret is cut"));
            }
            hashes
        },
        registered_by: row.parsed("who registered a client", RegisteredBy::from_name)?,
        access_token: match row.opt_bytes()? {
            None => None,
            Some(hash) => Some(hash.try_into().map_err(|_| corrupt("a digest does not have 32 bytes"))?),
        },
        created_at: row.time()?,
        changed_at: row.time()?,
    };
    Ok(row.opt_time()?.is_none().then_some(client))
}

fn token(mut row: Row) -> Result<RegistrationToken, StoreError> {
    Ok(RegistrationToken {
        id: row.text()?,
        hash: row.digest()?,
        uses_left: row.int()?,
        client_credentials: row.int()? != 0,
        created_by: row.text()?,
        created_at: row.time()?,
        expires_at: row.time()?,
    })
}

#[derive(Clone, Copy)]
enum Part {
    Epoch,
    Chain,
    Client,
    Token,
}

/// One question, whatever is asked.
struct RegistryScript {
    query: RegistryQuery,
    asked: Option<Vec<Part>>,
}

impl RegistryScript {
    fn ask(&self) -> (Vec<Part>, Vec<Query>) {
        let chain = crate::AuditChain::Store.key();
        let mut asked = vec![
            (Part::Epoch, Query { sql: &read::STORE_EPOCH, values: Vec::new() }),
            (Part::Chain, Query { sql: &read::CHAIN_HEAD, values: vec![(&chain).into()] }),
        ];
        if let Some(id) = &self.query.client {
            asked.push((Part::Client, Query { sql: &read::CLIENT, values: vec![id.as_str().into()] }));
        }
        if let Some(id) = &self.query.token {
            asked.push((Part::Token, Query { sql: &read::REGISTRATION_TOKEN, values: vec![id.as_str().into()] }));
        }
        asked.into_iter().unzip()
    }
}

impl Script for RegistryScript {
    type Out = RegistryFacts;

    fn next(&mut self, answers: Vec<Rows>) -> Result<Step<RegistryFacts>, StoreError> {
        let Some(asked) = self.asked.take() else {
            let (asked, queries) = self.ask();
            self.asked = Some(asked);
            return Ok(Step::Last(queries));
        };
        let mut facts = RegistryFacts::default();
        for (part, rows) in asked.into_iter().zip(answers) {
            let Some(mut row) = rows.into_iter().next() else { continue };
            match part {
                Part::Epoch => facts.store_epoch = row.int()?,
                Part::Chain => facts.chain = ChainHead { seq: row.int()?, hash: row.digest()? },
                Part::Client => {
                    facts.client = client(row)?;
                    facts.was_removed = facts.client.is_none();
                }
                Part::Token => facts.token = Some(token(row)?),
            }
        }
        Ok(Step::Done(facts))
    }
}

impl Store {
    /// What is known of a client and of a token, with what a change of them rests on: one read.
    pub async fn registry(&self, query: &RegistryQuery) -> Result<RegistryFacts, StoreError> {
        self.read(For::Request, RegistryScript { query: query.clone(), asked: None }).await
    }

    /// The client with this id, unless it was removed: one read.
    pub async fn client(&self, id: &str) -> Result<Option<StoredClient>, StoreError> {
        let rows = self.rows(For::Request, &read::CLIENT, vec![id.into()]).await?;
        Ok(rows.into_iter().next().map(client).transpose()?.flatten())
    }

    /// Clients by id, those after `after`.
    pub async fn clients(&self, after: &str, limit: u32) -> Result<Vec<StoredClient>, StoreError> {
        let rows = self.rows(For::Background, &read::CLIENTS, vec![after.into(), i64::from(limit).into()]).await?;
        rows.into_iter().filter_map(|row| client(row).transpose()).collect()
    }

    /// Registration tokens by id, those after `after`, used up ones that were not swept included.
    pub async fn registration_tokens(&self, after: &str, limit: u32) -> Result<Vec<RegistrationToken>, StoreError> {
        let values = vec![after.into(), i64::from(limit).into()];
        let rows = self.rows(For::Request, &read::REGISTRATION_TOKENS, values).await?;
        rows.into_iter().map(token).collect()
    }

    /// What a token of a client itself rests on: one read.
    pub async fn check_client_token(&self, id: &str, token: FlowId) -> Result<ClientTokenFacts, StoreError> {
        let values = vec![token.as_bytes().into(), id.into()];
        let rows = self.rows(For::Request, &read::CHECK_CLIENT_TOKEN, values).await?;
        let mut row = rows.into_iter().next().ok_or_else(|| corrupt("a row is missing"))?;
        Ok(ClientTokenFacts { store_epoch: row.int()?, revoked: row.int()? > 0, client_version: row.opt_int()? })
    }
}

/// How long the id of a removed client stays taken: longer than anything that carries it unseen, a code, a sealed request,
/// or a token of its own.
pub const REMOVED_CLIENT_KEPT: Micros = model::DAY;
