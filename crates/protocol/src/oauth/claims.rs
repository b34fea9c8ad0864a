//! What tokens and answers say (OpenID Connect Core §2, §5; RFC 9068 §2.2). Only what the application was given is in
//! them: of addresses the proven one, and about where else the person signs in only what they allowed (T133).

use model::{Level, MethodKind, Micros, TokenIdentity, TokenPerson};
use serde_json::{Map, Value, json};

/// A person as one client knows them.
#[derive(Debug, Clone, Copy)]
pub struct Person<'a> {
    pub sub: &'a str,
    pub name: &'a str,
    /// Proven; without one the claims of mail are left out.
    pub address: Option<&'a str>,
    pub scope: &'a [String],
}

impl Person<'_> {
    fn has(&self, scope: &str) -> bool {
        self.scope.iter().any(|known| known == scope)
    }

    /// What every client that may know them is told.
    pub(super) fn claims(&self, into: &mut Map<String, Value>) {
        let has = |scope: &str| self.has(scope);
        into.insert("sub".to_owned(), self.sub.into());
        if has("profile") && !self.name.is_empty() {
            into.insert("name".to_owned(), self.name.into());
        }
        if has("email")
            && let Some(address) = self.address
        {
            into.insert("email".to_owned(), address.into());
            into.insert("email_verified".to_owned(), true.into());
        }
    }
}

/// OpenID Connect Core §5.3.2, and what linking makes known, each with its own consent: `identities`, the connections
/// that the person signs in with (what they are called there only `with_subjects`), and `aliases`, what this sector has
/// known them by before a merge.
pub fn userinfo(person: &Person<'_>, known: &TokenPerson, with_subjects: bool) -> Map<String, Value> {
    let mut claims = Map::new();
    person.claims(&mut claims);
    if person.has("identities") {
        let identity = |identity: &TokenIdentity| {
            let mut members = Map::new();
            members.insert("connection".to_owned(), identity.connection.as_str().into());
            members.insert("linked_at".to_owned(), identity.linked_at.seconds().into());
            if with_subjects {
                members.insert("subject".to_owned(), identity.subject.as_str().into());
            }
            Value::Object(members)
        };
        claims.insert("identities".to_owned(), known.identities.iter().map(identity).collect());
    }
    if person.has("aliases") {
        claims.insert("aliases".to_owned(), known.aliases.iter().map(String::as_str).collect());
    }
    claims
}

/// Where and for how long a token counts.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    pub issuer: &'a str,
    pub client: &'a str,
    pub at: Micros,
    pub lifetime: Micros,
}

impl Frame<'_> {
    fn claims(&self) -> Map<String, Value> {
        let mut claims = Map::new();
        claims.insert("iss".to_owned(), self.issuer.into());
        claims.insert("iat".to_owned(), self.at.seconds().into());
        claims.insert("exp".to_owned(), (self.at + self.lifetime).seconds().into());
        claims
    }
}

/// How the person signed in.
#[derive(Debug, Clone, Copy)]
pub struct Evidence {
    pub at: Micros,
    pub level: Level,
    pub method: MethodKind,
}

impl Evidence {
    /// What a level is called (NIST SP 800-63B-4 speaks of AAL; the values are ours).
    pub fn acr(level: Level) -> String {
        format!("urn:selfsame:aal{}", i64::from(level))
    }

    pub fn level(acr: &str) -> Option<Level> {
        [Level::One, Level::Two, Level::Three].into_iter().find(|level| Self::acr(*level) == acr)
    }

    /// RFC 8176 §2. A provider's own sign-in has no registered name of its own; `fed` says that it was one.
    fn amr(&self) -> Value {
        let mut methods = match self.method {
            MethodKind::Password => vec!["pwd"],
            MethodKind::EmailCode => vec!["otp"],
            MethodKind::Link => vec!["fed"],
            // A key whose possession was shown, by somebody who was there and whom the authenticator verified.
            MethodKind::Passkey => vec!["pop", "user"],
        };
        // Two factors: a second one beside the method, or both in it.
        methods.extend((self.level >= Level::Two).then_some("mfa"));
        json!(methods)
    }

    pub fn claims(&self, into: &mut Map<String, Value>) {
        into.insert("auth_time".to_owned(), self.at.seconds().into());
        into.insert("acr".to_owned(), Self::acr(self.level).into());
        into.insert("amr".to_owned(), self.amr());
    }
}

/// OpenID Connect Core §2 and §3.1.3.6. Claims about the person are at UserInfo (Core §5.4), but for those that cost
/// applications a second request for nothing: they are few.
pub fn id_token(
    frame: &Frame<'_>,
    person: &Person<'_>,
    evidence: &Evidence,
    sid: &str,
    nonce: Option<&str>,
    access_token_hash: &str,
) -> Map<String, Value> {
    let mut claims = frame.claims();
    person.claims(&mut claims);
    evidence.claims(&mut claims);
    claims.insert("aud".to_owned(), frame.client.into());
    claims.insert("sid".to_owned(), sid.into());
    claims.insert("at_hash".to_owned(), access_token_hash.into());
    if let Some(nonce) = nonce {
        claims.insert("nonce".to_owned(), nonce.into());
    }
    claims
}

/// Back-Channel Logout 1.0 §2.4. `nonce` is forbidden there, so that nobody takes it for an ID token; `typ` is
/// `logout+jwt`.
pub fn logout_token(frame: &Frame<'_>, sub: &str, sid: &str, id: &str) -> Map<String, Value> {
    let mut claims = frame.claims();
    claims.insert("aud".to_owned(), frame.client.into());
    claims.insert("sub".to_owned(), sub.into());
    claims.insert("sid".to_owned(), sid.into());
    claims.insert("jti".to_owned(), id.into());
    claims.insert("events".to_owned(), json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
    claims
}

/// What an access token is about.
#[derive(Debug, Clone, Copy)]
pub struct Access<'a> {
    /// The client itself where no person is behind it (RFC 9068 §2.2).
    pub sub: &'a str,
    /// Where it counts: none named is the issuer.
    pub audience: &'a [String],
    pub scope: &'a [String],
    pub id: &'a str,
    pub evidence: Option<&'a Evidence>,
    /// The thumbprint of the key it is bound to.
    pub key: Option<&'a str>,
}

/// `aud` is one text where there is one (RFC 7519 §4.1.3).
pub fn audience(resources: &[String], issuer: &str) -> Value {
    match resources {
        [] => issuer.into(),
        [one] => one.as_str().into(),
        several => json!(several),
    }
}

/// RFC 9449 §6.1.
pub fn confirmation(key: &str) -> Value {
    json!({ "jkt": key })
}

/// RFC 9068 §2.2.
pub fn access_token(frame: &Frame<'_>, access: &Access<'_>) -> Map<String, Value> {
    let mut claims = frame.claims();
    claims.insert("sub".to_owned(), access.sub.into());
    claims.insert("aud".to_owned(), audience(access.audience, frame.issuer));
    claims.insert("client_id".to_owned(), frame.client.into());
    if !access.scope.is_empty() {
        claims.insert("scope".to_owned(), access.scope.join(" ").into());
    }
    claims.insert("jti".to_owned(), access.id.into());
    if let Some(evidence) = access.evidence {
        evidence.claims(&mut claims);
    }
    if let Some(key) = access.key {
        claims.insert("cnf".to_owned(), confirmation(key));
    }
    claims
}
