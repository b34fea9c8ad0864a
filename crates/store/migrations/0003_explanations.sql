-- What an operator names by its id alone, and what the log says of one link.

CREATE INDEX links_by_id ON links (id);
CREATE INDEX audit_events_by_id ON audit_events (id);
CREATE INDEX audit_events_by_link ON audit_events (link) WHERE link IS NOT NULL;
