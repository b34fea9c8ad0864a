//! What is not played over HTTP, by name, with the reason. Everything else is.

const CODES: &str =
    "a code counts once and the model has no time steps: `second_factor.rs` among the HTTP tests plays these journeys";

/// Setups that the configuration cannot express, or whose journeys have neither page nor API.
pub const SETUPS: &[(&str, &str)] = &[
    ("protected", "no operation marks a user as protected"),
    ("second_level", "the configuration gives no connection the second level, and recovery has no page"),
    ("tenant", "the configuration has no organisations"),
    ("tenant_member", "the configuration has no organisations"),
    ("forced_connection", "the configuration has no organisations"),
    ("user_names", "the configuration does not match by user name"),
    ("restore", "a restore is an operator's work on the database, below HTTP"),
    ("new_issuer", "moving a connection has no command"),
    ("renamed_issuer", "moving a connection has no command"),
    (
        "passkey_of_another_host",
        "a move to another host is an operator's: `t73_a_passkey_of_another_host_is_no_way_in` makes one",
    ),
    ("races_passkeys_of_two_users", "a person has one password for both users: the server cannot tell which is meant"),
    ("passkey_level", "no operation requires a level of a user, and recovery has no page"),
    ("merge_passkeys", "merging has no page"),
    ("trojan", "recovery has no page"),
    ("tenant_recovery", "the configuration has no organisations"),
    ("tenant_user_names", "the configuration has no organisations"),
    ("guesses", "an address is added by no page"),
    ("password_known", CODES),
    ("second_factor", CODES),
    ("second_factor_off", CODES),
    ("move", "moving an identity has no page"),
    ("merge", "merging has no page"),
    ("undo", "undo has no page"),
    ("recovery", "recovery has no page"),
    ("merge_levels", "merging has no page"),
    ("undo_without_local_methods", "undo has no page"),
    ("undo_two_users", "undo has no page"),
    ("races_undo", "undo has no page"),
    ("races_recovery", "recovery has no page"),
    ("races_of_two_users", "moving an identity has no page"),
    ("races_merge", "merging has no page"),
    ("races_undo_two_users", "undo has no page"),
    ("races_restore", "a restore is an operator's work on the database, below HTTP"),
];

const NO_PAGE: &str = "its setups are left out";
const BETWEEN: &str = "happens between a read and a write: the races of the store show it";
const INSIDE: &str = "shows in no answer, only in mails or the log: the flows' and the store's tests read them";

/// Mutants that are not played.
pub const MUTANTS: &[(&str, &str)] = &[
    ("user_name_stands_for_address", NO_PAGE),
    ("issuer_left_out_of_the_key", NO_PAGE),
    ("ticket_names_nobody", NO_PAGE),
    ("second_factor_skipped_upstream", NO_PAGE),
    ("level_taken_from_what_is_available", NO_PAGE),
    ("recovery_by_one_code", NO_PAGE),
    ("recovery_leaves_sessions", NO_PAGE),
    ("recovery_trusts_new_links", NO_PAGE),
    ("freshness_by_an_old_session", NO_PAGE),
    ("tenant_speaks_for_the_world", NO_PAGE),
    ("tenant_recovers_an_account", NO_PAGE),
    ("tenant_proves_beyond_its_walls", NO_PAGE),
    ("passkey_of_another_host_counts", NO_PAGE),
    ("level_forgotten_when_a_passkey_goes", NO_PAGE),
    ("recovery_weaker_than_sign_in", NO_PAGE),
    ("recovery_by_one_mailbox_twice", NO_PAGE),
    ("recovery_keeps_new_passkeys", NO_PAGE),
    ("guesses_counted_per_alias", NO_PAGE),
    ("second_factor_skipped_at_sign_in", NO_PAGE),
    ("second_factor_skipped_behind_a_provider", NO_PAGE),
    ("second_factor_skipped_in_a_proof", NO_PAGE),
    ("second_factor_skipped_at_a_step_up", NO_PAGE),
    ("pending_login_as_session", NO_PAGE),
    ("second_factor_of_another_counts", NO_PAGE),
    ("second_factor_leaves_sessions", NO_PAGE),
    ("level_forgotten_when_a_second_factor_goes", NO_PAGE),
    ("guesses_counted_after_the_fact", NO_PAGE),
    ("tenant_session_opens_the_account", NO_PAGE),
    ("member_proves_by_any_method", NO_PAGE),
    ("issuer_edited_under_links", NO_PAGE),
    ("restore_revives_sessions", NO_PAGE),
    ("merge_on_one_proof", NO_PAGE),
    ("merge_unites_memberships", NO_PAGE),
    ("merge_lowers_the_level", NO_PAGE),
    ("merge_leaves_links_behind", NO_PAGE),
    ("move_by_the_identity_itself", NO_PAGE),
    ("freeze_takes_the_last_method", NO_PAGE),
    ("undo_takes_what_is_somebody_elses", NO_PAGE),
    ("protected_user_linked_by_mail", NO_PAGE),
    ("count_then_delete", BETWEEN),
    ("passkey_and_link_removed_at_once", BETWEEN),
    ("cohort_not_looked_at_again", BETWEEN),
    ("address_proven_twice", BETWEEN),
    ("identity_linked_twice", BETWEEN),
    ("silent_change", INSIDE),
    ("passkey_added_unheard", INSIDE),
    ("unlogged_change", INSIDE),
];

pub fn reason(table: &[(&'static str, &'static str)], name: &str) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == name).map(|(_, reason)| *reason)
}
