//! What applications ask of the store: is this token good, whom did this person let in, and the keys that sign.

use crate::codec::status;
use crate::facts::{address, authorization, words};
use crate::statements::{read, write};
use crate::value::{Bound, Expect};
use crate::{For, Store, StoreError};
use model::{AuthorizationId, ClientOfUser, Conflict, FlowId, Micros, TokenFacts, UserId};

/// A signing key as it is kept: PKCS #8, sealed by who made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// The value of `alg`.
    pub algorithm: String,
    /// From 1, in the order they were made.
    pub number: i64,
    pub sealed: Vec<u8>,
    /// Known to everybody before it signs.
    pub signs_from: Micros,
}

impl Store {
    /// What an access token rests on: one read. `token` is its own id, which a revocation spends.
    pub async fn check_token(
        &self,
        authorization_id: AuthorizationId,
        token: FlowId,
    ) -> Result<Option<TokenFacts>, StoreError> {
        let values = vec![token.as_bytes().into(), authorization_id.as_bytes().into()];
        let rows = self.rows(For::Request, &read::CHECK_TOKEN, values).await?;
        let Some(mut row) = rows.into_iter().next() else { return Ok(None) };
        Ok(Some(TokenFacts {
            authorization: authorization(&mut row)?,
            user_status: row.parsed("the status of a user", status)?,
            name: row.text()?,
            address: row.opt_parsed("an address", address)?,
            store_epoch: row.int()?,
            revoked: row.int()? > 0,
        }))
    }

    /// Clients that a user consented to or is signed in to, by name of the client.
    pub async fn clients_of(&self, user: UserId) -> Result<Vec<ClientOfUser>, StoreError> {
        let mut clients: Vec<ClientOfUser> = Vec::new();
        for mut row in self.rows(For::Request, &read::CLIENTS_OF_USER, vec![user.as_bytes().into()]).await? {
            let of_row = ClientOfUser { client: row.text()?, scope: words(&row.text()?), since: row.time()? };
            // What was consented to, else what the first authorization said.
            if clients.last().is_none_or(|last| last.client != of_row.client) {
                clients.push(of_row);
            }
        }
        Ok(clients)
    }

    /// All signing keys, by algorithm and number.
    pub async fn signing_keys(&self) -> Result<Vec<StoredKey>, StoreError> {
        let rows = self.rows(For::Background, &read::SIGNING_KEYS, Vec::new()).await?;
        let key = |mut row: crate::value::Row| {
            Ok(StoredKey { algorithm: row.text()?, number: row.int()?, sealed: row.bytes()?, signs_from: row.time()? })
        };
        rows.into_iter().map(key).collect()
    }

    /// Keeps a new key. `false` when another replica made one with this number first: read again and use that.
    pub async fn add_signing_key(&self, key: &StoredKey) -> Result<bool, StoreError> {
        let values =
            vec![key.algorithm.as_str().into(), key.number.into(), key.sealed.as_slice().into(), key.signs_from.into()];
        let expect = Expect::One(Conflict::Stale);
        match self.write(For::Background, vec![Bound { sql: &write::ADD_SIGNING_KEY, values, expect }]).await {
            Ok(_) => Ok(true),
            Err(StoreError::Conflict(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Forgets a key that nothing it signed is good for any more.
    pub async fn drop_signing_key(&self, algorithm: &str, number: i64) -> Result<(), StoreError> {
        let values = vec![algorithm.into(), number.into()];
        let statement = Bound { sql: &write::DROP_SIGNING_KEY, values, expect: Expect::Any };
        self.write(For::Background, vec![statement]).await.map(drop)
    }
}
