//! Names to addresses at the moment of connecting, so that a name that changes its mind gains nothing (T110).

use crate::address_allowed;
use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// The operating system's resolver, or one that a test wrote.
#[async_trait]
pub trait NameResolver: Send + Sync {
    async fn lookup(&self, name: &str) -> std::io::Result<Vec<IpAddr>>;
}

#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

#[async_trait]
impl NameResolver for SystemResolver {
    async fn lookup(&self, name: &str) -> std::io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// No address of the host may be connected to. Found again in the client's error to tell it from a failed look-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the host has no address that requests may be sent to")]
pub(crate) struct HostForbidden;

/// What the HTTP client asks: it connects to exactly the addresses that were checked.
pub(crate) struct GuardedResolver {
    pub(crate) names: Arc<dyn NameResolver>,
    pub(crate) allow_loopback: bool,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let names = Arc::clone(&self.names);
        let allow_loopback = self.allow_loopback;
        Box::pin(async move {
            // RFC 6761 §6.3: these names mean this machine, whatever a name server says.
            if is_localhost(name.as_str()) {
                let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
                return if allow_loopback { Ok(addresses(vec![here])) } else { Err(HostForbidden.into()) };
            }
            let found = names.lookup(name.as_str()).await?;
            let allowed: Vec<SocketAddr> = found
                .into_iter()
                .filter(|address| address_allowed(*address))
                .map(|address| SocketAddr::from((address, 0)))
                .collect();
            if allowed.is_empty() { Err(HostForbidden.into()) } else { Ok(addresses(allowed)) }
        })
    }
}

fn addresses(list: Vec<SocketAddr>) -> Addrs {
    Box::new(list.into_iter())
}

fn is_localhost(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}
