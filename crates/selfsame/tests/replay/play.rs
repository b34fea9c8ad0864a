//! Playing a trace: its first state by real journeys, then step for step, each held against the model.

use crate::seat::By;
use crate::shown::Sight;
use crate::stage::Stage;
use crate::stored::{Surplus, comparable};
use crate::traces::{Taken, Trace};
use linking::Reason;
use model::DAY;
use modelcheck::act::Act;
use modelcheck::decide::{Kind, Seen};
use modelcheck::names::IDENTITY;
use modelcheck::setup::Setup;
use modelcheck::state::{ACTIVE, LINK, LOOP_LONG_AGO, PASSKEY, Person, State, owner};
use modelcheck::words;
use selfsame::server::Server;
use std::fmt::Write as _;

/// How far a trace was played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Played {
    Whole,
    /// A limit of mails or attempts came in between: the model counts neither.
    UntilLimit(usize),
}

/// The real server and the model are not of one mind.
#[derive(Debug)]
pub struct Difference {
    pub step: usize,
    pub sight: Sight,
    pub stored: Result<State, Surplus>,
}

fn nobody() -> Sight {
    Sight::Done { session: false }
}

impl Stage<'_> {
    /// Makes a trace's first state: people sign up, come through providers, link and sign out, in browsers that are
    /// thrown away, at a server with an open policy over the same database.
    pub async fn build(&mut self, server: &Server, start: &State) {
        for (slot, user) in (0u8..).zip(start.db.users) {
            if user.status != ACTIVE {
                continue;
            }
            let b = u8::from(owner(slot) == Person::Attacker);
            let builder = self.builder(server);
            let kept = std::mem::replace(&mut self.seats[usize::from(b)], builder);
            self.settle_in(b, slot, start).await;
            self.seats[usize::from(b)] = kept;
        }
        let old = start.db.addresses.iter().any(|known| known.proof == LOOP_LONG_AGO);
        // What was counted on the way is forgotten after half a day.
        self.world.advance(if old { DAY.times(400) } else { DAY });
        let built = self.stored(Person::Victim).await;
        assert_eq!(built, Ok(comparable(start)), "the first state");
    }

    async fn settle_in(&mut self, b: u8, slot: u8, start: &State) {
        let address = (0u8..).zip(start.db.addresses).find(|(_, known)| known.owner == slot + 1).map(|(at, _)| at);
        let has_password = start.db.users[usize::from(slot)].password > 0;
        let mut identities = (0u8..).zip(start.db.identities).filter(|(_, known)| known.active() == Some(slot));
        let made = match address {
            Some(at) if has_password => self.perform(Act::SignUp { b, a: at }, start, 0).await,
            _ => {
                let (i, _) = identities.next().expect("a password with an address, or an identity");
                // A provider's word alone would be another proof than a code.
                let came = Act::Return { b, i, a: address.map_or(0, |at| at + 1), verified: false };
                let shown = self.perform(came, start, 0).await;
                match address {
                    Some(a) => self.perform(Act::Code { b, a }, start, 0).await,
                    None => shown,
                }
            }
        };
        assert_eq!(made, Sight::Done { session: true }, "a first user");
        self.notice_users(owner(slot)).await.expect("one user");
        if has_password && address.is_none() {
            assert_eq!(self.perform(Act::SetPassword { b }, start, 0).await, Sight::Done { session: true });
        }
        for (i, _) in identities {
            let connection = IDENTITY[usize::from(i)].1;
            assert_eq!(self.perform(Act::StartLink { b }, start, connection).await, nobody(), "a first link");
            let back = Act::ReturnToLink { b, i, a: 0, verified: false };
            assert_eq!(self.perform(back, start, connection).await, Sight::Done { session: true }, "a first link");
        }
        for k in (0u8..).zip(start.db.passkeys).filter(|(_, known)| known.of() == Some(slot)).map(|(k, _)| k) {
            assert_eq!(self.perform(Act::AddPasskey { b, k }, start, 0).await, nobody(), "a first passkey");
        }
        assert_eq!(self.perform(Act::SignOut { b }, start, 0).await, nobody(), "signed out");
    }

    fn person_of(&self, act: Act) -> Person {
        act.browser().map_or(Person::Victim, |b| self.setup.person_at(b))
    }

    /// Plays a trace and holds every step against the model.
    pub async fn play(&mut self, trace: &Trace) -> Result<Played, Difference> {
        let mut now = comparable(&trace.start);
        for (number, taken) in trace.steps.iter().enumerate() {
            let sight = self.perform(taken.step.act, &now, taken.link).await;
            if matches!(&sight, Sight::Refused(code) if code == "mail_limit" || code == "throttled") {
                return Ok(Played::UntilLimit(number));
            }
            let stored = self.stored(self.person_of(taken.step.act)).await.map(|state| comparable(&state));
            if !agrees(taken, self.by, &sight) || stored.as_ref() != Ok(&comparable(&taken.outcome.next)) {
                return Err(Difference { step: number, sight, stored });
            }
            now = comparable(&taken.outcome.next);
        }
        Ok(Played::Whole)
    }

    /// Plays what a fault would allow. The number of the first step at which the real server did not go along, if there
    /// is one, and what is stored at the end.
    pub async fn attack(&mut self, trace: &Trace) -> Result<(Option<usize>, State), Surplus> {
        let mut now = comparable(&trace.start);
        let mut refused = None;
        for (number, taken) in trace.steps.iter().enumerate() {
            let sight = self.perform(taken.step.act, &now, taken.link).await;
            now = comparable(&self.stored(self.person_of(taken.step.act)).await?);
            let same = agrees(taken, self.by, &sight) && now == comparable(&taken.outcome.next);
            if !same && refused.is_none() {
                refused = Some(number);
            }
        }
        Ok((refused, now))
    }
}

/// Whether what was seen is what the model says is shown.
fn agrees(taken: &Taken, by: By, sight: &Sight) -> bool {
    let outcome = &taken.outcome;
    let finished = matches!(sight, Sight::Done { .. });
    if matches!(taken.step.act, Act::Again { .. }) || outcome.conflict.is_some() {
        // Sent on where a session is, an error otherwise; never a session of its own.
        return *sight != Sight::Done { session: true } && !matches!(sight, Sight::Page(_));
    }
    let Some(decided) = &outcome.decided else {
        return match taken.step.act {
            Act::StartLink { .. } => finished == taken.startable,
            _ => finished,
        };
    };
    let refused = |code: &str| matches!(sight, Sight::Refused(known) if known == code);
    let page = |state: &str| matches!(sight, Sight::Page(known) if known == state);
    if matches!(taken.step.act, Act::ReturnToLink { .. }) && !taken.startable {
        return matches!(sight, Sight::Refused(_)) && decided.seen != Seen::Done;
    }
    match decided.seen {
        Seen::Done => match decided.kind {
            // The person is who they were already: through a provider that is no new session.
            Kind::LocalSignIn if matches!(taken.step.act, Act::SignIn { m: LINK..PASSKEY, .. }) => finished,
            Kind::SignIn | Kind::SignUp | Kind::LocalSignIn | Kind::StepUp | Kind::Link => {
                *sight == Sight::Done { session: true }
            }
            _ => finished,
        },
        Seen::Nothing if decided.kind == Kind::Link || decided.kind == Kind::Unlink => refused(decided.reason.code()),
        Seen::Nothing => *sight == nobody(),
        Seen::AskMailbox => page("mail_code"),
        Seen::AskProof(_) => page("ask_proof"),
        Seen::AskFactor(_) => page("second_factor"),
        Seen::AskSwitch => page("ask_switch"),
        Seen::AskCreate => page("ask_create"),
        Seen::OtherAccount => page("other_account"),
        Seen::AddressTaken => page("address_taken"),
        Seen::AskProofOfOne | Seen::OtherUsers | Seen::LastMethod => refused(decided.reason.code()),
        Seen::StepUpFirst | Seen::SignInFirst | Seen::Refused => match decided.kind {
            // The page offers the methods that would do, and takes no other.
            Kind::LocalSignIn | Kind::StepUp => matches!(sight, Sight::Refused(_)),
            Kind::SignIn if matches!(taken.step.act, Act::Prove { .. }) => matches!(sight, Sight::Refused(_)),
            // The page of the removal says first what is hardest to change.
            Kind::Unlink if by == By::Pages => refused(decided.reason.code()) || refused("last_method"),
            // It knows no methods but one's own.
            Kind::RemovePasskey => ["last_method", "link_not_found", decided.reason.code()].into_iter().any(refused),
            // What this very user has is refused by the verifier, which is told of it.
            Kind::AddPasskey if decided.reason == Reason::PasskeyTaken => {
                refused("passkey_taken") || refused("passkey_failed")
            }
            _ => refused(decided.reason.code()),
        },
    }
}

/// A difference as a story: how it came to it, and both sides.
pub fn report(setup: &Setup, trace: &Trace, by: By, difference: &Difference) -> String {
    let mut text = format!("setup `{}`, by {by:?}. At the start:\n\n", setup.name);
    text += &words::situation(setup, &trace.start);
    text += "\nThen:\n\n";
    for (number, taken) in trace.steps[..=difference.step].iter().enumerate() {
        let _ = writeln!(text, "{}. {}  {:?}", number + 1, words::sentence(setup, taken.step), taken.step.act);
    }
    let taken = &trace.steps[difference.step];
    let shown = taken.outcome.decided.as_ref().map(|decided| (decided.kind, decided.seen, decided.reason.code()));
    let _ = writeln!(
        text,
        "\nThe model shows {shown:?} (startable: {}), the server {:?}.",
        taken.startable, difference.sight
    );
    let model = comparable(&taken.outcome.next);
    let _ = writeln!(text, "\nThe model's state:\n\n{}", words::situation(setup, &model));
    match &difference.stored {
        Ok(stored) if *stored == model => text.push_str("The server's is the same.\n"),
        Ok(stored) => {
            let _ = writeln!(text, "The server's:\n\n{}", words::situation(setup, stored));
            let _ = writeln!(text, "{:?}\n{:?}\n", model.db, stored.db);
            let _ = writeln!(text, "{:?}\n{:?}", model.sessions, stored.sessions);
        }
        Err(surplus) => {
            let _ = writeln!(text, "The server has more than the model can say: {}", surplus.0);
        }
    }
    text
}
