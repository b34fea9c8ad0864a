//! What operators decide about users and sessions.

use crate::world::{HOME, MAIL, MALLORY, NEW, Read, SESSION, VERA, World};
use linking::{Decision, EndSessions, Reason, decide_end_session, decide_user_status};
use model::{Change, EventKind, Mail, MailBody, MailKind, UserId, UserStatus};

fn change(world: &World, user: UserId, to: UserStatus) -> Decision<()> {
    let facts = world.facts();
    world.context(|context, _, _| decide_user_status(context, &facts, user, to))
}

fn end(world: &World, user: UserId, which: EndSessions) -> Decision<()> {
    let facts = world.facts();
    world.context(|context, _, _| decide_end_session(context, &facts, user, which))
}

fn at(status: UserStatus) -> World {
    World::new().with(|w| w.user(VERA).status = status)
}

#[test]
fn t24_t69_whoever_is_disabled_held_or_deleted_loses_every_session_at_once() {
    for (to, kind) in [
        (UserStatus::Disabled, EventKind::UserDisabled),
        (UserStatus::Held, EventKind::UserDisabled),
        (UserStatus::Deleted, EventKind::UserDeleted),
    ] {
        let world = at(UserStatus::Active);
        let decision = change(&world, VERA, to);
        let plan = decision.plan;
        assert!(plan.well_begun() && plan.raises(&world.users[0]));
        assert!(plan.has(&Change::EndSessionsOfUser { user: VERA }));
        assert!(plan.any(|c| matches!(c, Change::SetUserStatus { user: VERA, status, .. } if *status == to)));
        assert!(plan.event(kind).is_some_and(|event| event.subject == Some(VERA) && !event.by_self()));
        assert_eq!(plan.any(|c| matches!(c, Change::EraseUser { .. })), to == UserStatus::Deleted);
        // To the addresses known before: an erased user still learns of it.
        assert_eq!(plan.notices(), [(MailKind::UserDisabled, MAIL), (MailKind::UserDisabled, HOME)]);
        // The mail says which of both it was.
        let said = ("deleted", (to == UserStatus::Deleted).to_string());
        let says = |c: &Change| matches!(c, Change::Send(Mail { body: MailBody::Plain { values, .. }, .. }) if values.contains(&said));
        assert!(plan.any(says));
    }
}

#[test]
fn which_changes_of_status_exist() {
    use UserStatus::{Active, Deleted, Disabled, Held};
    let allowed = [
        (Active, Disabled),
        (Active, Held),
        (Active, Deleted),
        (Disabled, Active),
        (Disabled, Deleted),
        (Held, Active),
        (Held, Disabled),
        (Held, Deleted),
    ];
    for from in [Active, Disabled, Held, Deleted] {
        for to in [Active, Disabled, Held, Deleted] {
            let decision = change(&at(from), VERA, to);
            assert_eq!(!decision.plan.is_empty(), allowed.contains(&(from, to)), "{from:?} {to:?}");
            if from == Deleted {
                assert_eq!(decision.reason, Reason::UserNotFound);
            }
        }
    }
    assert_eq!(change(&at(Active), NEW, Disabled).reason, Reason::UserNotFound);
    let enabled = change(&at(Disabled), VERA, Active).plan;
    assert!(enabled.event(EventKind::UserEnabled).is_some() && enabled.sessions().is_empty());
}

#[test]
fn one_or_all_sessions_end() {
    let world = World::new().signed_in(VERA);
    let one = end(&world, VERA, EndSessions::One(SESSION)).plan;
    assert!(one.has(&Change::EndSessionById { session: SESSION, user: VERA }));
    assert!(one.event(EventKind::SessionEnded).is_some_and(|event| event.session == Some(SESSION)));
    // Named with its user: somebody else's session is out of reach.
    let of_mallory = end(&world, MALLORY, EndSessions::One(SESSION)).plan;
    assert!(of_mallory.has(&Change::EndSessionById { session: SESSION, user: MALLORY }));
    let all = end(&world, VERA, EndSessions::All).plan;
    assert!(all.has(&Change::EndSessionsOfUser { user: VERA }));
    assert!(end(&world, NEW, EndSessions::All).plan.is_empty());
}
