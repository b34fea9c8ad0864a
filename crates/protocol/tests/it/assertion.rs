//! What becomes of checked claims.

use crate::support::*;
use model::{AssertedLevels, Level, MailClaim, Namespace};
use proptest::prelude::*;
use protocol::oidc::{Algorithm, ClientSettings, Document, OidcError, assertion, merge_userinfo};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

fn connection() -> ClientSettings {
    settings(Algorithm::EdDSA)
}

fn mail(settings: &ClientSettings, changes: Value) -> Option<MailClaim> {
    asserted(settings, &changed(changes)).unwrap().mail().cloned()
}

fn merged(id_claims: Value, userinfo: Value) -> Result<model::Assertion, OidcError> {
    let claims = merge_userinfo(verify(&changed(id_claims))?, userinfo.to_string().as_bytes())?;
    assertion(&connection(), &claims, NOW)
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop_oneof!["true", "TRUE", "True", "1", "yes", " true", "false", "\\PC{0,8}"].prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,4}|true", inner, 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

proptest! {
    #[test]
    fn t02_only_the_boolean_true_verifies(flag in any_json()) {
        let mut claims = changed(json!({"email": "ada@example.org"}));
        claims["email_verified"] = flag.clone();
        let verified = |settings: &ClientSettings| asserted(settings, &claims).unwrap().mail().unwrap().verified;
        prop_assert_eq!(verified(&connection()), flag == Value::Bool(true));
        let documented = ClientSettings { accept_string_verified: true, ..connection() };
        prop_assert_eq!(verified(&documented), flag == Value::Bool(true) || flag == "true");
    }

    #[test]
    fn t14_distinct_subjects_are_distinct_identities(a in "[ -~]{1,9}", b in "[ -~]{1,9}") {
        let identity = |sub: &str| asserted(&connection(), &changed(json!({"sub": sub}))).unwrap().identity().clone();
        prop_assert_eq!(identity(&a) == identity(&b), a == b);
    }
}

#[test]
fn t02_absent_flag_is_unverified() {
    assert!(!mail(&connection(), json!({"email": "ada@example.org"})).unwrap().verified);
    assert!(mail(&connection(), json!({"email": "ada@example.org", "email_verified": true})).unwrap().verified);
    for flag in [json!("true"), json!(1), json!([true]), json!({"true": true}), json!("1")] {
        let claim = mail(&connection(), json!({"email": "ada@example.org", "email_verified": flag}));
        assert!(!claim.unwrap().verified, "{flag}");
        let owner = mail(&connection(), json!({"email": "ada@example.org", "xms_edov": flag}));
        assert!(!owner.unwrap().domain_owner_verified, "{flag}");
    }
}

#[test]
fn t03_no_other_claim_proves_an_address() {
    // A user name, a UPN or a secondary address is no verified mail, whatever stands beside it.
    let changes = json!({
        "email_verified": true, "preferred_username": "ada@example.org", "upn": "ada@example.org",
        "unique_name": "ada@example.org", "emails": ["ada@example.org"], "verified": true,
    });
    assert_eq!(mail(&connection(), changes), None);
    let changes = json!({"email": "ada@example.org", "verified": true, "verified_email": true, "hd": "example.org"});
    let claim = mail(&connection(), changes).unwrap();
    assert!(!claim.verified);
    // A flag in one document does not vouch for the address in the other.
    let split = merged(json!({"email_verified": true}), json!({"sub": "subject-1", "email": "eve@example.org"}));
    assert!(!split.unwrap().mail().unwrap().verified);
    let split = merged(json!({"email": "ada@example.org"}), json!({"sub": "subject-1", "email_verified": true}));
    assert!(!split.unwrap().mail().unwrap().verified);
    let signed = json!({"email": "ada@example.org", "email_verified": false});
    let both = merged(signed, json!({"sub": "subject-1", "email": "ada@example.org", "email_verified": true}));
    assert!(!both.unwrap().mail().unwrap().verified, "the signed document counts where it says both");
    let userinfo = json!({"sub": "subject-1", "email": "ada@example.org", "email_verified": true});
    assert!(merged(json!({}), userinfo).unwrap().mail().unwrap().verified);
}

#[test]
fn t04_renaming_changes_nothing_about_who_it_is() {
    let before = asserted(&connection(), &changed(json!({"name": "Ada", "preferred_username": "ada"}))).unwrap();
    let renamed = json!({
        "name": "Victim", "preferred_username": "victim", "nickname": "victim", "upn": "victim", "oid": "victim",
        "email": "victim@example.org", "email_verified": true, "login": "victim", "unique_name": "victim",
    });
    let after = asserted(&connection(), &changed(renamed)).unwrap();
    assert_eq!(before.identity(), after.identity());
    assert_eq!(before.identity().subject.as_str(), "subject-1");
    assert_eq!(before.identity().namespace, Namespace::new(ISSUER, None, 1));
}

#[test]
fn t07_subject_comes_from_the_validated_token_only() {
    let other = ClientSettings { subject_claim: "oid".into(), ..connection() };
    let with_oid = changed(json!({"oid": "object-1"}));
    assert_eq!(asserted(&other, &with_oid).unwrap().identity().subject.as_str(), "object-1");
    // Missing, or of another type: refused, never replaced by `sub` or by UserInfo.
    for oid in [json!(null), json!(7), json!(""), json!(["object-1"])] {
        assert_eq!(asserted(&other, &changed(json!({ "oid": oid }))).unwrap_err(), OidcError::BadSubject, "{oid}");
    }
    let verified = || verify_with(&other, &attempt(), &good_claims()).unwrap();
    let claims = merge_userinfo(verified(), br#"{"sub":"subject-1","oid":"victim"}"#).unwrap();
    assert_eq!(assertion(&other, &claims, NOW).unwrap_err(), OidcError::BadSubject);
    let claims = verify_with(&other, &attempt(), &with_oid).unwrap();
    let claims = merge_userinfo(claims, br#"{"sub":"subject-1","oid":"victim"}"#).unwrap();
    assert_eq!(assertion(&other, &claims, NOW).unwrap().identity().subject.as_str(), "object-1");
    // Two people give two subjects.
    let second = asserted(&connection(), &changed(json!({"sub": "subject-2"}))).unwrap();
    assert_ne!(second.identity(), asserted(&connection(), &good_claims()).unwrap().identity());
}

#[test]
fn t90_a_provider_s_word_is_worth_what_the_operator_says() {
    let level = |settings: &ClientSettings, said: Value| asserted(settings, &changed(said)).unwrap().parts().level;
    let map = |pairs: &[(&str, Level)]| pairs.iter().map(|(word, level)| ((*word).to_owned(), *level)).collect();
    let boasting = json!({ "acr": "urn:x:aal3", "amr": ["mfa", "hwk"] });
    assert_eq!(level(&connection(), boasting.clone()), Level::One, "by default the weakest");
    let levels = AssertedLevels { acr: map(&[("urn:x:aal2", Level::Two)]), amr: map(&[("mfa", Level::Two)]) };
    let mapped = ClientSettings { levels, ..connection() };
    assert_eq!(level(&mapped, boasting), Level::Two, "of several words the best that is known");
    assert_eq!(level(&mapped, json!({ "acr": "urn:x:aal2" })), Level::Two);
    for said in [
        json!({}),
        json!({ "acr": "urn:x:aal3" }),
        json!({ "acr": "URN:X:AAL2" }),
        json!({ "acr": ["urn:x:aal2"] }),
        json!({ "acr": "mfa", "amr": ["urn:x:aal2"] }),
        json!({ "amr": "mfa" }),
        json!({ "amr": { "mfa": true } }),
        json!({ "amr": [["mfa"], 7, null] }),
    ] {
        assert_eq!(level(&mapped, said.clone()), Level::One, "{said}");
    }
    let strict = ClientSettings { level: Level::Two, ..mapped };
    assert_eq!(level(&strict, json!({})), Level::Two, "never less than the operator says of everybody");
    // UserInfo says nothing about how somebody authenticated.
    let levels = AssertedLevels { acr: BTreeMap::new(), amr: map(&[("mfa", Level::Two)]) };
    let claims = merge_userinfo(verify(&good_claims()).unwrap(), br#"{"sub":"subject-1","amr":["mfa"]}"#).unwrap();
    let settings = ClientSettings { levels, ..connection() };
    assert_eq!(assertion(&settings, &claims, NOW).unwrap().parts().level, Level::One);
}

#[test]
fn t60_userinfo_of_somebody_else_is_discarded() {
    for userinfo in [
        json!({"sub": "subject-2", "email": "eve@example.org", "email_verified": true}),
        json!({"sub": "SUBJECT-1"}),
        json!({"sub": "subject-1 "}),
        json!({"sub": ["subject-1"]}),
        json!({"email": "eve@example.org"}),
    ] {
        assert_eq!(merged(json!({}), userinfo.clone()).unwrap_err(), OidcError::UserInfoMismatch, "{userinfo}");
    }
    for text in [&b"<html>"[..], b"", b"[]", br#"{"sub":"subject-2","sub":"subject-1"}"#] {
        let result = merge_userinfo(verify(&good_claims()).unwrap(), text);
        assert_eq!(result.unwrap_err(), OidcError::Malformed(Document::UserInfo));
    }
}

#[test]
fn pairwise_subjects_live_in_the_clients_own_namespace() {
    let pairwise = ClientSettings { pairwise: true, ..connection() };
    let identity = asserted(&pairwise, &good_claims()).unwrap().identity().clone();
    assert_eq!(identity.namespace, Namespace::new(ISSUER, Some(CLIENT), 1));
    assert_ne!(identity.namespace, asserted(&connection(), &good_claims()).unwrap().identity().namespace);
}

#[test]
fn addresses_and_names_are_bounded_and_readable() {
    let display = |changes: Value| asserted(&connection(), &changed(changes)).unwrap().parts().display.clone();
    assert_eq!(mail(&connection(), json!({"email": ["ada@example.org"]})), None);
    let odd = asserted(&connection(), &changed(json!({"email": "Ada <ada@\u{202e}example.org>"}))).unwrap();
    assert_eq!(odd.mail(), None);
    assert_eq!(odd.parts().display.raw_address.as_deref(), Some("Ada <ada@example.org>"));
    let claim = mail(&connection(), json!({"email": "ADA@Example.org", "hd": "Example.ORG"})).unwrap();
    assert_eq!((claim.address.as_str(), claim.hosted_domain.as_deref()), ("ada@example.org", Some("example.org")));
    assert_eq!(mail(&connection(), json!({"email": "a@b.example", "hd": "a@b"})).unwrap().hosted_domain, None);

    let name = |text: &str| display(json!({"name": text, "preferred_username": text})).name;
    assert_eq!(name(" Ada\u{202e}\r\n\u{0}Love\u{200b}lace\t ").as_deref(), Some("Ada Lovelace"));
    assert_eq!(name("\u{202e}\u{200f}\u{7}"), None);
    assert_eq!(name(&"é".repeat(500)).unwrap().chars().count(), 200);
    assert_eq!(display(json!({"name": 7})).name, None);
    let userinfo = json!({"sub": "subject-1", "name": "From UserInfo", "preferred_username": "ada"});
    let parts = merged(json!({"name": "Signed"}), userinfo).unwrap().parts().display.clone();
    assert_eq!((parts.name.as_deref(), parts.user_name.as_deref()), (Some("Signed"), Some("ada")));
}
