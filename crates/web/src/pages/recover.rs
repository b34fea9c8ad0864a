//! The way back into an account, and what its owner finds there.

use crate::pages::account::MethodRow;
use crate::pages::pieces::{ErrorText, ProofMethod, Shell};
use crate::pages::renders;
use askama::Template;

/// Which address? The answer is the same whoever has it.
#[derive(Debug, Clone, Template)]
#[template(path = "recover.html", whitespace = "minimize")]
pub struct Recover {
    pub shell: Shell,
    pub flow: String,
    pub email: String,
    /// Policy sends codes; otherwise the page says who helps.
    pub available: bool,
    pub error: Option<ErrorText>,
}

/// The mailbox was shown, and the account asks for more than that.
#[derive(Debug, Clone, Template)]
#[template(path = "recover_proof.html", whitespace = "minimize")]
pub struct RecoverProof {
    pub shell: Shell,
    pub flow: String,
    /// None of them a code.
    pub methods: Vec<ProofMethod>,
    /// Other mailboxes of the account, masked, in the order in which they are asked for.
    pub mailboxes: Vec<String>,
    pub support_code: String,
    pub error: Option<ErrorText>,
}

impl RecoverProof {
    fn stuck(&self) -> bool {
        self.methods.is_empty() && self.mailboxes.is_empty()
    }
}

/// Back in: what was put on hold, and what to do next.
#[derive(Debug, Clone, Template)]
#[template(path = "recovered.html", whitespace = "minimize")]
pub struct Recovered {
    pub shell: Shell,
    pub held: Vec<MethodRow>,
    pub can_set_password: bool,
    pub has_password: bool,
}

renders!(Recover, RecoverProof, Recovered);
