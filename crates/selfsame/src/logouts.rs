//! Clients are told of logouts (OpenID Connect Back-Channel Logout 1.0 §2.5). A plan puts down who has to be told; the
//! request that ended the session waits for nobody.

use crate::runner::{Queue, QueueError, SendError};
use async_trait::async_trait;
use flows::Journeys;
use model::{DueLogout, Micros, Secret};
use std::sync::Arc;
use store::{Store, StoreError};
use upstream::{Egress, Failed};

/// The logouts that clients have to hear of, and the one client for outgoing requests.
pub struct Logouts {
    pub store: Store,
    pub journeys: Arc<Journeys>,
    pub egress: Egress,
}

fn waits(error: &StoreError) -> QueueError {
    QueueError(error.to_string())
}

#[async_trait]
impl Queue for Logouts {
    type Item = DueLogout;

    const WHAT: &'static str = "logout";
    /// About seven hours: whoever was down for longer has mostly forgotten its sessions.
    const MAX_ATTEMPTS: i64 = 16;
    /// Each to another client.
    const PARALLEL: usize = 16;

    fn name(&self, due: &DueLogout) -> String {
        due.client.clone()
    }

    fn attempts(&self, due: &DueLogout) -> i64 {
        due.attempts
    }

    async fn due(&self, now: Micros, limit: usize) -> Result<Vec<DueLogout>, QueueError> {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let mut due = self.store.due_logouts(now, limit).await.map_err(|error| waits(&error))?;
        for again in due.extract_if(.., |one| one.signed_in_again) {
            self.store.logout_dropped(&again).await.map_err(|error| waits(&error))?;
        }
        Ok(due)
    }

    async fn claim(&self, due: &DueLogout, _: i64, until: Micros) -> Result<bool, QueueError> {
        self.store.logout_claim(due, until).await.map_err(|error| waits(&error))
    }

    async fn send(&self, due: &DueLogout) -> Result<(), SendError> {
        let later = |detail: String| SendError { permanent: false, detail };
        let notice = self.journeys.logout_notice(due).await.map_err(|error| later(error.to_string()))?;
        let Some(notice) = notice else { return Ok(()) };
        let form =
            url::form_urlencoded::Serializer::new(String::new()).append_pair("logout_token", &notice.token).finish();
        let answer = self.egress.post_form(&notice.to, &Secret::new(form), None).await.map_err(|error| {
            let permanent = matches!(error.kind, Failed::Redirected | Failed::Forbidden);
            SendError { permanent, detail: error.to_string() }
        })?;
        // §2.8: 400 is a refusal of the token; whatever else is no success can be mended on the other side.
        match answer.status {
            200..=299 => Ok(()),
            status => Err(SendError { permanent: status == 400, detail: format!("the client answered {status}") }),
        }
    }

    async fn sent(&self, due: &DueLogout, _: Micros) -> Result<(), QueueError> {
        self.store.logout_done(due).await.map_err(|error| waits(&error))
    }

    async fn put_off(&self, due: &DueLogout, _: i64, next_at: Micros) -> Result<(), QueueError> {
        self.store.logout_put_off(due, next_at).await.map_err(|error| waits(&error))
    }

    async fn give_up(&self, due: &DueLogout, _: i64, at: Micros) -> Result<(), QueueError> {
        self.store.logout_give_up(due, at).await.map_err(|error| waits(&error))
    }
}
