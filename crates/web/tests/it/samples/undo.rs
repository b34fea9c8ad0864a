//! What a notice leads to, and what is on hold.

use super::{HOSTILE, NOW, Samples, account::row, button, passkey_form};
use model::DAY;
use web::pages::{
    Action, Badge, Code, CodePurpose, ConfirmRelease, Field, Mark, MethodRow, OwnerStep, ProofKind, ProofMethod,
    Recover, RecoverProof, Recovered, Standing, Undo,
};
use web::texts::{self, Arg};

pub(super) fn undo(s: &mut Samples) {
    let sentence = |code: &str| (texts::reason(s.lang, code), code.to_owned());
    let first = |key: &str| {
        let label = texts::t(s.lang, key, &[("provider", Arg::Text("Google"))]);
        OwnerStep::First(Action { label, href: "/sign-in?return_to=%2Fundo%2Ft0ken".to_owned() })
    };
    let made = Undo {
        shell: s.out(),
        token: "t0ken".to_owned(),
        standing: Standing::Connected,
        provider: "Google".to_owned(),
        mark: Mark::Google,
        detail: None,
        at: NOW,
        until: NOW + DAY.times(7),
        hold: Ok(()),
        owner: first("undo-sign-in-remove"),
        other: None,
        keep_href: None,
    };
    let (last, epoch) = (sentence("last_method"), sentence("old_epoch"));
    let refused = |(sentence, code): (String, String)| OwnerStep::Refused { sentence, code };
    let detail = Some("ada@example.org".to_owned());
    let held = Undo { standing: Standing::OnHold, hold: Err(None), ..made.clone() };
    let removed = Undo { standing: Standing::Removed, hold: Err(None), ..made.clone() };
    let keep_href = Some("/account/methods/release?method=l1".to_owned());
    let pages = [
        ("undo-connected", made.clone()),
        ("undo-connected-other", Undo { other: Some("Grace Hopper".to_owned()), ..made.clone() }),
        ("undo-connected-owner", Undo { owner: OwnerStep::Ready, detail: detail.clone(), ..made.clone() }),
        ("undo-connected-last", Undo { hold: Err(Some(last.clone())), owner: refused(last), ..made.clone() }),
        ("undo-on-hold", held.clone()),
        ("undo-on-hold-owner", Undo { owner: OwnerStep::Ready, detail: detail.clone(), keep_href, ..held }),
        ("undo-gone", Undo { standing: Standing::Gone, hold: Err(None), owner: OwnerStep::Nothing, ..made.clone() }),
        ("undo-removed", Undo { owner: first("undo-sign-in-restore"), ..removed.clone() }),
        ("undo-removed-owner", Undo { owner: OwnerStep::Ready, ..removed.clone() }),
        ("undo-removed-refused", Undo { owner: refused(epoch), ..removed.clone() }),
        ("undo-back", Undo { standing: Standing::Back, owner: OwnerStep::Nothing, ..removed }),
        ("undo-hostile", Undo { provider: HOSTILE.to_owned(), detail: Some(HOSTILE.to_owned()), ..made }),
    ];
    for (name, page) in pages {
        s.add(name, page.render());
    }
    let method = MethodRow {
        badges: vec![Badge::OnHold],
        id_tail: Some("91ab33".to_owned()),
        release_href: Some("/account/methods/release?method=l1".to_owned()),
        ..row("l1", "Google", Mark::Google)
    };
    s.add("confirm-release", ConfirmRelease { shell: s.signed_in(), method }.render());
}

pub(super) fn recovery(s: &mut Samples) {
    let empty = Recover { shell: s.out(), flow: "fl0w".to_owned(), email: String::new(), available: true, error: None };
    s.add("recover", empty.render());
    let error = Some(s.error("no_account_here").at(Field::Email));
    s.add("recover-nobody", Recover { email: "ada@example.org".to_owned(), error, ..empty.clone() }.render());
    s.add("recover-unavailable", Recover { available: false, ..empty }.render());
    let code = Code {
        shell: s.out(),
        flow: "fl0w".to_owned(),
        address_shown: "ada@example.org".to_owned(),
        purpose: CodePurpose::Recover,
        resent: false,
        attempts_left: None,
        error: None,
    };
    s.add("recover-code", code.render());
    let github = button("github", "GitHub", Mark::Github);
    let provider = ProofKind::Provider { id: github.id, name: github.name, mark: github.mark };
    let all = RecoverProof {
        shell: s.out(),
        flow: "fl0w".to_owned(),
        methods: vec![
            ProofMethod { kind: ProofKind::Password, primary: true },
            ProofMethod { kind: ProofKind::Passkey(passkey_form()), primary: false },
            ProofMethod { kind: provider, primary: false },
        ],
        mailboxes: vec!["a•••@example.net".to_owned(), "a•••@example.com".to_owned()],
        support_code: "more_proofs_needed · 0123".to_owned(),
        error: None,
    };
    s.add("recover-proof", all.render());
    s.add("recover-proof-mailboxes", RecoverProof { methods: Vec::new(), ..all.clone() }.render());
    let error = Some(s.error("wrong_password").at(Field::Password));
    s.add("recover-proof-wrong", RecoverProof { error, ..all.clone() }.render());
    let hostile = vec![HOSTILE.to_owned()];
    s.add("recover-proof-hostile", RecoverProof { mailboxes: hostile, ..all.clone() }.render());
    s.add("recover-stuck", RecoverProof { methods: Vec::new(), mailboxes: Vec::new(), ..all }.render());
    let held = MethodRow {
        badges: vec![Badge::OnHold],
        id_tail: Some("91ab33".to_owned()),
        release_href: Some("/account/methods/release?method=l1".to_owned()),
        ..row("l1", "Google", Mark::Google)
    };
    let page = Recovered { shell: s.signed_in(), held: vec![held], can_set_password: true, has_password: true };
    s.add("recovered", page.render());
    let none = Recovered { held: Vec::new(), can_set_password: false, has_password: false, ..page };
    s.add("recovered-nothing-held", none.render());
}
