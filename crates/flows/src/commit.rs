//! From a pure plan to one that may be stored: personal values and mails are sealed on the way.

use crate::journeys::Journeys;
use crate::mailbox::OutgoingMail;
use crate::seal::{SealError, open_personal, seal_personal};
use crate::{ApplyError, Fault};
use linking::{NewUser, UNDO_VALUE};
use model::{AuditEvent, Change, Conflict, EventId, Facts, MailBody, Micros, Personal, Plan, Secret, UserId};
use std::collections::BTreeMap;

/// Events of this plan that can be undone, and until when.
pub(crate) fn undoable(plan: &Plan) -> Vec<(EventId, Micros)> {
    let granted = |change: &Change| match change {
        Change::Grant(grant) => Some((grant.event, grant.expires_at)),
        _ => None,
    };
    plan.changes.iter().filter_map(granted).collect()
}

/// Context under which a user's data key is sealed: the row it belongs to.
fn key_context(user: UserId) -> Vec<u8> {
    let mut context = b"users.sealed_key.".to_vec();
    context.extend_from_slice(user.as_bytes());
    context
}

impl Journeys {
    /// A user who may be created: id, data key and subject, made before the decision so that it stays pure.
    pub(crate) fn new_user(&self) -> Result<NewUser, Fault> {
        let id = UserId::generate(self.now(), self.random());
        let key: [u8; 32] = self.random().bytes();
        let sealed =
            self.keys.seal("user-key", &key_context(id), &key, self.random()).map_err(|_| Fault::unavailable())?;
        let sub = hex(&self.random().bytes::<16>());
        Ok(NewUser { id, sealed_key: Secret::new(sealed), sub })
    }

    /// Seals what is personal and renders mails in the person's language.
    pub fn sealed(
        &self,
        mut plan: Plan,
        facts: &Facts,
        new_user: Option<&NewUser>,
        language: &str,
    ) -> Result<Plan, SealError> {
        let grants = undoable(&plan);
        for change in &mut plan.changes {
            match change {
                Change::Audit(event) => self.seal_event(event, facts, new_user)?,
                Change::Send(mail) => {
                    if let MailBody::Plain { kind, to, values } = &mut mail.body {
                        self.seal_undo(values, &grants)?;
                        let written = self.mail.write(*kind, to, values, language);
                        let outgoing = OutgoingMail { to: to.clone(), written };
                        let plain = serde_json::to_vec(&outgoing).map_err(|_| SealError)?;
                        let sealed = self.keys.seal("mail", mail.id.as_bytes(), &plain, self.random())?;
                        mail.body = MailBody::Sealed(sealed);
                    }
                }
                _ => {}
            }
        }
        Ok(plan)
    }

    /// The id of an event opens nothing: what the notice carries in its place is sealed (T48).
    fn seal_undo(
        &self,
        values: &mut Vec<(&'static str, String)>,
        grants: &[(EventId, Micros)],
    ) -> Result<(), SealError> {
        let Some(at) = values.iter().position(|(name, _)| *name == UNDO_VALUE) else { return Ok(()) };
        let granted = grants.iter().find(|(event, _)| event.to_string() == values[at].1);
        match granted {
            Some((event, expires_at)) => values[at].1 = self.undo_token(*event, *expires_at)?,
            None => drop(values.remove(at)),
        }
        Ok(())
    }

    fn seal_event(&self, event: &mut AuditEvent, facts: &Facts, new_user: Option<&NewUser>) -> Result<(), SealError> {
        let Personal::Plain(values) = &event.personal else { return Ok(()) };
        if values.is_empty() {
            return Ok(());
        }
        let user = event.subject.ok_or(SealError)?;
        let sealed_key = match new_user.filter(|new| new.id == user) {
            Some(new) => new.sealed_key.expose(),
            None => &facts.user(user).ok_or(SealError)?.sealed_key,
        };
        let key = self.keys.open("user-key", &key_context(user), sealed_key)?;
        let plain = serde_json::to_vec(values).map_err(|_| SealError)?;
        event.personal = Personal::Sealed(seal_personal(&key, event.id.as_bytes(), &plain, self.random())?);
        Ok(())
    }

    /// Personal values of a stored event, for its owner and for operators. `None` once the user's key is gone.
    pub fn open_personal(
        &self,
        user: UserId,
        sealed_key: &[u8],
        event: model::EventId,
        sealed: &[u8],
    ) -> Option<BTreeMap<String, String>> {
        let key = self.keys.open("user-key", &key_context(user), sealed_key).ok()?;
        let plain = open_personal(&key, event.as_bytes(), sealed).ok()?;
        serde_json::from_slice(&plain).ok()
    }

    /// Applies a plan. `Ok(Some(conflict))` means: nothing was written, read again.
    pub(crate) async fn apply(
        &self,
        plan: Plan,
        facts: &Facts,
        new_user: Option<&NewUser>,
        language: &str,
    ) -> Result<Option<Conflict>, Fault> {
        let plan = self.sealed(plan, facts, new_user, language).map_err(|_| {
            tracing::error!("a value could not be sealed: is a root key missing from the key ring?");
            Fault::unavailable()
        })?;
        match self.store.apply(plan).await {
            Ok(()) => Ok(None),
            Err(ApplyError::Conflict(conflict)) => Ok(Some(conflict)),
            Err(ApplyError::Unavailable(_)) => Err(Fault::unavailable()),
        }
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // cannot fail: writing to a String does not
        let _ = write!(text, "{byte:02x}");
        text
    })
}
