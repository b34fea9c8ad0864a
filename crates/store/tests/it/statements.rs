//! Every statement is prepared on both engines, and none walks a table that grows.

use crate::support::*;
use model::{
    AuthorizationId, Change, EventKind, Level, Method, MethodKind, NewAuthorization, NewDeviceRequest, NewPasskey,
    NewTotp, OrganisationId, PasskeyId, RegisteredBy, RegistrationToken, Secret, SessionId, StoredClient, Undoable,
};
use rusqlite::params_from_iter;

#[tokio::test]
async fn every_statement_prepares_on_sqlite() {
    let db = Database::sqlite().await;
    let Raw::Sqlite(directory) = &db.raw else { unreachable!() };
    let connection = rusqlite::Connection::open(directory.file()).unwrap();
    for sql in store::statements() {
        let statement = connection.prepare(sql.sqlite()).unwrap_or_else(|error| panic!("{}: {error}", sql.name));
        for index in 1..=statement.parameter_count() {
            let expected = format!("${index}");
            assert_eq!(statement.parameter_name(index), Some(expected.as_str()), "{}", sql.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_statement_prepares_on_postgres() {
    let db = Database::postgres().await;
    let Raw::Postgres(url) = &db.raw else { unreachable!() };
    let client = connect(url).await;
    let sqlite = Database::sqlite().await;
    let Raw::Sqlite(directory) = &sqlite.raw else { unreachable!() };
    let file = rusqlite::Connection::open(directory.file()).unwrap();
    for sql in store::statements() {
        let statement = client.prepare(sql.postgres()).await.unwrap_or_else(|error| panic!("{}: {error:?}", sql.name));
        let parameters = file.prepare(sql.sqlite()).unwrap().parameter_count();
        assert_eq!(statement.params().len(), parameters, "{}", sql.name);
        for ty in statement.params().iter().chain(statement.columns().iter().map(tokio_postgres::Column::type_)) {
            let known = ["int8", "int4", "text", "bytea"];
            assert!(known.contains(&ty.name()), "{}: {ty}", sql.name);
        }
    }
}

/// Tables of a few rows, by their names and by the names they have in statements.
const SMALL: &[&str] = &["connections", "c", "meta", "m", "signing_keys", "k", "domains", "d"];

/// 5,000 users with everything a user has.
async fn fill(db: &Database) {
    for block in 0..10 {
        let mut changes = Vec::new();
        for n in block * 500..(block + 1) * 500 {
            let (user, subject) = (user(n), n.to_string());
            let sub = format!("{n:032x}");
            changes.push(create(user));
            changes.push(Change::CreateSubject { sector: "public".to_owned(), sub, user, at: AT });
            changes.extend([prove(&format!("u{n}@example.org"), user), spend(n), mail(n)]);
            changes.push(add_link(n, user, "google", identity("https://g.example", &subject)));
            changes.extend([session(n, user, Method::Password), first_event(user, EventKind::UserCreated)]);
            changes.extend([
                Change::SetPassword { user, phc: Secret::new("phc".to_owned()), at: AT },
                Change::ClaimAddress { address: address(&format!("c{n}@example.org")), user, at: AT },
                Change::AddMember { organisation: OrganisationId::parse("acme").unwrap(), user, at: AT },
                Change::CreateSubject { sector: "public".into(), sub: subject.clone(), user, at: AT },
                grant(
                    n,
                    user,
                    Undoable::Link {
                        link: link_id(n),
                        connection: connection("google"),
                        identity: identity("https://g.example", &subject),
                    },
                ),
                Change::GiveConsent { client: "shop".to_owned(), user, scope: vec!["openid".to_owned()], at: AT },
                Change::Authorize(NewAuthorization {
                    id: AuthorizationId::from_bytes(*flow(n).as_bytes()),
                    client: "shop".to_owned(),
                    user,
                    session: SessionId::from_bytes(*flow(n).as_bytes()),
                    link: Some(link_id(n)),
                    method: MethodKind::Link,
                    level: Level::One,
                    authenticated_at: AT,
                    sub: subject.clone(),
                    scope: vec!["openid".to_owned()],
                    offline: false,
                    hears_of_logout: true,
                    passkey: None,
                    at: AT,
                    expires_at: AT,
                    store_epoch: 1,
                }),
                Change::AddPasskey(NewPasskey {
                    id: PasskeyId::from_bytes(*flow(n).as_bytes()),
                    user,
                    credential: hash(n).to_vec(),
                    handle: vec![7; 16],
                    host: "id.example".to_owned(),
                    key: "key".to_owned(),
                    name: "Phone".to_owned(),
                    at: AT,
                }),
                Change::SetTotp(NewTotp { user, secret: vec![7; 40], last_step: 1, codes: vec![hash(n)], at: AT }),
                // One that has to be told of a logout.
                Change::Authorize(NewAuthorization {
                    id: AuthorizationId::from_bytes(id_bytes(100_000 + n)),
                    client: format!("gone-{n}"),
                    user,
                    session: SessionId::from_bytes(*flow(n).as_bytes()),
                    link: None,
                    passkey: None,
                    method: MethodKind::Password,
                    level: Level::One,
                    authenticated_at: AT,
                    sub: subject.clone(),
                    scope: Vec::new(),
                    offline: true,
                    hears_of_logout: true,
                    at: AT,
                    expires_at: AT,
                    store_epoch: 1,
                }),
                Change::WithdrawConsent { client: format!("gone-{n}"), user },
                Change::AskForDevice(NewDeviceRequest {
                    code: hash(n),
                    id: AuthorizationId::from_bytes(*flow(n).as_bytes()),
                    client: "tv".to_owned(),
                    scope: vec!["openid".to_owned()],
                    user_agent: "test".to_owned(),
                    source: vec![203, 0, 113, 7],
                    interval: AT,
                    at: AT,
                    expires_at: AT,
                }),
                Change::AddClient(StoredClient {
                    id: subject.clone(),
                    version: 1,
                    metadata: "{}".to_owned(),
                    secrets: Vec::new(),
                    registered_by: RegisteredBy::Operator,
                    access_token: None,
                    created_at: AT,
                    changed_at: AT,
                }),
                Change::AddRegistrationToken(RegistrationToken {
                    id: subject.clone(),
                    hash: hash(n),
                    uses_left: 1,
                    client_credentials: false,
                    created_by: String::new(),
                    created_at: AT,
                    expires_at: AT,
                }),
                Change::Throttle { key: subject.into_bytes(), was: 0, failures: 1, blocked_until: AT, at: AT },
                Change::IssueCode {
                    flow: flow(n),
                    address: address("a@example.org"),
                    hash: hash(n),
                    attempts: 3,
                    expires_at: AT,
                },
            ]);
        }
        db.done(changes).await;
    }
    // Nothing writes user names yet.
    db.execute("INSERT INTO user_names (name, user_id) SELECT p.address, p.user_id FROM proven_addresses p").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_statement_walks_a_table_on_sqlite() {
    let db = Database::sqlite().await;
    db.done([declare("google", "https://g.example")]).await;
    fill(&db).await;
    let Raw::Sqlite(directory) = &db.raw else { unreachable!() };
    let connection = rusqlite::Connection::open(directory.file()).unwrap();
    for analysed in [false, true] {
        if analysed {
            connection.execute_batch("ANALYZE").unwrap();
        }
        for sql in store::statements() {
            let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {}", sql.sqlite())).unwrap();
            let nothing = std::iter::repeat_n(rusqlite::types::Null, explain.parameter_count());
            let steps = explain.query_map(params_from_iter(nothing), |row| row.get::<_, String>(3)).unwrap();
            let steps: Vec<String> = steps.map(Result::unwrap).collect();
            for step in &steps {
                let walked = step.strip_prefix("SCAN ").map(|rest| rest.split(' ').next().unwrap());
                let allowed = walked.is_none_or(|table| SMALL.contains(&table) || table == "CONSTANT");
                assert!(allowed, "{} (analysed: {analysed}): {steps:#?}", sql.name);
            }
        }
    }
}

/// Of a whole connection, in batches, or once in a while by an administrator: the planner may weigh a hash against
/// many look-ups there.
const OF_MANY: &[&str] = &[
    "EXPECT_COHORT",
    "COHORT_FINGERPRINT",
    "COHORT_USERS",
    "COHORT_ADDRESSES",
    "COHORT_LINKS",
    "SWEEP_SESSIONS",
    "SWEEP_SPENT_FLOWS",
    "SWEEP_CODES",
    "SWEEP_THROTTLES",
    "SWEEP_MAIL",
    "SWEEP_GRANTS",
    "SWEEP_CLIENTS",
    "SWEEP_REGISTRATION_TOKENS",
    "SWEEP_AUTHORIZATIONS",
    "SWEEP_DEVICES",
    "SWEEP_LOGOUTS",
    "COHORT_PASSKEYS",
    "TELL_OF_CONNECTION",
    "END_AUTHORIZATIONS_OF_CONNECTION",
    "END_AUTHORIZATIONS_OF_WHOLE_CLIENT",
    "WITHDRAW_CONSENTS_OF_CLIENT",
    "END_SESSIONS_OF_CONNECTION",
    "CARRY_LINKS",
    "CARRY_IDENTITIES",
    "LEAVE_IDENTITIES",
    "USERS_BY_ADDRESS",
];

/// Plans are made once and kept, often when a table is young: they must be right without statistics.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_statement_walks_a_table_on_postgres() {
    let db = Database::postgres().await;
    db.done([declare("google", "https://g.example")]).await;
    let Raw::Postgres(url) = &db.raw else { unreachable!() };
    let client = connect(url).await;
    client.batch_execute("ALTER TABLE users SET (autovacuum_enabled = false)").await.unwrap();
    let mut walks = Vec::new();
    for state in ["empty", "filled", "analysed"] {
        match state {
            "filled" => fill(&db).await,
            "analysed" => client.batch_execute("ANALYZE").await.unwrap(),
            _ => {}
        }
        client.batch_execute("DEALLOCATE ALL; SET plan_cache_mode = force_generic_plan").await.unwrap();
        for sql in store::statements().filter(|sql| !OF_MANY.contains(&sql.name)) {
            client.batch_execute(&format!("PREPARE walk AS {}", sql.postgres())).await.unwrap();
            let count = (1..=20).rev().find(|n| sql.postgres().contains(&format!("${n}"))).unwrap_or(0);
            let nothing = vec!["NULL"; count].join(", ");
            let call = if count == 0 { "walk".to_owned() } else { format!("walk({nothing})") };
            let steps = client.simple_query(&format!("EXPLAIN EXECUTE {call}")).await.unwrap();
            let steps: Vec<String> = steps
                .iter()
                .filter_map(|message| match message {
                    tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
                    _ => None,
                })
                .collect();
            for step in &steps {
                let walked = step.split_once("Seq Scan on ").map(|(_, rest)| rest.split(' ').next().unwrap());
                let allowed = walked.is_none_or(|table| SMALL.contains(&table));
                if !allowed {
                    walks.push(format!("{} ({state}): {steps:#?}", sql.name));
                }
            }
            client.batch_execute("DEALLOCATE walk").await.unwrap();
        }
    }
    assert!(walks.is_empty(), "{}", walks.join("\n"));
}
