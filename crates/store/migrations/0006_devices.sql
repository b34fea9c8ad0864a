-- Devices that wait to be let in (RFC 8628). The code is the one people type, hashed under a key of ours.
CREATE TABLE device_requests (
    code BLOB NOT NULL PRIMARY KEY,
    id BLOB NOT NULL,
    client TEXT NOT NULL,
    scope TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    source BLOB NOT NULL,
    state TEXT NOT NULL,
    claimed_by BLOB,
    poll_interval INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX device_requests_by_expiry ON device_requests (expires_at);
