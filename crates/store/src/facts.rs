//! Facts in at most two questions: first what the request names, then the users that leads to.

use crate::StoreError;
use crate::codec::{connection, from_json, level, link_state, organisations, proof, scope, status, subject, totp};
use crate::rows::{Cohort, Page};
use crate::script::{Rows, Script, Step};
use crate::statements::read;
use crate::value::{Query, Row, Value, corrupt};
use model::{
    Address, AddressFacts, AuthorizationFacts, AuthorizationId, ChainHead, ClientFacts, ClientQuery, ClientQueryBy,
    CodeFacts, ConnectionId, ConnectionState, ConsentFacts, CredentialFacts, DeviceFacts, DeviceState, DisplayClaims,
    EventId, ExternalIdentity, Facts, FactsQuery, GrantFacts, IdentityFacts, LinkFacts, LinkId, LinkState, Namespace,
    PasskeyFacts, PasskeyId, PasswordFacts, Secret, SessionFacts, SessionId, ThrottleFacts, Undoable, UserFacts,
    UserId,
};

/// What an answer of the first question is about.
#[derive(Clone, Copy)]
enum Part {
    Epoch,
    Connections,
    Session,
    Sub,
    Consent,
    Authorization,
    Device,
    ClientsOfSession,
    Identity,
    AddressOwner,
    UserNameOwner,
    Grant,
    FlowSpent,
    Code,
    Throttles,
    Users,
    Addresses,
    Passkeys,
    Credential,
    Links,
}

pub(crate) struct FactsScript {
    query: FactsQuery,
    asked: Vec<Part>,
    stage: u8,
    facts: Facts,
    with_sub: bool,
    sub: Option<String>,
    client: Option<ClientQuery>,
    known: ClientFacts,
}

impl FactsScript {
    pub fn new(query: &FactsQuery) -> Self {
        let facts = Facts::default();
        Self {
            query: query.clone(),
            asked: Vec::new(),
            stage: 0,
            facts,
            with_sub: false,
            sub: None,
            client: None,
            known: ClientFacts::default(),
        }
    }

    fn first(&mut self) -> Vec<Query> {
        let mut queries = Vec::new();
        let mut ask = |part, sql, values| {
            self.asked.push(part);
            queries.push(Query { sql, values });
        };
        ask(Part::Epoch, &read::STORE_EPOCH, Vec::new());
        ask(Part::Connections, &read::CONNECTIONS, Vec::new());
        if let Some(hash) = &self.query.session {
            ask(Part::Session, &read::SESSION, vec![hash.into()]);
            if self.query.clients_of_session {
                ask(Part::ClientsOfSession, &read::CLIENTS_OF_SESSION, vec![hash.into()]);
            }
            if self.with_sub {
                ask(Part::Sub, &read::SUB_OF_SESSION, vec![hash.into()]);
            }
        }
        if let Some(client) = &self.client {
            match &client.by {
                ClientQueryBy::Session(hash) => {
                    let about = |word: &str| vec![hash.into(), word.into()];
                    ask(Part::Sub, &read::SUB_OF_SESSION_IN, about(&client.sector));
                    ask(Part::Consent, &read::CONSENT_OF_SESSION, about(&client.client));
                }
                ClientQueryBy::Authorization(id) => {
                    ask(Part::Authorization, &read::AUTHORIZATION, vec![id.as_bytes().into()]);
                    ask(Part::Consent, &read::CONSENT_OF_AUTHORIZATION, vec![id.as_bytes().into()]);
                }
            }
        }
        if let Some(credential) = &self.query.credential {
            ask(Part::Credential, &read::CREDENTIAL, vec![credential.as_slice().into()]);
        }
        if let Some(code) = &self.query.device {
            ask(Part::Device, &read::DEVICE, vec![code.into()]);
        }
        if let Some(identity) = &self.query.identity {
            ask(Part::Identity, &read::IDENTITY, identity_key(identity));
        }
        if let Some(address) = &self.query.address {
            ask(Part::AddressOwner, &read::ADDRESS_OWNER, vec![address.into()]);
        }
        if let Some(name) = &self.query.user_name {
            ask(Part::UserNameOwner, &read::USER_NAME_OWNER, vec![name.as_str().into()]);
        }
        if let Some(event) = &self.query.grant {
            ask(Part::Grant, &read::GRANT, vec![event.as_bytes().into()]);
        }
        if let Some(flow) = &self.query.flow {
            ask(Part::FlowSpent, &read::FLOW_SPENT, vec![flow.as_bytes().into()]);
            ask(Part::Code, &read::CODE, vec![flow.as_bytes().into()]);
        }
        let mut throttles = self.query.throttles.clone();
        if self.query.address.is_none() {
            throttles.extend(self.owner_throttles());
        }
        queries.extend(self.ask_throttles(&throttles));
        queries.extend(self.ask_users(&self.query.users.clone()));
        queries
    }

    /// Keys of the counters of whoever owns the address, as far as that is known.
    fn owner_throttles(&self) -> Vec<Vec<u8>> {
        self.query.owner_throttles.iter().map(|throttle| throttle.key(self.facts.address_owner)).collect()
    }

    fn ask_throttles(&mut self, keys: &[Vec<u8>]) -> Vec<Query> {
        let mut queries = Vec::new();
        for keys in keys.chunks(4) {
            self.asked.push(Part::Throttles);
            queries.push(Query { sql: &read::FOUR_THROTTLES, values: four(keys, |key| key.as_slice().into()) });
        }
        queries
    }

    fn ask_users(&mut self, users: &[UserId]) -> Vec<Query> {
        let mut users = users.to_vec();
        users.sort_unstable();
        users.dedup();
        let mut queries = Vec::new();
        for users in users.chunks(4) {
            let values = four(users, |user| user.as_bytes().into());
            for (part, sql) in [
                (Part::Users, &read::FOUR_USERS),
                (Part::Addresses, &read::FOUR_USERS_ADDRESSES),
                (Part::Passkeys, &read::FOUR_USERS_PASSKEYS),
                (Part::Links, &read::FOUR_USERS_LINKS),
            ] {
                self.asked.push(part);
                queries.push(Query { sql, values: values.clone() });
            }
        }
        queries
    }

    fn take(&mut self, answers: Vec<Rows>) -> Result<(), StoreError> {
        for (part, rows) in std::mem::take(&mut self.asked).into_iter().zip(answers) {
            for row in rows {
                self.take_row(part, row)?;
            }
        }
        Ok(())
    }

    fn take_row(&mut self, part: Part, mut row: Row) -> Result<(), StoreError> {
        let facts = &mut self.facts;
        match part {
            Part::Epoch => facts.store_epoch = row.int()?,
            Part::Connections => facts.connections.push(connection_state(row)?),
            Part::Session => facts.session = Some(session(&mut row)?),
            Part::Sub => self.sub = row.opt_text()?,
            Part::Consent => {
                self.known.consent = Some(ConsentFacts { scope: words(&row.text()?), given_at: row.time()? });
            }
            Part::Authorization => self.known.authorization = Some(authorization(&mut row)?),
            Part::ClientsOfSession => facts.clients_of_session.push(row.text()?),
            Part::Device => facts.device = Some(device(row)?),
            Part::Identity => facts.identity = self.query.identity.clone().map(|i| identity(row, i)).transpose()?,
            Part::AddressOwner => facts.address_owner = Some(row.id(UserId::from_slice)?),
            Part::UserNameOwner => facts.user_name_owner = Some(row.id(UserId::from_slice)?),
            Part::Grant => facts.grant = Some(grant(row)?),
            Part::FlowSpent => facts.flow_spent = true,
            Part::Code => facts.code = Some(code(row)?),
            Part::Throttles => facts.throttles.push(throttle(row)?),
            Part::Users => facts.users.push(user(row)?),
            Part::Addresses => add_address(&mut facts.users, row)?,
            Part::Passkeys => add_passkey(&mut facts.users, row)?,
            Part::Credential => facts.credential = Some(credential(row)?),
            Part::Links => add_link(&mut facts.users, &mut row)?,
        }
        Ok(())
    }

    /// Users that were reached and are not loaded.
    fn missing(&self) -> Vec<UserId> {
        let facts = &self.facts;
        let session = facts.session.as_ref().map(|session| session.user);
        let holder = facts.identity.as_ref().and_then(|identity| identity.link).map(|(_, user, _)| user);
        let undoer = facts.grant.as_ref().map(|grant| grant.user);
        let absorbed = facts.grant.as_ref().and_then(|grant| match &grant.what {
            Undoable::Merge { absorbed, .. } => Some(*absorbed),
            Undoable::Link { .. } | Undoable::Unlink { .. } => None,
        });
        let authorizer = self.known.authorization.as_ref().map(|known| known.user);
        let shown = facts.credential.as_ref().map(|credential| credential.user);
        let reached =
            [authorizer, shown, session, holder, facts.address_owner, facts.user_name_owner, undoer, absorbed];
        let stand_in = self.query.stand_in.filter(|_| facts.address_owner.is_none());
        let reached = reached.into_iter().flatten().chain(stand_in);
        reached.filter(|user| facts.user(*user).is_none() && !self.query.users.contains(user)).collect()
    }
}

/// The identity a grant names: whether it may come back depends on who holds it now.
fn identity_of(grant: &GrantFacts) -> Option<&ExternalIdentity> {
    match &grant.what {
        Undoable::Link { identity, .. } | Undoable::Unlink { identity, .. } => Some(identity),
        Undoable::Merge { .. } => None,
    }
}

fn identity_key(identity: &ExternalIdentity) -> Vec<Value> {
    vec![identity.namespace.as_str().into(), identity.subject.as_bytes().into()]
}

impl Script for FactsScript {
    type Out = Facts;

    fn next(&mut self, answers: Vec<Rows>) -> Result<Step<Facts>, StoreError> {
        self.stage += 1;
        if self.stage == 1 {
            let queries = self.first();
            let query = &self.query;
            let leads_on = query.session.is_some()
                || query.identity.is_some()
                || query.address.is_some()
                || query.user_name.is_some()
                || query.grant.is_some()
                || query.credential.is_some()
                || self.client.is_some();
            return Ok(if leads_on { Step::Ask(queries) } else { Step::Last(queries) });
        }
        self.take(answers)?;
        if self.stage == 2 {
            let mut queries = self.ask_users(&self.missing());
            if self.query.address.is_some() {
                queries.extend(self.ask_throttles(&self.owner_throttles()));
            }
            if self.query.identity.is_none()
                && let Some(identity) = self.facts.grant.as_ref().and_then(identity_of).cloned()
            {
                self.asked.push(Part::Identity);
                queries.push(Query { sql: &read::IDENTITY, values: identity_key(&identity) });
                self.query.identity = Some(identity);
            }
            if !queries.is_empty() {
                return Ok(Step::Last(queries));
            }
        }
        self.facts.users.sort_unstable_by_key(|user| user.id);
        self.facts.throttles.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        self.facts.throttles.dedup();
        Ok(Step::Done(std::mem::take(&mut self.facts)))
    }
}

/// Facts, and what applications know the session's user by.
pub(crate) struct HandoverScript(FactsScript);

impl HandoverScript {
    pub fn new(query: &FactsQuery) -> Self {
        Self(FactsScript { with_sub: true, ..FactsScript::new(query) })
    }
}

impl Script for HandoverScript {
    type Out = (Facts, Option<String>);

    fn next(&mut self, answers: Vec<Rows>) -> Result<Step<Self::Out>, StoreError> {
        Ok(match self.0.next(answers)? {
            Step::Ask(queries) => Step::Ask(queries),
            Step::Last(queries) => Step::Last(queries),
            Step::Done(facts) => Step::Done((facts, self.0.sub.take())),
        })
    }
}

/// Facts, and what a client and the user have to do with each other.
pub(crate) struct ClientScript(FactsScript);

impl ClientScript {
    pub fn new(query: &FactsQuery, client: &ClientQuery) -> Self {
        Self(FactsScript { client: Some(client.clone()), ..FactsScript::new(query) })
    }
}

impl Script for ClientScript {
    type Out = (Facts, ClientFacts);

    fn next(&mut self, answers: Vec<Rows>) -> Result<Step<Self::Out>, StoreError> {
        Ok(match self.0.next(answers)? {
            Step::Ask(queries) => Step::Ask(queries),
            Step::Last(queries) => Step::Last(queries),
            Step::Done(facts) => {
                let sub = self.0.sub.take();
                Step::Done((facts, ClientFacts { sub, ..std::mem::take(&mut self.0.known) }))
            }
        })
    }
}

pub(crate) fn words(text: &str) -> Vec<String> {
    text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

pub(crate) fn authorization(row: &mut Row) -> Result<AuthorizationFacts, StoreError> {
    Ok(AuthorizationFacts {
        id: row.id(AuthorizationId::from_slice)?,
        client: row.text()?,
        user: row.id(UserId::from_slice)?,
        session: row.id(SessionId::from_slice)?,
        link: row.opt_id(LinkId::from_slice)?,
        method: row.parsed("the method of an authorization", from_json)?,
        level: level(row.int()?)?,
        authenticated_at: row.time()?,
        sub: row.text()?,
        scope: words(&row.text()?),
        offline: row.int()? != 0,
        generation: row.int()?,
        created_at: row.time()?,
        expires_at: row.time()?,
        store_epoch: row.int()?,
        session_expires_at: row.opt_time()?,
    })
}

fn device(mut row: Row) -> Result<DeviceFacts, StoreError> {
    Ok(DeviceFacts {
        code: row.digest()?,
        id: row.id(AuthorizationId::from_slice)?,
        client: row.text()?,
        scope: words(&row.text()?),
        user_agent: row.text()?,
        source: row.bytes()?,
        state: row.parsed("the state of a device's request", DeviceState::from_name)?,
        claimed_by: row.opt_id(SessionId::from_slice)?,
        interval: row.time()?,
        created_at: row.time()?,
        expires_at: row.time()?,
    })
}

/// Four values of one to four keys: the last one repeats.
pub(crate) fn four<T>(keys: &[T], value: impl Fn(&T) -> Value) -> Vec<Value> {
    keys.iter().chain(std::iter::repeat_n(&keys[keys.len() - 1], 4 - keys.len())).map(value).collect()
}

/// One page of a connection's users, with the fingerprint, in one question.
pub(crate) struct CohortScript {
    connection: ConnectionId,
    page: Page,
    asked: bool,
}

impl CohortScript {
    pub fn new(connection: &ConnectionId, page: Page) -> Self {
        Self { connection: connection.clone(), page, asked: false }
    }
}

impl Script for CohortScript {
    type Out = Cohort;

    fn next(&mut self, answers: Vec<Rows>) -> Result<Step<Cohort>, StoreError> {
        if !self.asked {
            self.asked = true;
            let after = self.page.after.as_ref().map_or(Vec::new(), |user| user.as_bytes().to_vec());
            let values = vec![(&self.connection).into(), after.into(), i64::from(self.page.limit).into()];
            let of_page = |sql| Query { sql, values: values.clone() };
            return Ok(Step::Last(vec![
                Query { sql: &read::COHORT_FINGERPRINT, values: vec![(&self.connection).into()] },
                of_page(&read::COHORT_USERS),
                of_page(&read::COHORT_ADDRESSES),
                of_page(&read::COHORT_PASSKEYS),
                of_page(&read::COHORT_LINKS),
            ]));
        }
        let [fingerprint, users, addresses, passkeys, links] =
            <[Rows; 5]>::try_from(answers).map_err(|_| corrupt("a cohort's answers"))?;
        let fingerprint = fingerprint.into_iter().next().ok_or_else(|| corrupt("a cohort's fingerprint"))?.int()?;
        let mut users: Vec<UserFacts> = users.into_iter().map(user).collect::<Result<_, _>>()?;
        for row in addresses {
            add_address(&mut users, row)?;
        }
        for row in passkeys {
            add_passkey(&mut users, row)?;
        }
        for mut row in links {
            add_link(&mut users, &mut row)?;
        }
        let full = users.len() >= self.page.limit as usize;
        let next = users.last().filter(|_| full).map(|user| user.id);
        Ok(Step::Done(Cohort { users, fingerprint, next }))
    }
}

pub(crate) fn address(text: &str) -> Option<Address> {
    Address::parse(text).ok().filter(|address| address.as_str() == text)
}

pub(crate) fn session(row: &mut Row) -> Result<SessionFacts, StoreError> {
    Ok(SessionFacts {
        id: row.id(SessionId::from_slice)?,
        hash: row.digest()?,
        user: row.id(UserId::from_slice)?,
        level: level(row.int()?)?,
        method: row.parsed("the method of a session", from_json)?,
        authenticated_at: row.time()?,
        created_at: row.time()?,
        expires_at: row.time()?,
        store_epoch: row.int()?,
        user_agent: row.text()?,
        scope: row.parsed("the scope of a session", scope)?,
        sid: row.id(SessionId::from_slice)?,
    })
}

fn connection_state(mut row: Row) -> Result<ConnectionState, StoreError> {
    Ok(ConnectionState {
        id: row.parsed("a connection's name", connection)?,
        version: row.int()?,
        enabled: row.int()? != 0,
        issuer: row.text()?,
        client_id: row.text()?,
        subject_claim: row.text()?,
        epoch: row.int()?,
        namespace: Namespace::from_stored(row.text()?),
        changed_at: row.time()?,
    })
}

fn identity(mut row: Row, identity: ExternalIdentity) -> Result<IdentityFacts, StoreError> {
    let link = row.opt_id(LinkId::from_slice)?;
    let holder = row.opt_id(UserId::from_slice)?;
    let state = row.opt_parsed("the state of a link", link_state)?;
    let removed = row.int()? > 0;
    let link = match (link, holder, state) {
        (None, None, None) => None,
        (Some(link), Some(holder), Some(state)) if state != LinkState::Removed => Some((link, holder, state)),
        _ => return Err(corrupt("an identity that is held by no living link")),
    };
    Ok(IdentityFacts { identity, link, was_removed: removed && link.is_none() })
}

fn grant(mut row: Row) -> Result<GrantFacts, StoreError> {
    Ok(GrantFacts {
        event: row.id(EventId::from_slice)?,
        user: row.id(UserId::from_slice)?,
        what: row.parsed("what can be undone", from_json)?,
        made_at: row.time()?,
        expires_at: row.time()?,
        spent: row.int()? != 0,
        followed: row.int()? > 0,
    })
}

fn code(mut row: Row) -> Result<CodeFacts, StoreError> {
    Ok(CodeFacts {
        address: row.parsed("an address", address)?,
        hash: row.digest()?,
        attempts_left: row.int()?,
        expires_at: row.time()?,
    })
}

fn throttle(mut row: Row) -> Result<ThrottleFacts, StoreError> {
    Ok(ThrottleFacts { key: row.bytes()?, failures: row.int()?, blocked_until: row.time()?, updated_at: row.time()? })
}

fn user(mut row: Row) -> Result<UserFacts, StoreError> {
    let mut user = UserFacts {
        id: row.id(UserId::from_slice)?,
        version: row.int()?,
        status: row.parsed("the status of a user", status)?,
        protected: row.int()? != 0,
        required_level: level(row.int()?)?,
        name: row.text()?,
        created_at: row.time()?,
        organisations: Vec::new(),
        addresses: Vec::new(),
        password: None,
        passkeys: Vec::new(),
        totp: None,
        links: Vec::new(),
        chain: ChainHead::default(),
        sealed_key: row.bytes()?,
    };
    if let (Some(phc), Some(set_at)) = (row.opt_text()?, row.opt_time()?) {
        user.password = Some(PasswordFacts { phc: Secret::new(phc), set_at });
    }
    user.totp = totp(&mut row)?;
    user.organisations = row.opt_parsed("names of organisations", organisations)?.unwrap_or_default();
    if let Some(seq) = row.opt_int()? {
        user.chain = ChainHead { seq, hash: row.digest()? };
    }
    Ok(user)
}

fn add_address(users: &mut [UserFacts], mut row: Row) -> Result<(), StoreError> {
    let owner = row.id(UserId::from_slice)?;
    let facts =
        AddressFacts { address: row.parsed("an address", address)?, proof: proof(row.int()?)?, proven_at: row.time()? };
    if let Some(user) = users.iter_mut().find(|user| user.id == owner) {
        user.addresses.push(facts);
    }
    Ok(())
}

fn add_passkey(users: &mut [UserFacts], mut row: Row) -> Result<(), StoreError> {
    let owner = row.id(UserId::from_slice)?;
    let facts = PasskeyFacts {
        id: row.id(PasskeyId::from_slice)?,
        credential: row.bytes()?,
        handle: row.bytes()?,
        host: row.text()?,
        name: row.text()?,
        added_at: row.time()?,
        last_used_at: row.opt_time()?,
    };
    if let Some(user) = users.iter_mut().find(|user| user.id == owner) {
        user.passkeys.push(facts);
    }
    Ok(())
}

fn credential(mut row: Row) -> Result<CredentialFacts, StoreError> {
    let (passkey, user) = (row.id(PasskeyId::from_slice)?, row.id(UserId::from_slice)?);
    Ok(CredentialFacts { passkey, user, handle: row.bytes()?, key: row.text()? })
}

fn add_link(users: &mut [UserFacts], row: &mut Row) -> Result<(), StoreError> {
    let (owner, facts) = link(row)?;
    if let Some(user) = users.iter_mut().find(|user| user.id == owner) {
        user.links.push(facts);
    }
    Ok(())
}

pub(crate) fn link(row: &mut Row) -> Result<(UserId, LinkFacts), StoreError> {
    let owner = row.id(UserId::from_slice)?;
    let id = row.id(LinkId::from_slice)?;
    let connection = row.parsed("a connection's name", connection)?;
    let namespace = Namespace::from_stored(row.text()?);
    let subject = subject(&row.bytes()?)?;
    let state = row.parsed("the state of a link", link_state)?;
    let (linked_at, last_used_at, removed_at) = (row.time()?, row.opt_time()?, row.opt_time()?);
    let holder = row.opt_id(UserId::from_slice)?;
    let display: DisplayClaims = row.parsed("claims of an identity", from_json)?;
    let address = row.opt_parsed("an address", address)?;
    // What the provider says now, it says of whoever holds the identity now; a former holder does not learn it.
    let shown = holder.is_none_or(|holder| holder == owner);
    let facts = LinkFacts {
        id,
        connection,
        identity: ExternalIdentity { namespace, subject },
        state,
        linked_at,
        last_used_at,
        removed_at,
        display: if shown { display } else { DisplayClaims::default() },
        address: address.filter(|_| shown),
    };
    Ok((owner, facts))
}
