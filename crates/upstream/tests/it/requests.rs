//! Where outgoing requests may go (T110), and over what (T64).

use crate::provider::{Provider, policy};
use async_trait::async_trait;
use model::Secret;
use protocol::oidc::{ClientSettings, OidcError};
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use upstream::{Connections, Egress, EgressPolicy, Failed, NameResolver, address_allowed};
use url::Url;

const FORBIDDEN: [&str; 59] = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.0.1",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.99.1",
    "192.168.0.1",
    "192.168.255.255",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b::8.8.8.8",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378::",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2620:4f:8000::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
];

const ALLOWED: [&str; 16] = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "168.63.129.15",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2001:200::1",
    "2606:4700::1111",
    "2a00:1450::1",
];

/// Answers with what it is told and counts how often it was asked.
struct Scripted {
    addresses: Mutex<Vec<IpAddr>>,
    asked: AtomicUsize,
}

#[async_trait]
impl NameResolver for Scripted {
    async fn lookup(&self, _: &str) -> std::io::Result<Vec<IpAddr>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Ok(self.addresses.lock().unwrap().clone())
    }
}

fn scripted(addresses: &[&str]) -> Arc<Scripted> {
    let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
    Arc::new(Scripted { addresses: Mutex::new(addresses), asked: AtomicUsize::new(0) })
}

#[test]
fn t110_address_table() {
    for address in FORBIDDEN {
        assert!(!address_allowed(address.parse().unwrap()), "{address}");
    }
    for address in ALLOWED {
        assert!(address_allowed(address.parse().unwrap()), "{address}");
    }
}

#[tokio::test]
async fn t110_urls_that_lead_inside_are_refused_before_anything_is_sent() {
    for allow_loopback in [false, true] {
        let names = scripted(&["127.0.0.1"]);
        let policy = EgressPolicy { allow_loopback, ..policy() };
        let egress = Egress::with_resolver(policy, names.clone());
        for url in [
            "https://10.0.0.1/",
            "https://169.254.169.254/latest/meta-data",
            "https://[::ffff:127.0.0.1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[fd00:ec2::254]/",
            "https://0.0.0.0/",
            "https://0xa9fea9fe/",
            "https://2852039166/",
            "https://0251.0376.0251.0376/",
            "https://10.1/",
            "http://example.org/",
            "http://10.0.0.1/",
            "https://user:pass@example.org/",
            "ftp://example.org/",
            "file:///etc/passwd",
        ] {
            let result = egress.get(&Url::parse(url).unwrap(), None).await;
            assert_eq!(result.err().map(|error| error.kind), Some(Failed::Forbidden), "{url}");
        }
        assert_eq!(names.asked.load(Ordering::SeqCst), 0, "no name was looked up");
    }
    let strict = Egress::new(EgressPolicy::default());
    for url in
        ["https://127.0.0.1/", "https://[::1]/", "https://localhost/", "https://a.localhost/", "http://localhost/"]
    {
        let result = strict.get(&Url::parse(url).unwrap(), None).await;
        assert_eq!(result.err().map(|error| error.kind), Some(Failed::Forbidden), "{url}");
    }
}

#[tokio::test]
async fn t110_a_name_that_points_inside_is_not_connected_to() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    // Where loopback is allowed, only names below `localhost` and literal addresses mean it.
    for allow_loopback in [false, true] {
        for addresses in [&["127.0.0.1"][..], &["10.0.0.1", "::1"], &["::ffff:127.0.0.1"], &["169.254.169.254"], &[]] {
            let names = scripted(addresses);
            let provider = Provider::start().await;
            let settings = ClientSettings {
                issuer: format!("https://rebinding.example:{port}"),
                ..provider.connections.settings(&provider.id).unwrap().clone()
            };
            let policy = EgressPolicy { allow_loopback, ..policy() };
            let connections =
                Connections::with_resolver(vec![settings], policy, provider.clock.clone(), names.clone()).unwrap();
            let result = connections.authorize(&provider.id, &provider.attempt()).await;
            assert_eq!(result.unwrap_err(), OidcError::AddressForbidden, "{addresses:?}");
            assert_eq!(names.asked.load(Ordering::SeqCst), 1, "the look-up that is checked is the one that connects");
        }
    }
    let nobody = listener.accept().unwrap_err();
    assert_eq!(nobody.kind(), std::io::ErrorKind::WouldBlock);
}

#[tokio::test]
async fn t110_the_answer_that_counts_is_the_one_at_connect_time() {
    // A name whose answer changes between two connections is judged anew each time: nothing is remembered.
    let names = scripted(&["127.0.0.1"]);
    let egress = Egress::with_resolver(policy(), names.clone());
    let url = Url::parse("https://rebinding.example/").unwrap();
    for address in ["10.0.0.1", "127.0.0.1", "fe80::1"] {
        *names.addresses.lock().unwrap() = vec![address.parse().unwrap()];
        let result = egress.get(&url, None).await;
        assert_eq!(result.err().map(|error| error.kind), Some(Failed::Forbidden), "{address}");
    }
    assert_eq!(names.asked.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn t110_redirects_are_not_followed_and_take_no_credentials_along() {
    let provider = Provider::start().await;
    let target = Provider::start().await;
    provider.answer("/jump", crate::provider::Answer::Redirect(format!("{}/landing", target.issuer())));
    let egress = Egress::new(policy());
    let url = Url::parse(&format!("{}/jump", provider.issuer())).unwrap();
    let token = Secret::new("at-1".to_owned());
    let error = egress.get(&url, Some(&token)).await.err().unwrap();
    assert_eq!(error.kind, Failed::Redirected);
    assert_eq!((provider.total(), target.total()), (1, 0));
}

#[tokio::test]
async fn credentials_that_fit_no_header_are_not_sent() {
    let provider = Provider::start().await;
    let url = Url::parse(&format!("{}/me", provider.issuer())).unwrap();
    let token = Secret::new("a\r\nX-Injected: b".to_owned());
    let error = Egress::new(policy()).get(&url, Some(&token)).await.err().unwrap();
    assert_eq!(error.kind, Failed::Unsendable);
    assert!(!error.cause.contains("Injected"));
    assert_eq!(provider.total(), 0);
}

#[tokio::test]
async fn t64_a_certificate_nobody_vouches_for_is_refused() {
    let (port, outcome) = self_signed_server();
    let egress = Egress::new(policy());
    let url = Url::parse(&format!("https://idp.localhost:{port}/")).unwrap();
    let error = egress.get(&url, None).await.err().expect("a self-signed certificate was accepted");
    assert_eq!(error.kind, Failed::Down);
    let alert = tokio::task::spawn_blocking(move || outcome.recv_timeout(Duration::from_secs(5)).unwrap());
    let alert = alert.await.unwrap().expect_err("the handshake was completed");
    assert!(alert.contains("UnknownCA") || alert.contains("BadCertificate"), "{alert}");
}

/// One TLS connection with a certificate made just now; reports whether the handshake was completed.
fn self_signed_server() -> (u16, std::sync::mpsc::Receiver<Result<(), String>>) {
    let made = rcgen::generate_simple_self_signed(vec!["idp.localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut tls = rustls::ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = rustls::Stream::new(&mut tls, &mut socket);
        let result = stream.read(&mut [0; 1]).map(|_| ()).map_err(|error| error.to_string());
        let _ = stream.flush();
        let _ = sender.send(result);
    });
    (port, receiver)
}
