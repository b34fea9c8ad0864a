//! Organisations, and what an organisation's connection may say.

use super::super::checked::Organisation;
use super::super::settings::{ConnectionSettings, OrganisationSettings};
use super::super::source::below;
use super::Check;
use crate::config::checked::{Connection, EmailEvidence};
use model::{ConnectionId, Level, LocalMethods, OrganisationId, OrganisationPolicy};

impl Check<'_> {
    pub(super) fn organisations(
        &mut self,
        settings: Vec<OrganisationSettings>,
        local: LocalMethods,
        connections: &mut [Connection],
    ) -> Vec<Organisation> {
        let mut organisations: Vec<Organisation> = Vec::new();
        for (index, settings) in settings.into_iter().enumerate() {
            let path = format!("organisations[{index}]");
            let Some(id) = OrganisationId::parse(&settings.id) else {
                self.at(&below(&path, "id"), "use 1 to 32 of a–z, 0–9 and -");
                continue;
            };
            if organisations.iter().any(|other| other.id == id) {
                self.at(&below(&path, "id"), "another organisation has this id");
            }
            let forced_connection = settings.forced_connection.as_deref().and_then(|text| {
                let forced = self.forced_connection(&id, text, connections);
                self.keep(&below(&path, "forced_connection"), forced)
            });
            let selection = match settings.method_selection {
                Some(chosen) => Some(self.selection(&path, chosen, &settings.fallback, local)),
                None => {
                    if !settings.fallback.is_empty() {
                        self.at(&below(&path, "fallback"), "add `method_selection = \"force_linked\"`");
                    }
                    None
                }
            };
            for connection in connections.iter_mut().filter(|known| known.policy.organisation.as_ref() == Some(&id)) {
                if let Some(link_on_match) = settings.link_on_match {
                    connection.policy.link_on_match = link_on_match;
                }
            }
            let domains = self.domains(&below(&path, "domains"), &settings.domains);
            for (number, domain) in domains.iter().enumerate() {
                if let Some(other) = organisations.iter().find(|other| other.policy.domains.contains(domain)) {
                    let message = format!("organisation `{}` has this domain", other.id);
                    self.at(&format!("{path}.domains[{number}]"), message);
                }
            }
            let policy = OrganisationPolicy {
                domains,
                forced_connection,
                required_level: settings.required_level.and_then(|level| Level::try_from(level).ok()),
                selection,
                link_on_match: settings.link_on_match,
            };
            organisations.push(Organisation { id, name: settings.name, policy });
        }
        for (index, connection) in connections.iter().enumerate() {
            let of = connection.policy.organisation.as_ref();
            if of.is_some_and(|id| organisations.iter().all(|known| known.id != *id)) {
                self.at(&format!("connections[{index}].organisation"), "names no organisation of this file");
            }
        }
        organisations
    }

    fn forced_connection(
        &self,
        organisation: &OrganisationId,
        text: &str,
        connections: &[Connection],
    ) -> Result<ConnectionId, String> {
        let own = connections.iter().find(|known| {
            known.id.as_str() == text
                && known.policy.organisation.as_ref() == Some(organisation)
                && known.policy.purpose.signs_in()
        });
        own.map(|known| known.id.clone())
            .ok_or_else(|| "name a connection of this organisation that people sign in with".to_owned())
    }

    /// Whose connection it is. A tenant's provider asserts what it likes: its word about addresses is a claim, or a tenant
    /// would prove addresses that are other people's (T97).
    pub(super) fn organisation_of(&mut self, path: &str, settings: &ConnectionSettings) -> Option<OrganisationId> {
        let text = settings.organisation.as_deref()?;
        let says =
            "an organisation speaks for its proven domains only: name them in `organisations`, and leave this out";
        if settings.email_evidence == EmailEvidence::Vouched {
            self.at(&below(path, "email_evidence"), says);
        }
        if !settings.authoritative_domains.is_empty() {
            self.at(&below(path, "authoritative_domains"), says);
        }
        let id = OrganisationId::parse(text);
        if id.is_none() {
            self.at(&below(path, "organisation"), "use 1 to 32 of a–z, 0–9 and -");
        }
        id
    }
}
