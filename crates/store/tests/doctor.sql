-- What somebody with the database in their hands may do to it. Before each statement: what the doctor finds after it and
-- did not find before; each is done to what the ones above have left.
-- finds: identity_not_held
UPDATE external_identities SET user_id = NULL, link_id = NULL WHERE namespace IN (SELECT namespace FROM connections WHERE id = 'b')
-- finds: session_level_too_low
UPDATE users SET required_level = 2
-- finds: session_of_old_epoch
UPDATE connections SET namespace = 'other ' || id
-- finds: link_of_gone_user address_of_gone_user subject_of_absorbed_user session_of_inactive_user
UPDATE users SET status = 'absorbed'
-- finds: session_through_dead_link removed_link_holds identity_of_removed_link link_differs_from_log
UPDATE links SET state = 'removed', removed_at = 1
-- finds: audit_changed
UPDATE audit_events SET reason = 'other' WHERE kind = 'linked'
-- finds: audit_unchained
UPDATE audit_events SET hash = prev_hash WHERE kind = 'linked' AND seq = 2
-- finds: link_without_proofs
UPDATE audit_events SET proofs = '[]'
-- finds: grant_of_gone_user
UPDATE users SET status = 'deleted'
-- finds: grant_without_event
UPDATE audit_events SET id = chain WHERE kind = 'linked'
-- finds: audit_unreadable link_without_event
UPDATE audit_events SET kind = 'nonsense' WHERE kind = 'linked' AND seq = 3
-- finds: audit_gap
DELETE FROM audit_events WHERE seq = 2
-- finds: audit_chain_missing
DELETE FROM audit_events WHERE seq = 1
-- finds: session_method_differs
UPDATE sessions SET link_id = NULL WHERE link_id IS NOT NULL
-- finds: unreadable
UPDATE sessions SET method = 'nonsense'
-- finds: identity_of_no_link grant_of_nothing
DELETE FROM links
-- finds: subject_of_nobody
DELETE FROM users
