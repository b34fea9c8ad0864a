-- Clients that are registered while the server runs, and the tokens that let one register itself.

CREATE TABLE clients (
    id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    metadata TEXT NOT NULL,
    secrets BLOB NOT NULL,
    registered_by TEXT NOT NULL,
    access_token BLOB,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    removed_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX clients_by_removal ON clients (removed_at);

CREATE TABLE registration_tokens (
    id TEXT NOT NULL PRIMARY KEY,
    hash BLOB NOT NULL,
    uses_left INTEGER NOT NULL,
    client_credentials INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX registration_tokens_by_expiry ON registration_tokens (expires_at);

-- A client that is removed takes along what it was given.
CREATE INDEX authorizations_by_client ON authorizations (client);
CREATE INDEX consents_by_client ON consents (client);
