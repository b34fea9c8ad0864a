//! Faults about the second factor.

use super::{Fault, Mutant, NONE, always, without};
use crate::act::Act;
use crate::decide::Kind;
use crate::names::user_id;
use crate::plan::Op;
use crate::state::{ACCOUNT, HALF_WAY, Session};
use model::{FactorProof, Facts, Level};

pub(super) fn all() -> Vec<Mutant> {
    list()
}

/// As if nobody had a second factor.
fn forgotten(facts: &mut Facts) {
    for user in &mut facts.users {
        user.totp = None;
    }
}

mutants! {
    second_factor_skipped_at_sign_in: "one factor mints the session, the other is a page", "T92", &["password_known"],
        Fault { facts: Some(|view, facts| {
            if matches!(view.act, Act::SignIn { .. }) { forgotten(facts); }
        }), ..NONE };
    second_factor_skipped_behind_a_provider: "CVE-2025-64103, CVE-2026-34727, CVE-2022-35248", "T89", &["password_known"],
        Fault { facts: Some(|view, facts| {
            if matches!(view.act, Act::Return { .. }) { forgotten(facts); }
        }), ..NONE };
    second_factor_skipped_in_a_proof: "asked for at the front door only", "T89", &["second_factor"],
        Fault { facts: Some(|view, facts| {
            if matches!(view.act, Act::Prove { .. }) { forgotten(facts); }
        }), ..NONE };
    second_factor_skipped_at_a_step_up: "asked for at the front door only", "T96", &["second_factor"],
        Fault { facts: Some(|view, facts| {
            if matches!(view.act, Act::StepUp { .. }) { forgotten(facts); }
        }), ..NONE };
    pending_login_as_session: "half a sign-in that counts as a session", "T92", &["password_known"],
        Fault { acts: Some(|_, state, acts| {
            if state.flows[1].kind == HALF_WAY && state.sessions[1].user == 0 {
                acts.push(always(Act::SetPassword { b: 1 }));
            }
        }), environment: Some(|act, state| {
            let flow = state.flows[1];
            if matches!(act, Act::SetPassword { b: 1 }) && flow.kind == HALF_WAY && state.sessions[1].user == 0 {
                let (user, method) = (flow.named, flow.proof - 1);
                state.sessions[1] = Session { user, method, fresh: true, two: true, scope: ACCOUNT, dead: false };
            }
        }), ..NONE };
    second_factor_of_another_counts: "a code that is checked against whoever typed it", "T92", &["password_known"],
        Fault { factor: Some(|view, shown| {
            let asked = view.flow.proven.checked_sub(1).map_or(shown.user(), user_id);
            FactorProof::of_checked(asked, shown.factor(), shown.at())
        }), ..NONE };
    second_factor_leaves_sessions: "sessions that began without it", "T24", &["second_factor"],
        Fault { decided: Some(|_, decided| {
            without(decided, Kind::SetFactor, |op| matches!(op, Op::EndSessionsOfUser(_)));
        }), ..NONE };
    level_forgotten_when_a_second_factor_goes: "CVE-2024-45042", "T96", &["second_factor"],
        Fault { facts: Some(|view, facts| {
            if matches!(view.act, Act::RemoveFactor { .. }) {
                for user in &mut facts.users { user.required_level = Level::One; }
            }
        }), ..NONE };
}
