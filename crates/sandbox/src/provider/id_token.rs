//! The ID token and the claims about a person, right or wrong as scripted.

use super::behaviour::Script;
use super::keys::SigningKey;
use super::token::Grant;
use super::{Behaviour, Person, Provider};
use crate::bounded::{encode, sha256};
use aws_lc_rs::hmac;
use model::{DAY, HOUR, MINUTE, Micros};
use serde_json::{Map, Value, json};

/// OpenID Connect Core §5.1, as far as the scope asks for it (§5.4).
pub(super) fn claims(person: &Person, scope: &str, script: &Script) -> Map<String, Value> {
    let asked = |name: &str| scope.split(' ').any(|part| part == name);
    let mut claims = Map::new();
    claims.insert("sub".to_owned(), json!(person.sub));
    if asked("email")
        && let Some(email) = &person.email
    {
        claims.insert("email".to_owned(), json!(email));
        if !person.email_verified.is_null() {
            claims.insert("email_verified".to_owned(), person.email_verified.clone());
        }
    }
    if asked("profile") {
        claims.insert("name".to_owned(), json!(person.name));
        if let Some(name) = &person.preferred_username {
            claims.insert("preferred_username".to_owned(), json!(name));
        }
    }
    if let Some(domain) = &person.hosted_domain {
        claims.insert("hd".to_owned(), json!(domain));
    }
    for behaviour in script.all() {
        match behaviour {
            Behaviour::EmailVerified(value) => {
                claims.insert("email_verified".to_owned(), value.clone());
            }
            Behaviour::NoEmail => {
                claims.remove("email");
                claims.remove("email_verified");
            }
            Behaviour::Subject(sub) => {
                claims.insert("sub".to_owned(), json!(sub));
            }
            _ => {}
        }
    }
    claims
}

/// A compact JWS (RFC 7515 §3.1) of what the provider says about a grant.
pub(super) fn id_token(
    provider: &Provider,
    grant: &Grant,
    person: &Person,
    access_token: &str,
    script: &Script,
) -> String {
    let settings = provider.settings();
    let now = provider.now();
    let mut payload = claims(person, &grant.scope, script);
    if !settings.claims_in_id_token {
        payload.retain(|name, _| name == "sub");
    }
    let mut set = |name: &str, value: Value| {
        payload.insert(name.to_owned(), value);
    };
    set("iss", json!(settings.issuer));
    set("aud", json!(settings.client_id));
    set("iat", seconds(now));
    set("exp", seconds(now + HOUR));
    set("auth_time", seconds(grant.authenticated_at));
    set("at_hash", json!(encode(&sha256(access_token.as_bytes())[..16])));
    if let Some(nonce) = &grant.nonce {
        set("nonce", json!(nonce));
    }
    for behaviour in script.all() {
        distort(provider, behaviour, now, &mut payload);
    }
    sign(provider, &Value::Object(payload), script)
}

fn seconds(at: Micros) -> Value {
    json!(at.seconds())
}

fn distort(provider: &Provider, behaviour: &Behaviour, now: Micros, payload: &mut Map<String, Value>) {
    const STRANGER: &str = "another-client";
    let client = &provider.settings().client_id;
    let mut set = |name: &str, value: Value| {
        payload.insert(name.to_owned(), value);
    };
    match behaviour {
        Behaviour::WrongIssuerInToken => set("iss", json!(provider.other_origin())),
        Behaviour::WrongAudience => set("aud", json!(STRANGER)),
        Behaviour::ExtraAudience => {
            set("aud", json!([client, STRANGER]));
            set("azp", json!(client));
        }
        Behaviour::WrongAzp => set("azp", json!(STRANGER)),
        Behaviour::WrongNonce => set("nonce", json!(provider.token())),
        Behaviour::MissingNonce => {
            payload.remove("nonce");
        }
        Behaviour::Expired => {
            set("iat", seconds(now - MINUTE.times(6)));
            set("exp", seconds(now - MINUTE.times(5)));
        }
        Behaviour::IssuedInFuture => {
            set("iat", seconds(now + HOUR));
            set("exp", seconds(now + HOUR.times(2)));
        }
        Behaviour::AuthTimeMissing => {
            payload.remove("auth_time");
        }
        Behaviour::Authenticated { acr, amr } => {
            set("acr", acr.clone());
            set("amr", amr.clone());
        }
        Behaviour::StaleAuthTime => set("auth_time", seconds(now - DAY)),
        _ => {}
    }
}

fn sign(provider: &Provider, payload: &Value, script: &Script) -> String {
    let has = |behaviour| script.has(&behaviour);
    let stranger = SigningKey::generate(provider.0.random.as_ref());
    let state = provider.state();
    let Some(key) = state.keys.first() else { return String::new() };
    let typ = if has(Behaviour::LogoutTokenType) { "logout+jwt" } else { "JWT" };
    let kid = if has(Behaviour::UnknownKid) { stranger.kid() } else { key.kid() };
    let alg = if has(Behaviour::Unsigned) {
        "none"
    } else if has(Behaviour::HmacWithPublicKey) {
        "HS256"
    } else {
        "ES256"
    };
    let header = json!({ "alg": alg, "typ": typ, "kid": kid }).to_string();
    let message = format!("{}.{}", encode(header.as_bytes()), encode(payload.to_string().as_bytes()));
    let signature = match alg {
        "none" => Vec::new(),
        "HS256" => {
            let secret = hmac::Key::new(hmac::HMAC_SHA256, key.public_pem().as_bytes());
            hmac::sign(&secret, message.as_bytes()).as_ref().to_vec()
        }
        _ if has(Behaviour::WrongKey) || has(Behaviour::UnknownKid) => stranger.sign(message.as_bytes()),
        _ => key.sign(message.as_bytes()),
    };
    format!("{message}.{}", encode(&signature))
}
