//! Why a decision came out as it did: closed, with a stable code for pages, API, audit log and metrics.

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// The reason of a decision. Every one has a sentence for the person in each language of `web`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason { $($(#[$doc])* $name,)* }

        impl Reason {
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Stable: it appears in URLs, logs and audit events.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }
        }
    };
}

reasons! {
    /// Row 1: the identity is linked and everything about it is in order.
    LinkedIdentity = "linked_identity",
    /// Row 2: the person who is signed in came back with their own identity.
    OwnIdentity = "own_identity",
    /// Row 3.
    IdentityOfOtherUser = "identity_of_other_user",
    /// Rows 3 and 5: somebody else is signed in in this browser.
    OtherUserSignedIn = "other_user_signed_in",
    /// Row 4.
    LinkedByOwner = "linked_by_owner",
    /// Row 6.
    IdentityHeld = "identity_held",
    /// Row 6: once removed; only the person's word brings it back.
    IdentityWasRemoved = "identity_was_removed",
    /// Row 7, and any user who may not sign in.
    MatchInactive = "match_inactive",
    /// Row 8.
    ProofForProtected = "proof_for_protected",
    /// Row 10.
    SameProviderOtherSubject = "same_provider_other_subject",
    /// Row 12.
    MailboxWouldSuffice = "mailbox_would_suffice",
    /// Row 13: ask.
    ProofNeeded = "proof_needed",
    /// Row 13: asked and given.
    ProvenByOwner = "proven_by_owner",
    /// Row 14.
    AddressBelongsToAccount = "address_belongs_to_account",
    /// Row 15.
    NewUser = "new_user",
    /// Below Vouched: nothing is said before the mailbox code.
    MailboxUnproven = "mailbox_unproven",
    SignUpClosed = "sign_up_closed",
    SignUpInvited = "sign_up_invited",

    UnknownConnection = "unknown_connection",
    ConnectionDisabled = "connection_disabled",
    OldEpoch = "old_epoch",
    PurposeForbids = "purpose_forbids",
    LinkLimit = "link_limit",
    AlreadyLinked = "already_linked",
    UserInactive = "user_inactive",
    LevelTooLow = "level_too_low",

    WrongUserProved = "wrong_user_proved",
    ProofBySameIdentity = "proof_by_same_identity",
    MethodNotAllowed = "method_not_allowed",
    NotFresh = "not_fresh",
    /// The ticket was made before the user changed (T26).
    TicketOutdated = "ticket_outdated",
    SessionExpired = "session_expired",
    StepUpNeeded = "step_up_needed",

    Unlinked = "unlinked",
    UnlinkedByOperator = "unlinked_by_operator",
    LastMethod = "last_method",
    LinkNotFound = "link_not_found",

    PasswordCorrect = "password_correct",
    CodeCorrect = "code_correct",
    PasswordSet = "password_set",
    SignedOut = "signed_out",
    SteppedUp = "stepped_up",
    HandedOver = "handed_over",
    Throttled = "throttled",
    AttemptAllowed = "attempt_allowed",

    ByOperator = "by_operator",
    UserNotFound = "user_not_found",
    /// Row 1 and 4: an organisation's connection reaches its members only.
    OutsideOrganisation = "outside_organisation",
    /// Row 9.
    OrganisationForces = "organisation_forces_connection",
    /// Row 11.
    SeveralMatches = "several_matches",
    /// The session is for applications or for an organisation's clients; the account needs one of its own.
    SessionScope = "session_scope",

    /// Row 3, from settings: the identity came from another user of the same person.
    Moved = "identity_moved",
    Merged = "users_merged",
    MergeUndone = "merge_undone",
    SameUser = "same_user",
    /// No such grant, or not of this kind.
    UndoUnknown = "undo_unknown",
    UndoSpent = "undo_spent",
    UndoExpired = "undo_expired",
    LinkFrozen = "link_frozen",
    LinkUndone = "link_undone",
    LinkRestored = "link_restored",
    LinkConfirmed = "link_confirmed",
    Recovered = "recovered",
    MoreProofsNeeded = "more_proofs_needed",
    EpochOpened = "epoch_opened",
    EpochRolledBack = "epoch_rolled_back",

    NothingToChange = "nothing_to_change",
    WouldStrandUsers = "would_strand_users",
}

#[cfg(test)]
mod tests {
    use super::Reason;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_distinct_and_plain() {
        let codes: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.code()).collect();
        assert_eq!(codes.len(), Reason::ALL.len());
        assert!(codes.iter().all(|code| code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')));
    }
}
