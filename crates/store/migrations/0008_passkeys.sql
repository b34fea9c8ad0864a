-- Passkeys (WebAuthn Level 3). A credential is one user's; the key is in the form of whoever verifies.

CREATE TABLE passkeys (
    credential BLOB NOT NULL PRIMARY KEY,
    id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    handle BLOB NOT NULL,
    host TEXT NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    added_at INTEGER NOT NULL,
    last_used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX passkeys_by_user ON passkeys (user_id);

ALTER TABLE authorizations ADD COLUMN passkey_id BLOB;
