//! One throttle over all doors, and answers that do not tell who is here.

use crate::on_both_engines;
use serde_json::json;
use std::net::Ipv4Addr;
use testkit::{Browser, Engine, ORIGIN, Options, PASSWORD, Page, World};

on_both_engines!(
    t95_failures_add_up_over_all_doors,
    t95_a_success_of_ones_own_buys_no_more_guesses,
    t95_a_code_has_five_guesses_in_however_many_tabs,
    t95_a_known_device_waits_for_its_own_failures,
    t76_strangers_do_not_lock_the_owner_out,
    t123_answers_are_the_same_whoever_is_here,
    t123_no_account_looks_like_one_of_any_kind,
);

const ADDRESS: &str = "ada@example.test";

/// Forgets that this browser was here before, so that it counts as a stranger's.
fn strange(browser: &mut Browser) {
    browser.cookies.get_mut("id.example.test").unwrap().remove("__Host-device");
}

/// The page with the password's field for this address.
async fn password_page(browser: &mut Browser, address: &str) -> Page {
    let page = browser.get("/sign-in").await;
    browser.submit(page.form("/sign-in/email").with("email", address)).await
}

async fn guess(browser: &mut Browser, page: &Page, action: &str) -> Page {
    let form = page.form_with(action, ("method", "password")).with("password", "wrong");
    browser.press(form, "method", "password").await
}

fn seconds(headers: &axum::http::HeaderMap) -> i64 {
    headers.get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok()).unwrap_or_default()
}

async fn t95_failures_add_up_over_all_doors(engine: Engine) {
    let world = World::new(engine).await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", ADDRESS).await;
    // All doors open in one strange browser: sign-in, the conflict page, the step-up, the API.
    let step_up = ada.get("/account/step-up").await;
    strange(&mut ada);
    let mut other = world.browser();
    let seen = world.mailbox.messages().len();
    let page = world.provider_sign_in(&mut other, "b", "b-ada").await;
    let code = world.code_after(ADDRESS, seen).await;
    let conflict = other.submit(page.form("/sign-in/code").with("code", &code)).await;
    let sign_in = password_page(&mut other, ADDRESS).await;
    let begun = other.api("POST", "/api/v1/flows", Some(json!({ "kind": "sign_in" })), Some(ORIGIN)).await;
    let api = format!("/api/v1/flows/{}", begun.json["id"].as_str().unwrap());
    let named = json!({ "action": "email", "email": ADDRESS });
    other.api("POST", &api, Some(named), Some(ORIGIN)).await;
    let wrong = || Some(json!({ "action": "password", "password": "wrong" }));

    // Five failures pass without delay, wherever they are made.
    assert_eq!(guess(&mut other, &sign_in, "/sign-in/password").await.status, 422);
    assert_eq!(guess(&mut other, &conflict, "/sign-in/prove").await.status, 422);
    assert_eq!(guess(&mut ada, &step_up, "/account/step-up").await.status, 422);
    assert_eq!(other.api("POST", &api, wrong(), Some(ORIGIN)).await.status, 422);
    assert_eq!(guess(&mut other, &sign_in, "/sign-in/password").await.status, 422);
    let sixth = guess(&mut other, &sign_in, "/sign-in/password").await;
    // From then on every door is shut, and each says for how long.
    let mut waits = Vec::new();
    let mut second_tab = other.clone();
    for (browser, page, action) in [
        (&mut other, &sign_in, "/sign-in/password"),
        (&mut second_tab, &conflict, "/sign-in/prove"),
        (&mut ada, &step_up, "/account/step-up"),
    ] {
        let page = guess(browser, page, action).await;
        assert_eq!(page.status, 429, "{action} after {}: {}", sixth.status, page.body);
        assert_eq!(page.error_code().as_deref(), Some("throttled"), "{action}: {}", page.body);
        waits.push(seconds(&page.headers));
    }
    let call = other.api("POST", &api, wrong(), Some(ORIGIN)).await;
    assert_eq!((call.status.as_u16(), &call.json["error"]["code"]), (429, &json!("throttled")), "{call:?}");
    waits.push(seconds(&call.headers));
    assert!(waits.iter().all(|wait| *wait > 0 && *wait == waits[0]), "{waits:?}");
    // Not even the right password is looked at meanwhile.
    let right = Some(json!({ "action": "password", "password": PASSWORD }));
    assert_eq!(other.api("POST", &api, right.clone(), Some(ORIGIN)).await.status, 429);
    // The delay grows with each failure.
    let mut last = waits[0];
    for _ in 0..3 {
        world.advance(model::SECOND.times(last + 1));
        assert_eq!(other.api("POST", &api, wrong(), Some(ORIGIN)).await.status, 422);
        let wait = seconds(&other.api("POST", &api, wrong(), Some(ORIGIN)).await.headers);
        assert!(wait > last, "{wait} after {last}");
        last = wait;
    }
    // An address that nobody has is treated alike.
    let mut nobody = world.browser();
    nobody.address = Ipv4Addr::new(198, 51, 100, 7);
    let page = password_page(&mut nobody, "nobody@example.test").await;
    let mut statuses = Vec::new();
    for _ in 0..7 {
        statuses.push(guess(&mut nobody, &page, "/sign-in/password").await.status.as_u16());
    }
    assert_eq!(statuses[..5], [422; 5]);
    assert_eq!(statuses[6], 429);
    // After the wait the right one opens.
    world.advance(model::SECOND.times(last + 1));
    let call = other.api("POST", &api, right, Some(ORIGIN)).await;
    assert_eq!(call.json["state"], "finished", "{call:?}");
}

/// Few guesses at each of many accounts from one place, and now and then a sign-in to an account of one's own.
async fn t95_a_success_of_ones_own_buys_no_more_guesses(engine: Engine) {
    let world = World::new(engine).await;
    world.sign_up(&mut world.browser(), "Mallory", "mallory@evil.test").await;
    let place = Ipv4Addr::new(198, 51, 100, 9);
    let from_there = || {
        let mut browser = world.browser();
        browser.address = place;
        browser
    };
    let mut statuses = Vec::new();
    for round in 0..6 {
        for n in 0..10 {
            let mut browser = from_there();
            let page = password_page(&mut browser, &format!("ada{round}{n}@example.test")).await;
            statuses.push(guess(&mut browser, &page, "/sign-in/password").await.status.as_u16());
        }
        world.password_sign_in(&mut from_there(), "mallory@evil.test", PASSWORD).await;
    }
    assert_eq!(statuses[..40], [422; 40]);
    assert_eq!(statuses[59], 429, "{statuses:?}");
}

/// Guesses of one code are counted where neither a tab of before nor patience brings them back.
async fn t95_a_code_has_five_guesses_in_however_many_tabs(engine: Engine) {
    let world = World::with(Options { policy: "email_code = true".to_owned(), ..Options::on(engine) }).await;
    world.sign_up(&mut world.browser(), "Ada", ADDRESS).await;
    world.advance(model::HOUR.times(13));
    let mut browser = world.browser();
    let page = password_page(&mut browser, ADDRESS).await;
    let seen = world.mailbox.messages().len();
    let page = browser.press(page.form_with("/sign-in/password", ("method", "code")), "method", "code").await;
    let right = world.code_after(ADDRESS, seen).await;
    let wrong = if right == "000000" { "000001" } else { "000000" };
    for guess in 1..=5 {
        let answer = browser.clone().submit(page.form("/sign-in/code").with("code", wrong)).await;
        let code = if guess == 5 { "code_attempts_used_up" } else { "wrong_code" };
        assert_eq!((answer.status.as_u16(), answer.error_code().as_deref()), (422, Some(code)), "{guess}");
        world.advance(model::MINUTE);
    }
    let answer = browser.submit(page.form("/sign-in/code").with("code", &right)).await;
    assert_eq!(answer.error_code().as_deref(), Some("code_attempts_used_up"), "{}", answer.body);
    assert_eq!(browser.session(), None);
}

/// Whoever has the owner's device in their hands has few guesses too.
async fn t95_a_known_device_waits_for_its_own_failures(engine: Engine) {
    let world = World::new(engine).await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", ADDRESS).await;
    world.sign_out(&mut ada).await;
    let page = world.password_sign_in(&mut ada, ADDRESS, PASSWORD).await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    world.sign_out(&mut ada).await;
    let page = password_page(&mut ada, ADDRESS).await;
    let mut statuses = Vec::new();
    for place in 0..7u8 {
        // The device is counted, wherever it is.
        ada.address = Ipv4Addr::new(198, 51, 100, place);
        statuses.push(guess(&mut ada, &page, "/sign-in/password").await.status.as_u16());
    }
    assert_eq!((&statuses[..5], statuses[6]), (&[422; 5][..], 429));
}

async fn t76_strangers_do_not_lock_the_owner_out(engine: Engine) {
    let world = World::new(engine).await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", ADDRESS).await;
    world.sign_out(&mut ada).await;
    // Ten strangers, one of them at the owner's own address, until all strangers have to wait.
    let mut shut = false;
    for stranger in 0..12u8 {
        let mut browser = world.browser();
        if stranger > 0 {
            browser.address = Ipv4Addr::new(198, 51, 100, stranger);
        }
        let page = password_page(&mut browser, ADDRESS).await;
        for _ in 0..6 {
            shut = guess(&mut browser, &page, "/sign-in/password").await.status == 429;
        }
    }
    assert!(shut);
    let mut newcomer = world.browser();
    newcomer.address = Ipv4Addr::new(203, 0, 113, 9);
    let page = password_page(&mut newcomer, ADDRESS).await;
    assert_eq!(guess(&mut newcomer, &page, "/sign-in/password").await.status, 429, "strangers wait together");
    // The owner's browser has a budget of its own, with mistakes allowed.
    let page = password_page(&mut ada, ADDRESS).await;
    assert_eq!(guess(&mut ada, &page, "/sign-in/password").await.status, 422);
    let page = world.password_sign_in(&mut ada, ADDRESS, PASSWORD).await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    // Other methods are never shut.
    let page = world.connect(&mut ada, "a", "a-ada").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    world.provider_sign_in(&mut newcomer, "a", "a-ada").await;
    assert_eq!(world.who(&mut newcomer).await.as_deref(), Some("Ada"));
    // Being known is for one's own account alone: a stranger's device, known for his own, gets nothing here.
    let mut mallory = world.browser();
    mallory.address = Ipv4Addr::new(198, 51, 100, 3);
    world.provider_sign_in(&mut mallory, "a", "a-linus").await;
    let page = password_page(&mut mallory, ADDRESS).await;
    assert_eq!(guess(&mut mallory, &page, "/sign-in/password").await.status, 429);
}

/// One answer, with what must differ between two runs made equal.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
    reads_and_writes: (u64, u64),
}

/// Replaces ids of flows and the person's own words.
fn normalised(text: &str, flow: &str, words: &[&str]) -> String {
    let tail: String = flow.chars().rev().take(6).collect::<Vec<_>>().into_iter().rev().collect();
    let mut text = text.replace(flow, "FLOW").replace(&format!("· {tail}"), "· TAIL");
    for word in words {
        text = text.replace(word, "WORD");
    }
    text
}

/// Submits a form and follows it; the counters are those of the POST and the page it leads to.
async fn answer(
    world: &World,
    browser: &mut Browser,
    path: &str,
    fields: &[(&str, &str)],
    words: &[&str],
) -> (Answer, Page) {
    let before = world.reads_and_writes();
    let page = browser.post(path, fields).await;
    let after = world.reads_and_writes();
    let flow = page.hidden("flow").unwrap_or_default();
    let mut headers: Vec<(String, String)> = page
        .headers
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "set-cookie" | "content-length"))
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()))
        .collect();
    headers.sort();
    let body = normalised(&page.body, &flow, words);
    let reads_and_writes = (after.0 - before.0, after.1 - before.1);
    (Answer { status: page.status.as_u16(), headers, body, reads_and_writes }, page)
}

/// What somebody sees who types this address everywhere, and comes from a provider that says it is theirs.
async fn seen_by(world: &World, source: u8, address: &str, name: &str, subject: &str) -> Vec<Answer> {
    let words = [address, name, subject.rsplit('-').next().unwrap()];
    let mut browser = world.browser();
    browser.address = Ipv4Addr::new(198, 51, 100, source);
    let mut answers = Vec::new();
    let page = browser.get("/sign-in").await;
    let flow = page.hidden("flow").unwrap();
    let fields = [("flow", flow.as_str()), ("email", address)];
    answers.push(answer(world, &mut browser, "/sign-in/email", &fields, &words).await.0);
    for _ in 0..2 {
        let fields = [("flow", flow.as_str()), ("method", "password"), ("password", "wrong")];
        answers.push(answer(world, &mut browser, "/sign-in/password", &fields, &words).await.0);
    }
    let fields = [("flow", flow.as_str()), ("method", "code")];
    answers.push(answer(world, &mut browser, "/sign-in/password", &fields, &words).await.0);
    let fields = [("flow", flow.as_str()), ("code", "000000")];
    answers.push(answer(world, &mut browser, "/sign-in/code", &fields, &words).await.0);
    let page = browser.get("/sign-up").await;
    let flow = page.hidden("flow").unwrap();
    let fields = [("flow", flow.as_str()), ("name", name), ("email", address), ("password", PASSWORD)];
    answers.push(answer(world, &mut browser, "/sign-up", &fields, &words).await.0);
    // A provider that nobody vouches for.
    let back = world.until_callback(&mut browser, "b", subject).await;
    let before = world.reads_and_writes();
    let page = browser.get(back.as_str()).await;
    let after = world.reads_and_writes();
    let flow = page.hidden("flow").unwrap_or_default();
    assert!(page.has_form("/sign-in/code"), "{}", page.body);
    answers.push(Answer {
        status: page.status.as_u16(),
        headers: Vec::new(),
        body: normalised(&page.body, &flow, &words),
        reads_and_writes: (after.0 - before.0, after.1 - before.1),
    });
    answers
}

/// As [`seen_by`], and what recovery says; with the time that each answer took.
async fn seen_everywhere(world: &World, source: u8, person: &str, name: &str) -> Vec<Answer> {
    let address = format!("{person}@example.test");
    let mut answers = seen_by(world, source, &address, name, &format!("b-{person}")).await;
    let mut browser = world.browser();
    browser.address = Ipv4Addr::new(198, 51, 101, source);
    let page = browser.get("/recover").await;
    let flow = page.hidden("flow").unwrap();
    let words = [address.as_str(), name, person];
    let fields = [("flow", flow.as_str()), ("email", address.as_str())];
    answers.push(answer(world, &mut browser, "/sign-in/email", &fields, &words).await.0);
    let fields = [("flow", flow.as_str()), ("code", "000000")];
    answers.push(answer(world, &mut browser, "/sign-in/code", &fields, &words).await.0);
    answers
}

/// An account with a password, with a link beside it, with a passkey, with a second factor, with a link alone, and none at
/// all: the same answers, reads and writes on sign-in, sign-up, recovery and conflict.
async fn t123_no_account_looks_like_one_of_any_kind(engine: Engine) {
    let policy = "email_code = true".to_owned();
    let world = World::with(Options { policy, ..Options::on(engine) }).await;
    let people = ["qplain", "qlinks", "qpassk", "qtwofa", "qalone", "qnobdy"];
    for person in people {
        let mail = || {
            testkit::Person::new(&format!("b-{person}"), person).mail(&format!("{person}@example.test"), json!(true))
        };
        world.b.put_person(mail());
        world.a.put_person(testkit::Person { sub: format!("a-{person}"), ..mail() });
    }
    for person in &people[..4] {
        let mut browser = world.browser();
        world.sign_up(&mut browser, person, &format!("{person}@example.test")).await;
        match *person {
            "qlinks" => drop(world.connect(&mut browser, "a", "a-qlinks").await),
            "qpassk" => {
                crate::passkeys::add(&mut browser, &mut testkit::passkey::Authenticator::new()).await;
            }
            "qtwofa" => drop(crate::second_factor::set_up(&world, &mut browser).await),
            _ => {}
        }
    }
    let page = world.provider_sign_in(&mut world.browser(), "a", "a-qalone").await;
    assert_eq!(page.path(), "/account", "{}", page.all_text());
    let mut times: Vec<Vec<u128>> = vec![Vec::new(); people.len()];
    for round in 0..3_u8 {
        let mut seen = Vec::new();
        for (at, person) in people.iter().enumerate() {
            // Nobody waits for what was typed before.
            world.advance(model::HOUR.times(13));
            let begun = std::time::Instant::now();
            seen.push(seen_everywhere(&world, round * 10 + u8::try_from(at).unwrap(), person, person).await);
            times[at].push(begun.elapsed().as_millis());
        }
        let nobody = seen.pop().unwrap();
        for (person, seen) in people.iter().zip(&seen) {
            for (at, (known, unknown)) in seen.iter().zip(&nobody).enumerate() {
                assert_eq!(known, unknown, "answer {at} tells about {person}");
            }
        }
    }
    for (person, mut times) in people.iter().zip(times) {
        times.sort_unstable();
        println!(
            "{person}: all answers in {} ms at least, {} ms in the middle, {} ms at most",
            times[0], times[1], times[2]
        );
    }
}

async fn t123_answers_are_the_same_whoever_is_here(engine: Engine) {
    let policy = "email_code = true".to_owned();
    let world = World::with(Options { policy, ..Options::on(engine) }).await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", ADDRESS).await;
    world.advance(model::HOUR.times(13));
    let known = seen_by(&world, 1, ADDRESS, "Ada", "b-ada").await;
    let unknown = seen_by(&world, 2, "joan@example.test", "Joan", "b-joan").await;
    for (at, (known, unknown)) in known.iter().zip(&unknown).enumerate() {
        assert_eq!(known, unknown, "answer {at} tells whether the address has an account");
    }
    // The JSON API says as little. Nobody waits any more for mails of before.
    world.advance(model::HOUR.times(13));
    let mut calls = Vec::new();
    for (source, address) in [(3, ADDRESS), (4, "kate@example.test")] {
        let mut browser = world.browser();
        browser.address = Ipv4Addr::new(198, 51, 100, source);
        let begun = browser.api("POST", "/api/v1/flows", Some(json!({ "kind": "sign_in" })), Some(ORIGIN)).await;
        let id = begun.json["id"].as_str().unwrap().to_owned();
        let mut texts = Vec::new();
        for body in [
            json!({ "action": "email", "email": address }),
            json!({ "action": "password", "password": "wrong" }),
            json!({ "action": "send_code" }),
        ] {
            let before = world.reads_and_writes();
            let call = browser.api("POST", &format!("/api/v1/flows/{id}"), Some(body), Some(ORIGIN)).await;
            let after = world.reads_and_writes();
            let mut said = call.json.clone();
            if let Some(asked) = said.get_mut("passkey") {
                // Random, and about nobody.
                assert_eq!(asked["options"]["publicKey"]["allowCredentials"], json!([]));
                *asked = json!(null);
            }
            let text = normalised(&said.to_string(), &id, &[address]);
            texts.push((call.status, text, after.0 - before.0, after.1 - before.1));
        }
        calls.push(texts);
    }
    assert_eq!(calls[0], calls[1]);
}
