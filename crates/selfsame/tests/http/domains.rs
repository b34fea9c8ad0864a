//! Domains of organisations: they count while the name system shows whose they are.

use crate::on_both_engines;
use model::OrganisationId;
use sandbox::provider::{Behaviour, Person};
use selfsame::admin::{Operation, OrganisationOperation};
use serde_json::{Value, json};
use testkit::{Engine, Options, Page, World};

on_both_engines!(
    t101_a_domain_counts_once_it_shows_whose_it_is,
    t101_a_domain_that_shows_it_no_more_lapses_after_a_grace,
    t123_a_domain_leads_everybody_to_its_organisation,
    t97_an_organisation_speaks_for_its_domains_and_no_other,
);

fn options(engine: Engine) -> Options {
    let notes = Options::on(engine).more;
    let organisation = |id: &str, domain: &str| {
        format!("[[organisations]]\nid = \"{id}\"\nname = \"{id}\"\ndomains = [\"{domain}\"]\n")
    };
    Options {
        policy: "email_code = false".to_owned(),
        connection_b: "organisation = \"acme\"".to_owned(),
        more: format!("{notes}{}{}", organisation("acme", "ACME.example"), organisation("bravo", "bravo.example")),
        ..Options::on(engine)
    }
}

async fn about(world: &World, about: OrganisationOperation) -> Value {
    world.operate(Operation::Organisation(about)).await.unwrap()
}

/// What `organisation list` says of the one domain of an organisation.
async fn domain(world: &World, id: &str) -> Value {
    let all = about(world, OrganisationOperation::List {}).await;
    let found = all.as_array().unwrap().iter().find(|one| one["id"] == id).unwrap_or_else(|| panic!("{all}"));
    found["domains"][0].clone()
}

/// Publishes what shows the domain and looks it up.
async fn prove(world: &World, id: &str) {
    let line = domain(world, id).await;
    let text = line["text"].as_str().unwrap();
    world.names.set(line["record"].as_str().unwrap(), &["v=spf1 -all", text]);
    let checked = about(world, OrganisationOperation::Check { organisation: OrganisationId::parse(id) }).await;
    assert_eq!(checked[0]["proven"], true, "{checked}");
}

async fn type_address(world: &World, address: &str) -> Page {
    let mut browser = world.browser();
    let page = browser.get("/sign-in").await;
    let flow = page.hidden("flow").unwrap();
    browser.post_once("/sign-in/email", &[("flow", &flow), ("email", address)]).await
}

/// Whether typing the address leads to the organisation's provider at once.
async fn leads(world: &World, address: &str) -> bool {
    let page = type_address(world, address).await;
    page.headers["location"].to_str().unwrap().starts_with(world.b.issuer())
}

async fn t101_a_domain_counts_once_it_shows_whose_it_is(engine: Engine) {
    let world = World::with(options(engine)).await;
    let line = domain(&world, "acme").await;
    assert_eq!((&line["domain"], &line["proven"]), (&json!("acme.example"), &json!(false)), "{line}");
    assert_eq!(line["record"], "_selfsame-challenge.acme.example");
    let of_acme = line["text"].as_str().unwrap().to_owned();
    assert!(of_acme.len() > 40, "{of_acme}");
    assert!(!leads(&world, "ann@acme.example").await);
    // Nothing there, something else there, another organisation's or another domain's: none of them shows it.
    let of_bravo = domain(&world, "bravo").await["text"].as_str().unwrap().to_owned();
    assert_ne!(of_acme, of_bravo);
    let record = "_selfsame-challenge.acme.example";
    for texts in [&[][..], &["selfsame-"], &[&of_bravo], &[&of_acme[..of_acme.len() - 1]]] {
        world.names.set(record, texts);
        let checked = about(&world, OrganisationOperation::Check { organisation: None }).await;
        let acme = checked.as_array().unwrap().iter().find(|one| one["domain"] == "acme.example").unwrap();
        assert_eq!(acme["proven"], false, "{texts:?}: {acme}");
        assert!(!acme["problem"].as_str().unwrap().is_empty(), "{acme}");
        assert!(!leads(&world, "ann@acme.example").await, "{texts:?}");
    }
    prove(&world, "acme").await;
    assert!(leads(&world, "ann@acme.example").await);
    // Nothing above, below or beside it.
    for address in ["ann@mail.acme.example", "ann@example", "ann@xacme.example", "ann@acme.example.test"] {
        let page = type_address(&world, address).await;
        let to = page.headers["location"].to_str().unwrap();
        assert!(!to.starts_with(world.b.issuer()), "{address}: {to}");
    }
    // An organisation without a connection leads nowhere.
    prove(&world, "bravo").await;
    assert!(!leads(&world, "ann@bravo.example").await);
    // Another server over this database knows it from the start.
    let other = World::start(&world.config, world.clock.clone(), 2).await;
    let list = Operation::Organisation(OrganisationOperation::List {});
    let seen = other.admin.run(list, "tester").await.unwrap();
    assert_eq!(seen[0]["domains"][0]["proven"], true, "{seen}");
}

async fn t101_a_domain_that_shows_it_no_more_lapses_after_a_grace(engine: Engine) {
    let world = World::with(options(engine)).await;
    prove(&world, "acme").await;
    let check = || about(&world, OrganisationOperation::Check { organisation: OrganisationId::parse("acme") });
    // An outage, or a record that was lost, costs nobody their way in for some days.
    world.names.set_down(true);
    world.advance(model::DAY.times(2));
    let checked = check().await;
    assert_eq!((&checked[0]["proven"], &checked[0]["problem"]), (&json!(true), &json!("no name server answers")));
    assert!(leads(&world, "ann@acme.example").await);
    world.names.set_down(false);
    check().await;
    world.names.set("_selfsame-challenge.acme.example", &[]);
    world.advance(model::DAY.times(3) - model::SECOND);
    assert_eq!(check().await[0]["proven"], true, "three days from when it was seen last");
    world.advance(model::SECOND);
    assert_eq!(check().await[0]["proven"], false);
    assert!(!leads(&world, "ann@acme.example").await);
    // Nothing has to look for it to lapse, and it counts again once it shows again.
    prove(&world, "acme").await;
    world.names.set_down(true);
    world.advance(model::DAY.times(3));
    assert!(!leads(&world, "ann@acme.example").await);
}

/// T123: the domain alone decides, before anybody is looked for.
async fn t123_a_domain_leads_everybody_to_its_organisation(engine: Engine) {
    let world = World::with(options(engine)).await;
    world.sign_up(&mut world.browser(), "Ann", "ann@acme.example").await;
    prove(&world, "acme").await;
    let mut seen = Vec::new();
    for address in ["ann@acme.example", "bob@acme.example"] {
        let before = world.reads_and_writes();
        let page = type_address(&world, address).await;
        let after = world.reads_and_writes();
        let headers: Vec<(String, usize)> =
            page.headers.iter().map(|(name, value)| (name.to_string(), value.len())).collect();
        assert!(page.headers["location"].to_str().unwrap().starts_with(world.b.issuer()), "{address}");
        seen.push((page.status, headers, after.0 - before.0, after.1 - before.1));
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!((seen[0].2, seen[0].3), (1, 0));
    // Whoever comes back from there has the choice.
    world.b.script([Behaviour::ErrorAnswer("access_denied".to_owned())]);
    let mut browser = world.browser();
    let page = browser.get("/sign-in").await;
    let page = browser.submit(page.form("/sign-in/email").with("email", "ann@acme.example")).await;
    assert_eq!(page.error_code().as_deref(), Some("provider_cancelled"), "{}", page.body);
    assert!(page.has("#password") && page.has_form("/sign-in/start-provider"), "{}", page.body);
}

/// T27, T97: for a proven domain its word shows the mailbox, towards its members; for any other it shows nothing.
async fn t97_an_organisation_speaks_for_its_domains_and_no_other(engine: Engine) {
    let world = World::with(options(engine)).await;
    for (name, address) in [("Ann", "ann@acme.example"), ("Out", "out@acme.example"), ("Eve", "eve@bravo.example")] {
        world.sign_up(&mut world.browser(), name, address).await;
    }
    for address in ["ann@acme.example", "eve@bravo.example"] {
        let member = OrganisationOperation::Member {
            organisation: OrganisationId::parse("acme").unwrap(),
            user: world.named(address),
            member: true,
            force: false,
        };
        about(&world, member).await;
    }
    let asserted = async |address: &str| {
        let subject = format!("b-{}", address.len());
        world.b.put_person(Person::new(&subject, "Whoever").mail(address, json!(true)));
        let mut browser = world.browser();
        browser.be(&world.b, &subject);
        let page = browser.get("/sign-in?organisation=acme").await;
        let form = page.form_with("/sign-in/start-provider", ("connection", "b"));
        (browser.press(form, "connection", "b").await, browser.session())
    };
    world.advance(model::HOUR.times(13));
    let (page, _) = asserted("ann@acme.example").await;
    assert!(page.has_form("/sign-in/code"), "not proven yet: {}", page.body);
    prove(&world, "acme").await;
    prove(&world, "bravo").await;
    // A member's address there: the mailbox counts as shown, and the account still has to be proven.
    let (page, session) = asserted("ann@acme.example").await;
    assert!(page.has_form("/sign-in/prove") && session.is_none(), "{}", page.body);
    // The domain of another organisation, and any other domain.
    for address in ["eve@bravo.example", "someone@example.test"] {
        world.advance(model::HOUR);
        let (page, session) = asserted(address).await;
        assert!(page.has_form("/sign-in/code") && session.is_none(), "{address}: {}", page.body);
    }
    // Somebody outside has an address there: it stays theirs, and nothing else of theirs is found.
    let before = world.accounts().await;
    let (_, session) = asserted("out@acme.example").await;
    assert!(session.is_some());
    let after = world.accounts().await;
    assert_eq!(after.user("out@acme.example"), before.user("out@acme.example"));
    assert_eq!(after.users.len(), before.users.len() + 1);
}
