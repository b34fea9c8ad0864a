//! Who is who.

use crate::on_both_engines;
use model::{DAY, HOUR, LinkState};
use selfsame::config::Config;
use serde_json::{Value, json};
use std::process::Command;
use std::time::Duration;
use testkit::{Behaviour, Engine, Message, Options, PASSWORD, Page, Person, World};

on_both_engines!(
    t01_no_policy_and_no_evidence_matches_by_address,
    t01_the_one_exception_needs_every_condition,
    t04_only_the_subject_is_the_key,
    t05_the_same_subject_elsewhere_is_somebody_else,
    t06_two_connections_do_not_share_an_issuer,
    t07_the_subject_is_the_tokens_own,
    t08_another_subject_with_the_same_address_is_another_person,
    t14_subjects_are_compared_byte_for_byte,
    t15_t18_one_mailbox_however_it_is_typed,
    t16_t17_nothing_is_folded_that_a_mail_system_tells_apart,
    t18_several_addresses_are_none,
    t19_a_name_is_no_login,
    t20_the_prompt_shows_what_cannot_be_made_up,
    t112_a_changed_profile_changes_no_user,
);

const ADA: &str = "ada@example.test";

fn with(engine: Engine, policy: &str, a: &str, b: &str) -> Options {
    Options { policy: policy.to_owned(), connection_a: a.to_owned(), connection_b: b.to_owned(), ..Options::on(engine) }
}

/// What the page is about, without the part of the support code that names the flow.
fn code_of(page: &Page) -> String {
    let code = page.error_code().unwrap_or_default();
    code.split(' ').next().unwrap_or_default().to_owned()
}

async fn t01_no_policy_and_no_evidence_matches_by_address(engine: Engine) {
    for link_on_match in ["off", "prove", "verified_email"] {
        let line = format!("link_on_match = \"{link_on_match}\"");
        let vouched = format!("{line}\nemail_evidence = \"vouched\"");
        let world = World::with(with(engine, "email_code = true", &vouched, &line)).await;
        world.sign_up(&mut world.browser(), "Ada", ADA).await;
        let before = world.accounts().await;
        let flags = [json!(true), json!(false), Value::Null, json!("true"), json!(1), json!([true]), json!({})];
        for (n, flag) in flags.iter().enumerate() {
            for which in ["a", "b"] {
                let provider = if which == "a" { &world.a } else { &world.b };
                let subject = format!("{which}-x{n}");
                provider.put_person(Person::new(&subject, "X").mail("Ada@Example.Test", flag.clone()));
                for start in ["/sign-in", "/sign-up"] {
                    let mut x = world.browser();
                    x.be(provider, &subject);
                    let page = x.get(start).await;
                    let form = page.form_with("/sign-in/start-provider", ("connection", which));
                    let page = x.press(form, "connection", which).await;
                    let case = format!("{link_on_match} {which} {flag} {start}: {}", page.body);
                    assert_eq!(page.status, 200, "{case}");
                    assert_eq!(x.session(), None, "{case}");
                    match (which, flag, link_on_match) {
                        ("a", Value::Bool(true), "off") => {
                            assert_eq!(code_of(&page), "address_belongs_to_account", "{case}");
                        }
                        ("a", Value::Bool(true), _) => assert!(page.has_form("/sign-in/prove"), "{case}"),
                        _ => assert!(page.has_form("/sign-in/code"), "{case}"),
                    }
                    world.advance(HOUR.times(13));
                }
            }
        }
        assert_eq!(world.accounts().await, before, "{link_on_match}");
    }
}

async fn t01_the_one_exception_needs_every_condition(engine: Engine) {
    let hosts = "authoritative_domains = [\"example.test\"]\nlink_on_match = \"verified_email\"";
    let world = World::with(with(engine, "email_code = true", hosts, "")).await;
    for (name, address) in [("Ada", ADA), ("Grace", "grace@example.test"), ("Eve", "eve@other.example")] {
        world.sign_up(&mut world.browser(), name, address).await;
    }
    world.a.put_person(Person::new("a-eve", "Eve").mail("eve@other.example", json!(true)));
    let before = world.accounts().await;
    // Not verified; not this provider's domain.
    for subject in ["a-mallory", "a-eve"] {
        let page = world.provider_sign_in(&mut world.browser(), "a", subject).await;
        assert!(page.has_form("/sign-in/code"), "{subject}: {}", page.body);
    }
    assert_eq!(world.accounts().await, before);
    // All of it: the mailbox alone would have signed her in.
    let mut ada = world.browser();
    let page = world.provider_sign_in(&mut ada, "a", "a-ada").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    assert_eq!(world.accounts().await.user(ADA).active_links().count(), 1);
    let told = |mail: &Message| mail.subject == "Example A was connected to your account";
    assert!(world.mailbox.wait_for(ADA, told, Duration::from_secs(10)).await.is_some(), "t125: the owner is told");
    // The mailbox was shown here too long ago.
    world.advance(DAY.times(366));
    let page = world.provider_sign_in(&mut world.browser(), "a", "a-grace").await;
    assert!(page.has_form("/sign-in/prove"), "{}", page.body);

    // A code alone would not sign anybody in; and the operator wants a proof.
    let proof = hosts.replace("verified_email", "prove");
    for (policy, line) in [("email_code = false", hosts), ("email_code = true", &*proof)] {
        let world = World::with(with(engine, policy, line, "")).await;
        world.sign_up(&mut world.browser(), "Ada", ADA).await;
        let page = world.provider_sign_in(&mut world.browser(), "a", "a-ada").await;
        assert!(page.has_form("/sign-in/prove"), "{policy} {line}: {}", page.body);
        assert_eq!(world.accounts().await.user(ADA).links.len(), 0);
    }
}

async fn t04_only_the_subject_is_the_key(engine: Engine) {
    let world = World::new(engine).await;
    let person = |sub: &str, name: &str| Person::new(sub, name).user_name(name).hosted_domain("corp.example");
    world.a.put_person(person("a-1", "ada").mail(ADA, json!(true)));
    let mut ada = world.browser();
    world.provider_sign_in(&mut ada, "a", "a-1").await;
    let first = world.accounts().await;
    // Everything but the subject is another's now.
    let renamed = Person::new("a-1", "Grace").user_name("grace").mail("grace@example.test", json!(true));
    world.a.put_person(renamed);
    let page = world.provider_sign_in(&mut world.browser(), "a", "a-1").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    let second = world.accounts().await;
    assert_eq!(second.users.len(), 1);
    assert_eq!(second.users[0].id, first.users[0].id);
    // And whoever takes the old names is somebody else.
    world.a.put_person(person("a-2", "ada"));
    let page = world.provider_sign_in(&mut world.browser(), "a", "a-2").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    let third = world.accounts().await;
    assert_eq!(third.users.len(), 2);
    assert!(third.users.contains(&second.users[0]));
}

async fn t05_the_same_subject_elsewhere_is_somebody_else(engine: Engine) {
    let world = World::new(engine).await;
    for (provider, which) in [(&world.a, "a"), (&world.b, "b")] {
        provider.put_person(Person::new("4711", &format!("Person of {which}")));
        let page = world.provider_sign_in(&mut world.browser(), which, "4711").await;
        assert_eq!(page.path(), "/account", "{}", page.body);
    }
    let accounts = world.accounts().await;
    assert_eq!(accounts.users.len(), 2);
    let issuer = |name| accounts.named(name).links[0].identity.namespace.clone();
    assert_ne!(issuer("Person of a"), issuer("Person of b"));
    // Each comes back to their own.
    let mut again = world.browser();
    world.provider_sign_in(&mut again, "b", "4711").await;
    assert_eq!(world.who(&mut again).await.as_deref(), Some("Person of b"));
}

async fn t06_two_connections_do_not_share_an_issuer(engine: Engine) {
    let world = World::new(engine).await;
    let file = world.directory.path().join("twice.toml");
    let text = std::fs::read_to_string(world.directory.path().join("selfsame.toml")).unwrap();
    let issuer = world.a.issuer();
    for twin in [issuer.to_owned(), format!("{issuer}/"), issuer.to_uppercase().replace("HTTP", "http")] {
        let more = format!("[[connections]]\nid = \"twin\"\nname = \"Twin\"\nissuer = \"{twin}\"\nclient_id = \"x\"\n");
        std::fs::write(&file, format!("{text}\n{more}")).unwrap();
        let errors = Config::load(&file, std::iter::empty()).expect_err(&twin);
        assert!(errors.iter().any(|error| error.to_string().contains("already has this issuer")), "{errors:?}");
        // The program does not start with it.
        let output = Command::new(env!("CARGO_BIN_EXE_selfsame"))
            .args(["serve", "--config"])
            .arg(&file)
            .output()
            .expect("the program runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{said}");
        assert!(said.contains("`a` already has this issuer"), "{said}");
    }
}

async fn t07_the_subject_is_the_tokens_own(engine: Engine) {
    let world = World::new(engine).await;
    for subject in ["a-grace", "a-joan"] {
        world.provider_sign_in(&mut world.browser(), "a", subject).await;
    }
    let accounts = world.accounts().await;
    let subject = |name| accounts.named(name).links[0].identity.subject.as_str().to_owned();
    assert_eq!((subject("Grace"), subject("Joan")), ("a-grace".to_owned(), "a-joan".to_owned()));
    // A token with Joan's subject is Joan, whatever else it says about the person.
    world.a.script([Behaviour::Subject("a-joan".to_owned())]);
    let mut browser = world.browser();
    world.provider_sign_in(&mut browser, "a", "a-grace").await;
    assert_eq!(world.who(&mut browser).await.as_deref(), Some("Joan"));
    // A token with a new subject is nobody who is here, although it has Grace's claims.
    world.a.script([Behaviour::Subject("a-new".to_owned()), Behaviour::NoEmail]);
    let mut browser = world.browser();
    world.provider_sign_in(&mut browser, "a", "a-grace").await;
    assert_eq!(world.accounts().await.users.len(), 3);
}

async fn t08_another_subject_with_the_same_address_is_another_person(engine: Engine) {
    let world = World::new(engine).await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", ADA).await;
    world.connect(&mut ada, "a", "a-ada").await;
    let before = world.accounts().await;
    for _ in 0..3 {
        let mut other = world.browser();
        let page = world.provider_sign_in(&mut other, "a", "a-ada-2").await;
        assert_eq!(code_of(&page), "same_provider_other_subject", "{}", page.body);
        assert!(!page.has_form("/sign-in/prove"), "no suggestion: {}", page.body);
        assert!(page.all_text().contains("…-ada-2"), "{}", page.all_text());
        assert_eq!(other.session(), None);
    }
    let after = world.accounts().await;
    let (was, is) = (before.user(ADA), after.user(ADA));
    assert_eq!((was.version, &was.links, &was.addresses), (is.version, &is.links, &is.addresses));
    assert_eq!(after.users.len(), 1);
    assert_eq!(after.sessions, before.sessions, "never a hold");
    // One notice; a later mail shows that there is no second one on its way.
    world.provider_sign_in(&mut world.browser(), "b", "b-ada").await;
    // The code of the sign-up, the notice of the link, the one of now, and the code of now.
    world.mails_to(ADA, 4).await;
    let notice = |mail: &Message| mail.subject == "Your address was used with another Example A account";
    assert_eq!(world.mailbox.messages().iter().filter(|mail| notice(mail)).count(), 1);
    // The person who has both links the second one from inside.
    let page = world.connect(&mut ada, "a", "a-ada-2").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    assert_eq!(world.accounts().await.user(ADA).active_links().count(), 2);
}

async fn t14_subjects_are_compared_byte_for_byte(engine: Engine) {
    let world = World::new(engine).await;
    let longest = "x".repeat(255);
    let distinct =
        ["Case", "case", "CASE", "case ", " case", "007", "7", "7.0", "9007199254740993", "9007199254740992"];
    for (n, subject) in distinct.into_iter().chain([&*longest]).enumerate() {
        world.a.script([Behaviour::Subject(subject.to_owned())]);
        for _ in 0..2 {
            let page = world.provider_sign_in(&mut world.browser(), "a", "a-linus").await;
            assert_eq!(page.path(), "/account", "{subject:?}: {}", page.body);
        }
        let accounts = world.accounts().await;
        assert_eq!(accounts.users.len(), n + 1, "{subject:?}");
        let links = accounts.users.iter().flat_map(|user| &user.links);
        assert_eq!(links.filter(|link| link.identity.subject.as_str() == subject).count(), 1, "{subject:?}");
    }
    let before = world.accounts().await;
    for subject in [String::new(), "x".repeat(256), "séb".to_owned(), "a\u{0}b".to_owned(), "a\nb".to_owned()] {
        world.a.script([Behaviour::Subject(subject.clone())]);
        let mut browser = world.browser();
        let page = world.provider_sign_in(&mut browser, "a", "a-linus").await;
        assert_eq!(code_of(&page), "provider_answer_invalid", "{subject:?}: {}", page.body);
        assert_eq!(browser.session(), None);
    }
    assert_eq!(world.accounts().await, before);
}

/// Types an address and asks for a code.
async fn ask_code(world: &World, browser: &mut testkit::Browser, address: &str) -> Page {
    world.advance(HOUR.times(13));
    let page = browser.get("/sign-in").await;
    let page = browser.submit(page.form("/sign-in/email").with("email", address)).await;
    if !page.has_form("/sign-in/password") {
        return page;
    }
    browser.press(page.form("/sign-in/password"), "method", "code").await
}

async fn t15_t18_one_mailbox_however_it_is_typed(engine: Engine) {
    let world = World::with(with(engine, "email_code = true", "", "")).await;
    world.sign_up(&mut world.browser(), "Ada", "Ada@Example.TEST").await;
    world.accounts().await.user(ADA);
    // Capitals and space around: the same person, and the code goes to the stored address.
    for typed in ["ADA@EXAMPLE.TEST", "  ada@Example.test\t", "Ada@example.test"] {
        let seen = world.mailbox.messages().len();
        let mut browser = world.browser();
        let page = ask_code(&world, &mut browser, typed).await;
        let page = world.enter_code(&mut browser, &page, ADA, seen).await;
        assert_eq!(page.path(), "/account", "{typed:?}: {}", page.body);
        let mail = world.mailbox.messages().pop().unwrap();
        assert_eq!(mail.to, [ADA], "t15: never to the typed address");
    }
    // What compatibility normalisation would turn into her address is no address.
    for typed in [
        "ａda@example.test",
        "ada＠example.test",
        "ada@ｅxample.test",
        "ada@example．test",
        "ﬁ@example.test",
        "ſ@example.test",
    ] {
        let page = ask_code(&world, &mut world.browser(), typed).await;
        assert_eq!((page.status.as_u16(), code_of(&page)), (422, "invalid_address".to_owned()), "{typed}");
    }
    // A look-alike is another mailbox, which is nobody's: its code opens nothing.
    let seen = world.mailbox.messages().len();
    let mut mallory = world.browser();
    let look_alike = "ada@exаmple.test";
    let page = ask_code(&world, &mut mallory, look_alike).await;
    let page = world.enter_code(&mut mallory, &page, look_alike, seen).await;
    assert_eq!(code_of(&page), "no_account_here", "{}", page.body);
    assert_eq!(mallory.session(), None);
    let mail = world.mailbox.messages().pop().unwrap();
    assert!(mail.to[0].starts_with("ada@xn--"), "{:?}", mail.to);
    assert_eq!(world.accounts().await.users.len(), 1);
}

async fn t16_t17_nothing_is_folded_that_a_mail_system_tells_apart(engine: Engine) {
    let world = World::new(engine).await;
    // Through the form, with the code for each.
    let typed = ["a.b@example.test", "ab@example.test", "a.b+c@example.test"];
    for (n, address) in typed.iter().enumerate() {
        let mut browser = world.browser();
        let page = world.sign_up(&mut browser, &format!("Typed {n}"), address).await;
        assert_eq!(page.path(), "/account", "{address}: {}", page.body);
    }
    // From a provider that may vouch for them.
    let asserted = [
        "ada@example.test",
        "ádá@example.test",
        "ada@exámple.test",
        "adı@example.test",
        "adi@example.test",
        "strasse@example.test",
        "straße@example.test",
    ];
    for (n, address) in asserted.iter().enumerate() {
        let subject = format!("a-{n}");
        world.a.put_person(Person::new(&subject, &format!("Asserted {n}")).mail(address, json!(true)));
        let page = world.provider_sign_in(&mut world.browser(), "a", &subject).await;
        assert_eq!(page.path(), "/account", "{address}: {}", page.body);
    }
    let accounts = world.accounts().await;
    assert_eq!(accounts.users.len(), typed.len() + asserted.len());
    assert!(accounts.users.iter().all(|user| user.addresses.len() == 1));
    // A domain is stored in A-labels.
    accounts.user("ada@xn--exmple-qta.test");
    // Each signs in as themselves.
    let mut browser = world.browser();
    world.password_sign_in(&mut browser, "A.B@example.test", PASSWORD).await;
    assert_eq!(world.who(&mut browser).await.as_deref(), Some("Typed 0"));
}

async fn t18_several_addresses_are_none(engine: Engine) {
    let world = World::new(engine).await;
    world.sign_up(&mut world.browser(), "Ada", ADA).await;
    let before = world.accounts().await;
    let bad = [
        "ada@example.test,mallory@evil.test",
        "ada@example.test mallory@evil.test",
        "ada@example.test;mallory@evil.test",
        "mallory@evil.test\r\nBcc: ada@example.test",
        "ada@example.test@evil.test",
        "\"ada@example.test\"@evil.test",
        "(ada@example.test)mallory@evil.test",
        "<ada@example.test>",
        "Ada <ada@example.test>",
        "ada@[127.0.0.1]",
        "ada@127.0.0.1",
        "ada@localhost",
        "ada@-example.test",
        "ada@example.test%00@evil.test",
        "ada",
        "@example.test",
        "",
    ];
    let seen = world.mailbox.messages().len();
    for (n, text) in bad.iter().enumerate() {
        let page = ask_code(&world, &mut world.browser(), text).await;
        assert_eq!(page.status, 422, "{text:?}: {}", page.body);
        assert_eq!(code_of(&page), "invalid_address", "{text:?}");
        let mut browser = world.browser();
        let page = browser.get("/sign-up").await;
        let form = page.form("/sign-up").with("name", "X").with("email", text).with("password", PASSWORD);
        let page = browser.submit(form).await;
        assert_eq!((page.status.as_u16(), code_of(&page)), (422, "invalid_address".to_owned()), "{text:?}");
        // As a claim it is text for people, never an address.
        let subject = format!("a-bad-{n}");
        world.a.put_person(Person::new(&subject, "Bad").mail(text, json!(true)));
        let page = world.provider_sign_in(&mut world.browser(), "a", &subject).await;
        assert_eq!(page.path(), "/account", "{text:?}: {}", page.body);
    }
    let after = world.accounts().await;
    assert_eq!(after.user(ADA), before.user(ADA));
    assert!(after.users.iter().filter(|user| user.name == "Bad").all(|user| user.addresses.is_empty()));
    assert_eq!(world.mailbox.messages().len(), seen, "nothing was sent anywhere");
}

async fn t19_a_name_is_no_login(engine: Engine) {
    let world = World::new(engine).await;
    // Mallory calls himself by Ada's address, here and at a provider.
    world.sign_up(&mut world.browser(), ADA, "mallory@evil.test").await;
    world.a.put_person(Person::new("a-m", ADA).user_name(ADA));
    world.provider_sign_in(&mut world.browser(), "a", "a-m").await;
    let mut mallory = world.browser();
    let page = world.password_sign_in(&mut mallory, ADA, PASSWORD).await;
    assert_eq!(code_of(&page), "wrong_password", "{}", page.body);
    // Ada finds the address free, and her password is hers.
    let other = "another tapir battery 42 staple";
    let mut ada = world.browser();
    let page = ada.get("/sign-up").await;
    let seen = world.mailbox.messages().len();
    let form = page.form("/sign-up").with("name", "Ada").with("email", ADA).with("password", other);
    let page = ada.submit(form).await;
    let page = world.enter_code(&mut ada, &page, ADA, seen).await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    world.sign_out(&mut ada).await;
    world.password_sign_in(&mut ada, ADA, other).await;
    assert_eq!(world.who(&mut ada).await.as_deref(), Some("Ada"));
}

async fn t20_the_prompt_shows_what_cannot_be_made_up(engine: Engine) {
    let world = World::new(engine).await;
    let address = "ada@bücher.example";
    world.a.put_person(Person::new("a-real", "Ada Lovelace").mail(address, json!(true)));
    world.provider_sign_in(&mut world.browser(), "a", "a-real").await;
    world.b.put_person(Person::new("b-314159265", "Аdа Lоvelace").mail(address, json!(true)));
    let page = world.sign_in_with_code(&mut world.browser(), "b", "b-314159265", "ada@xn--bcher-kva.example").await;
    assert!(page.has_form("/sign-in/prove"), "{}", page.body);
    let text = page.all_text();
    assert!(text.contains("ada@xn--bcher-kva.example"), "{text}");
    assert!(text.contains("…159265"), "{text}");
    assert!(!text.contains("bücher"), "{text}");
    assert!(page.text(".warn-text").is_some_and(|warning| warning.contains("mixes alphabets")), "{text}");
    // An address nobody has shown here says so; one that somebody we trust has seen does not alarm.
    let mut grace = world.browser();
    world.sign_up(&mut grace, "Grace", "grace@example.test").await;
    let page = world.provider_sign_in(&mut world.browser(), "a", "a-grace").await;
    assert!(page.has_form("/sign-in/prove") && page.text(".tag.warn").is_none(), "{}", page.body);
    grace.be(&world.b, "b-joan");
    let page = grace.get("/account/methods/connect?connection=b").await;
    let page = grace.press(page.form("/account/methods/connect"), "connection", "b").await;
    assert!(page.has_form("/sign-in/confirm-link"), "{}", page.body);
    assert_eq!(page.text(".tag.warn").as_deref(), Some("Address not confirmed"), "{}", page.body);
}

async fn t112_a_changed_profile_changes_no_user(engine: Engine) {
    let world = World::new(engine).await;
    world.provider_sign_in(&mut world.browser(), "a", "a-ada").await;
    let before = world.accounts().await;
    let changed = Person::new("a-ada", "Root").user_name("root").mail("root@evil.test", json!(true));
    world.a.put_person(changed);
    world.provider_sign_in(&mut world.browser(), "a", "a-ada").await;
    let after = world.accounts().await;
    let (was, is) = (&before.users[0], &after.users[0]);
    assert_eq!((&was.name, &was.addresses, was.version), (&is.name, &is.addresses, is.version));
    assert_eq!(is.links[0].state, LinkState::Active);
    // It is seen on the identity, for people to read.
    assert_eq!(is.links[0].display.name.as_deref(), Some("Root"));
    assert_eq!(is.links[0].address.as_ref().map(ToString::to_string).as_deref(), Some("root@evil.test"));
    // The new address is still anybody's who proves it.
    let mut root = world.browser();
    let page = world.sign_up(&mut root, "The real root", "root@evil.test").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
}
