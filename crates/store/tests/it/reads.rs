//! What administration and jobs read.

use crate::support::*;
use model::{AddressProof, Change, DAY, EventKind, HOUR, MailId, Method, Micros, Secret, UpstreamSubject};
use store::{AuditChain, Page, SENT_MAIL_KEPT, THROTTLE_KEPT, UserFilter};

crate::on_both_engines!(
    users_are_listed_with_counts,
    identities_are_found_by_issuer_and_subject,
    cohorts_come_in_pages,
    mail_waits_is_leased_and_forgotten,
    sweeping_deletes_what_nobody_can_present,
    audit_is_read_newest_first,
);

async fn users_are_listed_with_counts(db: Database) {
    let mut changes = vec![declare("google", "https://g.example")];
    for n in 1..=5 {
        changes.extend([create(user(n)), prove(&format!("u{n}@example.org"), user(n))]);
        changes.push(add_link(n, user(n), "google", identity("https://g.example", &n.to_string())));
    }
    changes.extend([
        Change::ClaimAddress { address: address("u2@example.org"), user: user(4), at: AT },
        Change::ProveAddress {
            address: address("old@example.org"),
            user: user(2),
            proof: AddressProof::Vouched,
            at: AT - DAY,
        },
        Change::SetPassword { user: user(2), phc: Secret::new("phc".into()), at: AT },
        session(1, user(2), Method::Password),
        first_event(user(2), EventKind::SignedIn),
        first_event(user(2), EventKind::PasswordSet),
    ]);
    db.done(changes).await;
    let all = db.store.users(&UserFilter::default()).await.unwrap();
    assert_eq!(all.iter().map(|user| user.id).collect::<Vec<_>>(), (1..=5).map(user).collect::<Vec<_>>());
    let two = &all[1];
    assert_eq!((two.proven_addresses, two.active_links, two.sessions, two.has_password), (2, 1, 1, true));
    assert_eq!((two.address.clone(), two.last_sign_in), (Some(address("old@example.org")), Some(AT)));
    assert_eq!((all[2].has_password, all[2].last_sign_in), (false, None));

    let page = UserFilter { after: Some(user(2)), limit: 2, ..UserFilter::default() };
    let page: Vec<_> = db.store.users(&page).await.unwrap().into_iter().map(|user| user.id).collect();
    assert_eq!(page, [user(3), user(4)]);
    let by_address = UserFilter { address: Some(address("U2@Example.org")), ..UserFilter::default() };
    let by_address: Vec<_> = db.store.users(&by_address).await.unwrap().into_iter().map(|user| user.id).collect();
    assert_eq!(by_address, [user(2), user(4)], "who has proven it, and who says so");
}

async fn identities_are_found_by_issuer_and_subject(db: Database) {
    let (ada, bob) = (user(1), user(2));
    let google = identity("https://g.example", "42");
    db.done([
        declare("google", "https://g.example"),
        declare("other", "https://o.example"),
        create(ada),
        create(bob),
        add_link(1, ada, "google", google.clone()),
        remove_link(1, ada, google.clone()),
        add_link(2, bob, "google", google),
        add_link(3, ada, "other", identity("https://o.example", "42")),
    ])
    .await;
    let subject = UpstreamSubject::parse("42").unwrap();
    let found = db.store.find_identity("https://g.example", &subject).await.unwrap();
    let found: Vec<_> = found.iter().map(|found| (found.user, found.link.id, found.link.state)).collect();
    assert_eq!(found, [(ada, link_id(1), model::LinkState::Removed), (bob, link_id(2), model::LinkState::Active)]);
    assert!(db.store.find_identity("https://nobody.example", &subject).await.unwrap().is_empty());
}

async fn cohorts_come_in_pages(db: Database) {
    let of = |n: u64| identity("https://g.example", &n.to_string());
    let mut changes = vec![declare("google", "https://g.example"), declare("other", "https://o.example")];
    for n in 1..=7 {
        changes.extend([
            create(user(n)),
            add_link(n, user(n), "google", of(n)),
            prove(&format!("u{n}@x.example"), user(n)),
        ]);
    }
    changes.extend([
        add_link(20, user(1), "google", identity("https://g.example", "second")),
        add_link(21, user(2), "other", identity("https://o.example", "2")),
        create(user(8)),
        add_link(22, user(8), "other", identity("https://o.example", "8")),
        remove_link(3, user(3), of(3)),
    ]);
    db.done(changes).await;
    let google = connection("google");
    let mut users = Vec::new();
    let mut page = Page { after: None, limit: 4 };
    loop {
        let cohort = db.store.cohort(&google, page).await.unwrap();
        assert_eq!(cohort.fingerprint, 16, "eight links, tombstone included, of users at version 1");
        users.extend(cohort.users);
        let Some(next) = cohort.next else { break };
        page.after = Some(next);
    }
    assert_eq!(users.iter().map(|user| user.id).collect::<Vec<_>>(), [1, 2, 4, 5, 6, 7].map(user));
    assert_eq!((users[0].links.len(), users[1].links.len(), users[2].addresses.len()), (2, 2, 1));
}

async fn mail_waits_is_leased_and_forgotten(db: Database) {
    let id = |n| MailId::from_bytes(id_bytes(n));
    db.done([mail(1), mail(2)]).await;
    assert!(db.store.due_mail(AT - Micros(1), 10).await.unwrap().is_empty());
    let due = db.store.due_mail(AT, 10).await.unwrap();
    assert_eq!(due.iter().map(|mail| (mail.id, mail.attempts)).collect::<Vec<_>>(), [(id(1), 0), (id(2), 0)]);
    assert_eq!(due[0].sealed, [5; 40]);
    let (one, two) = tokio::join!(db.store.mail_claim(id(1), 1, AT + HOUR), db.store.mail_claim(id(1), 1, AT + HOUR));
    assert!(one.unwrap() != two.unwrap(), "of two senders one has the lease");
    assert_eq!(db.store.due_mail(AT, 10).await.unwrap().len(), 1);
    assert_eq!(db.store.due_mail(AT + HOUR, 10).await.unwrap()[1].attempts, 1);
    db.store.mail_sent(id(1), AT + HOUR).await.unwrap();
    db.store.mail_sent(id(1), AT + HOUR).await.unwrap();
    assert!(!db.store.mail_claim(id(1), 2, AT + HOUR).await.unwrap());
    assert_eq!(db.store.due_mail(AT + DAY, 10).await.unwrap().len(), 1);
    assert_eq!(db.count("outbox WHERE length(sealed) > 0").await, 1, "the content goes when it is sent");
    let counters = db.store.counters();
    assert_eq!((counters.reads, counters.writes), (0, 1), "the outbox is on the account of jobs");
}

async fn sweeping_deletes_what_nobody_can_present(db: Database) {
    let code = |n, expires_at| Change::IssueCode {
        flow: flow(n),
        address: address("a@example.org"),
        hash: hash(n),
        attempts: 3,
        expires_at,
    };
    let throttle =
        |key: &[u8], blocked_until| Change::Throttle { key: key.to_vec(), was: 0, failures: 1, blocked_until, at: AT };
    let mut changes = vec![create(user(1)), mail(1), mail(2)];
    changes.extend((0..1203).flat_map(|n| [session(n, user(1), Method::Password), spend(n)]));
    changes.extend([code(1, AT), code(2, AT + DAY), throttle(b"old", AT), throttle(b"blocked", AT + DAY.times(30))]);
    db.done(changes).await;
    db.store.mail_sent(MailId::from_bytes(id_bytes(1)), AT).await.unwrap();
    assert_eq!(db.store.sweep(AT).await.unwrap(), 0, "nothing is over yet");
    assert_eq!(db.store.sweep(AT + HOUR + Micros(1)).await.unwrap(), 1203 * 2 + 1);
    assert_eq!(db.store.sweep(AT + THROTTLE_KEPT + Micros(1)).await.unwrap(), 2, "a code and a throttle");
    assert_eq!(db.store.sweep(AT + SENT_MAIL_KEPT + Micros(1)).await.unwrap(), 1);
    for (table, left) in [("sessions", 0), ("spent_flows", 0), ("codes", 0), ("throttles", 1), ("outbox", 1)] {
        assert_eq!(db.count(table).await, left, "{table}");
    }
}

async fn audit_is_read_newest_first(db: Database) {
    let ada = user(1);
    let events = [EventKind::UserCreated, EventKind::Linked, EventKind::Unlinked];
    let mut changes = vec![create(ada)];
    changes.extend(events.map(|kind| first_event(ada, kind)));
    changes.push(Change::Audit(event(None, EventKind::ConnectionDeclared)));
    db.done(changes).await;
    let chain = AuditChain::User(ada);
    let rows = db.store.audit(chain, 2, None).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.kind).collect::<Vec<_>>(), [EventKind::Unlinked, EventKind::Linked]);
    assert_eq!(rows[0].prev_hash, rows[1].hash);
    let rest = db.store.audit(chain, 10, Some(rows[1].seq)).await.unwrap();
    assert_eq!(rest.iter().map(|row| (row.seq, row.kind)).collect::<Vec<_>>(), [(1, EventKind::UserCreated)]);
    assert_eq!(db.store.audit(AuditChain::Store, 10, None).await.unwrap().len(), 1);
    let head = db.store.chain_head(chain).await.unwrap();
    assert_eq!((head.seq, head.hash), (3, rows[0].hash));
    assert_eq!(db.user(ada).await.chain, head);
    assert_eq!(db.store.chain_head(AuditChain::User(user(2))).await.unwrap(), model::ChainHead::default());
}
