//! Pages between a person and a device that asks to be let in (RFC 8628 §3.3).

use super::applications::lines;
use super::{AccountCard, ErrorText, Shell, device_name, renders};
use askama::Template;
use model::Micros;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The code that the device shows.
#[derive(Debug, Clone, Template)]
#[template(path = "device_code.html", whitespace = "minimize")]
pub struct TypeCode {
    pub shell: Shell,
    /// As it came with the address, or as it was typed.
    pub code: String,
    /// It came with the address: the person compares it and types nothing.
    pub given: bool,
    pub error: Option<ErrorText>,
}

/// May this device know who you are?
#[derive(Debug, Clone, Template)]
#[template(path = "device_answer.html", whitespace = "minimize")]
pub struct DeviceAnswer {
    pub shell: Shell,
    pub client_name: String,
    /// Sealed; it comes back with the answer.
    pub request: String,
    pub account: AccountCard,
    /// As the device shows it.
    pub code: String,
    /// What the device calls itself.
    pub user_agent: String,
    /// The network it asked from ([`flows::source_of`]).
    pub source: Vec<u8>,
    pub same_network: bool,
    pub asked_at: Micros,
    /// Scopes that were not allowed before.
    pub new: Vec<String>,
    pub known: Vec<String>,
}

impl DeviceAnswer {
    fn device(&self) -> String {
        device_name(self.shell.lang, &self.user_agent)
    }

    fn place(&self) -> String {
        if self.same_network {
            return self.shell.t("device-same-network");
        }
        self.shell.t1("device-other-network", "network", &network(&self.source))
    }

    fn new_lines(&self) -> Vec<String> {
        lines(&self.shell, &self.new)
    }

    fn known_lines(&self) -> Vec<String> {
        lines(&self.shell, &self.known)
    }
}

/// A network as people may know it: an IPv4 address, or what of an IPv6 address one subscriber has.
fn network(source: &[u8]) -> String {
    if let Ok(v4) = <[u8; 4]>::try_from(source) {
        return Ipv4Addr::from(v4).to_string();
    }
    let mut v6 = [0; 16];
    for (to, from) in v6.iter_mut().zip(source) {
        *to = *from;
    }
    format!("{}/64", Ipv6Addr::from(v6))
}

/// How it ended.
#[derive(Debug, Clone, Template)]
#[template(path = "device_done.html", whitespace = "minimize")]
pub struct DeviceDone {
    pub shell: Shell,
    pub client_name: String,
    pub allowed: bool,
}

renders!(TypeCode, DeviceAnswer, DeviceDone);

#[cfg(test)]
mod tests {
    use super::network;

    #[test]
    fn networks_are_written_as_people_know_them() {
        assert_eq!(network(&[203, 0, 113, 7]), "203.0.113.7");
        assert_eq!(network(&[0x20, 1, 0xd, 0xb8, 0, 0, 0, 1]), "2001:db8:0:1::/64");
    }
}
