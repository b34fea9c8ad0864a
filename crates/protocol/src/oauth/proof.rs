//! What a request shows that only its sender can have made: a client assertion (RFC 7521 §4.2, RFC 7523 §3, OpenID
//! Connect Core §9) and a proof of possession of a key (RFC 9449 §4).
//!
//! Both are good once and for moments only. That a second use is refused is the store's: what has to be spent comes
//! back with what was verified.

use super::{ErrorCode, Refused};
use crate::oidc::{self, Algorithm, Jws, KeySet};
use aws_lc_rs::digest;
use model::{Expiring, FlowId, HOUR, MINUTE, Micros, SECOND};
use serde_json::{Map, Value};
use subtle::ConstantTimeEq as _;

/// RFC 7523 §2.2.
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What clients may sign with.
const ALGORITHMS: [Algorithm; 5] =
    [Algorithm::ES256, Algorithm::EdDSA, Algorithm::PS256, Algorithm::ES384, Algorithm::RS256];

/// The ones of FAPI 2.0 §5.4.1.
const ALGORITHMS_OF_FAPI: [Algorithm; 3] = [Algorithm::ES256, Algorithm::EdDSA, Algorithm::PS256];

/// Their names, as discovery says them.
pub fn proof_algorithms() -> [&'static str; 6] {
    ["ES256", "Ed25519", "EdDSA", "PS256", "ES384", "RS256"]
}

/// Clocks that go ahead of ours (FAPI 2.0 §5.3.2.1 asks for ten seconds at least and refuses more than sixty).
const AHEAD_MAX: Micros = SECOND.times(30);
/// An assertion that is to be good for longer is refused: its id is kept until then.
const ASSERTION_LIFE_MAX: Micros = HOUR;
/// How old a proof may be.
const PROOF_AGE_MAX: Micros = MINUTE;
const ID_MAX: usize = 256;

/// Who is asked, by whom, and when.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub issuer: &'a str,
    /// Method and address of the request, without a query.
    pub method: &'a str,
    pub uri: &'a str,
    pub now: Micros,
}

/// Sixteen bytes that name something which may be shown once.
fn once(kind: &[u8], whose: &str, id: &str, expires_at: Micros) -> Expiring {
    let mut hash = digest::Context::new(&digest::SHA256);
    for part in [kind, whose.as_bytes(), id.as_bytes()] {
        hash.update(&(part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finish().as_ref()[..16]);
    Expiring { flow: FlowId::from_bytes(bytes), expires_at }
}

fn word<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Value::as_str)
}

fn time(claims: &Map<String, Value>, name: &str) -> Option<Micros> {
    let number = claims.get(name)?;
    // RFC 7519 §2: seconds, which may have a fraction.
    #[allow(clippy::cast_possible_truncation)] // saturates, and is compared with now
    number.as_i64().or_else(|| number.as_f64().map(|seconds| seconds as i64)).map(Micros::from_seconds)
}

fn id_of(claims: &Map<String, Value>) -> Option<&str> {
    word(claims, "jti").filter(|id| !id.is_empty() && id.len() <= ID_MAX)
}

/// Whom an assertion claims to be from: to look up whose keys have to verify it.
pub(super) fn claimed_client(assertion: &str) -> Option<String> {
    word(&Jws::parse(assertion).ok()?.unverified()?, "sub").map(str::to_owned)
}

/// Checks an assertion of this client by its registered keys. `strict`: our issuer alone is the audience, as a text,
/// and only the algorithms of FAPI 2.0 count (§5.3.2.1, §5.4.1); otherwise the endpoint's address will do, and either in a list.
pub(super) fn verify_assertion(
    assertion: &str,
    client: &str,
    keys: &KeySet,
    asked: &Asked<'_>,
    strict: bool,
) -> Result<Expiring, Refused> {
    let no = |because| Refused::new(ErrorCode::InvalidClient, because);
    let jws = Jws::parse(assertion).map_err(|_| no("client_assertion is no signed JWT"))?;
    let algorithm =
        allowed(&jws, strict).ok_or(no("client_assertion is signed with an algorithm that does not count"))?;
    // Another kind of token is no assertion (T61).
    if word(&jws.header, "typ").is_some_and(|typ| !["JWT", "client-authentication+jwt"].contains(&typ)) {
        return Err(no("client_assertion is another kind of token"));
    }
    let claims =
        jws.verify_with(keys, algorithm).map_err(|_| no("client_assertion is not signed by a key of this client"))?;
    if word(&claims, "iss") != Some(client) || word(&claims, "sub") != Some(client) {
        return Err(no("iss and sub of client_assertion have to be the client_id"));
    }
    let is_ours = |audience: &Value| {
        let token = format!("{}/oauth2/token", asked.issuer);
        let text = audience.as_str();
        text == Some(asked.issuer) || !strict && (text == Some(asked.uri) || text == Some(&token))
    };
    let for_us = match claims.get("aud") {
        Some(Value::Array(several)) if !strict => several.iter().any(is_ours),
        Some(one) => is_ours(one),
        None => false,
    };
    if !for_us {
        return Err(no("aud of client_assertion has to be the issuer"));
    }
    let expires_at = time(&claims, "exp").ok_or(no("client_assertion has no exp"))?;
    if expires_at <= asked.now {
        return Err(no("client_assertion has expired"));
    }
    if expires_at > asked.now + ASSERTION_LIFE_MAX {
        return Err(no("client_assertion is to be good for more than an hour"));
    }
    if ["iat", "nbf"].iter().filter_map(|name| time(&claims, name)).any(|at| at > asked.now + AHEAD_MAX) {
        return Err(no("client_assertion is from the future"));
    }
    let id = id_of(&claims).ok_or(no("client_assertion has no jti"))?;
    // Other replicas may have other clocks.
    Ok(once(b"assertion", client, id, expires_at + AHEAD_MAX))
}

fn allowed(jws: &Jws<'_>, strict: bool) -> Option<Algorithm> {
    let algorithm = jws.algorithm().filter(|algorithm| ALGORITHMS.contains(algorithm))?;
    (!strict || ALGORITHMS_OF_FAPI.contains(&algorithm)).then_some(algorithm)
}

/// A sender's key, shown by a proof of its possession.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Possession {
    /// The thumbprint of the key (RFC 7638), by which tokens name it.
    pub key: String,
    pub once: Expiring,
    /// It is signed as FAPI 2.0 §5.4.1 wants it.
    pub is_strict: bool,
}

/// Checks the `DPoP` header of a request (RFC 9449 §4.3). `access_token`: the one it comes with, at a resource.
pub fn verify_possession(proof: &str, asked: &Asked<'_>, access_token: Option<&str>) -> Result<Possession, Refused> {
    let no = |because| Refused::new(ErrorCode::InvalidDpopProof, because);
    let jws = Jws::parse(proof).map_err(|_| no("the DPoP proof is no signed JWT"))?;
    if word(&jws.header, "typ") != Some("dpop+jwt") {
        return Err(no("typ of the DPoP proof has to be dpop+jwt"));
    }
    let algorithm = allowed(&jws, false).ok_or(no("the DPoP proof is signed with an algorithm that does not count"))?;
    let jwk = jws.header.get("jwk").and_then(Value::as_object).ok_or(no("the DPoP proof brings no key"))?;
    let (public, key) = oidc::brought(jwk, algorithm)
        .zip(oidc::thumbprint(jwk))
        .ok_or(no("the key of the DPoP proof is not a public one for its algorithm"))?;
    let claims = jws.verify(&public, algorithm).map_err(|_| no("the DPoP proof is not signed by the key it brings"))?;
    if word(&claims, "htm") != Some(asked.method) {
        return Err(no("htm of the DPoP proof is another method"));
    }
    if !word(&claims, "htu").is_some_and(|uri| is_address(uri, asked.uri)) {
        return Err(no("htu of the DPoP proof is another address"));
    }
    let at = time(&claims, "iat").ok_or(no("the DPoP proof has no iat"))?;
    if at + PROOF_AGE_MAX < asked.now || at > asked.now + AHEAD_MAX {
        return Err(no("the DPoP proof is not from now: look at the clock"));
    }
    if let Some(token) = access_token {
        let expected = super::s256(token);
        let same = word(&claims, "ath").is_some_and(|ath| ath.as_bytes().ct_eq(expected.as_bytes()).into());
        if !same {
            return Err(no("ath of the DPoP proof is not of this access token"));
        }
    }
    let id = id_of(&claims).ok_or(no("the DPoP proof has no jti"))?;
    let once = once(b"dpop", &key, id, at + PROOF_AGE_MAX + AHEAD_MAX);
    Ok(Possession { key, once, is_strict: ALGORITHMS_OF_FAPI.contains(&algorithm) })
}

/// The same address after both are normalised, without query and fragment (RFC 9449 §4.3).
fn is_address(given: &str, own: &str) -> bool {
    let bare = |text: &str| {
        let mut url = url::Url::parse(text).ok()?;
        url.set_query(None);
        url.set_fragment(None);
        Some(url)
    };
    matches!((bare(given), bare(own)), (Some(given), Some(own)) if given == own)
}

#[cfg(test)]
mod tests {
    use super::super::{SigningAlgorithm, SigningKey};
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    const ISSUER: &str = "https://id.example";
    const TOKEN: &str = "https://id.example/oauth2/token";

    fn key(algorithm: SigningAlgorithm) -> SigningKey {
        SigningKey::from_pkcs8(algorithm, SigningKey::generate(algorithm).unwrap().expose()).unwrap()
    }

    fn keys(of: &[&SigningKey]) -> KeySet {
        let set = json!({ "keys": of.iter().map(|key| key.jwk().clone()).collect::<Vec<_>>() });
        KeySet::parse(set.to_string().as_bytes()).unwrap()
    }

    fn asked() -> Asked<'static> {
        Asked { issuer: ISSUER, method: "POST", uri: TOKEN, now: Micros::from_seconds(1_000) }
    }

    fn changed(mut claims: Value, name: &str, value: Value) -> Map<String, Value> {
        let members = claims.as_object_mut().unwrap();
        members.remove(name);
        if !value.is_null() {
            members.insert(name.to_owned(), value);
        }
        members.clone()
    }

    #[test]
    fn t62_an_assertion_is_by_this_client_for_us_and_for_now() {
        let (own, other) = (key(SigningAlgorithm::Es256), key(SigningAlgorithm::Es256));
        let set = keys(&[&own]);
        let good = || json!({ "iss": "shop", "sub": "shop", "aud": ISSUER, "exp": 1_060, "iat": 999, "jti": "j1" });
        let verify = |text: &str, strict| verify_assertion(text, "shop", &set, &asked(), strict);
        let by = |key: &SigningKey, typ: &str, claims: &Map<String, Value>| key.jwt(typ, claims).unwrap();
        let whole = changed(good(), "", Value::Null);
        let first = verify(&by(&own, "JWT", &whole), true).unwrap();
        assert_eq!(first.expires_at, Micros::from_seconds(1_090), "it is kept for as long as it could come again");
        assert_eq!(
            verify(&by(&own, "client-authentication+jwt", &whole), true),
            Ok(first),
            "the same id, whatever else"
        );
        let second = changed(good(), "jti", "j2".into());
        assert_ne!(verify(&by(&own, "JWT", &second), true).unwrap().flow, first.flow);
        assert!(verify(&by(&other, "JWT", &whole), false).is_err(), "another key");
        assert!(verify(&by(&own, "dpop+jwt", &whole), false).is_err(), "t61: another kind of token");
        assert!(verify(&by(&own, "at+jwt", &whole), false).is_err(), "t61");
        for (name, value) in [
            ("iss", json!("else")),
            ("sub", json!("else")),
            ("aud", json!("https://else.example")),
            ("aud", json!(["https://else.example"])),
            ("aud", Value::Null),
            ("exp", Value::Null),
            ("exp", json!(1_000)),
            ("exp", json!(1_000 + 3_601)),
            ("exp", json!("1060")),
            ("iat", json!(1_031)),
            ("nbf", json!(1_031)),
            ("jti", Value::Null),
            ("jti", json!("")),
            ("jti", json!("j".repeat(257))),
        ] {
            let text = by(&own, "JWT", &changed(good(), name, value.clone()));
            assert_eq!(verify(&text, false).map_err(|no| no.code), Err(ErrorCode::InvalidClient), "{name} {value}");
        }
        for (audience, strict, fits) in [
            (json!(TOKEN), false, true),
            (json!([ISSUER, "https://else.example"]), false, true),
            (json!(TOKEN), true, false),
            (json!([ISSUER]), true, false),
            (json!(ISSUER), true, true),
        ] {
            let text = by(&own, "JWT", &changed(good(), "aud", audience.clone()));
            assert_eq!(verify(&text, strict).is_ok(), fits, "{audience} {strict}");
        }
        assert_eq!(claimed_client(&by(&own, "JWT", &whole)).as_deref(), Some("shop"));
        for bad in ["", "a.b", "a.b.c.d", "e30.e30."] {
            assert!(verify(bad, false).is_err(), "{bad}");
            assert_eq!(claimed_client(bad), None);
        }
    }

    #[test]
    fn rs256_is_not_for_the_strict() {
        let own = key(SigningAlgorithm::Rs256);
        let claims =
            changed(json!({ "iss": "shop", "sub": "shop", "aud": ISSUER, "exp": 1_060, "jti": "j1" }), "", Value::Null);
        let text = own.jwt("JWT", &claims).unwrap();
        let set = keys(&[&own]);
        assert!(verify_assertion(&text, "shop", &set, &asked(), false).is_ok());
        assert!(verify_assertion(&text, "shop", &set, &asked(), true).is_err());
    }

    /// FAPI 2.0 §5.4.1.
    #[test]
    fn the_strict_are_left_three_algorithms() {
        let left = ALGORITHMS.into_iter().filter(|algorithm| ALGORITHMS_OF_FAPI.contains(algorithm));
        assert_eq!(left.collect::<Vec<_>>(), [Algorithm::ES256, Algorithm::EdDSA, Algorithm::PS256]);
        assert_eq!(ALGORITHMS.len(), 5, "ES384 and RS256 are for the others");
    }

    /// A proof as RFC 9449 §4.2 has it. The header is built by hand: our own keys never bring themselves along.
    fn proof(key: &SigningKey, header: &Value, claims: &Map<String, Value>) -> String {
        let text = |value: &str| URL_SAFE_NO_PAD.encode(value);
        let message = format!("{}.{}", text(&header.to_string()), text(&Value::Object(claims.clone()).to_string()));
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(key.sign(message.as_bytes()).unwrap()))
    }

    #[test]
    fn a_proof_is_of_its_key_for_this_request_and_for_now() {
        for algorithm in SigningAlgorithm::ALL {
            let own = key(algorithm);
            let header = || json!({ "typ": "dpop+jwt", "alg": algorithm.name(), "jwk": own.jwk() });
            let good =
                || json!({ "jti": "p1", "htm": "POST", "htu": TOKEN, "iat": 1_000, "ath": super::super::s256("at") });
            let whole = changed(good(), "", Value::Null);
            let text = proof(&own, &header(), &whole);
            let shown = verify_possession(&text, &asked(), Some("at")).unwrap();
            assert_eq!(shown.key, own.kid, "the thumbprint, which is our key ids too");
            assert_eq!(shown.is_strict, algorithm != SigningAlgorithm::Rs256, "FAPI 2.0");
            assert_eq!(verify_possession(&text, &asked(), None).unwrap(), shown);
            assert!(verify_possession(&text, &asked(), Some("another")).is_err());
            for (name, value) in [
                ("htm", json!("GET")),
                ("htm", Value::Null),
                ("htu", json!("https://id.example/oauth2/userinfo")),
                ("htu", json!("https://else.example/oauth2/token")),
                ("htu", Value::Null),
                ("iat", json!(939)),
                ("iat", json!(1_031)),
                ("iat", Value::Null),
                ("jti", Value::Null),
                ("ath", Value::Null),
            ] {
                let text = proof(&own, &header(), &changed(good(), name, value.clone()));
                let result = verify_possession(&text, &asked(), Some("at"));
                assert_eq!(result.map_err(|no| no.code), Err(ErrorCode::InvalidDpopProof), "{name} {value}");
            }
            if algorithm == SigningAlgorithm::EdDsa {
                let mut renamed = header();
                renamed["alg"] = "Ed25519".into();
                assert!(verify_possession(&proof(&own, &renamed, &whole), &asked(), None).is_ok(), "RFC 9864");
            }
            let others = ["RS384", "RS512", "PS384", "PS512", "HS256", "none"];
            let counts = proof_algorithms().map(|name| (name, true));
            for (name, counts) in counts.into_iter().chain(others.map(|name| (name, false))) {
                let header = json!({ "alg": name }).to_string();
                let token = format!("{}.e30.", URL_SAFE_NO_PAD.encode(header));
                assert_eq!(allowed(&Jws::parse(&token).unwrap(), false).is_some(), counts, "{name}");
            }
            for htu in ["HTTPS://ID.example:443/oauth2/token", "https://id.example/oauth2/token?x=1#y"] {
                let text = proof(&own, &header(), &changed(good(), "htu", htu.into()));
                assert!(verify_possession(&text, &asked(), Some("at")).is_ok(), "{htu}");
            }
            let stranger = key(algorithm);
            for (name, value) in [
                ("typ", json!("JWT")),
                ("typ", Value::Null),
                ("alg", json!("Ed448")),
                ("alg", json!("none")),
                ("alg", json!("HS256")),
                ("alg", json!("ES384")),
                ("jwk", Value::Null),
                ("jwk", stranger.jwk().clone()),
                ("crit", json!(["exp"])),
            ] {
                let text = proof(&own, &Value::Object(changed(header(), name, value.clone())), &whole);
                assert!(verify_possession(&text, &asked(), Some("at")).is_err(), "{name} {value}");
            }
            let mut whole_key = header();
            whole_key["jwk"]["d"] = json!("c2VjcmV0");
            assert!(verify_possession(&proof(&own, &whole_key, &whole), &asked(), Some("at")).is_err());
        }
    }
}
