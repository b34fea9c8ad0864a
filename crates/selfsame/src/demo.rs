//! `selfsame demo`: the server with example providers, an example application and a mailbox, each on a host of its own.

use crate::command::stopped;
use crate::config::Config;
use crate::os::{OsRandom, SystemClock, create_key_file};
use crate::passwords::PoolSettings;
use crate::server::{self, Server, Surroundings, open_store, open_store_for_migration};
use crate::socket::Socket;
use axum::Router;
use clap::Args;
use model::{Random, Secret};
use sandbox::application::{ApplicationSettings, application};
use sandbox::mailbox::Mailbox;
use sandbox::provider::{Person, Provider, ProviderSettings};
use sandbox::{Accent, FrontSettings, ProviderLink, front};
use std::error::Error;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

type Failed = Box<dyn Error + Send + Sync>;

#[derive(Debug, Args)]
pub struct Demo {
    /// First of seven ports in a row.
    #[arg(long, default_value_t = 7100)]
    port: u16,
    /// Keep the database here instead of in a directory that goes with the demo.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// Where everything listens. Browsers send every `*.localhost` name to this machine.
struct Places {
    front: u16,
    server: u16,
    a: u16,
    b: u16,
    notes: u16,
    mailbox: u16,
    smtp: u16,
}

impl Places {
    fn from(first: u16) -> Option<Self> {
        first.checked_add(6)?;
        Some(Self {
            front: first,
            server: first + 1,
            a: first + 2,
            b: first + 3,
            notes: first + 4,
            mailbox: first + 5,
            smtp: first + 6,
        })
    }
}

fn origin(host: &str, port: u16) -> String {
    format!("http://{host}.localhost:{port}")
}

/// The demo's directory, removed with it unless the person named one.
struct Data {
    path: PathBuf,
    temporary: bool,
}

impl Data {
    fn open(wanted: Option<&Path>, random: &dyn Random) -> std::io::Result<Self> {
        let path = match wanted {
            Some(path) => path.to_owned(),
            None => std::env::temp_dir().join(format!("selfsame-demo-{}", u64::from_be_bytes(random.bytes::<8>()))),
        };
        std::fs::create_dir_all(&path)?;
        Ok(Self { path, temporary: wanted.is_none() })
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        if self.temporary {
            // What cannot be removed is in the system's temporary directory.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// Runs until it is stopped.
pub async fn run(options: &Demo) -> Result<(), Failed> {
    let places = Places::from(options.port).ok_or("--port leaves no room for seven ports")?;
    let surroundings = Surroundings {
        clock: Arc::new(SystemClock),
        random: Arc::new(OsRandom),
        allow_loopback: true,
        pool: PoolSettings::default(),
        names: Arc::new(crate::server::SystemTxt::default()),
    };
    let data = Data::open(options.data.as_deref(), &*surroundings.random)?;
    let key = data.path.join("root-key");
    if !key.exists() {
        create_key_file(&key, &*surroundings.random)?;
    }
    std::fs::write(data.path.join("client-secret"), DEMO_SECRET)?;
    let file = data.path.join("selfsame.toml");
    let text = configuration(&places);
    std::fs::write(&file, &text)?;
    let config = Config::load(&file, std::iter::empty())
        .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;

    let mut parts = JoinSet::new();
    let mailbox = Mailbox::start(SocketAddr::from((Ipv4Addr::LOCALHOST, places.smtp))).await?;
    serve_part(&mut parts, places.mailbox, mailbox.router()).await?;
    let (a, b) = (provider(&places, "a", &surroundings), provider(&places, "b", &surroundings));
    serve_part(&mut parts, places.a, a.router()).await?;
    serve_part(&mut parts, places.b, b.router()).await?;
    serve_part(&mut parts, places.front, front(front_settings(&places))).await?;
    let notes = ApplicationSettings {
        id: "notes".to_owned(),
        secret: Secret::new(DEMO_SECRET.to_owned()),
        name: "Notes".to_owned(),
        server_origin: origin("id", places.server),
        own_origin: origin("notes", places.notes),
    };
    serve_part(&mut parts, places.notes, application(notes, surroundings.clock.clone(), surroundings.random.clone()))
        .await?;

    open_store_for_migration(&config).await?.migrate_up().await?;
    let server = Server::new(&config, open_store(&config).await?, surroundings).await?;
    let mut jobs = server.jobs();
    if let Some(path) = &config.server.admin_socket {
        jobs.spawn(Socket::bind(path).await?.serve(server.admin.clone()));
    }
    let listener = TcpListener::bind(config.server.listen).await?;
    announce(&places, &file)?;
    server::serve(listener, server.router.clone(), stopped()).await?;
    jobs.shutdown().await;
    parts.shutdown().await;
    Ok(())
}

async fn serve_part(parts: &mut JoinSet<()>, port: u16, router: Router) -> Result<(), Failed> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|error| format!("port {port}: {error}; choose other ports with --port"))?;
    parts.spawn(async move {
        if let Err(error) = sandbox::serve(listener, router).await {
            tracing::error!(%error, port, "a part of the demo stopped");
        }
    });
    Ok(())
}

fn announce(places: &Places, config: &Path) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n  Selfsame is running. Start here:\n\n    http://localhost:{}\n", places.front)?;
    let lines = [
        ("Server", origin("id", places.server)),
        ("Example provider A", origin("provider-a", places.a)),
        ("Example provider B", origin("provider-b", places.b)),
        ("Example application", origin("notes", places.notes)),
        ("Mailbox", origin("mail", places.mailbox)),
    ];
    for (what, place) in lines {
        writeln!(out, "    {what:<20} {place}")?;
    }
    writeln!(out, "\n  As operator: selfsame --config {} user list", config.display())?;
    writeln!(out, "  Stop with Ctrl-C.\n")
}

fn provider(places: &Places, which: &str, surroundings: &Surroundings) -> Provider {
    let (port, name, mark, accent, people): (u16, &str, &str, Accent, Vec<Person>) = if which == "a" {
        (places.a, "Example A", "A", Accent::Teal, sandbox::seed::people_a())
    } else {
        (places.b, "Example B", "B", Accent::Orange, sandbox::seed::people_b())
    };
    let settings = ProviderSettings {
        issuer: origin(&format!("provider-{which}"), port),
        name: name.to_owned(),
        mark: mark.to_owned(),
        accent,
        people,
        client_id: "selfsame-demo".to_owned(),
        client_secret: Secret::new(DEMO_SECRET.to_owned()),
        redirect_uris: vec![format!("{}/callback/example-{which}", origin("id", places.server))],
        claims_in_id_token: true,
    };
    Provider::new(settings, surroundings.clock.clone(), surroundings.random.clone())
}

/// Known to everybody: both ends are this process.
const DEMO_SECRET: &str = "demo-client-secret-of-the-example-providers";

fn front_settings(places: &Places) -> FrontSettings {
    let link = |which: &str, name: &str, port: u16| ProviderLink {
        name: name.to_owned(),
        origin: origin(&format!("provider-{which}"), port),
    };
    FrontSettings {
        product: "Selfsame".to_owned(),
        server_origin: origin("id", places.server),
        application_origin: origin("notes", places.notes),
        mailbox_origin: origin("mail", places.mailbox),
        provider_a: link("a", "Example A", places.a),
        provider_b: link("b", "Example B", places.b),
    }
}

/// The demo's configuration. A is vouched for, B is not; mailbox codes do not sign in, so that the last method shows.
fn configuration(places: &Places) -> String {
    let connection = |which: &str, mark: &str, name: &str, port: u16, evidence: &str| {
        format!(
            "[[connections]]\nid = \"example-{which}\"\nname = \"{name}\"\nmark = \"{mark}\"\nissuer = \"{}\"\n\
             client_id = \"selfsame-demo\"\nclient_secret = {{ file = \"client-secret\" }}\nalgorithm = \"ES256\"\n\
             email_evidence = \"{evidence}\"\n\n",
            origin(&format!("provider-{which}"), port)
        )
    };
    format!(
        "[server]\npublic_origin = \"{}\"\nlisten = \"127.0.0.1:{}\"\n\n[database]\nurl = \"sqlite:selfsame.db\"\n\n\
         [[secrets.keys]]\nid = \"demo\"\nfile = \"root-key\"\n\n[mail]\nurl = \"smtp://127.0.0.1:{}\"\n\
         from = \"Selfsame <no-reply@id.example>\"\n\n[policy]\nemail_code = false\n\n{}{}\
         [[clients]]\nid = \"notes\"\nname = \"Notes\"\nsecret = {{ file = \"client-secret\" }}\n\
         redirect_uris = [\"{}/callback\"]\n",
        origin("id", places.server),
        places.server,
        places.smtp,
        connection("a", "a", "Example A", places.a, "vouched"),
        connection("b", "b", "Example B", places.b, "claimed"),
        origin("notes", places.notes),
    )
}
