//! A client that is an application behind a proxy: all that others say of themselves follows from its origin.

use super::{Check, default_client_scopes, default_grants};
use crate::config::checked::{ClientAccessTokens, ClientAlgorithm, ClientGrant, Server};
use crate::config::names::Origin;
use crate::config::settings::ClientSettings;
use crate::config::source::below;
use flows::forward_auth::CALLBACK;
use flows::oauth::{Authentication, Client};

/// What its proxy can be told.
const SCOPES: [&str; 3] = ["openid", "profile", "email"];

/// With a secret that nobody has: we redeem its codes ourselves.
pub(super) fn client_behind(client: Client, origin: &Origin) -> Client {
    let forward_auth = Some(origin.to_string());
    Client { authentication: Authentication::Secret, secrets: Vec::new(), forward_auth, ..client }
}

impl Check<'_> {
    /// Its origin, and its other settings made of that; the rules of all clients are applied to them. `others`: the
    /// clients before it.
    pub(super) fn behind_proxy(
        &mut self,
        path: &str,
        settings: &mut ClientSettings,
        text: &str,
        server: Option<&Server>,
        others: &[Client],
    ) -> Option<Origin> {
        let field = below(path, "forward_auth");
        let origin = self.keep(&field, Origin::parse(text))?;
        if server.is_some_and(|server| server.public_origin == origin) {
            self.at(&field, "is the public origin itself; name the origin that people open the application at");
        }
        if let Some(other) = others.iter().find(|other| other.forward_auth.as_deref() == Some(origin.as_str())) {
            self.at(&field, format!("client `{}` has this origin", other.id));
        }
        if self.has_terms_of_its_own(path, settings) {
            return None;
        }
        settings.redirect_uris = vec![format!("{origin}{CALLBACK}")];
        settings.grants = vec![ClientGrant::AuthorizationCode];
        self.scopes_behind_proxy(path, &mut settings.scopes);
        Some(origin)
    }

    /// It never asks for a token, so nothing that is said about asking can be meant.
    fn has_terms_of_its_own(&mut self, path: &str, settings: &ClientSettings) -> bool {
        let said = [
            ("secret", settings.secret.is_some()),
            ("previous_secret", settings.previous_secret.is_some()),
            ("auth", settings.auth.is_some()),
            ("redirect_uris", !settings.redirect_uris.is_empty()),
            ("grants", settings.grants != default_grants()),
            ("require_pkce", !settings.require_pkce),
            ("algorithm", settings.algorithm != ClientAlgorithm::default()),
            ("access_tokens", settings.access_tokens != ClientAccessTokens::default()),
            ("introspection", settings.introspection),
            ("jwks", settings.jwks.is_some()),
            ("resources", !settings.resources.is_empty()),
            ("backchannel_logout_uri", settings.backchannel_logout_uri.is_some()),
            ("frontchannel_logout_uri", settings.frontchannel_logout_uri.is_some()),
            ("require_pushed", settings.require_pushed),
            ("dpop", settings.dpop),
            ("fapi", settings.fapi),
            ("identity_subjects", settings.identity_subjects),
        ];
        for (key, _) in said.into_iter().filter(|(_, said)| *said) {
            self.at(
                &below(path, key),
                "leave it out: an application behind a proxy (`forward_auth`) asks for no tokens",
            );
        }
        said.iter().any(|(_, said)| *said)
    }

    fn scopes_behind_proxy(&mut self, path: &str, scopes: &mut Vec<String>) {
        if *scopes == default_client_scopes() {
            *scopes = SCOPES.map(str::to_owned).to_vec();
        }
        let field = below(path, "scopes");
        if !scopes.iter().any(|scope| scope == "openid") {
            self.at(&field, "add `openid`: the application is told who is there");
        }
        if scopes.iter().any(|scope| !SCOPES.contains(&scope.as_str())) {
            self.at(&field, "an application behind a proxy can be told `openid`, `profile` and `email`");
        }
    }
}
