//! The account's pages.

use super::{FIREFOX, HOSTILE, LONG, NOW, RIGHT_TO_LEFT, SAFARI, Samples, button, by_github, proof};
use model::{DAY, EventKind, HOUR, MINUTE, MethodKind};
use web::pages::{
    Access, Account, Activity, AddPasskey, AddressRow, Badge, ConfirmRemove, EventRow, FactorRow, Field, Flash, Mark,
    MethodRow, ProofKind, Removal, SessionRow, SetPassword, Shared, StepUp, StepUpWhy, device_name,
};
use web::texts;

pub(super) fn row(id: &str, name: &str, mark: Mark) -> MethodRow {
    MethodRow {
        kind: MethodKind::Link,
        id: id.to_owned(),
        mark,
        name: name.to_owned(),
        detail: "ada@example.org".to_owned(),
        id_tail: None,
        linked_on: Some(NOW - DAY.times(40)),
        last_used: Some(NOW - HOUR.times(3)),
        badges: Vec::new(),
        removal: Removal::Allowed,
        remove_href: format!("/account/methods/remove?method={id}"),
        release_href: None,
    }
}

fn password_row(s: &Samples) -> MethodRow {
    MethodRow {
        kind: MethodKind::Password,
        detail: String::new(),
        removal: Removal::NotOffered(texts::t(s.lang, "method-password-stays", &[])),
        badges: vec![Badge::UsedNow],
        id: String::new(),
        last_used: None,
        ..row("", &texts::t(s.lang, "method-password", &[]), Mark::Password)
    }
}

fn code_row(s: &Samples) -> MethodRow {
    MethodRow {
        kind: MethodKind::EmailCode,
        linked_on: None,
        last_used: None,
        removal: Removal::NotOffered(texts::t(s.lang, "method-email-code-stays", &[])),
        ..row("", &texts::t(s.lang, "method-email-code", &[]), Mark::Mail)
    }
}

fn sessions(s: &Samples) -> Vec<SessionRow> {
    let one = |id: &str, agent: &str, hours, current| SessionRow {
        id: id.to_owned(),
        device: device_name(s.lang, agent),
        method: "Google".to_owned(),
        since: NOW - HOUR.times(hours),
        current,
    };
    vec![one("s1", FIREFOX, 1, true), one("s2", SAFARI, 60, false), one("s3", "", 700, false)]
}

pub(super) fn account(s: &mut Samples) {
    let page = Account {
        shell: s.signed_in(),
        name: "Ada Lovelace".to_owned(),
        methods: vec![
            password_row(s),
            row("l1", "Google", Mark::Google),
            MethodRow { detail: "ada-l".to_owned(), ..row("l2", "GitHub", Mark::Github) },
            code_row(s),
        ],
        can_add: vec![
            button("microsoft", "Microsoft", Mark::Microsoft),
            button("work", "Analytical Engines Ltd", Mark::Building),
        ],
        can_set_password: true,
        has_password: true,
        can_add_passkey: true,
        second_factor: None,
        can_add_totp: true,
        addresses: vec![AddressRow { address: "ada@example.org".to_owned(), proven_at: NOW - DAY.times(90) }],
        access: Access { usable: 4, shared: Some(Shared { ways: 2, provider: None }) },
        sessions: sessions(s),
        notice: None,
        error: None,
    };
    s.add("account", page.render());
    let only = MethodRow {
        removal: Removal::Refused(texts::reason(s.lang, "last_method")),
        badges: vec![Badge::UsedNow],
        ..row("l1", "Google", Mark::Google)
    };
    s.add(
        "account-one-method",
        Account {
            methods: vec![only],
            has_password: false,
            access: Access { usable: 1, shared: None },
            sessions: sessions(s).into_iter().take(1).collect(),
            notice: Some(Flash::removed(s.lang, "GitHub", Some("/undo/t0ken".to_owned()))),
            ..page.clone()
        }
        .render(),
    );
    let factor = |codes_left| Some(FactorRow { added_at: NOW - DAY.times(9), codes_left });
    for (name, ways) in [("account-one-provider", 2), ("account-all-one-provider", 4)] {
        let shared = Some(Shared { ways, provider: Some("Google".to_owned()) });
        s.add(name, Account { access: Access { usable: 4, shared }, ..page.clone() }.render());
    }
    s.add("account-two-steps", Account { second_factor: factor(8), ..page.clone() }.render());
    let off = Account { second_factor: factor(0), can_add_totp: false, ..page.clone() };
    s.add("account-two-steps-off", Account { notice: Some(Flash::second_factor_off(s.lang)), ..off }.render());
    let disabled = MethodRow {
        badges: vec![Badge::ProviderDisabled],
        last_used: None,
        ..row("l2", "Analytical Engines Ltd", Mark::Building)
    };
    let odd = MethodRow {
        badges: vec![Badge::NeedsAttention],
        detail: "ada@exаmple.org".to_owned(),
        id_tail: Some("91ab33".to_owned()),
        ..row("l3", "Example B", Mark::B)
    };
    let held = MethodRow {
        badges: vec![Badge::OnHold],
        release_href: Some("/account/methods/release?method=l5".to_owned()),
        ..row("l5", "GitHub", Mark::Github)
    };
    let twin = MethodRow { id_tail: Some("00c1d2".to_owned()), ..row("l4", "Example B", Mark::B) };
    s.add(
        "account-linked",
        Account {
            methods: vec![password_row(s), disabled, odd, twin, held],
            notice: Some(Flash::linked(
                s.lang,
                "Example B",
                "ada@example.org",
                Some("/account/methods/remove?method=l4".to_owned()),
            )),
            access: Access { usable: 3, shared: Some(Shared { ways: 3, provider: None }) },
            ..page.clone()
        }
        .render(),
    );
    s.add(
        "account-empty",
        Account {
            methods: Vec::new(),
            addresses: Vec::new(),
            sessions: Vec::new(),
            has_password: false,
            access: Access::default(),
            error: Some(s.error("identity_of_other_user")),
            ..page.clone()
        }
        .render(),
    );
    for (name, flash) in [
        ("account-password-set", Flash::password_set(s.lang)),
        ("account-session-ended", Flash::session_ended(s.lang)),
        ("account-cancelled", Flash::cancelled(s.lang, "GitHub")),
        ("account-already-linked", Flash::already_linked(s.lang, RIGHT_TO_LEFT)),
    ] {
        s.add(name, Account { notice: Some(flash), can_add: Vec::new(), ..page.clone() }.render());
    }
    s.add(
        "account-hostile",
        Account {
            name: HOSTILE.to_owned(),
            methods: vec![
                MethodRow { detail: HOSTILE.to_owned(), ..row("h1", HOSTILE, Mark::Key) },
                MethodRow { detail: LONG.to_owned(), ..row("h2", RIGHT_TO_LEFT, Mark::Key) },
            ],
            can_add: vec![button(HOSTILE, HOSTILE, Mark::Key)],
            addresses: vec![AddressRow { address: HOSTILE.to_owned(), proven_at: NOW }],
            sessions: vec![SessionRow {
                id: HOSTILE.to_owned(),
                device: HOSTILE.to_owned(),
                method: HOSTILE.to_owned(),
                since: NOW,
                current: false,
            }],
            notice: Some(Flash::removed(s.lang, HOSTILE, None)),
            ..page
        }
        .render(),
    );
}

pub(super) fn removal(s: &mut Samples) {
    let page = ConfirmRemove {
        shell: s.signed_in(),
        method: row("l1", "Google", Mark::Google),
        remaining: vec![texts::t(s.lang, "method-password", &[]), "GitHub".to_owned()],
        sessions_ending: 2,
        ends_this_session: false,
        needs_step_up: true,
        error: None,
    };
    s.add("confirm-remove", page.render());
    s.add(
        "confirm-remove-this-session",
        ConfirmRemove {
            sessions_ending: 1,
            ends_this_session: true,
            needs_step_up: false,
            method: MethodRow {
                detail: "Аda".to_owned(),
                id_tail: Some("4f81c2".to_owned()),
                ..row("l1", "Google", Mark::Google)
            },
            ..page.clone()
        }
        .render(),
    );
    let last = Removal::Refused(texts::reason(s.lang, "last_method"));
    s.add(
        "confirm-remove-last",
        ConfirmRemove {
            method: MethodRow { removal: last, ..row("l1", "Google", Mark::Google) },
            remaining: Vec::new(),
            sessions_ending: 0,
            error: Some(s.error("last_method")),
            ..page.clone()
        }
        .render(),
    );
    s.add(
        "confirm-remove-hostile",
        ConfirmRemove { method: row("h", HOSTILE, Mark::Key), remaining: vec![HOSTILE.to_owned()], ..page }.render(),
    );
}

pub(super) fn confirming(s: &mut Samples) {
    let google = || "Google".to_owned();
    let step_up = StepUp {
        shell: s.signed_in(),
        flow: "fl0w".to_owned(),
        why: StepUpWhy::Remove { provider: google() },
        methods: vec![proof(ProofKind::Password, true), by_github(false)],
        back_href: "/account".to_owned(),
        error: None,
    };
    s.add("step-up", step_up.render());
    s.add(
        "step-up-wrong",
        StepUp {
            why: StepUpWhy::Connect { provider: google() },
            methods: vec![proof(ProofKind::Password, true)],
            error: Some(s.error("wrong_password").at(Field::Password)),
            ..step_up.clone()
        }
        .render(),
    );
    s.add(
        "step-up-passkey",
        StepUp {
            why: StepUpWhy::AddPasskey,
            methods: vec![proof(ProofKind::Passkey(super::passkey_form()), true)],
            ..step_up.clone()
        }
        .render(),
    );
    let add = AddPasskey {
        shell: s.signed_in(),
        form: super::passkey_form(),
        name: "Firefox on Linux".to_owned(),
        error: None,
    };
    s.add("add-passkey", add.render());
    s.add("add-passkey-failed", AddPasskey { error: Some(s.error("passkey_failed")), ..add }.render());
    s.add(
        "step-up-provider",
        StepUp { why: StepUpWhy::SetPassword, methods: vec![by_github(true)], ..step_up.clone() }.render(),
    );
    let why = StepUpWhy::Client { name: "Analytical Notes".to_owned() };
    s.add("step-up-client", StepUp { why, ..step_up.clone() }.render());
    s.add("step-up-none", StepUp { why: StepUpWhy::Continue, methods: Vec::new(), ..step_up }.render());

    let set = SetPassword {
        shell: s.signed_in(),
        flow: "fl0w".to_owned(),
        address: "ada@example.org".to_owned(),
        has_password: false,
        feedback: Some(texts::reason(s.lang, "weak_password")),
        error: None,
    };
    s.add("set-password", SetPassword { feedback: None, ..set.clone() }.render());
    s.add(
        "set-password-weak",
        SetPassword { has_password: true, error: Some(s.error("weak_password").at(Field::Password)), ..set }.render(),
    );

    let whats = [Some("Google (ada@example.org)".to_owned()), None, Some(HOSTILE.to_owned())];
    let event = |(index, kind): (usize, EventKind)| EventRow {
        at: NOW - MINUTE.times(137 * index as i64),
        kind,
        what: whats[index % 3].clone(),
        method: (index % 2 == 0).then(|| "Google".to_owned()),
        device: Some(device_name(s.lang, FIREFOX)),
        by_operator: matches!(kind, EventKind::UserDisabled | EventKind::UserEnabled),
        code: "linked_by_owner".to_owned(),
    };
    let events: Vec<EventRow> = EventKind::ALL.into_iter().enumerate().map(event).collect();
    let older_href = Some("/account/activity?before=1".to_owned());
    s.add("activity", Activity { shell: s.signed_in(), events, older_href }.render());
    s.add("activity-empty", Activity { shell: s.signed_in(), events: Vec::new(), older_href: None }.render());
}
