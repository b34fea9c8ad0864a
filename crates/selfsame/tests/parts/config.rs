//! Good files, and every kind of bad one with the place and the advice its reader gets.

use model::{ConnectionId, LinkOnMatch, Purpose};
use selfsame::config::{Config, Database, IdTokenAlgorithm, SmtpSecurity, TokenAuth};
use std::path::{Path, PathBuf};

/// Line 1 is `[server]`.
const GOOD: &str = r#"[server]
public_origin = "https://id.example.org"
listen = "127.0.0.1:8080"

[database]
url = "sqlite:data/selfsame.db"

[[secrets.keys]]
id = "one"
env = "ROOT_KEY"

[mail]
url = "smtp://localhost:1025"
from = "Example <no-reply@example.org>"

[policy]
sign_up = "open"

[[connections]]
id = "first"
name = "First"
issuer = "https://first.example"
client_id = "a"

[[connections]]
id = "second"
name = "Second"
issuer = "https://second.example/tenant"
client_id = "b"
client_secret = { env = "SECOND_SECRET" }

[[applications]]
id = "notes"
name = "Notes"
redirect_uris = ["https://notes.example/back"]
"#;

const KEY: &str = "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI=";

fn env(more: &[(&str, &str)]) -> Vec<(String, String)> {
    let base = [("ROOT_KEY", KEY), ("SECOND_SECRET", "s3cret"), ("HOME", "/root")];
    base.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn parse(text: &str, more: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    Config::parse(Path::new("/etc/selfsame.toml"), text, env(more))
        .map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

/// The good file with one text replaced; the text must be there.
fn with(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    GOOD.replacen(from, to, 1)
}

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

#[test]
fn reads_a_good_file() {
    let config = parse(GOOD, &[]).unwrap();
    assert_eq!(config.server.public_origin.as_str(), "https://id.example.org");
    assert_eq!(config.server.listen.port(), 8080);
    assert!(matches!(&config.database, Database::Sqlite(path) if path == Path::new("/etc/data/selfsame.db")));
    assert_eq!(config.server.admin_socket.as_deref(), Some(Path::new("/etc/data/selfsame.sock")));
    assert_eq!(config.root_keys[0].key.expose(), &[0x42; 32]);
    assert_eq!((config.mail.smtp.port, config.mail.smtp.security), (1025, SmtpSecurity::Plain));
    assert_eq!(config.session_lifetime, model::HOUR.times(720));
    let [first, second] = config.connections() else { panic!("two connections") };
    assert_eq!((first.token_auth, first.algorithm), (TokenAuth::None, IdTokenAlgorithm::RS256));
    assert_eq!(first.scopes, ["openid", "email", "profile"]);
    assert_eq!(second.token_auth, TokenAuth::Basic);
    assert_eq!(second.client_secret.as_ref().map(|secret| secret.expose().as_str()), Some("s3cret"));
    assert!(config.application_of("https://notes.example/back").is_some());
    assert!(config.application_of("https://notes.example/other").is_none());
}

#[test]
fn every_bad_file_names_line_key_and_cure() {
    let issuer = "issuer = \"https://second.example/tenant\"";
    let client = "client_id = \"b\"";
    let uri = "[\"https://notes.example/back\"]";
    let table: Vec<(String, &str)> = vec![
        // Unknown, missing, mistyped.
        (with("listen =", "lisen ="), "selfsame.toml:3: server.lisen: unknown key; did you mean `listen`?"),
        (with("[policy]", "[polcy]"), "selfsame.toml:16: polcy: unknown key; did you mean `policy`?"),
        (
            with("sign_up", "zzzzzzzz"),
            "selfsame.toml:17: policy.zzzzzzzz: unknown key; known here: email_code, fallback, method_selection, passkey, password, required_level, sign_up, totp",
        ),
        (
            with("{ env = \"SECOND", "{ evn = \"SECOND"),
            "selfsame.toml:30: connections[1].client_secret.evn: unknown key; did you mean `env`?",
        ),
        (with(client, ""), "selfsame.toml:25: connections[1].client_id: is missing"),
        (
            with("public_origin = \"https://id.example.org\"", ""),
            "selfsame.toml:1: server.public_origin: is missing: The origin people see",
        ),
        (with("\"127.0.0.1:8080\"", "8080"), "selfsame.toml:3: server.listen: write a text in quotes, not a number"),
        (
            with("listen = \"127.0.0.1:8080\"", "listen = 1979-05-27"),
            "selfsame.toml:3: server.listen: write a text in quotes",
        ),
        (
            with(uri, "\"https://notes.example/back\""),
            "selfsame.toml:35: applications[0].redirect_uris: write a list, not a text",
        ),
        (with(uri, "[]"), "selfsame.toml:35: applications[0].redirect_uris: needs at least one entry"),
        (
            with("sign_up = \"open\"", "required_level = 4"),
            "selfsame.toml:17: policy.required_level: must be from 1 to 3",
        ),
        (
            with("sign_up = \"open\"", "required_level = 99999999999999999999"),
            "selfsame.toml:17: policy.required_level: write a whole number",
        ),
        (
            with("sign_up = \"open\"", "sign_up = \"everybody\""),
            "selfsame.toml:17: policy.sign_up: `everybody` is not known; use one of open, invited, closed",
        ),
        (
            with("{ env = \"SECOND_SECRET\" }", "\"s3cret\""),
            "selfsame.toml:30: connections[1].client_secret: write a table, not a text",
        ),
        (with("name = \"Notes\"", "name = \"\""), "selfsame.toml:34: applications[0].name: must not be empty"),
        // Not TOML at all.
        (with("[policy]", "[policy"), "selfsame.toml:16: not TOML: "),
        (with("id = \"first\"", "id = \"first\"\nid = \"first\""), "selfsame.toml:21: not TOML: duplicate key"),
        // Origins and addresses.
        (
            with("https://id.example.org", "http://id.example.org"),
            "selfsame.toml:2: server.public_origin: use https; http is for loopback hosts only",
        ),
        (
            with("https://id.example.org", "https://id.example.org/sso"),
            "selfsame.toml:2: server.public_origin: write an origin",
        ),
        (with("127.0.0.1:8080", "localhost"), "selfsame.toml:3: server.listen: write address and port"),
        (
            with("listen =", "allowed_origins = [\"https://a.example\", \"*\"]\nlisten ="),
            "selfsame.toml:3: server.allowed_origins[1]: write an origin",
        ),
        (
            with("listen =", "allowed_origins = [\"http://a.example\"]\nlisten ="),
            "selfsame.toml:3: server.allowed_origins[0]: use https",
        ),
        (
            with("listen =", "help_url = \"https://docs.example/reasons\"\nlisten ="),
            "selfsame.toml:3: server.help_url: write an https address with {code} in it",
        ),
        (
            with("listen =", "help_url = \"http://docs.example/{code}\"\nlisten ="),
            "selfsame.toml:3: server.help_url: write an https address with {code} in it",
        ),
        (
            with("listen =", "client_ip_header = \"x-real-ip\"\nlisten ="),
            "selfsame.toml:3: server.client_ip_header: add `trusted_proxies`",
        ),
        (
            with("listen =", "trusted_proxies = [\"10.0.0.1\"]\nlisten ="),
            "selfsame.toml:3: server.trusted_proxies: add `client_ip_header`",
        ),
        (
            with("listen =", "client_ip_header = \"a\"\ntrusted_proxies = [\"proxy\"]\nlisten ="),
            "selfsame.toml:4: server.trusted_proxies[0]: write an address or a network",
        ),
        (
            with("listen =", "client_ip_header = \"a b\"\ntrusted_proxies = [\"::1\"]\nlisten ="),
            "selfsame.toml:3: server.client_ip_header: is not the name of a header",
        ),
        // Database, keys, mail.
        (with("sqlite:data", "mysql:data"), "selfsame.toml:6: database.url: write `sqlite:PATH` or"),
        (
            with("selfsame.db\"", "selfsame.db\"\npassword = { env = \"ROOT_KEY\" }"),
            "selfsame.toml:7: database.password: SQLite has no password",
        ),
        (
            with("env = \"ROOT_KEY\"", "file = \"no-such-file\""),
            "selfsame.toml:10: secrets.keys[0].file: secret file `/etc/no-such-file` cannot be opened",
        ),
        (
            with("env = \"ROOT_KEY\"", "env = \"NOBODY\""),
            "selfsame.toml:10: secrets.keys[0].env: environment variable `NOBODY` is not set",
        ),
        (
            with("env = \"ROOT_KEY\"", "env = \"HOME\""),
            "selfsame.toml:8: secrets.keys[0]: is not 32 bytes in base64 or hexadecimal",
        ),
        (
            with("env = \"ROOT_KEY\"", "env = \"HOME\"\nfile = \"x\""),
            "selfsame.toml:8: secrets.keys[0]: give either `file` or `env`",
        ),
        (
            with("[mail]", "[[secrets.keys]]\nid = \"two\"\nenv = \"ROOT_KEY\"\n[mail]"),
            "selfsame.toml:12: secrets.keys[1]: is the same key as another",
        ),
        (with("smtp://localhost:1025", "http://localhost"), "selfsame.toml:13: mail.url: write `smtps://HOST`"),
        (
            with("smtp://localhost:1025", "smtps://me:pw@localhost"),
            "selfsame.toml:13: mail.url: leave user and password out",
        ),
        (
            with("localhost:1025\"", "relay.example\"\nuser = \"u\"\npassword = { env = \"SECOND_SECRET\" }"),
            "selfsame.toml:13: mail.url: would send the password in clear",
        ),
        (with("localhost:1025\"", "localhost\"\nuser = \"u\""), "selfsame.toml:14: mail.user: add `password`"),
        (with("Example <no-reply@example.org>", "Example"), "selfsame.toml:14: mail.from: write a sender"),
        // Connections.
        (with("id = \"second\"", "id = \"Second\""), "selfsame.toml:26: connections[1].id: use 1 to 32 of"),
        (
            with("id = \"second\"", "id = \"first\""),
            "selfsame.toml:26: connections[1].id: another connection has this id",
        ),
        (with(issuer, "issuer = \"http://second.example\""), "selfsame.toml:28: connections[1].issuer: use https"),
        (
            with(issuer, "issuer = \"https://second.example/?a=1\""),
            "selfsame.toml:28: connections[1].issuer: an issuer has no query",
        ),
        (
            with(issuer, "issuer = \"second\""),
            "selfsame.toml:28: connections[1].issuer: write the issuer as an https address",
        ),
        (
            with(client, "client_id = \"b\"\nalgorithm = \"RS1\""),
            "selfsame.toml:30: connections[1].algorithm: `RS1` is not known; use one of RS256",
        ),
        (with(client, "client_id = \"b\"\nalgorithm = \"HS256\""), "(only asymmetric signatures"),
        (with(client, "client_id = \"b\"\nalgorithm = \"none\""), "(only asymmetric signatures"),
        (
            with(client, "client_id = \"b\"\nscopes = [\"email\"]"),
            "selfsame.toml:30: connections[1].scopes: add `openid`",
        ),
        (
            with(client, "client_id = \"b\"\nscopes = [\"openid\", \"a b\"]"),
            "selfsame.toml:30: connections[1].scopes[1]: is not a scope",
        ),
        (
            with(client, "client_id = \"b\"\nsubject_claim = \"email\""),
            "selfsame.toml:30: connections[1].subject_claim: `email` can pass to another person",
        ),
        (
            with(client, "client_id = \"b\"\ntoken_auth = \"none\""),
            "selfsame.toml:30: connections[1].token_auth: is `none`, so remove `client_secret`",
        ),
        (
            with("client_id = \"a\"", "client_id = \"a\"\ntoken_auth = \"post\""),
            "selfsame.toml:19: connections[0].client_secret: is missing",
        ),
        (
            with("SECOND_SECRET", "MISSING"),
            "selfsame.toml:30: connections[1].client_secret.env: environment variable `MISSING` is not set",
        ),
        (
            with(client, "client_id = \"b\"\nauthoritative_domains = [\"a.example\", \"not a domain\"]"),
            "selfsame.toml:30: connections[1].authoritative_domains[1]: is not a domain name",
        ),
        (
            with(client, "client_id = \"b\"\napproved_hosts = [\"*.example\"]"),
            "selfsame.toml:30: connections[1].approved_hosts[0]: is not a domain name",
        ),
        (
            with(client, "client_id = \"b\"\nmax_links_per_user = 0"),
            "selfsame.toml:30: connections[1].max_links_per_user: must be from 1 to 100",
        ),
        // Redirects.
        (with(uri, "[\"http://notes.example/back\"]"), "selfsame.toml:35: applications[0].redirect_uris[0]: use https"),
        (
            with(uri, "[\"https://notes.example/back#x\"]"),
            "selfsame.toml:35: applications[0].redirect_uris[0]: leave out fragment",
        ),
        (with(uri, "[\"https://*.notes.example/back\"]"), "selfsame.toml:35: applications[0].redirect_uris[0]: write"),
        (
            with(uri, "[\"https://Notes.example\"]"),
            "selfsame.toml:35: applications[0].redirect_uris[0]: write it as `https://notes.example/`",
        ),
        (with(uri, "[\"notes:/back\"]"), "selfsame.toml:35: applications[0].redirect_uris[0]: use an https address"),
        (
            with("[policy]", "[branding]\nsupport_url = \"javascript:alert(1)\"\n[policy]"),
            "selfsame.toml:17: branding.support_url: write an `https:` or",
        ),
    ];
    let mut wrong = Vec::new();
    for (text, expected) in &table {
        match parse(text, &[]) {
            Ok(_) => wrong.push(format!("accepted; expected {expected}")),
            Err(errors) if errors.iter().any(|error| error.contains(expected)) => {}
            Err(errors) => wrong.push(format!("expected {expected}\n     got {}", errors.join("\n         "))),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn one_mistake_gives_one_error() {
    for text in [with("listen =", "lisen ="), with("sqlite:data", "mysql:data"), with("127.0.0.1:8080", "x")] {
        assert_eq!(parse(&text, &[]).unwrap_err().len(), 1, "{text}");
    }
}

#[test]
fn t41_a_client_s_faults_are_told_by_the_keys_of_the_file() {
    let of = |more: &str| {
        let client = format!("{GOOD}\n[[clients]]\nid = \"shop\"\nname = \"Shop\"\n{more}\n");
        let errors = parse(&client, &[("CLIENT_SECRET", "0123456789abcdef0123456789abcdef")]).err().unwrap_or_default();
        errors.iter().map(|error| error.split_once("clients[0]").unwrap().1.to_owned()).collect::<Vec<_>>().join("\n")
    };
    let uri = "redirect_uris = [\"https://shop.example/cb\"]";
    let secret = "secret = { env = \"CLIENT_SECRET\" }";
    assert_eq!(of(uri), "");
    assert_eq!(of(&format!("{uri}\n{secret}\nauth = \"post\"")), "");
    for (more, start) in [
        (String::new(), ".redirect_uris: name where people are sent"),
        ("redirect_uris = [\"https://a.example/\", \"http://b.example/\"]".to_owned(), ".redirect_uris[1]: use https"),
        (format!("{uri}\npost_logout_redirect_uris = [\"x:/y\"]"), ".post_logout_redirect_uris[0]: use an https"),
        (format!("{uri}\nscopes = [\"openid\", \"a b\"]"), ".scopes[1]: is not a scope"),
        (format!("{uri}\nauth = \"basic\""), ".auth: needs a `secret`"),
        (format!("{uri}\n{secret}\nauth = \"none\""), ".auth: `none` goes without"),
        (format!("{uri}\ngrants = [\"client_credentials\"]"), ".grants: a client without a secret"),
        (format!("{uri}\nrequire_pkce = false"), ".require_pkce: a client without a secret"),
        (format!("{uri}\nsecret = {{ env = \"NOBODY\" }}\nauth = \"basic\""), ".secret.env: environment variable"),
        ("redirect_uris = [\"https://a.example/\", \"https://b.example/\"]\npairwise = true".to_owned(), ".pairwise: "),
    ] {
        let told = of(&more);
        assert!(told.starts_with(start) && told.lines().count() == 1, "{more}\n{told}");
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let text =
        with("listen = \"127.0.0.1:8080\"", "listen = 1\nport = 2").replace("client_id = \"a\"", "clientid = \"a\"");
    let errors = parse(&text, &[]).unwrap_err();
    assert_eq!(errors.len(), 4, "{errors:#?}");
    let text =
        with("https://id.example.org", "http://id.example.org").replace("sqlite:", "x:").replace("ROOT_KEY", "NOBODY");
    assert_eq!(parse(&text, &[]).unwrap_err().len(), 3);
    assert!(
        parse("", &[]).unwrap_err().iter().any(|error| error.contains("selfsame.toml:1: server: section is missing"))
    );
}

#[test]
fn t06_two_connections_with_one_issuer_are_refused() {
    let second = "https://second.example/tenant";
    for same in
        ["https://first.example", "https://first.example/", "https://FIRST.example", "https://first.example:443"]
    {
        let errors = parse(&with(second, same), &[]).unwrap_err();
        assert_eq!(errors.len(), 1, "{same}: {errors:?}");
        assert!(
            errors[0].contains("selfsame.toml:28: connections[1].issuer: connection `first` already has this issuer"),
            "{same}: {}",
            errors[0]
        );
    }
    assert!(parse(&with(second, "https://first.example/tenant"), &[]).is_ok());
}

#[test]
fn the_environment_overrides_the_file() {
    let config = parse(
        GOOD,
        &[
            ("SELFSAME__SERVER__LISTEN", "[::1]:9"),
            ("SELFSAME__SERVER__ALLOWED_ORIGINS", "[\"https://app.example\"]"),
            ("SELFSAME__POLICY__PASSWORD", "false"),
            ("SELFSAME__SESSIONS__LIFETIME_HOURS", "12"),
            ("SELFSAME__CONNECTIONS__1__CLIENT_ID", "0x10"),
            ("SELFSAME__CONNECTIONS__FIRST__LINK_ON_MATCH", "off"),
            ("SELFSAME__CONNECTIONS__SECOND__CLIENT_SECRET__ENV", "OTHER_SECRET"),
            ("OTHER_SECRET", "other"),
            ("SELFSAME__APPLICATIONS__1__ID", "cli"),
            ("SELFSAME__APPLICATIONS__1__NAME", "Command line"),
            ("SELFSAME__APPLICATIONS__1__REDIRECT_URIS", "[\"http://127.0.0.1/\"]"),
        ],
    )
    .unwrap();
    assert_eq!(config.server.listen.to_string(), "[::1]:9");
    assert_eq!(config.server.allowed_origins[0].as_str(), "https://app.example");
    assert!(!config.local.password && config.local.email_code);
    assert_eq!(config.session_lifetime, model::HOUR.times(12));
    assert_eq!(config.connections()[1].client_id, "0x10");
    assert_eq!(config.connections()[0].policy.link_on_match, LinkOnMatch::Off);
    assert_eq!(config.connections()[1].client_secret.as_ref().unwrap().expose(), "other");
    assert_eq!(config.application_of("http://127.0.0.1:4711/").unwrap().id, "cli");
}

#[test]
fn a_bad_override_names_the_variable() {
    let table = [
        ("SELFSAME__SERVER__LISTEN", "x", "SELFSAME__SERVER__LISTEN: server.listen: write address and port"),
        ("SELFSAME__SERVER__PORT", "80", "SELFSAME__SERVER__PORT: server.port: unknown key"),
        (
            "SELFSAME__SESSIONS__LIFETIME_HOURS",
            "long",
            "SELFSAME__SESSIONS__LIFETIME_HOURS: sessions.lifetime_hours: write a whole number, not a text",
        ),
        (
            "SELFSAME__SERVER__LISTEN__HOST",
            "x",
            "SELFSAME__SERVER__LISTEN__HOST: server.listen.host: `server.listen` holds one value",
        ),
        (
            "SELFSAME__CONNECTIONS__THIRD__NAME",
            "x",
            "SELFSAME__CONNECTIONS__THIRD__NAME: connections.third.name: names no entry of this list",
        ),
        (
            "SELFSAME__CONNECTIONS__9__NAME",
            "x",
            "SELFSAME__CONNECTIONS__9__NAME: connections.9.name: there are 2 entries",
        ),
        ("SELFSAME__", "x", "SELFSAME__: names no key"),
        ("SELFSAME__SERVER", "x", "SELFSAME__SERVER: server: write a table, not a text"),
    ];
    for (name, value, expected) in table {
        let errors = parse(GOOD, &[(name, value)]).unwrap_err();
        assert!(errors.iter().any(|error| error.starts_with(expected)), "{expected}\n{errors:#?}");
    }
}

#[test]
fn t113_errors_hold_no_secret() {
    const CANARY: &str = "canary-7f3a";
    for text in [
        with("sqlite:data", &format!("mysql://u:{CANARY}@h")),
        with("{ env = \"SECOND_SECRET\" }", &format!("\"{CANARY}\"")),
        with("smtp://localhost", &format!("smtps://u:{CANARY}@localhost")),
        with("https://id.example.org", &format!("https://u:{CANARY}@id.example.org")),
    ] {
        let errors = parse(&text, &[("ROOT_KEY", CANARY)]).unwrap_err();
        assert!(!errors.join("\n").contains(CANARY), "{errors:?}");
    }
    let config =
        parse(&with("sqlite:data/selfsame.db", &format!("postgres://u:{CANARY}@h/d")), &[("SECOND_SECRET", CANARY)]);
    assert!(!format!("{config:?}").contains(CANARY));
}

#[test]
fn a_database_password_joins_the_address() {
    let text =
        with("\"sqlite:data/selfsame.db\"", "\"postgres://u@h/d?sslmode=require\"\npassword = { env = \"PGPASS\" }");
    let config = parse(&text, &[("PGPASS", "a b&c+d%")]).unwrap();
    let Database::Postgres(url) = &config.database else { panic!("PostgreSQL") };
    assert_eq!(url.expose(), "postgres://u@h/d?sslmode=require&password=a%20b%26c%2Bd%25");
    assert_eq!(config.server.admin_socket, None);
}

#[test]
fn the_policy_version_names_the_policy() {
    let policy = parse(GOOD, &[]).unwrap().policy();
    assert_eq!(policy.version.len(), 16);
    assert!(policy.version.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let second = policy.connection(&ConnectionId::parse("second").unwrap()).unwrap();
    assert_eq!(second.mail_authority.issuer, "https://second.example/tenant");
    assert_eq!(second.purpose, Purpose::SignInAndLink);
    // What is no policy leaves it alone; the order of the file does too.
    let renamed = parse(&with("name = \"First\"", "name = \"Other\""), &[]).unwrap().policy();
    assert_eq!(renamed, policy);
    let changed =
        parse(&with("client_id = \"a\"", "client_id = \"a\"\nemail_evidence = \"vouched\""), &[]).unwrap().policy();
    assert!(changed.connection(&ConnectionId::parse("first").unwrap()).unwrap().mail_authority.vouched);
    assert_ne!(changed.version, policy.version);
    let domains = with("client_id = \"a\"", "client_id = \"a\"\nauthoritative_domains = [\"Bücher.example\"]");
    let domains = parse(&domains, &[]).unwrap().policy();
    let authority = &domains.connections[&ConnectionId::parse("first").unwrap()].mail_authority;
    assert_eq!(authority.authoritative_domains, ["xn--bcher-kva.example"]);
}

#[test]
fn a_file_that_is_not_there_is_one_error() {
    let errors = Config::load(Path::new("/no/such/selfsame.toml"), env(&[])).unwrap_err();
    assert_eq!(errors.len(), 1);
    assert!(errors[0].to_string().starts_with("/no/such/selfsame.toml: cannot be opened"), "{}", errors[0]);
}

#[test]
fn the_example_loads_as_it_is_and_with_everything_in_it() {
    let path = root("selfsame.example.toml");
    let secrets = [
        ("SELFSAME_ROOT_KEY", KEY),
        ("SELFSAME_MAIL_PASSWORD", "x"),
        ("GOOGLE_CLIENT_SECRET", "y"),
        ("ACME_CLIENT_SECRET", "y"),
        ("SHOP_CLIENT_SECRET", KEY),
        ("SHOP_CLIENT_SECRET_BEFORE", KEY),
    ];
    Config::load(&path, env(&secrets)).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    // `#key = …` is a setting that may be left out, `# word` is prose.
    let setting =
        |line: &str| line.strip_prefix('#').filter(|rest| rest.starts_with(|c: char| c != ' ')).map(str::to_owned);
    let whole: Vec<String> = text.lines().map(|line| setting(line).unwrap_or_else(|| line.to_owned())).collect();
    let whole = whole.join("\n").replace("file = \"old-root-key\"", "env = \"OLD_KEY\"");
    let old = [("OLD_KEY", "4141414141414141414141414141414141414141414141414141414141414141")];
    let config = Config::parse(&path, &whole, env(&[&secrets[..], &old[..]].concat())).unwrap();
    assert_eq!(config.root_keys[1].key.expose(), &[0x41; 32]);
    // Every key of the schema is shown.
    let schema = Config::schema();
    let definitions = schema["$defs"].as_object().unwrap().values().chain(std::iter::once(&schema));
    for key in definitions.flat_map(|definition| definition["properties"].as_object().unwrap().keys()) {
        assert!(whole.contains(key.as_str()), "{key} is not in the example");
    }
}

/// `UPDATE_GENERATED=1` writes it anew.
#[test]
fn the_schema_in_the_repository_is_current() {
    let path = root("docs/config.schema.json");
    let current = serde_json::to_string_pretty(&Config::schema()).unwrap() + "\n";
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(&path, &current).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == current, "docs/config.schema.json is old: run this test with UPDATE_GENERATED=1");
}

#[test]
fn an_application_behind_a_proxy_says_its_origin_and_no_more() {
    let wiki = |lines: &str| format!("{GOOD}\n[[clients]]\nid = \"wiki\"\nname = \"Wiki\"\n{lines}");
    let good = parse(&wiki("forward_auth = \"https://WIKI.example.org:443/\"\npairwise = true"), &[]).unwrap();
    let client = &good.clients[0];
    assert_eq!(client.forward_auth.as_deref(), Some("https://wiki.example.org"));
    assert_eq!(client.redirect_uris, ["https://wiki.example.org/selfsame/callback"]);
    assert_eq!(client.scopes, ["openid", "profile", "email"]);
    assert_eq!(client.sector.as_deref(), Some("wiki.example.org"));
    assert!(!client.is_public() && client.require_pkce);
    let origin = "forward_auth = \"https://wiki.example.org\"";
    let twice = format!("{origin}\n[[clients]]\nid = \"other\"\nname = \"Other\"\n{origin}");
    for (lines, path, advice) in [
        ("forward_auth = \"https://wiki.example.org/x\"", "forward_auth", "write an origin like"),
        ("forward_auth = \"http://wiki.example.org\"", "forward_auth", "use https; http is for loopback hosts only"),
        ("forward_auth = \"https://*.example.org\"", "forward_auth", "write an origin like"),
        ("forward_auth = \"https://id.example.org\"", "forward_auth", "is the public origin itself"),
        (&twice, "forward_auth", "client `wiki` has this origin"),
        (&format!("{origin}\nsecret = {{ env = \"SECOND_SECRET\" }}"), "secret", "leave it out"),
        (&format!("{origin}\nauth = \"none\""), "auth", "leave it out"),
        (&format!("{origin}\nredirect_uris = [\"https://wiki.example.org/cb\"]"), "redirect_uris", "leave it out"),
        (&format!("{origin}\ngrants = [\"authorization_code\"]"), "grants", "leave it out"),
        (&format!("{origin}\nrequire_pkce = false"), "require_pkce", "leave it out"),
        (&format!("{origin}\nalgorithm = \"RS256\""), "algorithm", "leave it out"),
        (&format!("{origin}\naccess_tokens = \"jwt\""), "access_tokens", "leave it out"),
        (&format!("{origin}\nintrospection = true"), "introspection", "leave it out"),
        (&format!("{origin}\njwks = '{{}}'"), "jwks", "leave it out"),
        (&format!("{origin}\nresources = [\"https://api.example\"]"), "resources", "leave it out"),
        (&format!("{origin}\nrequire_pushed = true"), "require_pushed", "leave it out"),
        (&format!("{origin}\ndpop = true"), "dpop", "leave it out"),
        (&format!("{origin}\nfapi = true"), "fapi", "leave it out"),
        (&format!("{origin}\nidentity_subjects = true"), "identity_subjects", "leave it out"),
        (&format!("{origin}\nscopes = [\"email\"]"), "scopes", "add `openid`"),
        (&format!("{origin}\nscopes = [\"openid\", \"offline_access\"]"), "scopes", "can be told"),
    ] {
        let errors = parse(&wiki(lines), &[]).unwrap_err();
        let expected = format!(".{path}: ");
        let found = errors.iter().any(|error| error.contains(&expected) && error.contains(advice));
        assert!(found && errors.len() == 1, "{lines}: {errors:#?}");
    }
}
