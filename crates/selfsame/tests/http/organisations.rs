//! The walls of a tenant: its provider says what it likes, and nothing outside the organisation changes.

use crate::on_both_engines;
use crate::provider::{Client, error_at};
use model::OrganisationId;
use sandbox::provider::{Behaviour, Person};
use selfsame::admin::{Operation, OrganisationOperation};
use serde_json::{Value, json};
use testkit::{Accounts, Browser, Engine, ORIGIN, Options, PASSWORD, Page, World};

on_both_engines!(
    t97_a_tenants_word_about_an_address_proves_nothing,
    t97_a_tenants_subjects_are_nobody_elses,
    t97_a_tenants_word_signs_up_nobody_elses_address,
    t98_a_tenants_connection_links_to_its_members_only,
    t97_a_tenants_word_is_no_proof_outside,
    t103_a_session_through_a_tenant_stays_inside,
    t97_who_leaves_takes_no_way_in_along,
    members_meet_what_their_organisation_asks,
    a_forced_connection_alone_proves_a_member,
    each_organisation_chooses_the_way_in,
    an_organisation_s_people_have_a_page_of_their_own,
    operators_see_and_keep_members,
);

/// `b` is the hostile tenant's.
fn options(engine: Engine, organisation: &str) -> Options {
    let notes = Options::on(engine).more;
    Options {
        policy: "email_code = false".to_owned(),
        connection_b: "organisation = \"acme\"".to_owned(),
        more: format!("{notes}[[organisations]]\nid = \"acme\"\nname = \"Acme\"\n{organisation}\n"),
        ..Options::on(engine)
    }
}

const ADA: &str = "ada@example.test";
const BOB: &str = "bob@example.test";

fn acme() -> OrganisationId {
    OrganisationId::parse("acme").unwrap()
}

async fn member(world: &World, address: &str, member: bool) -> Value {
    let about =
        OrganisationOperation::Member { organisation: acme(), user: world.named(address), member, force: false };
    world.operate(Operation::Organisation(about)).await.unwrap()
}

/// Ada is nobody's and linked to `a`; Bob is a member, linked to the tenant's `b`.
async fn with(options: Options) -> World {
    let world = World::with(options).await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", ADA).await;
    let page = world.connect(&mut ada, "a", "a-ada").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    let mut bob = world.browser();
    world.sign_up(&mut bob, "Bob", BOB).await;
    assert_eq!(member(&world, BOB, true).await["changed"], true);
    world.b.put_person(Person::new("b-bob", "Bob"));
    let page = world.connect(&mut bob, "b", "b-bob").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    world.advance(model::HOUR.times(13));
    world
}

async fn world(engine: Engine) -> World {
    with(options(engine, "")).await
}

/// The tenant's provider says that this is so, whatever it is.
fn assert_at_b(world: &World, subject: &str, address: Option<&str>) {
    let person = Person::new(subject, "Whoever");
    world.b.put_person(match address {
        Some(address) => person.mail(address, json!(true)),
        None => person,
    });
}

/// As whoever the tenant says, on the tenant's page.
async fn through_b(world: &World, browser: &mut Browser, subject: &str, start: &str) -> Page {
    browser.be(&world.b, subject);
    let page = browser.get(start).await;
    let flow = page.hidden("flow").expect("a flow");
    browser.post("/sign-in/start-provider", &[("flow", &flow), ("connection", "b")]).await
}

/// What is stored of people, but for what a sign-in of their own changes.
async fn others(world: &World) -> Accounts {
    world.accounts().await
}

/// T97: with the address of somebody outside, and even of a member, the next page is the mailbox's.
async fn t97_a_tenants_word_about_an_address_proves_nothing(engine: Engine) {
    let world = world(engine).await;
    let before = others(&world).await;
    for (address, subject) in [(ADA, "b-1"), (BOB, "b-2"), ("nobody@example.test", "b-3")] {
        for start in ["/sign-in?organisation=acme", "/sign-in", "/sign-up"] {
            assert_at_b(&world, subject, Some(address));
            let mut mallory = world.browser();
            let page = through_b(&world, &mut mallory, subject, start).await;
            assert!(page.has_form("/sign-in/code"), "{address} {start}: {}", page.body);
            assert_eq!(mallory.session(), None);
            world.advance(model::HOUR);
        }
    }
    assert_eq!(others(&world).await, before);
    // Whoever reads the mailbox becomes somebody of their own: what is proven for a person outside stays hers.
    world.mails_to(ADA, 5).await;
    let mut mallory = world.browser();
    assert_at_b(&world, "b-1", Some(ADA));
    let seen = world.mailbox.messages().len();
    let page = through_b(&world, &mut mallory, "b-1", "/sign-in?organisation=acme").await;
    let code = world.code_after(ADA, seen).await;
    mallory.submit(page.form("/sign-in/code").with("code", &code)).await;
    assert!(mallory.session().is_some());
    let after = others(&world).await;
    assert_eq!(after.user(ADA), before.user(ADA));
    assert_eq!(after.user(BOB), before.user(BOB));
    assert_eq!(after.users.len(), before.users.len() + 1);
}

/// T97, T103: a subject means something at the tenant's own provider only.
async fn t97_a_tenants_subjects_are_nobody_elses(engine: Engine) {
    let world = world(engine).await;
    let before = others(&world).await;
    // The very subject that Ada has at the other provider.
    assert_at_b(&world, "a-ada", None);
    let mut mallory = world.browser();
    through_b(&world, &mut mallory, "a-ada", "/sign-in?organisation=acme").await;
    assert_ne!(world.who(&mut mallory).await.as_deref(), Some("Ada"));
    let after = others(&world).await;
    assert_eq!((after.user(ADA), after.user(BOB)), (before.user(ADA), before.user(BOB)));
    // An answer that belongs to the other connection is taken at neither address.
    let mut eve = world.browser();
    let page = eve.get("/sign-in").await;
    let flow = page.hidden("flow").unwrap();
    eve.be(&world.a, "a-ada");
    let page = eve.post_once("/sign-in/start-provider", &[("flow", &flow), ("connection", "a")]).await;
    let back = world.back_from_provider(&mut eve, page).await;
    eve.get(&back.as_str().replace("/callback/a", "/callback/b")).await;
    assert_eq!(eve.session(), None);
    world.b.script([Behaviour::WrongIssuerInToken]);
    let mut eve = world.browser();
    let page = through_b(&world, &mut eve, "b-bob", "/sign-in").await;
    assert_eq!((page.error_code().as_deref(), eve.session()), (Some("provider_answer_invalid"), None));
}

/// T97: what the tenant's provider says reserves no address: its owner signs up later as if nothing had been.
async fn t97_a_tenants_word_signs_up_nobody_elses_address(engine: Engine) {
    let world = world(engine).await;
    for address in ["grace@example.test", "Grace@Example.Test"] {
        assert_at_b(&world, "b-grace", Some(address));
        let mut mallory = world.browser();
        let page = through_b(&world, &mut mallory, "b-grace", "/sign-up").await;
        assert!(page.has_form("/sign-in/code"), "{}", page.body);
        // No other mailbox of hers gives it to her either.
        let form = page.form("/sign-in/code").with("code", "000000");
        mallory.submit(form).await;
        assert_eq!(mallory.session(), None);
    }
    world.mails_to("grace@example.test", 2).await;
    world.advance(model::HOUR.times(13));
    let mut grace = world.browser();
    let page = world.sign_up(&mut grace, "Grace", "grace@example.test").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    assert!(world.accounts().await.user("grace@example.test").links.is_empty());
}

/// T98: not from settings either, by page or API.
async fn t98_a_tenants_connection_links_to_its_members_only(engine: Engine) {
    let world = world(engine).await;
    let mut ada = world.browser();
    world.password_sign_in(&mut ada, ADA, PASSWORD).await;
    let before = others(&world).await;
    let page = ada.get("/account").await;
    assert!(!page.all_text().contains("Example B"), "{}", page.all_text());
    ada.be(&world.b, "b-free");
    assert_at_b(&world, "b-free", None);
    let call = ada.api("POST", "/api/v1/flows", Some(json!({ "kind": "link", "connection": "b" })), Some(ORIGIN)).await;
    if let Some(flow) = call.json["id"].as_str() {
        let away = json!({ "action": "provider", "connection": "b" });
        let away = ada.api("POST", &format!("/api/v1/flows/{flow}"), Some(away), Some(ORIGIN)).await;
        let mut page = ada.get(away.json["url"].as_str().unwrap()).await;
        if page.has_form("/sign-in/confirm-link") {
            page = ada.press(page.form("/sign-in/confirm-link"), "choice", "connect").await;
        }
        assert_eq!(
            page.error_code().unwrap_or_default().split(' ').next(),
            Some("outside_organisation"),
            "{}",
            page.body
        );
    }
    assert_eq!(others(&world).await, before);
    // A link of a member that somebody outside comes with is a link of that member.
    ada.be(&world.b, "b-bob");
    let call = ada.api("POST", "/api/v1/flows", Some(json!({ "kind": "link", "connection": "b" })), Some(ORIGIN)).await;
    if let Some(flow) = call.json["id"].as_str() {
        let away = json!({ "action": "provider", "connection": "b" });
        let away = ada.api("POST", &format!("/api/v1/flows/{flow}"), Some(away), Some(ORIGIN)).await;
        let page = ada.get(away.json["url"].as_str().unwrap()).await;
        if page.has_form("/sign-in/confirm-link") {
            ada.press(page.form("/sign-in/confirm-link"), "choice", "connect").await;
        }
    }
    let after = others(&world).await;
    assert_eq!((after.user(ADA).links.len(), after.user(BOB)), (1, before.user(BOB)));
}

/// T97: a conflict elsewhere and a step-up take a method of the person's own, whoever the tenant says they are.
async fn t97_a_tenants_word_is_no_proof_outside(engine: Engine) {
    let world = world(engine).await;
    // Mallory has Bob's address at a provider that is vouched for.
    world.a.put_person(Person::new("a-evil", "Mallory").mail(BOB, json!(true)));
    let before = others(&world).await;
    let mut mallory = world.browser();
    mallory.be(&world.a, "a-evil");
    mallory.be(&world.b, "b-bob");
    let page = mallory.get("/sign-in").await;
    let page = mallory.press(page.form("/sign-in/start-provider"), "connection", "a").await;
    assert!(page.has_form("/sign-in/prove"), "{}", page.body);
    let offered: Vec<String> = page
        .forms()
        .into_iter()
        .flat_map(|form| form.buttons)
        .map(|(name, value, _)| format!("{name}={value}"))
        .collect();
    assert!(offered.contains(&"method=password".to_owned()), "{offered:?}");
    assert!(!offered.iter().any(|button| button.contains("connection=b")), "{offered:?}");
    let flow = page.hidden("flow").unwrap();
    mallory.post("/sign-in/prove", &[("flow", &flow), ("connection", "b")]).await;
    assert_eq!((mallory.session(), others(&world).await), (None, before));
    // Bob himself, through the tenant: to change his account he shows a method of his own.
    let mut bob = world.browser();
    through_b(&world, &mut bob, "b-bob", "/sign-in?organisation=acme").await;
    assert_eq!(world.who(&mut bob).await.as_deref(), Some("Bob"));
    let call = bob.api("POST", "/api/v1/flows", Some(json!({ "kind": "step_up" })), Some(ORIGIN)).await;
    let kinds: Vec<&str> =
        call.json["methods"].as_array().unwrap().iter().filter_map(|one| one["kind"].as_str()).collect();
    assert_eq!(kinds, ["password"], "{call:?}");
    let path = format!("/api/v1/flows/{}", call.json["id"].as_str().unwrap());
    let act = json!({ "action": "provider", "connection": "b" });
    let call = bob.api("POST", &path, Some(act), Some(ORIGIN)).await;
    assert_eq!(call.status, 400, "{call:?}");
}

/// T103: no client outside is let in, nothing about the account changes, and an application's session is no wider.
async fn t103_a_session_through_a_tenant_stays_inside(engine: Engine) {
    let mut options = options(engine, "");
    let clients = crate::provider::options(engine);
    options.more.push_str(clients.more.strip_prefix(&Options::on(engine).more).unwrap_or(&clients.more));
    let world = with(options).await;
    let mut bob = world.browser();
    let page = through_b(&world, &mut bob, "b-bob", "/sign-in?organisation=acme").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    let before = others(&world).await;
    let own = Client::new(&world, "own");
    let page = bob.get(&own.request(&[("prompt", "none")])).await;
    assert_eq!(error_at(&page), "login_required", "{}", page.body);
    let link = world.link_of(BOB, "b").await;
    let call = bob.api("DELETE", &format!("/api/v1/account/methods/{link}"), None, Some(ORIGIN)).await;
    assert_eq!(call.status, 403, "{call:?}");
    let page = bob.get("/account/password").await;
    assert!(!page.has_form("/account/password"), "{}", page.body);
    assert_eq!(others(&world).await, before);
    // No application is the tenant's: none takes the session over.
    let code = world.handover_code(&mut bob).await;
    let call = world.redeem(&code).await;
    assert!(call.status.is_client_error() && call.json["token"].is_null(), "{call:?}");
}

/// T97: whoever is a member no more has lost the tenant's ways, and the tenant has lost them.
async fn t97_who_leaves_takes_no_way_in_along(engine: Engine) {
    let world = world(engine).await;
    let mut bob = world.browser();
    through_b(&world, &mut bob, "b-bob", "/sign-in?organisation=acme").await;
    assert_eq!(world.who(&mut bob).await.as_deref(), Some("Bob"));
    let mut own = world.browser();
    world.password_sign_in(&mut own, BOB, PASSWORD).await;
    assert_eq!(member(&world, BOB, false).await["changed"], true);
    assert_eq!(world.who(&mut bob).await, None, "what rested on the tenant's word has ended");
    assert_eq!(world.who(&mut own).await.as_deref(), Some("Bob"), "what is his own has not");
    let mut mallory = world.browser();
    through_b(&world, &mut mallory, "b-bob", "/sign-in?organisation=acme").await;
    assert_ne!(world.who(&mut mallory).await.as_deref(), Some("Bob"));
    assert_eq!(member(&world, BOB, false).await["changed"], false);
    // Back again: the link does not come back by itself.
    member(&world, BOB, true).await;
    let mut mallory = world.browser();
    through_b(&world, &mut mallory, "b-bob", "/sign-in?organisation=acme").await;
    assert_ne!(world.who(&mut mallory).await.as_deref(), Some("Bob"));
}

async fn members_meet_what_their_organisation_asks(engine: Engine) {
    let world = World::with(options(engine, "required_level = 2")).await;
    for (name, address) in [("Ada", ADA), ("Bob", BOB)] {
        world.sign_up(&mut world.browser(), name, address).await;
    }
    let mut bob = world.browser();
    world.password_sign_in(&mut bob, BOB, PASSWORD).await;
    assert!(bob.session().is_some());
    member(&world, BOB, true).await;
    let mut again = world.browser();
    world.password_sign_in(&mut again, BOB, PASSWORD).await;
    assert_eq!(again.session(), None, "a password alone is not what a member needs");
    let mut ada = world.browser();
    world.password_sign_in(&mut ada, ADA, PASSWORD).await;
    assert!(ada.session().is_some(), "nobody else is asked for more");
}

/// Row 9, and `link_on_match`: what an organisation asks for goes before what a connection would do.
async fn a_forced_connection_alone_proves_a_member(engine: Engine) {
    let matched = |world: &World| {
        world.a.put_person(Person::new("a-bob", "Bob").mail(BOB, json!(true)));
        let mut bob = world.browser();
        bob.be(&world.a, "a-bob");
        bob.be(&world.b, "b-bob");
        bob
    };
    let forced = with(options(engine, "forced_connection = \"b\"")).await;
    let mut bob = matched(&forced);
    let page = bob.get("/sign-in").await;
    let page = bob.press(page.form("/sign-in/start-provider"), "connection", "a").await;
    let offered: Vec<String> = page
        .forms()
        .into_iter()
        .filter(|form| form.action.path() == "/sign-in/prove")
        .flat_map(|form| form.buttons)
        .map(|(name, value, _)| format!("{name}={value}"))
        .collect();
    assert_eq!(offered, ["connection=b"], "{}", page.body);
    let off = with(options(engine, "link_on_match = \"off\"")).await;
    let mut bob = matched(&off);
    let page = bob.get("/sign-in").await;
    let page = bob.press(page.form("/sign-in/start-provider"), "connection", "a").await;
    assert!(!page.has_form("/sign-in/prove") && page.has("h1"), "{}", page.body);
    assert_eq!(bob.session(), None);
}

async fn each_organisation_chooses_the_way_in(engine: Engine) {
    let world = with(options(engine, "method_selection = \"force_linked\"")).await;
    // Before it is known who it is, the general page asks everybody the same.
    for (address, whose) in [(BOB, "Bob"), (ADA, "Ada")] {
        let mut browser = world.browser();
        let page = world.password_sign_in(&mut browser, address, PASSWORD).await;
        if whose == "Ada" {
            assert_eq!(page.path(), "/account", "{}", page.body);
            continue;
        }
        assert_eq!(browser.session(), None, "{}", page.body);
        let form = page.form("/sign-in/start-provider");
        assert_eq!(form.buttons.iter().map(|(_, value, _)| value.as_str()).collect::<Vec<_>>(), ["b"]);
        browser.be(&world.b, "b-bob");
        browser.press(form, "connection", "b").await;
        assert_eq!(world.who(&mut browser).await.as_deref(), Some("Bob"));
    }
    // On its own page the address leads on at once, whoever has it.
    for address in [BOB, ADA, "nobody@example.test"] {
        let mut browser = world.browser();
        let page = browser.get("/sign-in?organisation=acme").await;
        let flow = page.hidden("flow").unwrap();
        let page = browser.post_once("/sign-in/email", &[("flow", &flow), ("email", address)]).await;
        let to = page.headers["location"].to_str().unwrap();
        let to_provider = to.starts_with(world.a.issuer()) || to.starts_with(world.b.issuer());
        assert!(to_provider, "{address}: {to}");
        assert!(address != BOB || to.starts_with(world.b.issuer()), "{to}");
    }

    let world = with(options(engine, "method_selection = \"prefer_linked\"")).await;
    let mut bob = world.browser();
    through_b(&world, &mut bob, "b-bob", "/sign-in?organisation=acme").await;
    world.sign_out(&mut bob).await;
    let page = bob.get("/sign-in").await;
    assert!(page.has_form("/sign-in/email"), "the policy of all is another: {}", page.body);
    let page = bob.get("/sign-in?organisation=acme").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    assert_eq!(world.who(&mut bob).await.as_deref(), Some("Bob"));
}

async fn an_organisation_s_people_have_a_page_of_their_own(engine: Engine) {
    let world = world(engine).await;
    let ways = |page: &Page| -> Vec<String> {
        page.form("/sign-in/start-provider").buttons.into_iter().map(|(_, value, _)| value).collect()
    };
    let mut browser = world.browser();
    assert_eq!(ways(&browser.get("/sign-in").await), ["a"], "a tenant shows nowhere else");
    assert_eq!(ways(&browser.get("/sign-up").await), ["a"]);
    assert_eq!(ways(&browser.get("/sign-in?organisation=acme").await), ["a", "b"]);
    for unknown in ["bravo", "a%20b", ""] {
        assert_eq!(browser.get(&format!("/sign-in?organisation={unknown}")).await.status, 400, "{unknown}");
    }
    let start = |organisation: &str| Some(json!({ "kind": "sign_in", "organisation": organisation }));
    let call = browser.api("POST", "/api/v1/flows", start("acme"), Some(ORIGIN)).await;
    assert_eq!(call.json["providers"].as_array().unwrap().len(), 2, "{call:?}");
    assert_eq!(browser.api("POST", "/api/v1/flows", start("bravo"), Some(ORIGIN)).await.status, 400);
}

async fn operators_see_and_keep_members(engine: Engine) {
    let world = world(engine).await;
    let about = |about| world.operate(Operation::Organisation(about));
    let all = about(OrganisationOperation::List {}).await.unwrap();
    assert_eq!((&all[0]["id"], &all[0]["connections"]), (&json!("acme"), &json!(["b"])), "{all}");
    let members = OrganisationOperation::Members { organisation: acme(), after: None, limit: 10 };
    let members = about(members).await.unwrap();
    assert_eq!((members.as_array().unwrap().len(), &members[0]["name"]), (1, &json!("Bob")), "{members}");
    let bravo = OrganisationId::parse("bravo").unwrap();
    let unknown =
        OrganisationOperation::Member { organisation: bravo, user: world.named(BOB), member: true, force: false };
    assert_eq!(about(unknown).await.unwrap_err().code, "organisation_not_found");
    let nobody = OrganisationOperation::Member {
        organisation: acme(),
        user: world.named("nobody@example.test"),
        member: true,
        force: false,
    };
    assert_eq!(about(nobody).await.unwrap_err().code, "user_not_found");
    // Whoever came by the tenant alone has no other way in: an operator says so twice.
    assert_at_b(&world, "b-temp", None);
    let mut temp = world.browser();
    through_b(&world, &mut temp, "b-temp", "/sign-in?organisation=acme").await;
    let members = OrganisationOperation::Members { organisation: acme(), after: None, limit: 10 };
    let members = about(members).await.unwrap();
    let temp = members.as_array().unwrap().iter().find(|one| one["name"] != "Bob").unwrap();
    let remove = |force| OrganisationOperation::Member {
        organisation: acme(),
        user: temp["id"].as_str().unwrap().parse().unwrap(),
        member: false,
        force,
    };
    assert_eq!(about(remove(false)).await.unwrap_err().code, "last_method");
    assert_eq!(about(remove(true)).await.unwrap()["changed"], true);
    member(&world, BOB, false).await;
    let log = Operation::AuditShow { user: Some(world.named(BOB)), limit: 20, before: None };
    let log = world.operate(log).await.unwrap();
    let kinds: Vec<&str> = log.as_array().unwrap().iter().filter_map(|event| event["kind"].as_str()).collect();
    for kind in ["member_added", "member_removed", "unlinked"] {
        assert!(kinds.contains(&kind), "{kind}: {kinds:?}");
    }
    let added = log.as_array().unwrap().iter().find(|event| event["kind"] == "member_added").unwrap();
    assert_eq!(added["personal"]["organisation"], "acme", "{added}");
}
