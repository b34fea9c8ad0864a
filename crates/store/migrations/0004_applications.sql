-- What applications are given, what people allowed them, and the keys that sign it.

-- What applications know a session by: that of the first one in a row of renewals.
ALTER TABLE sessions ADD COLUMN sid BLOB;
UPDATE sessions SET sid = id;

CREATE TABLE authorizations (
    id BLOB NOT NULL PRIMARY KEY,
    client TEXT NOT NULL,
    user_id BLOB NOT NULL,
    session_id BLOB NOT NULL,
    link_id BLOB,
    method TEXT NOT NULL,
    level INTEGER NOT NULL,
    authenticated_at INTEGER NOT NULL,
    sub TEXT NOT NULL,
    scope TEXT NOT NULL,
    offline INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    store_epoch INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX authorizations_by_user ON authorizations (user_id, client);
CREATE INDEX authorizations_by_expiry ON authorizations (expires_at);

CREATE TABLE consents (
    user_id BLOB NOT NULL,
    client TEXT NOT NULL,
    scope TEXT NOT NULL,
    given_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, client)
) STRICT, WITHOUT ROWID;

-- The newest of an algorithm whose time has come signs.
CREATE TABLE signing_keys (
    algorithm TEXT NOT NULL,
    number INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    signs_from INTEGER NOT NULL,
    PRIMARY KEY (algorithm, number)
) STRICT, WITHOUT ROWID;
