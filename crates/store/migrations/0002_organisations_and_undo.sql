-- Organisations, user names, what a session may be used for, and the right to undo.

ALTER TABLE sessions ADD COLUMN scope TEXT NOT NULL DEFAULT 'account';

-- Users a subject was absorbed from, the newest first: each id, then a stroke. Undoing a merge takes off the first.
ALTER TABLE subjects ADD COLUMN origin TEXT NOT NULL DEFAULT '';

-- What the users it moved away from had added to the fingerprint of its connection's cohort.
ALTER TABLE links ADD COLUMN carried INTEGER NOT NULL DEFAULT 0;

CREATE TABLE memberships (
    user_id BLOB NOT NULL,
    organisation TEXT NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (user_id, organisation)
) STRICT, WITHOUT ROWID;
CREATE INDEX memberships_by_organisation ON memberships (organisation, user_id);

CREATE TABLE user_names (
    name TEXT NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX user_names_by_user ON user_names (user_id);

CREATE TABLE undo_grants (
    event BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL,
    what TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    spent INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX undo_grants_by_user ON undo_grants (user_id);
CREATE INDEX undo_grants_by_expiry ON undo_grants (expires_at);
