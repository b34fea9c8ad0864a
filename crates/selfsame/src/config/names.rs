//! Small forms that appear in configuration: origins, networks, domains.

use flows::oauth::{has_user_info, is_loopback};
use model::Address;
use std::fmt;
use std::net::IpAddr;
use url::Url;

/// An origin in its canonical text (RFC 6454 §6.2), as browsers send it: `https://id.example.org`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    text: String,
    host: String,
    https: bool,
}

impl Origin {
    /// Why the text is not an origin that may be used, as a sentence for the operator.
    pub fn parse(text: &str) -> Result<Self, String> {
        const FORM: &str = "write an origin like `https://id.example.org`, without path or `*`";
        let url = Url::parse(text).map_err(|_| FORM.to_owned())?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !bare || has_user_info(&url) || text.contains('*') || !matches!(url.scheme(), "http" | "https") {
            return Err(FORM.to_owned());
        }
        https_or_loopback(&url)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        Ok(Self { text: url.origin().ascii_serialization(), host, https: url.scheme() == "https" })
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Without port.
    pub fn host(&self) -> &str {
        &self.host
    }

    pub fn is_https(&self) -> bool {
        self.https
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

pub(super) fn https_or_loopback(url: &Url) -> Result<(), String> {
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(url) => Ok(()),
        "http" => Err("use https; http is for loopback hosts only".to_owned()),
        _ => Err("use an https address".to_owned()),
    }
}

/// The domain in A-labels, by the canonicaliser of addresses, so that both always compare equal.
pub(super) fn domain(text: &str) -> Option<String> {
    Address::parse(&format!("x@{text}")).ok().map(|address| address.domain().to_owned())
}

/// Addresses that share a prefix, as `10.0.0.0/8`; a single address is its own network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IpNetwork {
    bits: u128,
    prefix: u32,
    v4: bool,
}

impl IpNetwork {
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let (bits, width) = bits_of(address.parse().ok()?);
        let prefix = prefix.unwrap_or(width);
        (prefix <= width).then(|| Self { bits: bits & mask(prefix, width), prefix, v4: width == 32 })
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        let (bits, width) = bits_of(address.to_canonical());
        (width == 32) == self.v4 && bits & mask(self.prefix, width) == self.bits
    }
}

fn bits_of(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    }
}

/// The first `prefix` of `width` bits.
fn mask(prefix: u32, width: u32) -> u128 {
    let all = u128::MAX >> (128 - width);
    all & !all.checked_shr(prefix).unwrap_or(0)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_canonical_or_refused() {
        assert_eq!(Origin::parse("https://ID.example.org:443/").unwrap().as_str(), "https://id.example.org");
        assert_eq!(Origin::parse("http://demo.localhost:8080").unwrap().as_str(), "http://demo.localhost:8080");
        for text in ["https://a.example/x", "https://*.a.example", "*", "null", "http://a.example", "ftp://a.example"] {
            assert!(Origin::parse(text).is_err(), "{text}");
        }
        assert!(Origin::parse("https://me@a.example").is_err());
    }

    #[test]
    fn networks_hold_their_addresses() {
        let private = IpNetwork::parse("10.0.0.0/8").unwrap();
        assert!(private.contains("10.255.0.1".parse().unwrap()));
        assert!(private.contains("::ffff:10.0.0.1".parse().unwrap()));
        assert!(!private.contains("11.0.0.1".parse().unwrap()));
        assert!(IpNetwork::parse("0.0.0.0/0").unwrap().contains("9.9.9.9".parse().unwrap()));
        assert!(!IpNetwork::parse("0.0.0.0/0").unwrap().contains("2001:db8::1".parse().unwrap()));
        assert!(IpNetwork::parse("2001:db8::/32").unwrap().contains("2001:db8::9".parse().unwrap()));
        assert!(IpNetwork::parse("127.0.0.1").unwrap().contains("127.0.0.1".parse().unwrap()));
        assert_eq!(IpNetwork::parse("10.0.0.0/33"), None);
        assert_eq!(IpNetwork::parse("proxy"), None);
    }
}
