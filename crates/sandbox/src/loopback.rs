//! Names and clients that stay on this machine. `*.localhost` is resolved here, because not every system's resolver
//! follows RFC 6761 §6.3.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// Whether a host name (without port) means this machine.
pub fn is_loopback_host(host: &str) -> bool {
    let name = host.to_ascii_lowercase();
    if let Some(literal) = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return literal.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    }
    if let Ok(address) = name.parse::<Ipv4Addr>() {
        return address.is_loopback();
    }
    name == "localhost" || name.strip_suffix(".localhost").is_some_and(is_host_name)
}

fn is_host_name(name: &str) -> bool {
    name.split('.').all(|label| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
}

/// Whether an origin such as `http://notes.localhost:7003` is on this machine.
pub fn is_loopback_origin(origin: &str) -> bool {
    url::Url::parse(origin)
        .ok()
        .is_some_and(|url| url.scheme() == "http" && url.host_str().is_some_and(is_loopback_host))
}

struct LoopbackResolver;

impl Resolve for LoopbackResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let known = is_loopback_host(name.as_str());
        Box::pin(async move {
            if known {
                let addresses: Addrs = Box::new(std::iter::once(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))));
                Ok(addresses)
            } else {
                Err("only names of this machine are resolved here".into())
            }
        })
    }
}

/// A client that reaches this machine only, follows no redirect and asks no proxy. For the example application and for
/// tests; the server's own requests go through the egress client of `upstream`.
#[allow(clippy::disallowed_methods, reason = "loopback only, never part of the server")]
pub fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .dns_resolver(std::sync::Arc::new(LoopbackResolver))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(Duration::from_secs(3))
        .timeout(Duration::from_secs(10))
        .build()
        .expect("a client without options of the outside can always be built")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine() {
        for host in ["localhost", "Notes.Localhost", "127.0.0.1", "127.1.2.3", "[::1]", "a.b.localhost"] {
            assert!(is_loopback_host(host), "{host}");
        }
        for host in [
            "",
            "example.org",
            "localhost.example.org",
            "notlocalhost",
            ".localhost",
            "a..localhost",
            "localhost.",
            "10.0.0.1",
            "[::]",
            "[::ffff:10.0.0.1]",
            "0.0.0.0",
        ] {
            assert!(!is_loopback_host(host), "{host}");
        }
        assert!(is_loopback_origin("http://notes.localhost:7003"));
        assert!(!is_loopback_origin("http://notes.example:7003"));
        assert!(!is_loopback_origin("https://notes.localhost"));
    }
}
