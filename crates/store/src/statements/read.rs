//! What facts, the session check and administration read.

/// Users with password, second factor, organisations and end of chain. Each is looked up by its key and not joined: a planner without statistics
/// would rather read the whole other table.
macro_rules! users_where {
    ($condition:expr) => {
        concat!(
            "SELECT u.id, u.version, u.status, u.protected, u.required_level, u.name, u.created_at, u.sealed_key, ",
            "(SELECT p.phc FROM passwords p WHERE p.user_id = u.id), ",
            "(SELECT p.set_at FROM passwords p WHERE p.user_id = u.id), ",
            "(SELECT t.secret FROM totps t WHERE t.user_id = u.id), ",
            "(SELECT t.last_step FROM totps t WHERE t.user_id = u.id), ",
            "(SELECT t.codes FROM totps t WHERE t.user_id = u.id), ",
            "(SELECT t.added_at FROM totps t WHERE t.user_id = u.id), ",
            "(SELECT string_agg(m.organisation, ' ' ORDER BY m.organisation) FROM memberships m ",
            "WHERE m.user_id = u.id), ",
            "(SELECT a.seq FROM audit_events a WHERE a.chain = u.id ORDER BY a.seq DESC LIMIT 1), ",
            "(SELECT a.hash FROM audit_events a WHERE a.chain = u.id ORDER BY a.seq DESC LIMIT 1) ",
            "FROM users u WHERE u.id IN (",
            $condition,
            ") ORDER BY u.id"
        )
    };
}

macro_rules! addresses_where {
    ($condition:expr) => {
        concat!(
            "SELECT p.user_id, p.address, p.proof, p.proven_at FROM proven_addresses p WHERE p.user_id IN (",
            $condition,
            ") ORDER BY p.proven_at, p.address"
        )
    };
}

macro_rules! passkeys_where {
    ($condition:expr) => {
        concat!(
            "SELECT k.user_id, k.id, k.credential, k.handle, k.host, k.name, k.added_at, k.last_used_at FROM passkeys k WHERE k.user_id IN (",
            $condition,
            ") ORDER BY k.added_at, k.id"
        )
    };
}

macro_rules! link_columns {
    () => {
        "l.user_id, l.id, l.connection_id, l.namespace, l.subject, l.state, l.linked_at, l.last_used_at, \
         l.removed_at, e.user_id, e.display, e.address"
    };
}

macro_rules! links_where {
    ($condition:expr, $identities:expr) => {
        concat!(
            "SELECT ",
            link_columns!(),
            " FROM links l JOIN ",
            $identities,
            " WHERE l.user_id IN (",
            $condition,
            ") ORDER BY l.linked_at, l.id"
        )
    };
}

/// The identity of each link, one after the other.
macro_rules! identity_of_link {
    () => {
        "external_identities e ON e.namespace = l.namespace AND e.subject = l.subject"
    };
}

/// The same, for PostgreSQL: without statistics it would read all identities to hash them.
macro_rules! identity_of_link_lateral {
    () => {
        "LATERAL (SELECT i.user_id, i.display, i.address FROM external_identities i \
         WHERE i.namespace = l.namespace AND i.subject = l.subject LIMIT 1) e ON TRUE"
    };
}

macro_rules! session_columns {
    () => {
        "s.id, s.hash, s.user_id, s.level, s.method, s.authenticated_at, s.created_at, s.expires_at, s.store_epoch, \
         s.user_agent, s.scope, s.sid"
    };
}

/// The first address a user has proven; `u` is the user.
macro_rules! first_address {
    () => {
        "(SELECT p.address FROM proven_addresses p WHERE p.user_id = u.id ORDER BY p.proven_at, p.address LIMIT 1)"
    };
}

/// What applications know a user by. The oldest, should the user have taken others over.
/// One's own before those that came by a merge: what clients know a person by does not change (T22).
macro_rules! sub_of {
    ($user:literal) => {
        concat!(
            "(SELECT b.sub FROM subjects b WHERE b.user_id = ",
            $user,
            " AND b.sector = 'public' ORDER BY b.origin, b.created_at, b.sub LIMIT 1)"
        )
    };
}

/// With the end of the session it was made in, while that lives.
macro_rules! authorization_columns {
    () => {
        "a.id, a.client, a.user_id, a.session_id, a.link_id, a.method, a.level, a.authenticated_at, a.sub, a.scope, \
         a.offline, a.generation, a.created_at, a.expires_at, a.store_epoch, \
         (SELECT MAX(s.expires_at) FROM sessions s WHERE s.user_id = a.user_id AND s.sid = a.session_id)"
    };
}

macro_rules! summaries_where {
    ($condition:literal, $limit:literal) => {
        concat!(
            "SELECT u.id, u.version, u.status, u.protected, u.required_level, u.name, u.created_at, ",
            first_address!(),
            ", (SELECT COUNT(*) FROM proven_addresses p WHERE p.user_id = u.id), ",
            "(SELECT COUNT(*) FROM passwords w WHERE w.user_id = u.id), ",
            "(SELECT COUNT(*) FROM links l WHERE l.user_id = u.id AND l.state = 'active'), ",
            "(SELECT COUNT(*) FROM sessions s WHERE s.user_id = u.id), ",
            "(SELECT a.at FROM audit_events a WHERE a.chain = u.id AND a.kind = 'signed_in' ",
            "ORDER BY a.seq DESC LIMIT 1) ",
            "FROM users u WHERE ",
            $condition,
            " ORDER BY u.id LIMIT ",
            $limit
        )
    };
}

macro_rules! audit_columns {
    () => {
        "a.chain, a.seq, a.id, a.at, a.kind, a.actor, a.reason, a.policy_version, a.link, a.connection, a.session, \
         a.proofs, a.personal, a.prev_hash, a.hash"
    };
}

macro_rules! client_columns {
    () => {
        "c.id, c.version, c.metadata, c.secrets, c.registered_by, c.access_token, c.created_at, c.changed_at, \
         c.removed_at"
    };
}

macro_rules! token_columns {
    () => {
        "t.id, t.hash, t.uses_left, t.client_credentials, t.created_by, t.created_at, t.expires_at"
    };
}

macro_rules! cohort {
    () => {
        "SELECT l.user_id FROM links l WHERE l.connection_id = $1 AND l.state = 'active' AND l.user_id > $2 \
         GROUP BY l.user_id ORDER BY l.user_id LIMIT $3"
    };
}

super::statements! {
    // Facts.
    STORE_EPOCH = "SELECT m.value FROM meta m WHERE m.key = 'store_epoch'";
    CONNECTIONS = "SELECT c.id, c.version, c.enabled, c.issuer, c.client_id, c.subject_claim, c.epoch, c.namespace, \
        c.changed_at FROM connections c ORDER BY c.id";
    SESSION = concat!("SELECT ", session_columns!(), " FROM sessions s WHERE s.hash = $1");
    /// Tombstones of deleted users do not count: an identity whose user is gone starts empty.
    IDENTITY = "SELECT e.link_id, e.user_id, h.state, (SELECT COUNT(*) FROM links l JOIN users u ON u.id = l.user_id \
        WHERE l.namespace = e.namespace AND l.subject = e.subject AND l.state = 'removed' AND u.status <> 'deleted') \
        FROM external_identities e LEFT JOIN links h ON h.user_id = e.user_id AND h.id = e.link_id \
        WHERE e.namespace = $1 AND e.subject = $2";
    ADDRESS_OWNER = "SELECT p.user_id FROM proven_addresses p WHERE p.address = $1";
    USER_NAME_OWNER = "SELECT n.user_id FROM user_names n WHERE n.name = $1";
    GRANT = "SELECT g.event, g.user_id, g.what, g.made_at, g.expires_at, g.spent, \
        (SELECT COUNT(*) FROM undo_grants o WHERE o.user_id = g.user_id AND o.made_at > g.made_at AND o.spent = 0 \
         AND o.what LIKE '{\"undo\":\"merge\"%') FROM undo_grants g WHERE g.event = $1";
    FLOW_SPENT = "SELECT f.expires_at FROM spent_flows f WHERE f.id = $1";
    CODE = "SELECT c.address, c.hash, c.attempts_left, c.expires_at FROM codes c WHERE c.flow = $1";
    FOUR_THROTTLES = "SELECT t.key, t.failures, t.blocked_until, t.updated_at FROM throttles t \
        WHERE t.key IN ($1, $2, $3, $4)";
    /// Four at once, filled up by repeating: one prepared statement for any number of users.
    FOUR_USERS = users_where!("$1, $2, $3, $4");
    FOUR_USERS_ADDRESSES = addresses_where!("$1, $2, $3, $4");
    FOUR_USERS_PASSKEYS = passkeys_where!("$1, $2, $3, $4");
    CREDENTIAL = "SELECT k.id, k.user_id, k.handle, k.key FROM passkeys k WHERE k.credential = $1";
    FOUR_USERS_LINKS = links_where!("$1, $2, $3, $4", identity_of_link!()),
        postgres links_where!("$1, $2, $3, $4", identity_of_link_lateral!());

    // Applications.
    SUB_OF_SESSION_IN = "SELECT b.sub FROM sessions s JOIN subjects b ON b.user_id = s.user_id \
        WHERE s.hash = $1 AND b.sector = $2 ORDER BY b.origin, b.created_at, b.sub LIMIT 1";
    CONSENT_OF_SESSION = "SELECT c.scope, c.given_at FROM sessions s JOIN consents c ON c.user_id = s.user_id \
        WHERE s.hash = $1 AND c.client = $2";
    CONSENT_OF_AUTHORIZATION = "SELECT c.scope, c.given_at FROM authorizations a JOIN consents c \
        ON c.user_id = a.user_id AND c.client = a.client WHERE a.id = $1";
    AUTHORIZATION = concat!("SELECT ", authorization_columns!(), " FROM authorizations a WHERE a.id = $1");
    CHECK_TOKEN = concat!(
        "SELECT ", authorization_columns!(), ", u.status, u.name, ", first_address!(), ", ",
        "(SELECT m.value FROM meta m WHERE m.key = 'store_epoch'), ",
        "(SELECT COUNT(*) FROM spent_flows f WHERE f.id = $1) ",
        "FROM authorizations a JOIN users u ON u.id = a.user_id WHERE a.id = $2"
    );
    IDENTITIES_OF_AUTHORIZATION = "SELECT l.connection_id, l.linked_at, l.subject FROM authorizations a \
        JOIN links l ON l.user_id = a.user_id WHERE a.id = $1 AND l.state = 'active' ORDER BY l.linked_at, l.id";
    ALIASES_OF_AUTHORIZATION = "SELECT b.sub FROM authorizations a JOIN subjects b ON b.user_id = a.user_id \
        WHERE a.id = $1 AND b.sector = $2 AND b.sub <> a.sub ORDER BY b.created_at, b.sub";
    CLIENTS_OF_USER = "SELECT c.client AS client, c.scope AS scope, c.given_at AS since FROM consents c \
        WHERE c.user_id = $1 UNION ALL SELECT a.client, a.scope, a.created_at FROM authorizations a \
        WHERE a.user_id = $1 ORDER BY client, since";
    /// As many as configurations name.
    DOMAINS = "SELECT d.domain, d.organisation, d.seen_at, d.checked_at, d.problem FROM domains d ORDER BY d.domain";
    MEMBERS = "SELECT m.user_id, m.since, (SELECT u.name FROM users u WHERE u.id = m.user_id) FROM memberships m \
        WHERE m.organisation = $1 AND m.user_id > $2 ORDER BY m.user_id LIMIT $3";
    CLIENTS_OF_SESSION = "SELECT DISTINCT a.client FROM sessions s JOIN authorizations a \
        ON a.user_id = s.user_id AND a.session_id = s.sid WHERE s.hash = $1 AND a.hears_of_logout = 1 \
        ORDER BY a.client";
    /// The first of each client, so that one that is slow keeps only itself waiting.
    DUE_LOGOUTS = "SELECT l.client, l.session_id, l.sub, l.attempts, (SELECT COUNT(*) FROM authorizations a \
        JOIN sessions s ON s.user_id = a.user_id AND s.sid = a.session_id \
        WHERE a.user_id = l.user_id AND a.client = l.client AND a.session_id = l.session_id) \
        FROM logouts l WHERE l.given_up_at IS NULL AND l.next_at <= $1 AND l.session_id = \
        (SELECT o.session_id FROM logouts o WHERE o.client = l.client AND o.given_up_at IS NULL \
         ORDER BY o.next_at, o.session_id LIMIT 1) \
        ORDER BY l.next_at, l.client, l.session_id LIMIT $2";
    /// Of one client: those that wait, and those that were given up.
    LOGOUTS_OF_CLIENT = "SELECT COUNT(*), COUNT(l.given_up_at) FROM logouts l WHERE l.client = $1";
    DEVICE = "SELECT d.code, d.id, d.client, d.scope, d.user_agent, d.source, d.state, d.claimed_by, d.poll_interval, \
        d.created_at, d.expires_at FROM device_requests d WHERE d.code = $1";
    CLIENT = concat!("SELECT ", client_columns!(), " FROM clients c WHERE c.id = $1");
    CLIENTS = concat!("SELECT ", client_columns!(), " FROM clients c WHERE c.id > $1 AND c.removed_at IS NULL ORDER BY c.id LIMIT $2");
    CHECK_CLIENT_TOKEN = "SELECT (SELECT m.value FROM meta m WHERE m.key = 'store_epoch'), \
        (SELECT COUNT(*) FROM spent_flows f WHERE f.id = $1), \
        (SELECT c.version FROM clients c WHERE c.id = $2 AND c.removed_at IS NULL)";
    REGISTRATION_TOKEN = concat!("SELECT ", token_columns!(), " FROM registration_tokens t WHERE t.id = $1");
    REGISTRATION_TOKENS = concat!(
        "SELECT ", token_columns!(), " FROM registration_tokens t WHERE t.id > $1 ORDER BY t.id LIMIT $2"
    );
    SIGNING_KEYS = "SELECT k.algorithm, k.number, k.sealed, k.signs_from FROM signing_keys k \
        ORDER BY k.algorithm, k.number";

    // The session check.
    CHECK_SESSION = concat!(
        "SELECT ", session_columns!(), ", u.status, u.version, u.required_level, ",
        "(SELECT m.value FROM meta m WHERE m.key = 'store_epoch'), u.name, ", first_address!(), ", ", sub_of!("u.id"),
        " FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.hash = $1"
    );
    SUB_OF_SESSION = concat!("SELECT ", sub_of!("s.user_id"), " FROM sessions s WHERE s.hash = $1");

    // Cohorts: one condition, so that one snapshot gives the same users thrice.
    COHORT_FINGERPRINT = "SELECT CAST(COALESCE(SUM(u.version + 1 + l.carried), 0) AS BIGINT) \
        FROM links l JOIN users u ON u.id = l.user_id WHERE l.connection_id = $1";
    COHORT_USERS = users_where!(cohort!());
    COHORT_ADDRESSES = addresses_where!(cohort!());
    COHORT_PASSKEYS = passkeys_where!(cohort!());
    COHORT_LINKS = links_where!(cohort!(), identity_of_link!()),
        postgres links_where!(cohort!(), identity_of_link_lateral!());

    // Administration.
    USERS = summaries_where!("u.id > $1", "$2");
    USERS_BY_ADDRESS = summaries_where!(
        "u.id > $1 AND u.id IN (SELECT p.user_id FROM proven_addresses p WHERE p.address = $2 \
         UNION SELECT c.user_id FROM claimed_addresses c WHERE c.address = $2)",
        "$3"
    );
    SESSIONS_OF = concat!(
        "SELECT ", session_columns!(), " FROM sessions s WHERE s.user_id = $1 ORDER BY s.created_at DESC, s.id DESC"
    );
    FIND_IDENTITY = concat!(
        "SELECT c.id, u.name, u.status, ", link_columns!(),
        " FROM connections c JOIN links l ON l.namespace = c.namespace ",
        "JOIN external_identities e ON e.namespace = l.namespace AND e.subject = l.subject ",
        "JOIN users u ON u.id = l.user_id WHERE c.issuer = $1 AND l.subject = $2 ORDER BY l.linked_at, l.id, c.id"
    );

    // Audit log.
    CHAIN_HEAD = "SELECT a.seq, a.hash FROM audit_events a WHERE a.chain = $1 ORDER BY a.seq DESC LIMIT 1";
    AUDIT = concat!(
        "SELECT ", audit_columns!(),
        " FROM audit_events a WHERE a.chain = $1 AND a.seq < $2 ORDER BY a.seq DESC LIMIT $3"
    );
    AUDIT_WALK = concat!(
        "SELECT ", audit_columns!(),
        " FROM audit_events a WHERE (a.chain, a.seq) > ($1, $2) ORDER BY a.chain, a.seq LIMIT $3"
    );
    EVENT_BY_ID = concat!(
        "SELECT ", audit_columns!(), " FROM audit_events a WHERE a.id = $1 ORDER BY a.chain, a.seq LIMIT 1"
    );
    /// Newest first; a link that was moved has events on several chains.
    EVENTS_OF_LINK = concat!(
        "SELECT ", audit_columns!(),
        " FROM audit_events a WHERE a.link = $1 ORDER BY a.at DESC, a.chain, a.seq DESC LIMIT $2"
    );
    LINK_BY_ID = concat!(
            "SELECT l.reason, l.proofs, l.policy_version, ", link_columns!(), " FROM links l JOIN ",
            identity_of_link!(), " WHERE l.id = $1 LIMIT 1"
        ),
        postgres concat!(
            "SELECT l.reason, l.proofs, l.policy_version, ", link_columns!(), " FROM links l JOIN ",
            identity_of_link_lateral!(), " WHERE l.id = $1 LIMIT 1"
        );
    USERS_WALK = "SELECT u.id, (SELECT COUNT(*) FROM audit_events a WHERE a.chain = u.id AND a.seq = 1) \
        FROM users u WHERE u.id > $1 ORDER BY u.id LIMIT $2";

    // Outbox.
    DUE_MAIL = "SELECT o.id, o.sealed, o.created_at, o.attempts FROM outbox o \
        WHERE o.sent_at IS NULL AND o.next_at <= $1 ORDER BY o.next_at, o.id LIMIT $2";
}
