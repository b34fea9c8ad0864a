-- The second factor of a user: an authenticator app (RFC 6238), with the recovery codes that are left (SHA-256 each, one
-- after the other). The secret is sealed.

CREATE TABLE totps (
    user_id BLOB NOT NULL PRIMARY KEY,
    secret BLOB NOT NULL,
    last_step INTEGER NOT NULL,
    codes BLOB NOT NULL,
    added_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
