//! Back into an account that its owner cannot sign in to: a code through a proven mailbox first, and another independent
//! proof where the account asks for two.
//!
//! Until the code was entered everything is the same whoever has the address (T123); what is needed beyond it shows only to
//! whoever reads the mailbox.

use crate::Browser;
use crate::decide::{Settled, ask_switch, done, map, nothing_to_decide, proof_methods, refused};
use crate::flow::{Fault, Flow, Material, ProofMethod, Proves, SealedProof, Step};
use crate::journeys::{Acted, Journeys, parse_address};
use linking::{Context, Decision, Reason, RecoverInput, RecoverOutcome, SessionTerms, decide_recover};
use model::{Facts, Proof, UserId};

/// Where whoever is back sees what was put on hold.
pub const RECOVERED: &str = "/account/recovered";

impl Material {
    /// A proof that was just given joins the others, and the mailbox it came through stands for no other one.
    pub(crate) fn gather(&mut self) {
        self.mailbox = None;
        if let Some(proof) = self.proof.take() {
            self.proofs.retain(|known| known.method != proof.method);
            self.proofs.push(proof);
        }
    }

    /// Whose account it is: whoever was proven first, for as long as the flow lives.
    fn recovers(&self) -> Option<UserId> {
        self.named.or_else(|| self.proofs.first().map(|proof| proof.user))
    }
}

impl Journeys {
    /// Always the same answer: a code was sent. One read, one plan.
    pub(crate) async fn recover_address(&self, flow: Flow, text: &str, browser: &Browser) -> Acted {
        if !self.policy.local.email_code {
            return Err(Fault::refused(Reason::MethodNotAllowed));
        }
        let address = parse_address(text)?;
        self.send_code(flow, address, Proves::Owner, browser).await
    }

    /// Another mailbox of the same account.
    pub(crate) async fn recover_mailbox(
        &self,
        flow: Flow,
        methods: &[ProofMethod],
        which: usize,
        browser: &Browser,
    ) -> Acted {
        let mut mailboxes = methods.iter().filter_map(|method| match method {
            ProofMethod::EmailCode { address } => Some(address),
            _ => None,
        });
        let address = mailboxes.nth(which).cloned().ok_or_else(|| Fault::flow("bad_request"))?;
        let user = flow.material.recovers().ok_or_else(|| Fault::flow("bad_request"))?;
        self.send_code(flow, address, Proves::User(user), browser).await
    }
}

pub(crate) fn recovery(
    context: &Context<'_>,
    flow: &Flow,
    facts: &Facts,
    terms: &SessionTerms,
    clear: &[Vec<u8>],
) -> Decision<Settled> {
    let Some(user) = flow.material.recovers() else { return nothing_to_decide() };
    let proofs: Vec<Proof> = flow.material.proofs.iter().map(SealedProof::unsealed).collect();
    let switch_confirmed = flow.material.switch;
    let input = RecoverInput { facts, user, proofs: &proofs, switch_confirmed, terms, clear };
    map(decide_recover(context, &input), |outcome, reason| match outcome {
        RecoverOutcome::Recovered { .. } => done(user),
        RecoverOutcome::MoreProofs { methods } => {
            Settled::Step(Step::RecoverProof { user, methods: proof_methods(&methods) })
        }
        RecoverOutcome::AskSwitch { current } => Settled::Step(ask_switch(facts, current, Some(user))),
        RecoverOutcome::Refused => refused(reason),
    })
}
