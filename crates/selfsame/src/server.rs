//! The server: parts wired together, jobs beside it, a router over it.

use crate::admin::{Admin, Refusal};
use crate::cache::SessionCache;
use crate::clients::ClientCache;
use crate::config::{ClientIp, Config, Connection, Database, IdTokenAlgorithm, TokenAuth};
use crate::domains::Domains;
use crate::logouts::Logouts;
use crate::mail::{Mailer, Runner};
use crate::passkeys::Ceremonies;
use crate::passwords::{PasswordPool, PoolSettings};
use crate::signing::Keys;
use crate::wiring::{Hashing, Ledger, Outbox, Providers, Writer};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use flows::{Application, Journeys, KeyRing, Settings};
use model::{Clock, ConnectionState, Namespace, Random};
use protocol::oidc::{self, ClientSettings};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use store::{Heard, Listener, Store, StoreError};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;
use upstream::{Egress, EgressPolicy};
pub use upstream::{SystemTxt, TxtFailed, TxtResolver};

/// Largest body of a form or JSON request (T111).
const BODY_MAX: usize = 64 * 1024;
/// Longest a request may take, the slowest provider included.
const REQUEST_MAX: Duration = Duration::from_secs(30);
/// How often what has expired is deleted.
const SWEEP_EVERY: Duration = Duration::from_mins(10);

/// Why a server could not be made.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Connections(String),
    #[error("no root key can be used")]
    Keys,
    #[error("mail cannot be set up: {0}")]
    Mail(String),
    #[error("{what} cannot be opened: {error}")]
    Listen { what: String, error: std::io::Error },
    #[error("{0}")]
    Declared(Refusal),
}

/// What differs between `serve`, `demo` and tests.
#[derive(Clone)]
pub struct Surroundings {
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    /// Plain HTTP and loopback providers: for the demo and for tests only.
    pub allow_loopback: bool,
    pub pool: PoolSettings,
    /// By what organisations' domains show whose they are.
    pub names: Arc<dyn TxtResolver>,
}

/// A wired server.
pub struct Server {
    pub store: Store,
    pub journeys: Arc<Journeys>,
    pub admin: Admin,
    pub router: Router,
    ledger: Ledger,
    keys: Arc<KeyRing>,
    signing: Arc<Keys>,
    mailer: Mailer,
    domains: Domains,
    surroundings: Surroundings,
    /// Heard for as long as the server lives.
    _listener: Option<Listener>,
}

/// Opens the configured database.
pub async fn open_store(config: &Config) -> Result<Store, StoreError> {
    match &config.database {
        Database::Sqlite(path) => Store::open_sqlite(path).await,
        Database::Postgres(url) => Store::open_postgres(url.expose()).await,
    }
}

/// As [`open_store`], whatever its schema.
pub async fn open_store_for_migration(config: &Config) -> Result<Store, StoreError> {
    match &config.database {
        Database::Sqlite(path) => Store::open_sqlite_for_migration(path).await,
        Database::Postgres(url) => Store::open_postgres_for_migration(url.expose()).await,
    }
}

/// The key ring of the configuration.
pub fn key_ring(config: &Config) -> Result<KeyRing, StartError> {
    let roots: Vec<_> = config.root_keys.iter().map(|root| root.key.clone()).collect();
    KeyRing::new(&roots).map_err(|_| StartError::Keys)
}

/// The trust epoch of connections: moving to another is an audited change that comes with its own command.
const FIRST_EPOCH: i64 = 1;

fn namespace(connection: &Connection, epoch: i64) -> Namespace {
    Namespace::of(
        connection.policy.organisation.as_ref(),
        &connection.issuer,
        connection.pairwise.then_some(&*connection.client_id),
        epoch,
    )
}

fn client_settings(connection: &Connection, origin: &str) -> ClientSettings {
    let redirect = format!("{origin}/callback/{}", connection.id);
    let mut settings =
        ClientSettings::new(connection.id.clone(), &connection.issuer, &connection.client_id, &redirect, FIRST_EPOCH);
    settings.client_secret.clone_from(&connection.client_secret);
    settings.token_auth = match connection.token_auth {
        TokenAuth::Basic => oidc::TokenAuth::Basic,
        TokenAuth::Post => oidc::TokenAuth::Post,
        TokenAuth::None => oidc::TokenAuth::None,
    };
    settings.scopes.clone_from(&connection.scopes);
    settings.algorithm = algorithm(connection.algorithm);
    settings.subject_claim.clone_from(&connection.subject_claim);
    settings.pairwise = connection.pairwise;
    settings.allowed_audiences.clone_from(&connection.allowed_audiences);
    settings.approved_hosts.clone_from(&connection.approved_hosts);
    settings.fetch_userinfo = connection.fetch_userinfo;
    settings.level = connection.policy.level;
    settings.levels = connection.policy.levels.clone();
    settings.organisation.clone_from(&connection.policy.organisation);
    settings
}

fn algorithm(algorithm: IdTokenAlgorithm) -> oidc::Algorithm {
    match algorithm {
        IdTokenAlgorithm::RS256 => oidc::Algorithm::RS256,
        IdTokenAlgorithm::RS384 => oidc::Algorithm::RS384,
        IdTokenAlgorithm::RS512 => oidc::Algorithm::RS512,
        IdTokenAlgorithm::PS256 => oidc::Algorithm::PS256,
        IdTokenAlgorithm::PS384 => oidc::Algorithm::PS384,
        IdTokenAlgorithm::PS512 => oidc::Algorithm::PS512,
        IdTokenAlgorithm::ES256 => oidc::Algorithm::ES256,
        IdTokenAlgorithm::ES384 => oidc::Algorithm::ES384,
        IdTokenAlgorithm::EdDSA => oidc::Algorithm::EdDSA,
    }
}

/// Connections as the configuration declares them.
pub fn declared(config: &Config, now: model::Micros) -> Vec<ConnectionState> {
    let state = |connection: &Connection| ConnectionState {
        id: connection.id.clone(),
        version: 1,
        enabled: true,
        epoch: FIRST_EPOCH,
        namespace: namespace(connection, FIRST_EPOCH),
        issuer: connection.issuer.clone(),
        client_id: connection.client_id.clone(),
        subject_claim: connection.subject_claim.clone(),
        changed_at: now,
    };
    config.connections().iter().map(state).collect()
}

impl Server {
    /// Wires everything. The store is open and migrated.
    pub async fn new(config: &Config, store: Store, surroundings: Surroundings) -> Result<Self, StartError> {
        let origin = config.server.public_origin.to_string();
        let keys = Arc::new(key_ring(config)?);
        let cache = Arc::new(SessionCache::default());
        let clients = Arc::new(ClientCache::new(config.clients.clone()));
        let listener = match &config.database {
            Database::Sqlite(_) => None,
            Database::Postgres(url) => {
                let (cache, clients) = (cache.clone(), clients.clone());
                store.listen(url.expose(), move |heard| match heard {
                    Heard::User(user) => cache.revoke_user(user),
                    Heard::Client(client) => clients.changed(&client),
                })?
            }
        };
        let ledger = Ledger {
            store: store.clone(),
            cache,
            clients,
            trust: listener.as_ref().map(|listener| listener.trust.clone()),
            wake_mail: Arc::new(Notify::new()),
            wake_logouts: Arc::new(Notify::new()),
            clock: surroundings.clock.clone(),
        };
        ledger.load_clients().await?;
        let (clock, random) = (surroundings.clock.clone(), surroundings.random.clone());
        let signing = Arc::new(Keys::new(store.clone(), keys.clone(), clock, random));
        let (names_of, clock) = (surroundings.names.clone(), surroundings.clock.clone());
        let domains = Domains::new(config, store.clone(), keys.clone(), names_of, clock);
        domains.load().await?;
        let journeys = Arc::new(journeys(config, &origin, &ledger, &keys, &signing, &domains, &surroundings)?);
        let admin = Admin::new(
            ledger.clone(),
            journeys.clone(),
            surroundings.clone(),
            names(config),
            signing.clone(),
            domains.clone(),
        );
        admin.declare(&declared(config, surroundings.clock.now())).await.map_err(StartError::Declared)?;
        let host = url::Url::parse(&origin).ok().and_then(|url| url.host_str().map(str::to_owned));
        let mailer = Mailer::new(config.mail.clone(), host.as_deref().unwrap_or("localhost"))
            .map_err(|error| StartError::Mail(error.to_string()))?;
        let router = router(config, &origin, &ledger, &journeys, &signing);
        Ok(Self {
            store,
            journeys,
            admin,
            router,
            ledger,
            keys,
            signing,
            mailer,
            domains,
            surroundings,
            _listener: listener,
        })
    }

    /// Jobs that run beside the requests: the outbox, the logouts and the sweeper.
    pub fn jobs(&self) -> JoinSet<()> {
        let mut jobs = JoinSet::new();
        let runner = Runner::new(
            self.mailer.clone(),
            self.surroundings.clock.clone(),
            self.surroundings.random.clone(),
            self.ledger.wake_mail.clone(),
        );
        let outbox = Outbox { store: self.store.clone(), keys: self.keys.clone() };
        jobs.spawn(async move {
            // A runner of our own is never already running.
            let _ = runner.run(outbox).await;
        });
        let teller = crate::runner::Runner::new(
            self.surroundings.clock.clone(),
            self.surroundings.random.clone(),
            self.ledger.wake_logouts.clone(),
        );
        let logouts = Logouts {
            store: self.store.clone(),
            journeys: self.journeys.clone(),
            // A client that takes long is told another time.
            egress: Egress::new(EgressPolicy {
                total_timeout: Duration::from_secs(5),
                ..egress_policy(&self.surroundings)
            }),
        };
        jobs.spawn(async move {
            let _ = teller.run(&logouts).await;
        });
        jobs.spawn(self.domains.clone().run());
        let (store, clock, signing) = (self.store.clone(), self.surroundings.clock.clone(), self.signing.clone());
        jobs.spawn(async move {
            loop {
                tokio::time::sleep(SWEEP_EVERY).await;
                if let Err(error) = store.sweep(clock.now()).await {
                    tracing::warn!(%error, "what has expired was not deleted");
                }
                // It has told its own error.
                let _ = signing.sweep().await;
            }
        });
        jobs
    }
}

fn egress_policy(surroundings: &Surroundings) -> EgressPolicy {
    EgressPolicy { allow_loopback: surroundings.allow_loopback, ..EgressPolicy::default() }
}

/// Connections, as people know them.
fn names(config: &Config) -> std::collections::BTreeMap<String, String> {
    config.connections().iter().map(|known| (known.id.to_string(), known.name.clone())).collect()
}

fn journeys(
    config: &Config,
    origin: &str,
    ledger: &Ledger,
    keys: &Arc<KeyRing>,
    signing: &Arc<Keys>,
    domains: &Domains,
    surroundings: &Surroundings,
) -> Result<Journeys, StartError> {
    let settings = config.connections().iter().map(|connection| client_settings(connection, origin)).collect();
    let connections = upstream::Connections::new(settings, egress_policy(surroundings), surroundings.clock.clone())
        .map_err(|error| StartError::Connections(error.to_string()))?;
    let names = names(config);
    let applications = config
        .applications
        .iter()
        .map(|known| Application {
            id: known.id.clone(),
            name: known.name.clone(),
            redirect_uris: known.redirect_uris.clone(),
        })
        .collect();
    let public = url::Url::parse(origin).map_err(|error| StartError::Connections(error.to_string()))?;
    Ok(Journeys::new(
        Arc::new(ledger.clone()),
        Arc::new(Providers { connections }),
        Arc::new(Hashing { pool: PasswordPool::new(surroundings.pool), random: surroundings.random.clone() }),
        Arc::new(Ceremonies::new(&public)),
        Arc::new(Writer { origin: origin.to_owned(), names, clock: surroundings.clock.clone() }),
        signing.clone(),
        surroundings.clock.clone(),
        surroundings.random.clone(),
        keys.clone(),
        Settings {
            policy: config.policy(),
            session_lifetime: config.session_lifetime,
            applications,
            clients: Arc::new(ledger.clone()),
            domains: Arc::new(domains.clone()),
            issuer: origin.to_owned(),
        },
    ))
}

fn router(config: &Config, origin: &str, ledger: &Ledger, journeys: &Arc<Journeys>, signing: &Arc<Keys>) -> Router {
    let secure = origin.starts_with("https://");
    let client_address = client_address(config.server.client_ip.clone());
    let provider = |known: &Connection| web::handlers::Provider {
        id: known.id.clone(),
        name: known.name.clone(),
        mark: web::pages::Mark::from_name(&known.mark).unwrap_or(web::pages::Mark::Key),
    };
    let site = web::handlers::Site {
        journeys: journeys.clone(),
        reads: Arc::new(ledger.clone()),
        providers: config.connections().iter().map(provider).collect(),
        public_origin: origin.into(),
        secure,
        client_address: client_address.clone(),
        help_url: config.server.help_url.as_deref().map(Into::into),
    };
    let info = |known: &Connection| api::ProviderInfo {
        id: known.id.clone(),
        name: known.name.clone(),
        mark: known.mark.clone(),
    };
    let api = api::Api {
        journeys: journeys.clone(),
        reads: Arc::new(ledger.clone()),
        public_origin: origin.into(),
        allowed_origins: config.server.allowed_origins.iter().map(ToString::to_string).collect(),
        providers: config.connections().iter().map(info).collect(),
        secure,
        client_address: client_address.clone(),
        errors_url: config.server.help_url.clone().unwrap_or_else(|| "urn:selfsame:error".to_owned()),
    };
    let languages = web::texts::Lang::ALL.map(web::texts::Lang::code);
    let provider =
        downstream::Provider::new(journeys.clone(), signing.clone(), client_address, &languages, config.registration);
    Router::new()
        .merge(downstream::router(provider))
        .merge(api::router(api))
        .merge(web::handlers::router(site))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(TimeoutLayer::with_status_code(axum::http::StatusCode::SERVICE_UNAVAILABLE, REQUEST_MAX))
        .layer(axum::middleware::map_response(move |answer| std::future::ready(strictly(secure, answer))))
        // No panic is known to be reachable; one that is found costs one answer, not the server.
        .layer(CatchPanicLayer::new())
}

/// Browsers that came by TLS once come by TLS (RFC 6797 §7.2; FAPI 2.0 §5.2.3 asks for it).
fn strictly(secure: bool, mut answer: Response) -> Response {
    if secure {
        let value = HeaderValue::from_static("max-age=31536000");
        answer.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    answer
}

/// The address a request is counted under: the peer's, or the last one that a trusted proxy reports (T45: for throttles
/// only, never for links).
fn client_address(settings: Option<ClientIp>) -> web::handlers::ClientAddress {
    Arc::new(move |headers, peer| {
        let Some(settings) = &settings else { return peer };
        let trusted = |address: &IpAddr| settings.trusted_proxies.iter().any(|network| network.contains(*address));
        if !trusted(&peer) {
            return peer;
        }
        // From the right: what a trusted proxy added last. The first entry that is not a trusted proxy's is the client;
        // whatever stands left of it, or cannot be read, was written by the client.
        let values = headers.get_all(settings.header.as_str());
        let listed: Vec<&str> =
            values.iter().flat_map(|value| value.to_str().unwrap_or("?").split(',')).map(str::trim).collect();
        let mut hop = peer;
        for text in listed.into_iter().rev() {
            match text.parse() {
                Ok(address) => hop = address,
                Err(_) => break,
            }
            if !trusted(&hop) {
                break;
            }
        }
        hop
    })
}

/// Serves until `stop` resolves; requests under way are finished.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(stop).await
}

#[cfg(test)]
mod tests {
    use super::client_address;
    use crate::config::ClientIp;
    use axum::http::HeaderMap;
    use std::net::IpAddr;

    #[test]
    fn t76_a_client_cannot_choose_the_address_it_is_counted_under() {
        let trusted_proxies = vec![crate::config::IpNetwork::parse("10.0.0.0/8").unwrap()];
        let of = client_address(Some(ClientIp { header: "x-forwarded-for".to_owned(), trusted_proxies }));
        let client = |values: &[&str], peer: &str| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("x-forwarded-for", value.parse().unwrap());
            }
            of(&headers, peer.parse().unwrap())
        };
        let real: IpAddr = "203.0.113.9".parse().unwrap();
        for forged in ["9.9.9.9, x, 203.0.113.9", "203.0.113.9", "x, 203.0.113.9", "9.9.9.9, 203.0.113.9, 10.1.1.1"] {
            assert_eq!(client(&[forged], "10.0.0.1"), real, "{forged}");
        }
        assert_eq!(client(&["9.9.9.9", "203.0.113.9"], "10.0.0.1"), real, "a proxy's own line");
        assert_eq!(client(&["9.9.9.9"], "203.0.113.9"), real, "no proxy of ours");
        assert_eq!(client(&["9.9.9.9, x"], "10.0.0.1"), "10.0.0.1".parse::<IpAddr>().unwrap(), "nothing to believe");
    }
}
