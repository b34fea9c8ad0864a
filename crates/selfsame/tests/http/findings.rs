//! What reviews found, each as the attack it was.

use crate::on_both_engines;
use testkit::{Engine, Options, PASSWORD, World};

on_both_engines!(t24_a_proof_from_before_a_password_change_is_dead, t95_guesses_at_the_same_time_cost_one_each);

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
