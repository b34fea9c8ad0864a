//! What pages and API share: how flows, sessions and devices travel in cookies (T31, T50).
//!
//! Pure text in and out, so that both surfaces speak alike. Cookies are `__Host-`, Secure, HttpOnly and Lax; over plain
//! HTTP, which only the demo and tests use, the prefix and Secure go.

use crate::flow::{Fault, Finished, Flow, Goal, Next};
use crate::journeys::Journeys;
use crate::{Browser, Device, digest};
use model::{DAY, FlowId, Micros, Secret};
use std::net::IpAddr;

/// Other flows of a browser beside the newest; older sign-ins are forgotten.
const FLOWS_MAX: usize = 4;
/// What browsers keep of one cookie is 4,096 bytes with its name (RFC 6265 §6.1).
const COOKIE_MAX: usize = 4_000;
/// Of each of the two kinds, names and values together.
const FLOWS_SIZE_MAX: usize = 6_500;
const DEVICE_LIFETIME: Micros = DAY.times(400);
/// No honest cookie header is larger (T111).
const HEADER_MAX: usize = 16 * 1024;

/// The `Cookie` header of a request.
#[derive(Debug, Clone, Copy)]
pub struct Cookies<'a> {
    header: &'a str,
    pub(crate) secure: bool,
}

impl<'a> Cookies<'a> {
    pub fn new(header: Option<&'a str>, secure: bool) -> Self {
        let header = header.filter(|text| text.len() <= HEADER_MAX).unwrap_or_default();
        Self { header, secure }
    }

    fn all(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.header.split(';').filter_map(|pair| pair.trim().split_once('='))
    }

    pub(crate) fn get(self, name: &str) -> Option<&'a str> {
        let name = full_name(self.secure, name);
        self.all().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The language this browser was switched to.
    pub fn language(self) -> Option<&'a str> {
        self.get("language")
    }

    /// Remembers the language for this browser.
    pub fn keep_language(self, code: &str) -> String {
        set(self.secure, "language", code, DEVICE_LIFETIME)
    }

    /// The session secret, if one was presented.
    pub fn session(self) -> Option<&'a str> {
        self.get("session")
    }
}

fn full_name(secure: bool, name: &str) -> String {
    if secure { format!("__Host-{name}") } else { name.to_owned() }
}

/// A `Set-Cookie` value.
pub(crate) fn set(secure: bool, name: &str, value: &str, life: Micros) -> String {
    let name = full_name(secure, name);
    let secure = if secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{secure}", life.seconds())
}

pub(crate) fn forget(secure: bool, name: &str) -> String {
    set(secure, name, "", Micros(0))
}

/// Link and step-up flows are named apart, so that sign-in flows do not evict them.
fn flow_name(flow: &Flow) -> String {
    let kind = match flow.goal {
        Goal::SignIn { .. } | Goal::SignUp { .. } | Goal::Recover => 's',
        Goal::Link { .. } | Goal::StepUp { .. } => 'l',
    };
    format!("flow-{kind}-{}", flow.id)
}

/// SHA-256 of a session secret, as it is stored and looked up.
pub fn session_hash(secret: &str) -> [u8; 32] {
    digest(&[secret.as_bytes()])
}

/// A value that a form of this session carries and no other site can know (T32), beside the check of `Origin`.
pub fn form_token(session: &[u8; 32]) -> String {
    crate::commit::hex(&digest(&[b"form", session])[..16])
}

/// Where a request comes from, for throttles: an IPv4 address, or the /64 that one subscriber has.
pub fn source_of(address: IpAddr) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets()[..8].to_vec(),
    }
}

/// What a surface does with a [`Next`]: cookies to set, and where the person is.
#[derive(Debug)]
pub struct Landing {
    pub cookies: Vec<String>,
    pub place: Place,
}

#[derive(Debug)]
pub enum Place {
    /// The flow's page.
    Flow(Box<Flow>),
    /// A provider's URL.
    Provider {
        flow: Box<Flow>,
        url: String,
    },
    /// A path of ours, or an application's redirect.
    Done(Finished),
    Ended {
        to: String,
    },
    Failed {
        fault: Fault,
        flow: Option<Box<Flow>>,
    },
}

impl Journeys {
    /// The browser a request came from.
    pub fn browser(&self, cookies: Cookies<'_>, source: Vec<u8>, user_agent: &str, language: &str) -> Browser {
        let device = cookies
            .get("device")
            .and_then(|sealed| self.keys().open_value::<Device>("device", b"", sealed).ok())
            .unwrap_or_else(|| Device::new(self.random()));
        Browser {
            session: cookies.session().map(session_hash),
            device,
            source,
            user_agent: crate::handover::own_words(user_agent),
            language: language.to_owned(),
        }
    }

    /// Opens the flow `id` from the cookie that this browser holds for it. Without the cookie there is no flow (T31,
    /// T33): an id from a URL alone is worth nothing.
    pub fn open_flow(&self, cookies: Cookies<'_>, id: FlowId) -> Result<Flow, Fault> {
        let sealed = ['s', 'l']
            .iter()
            .find_map(|kind| cookies.get(&format!("flow-{kind}-{id}")))
            .ok_or_else(|| Fault::flow("flow_expired"))?;
        let flow: Flow =
            self.keys().open_value("flow", id.as_bytes(), sealed).map_err(|_| Fault::flow("flow_forged"))?;
        if flow.id != id {
            return Err(Fault::flow("flow_forged"));
        }
        if flow.expires_at <= self.now() {
            return Err(Fault::flow("flow_expired"));
        }
        Ok(flow)
    }

    /// The live sign-in flows that this browser holds.
    pub(crate) fn flows_of(&self, cookies: Cookies<'_>) -> impl Iterator<Item = Flow> {
        let prefix = full_name(cookies.secure, "flow-s-");
        let ids = cookies.all().filter_map(move |(name, _)| name.strip_prefix(&prefix)?.parse::<FlowId>().ok());
        ids.filter_map(move |id| self.open_flow(cookies, id).ok())
    }

    /// The flow that a provider's `state` names.
    pub fn flow_of_state(state: &str) -> Option<FlowId> {
        state.split_once('.')?.0.parse().ok()
    }

    /// Seals a flow into its cookie, and forgets the oldest sign-in flows beyond the limit.
    pub fn keep(&self, flow: &Flow, cookies: Cookies<'_>) -> Result<Vec<String>, Fault> {
        let sealed = self
            .keys()
            .seal_value("flow", flow.id.as_bytes(), flow, self.random())
            .map_err(|_| Fault::unavailable())?;
        let name = flow_name(flow);
        let kind = &name[..7];
        let prefix = full_name(cookies.secure, kind);
        let own = full_name(cookies.secure, &name);
        if sealed.len() > COOKIE_MAX {
            // A browser would drop it without a word.
            return Err(Fault::flow("bad_request"));
        }
        let mut others: Vec<(&str, usize)> = cookies
            .all()
            .filter(|(name, _)| name.starts_with(&prefix) && *name != own)
            .map(|(name, value)| (name, name.len() + value.len()))
            .collect();
        // Ids start with their time: the smallest are the oldest.
        others.sort_unstable();
        // No more than this many and no more than this much, so that the header stays one that is read (T111).
        let mut size = sealed.len() + others.iter().map(|(_, size)| size).sum::<usize>();
        let mut surplus = others.len().saturating_sub(FLOWS_MAX - 1);
        for (at, (_, one)) in others.iter().enumerate() {
            if at >= surplus && size <= FLOWS_SIZE_MAX {
                break;
            }
            size -= one;
            surplus = surplus.max(at + 1);
        }
        let mut set_cookies: Vec<String> = others
            .into_iter()
            .take(surplus)
            .map(|(name, _)| forget(cookies.secure, name.strip_prefix("__Host-").unwrap_or(name)))
            .collect();
        set_cookies.push(set(cookies.secure, &name, &sealed, flow.expires_at - self.now()));
        Ok(set_cookies)
    }

    /// Forgets address and last-used method in this browser.
    pub fn forget_device(&self, cookies: Cookies<'_>) -> String {
        forget(cookies.secure, "device")
    }

    pub fn forget_session(&self, cookies: Cookies<'_>) -> String {
        forget(cookies.secure, "session")
    }

    pub fn session_cookie(&self, cookies: Cookies<'_>, secret: &Secret<String>) -> String {
        set(cookies.secure, "session", secret.expose(), self.session_lifetime)
    }

    /// Turns the outcome of a step into cookies and a place. The one success state is [`Next::Finished`]; everything
    /// else ends without a session (T44).
    pub fn land(
        &self,
        next: Result<Next, Fault>,
        flow: Option<FlowId>,
        browser: &Browser,
        cookies: Cookies<'_>,
    ) -> Landing {
        match self.try_land(next, flow, browser, cookies) {
            Ok(landing) => landing,
            Err(fault) => Landing { cookies: Vec::new(), place: Place::Failed { fault, flow: None } },
        }
    }

    fn try_land(
        &self,
        next: Result<Next, Fault>,
        id: Option<FlowId>,
        browser: &Browser,
        cookies: Cookies<'_>,
    ) -> Result<Landing, Fault> {
        let end = |cookies: Cookies<'_>| -> Vec<String> {
            let Some(id) = id else { return Vec::new() };
            ['s', 'l']
                .iter()
                .map(|kind| format!("flow-{kind}-{id}"))
                .filter(|name| cookies.get(name).is_some())
                .map(|name| forget(cookies.secure, &name))
                .collect()
        };
        match next? {
            Next::Show(flow) => Ok(Landing { cookies: self.keep(&flow, cookies)?, place: Place::Flow(flow) }),
            Next::Leave(flow, url) => {
                Ok(Landing { cookies: self.keep(&flow, cookies)?, place: Place::Provider { flow, url } })
            }
            Next::Finished(finished) => {
                let mut set_cookies = end(cookies);
                if let Some(secret) = &finished.session {
                    set_cookies.push(self.session_cookie(cookies, secret));
                }
                if let Some(used) = &finished.used {
                    let device = browser.device.clone().after(finished.user, used);
                    let sealed = self
                        .keys()
                        .seal_value("device", b"", &device, self.random())
                        .map_err(|_| Fault::unavailable())?;
                    set_cookies.push(set(cookies.secure, "device", &sealed, DEVICE_LIFETIME));
                }
                Ok(Landing { cookies: set_cookies, place: Place::Done(finished) })
            }
            Next::Ended { to } => Ok(Landing { cookies: end(cookies), place: Place::Ended { to } }),
            Next::Failed(fault, flow) => {
                Ok(Landing { cookies: end(cookies), place: Place::Failed { fault, flow: Some(flow) } })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t50_cookies_are_host_bound_and_only_the_full_name_counts() {
        let text = set(true, "session", "v", DAY);
        assert!(text.starts_with("__Host-session=v; Path=/; "));
        for part in ["HttpOnly", "Secure", "SameSite=Lax"] {
            assert!(text.contains(part), "{part}");
        }
        assert!(!text.contains("Domain"));
        // A sibling host can plant `session`, but not `__Host-session`.
        let planted = Cookies::new(Some("session=evil; __Host-session-x=evil"), true);
        assert_eq!(planted.session(), None);
        assert_eq!(Cookies::new(Some("a=b; __Host-session=good"), true).session(), Some("good"));
        let huge = format!("__Host-session={}", "x".repeat(HEADER_MAX));
        assert_eq!(Cookies::new(Some(&huge), true).session(), None);
    }
}
