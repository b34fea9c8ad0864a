-- Users, identities, links, sessions, audit log. Written in SQLite's type words; PostgreSQL's are put in their place.
-- What must be unique by something is keyed by it, so that a hot path touches one key.

INSERT INTO meta (key, value) VALUES ('store_epoch', 1);

CREATE TABLE users (
    id BLOB NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    status TEXT NOT NULL,
    protected INTEGER NOT NULL,
    required_level INTEGER NOT NULL,
    name TEXT NOT NULL,
    sealed_key BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Rows are never deleted and never changed: a sub is not issued twice.
CREATE TABLE subjects (
    sector TEXT NOT NULL,
    sub TEXT NOT NULL,
    user_id BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (sector, sub)
) STRICT, WITHOUT ROWID;
CREATE INDEX subjects_by_user ON subjects (user_id);

CREATE TABLE proven_addresses (
    address TEXT NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL,
    proof INTEGER NOT NULL,
    proven_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX proven_addresses_by_user ON proven_addresses (user_id);

CREATE TABLE claimed_addresses (
    address TEXT NOT NULL,
    user_id BLOB NOT NULL,
    claimed_at INTEGER NOT NULL,
    PRIMARY KEY (address, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX claimed_addresses_by_user ON claimed_addresses (user_id);

CREATE TABLE passwords (
    user_id BLOB NOT NULL PRIMARY KEY,
    phc TEXT NOT NULL,
    set_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The holder stands here: to link is to compare and swap in this row.
CREATE TABLE external_identities (
    namespace TEXT NOT NULL,
    subject BLOB NOT NULL,
    display TEXT NOT NULL,
    address TEXT,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    user_id BLOB,
    link_id BLOB,
    PRIMARY KEY (namespace, subject)
) STRICT, WITHOUT ROWID;

-- Removed links stay as tombstones.
CREATE TABLE links (
    user_id BLOB NOT NULL,
    id BLOB NOT NULL,
    connection_id TEXT NOT NULL,
    namespace TEXT NOT NULL,
    subject BLOB NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    proofs TEXT NOT NULL,
    policy_version TEXT NOT NULL,
    linked_at INTEGER NOT NULL,
    last_used_at INTEGER,
    removed_at INTEGER,
    PRIMARY KEY (user_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX links_by_identity ON links (namespace, subject);
CREATE INDEX links_by_connection ON links (connection_id, user_id);

CREATE TABLE sessions (
    hash BLOB NOT NULL PRIMARY KEY,
    id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    level INTEGER NOT NULL,
    method TEXT NOT NULL,
    link_id BLOB,
    created_at INTEGER NOT NULL,
    authenticated_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    store_epoch INTEGER NOT NULL,
    user_agent TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE spent_flows (
    id BLOB NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX spent_flows_by_expiry ON spent_flows (expires_at);

CREATE TABLE codes (
    flow BLOB NOT NULL PRIMARY KEY,
    address TEXT NOT NULL,
    hash BLOB NOT NULL,
    attempts_left INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX codes_by_expiry ON codes (expires_at);

CREATE TABLE throttles (
    key BLOB NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    blocked_until INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX throttles_by_time ON throttles (updated_at);

CREATE TABLE outbox (
    id BLOB NOT NULL PRIMARY KEY,
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    sent_at INTEGER
) STRICT;
CREATE INDEX outbox_due ON outbox (next_at) WHERE sent_at IS NULL;
CREATE INDEX outbox_sent ON outbox (sent_at) WHERE sent_at IS NOT NULL;

-- One chain per user; sixteen zero bytes name the store's own.
CREATE TABLE audit_events (
    chain BLOB NOT NULL,
    seq INTEGER NOT NULL,
    id BLOB NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    policy_version TEXT NOT NULL,
    link BLOB,
    connection TEXT,
    session BLOB,
    proofs TEXT NOT NULL,
    personal BLOB NOT NULL,
    prev_hash BLOB NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (chain, seq)
) STRICT;

CREATE TABLE connections (
    id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    enabled INTEGER NOT NULL,
    issuer TEXT NOT NULL,
    client_id TEXT NOT NULL,
    subject_claim TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    namespace TEXT NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
