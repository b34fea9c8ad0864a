//! T134: what was done to the audit log shows.

use crate::support::*;
use model::{Actor, AuditEvent, ChainHead, Change, Conflict, ConnectionId, EventKind, Personal, SessionId};
use store::{AuditChain, AuditFault, AuditFaultKind, AuditReport};

crate::on_both_engines!(
    t134_a_clean_log_verifies,
    t134_the_actor_is_recorded,
    t134_an_edit_shows,
    t134_a_cut_shows,
    t134_an_insertion_shows,
    t134_a_forged_rewrite_of_one_event_shows,
    t134_a_missing_chain_shows,
    t134_events_rest_on_the_end_of_their_chain,
);

async fn verify(db: &Database) -> AuditReport {
    let mut heard = 0;
    let report = db.store.audit_verify(&mut |events| heard = events).await.unwrap();
    assert_eq!(heard, report.events);
    report
}

/// 700 users with one event, one with 600 events, one event of the store: more than a page in either direction.
async fn filled(db: &Database) -> model::UserId {
    let mut changes = Vec::new();
    for n in 1..=700 {
        changes.extend([create(user(n)), first_event(user(n), EventKind::UserCreated)]);
    }
    changes.extend((0..599).map(|_| first_event(user(350), EventKind::SignedIn)));
    changes.push(Change::Audit(event(None, EventKind::ConnectionDeclared)));
    db.done(changes).await;
    assert!(verify(db).await.is_clean());
    user(350)
}

fn faults_of(report: &AuditReport, user: model::UserId) -> Vec<(i64, AuditFaultKind)> {
    assert!(report.faults.iter().all(|fault| fault.chain == AuditChain::User(user)), "{:?}", report.faults);
    report.faults.iter().map(|fault: &AuditFault| (fault.seq, fault.kind)).collect()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

async fn t134_a_clean_log_verifies(db: Database) {
    filled(&db).await;
    let report = verify(&db).await;
    assert_eq!((report.chains, report.events), (701, 1300));
}

async fn t134_the_actor_is_recorded(db: Database) {
    let ada = user(1);
    let actors = [
        Actor::User { user: ada },
        Actor::User { user: user(2) },
        Actor::Operator { name: "root\n\u{1b}[31m".into() },
        Actor::System,
    ];
    let mut changes = vec![create(ada)];
    for actor in actors.clone() {
        changes.push(Change::Audit(AuditEvent {
            actor,
            subject: Some(ada),
            link: Some(link_id(4)),
            connection: ConnectionId::parse("google"),
            session: Some(SessionId::from_bytes(id_bytes(5))),
            proofs: vec!["password@1".into(), "link@2".into()],
            personal: Personal::Sealed(vec![1, 2]),
            ..event(None, EventKind::Unlinked)
        }));
    }
    db.done(changes).await;
    let mut rows = db.store.audit(AuditChain::User(ada), 10, None).await.unwrap();
    rows.reverse();
    assert_eq!(rows.iter().map(|row| row.actor.clone()).collect::<Vec<_>>(), actors);
    let row = &rows[0];
    assert_eq!(
        (row.at, row.kind, row.reason.as_str(), row.policy_version.as_str()),
        (AT, EventKind::Unlinked, "because", "p1")
    );
    assert_eq!((row.link, row.session), (Some(link_id(4)), Some(SessionId::from_bytes(id_bytes(5)))));
    assert_eq!(
        (row.connection.clone(), row.proofs.len(), row.personal.clone()),
        (ConnectionId::parse("google"), 2, vec![1, 2])
    );
}

async fn t134_an_edit_shows(db: Database) {
    let ada = filled(&db).await;
    let edits = [
        "at = at + 1",
        "kind = 'unlinked'",
        r#"actor = '{"by":"operator","name":"mallory"}'"#,
        "reason = 'other'",
        "policy_version = 'p2'",
        "link = X'70707070707070700000000000000001'",
        "connection = 'google'",
        "session = X'70707070707070700000000000000001'",
        r#"proofs = '["x"]'"#,
        "personal = X'00'",
        "id = X'70707070707070700000000000000001'",
    ];
    let chain = hex(ada.as_bytes());
    for (n, edit) in edits.into_iter().enumerate() {
        let seq = 100 + n as i64;
        let sql = format!("UPDATE audit_events SET {edit} WHERE chain = X'{chain}' AND seq = {seq}");
        assert_eq!(db.execute(&sql).await, 1);
        let faults = faults_of(&verify(&db).await, ada);
        assert_eq!(faults.len(), n + 1, "{edit}");
        assert_eq!(faults[n], (seq, AuditFaultKind::WrongHash), "{edit}");
    }
    // Nonsense in a column that must be read is as visible.
    let sql = format!("UPDATE audit_events SET kind = 'nonsense' WHERE chain = X'{chain}' AND seq = 300");
    db.execute(&sql).await;
    assert!(faults_of(&verify(&db).await, ada).contains(&(300, AuditFaultKind::Unreadable)));
}

async fn t134_a_cut_shows(db: Database) {
    let ada = filled(&db).await;
    let chain = hex(ada.as_bytes());
    db.execute(&format!("DELETE FROM audit_events WHERE chain = X'{chain}' AND seq BETWEEN 10 AND 12")).await;
    assert_eq!(faults_of(&verify(&db).await, ada), [(13, AuditFaultKind::Gap)]);
    db.execute(&format!("DELETE FROM audit_events WHERE chain = X'{chain}' AND seq < 10")).await;
    let faults = faults_of(&verify(&db).await, ada);
    assert_eq!(faults, [(13, AuditFaultKind::Gap), (1, AuditFaultKind::NoChain)]);
}

async fn t134_an_insertion_shows(db: Database) {
    let ada = filled(&db).await;
    let chain = hex(ada.as_bytes());
    // A copy of an event, pushed in by moving the rest up: numbers are whole, hashes are not.
    db.execute(&format!("UPDATE audit_events SET seq = seq + 100000 WHERE chain = X'{chain}' AND seq > 597")).await;
    db.execute(&format!("UPDATE audit_events SET seq = seq - 99999 WHERE chain = X'{chain}' AND seq > 100000")).await;
    let columns =
        "at, kind, actor, reason, policy_version, link, connection, session, proofs, personal, prev_hash, hash";
    let forged = format!(
        "INSERT INTO audit_events (chain, seq, id, {columns}) SELECT chain, 598, id, {columns} FROM audit_events \
         WHERE chain = X'{chain}' AND seq = 597"
    );
    assert_eq!(db.execute(&forged).await, 1);
    let report = verify(&db).await;
    assert_eq!(report.events, 1301);
    let faults = faults_of(&report, ada);
    assert!(faults.contains(&(598, AuditFaultKind::WrongHash)), "{faults:?}");
    assert!(faults.contains(&(598, AuditFaultKind::Unchained)), "{faults:?}");
}

async fn t134_a_forged_rewrite_of_one_event_shows(db: Database) {
    // A forger who knows the hash can rewrite one event well; the one after it still rests on what was there.
    let ada = user(1);
    let ending = |kind| {
        [
            create(ada),
            first_event(ada, EventKind::UserCreated),
            first_event(ada, kind),
            first_event(ada, EventKind::SignedOut),
        ]
    };
    db.done(ending(EventKind::Unlinked)).await;
    let forged = Database::sqlite().await;
    forged.done(ending(EventKind::Linked)).await;
    let row = forged.store.audit(AuditChain::User(ada), 1, Some(3)).await.unwrap().remove(0);
    let chain = hex(ada.as_bytes());
    let original = db.store.audit(AuditChain::User(ada), 1, Some(3)).await.unwrap().remove(0);
    assert_ne!(row.hash, original.hash);
    let (id, prev, hash) = (hex(row.id.as_bytes()), hex(&row.prev_hash), hex(&row.hash));
    db.execute(&format!(
        "UPDATE audit_events SET kind = 'linked', id = X'{id}', prev_hash = X'{prev}', hash = X'{hash}' \
         WHERE chain = X'{chain}' AND seq = 2"
    ))
    .await;
    let faults = faults_of(&verify(&db).await, ada);
    assert!(faults.contains(&(3, AuditFaultKind::Unchained)), "{faults:?}");
    assert!(!faults.contains(&(2, AuditFaultKind::WrongHash)), "the forged event is whole in itself: {faults:?}");
}

async fn t134_a_missing_chain_shows(db: Database) {
    filled(&db).await;
    let gone = user(600);
    db.execute(&format!("DELETE FROM audit_events WHERE chain = X'{}'", hex(gone.as_bytes()))).await;
    assert_eq!(faults_of(&verify(&db).await, gone), [(1, AuditFaultKind::NoChain)]);
}

async fn t134_events_rest_on_the_end_of_their_chain(db: Database) {
    let ada = user(1);
    db.done([create(ada), first_event(ada, EventKind::UserCreated)]).await;
    let one = db.user(ada).await;
    db.done([Change::Audit(event(Some(&one), EventKind::Linked))]).await;
    // Decided on an older end, on none, on one that is still to come, on one with another past.
    let two = db.user(ada).await;
    let after = |head| Change::Audit(AuditEvent { after: head, ..event(Some(&two), EventKind::Unlinked) });
    for head in [
        one.chain,
        ChainHead::default(),
        ChainHead { seq: 7, hash: two.chain.hash },
        ChainHead { seq: 2, hash: [1; 32] },
    ] {
        assert_eq!(db.conflict([raise(ada, 1), after(head)]).await, Conflict::Stale, "{head:?}");
    }
    // Several of one chain in one plan all carry the end that was read.
    db.done([after(two.chain), after(two.chain), after(two.chain)]).await;
    assert_eq!(db.user(ada).await.chain.seq, 5);
    assert!(verify(&db).await.is_clean());
}
