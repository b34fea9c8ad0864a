//! Why a decision came out as it did: closed, with a stable code for pages, API, audit log and metrics, and with what an
//! operator says about it. The person's sentence, in every language, is `web`'s.

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal: $happened:literal / $otherwise:literal;)*) => {
        /// The reason of a decision.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason { $($(#[$doc])* $name,)* }

        impl Reason {
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Stable: it appears in URLs, logs and audit events.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// What happened, in a sentence for the operator.
            pub const fn happened(self) -> &'static str {
                match self { $(Self::$name => $happened,)* }
            }

            /// What would change it, in a sentence for the operator.
            pub const fn otherwise(self) -> &'static str {
                match self { $(Self::$name => $otherwise,)* }
            }

            /// From a log or a URL.
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$name),)* _ => None }
            }
        }
    };
}

// name = code: what happened / what would change it
reasons! {
    /// Row 1: the identity is linked and everything about it is in order.
    LinkedIdentity = "linked_identity":
        "The external identity is linked to this user, and everything about link, connection and user was in order."
        / "Removing the link, disabling the user or switching the connection off.";
    /// Row 2: the person who is signed in came back with their own identity.
    OwnIdentity = "own_identity":
        "The person was signed in already and came back with an identity of their own account."
        / "Nothing needs to change; it refreshes the session that is there.";
    /// Row 3.
    IdentityOfOtherUser = "identity_of_other_user":
        "The external identity is linked to another user, and one identity opens one account only."
        / "Removing the link there, moving it with a proof of the other account, or merging the two accounts.";
    /// Rows 3 and 5: somebody else is signed in in this browser.
    OtherUserSignedIn = "other_user_signed_in":
        "Somebody else was signed in in this browser, and a session is never replaced without a word."
        / "The person chooses to switch, or signs out first.";
    /// Row 4.
    LinkedByOwner = "linked_by_owner":
        "The signed-in user connected this identity from their settings."
        / "Nothing; the owner can remove it, or undo it from the notice.";
    /// Row 6.
    IdentityHeld = "identity_held":
        "The link of this identity is on hold: it was frozen from a notice, or held by a recovery."
        / "The owner signs in another way and confirms the link, or removes it.";
    /// Row 6: once removed; only the person's word brings it back.
    IdentityWasRemoved = "identity_was_removed":
        "The identity was linked to an account once and was removed; it does not come back by itself."
        / "The owner signs in another way and connects it again, or the person asks for an account of its own.";
    /// Row 7, and any user who may not sign in.
    MatchInactive = "match_inactive":
        "The address belongs to an account that is disabled, held or deleted."
        / "An operator enables that account.";
    /// Row 8.
    ProofForProtected = "proof_for_protected":
        "The account is protected, so nothing about it is automatic."
        / "The owner proves the account at its own level; two protected accounts are never merged by one person.";
    /// Row 10.
    SameProviderOtherSubject = "same_provider_other_subject":
        "The account that has this address is linked to another identity of the same provider, so this may be another \
         person."
        / "The owner signs in to the account and adds this identity there, or the person asks for a separate account.";
    /// Row 12.
    MailboxWouldSuffice = "mailbox_would_suffice":
        "The provider may speak for the address, and a code to that mailbox alone could sign this user in, so the \
         link gives nothing new."
        / "`link_on_match = \"prove\"` on the connection, a second factor, or an address that was not proven here \
         lately.";
    /// Row 13: ask.
    ProofNeeded = "proof_needed":
        "The address is proven for an account here, so the person was asked to prove that account first."
        / "The person signs in to the existing account in the same flow; then the identity is linked to it.";
    /// Row 13: asked and given.
    ProvenByOwner = "proven_by_owner":
        "The person proved the existing account in this flow, so the identity was linked to it."
        / "Nothing; the owner can remove it, or undo it from the notice.";
    /// Row 14.
    AddressBelongsToAccount = "address_belongs_to_account":
        "The address belongs to an account, and this connection links nothing by itself."
        / "Signing in to that account and connecting from its settings, or `link_on_match = \"prove\"` on the \
         connection.";
    /// Row 15.
    NewUser = "new_user":
        "Nobody had this identity and nobody in reach had its address, so a user was created."
        / "The address being proven for an account, or `sign_up` not being open.";
    /// Below Vouched: nothing is said before the mailbox code.
    MailboxUnproven = "mailbox_unproven":
        "The provider's word about the address is worth too little, so a code was sent to the mailbox before anything \
         else."
        / "The person enters the code, or the operator vouches for the provider (`email_evidence = \"vouched\"`).";
    SignUpClosed = "sign_up_closed":
        "Nobody has this identity or its address, and new accounts are closed."
        / "`sign_up = \"open\"` where the person came in, or an existing account that they sign in to.";
    SignUpInvited = "sign_up_invited":
        "Nobody has this identity or its address, and new accounts are by invitation."
        / "An invitation, or `sign_up = \"open\"` where the person came in.";

    UnknownConnection = "unknown_connection":
        "The connection is not in the configuration, or the store has never seen it."
        / "Declaring the connection in the configuration and starting the server with it.";
    ConnectionDisabled = "connection_disabled":
        "The connection is switched off."
        / "`selfsame connection enable` for this connection.";
    OldEpoch = "old_epoch":
        "The connection was set up anew since: what it said or linked before counts no more."
        / "The person connects the identity again; a declared connection needs its old values back, or a move.";
    PurposeForbids = "purpose_forbids":
        "The connection is not meant for this: its `purpose` leaves out signing in, or linking."
        / "Another `purpose` of the connection.";
    LinkLimit = "link_limit":
        "The user has as many links of this connection as policy allows."
        / "Removing one of them, or a higher `max_links_per_user`.";
    AlreadyLinked = "already_linked":
        "The identity is linked to this very user already."
        / "Nothing needs to change.";
    UserInactive = "user_inactive":
        "The user is disabled, held, deleted or absorbed by a merge."
        / "An operator enables the user; an absorbed one comes back by undoing the merge.";
    LevelTooLow = "level_too_low":
        "The proof does not reach the level that this user needs."
        / "A stronger method, or a provider that asserts a higher level.";

    WrongUserProved = "wrong_user_proved":
        "Another user was proven than the one that was asked for."
        / "Proving the account that the page named.";
    ProofBySameIdentity = "proof_by_same_identity":
        "The identity that is to be linked was used as its own proof."
        / "Another method of the existing account.";
    MethodNotAllowed = "method_not_allowed":
        "The method is not one this user can use now, or may not prove what was asked."
        / "A usable method of the user's own; `selfsame user show` lists them.";
    NotFresh = "not_fresh":
        "The proof or the provider's answer was more than five minutes old."
        / "The person authenticates again.";
    /// The ticket was made before the user changed (T26).
    TicketOutdated = "ticket_outdated":
        "Something about the user changed after the journey began, so what was shown then shows nothing now."
        / "Starting the journey again.";
    SessionExpired = "session_expired":
        "Nobody was signed in any more, or not the user who began."
        / "Signing in again.";
    StepUpNeeded = "step_up_needed":
        "The change needs a fresh authentication at the user's own level."
        / "The person confirms with one of their methods.";

    Unlinked = "unlinked":
        "The owner removed the link, and its sessions ended with it."
        / "Nothing; the owner can undo it from the notice, or connect the identity again.";
    UnlinkedByOperator = "unlinked_by_operator":
        "An operator removed the link, and its sessions ended with it."
        / "Nothing; the owner can undo it from the notice, or connect the identity again.";
    LastMethod = "last_method":
        "It is the last usable method of the user's own, and without it nobody could sign in."
        / "Adding another method first; an operator can repeat with `--force`.";
    LinkNotFound = "link_not_found":
        "The user has no such link in the state that is needed."
        / "The id of a link that `selfsame link list` shows, in the right state.";

    PasswordCorrect = "password_correct":
        "Address and password matched."
        / "Another password, or passwords switched off by policy.";
    CodeCorrect = "code_correct":
        "The code that went to the mailbox was entered."
        / "A wrong or expired code, or mailbox codes switched off by policy.";
    PasskeyCorrect = "passkey_correct":
        "A passkey of the user answered, and it had verified its owner."
        / "Removing the passkey, or passkeys switched off by policy.";
    PasskeyAdded = "passkey_added":
        "The user added a passkey from settings."
        / "Nothing; it can be removed again.";
    PasskeyRemoved = "passkey_removed":
        "The user removed a passkey, and its sessions ended with it."
        / "Nothing; it can be added again.";
    PasskeyNotFound = "passkey_not_found":
        "Nobody here has this passkey, or somebody else does than the one who was to show it."
        / "A passkey that was added to this account and not removed since.";
    PasskeyTaken = "passkey_taken":
        "This passkey was added before."
        / "Another authenticator, or removing the passkey first.";
    SharedAccess = "shared_access":
        "The account is protected, and what would remain all hangs on one mailbox or one provider."
        / "Another way in first that hangs on neither, a passkey say.";
    SecondFactorNeeded = "second_factor_needed":
        "The person showed one factor, and the account has a second one, so that was asked for; there is no session yet."
        / "The code of the authenticator app, a recovery code, or a passkey.";
    TotpAdded = "totp_added":
        "The user set up an authenticator app as second factor; every other session ended."
        / "Nothing; the owner can turn it off again, having shown it.";
    TotpRemoved = "totp_removed":
        "The user turned the second factor off, in a session that had shown it."
        / "Nothing; the owner can set it up again.";
    RecoveryCodesMade = "recovery_codes_made":
        "The user made new recovery codes; those from before count no more."
        / "Nothing; the owner can make new ones.";
    NoSecondFactor = "no_second_factor":
        "The account has no second factor, or policy has it switched off."
        / "Setting up an authenticator app first, with `[policy] totp = true`.";
    TooManyPasskeys = "too_many_passkeys":
        "The account has as many passkeys as it may have."
        / "Removing one that is not used any more.";
    PasswordSet = "password_set":
        "The user set a password from settings; their other sessions ended."
        / "Nothing; it can be changed again.";
    SignedOut = "signed_out":
        "The person ended the session."
        / "Nothing; they can sign in again.";
    SteppedUp = "stepped_up":
        "The person confirmed with a method of their own, and the session counts as fresh again."
        / "Nothing; it stays fresh for five minutes.";
    HandedOver = "handed_over":
        "An application took over: it has a session of its own, which changes nothing about the account."
        / "Ending that session.";
    ApplicationLetIn = "application_let_in":
        "An application that the person signs in to was told who they are."
        / "Taking the application's access back, ending the session, or removing the method it rests on.";
    DeviceClaimed = "device_claimed":
        "The code that a device shows was typed, and nobody but that session may answer the device now."
        / "Nothing; the request ends by itself after ten minutes.";
    DeviceLetIn = "device_let_in":
        "The person typed the code that a device shows and let it in."
        / "Taking the application's access back, or removing the method it rests on.";
    DeviceRefused = "device_refused":
        "The person typed the code that a device shows and did not let it in."
        / "The device asks anew, with another code.";
    DeviceCodeUnknown = "device_code_unknown":
        "No device shows this code: it was mistyped, has expired, was answered, or was typed in another session first."
        / "Typing the code that the device shows now; a code is good for ten minutes.";
    /// A device's sign-in opens an account that is there, and nothing else (T52).
    DeviceNeverLinks = "device_never_links":
        "The sign-in was for a device that waits for an answer, and the identity is linked to nobody; nothing is \
         linked, created or recovered on that way."
        / "The person signs in to their account by itself first, and types the device's code then.";
    ConsentGiven = "consent_given":
        "The person allowed an application to know who they are."
        / "Nothing; it can be taken back on the page of applications.";
    ConsentWithdrawn = "consent_withdrawn":
        "The person took back what an application was allowed; its tokens ended with it."
        / "Allowing it again at the next sign-in to that application.";
    ConsentMissing = "consent_missing":
        "The application asks for something that the person has not allowed."
        / "The person allows it when the application asks.";
    TokenReused = "token_reused":
        "A code or refresh token came a second time, so somebody else may have it; what rested on it has ended."
        / "The person signs in to the application again.";
    Throttled = "throttled":
        "There were too many attempts on this account, or from this place."
        / "Waiting; the answer says how long.";
    AttemptAllowed = "attempt_allowed":
        "The attempt was counted and may be made."
        / "Many failures for the same account or from the same place.";

    ByOperator = "by_operator":
        "An operator did it, or the configuration."
        / "An operator undoing it.";
    UserNotFound = "user_not_found":
        "There is no such user, or they were deleted for good."
        / "An id or address that `selfsame user list` shows.";
    /// Row 1 and 4: an organisation's connection reaches its members only.
    OutsideOrganisation = "outside_organisation":
        "The connection belongs to an organisation, and the user is not one of its members."
        / "The user becoming a member of the organisation, or another connection.";
    /// Row 9.
    OrganisationForces = "organisation_forces_connection":
        "The user's organisation lets its members prove themselves through its own connection only."
        / "A proof through that connection, or another policy of the organisation.";
    /// Row 11.
    SeveralMatches = "several_matches":
        "More than one user matches, by address and by user name, and none is chosen for the person."
        / "The person proves one of them, and the identity is linked to that one.";
    /// The session is for applications or for an organisation's clients; the account needs one of its own.
    SessionScope = "session_scope":
        "The session belongs to an application or to an organisation's clients and may not change the account."
        / "Signing in to the account itself, by a method of the user's own.";

    /// Row 3, from settings: the identity came from another user of the same person.
    Moved = "identity_moved":
        "The person proved both accounts, and the identity went from one to the other."
        / "Nothing; either owner can undo it from the notice.";
    Merged = "users_merged":
        "The person proved both accounts, and one took over what was the other's."
        / "Undoing it within thirty days, with both proofs.";
    MergeUndone = "merge_undone":
        "The merge was undone with both proofs, and each account has again what was its own."
        / "Merging the accounts again.";
    SameUser = "same_user":
        "Both sides are the same user."
        / "Naming two different users.";
    /// No such grant, or not of this kind.
    UndoUnknown = "undo_unknown":
        "There is no right to undo this, or not in this way."
        / "A grant of the right kind, which comes with the notice of a change.";
    UndoSpent = "undo_spent":
        "The change was undone already."
        / "Making the change again.";
    UndoExpired = "undo_expired":
        "The time in which the change could be undone is over."
        / "Making the opposite change from settings.";
    LinkFrozen = "link_frozen":
        "Somebody with the notice put the new link on hold, and its sessions ended."
        / "The owner confirms the link, or removes it.";
    LinkUndone = "link_undone":
        "The owner undid the link."
        / "Connecting the identity again.";
    LinkRestored = "link_restored":
        "The owner undid the removal, and the link works again."
        / "Removing it again.";
    LinkConfirmed = "link_confirmed":
        "The owner looked at the link that was on hold and confirmed it."
        / "Removing it.";
    Recovered = "recovered":
        "The owner came back by recovery; links added in the last days are on hold."
        / "Nothing; the owner confirms or removes what is on hold.";
    MoreProofsNeeded = "more_proofs_needed":
        "One proof is not enough here, or the proofs hang on one another."
        / "Another method that does not lead to the same mailbox.";
    EpochOpened = "epoch_opened":
        "The connection was moved: it means another provider, client or subject claim from now on."
        / "Moving it back to the epoch before.";
    EpochRolledBack = "epoch_rolled_back":
        "The connection was moved back to an earlier epoch; what was removed meanwhile stays removed."
        / "Moving it again.";

    NothingToChange = "nothing_to_change":
        "It is as it was asked to be already."
        / "Asking for another state.";
    /// A client with its initial access token, or with its registration access token (RFC 7591, RFC 7592).
    ByClientItself = "by_client_itself":
        "A client registered itself, or took its registration back, with a token it was given for that."
        / "An operator makes no registration token, or takes it back.";
    ClientIdTaken = "client_id_taken":
        "A client has this id, or had it until lately."
        / "Another id, or another day.";
    ClientUnknown = "client_unknown":
        "No client that is kept in the store has this id."
        / "The id of one that is; those of the configuration are changed there.";
    RegistrationTokenSpent = "registration_token_spent":
        "The registration token is unknown, used up, expired or taken back."
        / "A new one, which an operator makes with `selfsame client token create`.";
    WouldStrandUsers = "would_strand_users":
        "Without the connection some users would have no usable method left."
        / "Helping them to another method first; an operator can repeat with `--force`.";
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
        assert!(Reason::ALL.iter().all(|reason| Reason::from_code(reason.code()) == Some(*reason)));
        assert_eq!(Reason::from_code("because"), None);
    }

    #[test]
    fn every_reason_is_told_in_whole_sentences_of_its_own() {
        let happened: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.happened()).collect();
        assert_eq!(happened.len(), Reason::ALL.len());
        for text in Reason::ALL.iter().flat_map(|reason| [reason.happened(), reason.otherwise()]) {
            assert!(text.ends_with('.') && !text.contains("  "), "{text}");
            assert!(text.starts_with(|c: char| c.is_uppercase() || c == '`'), "{text}");
        }
    }
}
