use super::*;
use flows::{Destination, Fault, Field, Material, PendingSignUp, SealedProof};
use model::{
    Address, Assertion, AssertionParts, ConnectionPolicy, DisplayClaims, ExternalIdentity, FlowId, Level, LocalMethods,
    MailClaim, Method, Namespace, Secret, SessionId, UpstreamSubject, UserId,
};

fn connection(id: &str) -> ConnectionId {
    ConnectionId::parse(id).unwrap()
}

fn address(text: &str) -> Address {
    text.parse().unwrap()
}

fn policy() -> Policy {
    let link_only = ConnectionPolicy { purpose: model::Purpose::LinkOnly, ..ConnectionPolicy::default() };
    Policy {
        version: "p1".to_owned(),
        local: LocalMethods { password: true, email_code: true, passkey: true, totp: true },
        host: "id.example".to_owned(),
        sign_up: SignUp::Open,
        selection: model::SelectionPolicy::default(),
        required_level: Level::One,
        connections: [(connection("acme"), ConnectionPolicy::default()), (connection("chat"), link_only)].into(),
        organisations: std::collections::BTreeMap::new(),
    }
}

fn flow(goal: Goal, step: Step) -> Flow {
    Flow {
        id: FlowId::from_bytes([7; 16]),
        started_at: Micros(0),
        expires_at: Micros(60_000_000),
        goal,
        step,
        material: Material::default(),
        routing: flows::Routing::default(),
        error: None,
    }
}

fn sign_in() -> Goal {
    Goal::SignIn { to: Destination::Path("/account".to_owned()) }
}

fn look(flow: &Flow) -> FlowView {
    let policy = policy();
    let providers =
        ["acme", "chat"].map(|id| ProviderInfo { id: connection(id), name: id.to_uppercase(), mark: "key".to_owned() });
    let frame = Frame {
        policy: &policy,
        local: policy.local,
        codes: true,
        asks_address: true,
        providers: &providers,
        errors_url: "/errors",
        now: Micros(0),
        application: None,
    };
    frame.view(flow)
}

fn methods() -> Vec<ProofMethod> {
    vec![
        ProofMethod::Password,
        ProofMethod::EmailCode { address: address("ada@example.org") },
        ProofMethod::Connection { connection: connection("acme") },
    ]
}

fn factors() -> Vec<SecondFactor> {
    vec![SecondFactor::Totp, SecondFactor::RecoveryCode, SecondFactor::Passkey]
}

fn steps() -> Vec<Step> {
    let user = UserId::from_bytes([9; 16]);
    let back = || Box::new(Step::Identify);
    vec![
        Step::Identify,
        Step::Password { address: address("ada@example.org") },
        Step::MailCode { address: address("ada@example.org"), proves: Proves::Mailbox, back: back() },
        Step::AskProof { user, account: "a•••@example.org".to_owned(), methods: methods(), may_separate: true },
        Step::SecondFactor { user, methods: factors(), back: back() },
        Step::OtherAccount { may_separate: true },
        Step::AddressTaken { may_separate: true, may_continue: false },
        Step::AskCreate,
        Step::AskSwitch { current: "Ada".to_owned(), other: None },
        Step::ConfirmLink,
        Step::SignInWith { connections: vec![connection("acme")] },
        Step::ProviderAgain { connection: connection("acme") },
        Step::StepUp { methods: methods() },
        Step::Continue { name: "Ada".to_owned() },
        Step::RecoverProof { user, methods: methods() },
    ]
}

#[test]
fn states_are_named_as_in_flows_and_documented() {
    let document = serde_json::to_value(crate::openapi()).unwrap();
    let described = document.pointer("/components/schemas/FlowState/description").unwrap().as_str().unwrap();
    for step in steps() {
        let state = serde_json::to_value(FlowState::from(&step)).unwrap();
        assert_eq!(state, step.name());
        assert!(described.contains(&format!("- `{}`:", step.name())), "{}", step.name());
    }
    let listed = document.pointer("/components/schemas/FlowState/enum").unwrap().as_array().unwrap();
    // All but `away`, whose attempt only a provider's connection can make.
    assert_eq!(listed.len(), steps().len() + 1);
    assert!(described.contains("- `away`:"));
}

#[test]
fn actions_are_those_of_the_state() {
    use ActionName as A;
    let actions = |goal: Goal, step: Step| look(&flow(goal, step)).actions;
    let sign_up = Goal::SignUp { to: Destination::Path("/account".to_owned()) };
    assert_eq!(actions(sign_in(), Step::Identify), [A::Provider, A::Email, A::Passkey, A::Cancel]);
    assert_eq!(actions(sign_up, Step::Identify), [A::Provider, A::SignUp, A::Cancel]);
    for step in steps() {
        let name = step.name();
        let actions = actions(sign_in(), step);
        assert_eq!(actions.last(), Some(&A::Cancel), "{name}");
        let separates = ["ask_proof", "other_account", "address_taken", "ask_create"];
        assert_eq!(actions.contains(&A::Separate), separates.contains(&name));
        assert_eq!(actions.contains(&A::Continue), name == "continue");
        assert_eq!(actions.contains(&A::Confirm), name == "confirm_link");
    }
    let second =
        Step::SecondFactor { user: UserId::from_bytes([9; 16]), methods: factors(), back: Box::new(Step::Identify) };
    assert_eq!(actions(sign_in(), second), [A::Totp, A::RecoveryCode, A::Passkey, A::Cancel]);
    let owner =
        Step::MailCode { address: address("ada@example.org"), proves: Proves::Owner, back: Box::new(Step::Identify) };
    assert_eq!(actions(sign_in(), owner), [A::Code, A::Resend, A::Cancel]);
}

#[test]
fn a_link_offers_its_own_connection_and_a_sign_in_those_that_sign_in() {
    let link = Goal::Link {
        user: UserId::from_bytes([9; 16]),
        session: SessionId::from_bytes([8; 16]),
        user_version: 3,
        connection: connection("chat"),
    };
    let ids = |goal: Goal| -> Vec<String> {
        look(&flow(goal, Step::Identify)).providers.into_iter().map(|provider| provider.id).collect()
    };
    assert_eq!(ids(link), ["chat"]);
    assert_eq!(ids(sign_in()), ["acme"]);
}

#[test]
fn t113_a_view_holds_no_secret_and_no_internal_id() {
    let user = UserId::from_bytes([9; 16]);
    for step in steps() {
        let mut flow = flow(sign_in(), step);
        flow.material.named = Some(user);
        flow.material.sign_up = Some(PendingSignUp::new(
            "Ada".to_owned(),
            address("hidden@example.org"),
            Secret::new("$argon2id$canary".to_owned()),
        ));
        flow.material.proof =
            Some(SealedProof { user, user_version: 1, method: Method::Password, level: Level::One, at: Micros(0) });
        let text = serde_json::to_string(&look(&flow)).unwrap();
        for hidden in ["canary", "argon2", &user.to_string(), "hidden@"] {
            assert!(!text.contains(hidden), "{hidden} in {text}");
        }
    }
    // The owner's address is masked where the person did not name it.
    let step = Step::MailCode {
        address: address("ada@example.org"),
        proves: Proves::User(user),
        back: Box::new(Step::Identify),
    };
    assert_eq!(look(&flow(sign_in(), step)).address.as_deref(), Some("a•••@example.org"));
}

#[test]
fn a_conflict_as_an_app_sees_it() {
    let user = UserId::from_bytes([9; 16]);
    let step =
        Step::AskProof { user, account: "a•••@example.org".to_owned(), methods: methods(), may_separate: true };
    let mut flow = flow(sign_in(), step);
    flow.material.external = Some(Assertion::from_verified(AssertionParts {
        connection: connection("acme"),
        epoch: 1,
        identity: ExternalIdentity {
            namespace: Namespace::new("https://acme.example", None, 1),
            subject: UpstreamSubject::parse("subject-0042-abcdef").unwrap(),
        },
        mail: Some(MailClaim {
            address: address("ada@example.org"),
            verified: true,
            hosted_domain: None,
            domain_owner_verified: false,
        }),
        display: DisplayClaims { name: Some("Ada".to_owned()), ..DisplayClaims::default() },
        authenticated_at: None,
        verified_at: Micros(0),
        level: Level::One,
    }));
    // The provider's own "verified" does not confirm an address here; a code does.
    assert!(!look(&flow).external.unwrap().address_confirmed);
    flow.material.mailbox = Some((address("ada@example.org"), Micros(0)));
    let mut fault = Fault::input(Field::Code, "wrong_code");
    fault.number = Some(2);
    flow.error = Some(fault);
    insta::assert_json_snapshot!(look(&flow), @r##"
    {
      "id": "07070707-0707-0707-0707-070707070707",
      "kind": "sign_in",
      "state": "ask_proof",
      "expires_at": "1970-01-01T00:01:00Z",
      "actions": [
        "password",
        "send_code",
        "provider",
        "separate",
        "cancel"
      ],
      "error": {
        "type": "/errors#wrong_code",
        "title": "The code is not the one that was sent last.",
        "status": 422,
        "code": "wrong_code",
        "field": "code",
        "attempts_left": 2
      },
      "account": "a•••@example.org",
      "methods": [
        {
          "kind": "password"
        },
        {
          "kind": "email_code",
          "address": "a•••@example.org"
        },
        {
          "kind": "connection",
          "provider": {
            "id": "acme",
            "name": "ACME",
            "mark": "key"
          }
        }
      ],
      "external": {
        "provider": {
          "id": "acme",
          "name": "ACME",
          "mark": "key"
        },
        "name": "Ada",
        "address": "ada@example.org",
        "id_tail": "abcdef",
        "address_confirmed": true
      },
      "may_separate": true
    }
    "##);
}
