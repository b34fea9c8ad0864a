//! Clients that are registered while the server runs, and the tokens they register with.

use crate::support::*;
use model::{
    AuthorizationId, Change, Conflict, DAY, FlowId, HOUR, Level, MethodKind, NewAuthorization, RegisteredBy,
    RegistrationToken, RegistryQuery, SessionId, StoredClient, UserId,
};

crate::on_both_engines!(
    a_client_is_kept_changed_and_removed,
    t68_a_removed_client_takes_what_it_was_given,
    n34_the_id_of_a_removed_client_stays_taken_for_a_day,
    a_registration_token_is_used_so_often,
    a_client_is_guarded_by_its_version,
);

fn client(id: &str) -> StoredClient {
    StoredClient {
        id: id.to_owned(),
        version: 1,
        metadata: format!("{{\"client_name\":\"{id}\"}}"),
        secrets: vec![[1; 32], [2; 32]],
        registered_by: RegisteredBy::Itself,
        access_token: Some([3; 32]),
        created_at: AT,
        changed_at: AT,
    }
}

fn token(uses_left: i64) -> RegistrationToken {
    RegistrationToken {
        id: "abc".to_owned(),
        hash: [7; 32],
        uses_left,
        client_credentials: true,
        created_by: "olga".to_owned(),
        created_at: AT,
        expires_at: AT + HOUR,
    }
}

fn change(version: i64) -> Change {
    Change::ChangeClient {
        client: "shop".to_owned(),
        version,
        metadata: "{}".to_owned(),
        secrets: Vec::new(),
        at: AT + HOUR,
    }
}

fn removal(version: i64) -> Change {
    Change::RemoveClient { client: "shop".to_owned(), version, at: AT + HOUR }
}

fn authorize(client: &str, user: UserId, n: u8) -> Change {
    Change::Authorize(NewAuthorization {
        id: AuthorizationId::from_bytes([n; 16]),
        client: client.to_owned(),
        user,
        session: SessionId::from_bytes([1; 16]),
        link: None,
        method: MethodKind::Password,
        level: Level::One,
        authenticated_at: AT,
        sub: "sub".to_owned(),
        scope: vec!["openid".to_owned()],
        offline: true,
        hears_of_logout: true,
        passkey: None,
        at: AT,
        expires_at: AT + DAY,
        store_epoch: 1,
    })
}

async fn a_client_is_kept_changed_and_removed(db: Database) {
    let shop = client("shop");
    db.done([Change::AddClient(shop.clone()), Change::AddClient(client("board"))]).await;
    assert_eq!(db.store.client("shop").await.unwrap(), Some(shop.clone()));
    assert_eq!(db.conflict([Change::AddClient(shop.clone())]).await, Conflict::ClientChanged);
    let page = |after: &'static str, limit| db.store.clients(after, limit);
    assert_eq!(page("", 9).await.unwrap(), [client("board"), shop.clone()]);
    assert_eq!(page("", 1).await.unwrap(), [client("board")]);
    assert_eq!(page("board", 9).await.unwrap(), std::slice::from_ref(&shop));
    db.done([change(1)]).await;
    let changed = db.store.client("shop").await.unwrap().unwrap();
    assert_eq!((changed.version, &*changed.metadata, changed.secrets.len()), (2, "{}", 0));
    assert_eq!((changed.access_token, changed.created_at), (shop.access_token, AT));
    assert_eq!(db.conflict([change(1)]).await, Conflict::ClientChanged, "of two changes one counts");
    assert_eq!(db.conflict([removal(1)]).await, Conflict::ClientChanged);
    let facts = db.store.check_client_token("shop", FlowId::from_bytes([9; 16])).await.unwrap();
    assert_eq!((facts.client_version, facts.revoked, facts.store_epoch), (Some(2), false, 1));
    db.done([removal(2), spend(9)]).await;
    assert_eq!(db.store.client("shop").await.unwrap(), None);
    assert_eq!(page("", 9).await.unwrap(), [client("board")]);
    assert_eq!(db.conflict([change(3)]).await, Conflict::ClientChanged);
    let facts = db.store.check_client_token("shop", flow(9)).await.unwrap();
    assert_eq!((facts.client_version, facts.revoked), (None, true));
    let left = db.texts("SELECT c.metadata FROM clients c WHERE c.id = 'shop'").await;
    assert_eq!(left, [""], "nothing of it is left but its id");
}

async fn t68_a_removed_client_takes_what_it_was_given(db: Database) {
    let (ada, bob) = (user(1), user(2));
    let consent = |client: &str, user| Change::GiveConsent {
        client: client.to_owned(),
        user,
        scope: vec!["openid".to_owned()],
        at: AT,
    };
    db.done([create(ada), create(bob), Change::AddClient(client("shop"))]).await;
    db.done([authorize("shop", ada, 1), authorize("shop", bob, 2), authorize("board", ada, 3)]).await;
    db.done([consent("shop", ada), consent("shop", bob), consent("board", ada)]).await;
    db.done([removal(1)]).await;
    for (n, stands) in [(1, false), (2, false), (3, true)] {
        let id = AuthorizationId::from_bytes([n; 16]);
        assert_eq!(db.store.check_token(id, flow(9), None).await.unwrap().is_some(), stands, "{n}");
    }
    let clients = |user| db.store.clients_of(user);
    assert!(clients(bob).await.unwrap().is_empty());
    assert!(clients(ada).await.unwrap().iter().all(|known| known.client == "board"));
}

async fn n34_the_id_of_a_removed_client_stays_taken_for_a_day(db: Database) {
    db.done([Change::AddClient(client("shop")), removal(1)]).await;
    assert_eq!(db.conflict([Change::AddClient(client("shop"))]).await, Conflict::ClientChanged);
    let query = RegistryQuery { client: Some("shop".to_owned()), token: None };
    let facts = db.store.registry(&query).await.unwrap();
    assert!(facts.client.is_none() && facts.was_removed);
    db.store.sweep(AT + HOUR + DAY).await.unwrap();
    assert!(db.store.registry(&query).await.unwrap().was_removed, "to the day");
    db.store.sweep(AT + HOUR + DAY + HOUR).await.unwrap();
    assert!(!db.store.registry(&query).await.unwrap().was_removed);
    db.done([Change::AddClient(client("shop"))]).await;
}

async fn a_registration_token_is_used_so_often(db: Database) {
    let used = |at| Change::UseRegistrationToken { id: "abc".to_owned(), at };
    assert_eq!(db.conflict([used(AT)]).await, Conflict::TokenSpent, "there is none");
    db.done([Change::AddRegistrationToken(token(2))]).await;
    assert_eq!(db.conflict([Change::AddRegistrationToken(token(2))]).await, Conflict::Stale);
    let query = RegistryQuery { client: Some("shop".to_owned()), token: Some("abc".to_owned()) };
    let facts = db.store.registry(&query).await.unwrap();
    assert_eq!((facts.token, facts.client, facts.store_epoch), (Some(token(2)), None, 1));
    assert_eq!(db.conflict([used(AT + HOUR)]).await, Conflict::TokenSpent, "its time is over");
    db.done([used(AT)]).await;
    db.done([used(AT)]).await;
    assert_eq!(db.conflict([used(AT), Change::AddClient(client("shop"))]).await, Conflict::TokenSpent);
    assert_eq!(db.store.client("shop").await.unwrap(), None, "and nothing was written");
    let left = db.store.registration_tokens("", 9).await.unwrap();
    assert_eq!(left, [token(0)]);
    db.done([Change::RemoveRegistrationToken { id: "abc".to_owned() }]).await;
    assert_eq!(db.conflict([Change::RemoveRegistrationToken { id: "abc".to_owned() }]).await, Conflict::Stale);
    db.done([Change::AddRegistrationToken(token(2))]).await;
    db.store.sweep(AT + DAY).await.unwrap();
    assert!(db.store.registration_tokens("", 9).await.unwrap().is_empty());
}

async fn a_client_is_guarded_by_its_version(db: Database) {
    let guard = |version| Change::ExpectClient { client: "shop".to_owned(), version };
    db.done([create(user(1))]).await;
    assert_eq!(db.conflict([guard(1)]).await, Conflict::ClientChanged, "never heard of");
    db.done([Change::AddClient(client("shop"))]).await;
    db.done([guard(1), authorize("shop", user(1), 1)]).await;
    db.done([change(1)]).await;
    assert_eq!(db.conflict([guard(1), authorize("shop", user(1), 2)]).await, Conflict::ClientChanged);
    db.done([guard(2), removal(2)]).await;
    assert_eq!(db.conflict([guard(3), authorize("shop", user(1), 2)]).await, Conflict::ClientChanged, "removed");
}
