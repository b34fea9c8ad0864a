//! Passkeys, the way back in, and guesses.

use super::{Decided, Kind, Request, Seen};
use crate::names::{NOW, SOURCE, account, credential, passkey_id, session_id, user_id};
use crate::state::OF_ATTACKER;
use linking::{Attempt, Credential, Reason, RecoverInput};
use model::Proof;

impl Request<'_> {
    pub(super) fn add_passkey(&self, key: u8) -> Decided {
        let mut facts = self.reader.facts(self.browser, self.view.session, None, None, None);
        facts.credential = self.reader.credential(key);
        self.world.mutant.facts(self.view, &mut facts);
        let id = credential(key);
        let made = Credential { id: &id, handle: &[], key: "", name: "" };
        let decision = linking::decide_add_passkey(&self.context(), &facts, session_id(self.browser), &made);
        self.finish(Kind::AddPasskey, decision, |added| if added.is_some() { Seen::Done } else { Seen::Refused })
    }

    pub(super) fn remove_passkey(&self, key: u8) -> Decided {
        let facts = self.facts(None, None, None);
        let user = self.view.db.passkeys[usize::from(key)].of().unwrap_or(OF_ATTACKER);
        let passkey = passkey_id(key, user);
        let live = session_id(self.browser);
        let decision = linking::decide_remove_passkey(&self.context(), &facts, live, passkey);
        let last = decision.reason == Reason::LastMethod;
        self.finish(Kind::RemovePasskey, decision, |outcome| match outcome {
            linking::PasskeyRemoval::Removed { .. } => Seen::Done,
            linking::PasskeyRemoval::Refused if last => Seen::LastMethod,
            linking::PasskeyRemoval::Refused => Seen::Refused,
        })
    }

    /// A wrong password under an address: whether it is looked at.
    pub(super) fn guess(&self, typed: u8) -> Decided {
        let owner = self.view.db.addresses[usize::from(typed)].owner.checked_sub(1);
        let account = self.world.mutant.account(self.view, account(self.world.names, typed, owner));
        let keys = linking::throttle_keys(&account, SOURCE, false);
        let mut facts = self.facts(None, None, None);
        facts.throttles = self.reader.throttles(&keys);
        self.finish(Kind::Guess, linking::decide_attempt(&facts, &keys, NOW), |attempt| match attempt {
            Attempt::Allowed => Seen::Done,
            Attempt::Wait(_) => Seen::Refused,
        })
    }

    pub(super) fn recover(&self, user: u8, method: u8, second: Option<u8>) -> Decided {
        let facts = self.facts(None, None, None);
        let proofs: Vec<Proof> =
            std::iter::once(method).chain(second).map(|method| self.proof(&facts, user, method)).collect();
        let input = RecoverInput {
            facts: &facts,
            user: user_id(user),
            proofs: &proofs,
            // Whoever recovers in a browser of somebody else says so: what matters here is what it leads to.
            switch_confirmed: true,
            terms: &self.terms,
            clear: &[],
        };
        self.finish(Kind::Recover, linking::decide_recover(&self.in_flow(), &input), |outcome| match outcome {
            linking::RecoverOutcome::Recovered { .. } => Seen::Done,
            linking::RecoverOutcome::MoreProofs { .. }
            | linking::RecoverOutcome::AskSwitch { .. }
            | linking::RecoverOutcome::Refused => Seen::Refused,
        })
    }
}
