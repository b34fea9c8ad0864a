//! Links on hold, links and users that move, grants of undo, organisations, epochs: what each change writes, and which
//! conflict it is when it cannot.

use crate::support::*;
use model::{
    AuthorizationId, Change, ClientQuery, ClientQueryBy, Conflict, ConnectionState, DAY, DisplayClaims,
    ExternalIdentity, FactsQuery, GrantFacts, Level, LinkState, Method, MethodKind, Micros, Namespace,
    NewAuthorization, NewSession, OrganisationId, SessionId, SessionScope, Undoable, UpstreamSubject, UserId,
    UserStatus,
};
use store::{GRANT_KEPT, Page, StoreError};

crate::on_both_engines!(
    links_are_held_released_and_restored,
    t79_a_restored_link_takes_its_identity_only_while_it_is_free,
    links_move_with_their_identity,
    addresses_move_with_their_proof,
    t129_t130_subjects_go_back_the_way_they_came,
    t22_whoever_absorbs_another_keeps_what_clients_know_them_by,
    a_grant_is_spent_once,
    grants_lead_to_whom_they_are_about,
    grants_go_long_after_they_expired,
    members_and_levels_are_written,
    user_names_lead_to_their_user,
    sessions_keep_their_scope,
    t100_a_connection_moves_by_version_and_carries_its_links,
    t100_what_was_unlinked_meanwhile_stays_behind,
    fingerprints_grow_when_links_move,
    erasing_takes_memberships_names_and_grants,
);

fn acme() -> OrganisationId {
    OrganisationId::parse("acme").unwrap()
}

fn google(subject: &str) -> ExternalIdentity {
    identity("https://g.example", subject)
}

fn in_epoch(subject: &str, epoch: i64) -> ExternalIdentity {
    let namespace = Namespace::new("https://g.example", None, epoch);
    ExternalIdentity { namespace, subject: UpstreamSubject::parse(subject).unwrap() }
}

async fn state(db: &Database, user: UserId) -> LinkState {
    db.user(user).await.links[0].state
}

async fn links_are_held_released_and_restored(db: Database) {
    let ada = user(1);
    let hold = Change::HoldLink { link: link_id(1), user: ada };
    let release = Change::ReleaseLink { link: link_id(1), user: ada };
    let restore = Change::RestoreLink { link: link_id(1), user: ada, identity: google("1") };
    db.done([create(ada), create(user(2)), add_link(1, ada, "google", google("1"))]).await;
    let held = |known: Option<model::IdentityFacts>| known.unwrap().link.unwrap().2;

    assert_eq!(db.conflict([release.clone()]).await, Conflict::Stale, "it is not held");
    assert_eq!(db.conflict([restore.clone()]).await, Conflict::Stale, "it is not removed");
    db.done([hold.clone()]).await;
    assert_eq!((state(&db, ada).await, db.user(ada).await.active_links().count()), (LinkState::Held, 0));
    assert_eq!(held(db.identity(&google("1")).await.identity), LinkState::Held, "a held link keeps its identity");
    assert_eq!(db.conflict([hold.clone()]).await, Conflict::Stale);
    assert_eq!(db.conflict([Change::TouchLink { link: link_id(1), user: ada, at: AT }]).await, Conflict::Stale);
    db.done([release.clone()]).await;
    assert_eq!(state(&db, ada).await, LinkState::Active);

    db.done([hold.clone(), remove_link(1, ada, google("1"))]).await;
    for change in [hold, release] {
        assert_eq!(db.conflict([change]).await, Conflict::Stale, "a tombstone is not held or released");
    }
    db.done([restore.clone()]).await;
    let link = db.user(ada).await.links.remove(0);
    assert_eq!((link.state, link.removed_at), (LinkState::Active, None));
    assert_eq!(held(db.identity(&google("1")).await.identity), LinkState::Active);
    let of_nobody = |link, user| {
        [
            Change::HoldLink { link: link_id(link), user },
            Change::ReleaseLink { link: link_id(link), user },
            Change::RestoreLink { link: link_id(link), user, identity: google("1") },
        ]
    };
    for change in of_nobody(2, ada).into_iter().chain(of_nobody(1, user(2))) {
        assert_eq!(db.conflict([change]).await, Conflict::Stale);
    }
    db.done([remove_link(1, ada, google("1"))]).await;
    let other = Change::RestoreLink { link: link_id(1), user: ada, identity: google("2") };
    assert_eq!(db.conflict([other]).await, Conflict::Stale, "the link must be of this identity");
}

async fn t79_a_restored_link_takes_its_identity_only_while_it_is_free(db: Database) {
    let (ada, bob) = (user(1), user(2));
    let restore = Change::RestoreLink { link: link_id(1), user: ada, identity: google("1") };
    db.done([create(ada), create(bob), add_link(1, ada, "google", google("1")), remove_link(1, ada, google("1"))])
        .await;
    db.done([add_link(2, bob, "google", google("1"))]).await;
    assert_eq!(db.conflict([restore.clone()]).await, Conflict::IdentityTaken);
    assert_eq!(state(&db, ada).await, LinkState::Removed, "nothing of it is written");
    db.done([remove_link(2, bob, google("1"))]).await;
    let (one, two) = tokio::join!(db.apply([restore]), db.apply([add_link(3, bob, "google", google("1"))]));
    let taken = Err(StoreError::Conflict(Conflict::IdentityTaken));
    assert!((one.is_ok() && two == taken) || (two.is_ok() && one == taken), "{one:?} {two:?}");
    let holder = db.identity(&google("1")).await.identity.unwrap().link.unwrap().1;
    assert_eq!(holder, if one.is_ok() { ada } else { bob });
}

async fn links_move_with_their_identity(db: Database) {
    let (ada, bob) = (user(1), user(2));
    db.done([create(ada), create(bob), add_link(1, ada, "google", google("1")), raise(ada, 1)]).await;
    db.done([Change::TouchLink { link: link_id(1), user: ada, at: AT + Micros(7) }]).await;
    let before = db.user(ada).await.links.remove(0);
    let there = move_link(1, google("1"), ada, bob);
    let wrong = [
        move_link(2, google("1"), ada, bob),
        move_link(1, google("2"), ada, bob),
        move_link(1, google("1"), bob, ada),
        move_link(1, google("1"), user(9), bob),
    ];
    for change in wrong {
        assert_eq!(db.conflict([change]).await, Conflict::Stale);
    }
    db.done([there.clone()]).await;
    assert!(db.user(ada).await.links.is_empty(), "nothing stays behind");
    assert_eq!(db.user(bob).await.links, std::slice::from_ref(&before), "everything about it goes along");
    let known = db.identity(&google("1")).await.identity.unwrap();
    assert_eq!(known.link, Some((link_id(1), bob, LinkState::Active)));
    assert_eq!(db.conflict([there.clone()]).await, Conflict::Stale);

    // Held ones move, tombstones do not.
    db.done([Change::HoldLink { link: link_id(1), user: bob }, move_link(1, google("1"), bob, ada)]).await;
    assert_eq!(state(&db, ada).await, LinkState::Held);
    db.done([remove_link(1, ada, google("1"))]).await;
    assert_eq!(db.conflict([there.clone()]).await, Conflict::Stale);
    db.done([add_link(2, ada, "google", google("1"))]).await;
    assert_eq!(db.conflict([there]).await, Conflict::Stale, "a tombstone of an identity that is linked again");
    assert_eq!(db.identity(&google("1")).await.identity.unwrap().link, Some((link_id(2), ada, LinkState::Active)));
}

async fn addresses_move_with_their_proof(db: Database) {
    let (ada, bob) = (user(1), user(2));
    let moved = |from, to| Change::MoveAddress { address: address("a@example.org"), from, to };
    db.done([create(ada), create(bob), prove("a@example.org", ada)]).await;
    let before = db.user(ada).await.addresses;
    assert_eq!(db.conflict([moved(bob, ada)]).await, Conflict::Stale);
    db.done([moved(ada, bob)]).await;
    assert_eq!((db.user(ada).await.addresses, db.user(bob).await.addresses), (Vec::new(), before));
    assert_eq!(db.conflict([moved(ada, bob)]).await, Conflict::Stale);
    let owner = FactsQuery { address: Some(address("a@example.org")), ..FactsQuery::default() };
    assert_eq!(db.facts(owner).await.address_owner, Some(bob));
}

/// One is absorbed, then its survivor is: each undo returns its own and no other.
async fn t129_t130_subjects_go_back_the_way_they_came(db: Database) {
    let [a, b, c, d] = [1, 2, 3, 4].map(user);
    let subject = |sub: &str, user| Change::CreateSubject { sector: "public".into(), sub: sub.into(), user, at: AT };
    let merge = |from, to| Change::MoveSubjects { from, to };
    let undo = |from, to| Change::ReturnSubjects { from, to };
    db.done([a, b, c, d].map(create)).await;
    db.done([subject("a1", a), subject("a2", a), subject("b", b), subject("c", c), subject("d", d)]).await;
    let now = async || [db.subjects(a).await, db.subjects(b).await, db.subjects(c).await, db.subjects(d).await];
    let own = now().await;

    db.done([merge(a, b)]).await;
    assert_eq!(db.subjects(b).await, ["a1", "a2", "b"]);
    db.done([merge(b, c), merge(d, c)]).await;
    assert_eq!(db.subjects(c).await, ["a1", "a2", "b", "c", "d"]);
    db.done([subject("new", c), undo(c, a)]).await;
    assert_eq!(db.subjects(a).await, Vec::<String>::new(), "they came to this one by way of another");
    db.done([undo(c, b)]).await;
    assert_eq!(now().await, [&[][..], &["a1", "a2", "b"], &["c", "d", "new"], &[]].map(<[&str]>::to_vec));
    db.done([undo(c, b)]).await;
    assert_eq!(db.subjects(c).await, ["c", "d", "new"], "twice returns nothing more");
    db.done([undo(b, a), undo(c, d)]).await;
    let back = now().await;
    assert_eq!((&back[0], &back[1], &back[3]), (&own[0], &own[1], &own[3]));
    assert_eq!(back[2], ["c", "new"], "what came since stays");
    db.done([merge(a, b), undo(b, a), merge(a, b), undo(b, a)]).await;
    assert_eq!(now().await, back);
}

/// The absorbed user was known for longer: that changes nothing for those who know the survivor, and is told as an alias.
async fn t22_whoever_absorbs_another_keeps_what_clients_know_them_by(db: Database) {
    let (older, ada) = (user(1), user(2));
    let subject =
        |sector: &str, sub: &str, user, at| Change::CreateSubject { sector: sector.into(), sub: sub.into(), user, at };
    db.done([create(older), create(ada), session(7, ada, Method::Password)]).await;
    let later = AT + Micros(5);
    db.done([subject("public", "old", older, AT), subject("public", "own", ada, later)]).await;
    db.done([subject("shop.example", "old-shop", older, AT), subject("shop.example", "own-shop", ada, later)]).await;
    db.done([subject("board.example", "old-board", older, AT)]).await;
    let authorization = AuthorizationId::from_bytes(*flow(1).as_bytes());
    db.done([Change::Authorize(NewAuthorization {
        id: authorization,
        client: "shop".to_owned(),
        user: ada,
        session: SessionId::from_bytes(*flow(7).as_bytes()),
        link: None,
        method: MethodKind::Password,
        level: Level::One,
        authenticated_at: AT,
        sub: "own-shop".to_owned(),
        scope: vec!["openid".to_owned()],
        offline: true,
        hears_of_logout: true,
        passkey: None,
        at: AT,
        expires_at: AT + model::HOUR,
        store_epoch: 1,
    })])
    .await;
    let aliases = async || {
        let facts = db.store.check_token(authorization, flow(9), Some("shop.example")).await.unwrap().unwrap();
        facts.person.aliases
    };
    assert_eq!(aliases().await, Vec::<String>::new());
    db.done([Change::MoveSubjects { from: older, to: ada }]).await;
    for (sector, expected) in [("public", "own"), ("shop.example", "own-shop"), ("board.example", "old-board")] {
        let by = ClientQueryBy::Session(hash(7));
        let query = ClientQuery { client: "shop".to_owned(), sector: sector.to_owned(), by };
        let (_, known) = db.store.facts_for_client(&FactsQuery::default(), &query).await.unwrap();
        assert_eq!(known.sub.as_deref(), Some(expected), "{sector}");
    }
    let present = db.store.session(&hash(7)).await.unwrap().unwrap();
    assert_eq!(present.sub.as_deref(), Some("own"));
    assert_eq!(aliases().await, ["old-shop"]);
}

fn undo_of_link(number: u64) -> Undoable {
    let identity = google(&number.to_string());
    Undoable::Link { link: link_id(number), connection: connection("google"), identity }
}

async fn a_grant_is_spent_once(db: Database) {
    let ada = user(1);
    let spend = |number| Change::SpendGrant { event: event_id(number) };
    db.done([create(ada), grant(1, ada, undo_of_link(1)), grant(2, ada, undo_of_link(2))]).await;
    assert_eq!(db.conflict([grant(1, ada, undo_of_link(3))]).await, Conflict::Stale, "one event, one grant");
    let read = async || db.facts(FactsQuery { grant: Some(event_id(1)), ..FactsQuery::default() }).await.grant.unwrap();
    let expected = GrantFacts {
        event: event_id(1),
        user: ada,
        what: undo_of_link(1),
        made_at: AT,
        expires_at: AT + DAY,
        spent: false,
        followed: false,
    };
    assert_eq!(read().await, expected);
    let (one, two) = tokio::join!(db.apply([spend(1)]), db.apply([spend(1)]));
    let spent = Err(StoreError::Conflict(Conflict::GrantSpent));
    assert!((one.is_ok() && two == spent) || (two.is_ok() && one == spent), "{one:?} {two:?}");
    assert_eq!(read().await, GrantFacts { spent: true, ..expected });
    assert_eq!(db.conflict([raise(ada, 1), spend(1)]).await, Conflict::GrantSpent);
    assert_eq!(db.conflict([spend(9)]).await, Conflict::GrantSpent, "one that does not exist cannot be spent");
    db.done([raise(ada, 1), spend(2)]).await;
}

async fn grants_lead_to_whom_they_are_about(db: Database) {
    let (ada, bob) = (user(1), user(2));
    let merged = Undoable::Merge {
        absorbed: bob,
        links: vec![link_id(1)],
        addresses: vec![address("b@example.org")],
        required_level: (Level::One, Level::Two),
    };
    let unlinked = Undoable::Unlink { link: link_id(7), connection: connection("google"), identity: google("7") };
    db.done([create(ada), create(bob), grant(1, ada, merged.clone()), grant(2, ada, unlinked)]).await;
    db.done([add_link(3, bob, "google", google("7")), session(1, ada, Method::Password)]).await;
    let asked = async |session: Option<[u8; 32]>, number| {
        db.facts(FactsQuery { session, grant: Some(event_id(number)), ..FactsQuery::default() }).await
    };
    let facts = asked(None, 1).await;
    assert_eq!(facts.grant.unwrap().what, merged);
    assert_eq!(facts.users.iter().map(|user| user.id).collect::<Vec<_>>(), [ada, bob]);
    let facts = asked(Some(hash(1)), 2).await;
    assert_eq!(facts.users.iter().map(|user| user.id).collect::<Vec<_>>(), [ada]);
    let known = facts.identity.expect("the identity it names is read along");
    assert_eq!((known.identity, known.link), (google("7"), Some((link_id(3), bob, LinkState::Active))));
    let nothing = asked(None, 9).await;
    assert_eq!((nothing.grant, nothing.users.len(), nothing.identity), (None, 0, None));
}

async fn grants_go_long_after_they_expired(db: Database) {
    db.done([create(user(1)), grant(1, user(1), undo_of_link(1))]).await;
    db.store.sweep(AT + DAY + GRANT_KEPT).await.unwrap();
    assert_eq!(db.count("undo_grants").await, 1);
    db.store.sweep(AT + DAY + GRANT_KEPT + Micros(1)).await.unwrap();
    assert_eq!(db.count("undo_grants").await, 0);
}

async fn members_and_levels_are_written(db: Database) {
    let (ada, bob) = (user(1), user(2));
    let join =
        |name: &str, user| Change::AddMember { organisation: OrganisationId::parse(name).unwrap(), user, at: AT };
    db.done([create(ada), create(bob), join("zebra", ada), join("acme", ada), join("a-1", ada)]).await;
    let names: Vec<String> = db.user(ada).await.organisations.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["a-1", "acme", "zebra"]);
    assert!(db.user(ada).await.is_member(&acme()) && db.user(bob).await.organisations.is_empty());
    assert_eq!(db.conflict([join("acme", ada)]).await, Conflict::Stale);
    // A cohort's users carry them too: who is stranded may hang on them.
    db.done([declare("google", "https://g.example"), add_link(1, ada, "google", google("1"))]).await;
    let cohort = db.store.cohort(&connection("google"), Page::default()).await.unwrap();
    assert_eq!(cohort.users[0].organisations.len(), 3);

    let level = |user, level| Change::SetRequiredLevel { user, level };
    for wanted in [Level::Two, Level::One] {
        db.done([level(ada, wanted)]).await;
        assert_eq!((db.user(ada).await.required_level, db.user(bob).await.required_level), (wanted, Level::One));
    }
    assert_eq!(db.conflict([level(user(9), Level::Two)]).await, Conflict::Stale);
}

async fn user_names_lead_to_their_user(db: Database) {
    db.done([create(user(1))]).await;
    db.execute("INSERT INTO user_names (name, user_id) SELECT 'ada', u.id FROM users u").await;
    let asked =
        async |name: &str| db.facts(FactsQuery { user_name: Some(name.to_owned()), ..FactsQuery::default() }).await;
    let facts = asked("ada").await;
    assert_eq!((facts.user_name_owner, facts.users.len()), (Some(user(1)), 1));
    assert_eq!(asked("Ada").await.user_name_owner, None, "names compare by bytes");
}

async fn sessions_keep_their_scope(db: Database) {
    db.done([create(user(1))]).await;
    let scopes =
        [SessionScope::Account, SessionScope::Application, SessionScope::Organisation { organisation: acme() }];
    for (n, scope) in scopes.iter().enumerate() {
        let Change::CreateSession(made) = session(n as u64, user(1), Method::Password) else { unreachable!() };
        db.done([Change::CreateSession(NewSession { scope: scope.clone(), ..made })]).await;
        let checked = db.store.session(&hash(n as u64)).await.unwrap().unwrap();
        let facts = db.facts(FactsQuery { session: Some(hash(n as u64)), ..FactsQuery::default() }).await;
        assert_eq!((&checked.session.scope, &facts.session.unwrap().scope), (scope, scope));
    }
    assert_eq!(db.store.sessions_of(user(1)).await.unwrap().len(), 3);
    db.execute("UPDATE sessions SET scope = 'everything' WHERE scope = 'account'").await;
    assert!(matches!(db.store.session(&hash(0)).await, Err(StoreError::Corrupt(_))), "an unknown scope opens nothing");
}

fn moved_to(epoch: i64, version: i64) -> [Change; 2] {
    let namespace = |epoch| Namespace::new("https://g.example", None, epoch);
    let to = ConnectionState {
        id: connection("google"),
        version: version + 1,
        enabled: true,
        epoch,
        namespace: namespace(epoch),
        issuer: "https://g.example".to_owned(),
        client_id: format!("client-{epoch}"),
        subject_claim: "oid".to_owned(),
        changed_at: AT + Micros(epoch),
    };
    let from = namespace(3 - epoch);
    let carry =
        Change::CarryLinks { connection: connection("google"), from, to: namespace(epoch), at: AT + Micros(epoch) };
    [Change::MoveConnection { to, version }, carry]
}

async fn t100_a_connection_moves_by_version_and_carries_its_links(db: Database) {
    let [ada, bob, carl, dora] = [1, 2, 3, 4].map(user);
    db.done([declare("google", "https://g.example"), declare("other", "https://o.example")]).await;
    db.done([ada, bob, carl, dora].map(create)).await;
    let seen = Change::SeeIdentity {
        identity: google("1"),
        display: DisplayClaims { name: Some("Ada".into()), ..DisplayClaims::default() },
        address: Some(address("a@example.org")),
        at: AT,
    };
    db.done([
        add_link(1, ada, "google", google("1")),
        seen,
        // Not carried: on hold, through another connection, or somebody's over there already.
        add_link(2, bob, "google", google("2")),
        Change::HoldLink { link: link_id(2), user: bob },
        add_link(3, carl, "other", google("3")),
        add_link(4, dora, "google", google("4")),
        add_link(5, carl, "google", in_epoch("4", 2)),
    ])
    .await;
    assert_eq!(db.conflict(moved_to(2, 2)).await, Conflict::Stale);
    let before = db.user(ada).await.links.remove(0);
    db.done(moved_to(2, 1)).await;
    assert_eq!(db.conflict(moved_to(2, 1)).await, Conflict::Stale);

    let state = db.facts(FactsQuery::default()).await.connection(&connection("google")).unwrap().clone();
    assert_eq!((state.version, state.epoch, state.namespace), (2, 2, Namespace::new("https://g.example", None, 2)));
    assert_eq!((state.client_id.as_str(), state.subject_claim.as_str(), state.enabled), ("client-2", "oid", true));
    assert_eq!(state.changed_at, AT + Micros(2));
    let after = db.user(ada).await.links.remove(0);
    assert_eq!(after, model::LinkFacts { identity: in_epoch("1", 2), ..before }, "nothing else about it changes");
    let holder = async |identity| db.identity(&identity).await.identity.and_then(|known| known.link);
    assert_eq!(holder(in_epoch("1", 2)).await, Some((link_id(1), ada, LinkState::Active)));
    assert_eq!(holder(google("1")).await, None, "the identity it left is free");
    assert_eq!(holder(google("2")).await, Some((link_id(2), bob, LinkState::Held)));
    assert_eq!(holder(google("3")).await, Some((link_id(3), carl, LinkState::Active)));
    assert_eq!(holder(google("4")).await, Some((link_id(4), dora, LinkState::Active)));
    assert_eq!(holder(in_epoch("4", 2)).await, Some((link_id(5), carl, LinkState::Active)));
    assert_eq!(db.user(dora).await.links[0].identity, google("4"), "its place is taken: it stays, inert");

    // Back again, with what was linked since.
    db.done([add_link(6, bob, "google", in_epoch("6", 2))]).await;
    db.done(moved_to(1, 2)).await;
    assert_eq!(db.user(ada).await.links[0].identity, google("1"));
    assert_eq!(holder(google("1")).await, Some((link_id(1), ada, LinkState::Active)));
    assert_eq!(holder(google("6")).await, Some((link_id(6), bob, LinkState::Active)));
    assert_eq!(holder(google("4")).await, Some((link_id(4), dora, LinkState::Active)));
    assert_eq!(holder(in_epoch("4", 2)).await, Some((link_id(5), carl, LinkState::Active)));
}

async fn t100_what_was_unlinked_meanwhile_stays_behind(db: Database) {
    let ada = user(1);
    db.done([declare("google", "https://g.example"), create(ada), add_link(1, ada, "google", google("1"))]).await;
    db.done(moved_to(2, 1)).await;
    db.done([remove_link(1, ada, in_epoch("1", 2))]).await;
    db.done(moved_to(1, 2)).await;
    let link = db.user(ada).await.links.remove(0);
    assert_eq!((link.state, link.identity), (LinkState::Removed, in_epoch("1", 2)));
    for identity in [google("1"), in_epoch("1", 2)] {
        assert_eq!(db.identity(&identity).await.identity.unwrap().link, None);
    }
}

/// T72: a fingerprint that came back to an old value would let a plan pass that was decided on an old cohort.
async fn fingerprints_grow_when_links_move(db: Database) {
    let (ada, bob) = (user(1), user(2));
    db.done([declare("google", "https://g.example"), create(ada), create(bob)]).await;
    db.done([add_link(1, ada, "google", google("1"))]).await;
    db.done((1..9).map(|version| raise(ada, version)).collect::<Vec<_>>()).await;
    let fingerprint = async || db.store.cohort(&connection("google"), Page::default()).await.unwrap().fingerprint;
    let mut seen = vec![fingerprint().await];
    let moves = [
        vec![move_link(1, google("1"), ada, bob)],
        vec![raise(ada, 9), raise(bob, 1), move_link(1, google("1"), bob, ada)],
        vec![move_link(1, google("1"), ada, bob)],
        vec![raise(bob, 2), remove_link(1, bob, google("1"))],
    ];
    for changes in moves {
        db.done(changes).await;
        seen.push(fingerprint().await);
    }
    assert!(seen.is_sorted_by(|a, b| a < b), "{seen:?}");
    let expect = |fingerprint| Change::ExpectCohort { connection: connection("google"), fingerprint };
    db.done([expect(seen[4])]).await;
    assert_eq!(db.conflict([expect(seen[3])]).await, Conflict::Stale);
}

async fn erasing_takes_memberships_names_and_grants(db: Database) {
    let (ada, bob) = (user(1), user(2));
    db.done([create(ada)]).await;
    db.execute("INSERT INTO user_names (name, user_id) SELECT 'ada', u.id FROM users u").await;
    db.done([
        create(bob),
        Change::AddMember { organisation: acme(), user: ada, at: AT },
        Change::AddMember { organisation: acme(), user: bob, at: AT },
        grant(1, ada, undo_of_link(1)),
        grant(2, bob, undo_of_link(2)),
    ])
    .await;
    db.done([Change::EraseUser { user: ada, at: AT }]).await;
    let facts = db.user(ada).await;
    assert_eq!((facts.status, facts.organisations.len()), (UserStatus::Deleted, 0));
    assert_eq!(db.count("user_names").await, 0);
    assert_eq!((db.count("memberships").await, db.count("undo_grants").await), (1, 1), "another's stay");
    assert!(db.user(bob).await.is_member(&acme()));
}
