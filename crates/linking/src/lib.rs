//! The decisions: facts and policy in; outcome, reason and guarded plan out.
//!
//! Everything here is pure and total: no clock, no I/O, no panic. Time and randomness come in with [`Context`], so that
//! the same inputs give the same plan. Pages, API, command line and tests call these functions, and nothing else
//! creates, moves or removes a link or mints a session.

mod access;
mod administer;
mod application;
mod client;
mod connection_change;
mod device;
mod draft;
mod epoch;
mod evidence;
mod explain;
mod factor;
mod link;
mod local;
mod matched;
mod merge;
mod methods;
mod move_link;
mod organisation;
mod passkey;
mod reason;
mod record;
mod recover;
mod replay;
mod selection;
mod session;
mod sign_in;
mod throttle;
mod undo;
mod unlink;

pub use access::{Access, Element, may_go};
pub use administer::{EndSessions, decide_end_session, decide_user_status};
pub use application::{
    ClientTerms, decide_authorization, decide_code_reuse, decide_consent, decide_entry, decide_refresh,
    decide_withdrawal, is_consented,
};
pub use client::{
    decide_client_change, decide_client_creation, decide_client_removal, decide_registration_token,
    decide_token_revocation,
};
pub use connection_change::{
    ChangeOutcome, Declaration, Stranded, decide_connection_change, decide_declaration, stranded_without,
};
pub use device::{DeviceClaim, claimed_device, decide_device_answer, decide_device_claim, decide_device_redemption};
pub use draft::UNDO_VALUE;
pub use epoch::{Carry, MoveConnectionInput, decide_connection_move};
pub use evidence::{EvidenceSource, evidence};
pub use explain::{Explanation, Fact, Supposed, Told, WhatIf, explain_sign_in, row_words};
pub use factor::{
    RECOVERY_CODES, SetTotp, Spent, decide_recovery_codes, decide_remove_totp, decide_set_totp, spend_factor,
};
pub use link::{LinkInput, LinkOutcome, decide_link};
pub use local::{
    HandoverInput, LocalOutcome, LocalSignIn, SignUpInput, SignUpOutcome, StepUpInput, decide_handover,
    decide_local_sign_in, decide_set_password, decide_sign_out, decide_sign_up, decide_step_up,
};
pub use matched::recycled_notice_key;
pub use merge::{MergeInput, MergeOutcome, MergePreview, UnmergeInput, decide_merge, decide_unmerge, preview_merge};
pub use methods::{
    FACTOR_LEVEL, PASSKEY_LEVEL, UnusableBecause, has_factor, methods_at, own_methods, required_level, usable_methods,
    ways_in, why_unusable,
};
pub use move_link::{MoveInput, MoveOutcome, decide_move};
pub use organisation::{Membership, decide_membership, home_of};
pub use passkey::{Credential, PASSKEYS_MAX, PasskeyRemoval, decide_add_passkey, decide_remove_passkey};
pub use reason::Reason;
pub use recover::{RecoverInput, RecoverOutcome, decide_recover, decide_release};
pub use replay::{LinkEvent, Replayed, replay_link};
pub use selection::{Choice, Moment, check_local, choose, mailbox_opens, offered_local, offers};
pub use session::{NewUser, SessionTerms};
pub use sign_in::{SignInInput, SignInOutcome, decide_sign_in};
pub use throttle::{Attempt, decide_attempt, throttle_keys};
pub use undo::{UndoInput, UndoOutcome, decide_freeze, decide_undo};
pub use unlink::{UnlinkInput, UnlinkOutcome, decide_unlink};

use model::{Actor, Expiring, Micros, Plan, Policy, Random};

/// A decision: what to show, why, and what to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision<O> {
    pub outcome: O,
    pub reason: Reason,
    /// Row of the sign-in table that fired, where that table was consulted.
    pub row: Option<u8>,
    /// Empty when nothing is to be written.
    pub plan: Plan,
}

impl<O> Decision<O> {
    fn without_plan(outcome: O, reason: Reason, row: Option<u8>) -> Self {
        Self { outcome, reason, row, plan: Plan::default() }
    }
}

/// What every decision is given besides facts.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub now: Micros,
    pub random: &'a dyn Random,
    pub policy: &'a Policy,
    /// Who asks. For a person who is only just signing in this is replaced by the user they turn out to be.
    pub actor: &'a Actor,
    /// The journey that is spent when its outcome commits; `None` for single requests of a live session.
    pub flow: Option<Expiring>,
    /// Device and place as the person would recognise them, for notices.
    pub device: &'a str,
}

/// How long an authentication counts as fresh (N22, T88).
pub const FRESH: Micros = model::MINUTE.times(5);
/// Replicas' clocks may differ by so much.
const SKEW: Micros = model::MINUTE;

/// Whether an authentication at `at` still counts as fresh: the one meaning of the word.
pub fn is_fresh_at(at: Micros, now: Micros) -> bool {
    at + FRESH > now && at <= now + SKEW
}

/// How long an undo is offered.
pub const UNDO: Micros = model::DAY.times(7);
/// A merge is seen later by the people it touches.
pub const UNDO_MERGE: Micros = model::DAY.times(30);

/// How old a mailbox proof may be for row 12.
pub const LOOP_PROOF_MAX_AGE: Micros = model::DAY.times(365);
