//! Undoing a link or its removal, from the notice or from the confirmation; and what is on hold until its owner has
//! looked.
//!
//! The notice carries a sealed text that names the event. Whoever holds it may put a new link on hold, which gives nobody
//! anything; everything else needs the owner's own fresh session. Looking changes nothing, however often (T48).

use crate::commit::undoable;
use crate::flow::{Fault, FaultKind};
use crate::journeys::Journeys;
use crate::{Browser, SealError};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use linking::{Reason, UndoInput, UndoOutcome, decide_freeze, decide_release, decide_undo};
use model::{
    Actor, ConnectionId, EventId, Facts, FactsQuery, GrantFacts, LinkFacts, LinkId, LinkState, Micros, Plan, SessionId,
    Undoable,
};

/// What undoing it takes, for this browser now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UndoStep {
    Ready,
    /// Its owner has to sign in; somebody else may be signed in.
    SignIn {
        other: Option<String>,
    },
    /// Its owner is signed in, and not freshly enough.
    StepUp,
    Refused(Reason),
}

/// What can be undone, and how. Everything here is known to whoever reads the notice.
#[derive(Debug, Clone)]
pub struct UndoAsked {
    /// A link was made; otherwise one was removed.
    pub made: bool,
    pub connection: ConnectionId,
    /// How the link stands now; `None` when it went to another account.
    pub link: Option<LinkFacts>,
    pub at: Micros,
    pub until: Micros,
    /// Whether it may be put on hold.
    pub hold: Result<(), Reason>,
    pub step: UndoStep,
}

impl UndoAsked {
    pub fn state(&self) -> Option<LinkState> {
        self.link.as_ref().map(|link| link.state)
    }
}

/// What an undo did.
#[derive(Debug, Clone)]
pub struct Undone {
    /// The link is back; otherwise it is gone.
    pub restored: bool,
    pub connection: ConnectionId,
    /// The session that asked rested on the link and ended with it.
    pub own_session_ended: bool,
}

fn parts(what: &Undoable) -> Option<(bool, LinkId, &ConnectionId)> {
    match what {
        Undoable::Link { link, connection, .. } => Some((true, *link, connection)),
        Undoable::Unlink { link, connection, .. } => Some((false, *link, connection)),
        Undoable::Merge { .. } => None,
    }
}

/// The grant, while it counts and is one that a notice speaks of.
fn open(facts: &Facts, now: Micros) -> Result<(&GrantFacts, bool, LinkId, &ConnectionId), Fault> {
    let refused = |reason| Err(Fault::refused(reason));
    let Some(grant) = &facts.grant else { return refused(Reason::UndoUnknown) };
    let Some((made, link, connection)) = parts(&grant.what) else { return refused(Reason::UndoUnknown) };
    if grant.spent {
        return refused(Reason::UndoSpent);
    }
    if grant.expires_at <= now {
        return refused(Reason::UndoExpired);
    }
    Ok((grant, made, link, connection))
}

impl Journeys {
    /// 16 bytes of the event and 8 of its last moment, sealed.
    pub(crate) fn undo_token(&self, event: EventId, until: Micros) -> Result<String, SealError> {
        let plain = [event.as_bytes().as_slice(), &until.0.to_be_bytes()].concat();
        self.keys.seal("undo", b"", &plain, self.random()).map(|sealed| URL_SAFE_NO_PAD.encode(sealed))
    }

    /// For the first event of a plan that can be undone.
    pub(crate) fn undo_token_of(&self, plan: &Plan) -> Option<String> {
        let (event, until) = undoable(plan).into_iter().next()?;
        self.undo_token(event, until).ok()
    }

    /// What was not sealed here is as unknown as what nobody can undo: the same answer.
    fn undo_event(&self, token: &str) -> Result<EventId, Fault> {
        let unknown = || Fault::refused(Reason::UndoUnknown);
        let sealed = URL_SAFE_NO_PAD.decode(token).map_err(|_| unknown())?;
        let plain = self.keys.open("undo", b"", &sealed).map_err(|_| unknown())?;
        let (event, until) = plain.split_first_chunk::<16>().ok_or_else(unknown)?;
        let until = Micros(i64::from_be_bytes(until.try_into().map_err(|_| unknown())?));
        if until <= self.now() {
            return Err(Fault::refused(Reason::UndoExpired));
        }
        Ok(EventId::from_bytes(*event))
    }

    /// Whether this could be what a notice carries. Nothing is read.
    pub fn is_undo(&self, token: &str) -> bool {
        self.undo_event(token).is_ok()
    }

    async fn undo_facts(&self, event: EventId, browser: &Browser) -> Result<Facts, Fault> {
        self.facts(&FactsQuery { session: browser.session, grant: Some(event), ..FactsQuery::default() }).await
    }

    /// What the notice is about and what can be done. One read, and nothing is written: both decisions are asked and
    /// neither is carried out (T48).
    pub async fn undo_asked(&self, token: &str, browser: &Browser) -> Result<UndoAsked, Fault> {
        let facts = self.undo_facts(self.undo_event(token)?, browser).await?;
        let (grant, made, link, connection) = open(&facts, self.now())?;
        let actor = Actor::System;
        let context = self.context(None, &actor, browser);
        let frozen = decide_freeze(&context, &facts);
        let live = facts.live_session(self.now());
        let session = live.map_or(SessionId::from_bytes([0; 16]), |(session, _)| session.id);
        let undone = decide_undo(&context, &UndoInput { facts: &facts, session });
        let other = live.filter(|(_, user)| user.id != grant.user).map(|(_, user)| crate::decide::display_name(user));
        let step = match undone.outcome {
            UndoOutcome::Undone => UndoStep::Ready,
            UndoOutcome::SignInFirst => UndoStep::SignIn { other },
            UndoOutcome::StepUpFirst => UndoStep::StepUp,
            UndoOutcome::Held | UndoOutcome::LastMethod | UndoOutcome::OtherUsers | UndoOutcome::Refused => {
                UndoStep::Refused(undone.reason)
            }
        };
        let known = facts.user(grant.user).and_then(|user| user.link(link));
        Ok(UndoAsked {
            made,
            connection: connection.clone(),
            link: known.cloned(),
            at: grant.made_at,
            until: grant.expires_at,
            hold: if frozen.outcome == UndoOutcome::Held { Ok(()) } else { Err(frozen.reason) },
            step,
        })
    }

    /// Puts the new link on hold and ends its sessions; nobody has to be signed in. Twice is not an error.
    pub async fn hold(&self, token: &str, browser: &Browser) -> Result<(), Fault> {
        let event = self.undo_event(token)?;
        for _ in 0..3 {
            let facts = self.undo_facts(event, browser).await?;
            let (grant, _, link, _) = open(&facts, self.now())?;
            let state = facts.user(grant.user).and_then(|user| user.link(link)).map(|link| link.state);
            let actor = Actor::System;
            let decision = decide_freeze(&self.context(None, &actor, browser), &facts);
            tracing::info!(reason = decision.reason.code(), "decided");
            if decision.outcome != UndoOutcome::Held {
                let done = decision.reason == Reason::LinkNotFound && state == Some(LinkState::Held);
                return if done { Ok(()) } else { Err(Fault::refused(decision.reason)) };
            }
            if self.apply(decision.plan, &facts, None, &browser.language).await?.is_none() {
                return Ok(());
            }
        }
        Err(Fault::new(FaultKind::Unavailable, "busy"))
    }

    /// Removes the new link or brings the removed one back, in the fresh session of its owner. One read, one plan.
    pub async fn undo(&self, token: &str, browser: &Browser) -> Result<Undone, Fault> {
        let event = self.undo_event(token)?;
        for _ in 0..3 {
            let facts = self.undo_facts(event, browser).await?;
            let (_, made, link, connection) = open(&facts, self.now())?;
            let (session, user) = self.changing(&facts)?;
            let actor = Actor::User { user: user.id };
            let input = UndoInput { facts: &facts, session: session.id };
            let decision = decide_undo(&self.context(None, &actor, browser), &input);
            tracing::info!(reason = decision.reason.code(), "decided");
            if decision.outcome != UndoOutcome::Undone {
                return Err(Fault::refused(decision.reason));
            }
            let own_session_ended = made && session.method.link() == Some(link);
            let undone = Undone { restored: !made, connection: connection.clone(), own_session_ended };
            if self.apply(decision.plan, &facts, None, &browser.language).await?.is_none() {
                return Ok(undone);
            }
        }
        Err(Fault::new(FaultKind::Unavailable, "busy"))
    }

    /// The owner has looked: the link on hold is theirs and opens the account again.
    pub async fn release(&self, link: LinkId, browser: &Browser) -> Result<ConnectionId, Fault> {
        self.own_change(browser, |context, facts| {
            let (session, user) = self.changing(facts)?;
            let connection = user.link(link).map(|known| known.connection.clone());
            let actor = Actor::User { user: user.id };
            let context = linking::Context { actor: &actor, ..*context };
            let decision = decide_release(&context, facts, session.id, link);
            tracing::info!(reason = decision.reason.code(), "decided");
            match (decision.outcome, connection) {
                (Some(_), Some(connection)) => Ok((connection, decision.plan)),
                _ => Err(Fault::refused(decision.reason)),
            }
        })
        .await
    }
}
