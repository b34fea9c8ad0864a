//! The same methods of a user who has a second factor: what each is worth alone and with it, and what must remain.

use super::{KINDS, Kind, method, page, spare_link, world};
use crate::tables::must;
use crate::world::{NOW, Read, SESSION, VERA, World, link_id, link_method};
use linking::{
    Decision, LocalOutcome, PASSKEY_LEVEL, Reason, SignInOutcome, UnlinkOutcome, decide_remove_totp, required_level,
    ways_in,
};
use model::{DAY, Factor, FactorProof, Level, Proof, SECOND, TotpFacts};
use std::fmt::Write as _;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Second {
    Absent,
    Present,
    OffByPolicy,
    PresentAndNeeded,
}

const SECONDS: [(Second, &str); 4] = [
    (Second::Absent, "absent"),
    (Second::Present, "present"),
    (Second::OffByPolicy, "switched off by policy"),
    (Second::PresentAndNeeded, "present, user needs level two"),
];

impl Second {
    fn counts(self) -> bool {
        matches!(self, Self::Present | Self::PresentAndNeeded)
    }
}

/// Vera with one method that works, and this second factor.
fn with_second(kind: Kind, second: Second) -> World {
    let mut world = world(kind, super::State::Ready).expect("every kind can work");
    world.policy.local.totp = second != Second::OffByPolicy;
    let vera = world.user(VERA);
    if second != Second::Absent {
        vera.totp =
            Some(TotpFacts { secret: vec![7; 40], last_step: 1, codes: Vec::new(), added_at: NOW - DAY.times(30) });
    }
    if second == Second::PresentAndNeeded {
        vera.required_level = Level::Two;
    }
    world
}

/// What everybody says of one method and one second factor.
struct Row {
    needed: Level,
    way_in: bool,
    alone: Decision<LocalOutcome>,
    steps_up: Decision<LocalOutcome>,
    recovers: Reason,
    /// With the second factor beside it, where there is one that counts.
    both: Option<[Decision<LocalOutcome>; 2]>,
    /// Back from the provider, alone and with the second factor.
    upstream: Option<[Decision<SignInOutcome>; 2]>,
    link_goes: bool,
    page_says: bool,
    factor_goes: Reason,
}

fn look(kind: Kind, second: Second) -> Row {
    let world = with_second(kind, second);
    let vera = &world.users[0];
    let level = if kind == Kind::Passkey { PASSKEY_LEVEL } else { Level::One };
    let proof = Proof::of_checked(VERA, method(kind), level, NOW - SECOND);
    let factor = FactorProof::of_checked(VERA, Factor::Totp, NOW - SECOND);
    let showing = |proof: Proof| world.clone().with(|w| w.proof = Some((proof, VERA)));
    let signing = |proof: Proof| showing(proof).with(|w| w.session = None).local_sign_in();
    let back = |shown: Option<FactorProof>| {
        let world = world.clone().with(|w| {
            w.session = None;
            w.parts.identity = w.users[0].links[0].identity.clone();
            w.factor = shown;
        });
        world.sign_in()
    };
    let spare = spare_link(&world);
    Row {
        needed: required_level(vera, &world.policy),
        way_in: ways_in(vera, &world.connections, &world.policy).contains(&method(kind)),
        alone: signing(proof.clone()),
        steps_up: showing(proof.clone()).step_up(VERA),
        recovers: world.recover(VERA, std::slice::from_ref(&proof)).reason,
        both: second.counts().then(|| {
            let both = proof.clone().with(&factor);
            [signing(both.clone()), showing(both).step_up(VERA)]
        }),
        upstream: (kind == Kind::Link).then(|| [back(None), back(Some(factor))]),
        link_goes: matches!(spare.unlink(link_id(20)).outcome, UnlinkOutcome::Removed { .. }),
        page_says: page(&spare, &link_method(20, "other")),
        factor_goes: world
            .context(|context, terms, _| decide_remove_totp(context, &world.facts(), SESSION, terms))
            .reason,
    }
}

/// That sign-in, step-up, the ways in and the page say the same of a second factor.
fn agree(kind: Kind, second: Second, row: &Row) -> Result<(), String> {
    let asked = second.counts() && kind != Kind::Passkey;
    must(
        (row.needed == Level::Two) == second.counts(),
        "whoever set one up wants it asked for, while policy allows it",
    )?;
    must(row.way_in, "what can be shown with the second factor is a way in")?;
    for (decision, what) in [(&row.alone, "sign-in"), (&row.steps_up, "step-up")] {
        let asks = decision.outcome == LocalOutcome::AskFactor { user: VERA };
        must(asks == asked && asks == decision.plan.is_empty(), &format!("{what}: one factor alone makes no session"))?;
    }
    for decision in row.both.iter().flatten() {
        let sessions = decision.plan.sessions();
        let in_at_two = sessions.len() == 1 && sessions[0].level == Level::Two;
        must(in_at_two, "a way in and the second factor make a session at level two")?;
    }
    if let Some([alone, both]) = &row.upstream {
        let asks = alone.outcome == SignInOutcome::AskFactor { user: VERA };
        must(asks == asked && asks == alone.plan.is_empty(), "a provider's sign-in skips no second factor")?;
        must(both.plan.sessions().len() == 1, "and with it leads in")?;
    }
    let recovers = if second.counts() { Reason::MoreProofsNeeded } else { Reason::Recovered };
    must(row.recovers == recovers, "one proof recovers nobody who has a second factor")?;
    must(row.link_goes == row.way_in, "the last way in stays when a link goes")?;
    must(row.page_says == row.link_goes, "the page says what the decision does")?;
    let goes = match second {
        Second::Absent => Reason::NoSecondFactor,
        Second::PresentAndNeeded if kind != Kind::Passkey => Reason::LastMethod,
        _ => Reason::TotpRemoved,
    };
    must(row.factor_goes == goes, "the second factor goes where what remains reaches the level without it")
}

const PREFACE: &str = "
## Beside a second factor

The same methods, enabled, proven and working, of a user who has a second factor or not. *Alone* is the method without the
factor, *both* with it, which is shown only where it counts. A link's sign-in is the one that comes back from its provider;
for every other kind it is the local one. Then whether, with the method beside, a link may be removed, by the decision and
by the page; and what turning the factor off comes to.

| method | second factor | level needed | way in | alone signs in | both sign in | alone steps up | both step up | alone recovers | a link goes | the factor goes |
|---|---|---|---|---|---|---|---|---|---|---|
";

/// The section of the page, with every row held against the others.
pub(super) fn section() -> String {
    let mut text = PREFACE.to_owned();
    for (kind, name) in KINDS {
        for (second, words) in SECONDS {
            let row = look(kind, second);
            agree(kind, second, &row).unwrap_or_else(|what| panic!("{name}, {words}: {what}"));
            let code = |reason: Reason| format!("`{}`", reason.code());
            let local = |at: usize| row.both.as_ref().map_or_else(String::new, |both| code(both[at].reason));
            let (alone, both) = match &row.upstream {
                Some([alone, both]) => {
                    (code(alone.reason), if second.counts() { code(both.reason) } else { String::new() })
                }
                None => (code(row.alone.reason), local(0)),
            };
            let yes = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
            let cells = [
                (row.needed as u8).to_string(),
                yes(row.way_in),
                alone,
                both,
                code(row.steps_up.reason),
                local(1),
                code(row.recovers),
                yes(row.link_goes),
                code(row.factor_goes),
            ];
            let _ = writeln!(text, "| {name} | {words} | {} |", cells.join(" | "));
        }
    }
    text
}
