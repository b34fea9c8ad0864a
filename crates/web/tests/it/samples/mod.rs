//! Every page in every state, as typed data: the tests read them, the gallery draws them.

mod account;
mod second_factor;
mod undo;

use model::{MailKind, Micros};
use web::pages::mail::{Mail, RenderedMail};
use web::pages::{
    AccountCard, Action, ApplicationRow, Applications, Code, CodePurpose, ConfirmLink, Conflict, ConnectStart, Consent,
    Continue, DeviceAnswer, DeviceDone, ErrorPage, ErrorText, ExternalCard, Field, FormPost, LeaveFor, LinkedDone,
    Mark, Notice, NoticeKind, PasskeyForm, Password, ProofKind, ProofMethod, ProviderAgain, ProviderButton,
    ReturnToApp, Shell, SignIn, SignInWith, SignUp, SignedIn, SignedOut, SwitchUser, TypeCode, Way, device_name,
};
use web::texts::{self, Lang};

/// 22 Nov 2026, 14:05 UTC.
pub const NOW: Micros = Micros(1_795_356_300_000_000);
pub const HOSTILE: &str = "<script>alert('x')</script>\"><img src=//evil.example onerror=x>";
const LONG: &str =
    "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh-Cholmondeley von und zu Hohenzollern-Sigmaringen";
const RIGHT_TO_LEFT: &str = "עדה לבלייס";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
const SAFARI: &str =
    "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 Version/26.0 Safari/604.1";

#[derive(Debug)]
pub struct Sample {
    pub name: String,
    pub html: String,
}

struct Samples {
    lang: Lang,
    all: Vec<Sample>,
}

impl Samples {
    fn add(&mut self, name: &str, html: Result<String, askama::Error>) {
        let html = html.unwrap_or_else(|error| panic!("{name}: {error}"));
        self.all.push(Sample { name: name.to_owned(), html });
    }

    fn out(&self) -> Shell {
        Shell { lang: self.lang, signed_in: None, csrf: "c5rf".to_owned(), here: "/sign-in?return_to=%2Fx".to_owned() }
    }

    fn signed_in(&self) -> Shell {
        let person = SignedIn { name: "Ada Lovelace".to_owned(), address: "ada@example.org".to_owned() };
        Shell { signed_in: Some(person), ..self.out() }
    }

    fn error(&self, code: &str) -> ErrorText {
        ErrorText::reason(self.lang, code)
    }
}

/// All pages in one language.
pub fn all(lang: Lang) -> Vec<Sample> {
    let mut samples = Samples { lang, all: Vec::new() };
    sign_in(&mut samples);
    codes(&mut samples);
    conflict(&mut samples);
    linking(&mut samples);
    account::account(&mut samples);
    account::removal(&mut samples);
    second_factor::pages(&mut samples);
    account::confirming(&mut samples);
    undo::undo(&mut samples);
    undo::recovery(&mut samples);
    applications(&mut samples);
    devices(&mut samples);
    errors(&mut samples);
    samples.all
}

fn devices(s: &mut Samples) {
    let scopes = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let empty = TypeCode { shell: s.signed_in(), code: String::new(), given: false, error: None };
    s.add("device-code", empty.render());
    let code = "WDJB-MJHT".to_owned();
    s.add("device-code-given", TypeCode { code: code.clone(), given: true, ..empty.clone() }.render());
    let error = s.error("device_code_unknown").at(Field::Code);
    s.add("device-code-unknown", TypeCode { code: HOSTILE.to_owned(), error: Some(error), ..empty }.render());
    let asked = DeviceAnswer {
        shell: s.signed_in(),
        client_name: "Analytical Television".to_owned(),
        request: "se4led".to_owned(),
        account: own_card(),
        code,
        user_agent: "Mozilla/5.0 (Linux; Tizen 6.0) Safari/537".to_owned(),
        source: vec![203, 0, 113, 7],
        same_network: false,
        asked_at: NOW,
        new: scopes("openid profile offline_access"),
        known: scopes("email"),
    };
    s.add("device-answer", asked.render());
    let near = DeviceAnswer { same_network: true, user_agent: HOSTILE.to_owned(), ..asked.clone() };
    s.add("device-answer-near", near.render());
    s.add("device-answer-hostile", DeviceAnswer { client_name: HOSTILE.to_owned(), ..asked }.render());
    for (name, allowed) in [("device-allowed", true), ("device-refused", false)] {
        let client_name = "Analytical Television".to_owned();
        s.add(name, DeviceDone { shell: s.out(), client_name, allowed }.render());
    }
}

fn applications(s: &mut Samples) {
    let scopes = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let consent = Consent {
        shell: s.signed_in(),
        client_name: "Analytical Notes".to_owned(),
        request: "se4led".to_owned(),
        account: own_card(),
        unverified: None,
        new: scopes("openid profile email offline_access notes:read"),
        known: Vec::new(),
    };
    s.add("consent", consent.render());
    let more = Consent { new: scopes("email"), known: scopes("openid profile"), ..consent.clone() };
    s.add("consent-more", more.render());
    let unverified = Consent { unverified: Some("notes.example.org".to_owned()), ..consent.clone() };
    s.add("consent-unverified", unverified.render());
    let unverified = Some(HOSTILE.to_owned());
    let hostile = Consent { client_name: HOSTILE.to_owned(), new: vec![HOSTILE.to_owned()], unverified, ..consent };
    s.add("consent-hostile", hostile.render());
    let fields = vec![("code".to_owned(), "c0de".to_owned()), ("state".to_owned(), HOSTILE.to_owned())];
    let action = "https://notes.example.org/callback".to_owned();
    s.add("form-post", FormPost { shell: s.out(), action, fields }.render());
    let location = format!("org.example.notes:/callback?code=c0de&state={HOSTILE}");
    s.add("return-to-app", ReturnToApp { shell: s.out(), location }.render());
    let leave = LeaveFor {
        shell: s.signed_in(),
        client_name: Some("Analytical Notes".to_owned()),
        account: own_card(),
        asked: "client_id=notes".to_owned(),
    };
    s.add("leave", leave.render());
    s.add("leave-nobody", LeaveFor { client_name: None, ..leave }.render());
    let row = |client: &str, name: &str, scope: &str| ApplicationRow {
        client: client.to_owned(),
        name: name.to_owned(),
        scope: scopes(scope),
        since: NOW,
    };
    let rows = vec![
        row("notes", "Analytical Notes", "openid profile email"),
        row("long", LONG, "openid offline_access"),
        row("h", HOSTILE, "openid"),
    ];
    let page = Applications { shell: s.signed_in(), rows, withdrawn: false };
    s.add("applications", page.render());
    s.add("applications-withdrawn", Applications { withdrawn: true, ..page.clone() }.render());
    s.add("applications-none", Applications { rows: Vec::new(), ..page }.render());
}

pub fn button(id: &str, name: &str, mark: Mark) -> ProviderButton {
    ProviderButton { id: id.to_owned(), name: name.to_owned(), mark, last_used: false }
}

fn providers() -> Vec<ProviderButton> {
    vec![
        ProviderButton { last_used: true, ..button("google", "Google", Mark::Google) },
        button("github", "GitHub", Mark::Github),
        button("apple", "Apple", Mark::Apple),
        button("work", "Analytical Engines Ltd", Mark::Building),
    ]
}

pub(crate) fn passkey_form() -> PasskeyForm {
    let options = r#"{"publicKey":{"challenge":"AAAA","rpId":"id.example.org"}}"#.to_owned();
    PasskeyForm { options, ceremony: "c3r3m0ny".to_owned() }
}

fn empty_sign_in(s: &Samples) -> SignIn {
    SignIn {
        shell: s.out(),
        client_name: Some("Notes".to_owned()),
        flow: "fl0w".to_owned(),
        providers: Vec::new(),
        email: String::new(),
        email_enabled: true,
        sign_up_allowed: true,
        sign_up_href: web::pages::route::SIGN_UP.to_owned(),
        last_used_email_method: false,
        passkey: None,
        switch_notice: None,
        error: None,
    }
}

fn sign_in(s: &mut Samples) {
    let plain = empty_sign_in(s);
    s.add("sign-in-email-only", plain.render());
    s.add("sign-in", SignIn { providers: providers(), ..plain.clone() }.render());
    s.add("sign-in-passkey", SignIn { passkey: Some(passkey_form()), ..plain.clone() }.render());
    s.add(
        "sign-in-two-providers",
        SignIn {
            providers: vec![button("a", "Example A", Mark::A), button("b", "Example B", Mark::B)],
            email: "ada@example.org".to_owned(),
            last_used_email_method: true,
            client_name: None,
            ..plain.clone()
        }
        .render(),
    );
    s.add(
        "sign-in-error",
        SignIn {
            providers: providers(),
            email: "ada@".to_owned(),
            error: Some(s.error("invalid_address").at(Field::Email)),
            ..plain.clone()
        }
        .render(),
    );
    s.add(
        "sign-in-signed-in",
        SignIn {
            shell: s.signed_in(),
            providers: providers(),
            switch_notice: Some("Ada Lovelace".to_owned()),
            sign_up_allowed: false,
            error: Some(s.error("provider_cancelled")),
            ..plain.clone()
        }
        .render(),
    );
    s.add("sign-in-nothing", SignIn { email_enabled: false, sign_up_allowed: false, ..plain.clone() }.render());
    let every = Mark::ALL.map(|mark| button(mark.name(), LONG, mark)).to_vec();
    s.add("sign-in-long", SignIn { client_name: Some(LONG.to_owned()), providers: every, ..plain.clone() }.render());
    s.add(
        "sign-in-hostile",
        SignIn {
            client_name: Some(HOSTILE.to_owned()),
            flow: HOSTILE.to_owned(),
            providers: vec![button(HOSTILE, HOSTILE, Mark::Key), button("rtl", RIGHT_TO_LEFT, Mark::Key)],
            email: HOSTILE.to_owned(),
            switch_notice: Some(HOSTILE.to_owned()),
            error: Some(ErrorText { code: HOSTILE.to_owned(), sentence: HOSTILE.to_owned(), field: None }),
            ..plain
        }
        .render(),
    );

    let password = Password {
        shell: s.out(),
        flow: "fl0w".to_owned(),
        address: "ada@example.org".to_owned(),
        can_code: true,
        can_password: true,
        providers: Vec::new(),
        error: None,
    };
    s.add("password", password.render());
    s.add("password-only", Password { can_code: false, ..password.clone() }.render());
    s.add("password-led", Password { can_password: false, providers: providers(), ..password.clone() }.render());
    let with = SignInWith { shell: s.out(), flow: "fl0w".to_owned(), providers: providers(), error: None };
    s.add("sign-in-with", with.render());
    s.add("password-code-only", Password { can_password: false, ..password.clone() }.render());
    let wrong = Some(s.error("wrong_password").at(Field::Password));
    s.add("password-wrong", Password { error: wrong, ..password.clone() }.render());
    s.add("password-throttled", Password { error: Some(s.error("throttled")), ..password }.render());

    let sign_up = SignUp {
        shell: s.out(),
        client_name: Some("Notes".to_owned()),
        flow: "fl0w".to_owned(),
        name: String::new(),
        address: String::new(),
        providers: vec![button("a", "Example A", Mark::A), button("b", "Example B", Mark::B)],
        sign_in_href: web::pages::route::SIGN_IN.to_owned(),
        feedback: None,
        error: None,
    };
    s.add("sign-up", sign_up.render());
    s.add(
        "sign-up-weak",
        SignUp {
            providers: Vec::new(),
            name: RIGHT_TO_LEFT.to_owned(),
            address: "ada@example.org".to_owned(),
            feedback: Some("•••".to_owned()),
            error: Some(s.error("weak_password").at(Field::Password)),
            ..sign_up.clone()
        }
        .render(),
    );
    s.add(
        "sign-up-no-name",
        SignUp { error: Some(s.error("invalid_name").at(Field::Name)), name: HOSTILE.to_owned(), ..sign_up }.render(),
    );
    let out = SignedOut { shell: s.out(), frames: Vec::new(), next: None, choices: false };
    s.add("signed-out-led", SignedOut { choices: true, ..out.clone() }.render());
    s.add("signed-out", out.render());
    let next = Some("https://notes.example/bye".to_owned());
    s.add("signed-out-going-on", SignedOut { next, ..out }.render());
    for (name, client) in [("continue", "Notes"), ("continue-hostile", HOSTILE)] {
        let client_name = client.to_owned();
        s.add(
            name,
            Continue { shell: s.signed_in(), flow: "fl0w".to_owned(), client_name, account: own_card() }.render(),
        );
    }
    s.add(
        "switch-user",
        SwitchUser {
            shell: s.signed_in(),
            flow: "fl0w".to_owned(),
            current: own_card(),
            other: AccountCard {
                address: "grace@example.org".to_owned(),
                initial: "G".to_owned(),
                name: Some("Grace Hopper".to_owned()),
            },
        }
        .render(),
    );
}

fn codes(s: &mut Samples) {
    let code = Code {
        shell: s.out(),
        flow: "fl0w".to_owned(),
        address_shown: "ada@example.org".to_owned(),
        purpose: CodePurpose::SignIn,
        resent: false,
        attempts_left: Some(5),
        error: None,
    };
    let external = CodePurpose::External { provider: "Example B".to_owned() };
    s.add("code", code.render());
    s.add("code-external", Code { purpose: external, resent: true, ..code.clone() }.render());
    s.add(
        "code-wrong",
        Code {
            purpose: CodePurpose::SignUp,
            attempts_left: Some(1),
            error: Some(s.error("wrong_code").at(Field::Code)),
            ..code.clone()
        }
        .render(),
    );
    s.add(
        "code-used-up",
        Code {
            purpose: CodePurpose::Confirm,
            attempts_left: Some(2),
            error: Some(s.error("code_attempts_used_up")),
            address_shown: format!("{}@example.org", "a".repeat(64)),
            ..code
        }
        .render(),
    );
}

pub fn external() -> ExternalCard {
    ExternalCard {
        provider: "Google".to_owned(),
        mark: Mark::Google,
        address: Some("ada@example.org".to_owned()),
        name: Some("Ada Lovelace".to_owned()),
        id_tail: "4f81c2".to_owned(),
        address_confirmed: true,
    }
}

fn own_card() -> AccountCard {
    AccountCard {
        address: "ada@example.org".to_owned(),
        initial: "A".to_owned(),
        name: Some("Ada Lovelace".to_owned()),
    }
}

fn proof(kind: ProofKind, primary: bool) -> ProofMethod {
    ProofMethod { kind, primary }
}

fn by_github(primary: bool) -> ProofMethod {
    let kind = ProofKind::Provider { id: "github".to_owned(), name: "GitHub".to_owned(), mark: Mark::Github };
    proof(kind, primary)
}

pub fn conflict_page(shell: Shell) -> Conflict {
    Conflict {
        shell,
        flow: "fl0w".to_owned(),
        external: external(),
        account: AccountCard { address: "a•••@example.org".to_owned(), initial: "A".to_owned(), name: None },
        methods: vec![proof(ProofKind::Password, true), by_github(false), proof(ProofKind::Code, false)],
        can_continue_without: true,
        support_code: "match_prove".to_owned(),
        error: None,
    }
}

fn conflict(s: &mut Samples) {
    let page = conflict_page(s.out());
    s.add("conflict", page.render());
    s.add(
        "conflict-provider-first",
        Conflict {
            external: ExternalCard { address_confirmed: false, ..external() },
            methods: vec![by_github(true), proof(ProofKind::Password, false)],
            error: Some(s.error("wrong_password").at(Field::Password)),
            ..page.clone()
        }
        .render(),
    );
    s.add(
        "conflict-code-only",
        Conflict {
            methods: vec![proof(ProofKind::Code, true)],
            can_continue_without: false,
            error: Some(s.error("wrong_user_proved")),
            ..page.clone()
        }
        .render(),
    );
    s.add(
        "conflict-look-alike",
        Conflict {
            external: ExternalCard {
                name: Some("Аda Lovelace".to_owned()),
                address: Some("ada@exаmple.org".to_owned()),
                address_confirmed: false,
                ..external()
            },
            ..page.clone()
        }
        .render(),
    );
    s.add(
        "conflict-hostile",
        Conflict {
            external: ExternalCard {
                provider: HOSTILE.to_owned(),
                name: Some(format!("{HOSTILE}\u{202e}")),
                address: Some(HOSTILE.to_owned()),
                id_tail: "<b>".to_owned(),
                ..external()
            },
            account: AccountCard { address: HOSTILE.to_owned(), initial: "<".to_owned(), name: None },
            support_code: HOSTILE.to_owned(),
            ..page.clone()
        }
        .render(),
    );
    s.add(
        "conflict-bare",
        Conflict {
            external: ExternalCard {
                name: Some(RIGHT_TO_LEFT.to_owned()),
                address: None,
                provider: LONG.to_owned(),
                ..external()
            },
            methods: Vec::new(),
            ..page
        }
        .render(),
    );
}

fn linking(s: &mut Samples) {
    let lang = s.lang;
    let ways = vec![Action::new(lang, Way::SignIn, "/sign-in"), Action::new(lang, Way::StartOver, "/sign-in")];
    for (name, kind, code) in [
        ("notice-other-account", NoticeKind::OtherAccount, "same_provider_other_subject"),
        ("notice-address-taken", NoticeKind::AddressTaken, "address_belongs_to_account"),
        ("notice-returning", NoticeKind::Returning, "identity_was_removed"),
        ("notice-refused", NoticeKind::Refused, "sign_up_closed"),
    ] {
        s.add(
            name,
            Notice {
                shell: s.out(),
                kind,
                external: (kind != NoticeKind::Refused).then(external),
                sentence: texts::reason(lang, code),
                support_code: Some(code.to_owned()),
                ways_on: ways.clone(),
                flow: "fl0w".to_owned(),
                may_continue: kind == NoticeKind::AddressTaken,
                may_separate: kind != NoticeKind::OtherAccount,
            }
            .render(),
        );
    }
    let confirm = ConfirmLink {
        shell: s.signed_in(),
        flow: "fl0w".to_owned(),
        external: ExternalCard { address: Some("ada.work@example.net".to_owned()), ..external() },
        user: own_card(),
        silent: true,
    };
    s.add("confirm-link-silent", confirm.render());
    s.add("confirm-link", ConfirmLink { silent: false, ..confirm.clone() }.render());
    let again = ProviderAgain {
        shell: s.out(),
        flow: "fl0w".to_owned(),
        external: confirm.external,
        providers: vec![button("github", "GitHub", Mark::Github)],
        error: None,
    };
    s.add("provider-again", again.render());
    let start = ConnectStart {
        shell: s.signed_in(),
        connection: "github".to_owned(),
        provider: "GitHub".to_owned(),
        mark: Mark::Github,
        user: own_card(),
        error: None,
    };
    s.add("connect-start", start.render());
    s.add("connect-start-error", ConnectStart { error: Some(s.error("provider_down")), ..start }.render());
    let done = LinkedDone {
        shell: s.signed_in(),
        external: external(),
        user: own_card(),
        continue_href: "/account".to_owned(),
        undo_href: Some("/account/methods/remove?method=1".to_owned()),
    };
    s.add("linked-done", done.render());
    s.add("linked-done-final", LinkedDone { undo_href: None, ..done }.render());
}

fn errors(s: &mut Samples) {
    let lang = s.lang;
    for (status, code) in [
        (404, "not_found"),
        (503, "database_unavailable"),
        (502, "provider_down"),
        (400, "provider_cancelled"),
        (410, "flow_expired"),
        (429, "throttled"),
        (500, "internal_error"),
        (403, "user_inactive"),
    ] {
        let ways = vec![Action::new(lang, Way::TryAgain, "/sign-in"), Action::new(lang, Way::OtherSignIn, "/sign-in")];
        s.add(&format!("error-{}", code.replace('_', "-")), ErrorPage::reason(s.out(), status, code, ways).render());
    }
    s.add(
        "error-hostile",
        ErrorPage {
            title: HOSTILE.to_owned(),
            sentence: HOSTILE.to_owned(),
            help: Some("https://docs.example.org/reasons/last_method".to_owned()),
            ..ErrorPage::reason(s.out(), 400, HOSTILE, vec![Action { label: HOSTILE.to_owned(), href: "/".to_owned() }])
        }
        .render(),
    );
}

/// All mails in one language.
pub fn mails(lang: Lang) -> Vec<(String, RenderedMail)> {
    let common = || {
        vec![
            ("at", NOW.to_string()),
            ("device", device_name(lang, FIREFOX)),
            ("place", "Berlin, DE".to_owned()),
            ("proof", "password".to_owned()),
            ("provider", "Example B".to_owned()),
            ("account", "ada@example.org".to_owned()),
            ("id_tail", "4f81c2".to_owned()),
        ]
    };
    let mut all = Vec::new();
    let mut add = |name: String, kind, values: &[(&'static str, String)]| {
        let mail = Mail { lang, origin: "https://id.example.org", kind, values };
        all.push((name.clone(), mail.render().unwrap_or_else(|error| panic!("{name}: {error}"))));
    };
    let recover = ["recover", "recover_unknown"];
    let actions = ["sign_in", "sign_in_unknown", "sign_up", "sign_up_known", "connect", "prove", "step_up"];
    for action in actions.into_iter().chain(recover) {
        let mut values = common();
        values.extend([
            ("code", "418207".to_owned()),
            ("action", action.to_owned()),
            ("client", "Notes".to_owned()),
            ("minutes", "10".to_owned()),
        ]);
        add(format!("mail-code-{}", action.replace('_', "-")), MailKind::Code, &values);
    }
    for (name, kind) in [
        ("mail-linked", MailKind::Linked),
        ("mail-unlinked", MailKind::Unlinked),
        ("mail-recycled-identity", MailKind::RecycledIdentity),
        ("mail-password-set", MailKind::PasswordSet),
        ("mail-passkey-added", MailKind::PasskeyAdded),
        ("mail-passkey-removed", MailKind::PasskeyRemoved),
        ("mail-totp-added", MailKind::TotpAdded),
        ("mail-totp-removed", MailKind::TotpRemoved),
        ("mail-recovery-codes-made", MailKind::RecoveryCodesMade),
        ("mail-recovery-code-used", MailKind::RecoveryCodeUsed),
        ("mail-user-disabled", MailKind::UserDisabled),
        ("mail-moved", MailKind::Moved),
        ("mail-merged", MailKind::Merged),
        ("mail-undone", MailKind::Undone),
        ("mail-recovered", MailKind::Recovered),
    ] {
        add(name.to_owned(), kind, &common());
    }
    let mut deleted = common();
    deleted.push(("deleted", "true".to_owned()));
    add("mail-user-deleted".to_owned(), MailKind::UserDisabled, &deleted);
    for (name, kind) in [("mail-linked-undo", MailKind::Linked), ("mail-unlinked-undo", MailKind::Unlinked)] {
        let mut values = common();
        values.push(("undo", "t0ken".to_owned()));
        add(name.to_owned(), kind, &values);
    }
    let hostile = [
        ("provider", HOSTILE.to_owned()),
        ("account", "Ada\r\nBcc: x@evil.example https://evil.example".to_owned()),
        ("proof", "email_code".to_owned()),
    ];
    add("mail-linked-hostile".to_owned(), MailKind::Linked, &hostile);
    all
}
