//! The second factor: shown in the middle of a journey, set up and turned off.

use super::{Decided, Kind, Request, Seen};
use crate::act::Act;
use crate::facts::authenticated_at;
use crate::names::{session_id, user_id};
use crate::state::CONFIRMING;
use linking::SetTotp;
use model::{Factor, FactorProof, Proof};

pub(super) fn with(proof: Proof, second: Option<&FactorProof>) -> Proof {
    match second {
        Some(second) => proof.with(second),
        None => proof,
    }
}

impl Request<'_> {
    fn factor_of(&self, user: u8) -> FactorProof {
        let shown = FactorProof::of_checked(user_id(user), Factor::Totp, authenticated_at(true));
        self.world.mutant.factor(self.view, shown)
    }

    /// What was shown in this journey. Signing in and confirming anew begin others.
    pub(super) fn shown_factor(&self) -> Option<FactorProof> {
        let anew = matches!(self.view.act, Act::SignIn { .. } | Act::StepUp { .. });
        self.flow.factor.checked_sub(1).filter(|_| !anew).map(|user| self.factor_of(user))
    }

    /// Goes on with the method that was shown first.
    pub(super) fn second_factor(&self) -> Decided {
        let (user, method) = (self.flow.proven.max(1) - 1, self.flow.proof.max(1) - 1);
        if self.flow.kind == CONFIRMING { self.step_up(method) } else { self.local(user, method) }
    }

    pub(super) fn set_factor(&self) -> Decided {
        let facts = self.facts(None, None, None);
        let shown = self.factor_of(self.view.session.of().unwrap_or(0));
        let new = SetTotp { secret: &[], step: 1, codes: &[], shown: &shown };
        let decision = linking::decide_set_totp(&self.context(), &facts, session_id(self.browser), &new, &self.terms);
        self.finish(Kind::SetFactor, decision, |done| if *done { Seen::Done } else { Seen::Refused })
    }

    pub(super) fn remove_factor(&self) -> Decided {
        let facts = self.facts(None, None, None);
        let decision = linking::decide_remove_totp(&self.context(), &facts, session_id(self.browser), &self.terms);
        let last = decision.reason == linking::Reason::LastMethod;
        self.finish(Kind::RemoveFactor, decision, |done| match done {
            true => Seen::Done,
            false if last => Seen::LastMethod,
            false => Seen::Refused,
        })
    }
}
