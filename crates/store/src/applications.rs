//! What applications ask of the store: is this token good, whom did this person let in, and the keys that sign.

use crate::codec::{connection, status, subject};
use crate::facts::{address, authorization, words};
use crate::script::{Rows, Script, Step};
use crate::statements::{read, write};
use crate::value::{Bound, Expect, Query, Value};
use crate::{For, Store, StoreError};
use model::{AuthorizationId, ClientOfUser, Conflict, FlowId, Micros, TokenFacts, TokenIdentity, TokenPerson, UserId};

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

/// A token and what it rests on, in one question.
struct TokenScript(Option<Vec<Query>>);

impl TokenScript {
    fn new(authorization: AuthorizationId, token: FlowId, sector: Option<&str>) -> Self {
        let id = || Value::from(authorization.as_bytes());
        let mut queries = vec![Query { sql: &read::CHECK_TOKEN, values: vec![token.as_bytes().into(), id()] }];
        if let Some(sector) = sector {
            queries.push(Query { sql: &read::IDENTITIES_OF_AUTHORIZATION, values: vec![id()] });
            queries.push(Query { sql: &read::ALIASES_OF_AUTHORIZATION, values: vec![id(), sector.into()] });
        }
        Self(Some(queries))
    }
}

impl Script for TokenScript {
    type Out = Option<TokenFacts>;

    fn next(&mut self, answers: Vec<Rows>) -> Result<Step<Self::Out>, StoreError> {
        if let Some(queries) = self.0.take() {
            return Ok(Step::Last(queries));
        }
        let mut answers = answers.into_iter();
        let Some(mut row) = answers.next().unwrap_or_default().into_iter().next() else { return Ok(Step::Done(None)) };
        let mut facts = TokenFacts {
            authorization: authorization(&mut row)?,
            user_status: row.parsed("the status of a user", status)?,
            name: row.text()?,
            address: row.opt_parsed("an address", address)?,
            store_epoch: row.int()?,
            revoked: row.int()? > 0,
            person: TokenPerson::default(),
        };
        for mut row in answers.next().unwrap_or_default() {
            facts.person.identities.push(TokenIdentity {
                connection: row.parsed("a connection's name", connection)?,
                linked_at: row.time()?,
                subject: subject(&row.bytes()?)?,
            });
        }
        for mut row in answers.next().unwrap_or_default() {
            facts.person.aliases.push(row.text()?);
        }
        Ok(Step::Done(Some(facts)))
    }
}

impl Store {
    /// What an access token rests on: one read. `token` is its own id, which a revocation spends. With a `sector` also
    /// the identities of the person, and what else that sector has known them by.
    pub async fn check_token(
        &self,
        authorization: AuthorizationId,
        token: FlowId,
        sector: Option<&str>,
    ) -> Result<Option<TokenFacts>, StoreError> {
        self.read(For::Request, TokenScript::new(authorization, token, sector)).await
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
