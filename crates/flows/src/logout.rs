//! What clients are told when a session ends: by us (OpenID Connect Back-Channel Logout 1.0), and by the browser that
//! signs out (Front-Channel Logout 1.0).

use crate::Unavailable;
use crate::journeys::Journeys;
use model::{DueLogout, FlowId, MINUTE, Micros, SessionId};
use protocol::oauth::{Client, logout_token};
use url::Url;

/// Back-Channel Logout 1.0 §2.4 recommends two minutes at most.
const LOGOUT_TOKEN_LIFETIME: Micros = MINUTE.times(2);

/// A logout token and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutNotice {
    pub to: Url,
    pub token: String,
}

impl Journeys {
    /// A logout token that is good now. `None` where there is nobody to tell any more: the client was removed or does not
    /// listen.
    pub async fn logout_notice(&self, due: &DueLogout) -> Result<Option<LogoutNotice>, Unavailable> {
        let Some(client) = self.find_client(&due.client).await? else { return Ok(None) };
        let Some(to) = client.backchannel_logout_uri.as_deref().and_then(|uri| Url::parse(uri).ok()) else {
            return Ok(None);
        };
        let id = FlowId::generate(self.now(), self.random());
        let frame = self.frame(&client, LOGOUT_TOKEN_LIFETIME);
        let claims = logout_token(&frame, &due.sub, &self.sid_for(&client, due.session), &id.to_string());
        let token = self.signer.sign(client.id_token_algorithm, "logout+jwt", &claims).await?;
        Ok(Some(LogoutNotice { to, token }))
    }

    /// Pages that a browser loads as it signs out of this session.
    pub(crate) async fn frames(&self, clients: &[String], sid: SessionId) -> Vec<Url> {
        let mut frames = Vec::new();
        for id in clients {
            // One that cannot be looked up now is not told this way, and nobody is kept from leaving.
            if let Ok(Some(client)) = self.find_client(id).await {
                frames.extend(self.front_channel(&client, sid));
            }
        }
        frames
    }

    /// With what the address has of its own (Front-Channel Logout 1.0 §2).
    fn front_channel(&self, client: &Client, sid: SessionId) -> Option<Url> {
        let mut url = Url::parse(client.frontchannel_logout_uri.as_deref()?).ok()?;
        url.query_pairs_mut().append_pair("iss", &self.issuer).append_pair("sid", &self.sid_for(client, sid));
        Some(url)
    }
}
