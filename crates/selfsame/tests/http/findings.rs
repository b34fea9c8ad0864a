//! What reviews found, each as the attack it was.

use crate::on_both_engines;
use std::net::Ipv4Addr;
use testkit::{Browser, Engine, Options, PASSWORD, Page, World};

on_both_engines!(
    t24_a_proof_from_before_a_password_change_is_dead,
    t95_guesses_at_the_same_time_cost_one_each,
    t76_t95_guesses_of_codes_are_throttled_like_passwords,
    t76_a_full_queue_costs_nobody_an_attempt,
    t111_tags_do_not_multiply_the_mails_to_one_mailbox,
);

/// The password was right, the prompt to switch is on screen, and the owner changes the password.
async fn t24_a_proof_from_before_a_password_change_is_dead(engine: Engine) {
    let world = World::new(engine).await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", "ada@example.test").await;
    let mut mallory = world.browser();
    world.sign_up(&mut mallory, "Mallory", "mallory@example.test").await;
    let prompt = world.password_sign_in(&mut mallory, "ada@example.test", PASSWORD).await;
    assert!(prompt.has_form("/sign-in/switch"), "{}", prompt.body);
    let page = ada.get("/account/password").await;
    let page = ada.submit(page.form("/account/password").with("password", "another heron lantern 77 gravel")).await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    let page = mallory.press(prompt.form("/sign-in/switch"), "choice", "switch").await;
    assert_eq!(page.error_code().unwrap_or_default().split(' ').next(), Some("ticket_outdated"), "{}", page.body);
    assert_eq!(world.who(&mut mallory).await.as_deref(), Some("Mallory"));
}

/// A guess is counted before it is compared: a flood of them is no better than five.
async fn t95_guesses_at_the_same_time_cost_one_each(engine: Engine) {
    let world = World::with(Options { policy: "email_code = true".to_owned(), ..Options::on(engine) }).await;
    let mut right_among_the_flood = 0;
    for round in 0..4 {
        let address = format!("ada{round}@example.test");
        let mut browser = world.browser();
        let page = browser.get("/sign-up").await;
        let seen = world.mailbox.messages().len();
        let form = page.form("/sign-up").with("name", "Ada").with("email", &address).with("password", PASSWORD);
        let page = browser.submit(form).await;
        let flow = page.hidden("flow").expect("a flow");
        let right = world.code_after(&address, seen).await;
        let mut flood = tokio::task::JoinSet::new();
        let mut guesses: Vec<String> = (0..40).map(|n| format!("{n:06}")).filter(|guess| *guess != right).collect();
        // In the midst of them: the last one spawned would run first.
        guesses.insert(20, right);
        for guess in guesses {
            let (mut twin, flow) = (browser.clone(), flow.clone());
            flood.spawn(async move { twin.post("/sign-in/code", &[("flow", &flow), ("code", &guess)]).await });
        }
        let pages = flood.join_all().await;
        assert!(pages.iter().all(|page| page.status.as_u16() != 500));
        right_among_the_flood += pages.iter().filter(|page| page.path() == "/account").count();
    }
    // Five of 41 are compared: all four times only when more are.
    assert!(right_among_the_flood < 4, "a flood of guesses found every code");
}

/// Asks for a code for `address` at the sign-in page.
async fn ask_code(browser: &mut Browser, address: &str) -> Page {
    let page = browser.get("/sign-in").await;
    let page = browser.submit(page.form("/sign-in/email").with("email", address)).await;
    browser.press(page.form_with("/sign-in/password", ("method", "code")), "method", "code").await
}

/// A new code brings no new guesses: they are counted for the account and the source too, whoever has the address.
async fn t76_t95_guesses_of_codes_are_throttled_like_passwords(engine: Engine) {
    let world = World::with(Options { policy: "email_code = true".to_owned(), ..Options::on(engine) }).await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", "ada@example.test").await;
    world.advance(model::HOUR.times(13));
    let mut seen_by_address = Vec::new();
    for (source, address) in [(1, "ada@example.test"), (2, "nobody@example.test")] {
        let mut browser = world.browser();
        browser.address = Ipv4Addr::new(198, 51, 100, source);
        let mut answers = Vec::new();
        let seen = world.mailbox.messages().len();
        let page = ask_code(&mut browser, address).await;
        world.code_after(address, seen).await;
        for _ in 0..5 {
            let page = browser.submit(page.form("/sign-in/code").with("code", "x")).await;
            answers.push((page.status.as_u16(), page.error_code()));
        }
        let seen = world.mailbox.messages().len();
        let page = browser.submit(page.form("/sign-in/code/resend")).await;
        let code = world.code_after(address, seen).await;
        // Not even the right one is looked at meanwhile, nor a password.
        let shut = browser.submit(page.form("/sign-in/code").with("code", &code)).await;
        answers.push((shut.status.as_u16(), shut.error_code()));
        let shut = world.password_sign_in(&mut browser, address, "wrong").await;
        answers.push((shut.status.as_u16(), shut.error_code()));
        world.advance(model::MINUTE);
        let opened = browser.submit(page.form("/sign-in/code").with("code", &code)).await;
        answers.push((opened.status.as_u16(), None));
        // Whoever reads the mailbox was no guesser.
        for attempt in 0..4 {
            let page = world.password_sign_in(&mut browser, address, "wrong").await;
            assert_eq!(
                page.error_code().as_deref(),
                Some("wrong_password"),
                "{address} {attempt}: {}",
                page.all_text()
            );
        }
        seen_by_address.push(answers);
    }
    let (known, unknown) = (&seen_by_address[0], &seen_by_address[1]);
    for answer in &known[5..7] {
        assert_eq!(*answer, (429, Some("throttled".to_owned())), "{known:?}");
    }
    assert_eq!(known[7].0, 200, "{known:?}");
    assert_eq!(unknown[..7], known[..7]);
}

/// One mailbox, many spellings, many sources: the mails to it are counted together.
async fn t111_tags_do_not_multiply_the_mails_to_one_mailbox(engine: Engine) {
    let world = World::with(Options { policy: "email_code = true".to_owned(), ..Options::on(engine) }).await;
    let mut answers = Vec::new();
    for (source, tag) in ["", "+1", "+2", "+3", "+4+5"].into_iter().enumerate() {
        let mut browser = world.browser();
        browser.address = Ipv4Addr::new(198, 51, 100, u8::try_from(source).unwrap());
        let page = ask_code(&mut browser, &format!("ada{tag}@example.test")).await;
        answers.push((page.status.as_u16(), page.error_code()));
    }
    let limited = (429, Some("mail_limit".to_owned()));
    assert_eq!(answers.iter().filter(|answer| **answer == limited).count(), 2, "{answers:?}");
    // As identities they stay apart: nothing of one is another's.
    world.advance(model::HOUR.times(13));
    world.sign_up(&mut world.browser(), "Ada", "ada+1@example.test").await;
    let accounts = world.accounts().await;
    assert_eq!(accounts.users.len(), 1);
    assert_eq!(accounts.user("ada+1@example.test").addresses.len(), 1);
    // Another mailbox has its own count.
    let page = ask_code(&mut world.browser(), "adam@example.test").await;
    assert_eq!(page.status, 200, "{}", page.body);
}

/// Turned away because too many passwords are being checked: that is not the person's failure.
async fn t76_a_full_queue_costs_nobody_an_attempt(engine: Engine) {
    let world = World::new(engine).await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", "ada@example.test").await;
    // A replica whose queue is always full.
    let surroundings = selfsame::server::Surroundings {
        names: world.names.clone(),
        clock: world.clock.clone(),
        random: std::sync::Arc::new(selfsame::os::OsRandom),
        allow_loopback: true,
        pool: selfsame::passwords::PoolSettings { queue: 0, ..Default::default() },
    };
    let store = selfsame::server::open_store(&world.config).await.unwrap();
    let busy = selfsame::server::Server::new(&world.config, store, surroundings).await.unwrap();
    let mut browser = testkit::Browser::of(busy.router.clone());
    for _ in 0..8 {
        let page = world.password_sign_in(&mut browser, "ada@example.test", PASSWORD).await;
        assert_eq!((page.status.as_u16(), page.error_code().as_deref()), (503, Some("busy")), "{}", page.body);
    }
    let page = world.password_sign_in(&mut world.browser(), "ada@example.test", PASSWORD).await;
    assert_eq!(page.path(), "/account", "{}", page.body);
}
