-- What somebody with the database in their hands may do to it. One statement a line.
UPDATE audit_events SET reason = 'other' WHERE kind = 'unlinked'
UPDATE audit_events SET reason = 'unlinked_by_operator' WHERE kind = 'unlinked'
DELETE FROM audit_events WHERE kind = 'linked'
UPDATE meta SET value = value + 1000 WHERE key = 'schema_version'
