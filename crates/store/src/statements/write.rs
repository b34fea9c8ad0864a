//! What plans, the outbox and housekeeping write.

/// Before authorizations end that are in force, whoever wants to hear of it is put down, in an order in which two plans do
/// not wait for each other. The session is counted, because PostgreSQL would hash all sessions to see whether there is one.
macro_rules! tell_clients {
    (in_force $condition:literal) => {
        tell_clients!(
            $condition,
            " AND (a.offline = 1 OR \
             (SELECT COUNT(*) FROM sessions s WHERE s.user_id = a.user_id AND s.sid = a.session_id) > 0)"
        )
    };
    ($($rest:literal),+) => {
        concat!(
            "INSERT INTO logouts (client, session_id, user_id, sub, attempts, next_at) \
             SELECT a.client, a.session_id, a.user_id, MAX(a.sub), 0, CAST($1 AS BIGINT) FROM authorizations a ",
            $($rest,)+
            " AND a.hears_of_logout = 1 GROUP BY a.client, a.session_id, a.user_id \
             ORDER BY a.client, a.session_id ON CONFLICT (client, session_id) DO UPDATE \
             SET sub = excluded.sub, attempts = 0, next_at = excluded.next_at, given_up_at = NULL"
        )
    };
}

super::statements! {
    // Guards.
    EXPECT_USER = "SELECT 1 FROM users WHERE id = $1 AND version = $2",
        postgres "SELECT 1 FROM users WHERE id = $1 AND version = $2 FOR SHARE";
    EXPECT_CONNECTION = "SELECT 1 FROM connections WHERE id = $1 AND version = $2",
        postgres "SELECT 1 FROM connections WHERE id = $1 AND version = $2 FOR SHARE";
    EXPECT_CLIENT = "SELECT 1 FROM clients WHERE id = $1 AND version = $2 AND removed_at IS NULL",
        postgres "SELECT 1 FROM clients WHERE id = $1 AND version = $2 AND removed_at IS NULL FOR SHARE";
    /// Takes no lock: a raise of the epoch reads nothing a plan writes, so the plan may as well have come before it.
    EXPECT_STORE_EPOCH = "SELECT 1 FROM meta WHERE key = 'store_epoch' AND value = $1";
    /// Locked to write, not to share: whoever guards a session mostly ends it next, and two who share would wait for
    /// each other.
    EXPECT_SESSION = "SELECT 1 FROM sessions WHERE hash = $1",
        postgres "SELECT 1 FROM sessions WHERE hash = $1 FOR UPDATE";
    /// As a guard that nothing rests on: whoever lets a client in has to be through before the clients are told.
    LOCK_SESSION_BY_ID = "SELECT 1 FROM sessions WHERE user_id = $1 AND id = $2",
        postgres "SELECT 1 FROM sessions WHERE user_id = $1 AND id = $2 FOR UPDATE";
    /// The connection's row is what orders a cohort check and the plans that guard the connection.
    LOCK_CONNECTION = "SELECT 1 FROM connections WHERE id = $1",
        postgres "SELECT 1 FROM connections WHERE id = $1 FOR NO KEY UPDATE";
    EXPECT_COHORT = "SELECT 1 FROM meta WHERE key = 'store_epoch' \
        AND (SELECT CAST(COALESCE(SUM(u.version + 1 + l.carried), 0) AS BIGINT) FROM links l JOIN users u ON u.id = l.user_id WHERE l.connection_id = $1) = $2";
    EXPECT_CHAIN_HEAD = "SELECT 1 FROM audit_events WHERE chain = $1 AND seq = $2 AND hash = $3";
    SPEND_FLOW = "INSERT INTO spent_flows (id, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING";

    // Users.
    RAISE_USER = "UPDATE users SET version = version + 1 WHERE id = $1 AND version = $2";
    CREATE_USER = "INSERT INTO users (id, version, status, protected, required_level, name, sealed_key, created_at) \
        VALUES ($1, 1, 'active', 0, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    CREATE_SUBJECT = "INSERT INTO subjects (sector, sub, user_id, created_at) VALUES ($1, $2, $3, $4) \
        ON CONFLICT DO NOTHING";
    SET_USER_STATUS = "UPDATE users SET status = $1 WHERE id = $2";
    SET_REQUIRED_LEVEL = "UPDATE users SET required_level = $1 WHERE id = $2";
    ADD_MEMBER = "INSERT INTO memberships (user_id, organisation, since) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    REMOVE_MEMBER = "DELETE FROM memberships WHERE user_id = $1 AND organisation = $2";
    SAW_DOMAIN = "INSERT INTO domains (domain, organisation, seen_at, checked_at, problem) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (domain) DO UPDATE SET organisation = excluded.organisation, seen_at = excluded.seen_at, \
        checked_at = excluded.checked_at, problem = excluded.problem";
    /// What it showed for another organisation before is forgotten.
    MISSED_DOMAIN = "INSERT INTO domains (domain, organisation, seen_at, checked_at, problem) \
        VALUES ($1, $2, NULL, $3, $4) ON CONFLICT (domain) DO UPDATE SET \
        seen_at = CASE WHEN domains.organisation = excluded.organisation THEN domains.seen_at END, \
        organisation = excluded.organisation, checked_at = excluded.checked_at, problem = excluded.problem";
    /// Where a subject came from is written before what was written there already.
    MOVE_SUBJECTS = "UPDATE subjects SET user_id = $1, origin = $2 || origin WHERE user_id = $3";
    /// Of what leads to one user, what came from the other last; an id and its stroke are 37 characters.
    RETURN_SUBJECTS = "UPDATE subjects SET user_id = $1, origin = substr(origin, 38) \
        WHERE user_id = $2 AND substr(origin, 1, 37) = $3";
    ERASE_USER = "UPDATE users SET status = 'deleted', name = '', sealed_key = $1 WHERE id = $2";
    ERASE_PROVEN = "DELETE FROM proven_addresses WHERE user_id = $1";
    ERASE_CLAIMED = "DELETE FROM claimed_addresses WHERE user_id = $1";
    ERASE_MEMBERSHIPS = "DELETE FROM memberships WHERE user_id = $1";
    ERASE_USER_NAMES = "DELETE FROM user_names WHERE user_id = $1";
    ERASE_GRANTS = "DELETE FROM undo_grants WHERE user_id = $1";
    ERASE_PASSKEYS = "DELETE FROM passkeys WHERE user_id = $1";
    ERASE_PASSWORD = "DELETE FROM passwords WHERE user_id = $1";
    ERASE_LINKS = "UPDATE links SET state = 'removed', removed_at = $1 WHERE user_id = $2 AND state <> 'removed'";
    /// Of every identity the user ever linked, unless somebody else holds it now.
    ERASE_IDENTITIES = "UPDATE external_identities SET display = $1, address = NULL, user_id = NULL, link_id = NULL \
        WHERE (namespace, subject) IN (SELECT l.namespace, l.subject FROM links l WHERE l.user_id = $2) \
        AND (user_id IS NULL OR user_id = $2)";

    // Addresses and passwords.
    PROVE_ADDRESS = "INSERT INTO proven_addresses (address, user_id, proof, proven_at) VALUES ($1, $2, $3, $4) \
        ON CONFLICT DO NOTHING";
    UNCLAIM_ADDRESS = "DELETE FROM claimed_addresses WHERE address = $1 AND user_id = $2";
    /// A weaker proof changes nothing, not even the time of the stronger one.
    RENEW_ADDRESS = "UPDATE proven_addresses SET proven_at = CASE WHEN proof <= $1 THEN $2 ELSE proven_at END, \
        proof = CASE WHEN proof <= $1 THEN $1 ELSE proof END WHERE address = $3 AND user_id = $4";
    MOVE_ADDRESS = "UPDATE proven_addresses SET user_id = $1 WHERE address = $2 AND user_id = $3";
    CLAIM_ADDRESS = "INSERT INTO claimed_addresses (address, user_id, claimed_at) VALUES ($1, $2, $3) \
        ON CONFLICT DO NOTHING";
    SET_PASSWORD = "INSERT INTO passwords (user_id, phc, set_at) VALUES ($1, $2, $3) \
        ON CONFLICT (user_id) DO UPDATE SET phc = excluded.phc, set_at = excluded.set_at";

    // Passkeys.
    ADD_PASSKEY = "INSERT INTO passkeys (credential, id, user_id, handle, host, key, name, added_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
        ON CONFLICT DO NOTHING";
    USE_PASSKEY = "UPDATE passkeys SET key = $1, last_used_at = $2 WHERE user_id = $3 AND id = $4 AND key = $5";
    REMOVE_PASSKEY = "DELETE FROM passkeys WHERE user_id = $1 AND id = $2";

    // The second factor.
    SET_TOTP = "INSERT INTO totps (user_id, secret, last_step, codes, added_at) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, last_step = excluded.last_step, \
        codes = excluded.codes";
    USE_TOTP = "UPDATE totps SET last_step = $1 WHERE user_id = $2 AND last_step = $3";
    SET_RECOVERY_CODES = "UPDATE totps SET codes = $1 WHERE user_id = $2 AND codes = $3";
    REMOVE_TOTP = "DELETE FROM totps WHERE user_id = $1";

    // Identities and links.
    SEE_IDENTITY = "INSERT INTO external_identities (namespace, subject, display, address, first_seen, last_seen) \
        VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (namespace, subject) DO UPDATE \
        SET display = excluded.display, address = excluded.address, last_seen = excluded.last_seen";
    /// The holder stands in the identity's row, so that taking it is one compare-and-swap (T79).
    HOLD_IDENTITY = "INSERT INTO external_identities \
        (namespace, subject, display, first_seen, last_seen, user_id, link_id) VALUES ($1, $2, $3, $4, $4, $5, $6) \
        ON CONFLICT (namespace, subject) DO UPDATE SET user_id = excluded.user_id, link_id = excluded.link_id \
        WHERE external_identities.link_id IS NULL";
    ADD_LINK = "INSERT INTO links (user_id, id, connection_id, namespace, subject, state, reason, proofs, \
        policy_version, linked_at, last_used_at) \
        VALUES ($1, $2, $3, $4, $5, 'active', $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING";
    REMOVE_LINK = "UPDATE links SET state = 'removed', removed_at = $1 \
        WHERE user_id = $2 AND id = $3 AND state <> 'removed'";
    RELEASE_IDENTITY = "UPDATE external_identities SET user_id = NULL, link_id = NULL \
        WHERE namespace = $1 AND subject = $2 AND link_id = $3 AND user_id = $4";
    TOUCH_LINK = "UPDATE links SET last_used_at = $1 WHERE user_id = $2 AND id = $3 AND state = 'active'";
    HOLD_LINK = "UPDATE links SET state = 'held' WHERE user_id = $1 AND id = $2 AND state = 'active'";
    RELEASE_LINK = "UPDATE links SET state = 'active' WHERE user_id = $1 AND id = $2 AND state = 'held'";
    RESTORE_LINK = "UPDATE links SET state = 'active', removed_at = NULL \
        WHERE user_id = $1 AND id = $2 AND namespace = $3 AND subject = $4 AND state = 'removed'";
    /// An identity that was linked once has its row.
    RETAKE_IDENTITY = "UPDATE external_identities SET user_id = $1, link_id = $2 \
        WHERE namespace = $3 AND subject = $4 AND link_id IS NULL";
    /// What the former user added to the fingerprint of the cohort goes along: it never falls.
    MOVE_LINK = "UPDATE links SET user_id = $1, \
        carried = carried + (SELECT u.version FROM users u WHERE u.id = $2) \
        WHERE user_id = $2 AND id = $3 AND namespace = $4 AND subject = $5 AND state <> 'removed' \
        AND NOT EXISTS (SELECT 1 FROM links l WHERE l.user_id = $1 AND l.id = $3)";
    PASS_IDENTITY = "UPDATE external_identities SET user_id = $1 \
        WHERE namespace = $2 AND subject = $3 AND link_id = $4 AND user_id = $5";
    /// First the links, so that their rows are held: of those whose identity is somebody's over there none goes.
    CARRY_LINKS = "UPDATE links SET namespace = $1 \
        WHERE connection_id = $2 AND namespace = $3 AND state = 'active' AND NOT EXISTS \
        (SELECT 1 FROM external_identities t \
        WHERE t.namespace = $1 AND t.subject = links.subject AND t.link_id IS NOT NULL)";
    /// A link that was carried still holds its identity in the namespace it left.
    CARRY_IDENTITIES = "INSERT INTO external_identities \
        (namespace, subject, display, address, first_seen, last_seen, user_id, link_id) \
        SELECT l.namespace, e.subject, e.display, e.address, CAST($1 AS BIGINT), e.last_seen, e.user_id, e.link_id \
        FROM external_identities e JOIN links l ON l.user_id = e.user_id AND l.id = e.link_id \
        WHERE e.namespace = $2 AND l.connection_id = $3 AND l.namespace = $4 \
        ON CONFLICT (namespace, subject) DO UPDATE SET display = excluded.display, address = excluded.address, \
        last_seen = excluded.last_seen, user_id = excluded.user_id, link_id = excluded.link_id \
        WHERE external_identities.link_id IS NULL";
    LEAVE_IDENTITIES = "UPDATE external_identities SET user_id = NULL, link_id = NULL \
        WHERE namespace = $1 AND (user_id, link_id) IN \
        (SELECT l.user_id, l.id FROM links l WHERE l.connection_id = $2 AND l.namespace = $3)";

    // Sessions.
    CREATE_SESSION = "INSERT INTO sessions (hash, id, user_id, level, method, link_id, created_at, authenticated_at, \
        expires_at, store_epoch, user_agent, scope, sid) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
        ON CONFLICT DO NOTHING";
    END_SESSION = "DELETE FROM sessions WHERE hash = $1";
    END_SESSION_BY_ID = "DELETE FROM sessions WHERE user_id = $1 AND id = $2";
    END_SESSIONS_OF_LINK = "DELETE FROM sessions WHERE user_id = $1 AND link_id = $2";
    /// Of whoever is linked through it, found by that index first.
    END_SESSIONS_OF_CONNECTION = "DELETE FROM sessions WHERE (user_id, link_id) IN \
        (SELECT l.user_id, l.id FROM links l WHERE l.connection_id = $1)";
    /// The method of a session names the passkey.
    END_SESSIONS_OF_PASSKEY = "DELETE FROM sessions WHERE user_id = $1 AND method = $2";
    END_SESSIONS_OF_USER = "DELETE FROM sessions WHERE user_id = $1";

    // Clients that have to be told.
    /// Unless the plan goes on with the same session under another secret: that is no end.
    TELL_OF_SESSION = tell_clients!(
        "JOIN sessions s ON s.user_id = a.user_id AND s.sid = a.session_id WHERE s.hash = $2 AND s.sid <> $3"
    );
    TELL_OF_SESSION_BY_ID = tell_clients!(
        "JOIN sessions s ON s.user_id = a.user_id AND s.sid = a.session_id WHERE s.user_id = $2 AND s.id = $3"
    );
    /// Of what was given through it, and of sessions that rest on it now, whatever they rested on when the client was let in.
    TELL_OF_LINK = tell_clients!(
        in_force "WHERE a.user_id = $2 AND (a.link_id = $3 OR (SELECT COUNT(*) FROM sessions d \
         WHERE d.user_id = a.user_id AND d.sid = a.session_id AND d.link_id = $3) > 0)"
    );
    TELL_OF_PASSKEY = tell_clients!(
        in_force "WHERE a.user_id = $2 AND (a.passkey_id = $3 OR (SELECT COUNT(*) FROM sessions d \
         WHERE d.user_id = a.user_id AND d.sid = a.session_id AND d.method = $4) > 0)"
    );
    TELL_OF_USER = tell_clients!(in_force "WHERE a.user_id = $2");
    TELL_CLIENT = tell_clients!(in_force "WHERE a.user_id = $2 AND a.client = $3");
    TELL_OF_CONNECTION = tell_clients!(
        in_force "WHERE a.user_id IN (SELECT l.user_id FROM links l WHERE l.connection_id = $2) \
         AND ((a.user_id, a.link_id) IN (SELECT l.user_id, l.id FROM links l WHERE l.connection_id = $2) \
         OR (SELECT COUNT(*) FROM sessions d JOIN links l ON l.user_id = d.user_id AND l.id = d.link_id \
         WHERE d.user_id = a.user_id AND d.sid = a.session_id AND l.connection_id = $2) > 0)"
    );
    /// The count of attempts is the lease: of two that send one counts up.
    LOGOUT_CLAIM = "UPDATE logouts SET attempts = attempts + 1, next_at = $1 \
        WHERE client = $2 AND session_id = $3 AND attempts = $4 AND given_up_at IS NULL AND NOT EXISTS \
        (SELECT 1 FROM authorizations a JOIN sessions s ON s.user_id = a.user_id AND s.sid = a.session_id \
         WHERE a.user_id = logouts.user_id AND a.client = logouts.client AND a.session_id = logouts.session_id)";
    /// Unless it ended once more meanwhile.
    LOGOUT_DONE = "DELETE FROM logouts WHERE client = $1 AND session_id = $2 AND attempts = $3";
    LOGOUT_PUT_OFF = "UPDATE logouts SET next_at = $1 WHERE client = $2 AND session_id = $3 AND attempts = $4";
    LOGOUT_GIVE_UP = "UPDATE logouts SET given_up_at = $1 WHERE client = $2 AND session_id = $3 AND attempts = $4";

    // Applications.
    AUTHORIZE = "INSERT INTO authorizations (id, client, user_id, session_id, link_id, method, level, \
        authenticated_at, sub, scope, offline, generation, created_at, expires_at, store_epoch, \
        hears_of_logout, passkey_id) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, $12, $13, $14, $15, $16) ON CONFLICT DO NOTHING";
    REFRESH = "UPDATE authorizations SET generation = generation + 1 WHERE id = $1 AND generation = $2";
    END_AUTHORIZATION = "DELETE FROM authorizations WHERE id = $1";
    END_AUTHORIZATIONS_OF_LINK = "DELETE FROM authorizations WHERE user_id = $1 AND link_id = $2";
    END_AUTHORIZATIONS_OF_PASSKEY = "DELETE FROM authorizations WHERE user_id = $1 AND passkey_id = $2";
    END_AUTHORIZATIONS_OF_USER = "DELETE FROM authorizations WHERE user_id = $1";
    END_AUTHORIZATIONS_OF_CLIENT = "DELETE FROM authorizations WHERE user_id = $1 AND client = $2";
    END_AUTHORIZATIONS_OF_CONNECTION = "DELETE FROM authorizations WHERE (user_id, link_id) IN \
        (SELECT l.user_id, l.id FROM links l WHERE l.connection_id = $1)";
    GIVE_CONSENT = "INSERT INTO consents (user_id, client, scope, given_at) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (user_id, client) DO UPDATE SET scope = excluded.scope, given_at = excluded.given_at";
    WITHDRAW_CONSENT = "DELETE FROM consents WHERE user_id = $1 AND client = $2";
    ERASE_CONSENTS = "DELETE FROM consents WHERE user_id = $1";
    ASK_FOR_DEVICE = "INSERT INTO device_requests (code, id, client, scope, user_agent, source, state, poll_interval, \
        created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, 'pending', $7, $8, $9) ON CONFLICT DO NOTHING";
    CLAIM_DEVICE = "UPDATE device_requests SET claimed_by = $1 \
        WHERE code = $2 AND id = $3 AND state = 'pending' AND (claimed_by IS NULL OR claimed_by = $1)";
    ANSWER_DEVICE = "UPDATE device_requests SET state = $1 \
        WHERE code = $2 AND id = $3 AND state = 'pending' AND claimed_by = $4";
    REDEEM_DEVICE = "UPDATE device_requests SET state = 'redeemed' WHERE code = $1 AND id = $2 AND state = 'approved'";
    SLOW_DEVICE = "UPDATE device_requests SET poll_interval = $1 WHERE code = $2 AND id = $3 AND poll_interval = $4";
    ADD_CLIENT = "INSERT INTO clients (id, version, metadata, secrets, registered_by, access_token, created_at, \
        changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";
    CHANGE_CLIENT = "UPDATE clients SET version = version + 1, metadata = $1, secrets = $2, changed_at = $3 \
        WHERE id = $4 AND version = $5 AND removed_at IS NULL";
    /// The row stays for a while, so that nobody gets the id while something of the former client is about.
    REMOVE_CLIENT = "UPDATE clients SET version = version + 1, metadata = '', secrets = $1, access_token = NULL, \
        removed_at = $2 WHERE id = $3 AND version = $4 AND removed_at IS NULL";
    END_AUTHORIZATIONS_OF_WHOLE_CLIENT = "DELETE FROM authorizations WHERE client = $1";
    WITHDRAW_CONSENTS_OF_CLIENT = "DELETE FROM consents WHERE client = $1";
    ADD_REGISTRATION_TOKEN = "INSERT INTO registration_tokens (id, hash, uses_left, client_credentials, created_by, \
        created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    USE_REGISTRATION_TOKEN = "UPDATE registration_tokens SET uses_left = uses_left - 1 \
        WHERE id = $1 AND uses_left > 0 AND expires_at > $2";
    REMOVE_REGISTRATION_TOKEN = "DELETE FROM registration_tokens WHERE id = $1";
    ADD_SIGNING_KEY = "INSERT INTO signing_keys (algorithm, number, sealed, signs_from) VALUES ($1, $2, $3, $4) \
        ON CONFLICT DO NOTHING";
    DROP_SIGNING_KEY = "DELETE FROM signing_keys WHERE algorithm = $1 AND number = $2";

    // The right to undo.
    GRANT_UNDO = "INSERT INTO undo_grants (event, user_id, what, made_at, expires_at, spent) \
        VALUES ($1, $2, $3, $4, $5, 0) ON CONFLICT DO NOTHING";
    SPEND_GRANT = "UPDATE undo_grants SET spent = 1 WHERE event = $1 AND spent = 0";

    // Codes and throttles.
    ISSUE_CODE = "INSERT INTO codes (flow, address, hash, attempts_left, expires_at) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (flow) DO UPDATE SET address = excluded.address, hash = excluded.hash, \
        attempts_left = excluded.attempts_left, expires_at = excluded.expires_at";
    COUNT_GUESS = "UPDATE codes SET attempts_left = attempts_left - 1 \
        WHERE flow = $1 AND attempts_left = $2 AND attempts_left > 0";
    REDEEM_CODE = "DELETE FROM codes WHERE flow = $1 AND attempts_left = $2";
    FIRST_FAILURE = "INSERT INTO throttles (key, failures, blocked_until, updated_at) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (key) DO UPDATE SET failures = excluded.failures, blocked_until = excluded.blocked_until, \
        updated_at = excluded.updated_at WHERE throttles.failures = 0";
    NEXT_FAILURE = "UPDATE throttles SET failures = $1, blocked_until = $2, updated_at = $3 \
        WHERE key = $4 AND failures = $5";
    CLEAR_THROTTLE = "DELETE FROM throttles WHERE key = $1";

    // Connections.
    DECLARE_CONNECTION = "INSERT INTO connections (id, version, enabled, issuer, client_id, subject_claim, epoch, \
        namespace, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING";
    SET_CONNECTION_ENABLED = "UPDATE connections SET enabled = $1, version = version + 1, changed_at = $2 \
        WHERE id = $3 AND version = $4";

    MOVE_CONNECTION = "UPDATE connections SET version = $1, enabled = $2, issuer = $3, client_id = $4, \
        subject_claim = $5, epoch = $6, namespace = $7, changed_at = $8 WHERE id = $9 AND version = $10";

    // Audit log and outbox.
    APPEND_AUDIT = "INSERT INTO audit_events (chain, seq, id, at, kind, actor, reason, policy_version, link, \
        connection, session, proofs, personal, prev_hash, hash) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT DO NOTHING";
    SEND_MAIL = "INSERT INTO outbox (id, sealed, created_at, attempts, next_at) VALUES ($1, $2, $3, 0, $3) \
        ON CONFLICT DO NOTHING";
    MAIL_SENT = "UPDATE outbox SET sent_at = $1, sealed = $2 WHERE id = $3 AND sent_at IS NULL";
    /// The count of attempts is the lease: of two senders one counts up.
    MAIL_CLAIM = "UPDATE outbox SET attempts = $1, next_at = $2 \
        WHERE id = $3 AND sent_at IS NULL AND attempts = $4";

    MAIL_PUT_OFF = "UPDATE outbox SET next_at = $1 WHERE id = $2 AND sent_at IS NULL AND attempts = $3";

    /// Other replicas hear it when the plan commits. SQLite has one process and never runs it.
    NOTIFY_REVOKED = "SELECT 1 WHERE $1 = ''", postgres "SELECT CAST(pg_notify('selfsame_revoked', $1) AS TEXT)";

    // Housekeeping, in batches that hold no lock for long.
    SWEEP_SESSIONS = "DELETE FROM sessions WHERE hash IN \
        (SELECT s.hash FROM sessions s WHERE s.expires_at < $1 ORDER BY s.expires_at LIMIT $2)";
    SWEEP_SPENT_FLOWS = "DELETE FROM spent_flows WHERE id IN \
        (SELECT s.id FROM spent_flows s WHERE s.expires_at < $1 ORDER BY s.expires_at LIMIT $2)";
    SWEEP_CODES = "DELETE FROM codes WHERE flow IN \
        (SELECT c.flow FROM codes c WHERE c.expires_at < $1 ORDER BY c.expires_at LIMIT $2)";
    SWEEP_THROTTLES = "DELETE FROM throttles WHERE key IN (SELECT t.key FROM throttles t \
        WHERE t.updated_at < $1 AND t.blocked_until < $2 ORDER BY t.updated_at LIMIT $3)";
    SWEEP_GRANTS = "DELETE FROM undo_grants WHERE event IN \
        (SELECT g.event FROM undo_grants g WHERE g.expires_at < $1 ORDER BY g.expires_at LIMIT $2)";
    /// One whose client has to be told stays as long as the session does.
    SWEEP_AUTHORIZATIONS = "DELETE FROM authorizations WHERE id IN \
        (SELECT a.id FROM authorizations a WHERE a.expires_at < $1 AND (a.hears_of_logout = 0 OR \
         (SELECT COUNT(*) FROM sessions s WHERE s.user_id = a.user_id AND s.sid = a.session_id) = 0) \
         ORDER BY a.expires_at LIMIT $2)";
    SWEEP_LOGOUTS = "DELETE FROM logouts WHERE (client, session_id) IN (SELECT l.client, l.session_id FROM logouts l \
        WHERE l.given_up_at IS NOT NULL AND l.given_up_at < $1 ORDER BY l.given_up_at LIMIT $2)";
    SWEEP_DEVICES = "DELETE FROM device_requests WHERE code IN \
        (SELECT d.code FROM device_requests d WHERE d.expires_at < $1 ORDER BY d.expires_at LIMIT $2)";
    SWEEP_CLIENTS = "DELETE FROM clients WHERE id IN \
        (SELECT c.id FROM clients c WHERE c.removed_at < $1 ORDER BY c.removed_at LIMIT $2)";
    SWEEP_REGISTRATION_TOKENS = "DELETE FROM registration_tokens WHERE id IN \
        (SELECT t.id FROM registration_tokens t WHERE t.expires_at < $1 ORDER BY t.expires_at LIMIT $2)";
    SWEEP_MAIL = "DELETE FROM outbox WHERE id IN \
        (SELECT o.id FROM outbox o WHERE o.sent_at IS NOT NULL AND o.sent_at < $1 ORDER BY o.sent_at LIMIT $2)";
}
