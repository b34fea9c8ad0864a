//! What the doctor reads: every table in pages by its key, each row with what it must agree with. What a row points to
//! is looked up by key and not joined, so that a page costs the same on every planner.

macro_rules! status_of {
    ($user:literal) => {
        concat!("(SELECT u.status FROM users u WHERE u.id = ", $user, ")")
    };
}

macro_rules! page_of_links {
    () => {
        "FROM links l WHERE (l.user_id, l.id) > ($1, $2) ORDER BY l.user_id, l.id LIMIT $3"
    };
}

super::statements! {
    DOCTOR_USERS = "SELECT u.id, u.status, (SELECT COUNT(*) FROM audit_events a WHERE a.chain = u.id AND a.seq = 1) \
        FROM users u WHERE u.id > $1 ORDER BY u.id LIMIT $2";
    /// A recovery holds links and names none; it is looked for where a link is on hold.
    DOCTOR_LINKS = concat!(
        "SELECT l.user_id, l.id, l.connection_id, l.state, ", status_of!("l.user_id"), ", ",
        "(SELECT e.user_id FROM external_identities e WHERE e.namespace = l.namespace AND e.subject = l.subject), ",
        "(SELECT e.link_id FROM external_identities e WHERE e.namespace = l.namespace AND e.subject = l.subject), ",
        "(SELECT string_agg(m.organisation, ' ' ORDER BY m.organisation) FROM memberships m ",
        "WHERE m.user_id = l.user_id), ",
        "CASE WHEN l.state = 'held' THEN (SELECT COUNT(*) FROM audit_events a WHERE a.chain = l.user_id ",
        "AND a.kind = 'recovered') ELSE 0 END ",
        page_of_links!()
    );
    /// On PostgreSQL link by link: a planner without statistics would read the whole log to hash it for every page.
    DOCTOR_LINK_EVENTS = concat!(
            "SELECT a.link, a.at, a.kind, a.reason, a.proofs FROM audit_events a WHERE a.link IN (SELECT l.id ",
            page_of_links!(), ") AND a.kind NOT IN ('signed_in', 'stepped_up') ORDER BY a.chain, a.seq"
        ),
        postgres concat!(
            "SELECT e.link, e.at, e.kind, e.reason, e.proofs FROM (SELECT l.id ", page_of_links!(), ") p JOIN LATERAL ",
            "(SELECT a.link, a.at, a.kind, a.reason, a.proofs, a.chain, a.seq FROM audit_events a ",
            "WHERE a.link = p.id AND a.kind NOT IN ('signed_in', 'stepped_up') OFFSET 0) e ON TRUE ",
            "ORDER BY e.chain, e.seq"
        );
    DOCTOR_IDENTITIES = "SELECT e.namespace, e.subject, e.user_id, e.link_id, \
        (SELECT l.state FROM links l WHERE l.user_id = e.user_id AND l.id = e.link_id \
        AND l.namespace = e.namespace AND l.subject = e.subject) \
        FROM external_identities e WHERE (e.namespace, e.subject) > ($1, $2) \
        ORDER BY e.namespace, e.subject LIMIT $3";
    DOCTOR_ADDRESSES = concat!(
        "SELECT p.address, p.user_id, ", status_of!("p.user_id"),
        " FROM proven_addresses p WHERE p.address > $1 ORDER BY p.address LIMIT $2"
    );
    DOCTOR_SUBJECTS = concat!(
        "SELECT s.sector, s.sub, s.user_id, ", status_of!("s.user_id"),
        " FROM subjects s WHERE (s.sector, s.sub) > ($1, $2) ORDER BY s.sector, s.sub LIMIT $3"
    );
    DOCTOR_SESSIONS = concat!(
        "SELECT s.hash, s.id, s.user_id, s.level, s.method, s.link_id, s.store_epoch, ", status_of!("s.user_id"), ", ",
        "(SELECT u.required_level FROM users u WHERE u.id = s.user_id), ",
        "(SELECT l.state FROM links l WHERE l.user_id = s.user_id AND l.id = s.link_id), ",
        "(SELECT l.namespace FROM links l WHERE l.user_id = s.user_id AND l.id = s.link_id), ",
        "(SELECT c.namespace FROM connections c WHERE c.id = ",
        "(SELECT l.connection_id FROM links l WHERE l.user_id = s.user_id AND l.id = s.link_id)), ",
        "(SELECT m.value FROM meta m WHERE m.key = 'store_epoch') ",
        "FROM sessions s WHERE s.hash > $1 ORDER BY s.hash LIMIT $2"
    );
    DOCTOR_GRANTS = concat!(
        "SELECT g.event, g.user_id, g.what, ", status_of!("g.user_id"), ", ",
        "(SELECT COUNT(*) FROM audit_events a WHERE a.id = g.event AND a.chain = g.user_id) ",
        "FROM undo_grants g WHERE g.event > $1 ORDER BY g.event LIMIT $2"
    );
    DOCTOR_FOUR_LINKS = "SELECT l.id FROM links l WHERE l.id IN ($1, $2, $3, $4)";
    DOCTOR_FOUR_USERS = "SELECT u.id FROM users u WHERE u.id IN ($1, $2, $3, $4)";
    DOCTOR_EVENT_BEFORE = "SELECT a.hash FROM audit_events a WHERE a.chain = $1 AND a.seq = $2";
}
