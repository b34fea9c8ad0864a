-- Clients that have to be told that a session is over (OpenID Connect Back-Channel Logout 1.0).

-- The client wants to hear when the session ends.
ALTER TABLE authorizations ADD COLUMN hears_of_logout INTEGER NOT NULL DEFAULT 0;

CREATE TABLE logouts (
    client TEXT NOT NULL,
    session_id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    sub TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    given_up_at INTEGER,
    PRIMARY KEY (client, session_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX logouts_due ON logouts (next_at) WHERE given_up_at IS NULL;
CREATE INDEX logouts_given_up ON logouts (given_up_at) WHERE given_up_at IS NOT NULL;
CREATE INDEX logouts_of_client ON logouts (client, next_at, session_id) WHERE given_up_at IS NULL;
