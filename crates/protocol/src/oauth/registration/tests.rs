use super::*;

fn web() -> Metadata {
    Metadata { redirect_uris: vec!["https://app.example/cb".to_owned()], ..Metadata::default() }
}

fn codes(metadata: &Metadata, secrets: usize, registrant: Registrant) -> Vec<(String, &'static str)> {
    let checked = metadata.client("shop", vec![[1; 32]; secrets], registrant);
    let faults = checked.err().unwrap_or_default();
    faults
        .iter()
        .map(|fault| {
            assert!(!fault.cure.is_empty());
            let index = fault.index.map(|index| format!("[{index}]")).unwrap_or_default();
            (format!("{}{index}", fault.field), fault.code)
        })
        .collect()
}

fn words(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn what_is_not_said_is_as_the_standards_have_it() {
    let known = web().client("shop", vec![[1; 32]], Registrant::Itself { client_credentials: false }).unwrap();
    assert_eq!(known.authentication, Authentication::Secret);
    assert_eq!(known.grants, [GrantType::AuthorizationCode]);
    assert_eq!(known.id_token_algorithm, SigningAlgorithm::Rs256);
    assert_eq!(known.access_tokens, AccessTokenFormat::Opaque);
    assert!(known.require_pkce && !known.first_party && !known.introspects && known.sector.is_none());
    assert_eq!(known.name, "shop");
    let pairwise = Metadata { subject_type: Some("pairwise".to_owned()), ..web() };
    let known = pairwise.client("shop", Vec::new(), Registrant::Operator).unwrap();
    assert_eq!((known.sector.as_deref(), known.authentication), (Some("app.example"), Authentication::None));
}

#[test]
fn every_fault_has_its_field_and_its_code() {
    type Change = fn(&mut Metadata);
    let table: Vec<(Change, usize, &str, &str)> = vec![
        (|m| m.redirect_uris.clear(), 1, "redirect_uris", "redirect_uri_missing"),
        (|m| m.redirect_uris = words(&["https://a.example/"; 51]), 1, "redirect_uris", "too_many"),
        (|m| m.post_logout_redirect_uris = words(&["/bye"]), 1, "post_logout_redirect_uris[0]", "redirect_uri_form"),
        (|m| m.client_name = Some(" ".to_owned()), 1, "client_name", "client_name_empty"),
        (|m| m.client_name = Some("a\u{202e}b".to_owned()), 1, "client_name", "client_name_not_plain"),
        (|m| m.client_name = Some("a".repeat(61)), 1, "client_name", "client_name_not_plain"),
        (|m| m.application_type = Some("tv".to_owned()), 1, "application_type", "application_type_unknown"),
        (|m| m.grant_types = Some(words(&["implicit"])), 1, "grant_types", "grant_type_unknown"),
        (|m| m.grant_types = Some(Vec::new()), 1, "grant_types", "grant_type_unknown"),
        (|m| m.response_types = Some(words(&["code", "token"])), 1, "response_types", "response_type_unknown"),
        (
            |m| {
                m.grant_types = Some(words(&["client_credentials"]));
                m.response_types = Some(words(&["code"]));
            },
            1,
            "response_types",
            "response_type_without_grant",
        ),
        (|m| m.scope = Some(words(&["openid", "a\"b"])), 1, "scope[1]", "scope_form"),
        (|m| m.scope = Some(vec!["x".repeat(101)]), 1, "scope[0]", "scope_form"),
        (
            |m| m.token_endpoint_auth_method = Some("client_secret_jwt".to_owned()),
            1,
            "token_endpoint_auth_method",
            "auth_method_unknown",
        ),
        (
            |m| m.token_endpoint_auth_method = Some("none".to_owned()),
            1,
            "token_endpoint_auth_method",
            "auth_method_with_secret",
        ),
        (
            |m| m.token_endpoint_auth_method = Some("client_secret_post".to_owned()),
            0,
            "token_endpoint_auth_method",
            "auth_method_needs_secret",
        ),
        (
            |m| m.grant_types = Some(words(&["authorization_code", "client_credentials"])),
            0,
            "grant_types",
            "public_client_credentials",
        ),
        (|m| m.require_pkce = Some(false), 0, "require_pkce", "public_without_pkce"),
        (|m| m.introspection = true, 0, "introspection", "public_introspection"),
        (|m| m.subject_type = Some("odd".to_owned()), 1, "subject_type", "subject_type_unknown"),
        (
            |m| {
                m.subject_type = Some("pairwise".to_owned());
                m.redirect_uris.push("https://other.example/cb".to_owned());
            },
            1,
            "subject_type",
            "sector_not_one_host",
        ),
        (
            |m| m.id_token_signed_response_alg = Some("none".to_owned()),
            1,
            "id_token_signed_response_alg",
            "algorithm_unknown",
        ),
        (|m| m.access_token_format = Some("xml".to_owned()), 1, "access_token_format", "access_token_format_unknown"),
        (
            |m| m.backchannel_logout_uri = Some("https://app.example/out#x".to_owned()),
            1,
            "backchannel_logout_uri",
            "redirect_uri_fragment",
        ),
        (
            |m| m.backchannel_logout_uri = Some("http://app.example/out".to_owned()),
            1,
            "backchannel_logout_uri",
            "redirect_uri_not_https",
        ),
        (|m| m.backchannel_logout_session_required = true, 1, "backchannel_logout_uri", "logout_uri_missing"),
        (
            |m| {
                m.redirect_uris = words(&["https://a;sandbox/cb"]);
                m.frontchannel_logout_uri = Some("https://a;sandbox/out".to_owned());
            },
            1,
            "frontchannel_logout_uri",
            "logout_uri_host",
        ),
        (|m| m.frontchannel_logout_session_required = true, 1, "frontchannel_logout_uri", "logout_uri_missing"),
        (|m| m.frontchannel_logout_uri = Some("/out".to_owned()), 1, "frontchannel_logout_uri", "redirect_uri_form"),
        (
            |m| m.frontchannel_logout_uri = Some("https://app.example:8443/out".to_owned()),
            1,
            "frontchannel_logout_uri",
            "logout_uri_elsewhere",
        ),
    ];
    for (change, secrets, field, code) in table {
        let mut metadata = web();
        change(&mut metadata);
        assert_eq!(codes(&metadata, secrets, Registrant::Operator), [(field.to_owned(), code)]);
    }
    let many = Metadata { client_name: Some(String::new()), scope: Some(words(&[""])), ..Metadata::default() };
    assert_eq!(codes(&many, 1, Registrant::Operator).len(), 3, "all faults at once");
}

#[test]
fn t110_logout_tokens_go_where_the_client_is() {
    let told = |uri: &str| Metadata { backchannel_logout_uri: Some(uri.to_owned()), ..web() };
    let itself = Registrant::Itself { client_credentials: false };
    assert_eq!(codes(&told("https://app.example/out?a=1"), 1, itself), []);
    for elsewhere in ["https://other.example/out", "https://app.example:444/out", "https://10.0.0.1/out"] {
        let refused = [("backchannel_logout_uri".to_owned(), "logout_uri_elsewhere")];
        assert_eq!(codes(&told(elsewhere), 1, itself), refused, "{elsewhere}");
        assert_eq!(codes(&told(elsewhere), 1, Registrant::Operator), [], "{elsewhere}");
    }
    let both = Metadata { frontchannel_logout_uri: Some("https://app.example/gone".to_owned()), ..web() };
    assert!(both.client("shop", vec![[1; 32]], itself).is_ok_and(|client| client.hears_of_logout()));
}

#[test]
fn a_client_that_registers_itself_gets_no_privilege() {
    let asked = Metadata {
        first_party: true,
        introspection: true,
        require_pkce: Some(false),
        grant_types: Some(words(&["authorization_code", "client_credentials"])),
        scope: Some(words(&["openid", "things:write"])),
        ..web()
    };
    assert_eq!(codes(&asked, 1, Registrant::Operator), []);
    let refused = codes(&asked, 1, Registrant::Itself { client_credentials: false });
    let fields: Vec<&str> = refused.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, ["scope[1]", "first_party", "introspection", "require_pkce", "grant_types"]);
    let allowed = codes(&asked, 1, Registrant::Itself { client_credentials: true });
    assert!(!allowed.iter().any(|(field, _)| field == "grant_types"));
}

#[test]
fn n18_n30_redirects_are_whole_addresses_that_run_nothing() {
    for good in [
        "https://app.example/cb",
        "https://app.example/cb?tenant=1",
        "http://127.0.0.1/cb",
        "http://[::1]:9/cb",
        "http://localhost:3000/cb",
    ] {
        assert_eq!(redirect_uri_fault(good, Schemes::Web), None, "{good}");
        assert_eq!(redirect_uri_fault(good, Schemes::Native), None, "{good}");
    }
    for private in ["org.example.app:/cb", "org.example.app://host/cb"] {
        assert_eq!(redirect_uri_fault(private, Schemes::Native), None, "{private}");
        assert!(redirect_uri_fault(private, Schemes::Web).is_some(), "{private}");
    }
    let long = format!("https://app.example/{}", "x".repeat(1_000));
    for bad in [
        "",
        "/cb",
        "https://*.app.example/cb",
        "https://app.example/*",
        "https://app.example/cb#",
        "https://app.example/cb#x",
        "https://me@app.example/cb",
        "https://App.example/cb",
        "https://app.example/a/../cb",
        "https://app.example/c b",
        "http://app.example/cb",
        "http://127.0.0.1.app.example/cb",
        "javascript:alert(1)",
        "javascript://app.example/%0aalert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "about:blank",
        "blob:https://app.example/1",
        "myapp:/cb",
        "myapp://cb",
        "org.example.app:cb",
        "urn:ietf:wg:oauth:2.0:oob",
        long.as_str(),
    ] {
        assert!(redirect_uri_fault(bad, Schemes::Web).is_some(), "{bad}");
        assert!(redirect_uri_fault(bad, Schemes::Native).is_some(), "{bad}");
    }
}

#[test]
fn t47_names_are_seen_as_they_are() {
    assert_eq!(plain_name("  Caf\u{e9}\n Notes\u{a0}\u{3042} "), "Café Notes あ");
    assert_eq!(plain_name("Ban\u{200b}k\u{202e}\u{0}\u{feff}\u{e0041}"), "Bank");
    assert_eq!(plain_name(&"é".repeat(100)).chars().count(), 60);
    assert_eq!(plain_name("\u{200f}\u{7f}"), "");
}

#[test]
fn n34_a_client_id_is_no_sub() {
    let code = |id: &str| web().client(id, Vec::new(), Registrant::Operator).err().map(|faults| faults[0].code);
    assert_eq!(code("shop-2"), None);
    assert_eq!(code("0123456789abcdef0123456789abcdef"), Some("client_id_like_sub"));
    for bad in ["", "Shop", "a b", "a/b", "0197b1c2-0000-7000-8000-000000000000"] {
        assert_eq!(code(bad), Some("client_id_form"), "{bad}");
    }
}
