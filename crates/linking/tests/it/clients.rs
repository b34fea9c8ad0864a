//! Clients come by an operator or with a token that counts, and whatever a client is given rests on how it was.

use crate::world::{NOW, Read as _, SUBJECT, VERA, World};
use linking::{
    ClientTerms, Context, Reason, decide_authorization, decide_client_change, decide_client_creation,
    decide_client_removal, decide_consent, decide_token_revocation,
};
use model::{
    Actor, AuthorizationId, Change, ClientFacts, ConsentFacts, EventKind, HOUR, Micros, Personal, Plan, RegisteredBy,
    RegistrationToken, RegistryFacts, StoredClient,
};

fn stored(registered_by: RegisteredBy) -> StoredClient {
    StoredClient {
        id: "shop".to_owned(),
        version: 4,
        metadata: "{}".to_owned(),
        secrets: vec![[1; 32]],
        registered_by,
        access_token: None,
        created_at: NOW,
        changed_at: NOW,
    }
}

fn token(uses_left: i64, expires_at: Micros) -> RegistrationToken {
    RegistrationToken {
        id: "token".to_owned(),
        hash: [1; 32],
        uses_left,
        client_credentials: false,
        created_by: "olga".to_owned(),
        created_at: NOW,
        expires_at,
    }
}

fn with_client() -> RegistryFacts {
    RegistryFacts { store_epoch: 7, client: Some(stored(RegisteredBy::Operator)), ..RegistryFacts::default() }
}

fn by<T>(actor: &Actor, decide: impl FnOnce(&Context<'_>) -> T) -> T {
    World::new().context(|context, _, _| decide(&Context { actor, ..*context }))
}

/// The log says which client, and nothing secret of it.
fn told(plan: &Plan, kind: EventKind, proofs: &[&str]) {
    let event = plan.event(kind).unwrap_or_else(|| panic!("no {kind:?}: {plan:?}"));
    assert_eq!(event.proofs, proofs, "{kind:?}");
    assert!(event.subject.is_none() && event.personal == Personal::Plain(std::collections::BTreeMap::new()));
}

#[test]
fn n34_a_client_registers_itself_with_a_token_that_counts() {
    let new = stored(RegisteredBy::Itself);
    for (token, good) in [
        (None, false),
        (Some(token(0, NOW + HOUR)), false),
        (Some(token(1, NOW)), false),
        (Some(token(1, NOW + Micros(1))), true),
    ] {
        let known = RegistryFacts { token, ..RegistryFacts::default() };
        let decision = by(&Actor::System, |context| decide_client_creation(context, &known, &new));
        assert_eq!(decision.outcome, good);
        if good {
            assert_eq!(decision.reason, Reason::ByClientItself);
            assert!(decision.plan.has(&Change::UseRegistrationToken { id: "token".to_owned(), at: NOW }));
            told(&decision.plan, EventKind::ClientRegistered, &["client:shop", "registration_token:token"]);
        } else {
            assert!(decision.plan.is_empty() && decision.reason == Reason::RegistrationTokenSpent);
        }
    }
    let operator = Actor::Operator { name: "olga".to_owned() };
    let new = stored(RegisteredBy::Operator);
    for (known, reason) in [
        (RegistryFacts::default(), Reason::ByOperator),
        (with_client(), Reason::ClientIdTaken),
        (RegistryFacts { was_removed: true, ..RegistryFacts::default() }, Reason::ClientIdTaken),
    ] {
        let decision = by(&operator, |context| decide_client_creation(context, &known, &new));
        assert_eq!((decision.reason, decision.plan.is_empty()), (reason, reason != Reason::ByOperator));
    }
}

#[test]
fn a_change_rests_on_the_client_as_it_was() {
    let operator = Actor::Operator { name: "olga".to_owned() };
    let known = with_client();
    let decision = by(&operator, |context| decide_client_change(context, &known, "{\"x\":1}", &[]));
    let change = Change::ChangeClient {
        client: "shop".to_owned(),
        version: 4,
        metadata: "{\"x\":1}".to_owned(),
        secrets: Vec::new(),
        at: NOW,
    };
    assert!(
        decision.outcome && decision.plan.has(&change) && decision.plan.has(&Change::ExpectStoreEpoch { epoch: 7 })
    );
    told(&decision.plan, EventKind::ClientChanged, &["client:shop"]);
    let same = by(&operator, |context| decide_client_change(context, &known, "{}", &[[1; 32]]));
    assert!(same.outcome && same.plan.is_empty() && same.reason == Reason::NothingToChange);
    let removal = by(&operator, |context| decide_client_removal(context, &known));
    assert!(removal.plan.has(&Change::RemoveClient { client: "shop".to_owned(), version: 4, at: NOW }));
    told(&removal.plan, EventKind::ClientRemoved, &["client:shop"]);
    let nobody = RegistryFacts::default();
    for (outcome, reason) in [
        by(&operator, |context| {
            let decision = decide_client_removal(context, &nobody);
            (decision.outcome, decision.reason)
        }),
        by(&operator, |context| {
            let decision = decide_client_change(context, &nobody, "{}", &[]);
            (decision.outcome, decision.reason)
        }),
    ] {
        assert_eq!((outcome, reason), (false, Reason::ClientUnknown));
    }
    assert!(!by(&operator, |context| decide_token_revocation(context, &nobody)).outcome);
}

#[test]
fn t68_what_a_stored_client_is_given_rests_on_its_version() {
    let world = World::new().signed_in(VERA);
    let scope = ["openid".to_owned()];
    let consent = Some(ConsentFacts { scope: scope.to_vec(), given_at: NOW });
    let known = ClientFacts { sub: Some(SUBJECT.to_owned()), consent, authorization: None };
    let guard = Change::ExpectClient { client: "shop".to_owned(), version: 4 };
    for version in [None, Some(4)] {
        let terms = ClientTerms {
            client: "shop",
            scope: &scope,
            sector: "public",
            new_sub: "new",
            first_party: false,
            version,
            lifetime: HOUR,
            rotates: true,
            hears_of_logout: false,
        };
        let id = AuthorizationId::from_bytes([9; 16]);
        let plans = world.context(|context, _, _| {
            let facts = world.facts();
            let given = decide_authorization(context, &facts, &known, &terms, id);
            let allowed = decide_consent(context, &facts, &known, &terms);
            assert!(given.outcome.is_some() && allowed.outcome);
            [given.plan, allowed.plan]
        });
        for plan in plans {
            assert_eq!(plan.has(&guard), version.is_some(), "{plan:?}");
        }
    }
}
