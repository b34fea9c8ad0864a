//! What a contender wants, decided by `linking` on facts of the store, as `flows` and `admin` do it.

use super::lane::Lane;
use linking::{
    ChangeOutcome, LinkInput, LinkOutcome, SessionTerms, Stranded, UnlinkInput, UnlinkOutcome,
    decide_connection_change, decide_link, decide_unlink, decide_user_status, stranded_without,
};
use model::{
    Actor, Assertion, AssertionParts, Conflict, ConnectionId, DisplayClaims, Facts, FactsQuery, HOUR, Level, LinkId,
    Plan, UserId, UserStatus,
};
use std::sync::Arc;
use store::{AuditChain, Page};
use tokio::sync::Barrier;

/// SHA-256 of a session's secret.
pub type SessionHash = [u8; 32];

#[derive(Clone)]
pub enum Ask {
    /// By the owner in this session, or by an operator.
    Unlink {
        user: UserId,
        link: LinkId,
        session: Option<SessionHash>,
    },
    Disable(ConnectionId),
    Enable(ConnectionId),
    /// Through the connection `a`, whose callback brought this subject.
    Link {
        user: UserId,
        session: SessionHash,
        subject: String,
    },
    Status {
        user: UserId,
        to: UserStatus,
    },
}

/// What the asker is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Done,
    LastMethod,
    SignInFirst,
    WouldStrand(Vec<UserId>),
    OtherUsers,
    /// No race should end here.
    Unforeseen(String),
}

/// How a contender ended, and which conflicts its plans met before.
#[derive(Debug)]
pub struct End {
    pub answer: Answer,
    pub conflicts: Vec<Conflict>,
}

/// A decision: the answer alone, or the answer once the plan has committed.
struct Decided {
    answer: Answer,
    plan: Plan,
    facts: Facts,
}

/// Both decide on the same facts and wait for one another; then both apply, each by turns the one that was started
/// first, and on a conflict decide again.
pub async fn race(lane: &Arc<Lane>, round: u64, asks: [Ask; 2]) -> [End; 2] {
    let barrier = Arc::new(Barrier::new(2));
    let start = |ask: &Ask| {
        let (lane, barrier, ask) = (Arc::clone(lane), Arc::clone(&barrier), ask.clone());
        tokio::spawn(async move { contend(&lane, &ask, Some(&barrier)).await })
    };
    let swapped = round % 2 == 1;
    let (first, second) = if swapped { (start(&asks[1]), start(&asks[0])) } else { (start(&asks[0]), start(&asks[1])) };
    let first = first.await.expect("a contender comes to its end");
    let second = second.await.expect("a contender comes to its end");
    if swapped { [second, first] } else { [first, second] }
}

/// Read, decide, apply; again on conflict, three times at most.
pub async fn contend(lane: &Lane, ask: &Ask, barrier: Option<&Barrier>) -> End {
    let mut conflicts = Vec::new();
    for attempt in 0..3 {
        let Decided { answer, plan, facts } = ask.decide(lane).await;
        if attempt == 0
            && let Some(barrier) = barrier
        {
            barrier.wait().await;
        }
        if plan.is_empty() {
            return End { answer, conflicts };
        }
        match lane.apply(plan, &facts).await {
            Ok(()) => return End { answer, conflicts },
            Err(conflict) => conflicts.push(conflict),
        }
    }
    panic!("three conflicts in a row: {conflicts:?}");
}

impl Ask {
    async fn decide(&self, lane: &Lane) -> Decided {
        match self {
            Self::Unlink { user, link, session } => unlink(lane, *user, *link, *session).await,
            Self::Disable(connection) => switch(lane, connection, false).await,
            Self::Enable(connection) => switch(lane, connection, true).await,
            Self::Link { user, session, subject } => self::link(lane, *user, *session, subject).await,
            Self::Status { user, to } => {
                let facts = lane.users(&[*user]).await;
                let decision = decide_user_status(&lane.context(&Actor::System), &facts, *user, *to);
                Decided { answer: Answer::Done, plan: decision.plan, facts }
            }
        }
    }
}

async fn unlink(lane: &Lane, user: UserId, link: LinkId, session: Option<SessionHash>) -> Decided {
    let query = FactsQuery { session, users: vec![user], ..FactsQuery::default() };
    let facts = lane.facts(&query).await;
    // An owner whose session is gone names one that is not there, and is asked to sign in.
    let id = session.map(|_| facts.session.as_ref().map_or(lane.no_session(), |session| session.id));
    let actor = if session.is_some() { Actor::User { user } } else { Actor::System };
    let input = UnlinkInput { facts: &facts, user, link, session: id, force: false };
    let decision = decide_unlink(&lane.context(&actor), &input);
    let answer = match decision.outcome {
        UnlinkOutcome::Removed { .. } => Answer::Done,
        UnlinkOutcome::LastMethod => Answer::LastMethod,
        UnlinkOutcome::SignInFirst => Answer::SignInFirst,
        other => Answer::Unforeseen(format!("{other:?}")),
    };
    Decided { answer, plan: decision.plan, facts }
}

/// As `admin` does: the cohort and its fingerprint are read after the facts. Who enables strands nobody.
async fn switch(lane: &Lane, connection: &ConnectionId, enabled: bool) -> Decided {
    let facts = lane.users(&[]).await;
    let head = lane.store().chain_head(AuditChain::Store).await.expect("the chain is read");
    let (stranded, fingerprint) =
        if enabled { (Stranded::default(), 0) } else { stranded(lane, connection, &facts).await };
    let decision = decide_connection_change(
        &lane.context(&Actor::System),
        &facts,
        connection,
        enabled,
        stranded,
        fingerprint,
        false,
        head,
    );
    let answer = match decision.outcome {
        ChangeOutcome::Changed => Answer::Done,
        ChangeOutcome::WouldStrand(Stranded { users }) => Answer::WouldStrand(users),
        other => Answer::Unforeseen(format!("{other:?}")),
    };
    Decided { answer, plan: decision.plan, facts }
}

/// Who would lose their last method, over the whole cohort.
async fn stranded(lane: &Lane, connection: &ConnectionId, facts: &Facts) -> (Stranded, i64) {
    let (mut users, mut fingerprint, mut page) = (Vec::new(), None, Page::default());
    loop {
        let cohort = lane.store().cohort(connection, page).await.expect("the cohort is read");
        assert_eq!(*fingerprint.get_or_insert(cohort.fingerprint), cohort.fingerprint, "one page holds them");
        users.extend(stranded_without(cohort.users.iter(), connection, &facts.connections, lane.policy()));
        match cohort.next {
            Some(next) => page.after = Some(next),
            None => return (Stranded { users }, cohort.fingerprint),
        }
    }
}

async fn link(lane: &Lane, user: UserId, session: SessionHash, subject: &str) -> Decided {
    let identity = lane.identity_key(subject);
    let query = FactsQuery {
        session: Some(session),
        identity: Some(identity.clone()),
        users: vec![user],
        ..FactsQuery::default()
    };
    let facts = lane.facts(&query).await;
    let assertion = Assertion::from_verified(AssertionParts {
        connection: ConnectionId::parse("a").expect("a connection's name"),
        epoch: 1,
        identity,
        mail: None,
        display: DisplayClaims::default(),
        authenticated_at: Some(lane.now()),
        verified_at: lane.now(),
        level: Level::One,
    });
    let terms = SessionTerms { hash: lane.fresh_hash(), lifetime: HOUR, user_agent: "race".to_owned() };
    let asked_in = facts.session.as_ref().map_or(lane.no_session(), |session| session.id);
    // What the ticket says was true when the flow began, and nothing else has changed the user since.
    let input =
        LinkInput { facts: &facts, assertion: &assertion, user, session: asked_in, user_version: 1, terms: &terms };
    let decision = decide_link(&lane.context(&Actor::User { user }), &input);
    let answer = match decision.outcome {
        LinkOutcome::Linked { .. } => Answer::Done,
        LinkOutcome::OtherUsers => Answer::OtherUsers,
        other => Answer::Unforeseen(format!("{other:?} {:?}", decision.reason)),
    };
    Decided { answer, plan: decision.plan, facts }
}
