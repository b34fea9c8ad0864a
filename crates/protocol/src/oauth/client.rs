//! A registered application and how it shows that it is itself (RFC 6749 §2).

use super::proof::{ASSERTION_TYPE, Asked, claimed_client, verify_assertion};
use super::{ErrorCode, Parameters, Refused, SigningAlgorithm};
use crate::oidc::KeySet;
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use model::Expiring;
use subtle::ConstantTimeEq as _;
use url::Url;

/// What a client may ask the token endpoint for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GrantType {
    AuthorizationCode,
    RefreshToken,
    ClientCredentials,
    /// RFC 8628 §3.4.
    DeviceCode,
}

impl GrantType {
    pub const ALL: [Self; 4] = [Self::AuthorizationCode, Self::RefreshToken, Self::ClientCredentials, Self::DeviceCode];

    pub const fn name(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }
}

/// How a client authenticates (OpenID Connect Core §9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authentication {
    /// Public: it has no secret, and PKCE takes its place.
    None,
    /// The secret by whichever of the two ways the client's library prefers.
    Secret,
    Basic,
    Post,
    /// By a JWT that one of its keys signed.
    PrivateKeyJwt,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessTokenFormat {
    /// Means something only here.
    Opaque,
    /// RFC 9068.
    Jwt,
}

/// One client of ours, as its operator registered it.
#[derive(Debug, Clone)]
pub struct Client {
    pub id: String,
    /// What people see.
    pub name: String,
    pub authentication: Authentication,
    /// SHA-256 of each secret that is good now; a second one lets the client change over.
    pub secrets: Vec<[u8; 32]>,
    /// The public keys of its assertions.
    pub keys: Option<KeySet>,
    /// Compared exactly (RFC 9700 §2.1); a loopback address literal may use any port (RFC 8252 §7.3).
    pub redirect_uris: Vec<String>,
    pub post_logout_redirect_uris: Vec<String>,
    /// Where it is told that a session has ended: by us, and by the browser that signs out.
    pub backchannel_logout_uri: Option<String>,
    pub frontchannel_logout_uri: Option<String>,
    pub grants: Vec<GrantType>,
    /// What the client may ask for.
    pub scopes: Vec<String>,
    /// PKCE is asked of it. Without, it has to send a nonce instead, and has to be confidential (RFC 9700 §2.1.1).
    pub require_pkce: bool,
    pub id_token_algorithm: SigningAlgorithm,
    pub access_tokens: AccessTokenFormat,
    /// Of ours: nobody is asked for consent.
    pub first_party: bool,
    /// It may ask about tokens of other clients, as the server of a resource (RFC 7662).
    pub introspects: bool,
    /// With the scope `identities` it also learns what its people are called at their providers.
    pub identity_subjects: bool,
    /// Servers of resources that it may ask tokens for, by their addresses (RFC 8707).
    pub resources: Vec<String>,
    /// Its requests have to be pushed (RFC 9126 §6).
    pub require_pushed: bool,
    /// Its tokens are bound to a key that it shows (RFC 9449 §5.2).
    pub dpop_bound: bool,
    /// All that the FAPI 2.0 Security Profile asks of it is asked of it.
    pub fapi: bool,
    /// Its users have subjects of their own there (OpenID Connect Core §8.1); without, the public one.
    pub sector: Option<String>,
    /// The origin of an application that speaks no OpenID Connect and stands behind a proxy that asks us. Nobody holds a
    /// credential of such a client: we redeem its codes ourselves.
    pub forward_auth: Option<String>,
    /// It registered itself: nobody vouches for its name.
    pub unverified: bool,
    /// Of a client that the store keeps: raised by every change. What it is given rests on it.
    pub version: Option<i64>,
}

impl Client {
    /// A public client that may do what most do. Whatever else it is, its fields say.
    pub fn new(id: &str, name: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            authentication: Authentication::None,
            secrets: Vec::new(),
            keys: None,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            backchannel_logout_uri: None,
            frontchannel_logout_uri: None,
            grants: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            scopes: super::STANDARD_SCOPES.map(str::to_owned).to_vec(),
            require_pkce: true,
            id_token_algorithm: SigningAlgorithm::Es256,
            access_tokens: AccessTokenFormat::Opaque,
            first_party: false,
            introspects: false,
            identity_subjects: false,
            resources: Vec::new(),
            require_pushed: false,
            dpop_bound: false,
            fapi: false,
            sector: None,
            forward_auth: None,
            unverified: false,
            version: None,
        }
    }

    pub fn is_public(&self) -> bool {
        self.authentication == Authentication::None
    }

    /// The sector that knows its users: its own, or that of all without one.
    pub fn sector_name(&self) -> &str {
        self.sector.as_deref().unwrap_or("public")
    }

    /// Whether this is how a proxy names the application that stands behind it: host, and port where it is not the
    /// scheme's own (RFC 9110 §7.2).
    pub fn is_behind(&self, authority: &str) -> bool {
        let Some((scheme, own)) = self.forward_auth.as_deref().and_then(|origin| origin.split_once("://")) else {
            return false;
        };
        let implied = if scheme == "https" { ":443" } else { ":80" };
        let given = authority.strip_suffix(implied).unwrap_or(authority);
        given.eq_ignore_ascii_case(own)
    }

    pub fn may(&self, grant: GrantType) -> Result<(), Refused> {
        if self.grants.contains(&grant) {
            return Ok(());
        }
        Err(Refused::new(ErrorCode::UnauthorizedClient, "this client is not registered for this grant"))
    }

    /// The exact registered redirect, or one that differs in the port of a loopback address (T41).
    pub fn redirects_to(&self, given: &str) -> bool {
        self.redirect_uris.iter().any(|registered| redirect_matches(registered, given))
    }

    /// Whether an answer there may reach another program than this client: it cannot show who it is, and its redirect is
    /// one that any program on the device can take (RFC 8252 §8.6).
    pub fn may_be_another(&self, redirect_uri: &str) -> bool {
        self.is_public() && !redirect_uri.starts_with("https:")
    }

    /// Of what was asked for or given, what the client may still ask for.
    pub fn still_allowed(&self, scope: &[String]) -> Vec<String> {
        scope.iter().filter(|word| self.scopes.contains(word)).cloned().collect()
    }

    /// Whether it wants to hear of the end of a session.
    pub fn hears_of_logout(&self) -> bool {
        self.backchannel_logout_uri.is_some() || self.frontchannel_logout_uri.is_some()
    }

    pub fn must_push(&self) -> bool {
        self.require_pushed || self.fapi
    }

    pub fn must_show_a_key(&self) -> bool {
        self.dpop_bound || self.fapi
    }

    /// Whether a refresh token is replaced when it is used. One that nobody else can use need not be, and FAPI 2.0
    /// §5.3.2.1 would not have it (a lost answer would cost the sign-in).
    pub fn rotates(&self) -> bool {
        !self.fapi
    }

    /// Whether what was presented is this client's (T38: both the id and the way must fit), and what of it has to be
    /// spent.
    pub fn authenticate(&self, presented: &Presented, asked: &Asked<'_>) -> Result<Option<Expiring>, Refused> {
        let refused = |because| Err(Refused::new(ErrorCode::InvalidClient, because));
        let allowed = match (&presented.credential, self.authentication) {
            (Credential::None, Authentication::None) => return Ok(None),
            (Credential::None, _) => return refused("this client has to authenticate"),
            (_, Authentication::None) => return refused("a public client has no secret"),
            (Credential::Assertion(text), Authentication::PrivateKeyJwt) => {
                let keys = self.keys.as_ref();
                let keys = keys.ok_or(Refused::new(ErrorCode::InvalidClient, "this client has no keys"))?;
                return verify_assertion(text, &self.id, keys, asked, self.fapi).map(Some);
            }
            (Credential::Assertion(_), _) | (_, Authentication::PrivateKeyJwt) => false,
            (Credential::Basic(_), way) => way != Authentication::Post,
            (Credential::Post(_), way) => way != Authentication::Basic,
        };
        if !allowed {
            return refused("this client authenticates in another way");
        }
        let (Credential::Basic(secret) | Credential::Post(secret)) = &presented.credential else {
            return refused("this client has to authenticate");
        };
        let hash = digest::digest(&digest::SHA256, secret.as_bytes());
        let mut good = subtle::Choice::from(0);
        for known in &self.secrets {
            good |= known.as_slice().ct_eq(hash.as_ref());
        }
        if good.into() { Ok(None) } else { refused("the secret is wrong") }
    }
}

/// How a request names its client, and what it shows for it.
#[derive(Clone, PartialEq, Eq)]
pub struct Presented {
    pub client: String,
    pub credential: Credential,
}

#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    None,
    Basic(String),
    Post(String),
    /// RFC 7523 §2.2.
    Assertion(String),
}

impl std::fmt::Debug for Presented {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Presented").field("client", &self.client).finish_non_exhaustive()
    }
}

impl Presented {
    /// From the `Authorization` header and the form: one way, not two (RFC 6749 §2.3).
    pub fn read(authorization: Option<&str>, form: &Parameters) -> Result<Self, Refused> {
        let refused = |because| Refused::new(ErrorCode::InvalidClient, because);
        let secret = form.get("client_secret");
        let assertion = form.get("client_assertion");
        if authorization.is_none()
            && let Some(text) = assertion
        {
            if secret.is_some() {
                return Err(Refused::request("a client authenticates in one way at a time"));
            }
            if form.get("client_assertion_type") != Some(ASSERTION_TYPE) {
                return Err(refused("client_assertion_type has to be that of a JWT"));
            }
            let claimed = claimed_client(text).ok_or(refused("client_assertion names no client"))?;
            if form.get("client_id").is_some_and(|named| named != claimed) {
                return Err(refused("client_assertion names another client"));
            }
            return Ok(Self { client: claimed, credential: Credential::Assertion(text.to_owned()) });
        }
        let Some(header) = authorization else {
            let client = form.get("client_id").ok_or(refused("no client was named"))?;
            let credential = secret.map_or(Credential::None, |secret| Credential::Post(secret.to_owned()));
            return Ok(Self { client: client.to_owned(), credential });
        };
        if secret.is_some() || assertion.is_some() {
            return Err(Refused::request("a client authenticates in one way at a time"));
        }
        let malformed = refused("the Authorization header is not that of a client");
        let (scheme, rest) = header.split_once(' ').ok_or(malformed)?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return Err(malformed);
        }
        let text = STANDARD.decode(rest.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let text = text.ok_or(malformed)?;
        let (id, secret) = text.split_once(':').ok_or(malformed)?;
        let (client, secret) = (decoded(id), decoded(secret));
        if form.get("client_id").is_some_and(|named| named != client) {
            return Err(Refused::request("two clients are named"));
        }
        Ok(Self { client, credential: Credential::Basic(secret) })
    }
}

/// Both halves are form-encoded before they are joined (RFC 6749 §2.3.1).
fn decoded(text: &str) -> String {
    // What was not encoded is part of the text all the same.
    let pair = format!("={}", text.replace('&', "%26"));
    url::form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// RFC 7636 §4.2.
pub fn s256(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()))
}

/// Exact, but for the port of a loopback address literal (RFC 8252 §7.3).
pub fn redirect_matches(registered: &str, given: &str) -> bool {
    if registered == given {
        return true;
    }
    let (Ok(mut left), Ok(mut right)) = (Url::parse(registered), Url::parse(given)) else { return false };
    let loopback = |url: &Url| url.scheme() == "http" && matches!(url.host_str(), Some("127.0.0.1" | "[::1]"));
    if !loopback(&left) || !loopback(&right) || given.contains('#') || !right.username().is_empty() {
        return false;
    }
    // cannot fail: both have a host
    let _ = left.set_port(None);
    let _ = right.set_port(None);
    left == right && right.password().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(authentication: Authentication) -> Client {
        let hash = |text: &str| digest::digest(&digest::SHA256, text.as_bytes()).as_ref().try_into().unwrap();
        Client {
            authentication,
            secrets: vec![hash("old one"), hash("s:e cret+")],
            redirect_uris: vec!["https://app.example/cb".to_owned(), "http://127.0.0.1/cb".to_owned()],
            ..Client::new("notes", "Notes")
        }
    }

    const ASKED: Asked<'_> = Asked {
        issuer: "https://id.example",
        method: "POST",
        uri: "https://id.example/oauth2/token",
        now: model::Micros(0),
    };

    fn form(text: &str) -> Parameters {
        Parameters::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn t41_redirects_are_exact_but_for_a_loopback_port() {
        let client = client(Authentication::None);
        assert!(client.redirects_to("https://app.example/cb"));
        assert!(client.redirects_to("http://127.0.0.1:4321/cb"));
        for bad in [
            "https://app.example/cb/",
            "https://app.example/cb?x=1",
            "https://app.example/cb#f",
            "https://app.example.evil/cb",
            "https://app.example@evil.example/cb",
            "HTTPS://app.example/cb",
            "https://app.example:444/cb",
            "http://127.0.0.1:4321/other",
            "http://127.0.0.1:4321/cb#f",
            "http://user@127.0.0.1:4321/cb",
            "http://localhost:4321/cb",
            "https://app.example/%63b",
        ] {
            assert!(!client.redirects_to(bad), "{bad}");
        }
        // A name is no address literal (RFC 8252 §8.3).
        assert!(redirect_matches("http://localhost/cb", "http://localhost/cb"));
        assert!(!redirect_matches("http://localhost/cb", "http://localhost:4321/cb"));
    }

    #[test]
    fn a_client_authenticates_in_its_own_way_with_either_secret() {
        let basic = |id: &str, secret: &str| Some(format!("Basic {}", STANDARD.encode(format!("{id}:{secret}"))));
        let good = basic("notes", "s%3Ae+cret%2B");
        let by_header = Presented::read(good.as_deref(), &form("")).unwrap();
        let by_form = Presented::read(None, &form("client_id=notes&client_secret=old+one")).unwrap();
        let nothing = Presented::read(None, &form("client_id=notes")).unwrap();
        let wrong = Presented::read(None, &form("client_id=notes&client_secret=older")).unwrap();
        for (way, header, body, none) in [
            (Authentication::Secret, true, true, false),
            (Authentication::Basic, true, false, false),
            (Authentication::Post, false, true, false),
            (Authentication::None, false, false, true),
        ] {
            let client = client(way);
            assert_eq!(client.authenticate(&by_header, &ASKED).is_ok(), header, "{way:?}");
            assert_eq!(client.authenticate(&by_form, &ASKED).is_ok(), body, "{way:?}");
            assert_eq!(client.authenticate(&nothing, &ASKED).is_ok(), none, "{way:?}");
            assert!(client.authenticate(&wrong, &ASKED).is_err(), "{way:?}");
        }
        for (header, body) in [
            (good.as_deref(), "client_secret=x"),
            (good.as_deref(), "client_id=other"),
            (good.as_deref().map(|text| text.replace("Basic", "Bearer")).as_deref(), ""),
            (Some("Basic ???"), ""),
            (None, ""),
        ] {
            assert!(Presented::read(header, &form(body)).is_err(), "{header:?} {body}");
        }
        for (sent, meant) in [("s%3Ae+cret%2B", "s:e cret+"), ("a&b=c", "a&b=c"), ("a%26b%3Dc", "a&b=c"), ("", "")] {
            let read = Presented::read(basic("notes", sent).as_deref(), &form("")).unwrap();
            assert!(read.credential == Credential::Basic(meant.to_owned()), "{sent}: nothing is cut off");
        }
        assert!(!format!("{by_form:?}").contains("old one"), "secrets are not printed (T113)");
    }

    #[test]
    fn t45_an_application_is_named_whole_or_not_at_all() {
        let behind = |origin: &str| Client { forward_auth: Some(origin.to_owned()), ..Client::new("wiki", "Wiki") };
        for (origin, authority, named) in [
            ("https://wiki.example", "wiki.example", true),
            ("https://wiki.example", "WIKI.example:443", true),
            ("https://wiki.example", "wiki.example:80", false),
            ("https://wiki.example", "wiki.example.", false),
            ("https://wiki.example", "evil.wiki.example", false),
            ("https://wiki.example", "wiki.example, evil.example", false),
            ("https://wiki.example", "evil.example@wiki.example", false),
            ("https://wiki.example", " wiki.example", false),
            ("https://wiki.example", "", false),
            ("https://wiki.example:8443", "wiki.example:8443", true),
            ("https://wiki.example:8443", "wiki.example", false),
            ("http://wiki.localhost", "wiki.localhost:80", true),
            ("http://wiki.localhost:3000", "wiki.localhost:3000", true),
        ] {
            assert_eq!(behind(origin).is_behind(authority), named, "{origin} {authority}");
        }
        assert!(!Client::new("shop", "Shop").is_behind(""));
    }

    #[test]
    fn a_program_on_the_device_may_be_another() {
        let (public, secret) = (client(Authentication::None), client(Authentication::Secret));
        for (uri, other) in [("https://app.example/cb", false), ("http://127.0.0.1:7/cb", true), ("org.app:/cb", true)]
        {
            assert_eq!((public.may_be_another(uri), secret.may_be_another(uri)), (other, false), "{uri}");
        }
    }

    #[test]
    fn s256_is_that_of_the_standard() {
        assert_eq!(s256("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
