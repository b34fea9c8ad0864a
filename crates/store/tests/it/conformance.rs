//! Every change and every guard: what it writes, and which conflict it is when it cannot.

use crate::support::*;
use model::{
    AddressProof, AuditEvent, AuthorizationId, Change, Conflict, DeviceState, DisplayClaims, EventKind, FactsQuery,
    HOUR, Level, LinkState, MINUTE, Mail, MailBody, MailId, MailKind, Method, Micros, NewDeviceRequest, OwnerThrottle,
    Personal, SECOND, Secret, SessionId, UserStatus,
};
use store::StoreError;

crate::on_both_engines!(
    guards_hold_or_name_their_conflict,
    users_are_created_once_and_raised_by_one,
    t22_subjects_and_ids_are_never_reissued,
    t81_an_address_is_proven_for_one_user,
    renewing_never_lowers_a_proof,
    t05_t14_t16_keys_compare_byte_for_byte,
    t79_an_identity_has_one_holder,
    a_removed_link_is_a_tombstone,
    links_end_their_sessions,
    sessions_end_by_hash_id_and_user,
    codes_count_down,
    t52_a_device_is_claimed_answered_and_redeemed_once,
    throttles_compare_and_swap,
    owner_throttles_follow_the_address,
    connections_are_declared_once_and_switched_by_version,
    cohort_fingerprints_grow,
    t84_a_plan_is_written_whole_or_not_at_all,
    t83_no_update_is_lost,
    erasing_leaves_nothing_personal,
    unsealed_values_are_refused,
    identities_remember_what_was_seen,
    plans_and_snapshots_are_counted,
);

async fn guards_hold_or_name_their_conflict(db: Database) {
    let (ada, bob) = (user(1), user(2));
    db.done([create(ada), create(bob), declare("google", "https://g.example"), session(1, ada, Method::Password)])
        .await;
    let guards = [
        Change::ExpectUser { user: ada, version: 1 },
        Change::ExpectConnection { connection: connection("google"), version: 1 },
        Change::ExpectStoreEpoch { epoch: 1 },
        Change::ExpectSession { hash: hash(1) },
        Change::ExpectCohort { connection: connection("google"), fingerprint: 0 },
    ];
    db.done(guards.clone()).await;
    for guard in guards {
        db.done([guard]).await;
    }
    let broken = [
        (Change::ExpectUser { user: ada, version: 2 }, Conflict::Stale),
        (Change::ExpectUser { user: user(3), version: 1 }, Conflict::Stale),
        (Change::ExpectConnection { connection: connection("google"), version: 2 }, Conflict::Stale),
        (Change::ExpectConnection { connection: connection("github"), version: 1 }, Conflict::Stale),
        (Change::ExpectStoreEpoch { epoch: 2 }, Conflict::Stale),
        (Change::ExpectSession { hash: hash(2) }, Conflict::SessionGone),
        (Change::ExpectCohort { connection: connection("google"), fingerprint: 1 }, Conflict::Stale),
        (Change::ExpectCohort { connection: connection("github"), fingerprint: 0 }, Conflict::Stale),
        (raise(ada, 2), Conflict::Stale),
        (raise(user(3), 1), Conflict::Stale),
    ];
    for (guard, conflict) in broken {
        let what = format!("{guard:?}");
        assert_eq!(db.conflict([guard.clone()]).await, conflict, "{what}");
        // The first guard that fails names the conflict, and what came before it is undone.
        assert_eq!(db.conflict([raise(bob, 1), guard, spend(1), spend(1)]).await, conflict, "{what}");
        assert_eq!(db.user(bob).await.version, 1, "{what}");
    }
    db.done([spend(7)]).await;
    assert_eq!(db.conflict([spend(7)]).await, Conflict::FlowSpent);
    assert!(db.facts(FactsQuery { flow: Some(flow(7)), ..FactsQuery::default() }).await.flow_spent);
    assert!(!db.facts(FactsQuery { flow: Some(flow(8)), ..FactsQuery::default() }).await.flow_spent);
}

async fn users_are_created_once_and_raised_by_one(db: Database) {
    use UserStatus::{Absorbed, Active, Deleted, Disabled, Held};
    let ada = user(1);
    db.done([create(ada)]).await;
    assert_eq!(db.conflict([create(ada)]).await, Conflict::Stale);
    let facts = db.user(ada).await;
    assert_eq!((facts.version, facts.status, facts.protected), (1, UserStatus::Active, false));
    assert_eq!((facts.required_level, facts.name.as_str(), facts.created_at), (Level::One, "Ada", AT));
    assert_eq!(facts.sealed_key, [1, 2, 3]);
    db.done([raise(ada, 1), raise(ada, 2)]).await;
    assert_eq!(db.user(ada).await.version, 3);
    for status in [Disabled, Held, Deleted, Absorbed, Active] {
        db.done([Change::SetUserStatus { user: ada, status, at: AT }]).await;
        assert_eq!(db.user(ada).await.status, status);
    }
    let nobody = Change::SetUserStatus { user: user(9), status: UserStatus::Held, at: AT };
    assert_eq!(db.conflict([nobody]).await, Conflict::Stale);
    for (n, phc) in [(1, "$argon2id$one"), (2, "$argon2id$two")] {
        db.done([Change::SetPassword { user: ada, phc: Secret::new(phc.to_owned()), at: AT + Micros(n) }]).await;
        let password = db.user(ada).await.password.unwrap();
        assert_eq!((password.phc.expose().as_str(), password.set_at), (phc, AT + Micros(n)));
    }
}

async fn t22_subjects_and_ids_are_never_reissued(db: Database) {
    let (ada, bob) = (user(1), user(2));
    let subject = |user| Change::CreateSubject { sector: "public".into(), sub: "s1".into(), user, at: AT };
    db.done([create(ada), create(bob), subject(ada)]).await;
    assert_eq!(db.conflict([subject(bob)]).await, Conflict::Stale);
    db.done([Change::EraseUser { user: ada, at: AT }]).await;
    assert_eq!(db.conflict([subject(bob)]).await, Conflict::Stale, "the sub of a deleted user stays taken");
    assert_eq!(db.conflict([create(ada)]).await, Conflict::Stale, "the id of a deleted user stays taken");
    assert_eq!(db.count("subjects").await, 1);
    let elsewhere = Change::CreateSubject { sector: "other".into(), sub: "s1".into(), user: bob, at: AT };
    db.done([elsewhere]).await;
}

async fn t81_an_address_is_proven_for_one_user(db: Database) {
    let (ada, bob) = (user(1), user(2));
    let claim = |user| Change::ClaimAddress { address: address("a@example.org"), user, at: AT };
    db.done([create(ada), create(bob), claim(ada), claim(ada), claim(bob)]).await;
    assert_eq!(db.count("claimed_addresses").await, 2);
    let query = || FactsQuery { address: Some(address("a@example.org")), ..FactsQuery::default() };
    assert_eq!(db.facts(query()).await.address_owner, None, "a claim attracts nothing");

    let (one, two) = tokio::join!(db.apply([prove("a@example.org", ada)]), db.apply([prove("a@example.org", bob)]));
    let taken = Err(StoreError::Conflict(Conflict::AddressTaken));
    assert!((one.is_ok() && two == taken) || (two.is_ok() && one == taken), "{one:?} {two:?}");
    let facts = db.facts(query()).await;
    let owner = facts.address_owner.unwrap();
    assert_eq!(owner, if one.is_ok() { ada } else { bob });
    assert_eq!(facts.user(owner).unwrap().addresses.len(), 1, "the owner is read with the address");
    assert_eq!(db.count("claimed_addresses").await, 1, "the owner's claim is gone, the other's is not");
}

async fn renewing_never_lowers_a_proof(db: Database) {
    let (ada, bob) = (user(1), user(2));
    let renew =
        |user, proof, n| Change::RenewAddress { address: address("a@example.org"), user, proof, at: AT + Micros(n) };
    let vouched =
        Change::ProveAddress { address: address("a@example.org"), user: ada, proof: AddressProof::Vouched, at: AT };
    db.done([create(ada), create(bob), vouched]).await;
    for (proof, n, expected) in [
        (AddressProof::Authoritative, 1, (AddressProof::Authoritative, 1)),
        (AddressProof::Vouched, 2, (AddressProof::Authoritative, 1)),
        (AddressProof::Loop, 3, (AddressProof::Loop, 3)),
        (AddressProof::Authoritative, 4, (AddressProof::Loop, 3)),
        (AddressProof::Loop, 5, (AddressProof::Loop, 5)),
    ] {
        db.done([renew(ada, proof, n)]).await;
        let facts = db.user(ada).await.addresses.remove(0);
        assert_eq!((facts.proof, facts.proven_at), (expected.0, AT + Micros(expected.1)));
    }
    assert_eq!(db.conflict([renew(bob, AddressProof::Loop, 9)]).await, Conflict::Stale);
}

async fn t05_t14_t16_keys_compare_byte_for_byte(db: Database) {
    let mut changes = Vec::new();
    let addresses =
        ["á@example.org", "a@example.org", "ａ1@example.org", "a1@example.org", "ß@example.org", "ss@example.org"];
    let mut proven = 0;
    for (n, text) in addresses.into_iter().enumerate() {
        if let Ok(address) = model::Address::parse(text) {
            proven += 1;
            changes.extend([create(user(n as u64)), prove(address.as_str(), user(n as u64))]);
        }
    }
    let keys = [
        ("https://a.example", "Sub"),
        ("https://a.example", "sub"),
        ("https://a.example", " sub"),
        ("https://a.example", "sub "),
        ("https://a.example/", "sub"),
        ("https://A.example", "sub"),
        ("https://b.example", "sub"),
        ("https://a.example", "042"),
        ("https://a.example", "42"),
        ("https://a.example", "42.0"),
        ("https://á.example", "sub"),
    ];
    for (n, (issuer, subject)) in keys.into_iter().enumerate() {
        let n = 100 + n as u64;
        changes.extend([create(user(n)), add_link(n, user(n), "google", identity(issuer, subject))]);
    }
    db.done(changes).await;
    assert_eq!(db.count("proven_addresses").await, proven);
    assert_eq!(db.count("external_identities").await, keys.len() as i64);
    for (n, (issuer, subject)) in keys.into_iter().enumerate() {
        let n = 100 + n as u64;
        let facts = db.identity(&identity(issuer, subject)).await;
        assert_eq!(
            facts.identity.unwrap().link,
            Some((link_id(n), user(n), LinkState::Active)),
            "{issuer} {subject:?}"
        );
        assert_eq!(facts.users.len(), 1);
    }
    assert!(db.identity(&identity("https://a.example", "SUB")).await.identity.is_none());
}

async fn t79_an_identity_has_one_holder(db: Database) {
    let (ada, bob) = (user(1), user(2));
    let contested = identity("https://g.example", "1");
    db.done([create(ada), create(bob), declare("google", "https://g.example")]).await;
    let link = |n, user| [raise(user, 1), add_link(n, user, "google", contested.clone())];
    let (one, two) = tokio::join!(db.apply(link(1, ada)), db.apply(link(2, bob)));
    let taken = Err(StoreError::Conflict(Conflict::IdentityTaken));
    assert!((one.is_ok() && two == taken) || (two.is_ok() && one == taken), "{one:?} {two:?}");
    let (winner, loser, number) = if one.is_ok() { (ada, bob, 1) } else { (bob, ada, 2) };
    assert_eq!((db.user(winner).await.version, db.user(loser).await.version), (2, 1));
    assert_eq!(db.conflict([add_link(3, winner, "google", contested.clone())]).await, Conflict::IdentityTaken);

    // Free again after removal, and then anybody's once.
    db.done([remove_link(number, winner, contested.clone())]).await;
    db.done([add_link(4, loser, "google", contested.clone())]).await;
    let facts = db.identity(&contested).await.identity.unwrap();
    assert_eq!(facts.link, Some((link_id(4), loser, LinkState::Active)));
    assert!(!facts.was_removed, "it is linked now");
}

async fn a_removed_link_is_a_tombstone(db: Database) {
    let ada = user(1);
    let of_ada = identity("https://g.example", "1");
    db.done([create(ada), add_link(1, ada, "google", of_ada.clone())]).await;
    let touched = Change::TouchLink { link: link_id(1), user: ada, at: AT + Micros(5) };
    db.done([touched.clone()]).await;
    db.done([remove_link(1, ada, of_ada.clone())]).await;
    let link = db.user(ada).await.links.remove(0);
    assert_eq!((link.state, link.removed_at), (LinkState::Removed, Some(AT)));
    assert_eq!(link.last_used_at, Some(AT + Micros(5)));
    let facts = db.identity(&of_ada).await;
    let known = facts.identity.unwrap();
    assert_eq!((known.link, known.was_removed), (None, true));
    assert!(facts.users.is_empty(), "a tombstone leads to nobody");
    assert_eq!(db.conflict([remove_link(1, ada, of_ada.clone())]).await, Conflict::Stale);
    assert_eq!(db.conflict([touched]).await, Conflict::Stale);
    assert_eq!(db.conflict([remove_link(2, ada, of_ada.clone())]).await, Conflict::Stale);
    // A removal must name the identity the link holds.
    db.done([add_link(3, ada, "google", of_ada)]).await;
    assert_eq!(db.conflict([remove_link(3, ada, identity("https://g.example", "2"))]).await, Conflict::Stale);
    assert_eq!(db.user(ada).await.active_links().count(), 1);
}

async fn links_end_their_sessions(db: Database) {
    let ada = user(1);
    db.done([
        create(ada),
        add_link(1, ada, "google", identity("https://g.example", "1")),
        session(1, ada, through_link(1, "google")),
        session(2, ada, through_link(1, "google")),
        session(3, ada, Method::Password),
        session(4, ada, through_link(2, "google")),
    ])
    .await;
    db.done([Change::EndSessionsOfLink { link: link_id(1), user: ada }]).await;
    let left: Vec<_> = db.store.sessions_of(ada).await.unwrap().into_iter().map(|session| session.hash).collect();
    assert_eq!(left, [hash(4), hash(3)]);
}

async fn sessions_end_by_hash_id_and_user(db: Database) {
    let (ada, bob) = (user(1), user(2));
    db.done([create(ada), create(bob), prove("a@example.org", ada)]).await;
    db.done((1..=4).map(|n| session(n, ada, Method::Password)).collect::<Vec<_>>()).await;
    db.done([session(5, bob, Method::EmailCode { address: address("b@example.org") })]).await;
    assert_eq!(db.conflict([session(1, bob, Method::Password)]).await, Conflict::Stale);

    let row = db.store.session(&hash(1)).await.unwrap().unwrap();
    assert_eq!((row.user_status, row.user_version, row.store_epoch), (UserStatus::Active, 1, 1));
    assert_eq!((row.name.as_str(), row.address), ("Ada", Some(address("a@example.org"))));
    let facts = db.facts(FactsQuery { session: Some(hash(1)), ..FactsQuery::default() }).await;
    assert_eq!(facts.session.as_ref(), Some(&row.session));
    assert_eq!(facts.live_session(AT).map(|(_, user)| user.id), Some(ada), "the session leads to its user");
    assert_eq!(row.session.authenticated_at, AT);
    assert_eq!(row.session.created_at, AT + Micros(1));

    let by_id = |n, user| Change::EndSessionById { session: SessionId::from_bytes(id_bytes(n)), user };
    db.done([Change::EndSession { hash: hash(1) }, by_id(2, ada), by_id(3, bob)]).await;
    assert!(db.store.session(&hash(1)).await.unwrap().is_none());
    assert!(db.store.session(&hash(2)).await.unwrap().is_none());
    assert!(db.store.session(&hash(3)).await.unwrap().is_some(), "nobody ends another's session by its id");
    db.done([Change::EndSessionsOfUser { user: ada }]).await;
    assert!(db.store.sessions_of(ada).await.unwrap().is_empty());
    assert_eq!(db.store.sessions_of(bob).await.unwrap().len(), 1);
}

async fn codes_count_down(db: Database) {
    let issue = |attempts, n| Change::IssueCode {
        flow: flow(1),
        address: address("a@example.org"),
        hash: hash(n),
        attempts,
        expires_at: AT + HOUR,
    };
    let code = || async { db.facts(FactsQuery { flow: Some(flow(1)), ..FactsQuery::default() }).await.code };
    let guess = |left| Change::CountGuess { flow: flow(1), left };
    db.done([issue(5, 1)]).await;
    db.done([issue(2, 2)]).await;
    let live = code().await.unwrap();
    assert_eq!((live.attempts_left, live.hash), (2, hash(2)), "one code lives per flow, the newest");
    db.done([guess(2)]).await;
    assert_eq!(db.conflict([guess(2)]).await, Conflict::Stale);
    let (one, two) = tokio::join!(db.apply([guess(1)]), db.apply([guess(1)]));
    assert!(one.is_ok() != two.is_ok(), "two guesses never cost one: {one:?} {two:?}");
    assert_eq!(code().await.unwrap().attempts_left, 0);
    assert_eq!(db.conflict([guess(0)]).await, Conflict::Stale, "no attempt is left to count");
    let redeem = |left| Change::RedeemCode { flow: flow(1), left };
    assert_eq!(db.conflict([redeem(1)]).await, Conflict::Stale);
    db.done([redeem(0)]).await;
    assert!(code().await.is_none());
    assert_eq!(db.conflict([redeem(0)]).await, Conflict::Stale);
}

async fn t52_a_device_is_claimed_answered_and_redeemed_once(db: Database) {
    let (code, id) = (hash(1), AuthorizationId::from_bytes(id_bytes(1)));
    let (own, other) = (SessionId::from_bytes(id_bytes(2)), SessionId::from_bytes(id_bytes(3)));
    let ask = |id, n| {
        Change::AskForDevice(NewDeviceRequest {
            code: hash(n),
            id,
            client: "tv".to_owned(),
            scope: vec!["openid".to_owned(), "email".to_owned()],
            user_agent: "Tizen".to_owned(),
            source: vec![203, 0, 113, 7],
            interval: SECOND.times(5),
            at: AT,
            expires_at: AT + MINUTE,
        })
    };
    let claim = |session| Change::ClaimDevice { code, id, session };
    let answer = |session, allowed| Change::AnswerDevice { code, id, session, allowed };
    let read = async |n| db.facts(FactsQuery { device: Some(hash(n)), ..FactsQuery::default() }).await.device;
    assert_eq!(read(1).await, None);
    db.done([ask(id, 1)]).await;
    assert_eq!(db.conflict([ask(AuthorizationId::from_bytes(id_bytes(9)), 1)]).await, Conflict::Stale);
    let device = read(1).await.unwrap();
    assert_eq!((device.id, device.state, device.claimed_by), (id, DeviceState::Pending, None));
    assert_eq!((&*device.client, device.scope.len(), device.source), ("tv", 2, vec![203, 0, 113, 7]));
    assert_eq!((device.interval, device.created_at, device.expires_at), (SECOND.times(5), AT, AT + MINUTE));
    // Nobody answers what they have not claimed, and what is claimed stays so.
    assert_eq!(db.conflict([answer(own, true)]).await, Conflict::Stale);
    db.done([claim(own)]).await;
    db.done([claim(own)]).await;
    assert_eq!(db.conflict([claim(other)]).await, Conflict::Stale);
    assert_eq!(db.conflict([answer(other, true)]).await, Conflict::Stale);
    assert_eq!(db.conflict([Change::RedeemDevice { code, id }]).await, Conflict::TokenSpent);
    db.done([answer(own, true)]).await;
    assert_eq!(db.conflict([answer(own, false)]).await, Conflict::Stale);
    assert_eq!(db.conflict([claim(own)]).await, Conflict::Stale);
    db.done([Change::RedeemDevice { code, id }]).await;
    assert_eq!(db.conflict([Change::RedeemDevice { code, id }]).await, Conflict::TokenSpent);
    assert_eq!(read(1).await.map(|device| device.state), Some(DeviceState::Redeemed));
    // A no; a slower pace, once for each that was read; and the end.
    let id = AuthorizationId::from_bytes(id_bytes(4));
    let slower = || Change::SlowDevice { code: hash(2), id, from: SECOND.times(5), to: SECOND.times(10) };
    db.done([ask(id, 2), slower(), slower()]).await;
    db.done([Change::ClaimDevice { code: hash(2), id, session: own }]).await;
    db.done([Change::AnswerDevice { code: hash(2), id, session: own, allowed: false }]).await;
    let device = read(2).await.unwrap();
    assert_eq!((device.state, device.interval), (DeviceState::Denied, SECOND.times(10)));
    assert_eq!(db.store.sweep(AT + MINUTE + store::DEVICE_KEPT).await.unwrap(), 0);
    assert_eq!(db.store.sweep(AT + MINUTE + store::DEVICE_KEPT + Micros(1)).await.unwrap(), 2);
    assert_eq!(read(1).await, None);
}

async fn throttles_compare_and_swap(db: Database) {
    let step = |was, failures| Change::Throttle {
        key: b"k".to_vec(),
        was,
        failures,
        blocked_until: AT + Micros(failures),
        at: AT,
    };
    let keys: Vec<Vec<u8>> = [&b"a"[..], b"b", b"c", b"d", b"k", b"e"].map(<[u8]>::to_vec).to_vec();
    let read = || async { db.facts(FactsQuery { throttles: keys.clone(), ..FactsQuery::default() }).await.throttles };
    assert!(read().await.is_empty());
    let (one, two) = tokio::join!(db.apply([step(0, 1)]), db.apply([step(0, 1)]));
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    assert_eq!(db.conflict([step(0, 1)]).await, Conflict::Stale);
    let (one, two) = tokio::join!(db.apply([step(1, 2)]), db.apply([step(1, 2)]));
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    let found = read().await;
    assert_eq!((found[0].failures, found[0].blocked_until, found.len()), (2, AT + Micros(2), 1));
    db.done([step(2, 0)]).await;
    db.done([step(0, 1), Change::ClearThrottle { key: b"k".to_vec() }]).await;
    assert!(read().await.is_empty());
    assert_eq!(db.conflict([step(3, 4)]).await, Conflict::Stale);
}

async fn owner_throttles_follow_the_address(db: Database) {
    let ada = user(1);
    let counter = OwnerThrottle { prefix: b"password:", fallback: b"nobody".to_vec(), suffix: b":ip".to_vec() };
    let failed = |key| Change::Throttle { key, was: 0, failures: 1, blocked_until: AT, at: AT };
    db.done([create(ada), prove("a@example.org", ada), prove("b@example.org", ada)]).await;
    db.done([failed(counter.key(Some(ada)))]).await;
    for (text, expected) in [("a@example.org", 1), ("b@example.org", 1), ("c@example.org", 0)] {
        let query = FactsQuery {
            address: Some(address(text)),
            owner_throttles: vec![counter.clone()],
            ..FactsQuery::default()
        };
        assert_eq!(db.facts(query).await.throttles.len(), expected, "{text}");
    }
    db.done([failed(counter.key(None))]).await;
    let unnamed = FactsQuery { owner_throttles: vec![counter.clone()], ..FactsQuery::default() };
    assert_eq!(db.facts(unnamed).await.throttles[0].key, counter.key(None));
}

async fn connections_are_declared_once_and_switched_by_version(db: Database) {
    db.done([declare("google", "https://g.example")]).await;
    assert_eq!(db.conflict([declare("google", "https://other.example")]).await, Conflict::Stale);
    db.done([enable("google", 1, false)]).await;
    assert_eq!(db.conflict([enable("google", 1, true)]).await, Conflict::Stale);
    let facts = db.facts(FactsQuery::default()).await;
    let google = facts.connection(&connection("google")).unwrap();
    assert_eq!((google.version, google.enabled, google.issuer.as_str()), (2, false, "https://g.example"));
    assert_eq!((google.epoch, google.subject_claim.as_str(), google.client_id.as_str()), (1, "sub", "client"));
    db.done([enable("google", 2, true)]).await;
}

async fn cohort_fingerprints_grow(db: Database) {
    let google = connection("google");
    let of = |n: u64| identity("https://g.example", &n.to_string());
    let fingerprint = || async { db.store.cohort(&google, store::Page::default()).await.unwrap().fingerprint };
    db.done([declare("google", "https://g.example")]).await;
    let mut seen = vec![fingerprint().await];
    for n in 1..=3 {
        db.done([create(user(n)), add_link(n, user(n), "google", of(n))]).await;
        seen.push(fingerprint().await);
    }
    db.done([raise(user(1), 1)]).await;
    seen.push(fingerprint().await);
    db.done([raise(user(1), 2), remove_link(1, user(1), of(1))]).await;
    seen.push(fingerprint().await);
    assert!(seen.is_sorted_by(|a, b| a < b), "{seen:?}");
    let expect = |fingerprint| Change::ExpectCohort { connection: google.clone(), fingerprint };
    assert_eq!(db.conflict([enable("google", 1, false), expect(seen[4])]).await, Conflict::Stale);
    db.done([enable("google", 1, false), expect(seen[5])]).await;
}

async fn t84_a_plan_is_written_whole_or_not_at_all(db: Database) {
    let ada = user(1);
    db.done([create(ada), session(1, ada, Method::Password), spend(9)]).await;
    let google = identity("https://g.example", "1");
    let everything = [
        raise(ada, 1),
        add_link(1, ada, "google", google.clone()),
        prove("a@example.org", ada),
        Change::EndSession { hash: hash(1) },
        session(2, ada, Method::Password),
        first_event(ada, EventKind::Linked),
        mail(1),
    ];
    let mut failing = everything.to_vec();
    failing.push(spend(9));
    assert_eq!(db.conflict(failing).await, Conflict::FlowSpent);
    for table in ["links", "external_identities", "proven_addresses", "audit_events", "outbox"] {
        assert_eq!(db.count(table).await, 0, "{table}");
    }
    assert_eq!(db.user(ada).await.version, 1);
    assert!(db.store.session(&hash(1)).await.unwrap().is_some());
    assert!(db.store.session(&hash(2)).await.unwrap().is_none());
    db.done(everything).await;
    for table in ["links", "external_identities", "proven_addresses", "audit_events", "outbox", "sessions"] {
        assert_eq!(db.count(table).await, 1, "{table}");
    }
}

async fn t83_no_update_is_lost(db: Database) {
    let ada = user(1);
    let google = identity("https://g.example", "1");
    db.done([create(ada), add_link(1, ada, "google", google.clone())]).await;
    // Both decided on version 1; the second may not write over the first.
    let stale = db.user(ada).await;
    db.done([raise(ada, stale.version), remove_link(1, ada, google.clone())]).await;
    let seen =
        Change::SeeIdentity { identity: google.clone(), display: DisplayClaims::default(), address: None, at: AT };
    assert_eq!(db.conflict([raise(ada, stale.version), seen.clone()]).await, Conflict::Stale);
    // What the provider says about an identity never brings a link back.
    db.done([seen]).await;
    assert_eq!(db.user(ada).await.active_links().count(), 0);
    assert_eq!(db.identity(&google).await.identity.unwrap().link, None);

    let results = futures_util::future::join_all((0..16).map(|_| db.apply([raise(ada, 2)]))).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(results.iter().all(|r| r.is_ok() || *r == Err(StoreError::Conflict(Conflict::Stale))), "{results:?}");
    assert_eq!(db.user(ada).await.version, 3);
}

async fn erasing_leaves_nothing_personal(db: Database) {
    let (ada, bob) = (user(1), user(2));
    let (held, left) = (identity("https://g.example", "1"), identity("https://g.example", "2"));
    let moved = identity("https://g.example", "3");
    let seen = |identity: &model::ExternalIdentity| Change::SeeIdentity {
        identity: identity.clone(),
        display: DisplayClaims { name: Some("Ada Lovelace".into()), ..DisplayClaims::default() },
        address: Some(address("ada@example.org")),
        at: AT,
    };
    db.done([
        create(ada),
        create(bob),
        prove("ada@example.org", ada),
        Change::ClaimAddress { address: address("x@example.org"), user: ada, at: AT },
        Change::SetPassword { user: ada, phc: Secret::new("phc".to_owned()), at: AT },
        add_link(1, ada, "google", held.clone()),
        add_link(2, ada, "google", left.clone()),
        add_link(3, ada, "google", moved.clone()),
        seen(&held),
        seen(&left),
        remove_link(2, ada, left.clone()),
        remove_link(3, ada, moved.clone()),
        add_link(4, bob, "google", moved.clone()),
        seen(&moved),
        session(1, ada, Method::Password),
    ])
    .await;
    db.done([Change::EraseUser { user: ada, at: AT + Micros(9) }]).await;
    let facts = db.user(ada).await;
    assert_eq!((facts.status, facts.name.as_str(), facts.sealed_key.len()), (UserStatus::Deleted, "", 0));
    assert!(facts.addresses.is_empty() && facts.password.is_none());
    assert!(
        facts.links.iter().all(|link| link.state == LinkState::Removed && link.display == DisplayClaims::default())
    );
    for table in ["sessions", "proven_addresses", "claimed_addresses", "passwords"] {
        assert_eq!(db.count(table).await, 0, "{table}");
    }
    for gone in [&held, &left] {
        let known = db.identity(gone).await.identity.unwrap();
        assert_eq!((known.link, known.was_removed), (None, false), "the identity of a deleted user starts empty");
    }
    assert_eq!(db.count("external_identities WHERE address IS NOT NULL").await, 1, "another's identity is untouched");
    assert_eq!(db.user(bob).await.links[0].display.name.as_deref(), Some("Ada Lovelace"));
    db.done([add_link(5, bob, "google", held)]).await;
}

async fn unsealed_values_are_refused(db: Database) {
    let ada = user(1);
    let personal =
        |personal| Change::Audit(AuditEvent { personal, subject: Some(ada), ..event(None, EventKind::Linked) });
    let named = [("address", "a@example.org".to_owned())].into_iter().collect();
    let refused = db.apply([create(ada), personal(Personal::Plain(named))]).await;
    assert!(matches!(refused, Err(StoreError::Invalid(_))), "{refused:?}");
    let body = MailBody::Plain { kind: MailKind::Code, to: address("a@example.org"), values: Vec::new() };
    let refused =
        db.apply([create(ada), Change::Send(Mail { id: MailId::from_bytes(id_bytes(1)), at: AT, body })]).await;
    assert!(matches!(refused, Err(StoreError::Invalid(_))), "{refused:?}");
    let nul = Change::CreateSubject { sector: "a\0b".into(), sub: "s".into(), user: ada, at: AT };
    assert!(matches!(db.apply([nul]).await, Err(StoreError::Invalid(_))));
    assert_eq!(db.count("users").await, 0);
    db.done([create(ada), personal(Personal::Plain(std::collections::BTreeMap::new()))]).await;
}

async fn identities_remember_what_was_seen(db: Database) {
    let (ada, bob) = (user(1), user(2));
    let google = identity("https://g.example", "1");
    let seen = |name: &str, n| Change::SeeIdentity {
        identity: google.clone(),
        display: DisplayClaims { name: Some(name.to_owned()), ..DisplayClaims::default() },
        address: Some(address("a@example.org")),
        at: AT + Micros(n),
    };
    db.done([create(ada), create(bob), seen("one", 1), add_link(1, ada, "google", google.clone()), seen("two", 2)])
        .await;
    let link = db.user(ada).await.links.remove(0);
    assert_eq!((link.display.name.as_deref(), link.address), (Some("two"), Some(address("a@example.org"))));
    db.done([remove_link(1, ada, google.clone()), add_link(2, bob, "google", google.clone()), seen("three", 3)]).await;
    let (former, holder) = (db.user(ada).await.links.remove(0), db.user(bob).await.links.remove(0));
    assert_eq!((former.display, former.address), (DisplayClaims::default(), None), "a former holder learns nothing");
    assert_eq!(holder.display.name.as_deref(), Some("three"));
}

async fn plans_and_snapshots_are_counted(db: Database) {
    let ada = user(1);
    let before = db.store.counters();
    db.done([create(ada), session(1, ada, Method::Password), prove("a@example.org", ada)]).await;
    db.conflict([create(ada)]).await;
    let everything = FactsQuery {
        session: Some(hash(1)),
        identity: Some(identity("https://g.example", "1")),
        address: Some(address("a@example.org")),
        user_name: Some("ada".to_owned()),
        grant: Some(model::EventId::from_bytes(id_bytes(1))),
        users: (1..7).map(user).collect(),
        flow: Some(flow(1)),
        throttles: vec![b"k".to_vec()],
        owner_throttles: Vec::new(),
        device: Some(hash(1)),
        clients_of_session: true,
        credential: Some(vec![1]),
        stand_in: None,
    };
    let facts = db.facts(everything.clone()).await;
    assert_eq!((facts.users.len(), facts.store_epoch), (1, 1));
    db.store.session(&hash(1)).await.unwrap();
    db.store.facts_background(&everything).await.unwrap();
    db.store.apply_background(plan([raise(ada, 1)])).await.unwrap();
    let after = db.store.counters();
    assert_eq!((after.reads - before.reads, after.writes - before.writes), (2, 2));
    assert_eq!((after.background_reads, after.background_writes), (1, 1));
    assert_eq!(after.commits - before.commits, 2);
}
