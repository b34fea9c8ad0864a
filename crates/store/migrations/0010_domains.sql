-- Domains of organisations: when the name system last showed whose each is.

CREATE TABLE domains (
    domain TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,
    seen_at INTEGER,
    checked_at INTEGER NOT NULL,
    problem TEXT NOT NULL
) STRICT, WITHOUT ROWID;
