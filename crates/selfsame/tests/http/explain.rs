//! `selfsame explain` on a running server: what a person of support can say, of the troubles that the demo is seeded with.

use crate::on_both_engines;
use crate::operator::{Ran, done, ran, refused};
use serde_json::{Value, json};
use std::fmt::Write as _;
use testkit::{Engine, Options, Person, World, seed};

on_both_engines!(
    the_seeded_troubles_are_told_in_sentences,
    a_link_is_told_from_its_beginning,
    an_event_is_told_with_its_proofs,
    t24_an_event_of_a_deleted_user_keeps_its_secrets,
    what_does_not_exist_is_a_clear_error,
);

/// As the demo is: A is vouched for, B is not, mailbox codes do not sign in; Ada has a password and A.
async fn as_in_the_demo(engine: Engine) -> World {
    let world = World::with(Options::on(engine)).await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", "ada@example.test").await;
    world.connect(&mut ada, "a", "a-ada").await;
    world
}

fn arguments(which: &str, person: &Person) -> Vec<String> {
    let mut arguments = vec!["explain".to_owned(), "sign-in".to_owned(), "--connection".to_owned(), which.to_owned()];
    arguments.extend(["--subject".to_owned(), person.sub.clone()]);
    if let Some(email) = &person.email {
        arguments.extend(["--email".to_owned(), email.clone()]);
        // Whatever is not the JSON boolean `true` is not verified (T02).
        arguments.extend(["--email-verified".to_owned(), (person.email_verified == json!(true)).to_string()]);
    }
    arguments
}

/// The person's first lines and what would change them; ids and dates are of the moment.
fn told(ran: &Ran) -> String {
    assert_eq!(ran.code, 0, "{} {}", ran.out, ran.err);
    ran.out.split("\n\nFor reference").next().unwrap().to_owned()
}

async fn the_seeded_troubles_are_told_in_sentences(engine: Engine) {
    let world = as_in_the_demo(engine).await;
    let mut text = String::new();
    for (which, people) in [("a", seed::people_a()), ("b", seed::people_b())] {
        for person in people {
            let arguments = arguments(which, &person);
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            writeln!(text, "## {} at {which}\n{}\n", person.name, told(&ran(&world, &arguments).await)).unwrap();
        }
    }
    insta::assert_snapshot!("seeded_troubles", text);

    // And a code to the mailbox, as a person of support would ask next.
    let mallory = ["explain", "sign-in", "--connection", "b", "--subject", "x", "--email", "ada@example.test"];
    let answer = done(&world, &[&mallory[..], &["--email-code-entered"]].concat()).await;
    assert_eq!(answer["reference"]["reason"], "proof_needed", "{answer}");
    let without = done(&world, &mallory).await;
    assert_eq!(
        (&without["reference"]["reason"], &without["reference"]["row"]),
        (&json!("mailbox_unproven"), &json!(13))
    );
    let promised = |answer: &Value| {
        let all = answer["what_if"].as_array().unwrap().clone();
        all.into_iter().find(|other| other["if"].as_str().unwrap().starts_with("the code that goes to")).unwrap()
    };
    assert_eq!(promised(&without)["then"], answer["said"][1], "what it says would happen is what happens");
    // The same identity really comes: the server does what the explanation said.
    let mut browser = world.browser();
    let page = world.provider_sign_in(&mut browser, "b", "b-mallory").await;
    assert!(page.has_form("/sign-in/code"), "{}", page.body);
}

async fn a_link_is_told_from_its_beginning(engine: Engine) {
    let world = as_in_the_demo(engine).await;
    let link = world.link_of("ada@example.test", "a").await.to_string();
    let living = done(&world, &["explain", "link", &link]).await;
    let said = |answer: &Value| {
        let lines: Vec<&str> = answer["said"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        lines.join("\n")
    };
    let text = said(&living);
    for part in [
        "The identity a-ada of Example A, called Ada there, is linked to the account of Ada.",
        "The signed-in user connected this identity from their settings.",
        "a session signed in by the password",
        "the word of Example A",
        "The policy was the one of today.",
        "It works today: whoever comes with it is signed in.",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(living["events"].as_array().unwrap().len(), 1, "{living}");
    let off = living["what_if"].as_array().unwrap().iter().find(|other| other["reason"] == "connection_disabled");
    assert_eq!(off.unwrap()["if"], "Example A were switched off");

    done(&world, &["connection", "disable", "a"]).await;
    let off = said(&done(&world, &["explain", "link", &link]).await);
    assert!(off.contains("It signs nobody in today. The connection is switched off."), "{off}");
    assert!(off.contains("`selfsame connection enable`"), "{off}");
    done(&world, &["connection", "enable", "a"]).await;

    done(&world, &["link", "remove", "ada@example.test", &link]).await;
    let removed = done(&world, &["explain", "link", &link]).await;
    assert_eq!((&removed["reference"]["state"], removed["events"].as_array().unwrap().len()), (&json!("removed"), 2));
    let text = said(&removed);
    assert!(text.contains("was linked to the account of Ada and was removed on 20"), "{text}");
    assert!(text.contains("They are asked whether they want a new account"), "{text}");
    let person = ran(&world, &["explain", "link", &link]).await;
    for title in ["What counted", "What happened to it", "What would change it", "For reference", "A link was removed."]
    {
        assert!(person.out.contains(title), "{title}: {}", person.out);
    }
    assert!(person.out.contains(&link), "the ids are there, last: {}", person.out);
}

async fn event_of(world: &World, user: Option<&str>, kind: &str) -> Value {
    let arguments: Vec<&str> = ["audit", "show"].into_iter().chain(user).collect();
    let events = done(world, &arguments).await;
    let found = events.as_array().unwrap().iter().find(|event| event["kind"] == kind).cloned();
    found.unwrap_or_else(|| panic!("no {kind}: {events}"))
}

async fn an_event_is_told_with_its_proofs(engine: Engine) {
    let world = as_in_the_demo(engine).await;
    let linked = event_of(&world, Some("ada@example.test"), "linked").await;
    let answer = done(&world, &["explain", "event", linked["id"].as_str().unwrap()]).await;
    let text = answer["said"].to_string();
    for part in [
        "an identity was linked, through Example A, by the person themselves. It is about the account of Ada.",
        "Why: The signed-in user connected this identity from their settings.",
        "It rests on a session signed in by the password",
        "and on the word of Example A",
        "The address the provider gave was ada@example.test",
        "the subject at the provider was a-ada",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(answer["reference"]["page"], "docs/reasons/linked_by_owner.md");
    assert_eq!(answer["reference"]["event"], linked["id"]);
    // Of the store's own chain, by an operator.
    done(&world, &["connection", "disable", "b"]).await;
    let disabled = event_of(&world, None, "connection_disabled").await;
    let answer = done(&world, &["explain", "event", disabled["id"].as_str().unwrap()]).await;
    let text = answer["said"].to_string();
    assert!(text.contains("a connection was switched off, through Example B, by the operator "), "{text}");
}

/// The chain stays, and what was personal in it is gone for good.
async fn t24_an_event_of_a_deleted_user_keeps_its_secrets(engine: Engine) {
    let world = as_in_the_demo(engine).await;
    let linked = event_of(&world, Some("ada@example.test"), "linked").await;
    let (event, link) = (linked["id"].as_str().unwrap(), linked["link"].as_str().unwrap());
    done(&world, &["user", "delete", "ada@example.test", "--yes"]).await;
    let answer = done(&world, &["explain", "event", event]).await;
    let text = answer.to_string();
    assert!(text.contains("which was deleted") && text.contains("cannot be read any more"), "{text}");
    assert!(text.contains("the user was deleted for good, and the key with them"), "{text}");
    assert!(!text.contains("ada@example.test") && !text.contains("a-ada"), "{text}");
    assert_eq!(answer["reference"]["personal"], Value::Null);
    let answer = done(&world, &["explain", "link", link]).await;
    assert!(answer["said"].to_string().contains("It signs nobody in: the user was deleted for good."), "{answer}");
    assert!(!answer.to_string().contains("ada@example.test"), "{answer}");
}

async fn what_does_not_exist_is_a_clear_error(engine: Engine) {
    let world = as_in_the_demo(engine).await;
    let nobody = "01890000-0000-7000-8000-000000000000";
    refused(&world, &["explain", "event", nobody], "event_not_found").await;
    refused(&world, &["explain", "link", nobody], "link_not_found").await;
    let sign_in = ["explain", "sign-in", "--subject", "x", "--connection"];
    refused(&world, &[&sign_in[..], &["nothing"]].concat(), "unknown_connection").await;
    // Wrong words are the command's fault.
    for wrong in [
        &["explain", "event", "x"][..],
        &["explain", "sign-in", "--connection", "a"],
        &["explain", "sign-in", "--connection", "a", "--subject", "x", "--email-verified", "true"],
        &["explain", "sign-in", "--connection", "a", "--subject", "x", "--email", "ada"],
    ] {
        assert_eq!(ran(&world, wrong).await.code, 2, "{wrong:?}");
    }
    // A linked identity needs no address to be told.
    let linked = done(&world, &["explain", "sign-in", "--connection", "a", "--subject", "a-ada"]).await;
    assert_eq!(
        (&linked["reference"]["reason"], &linked["reference"]["outcome"]),
        (&json!("linked_identity"), &json!("signed_in"))
    );
}
