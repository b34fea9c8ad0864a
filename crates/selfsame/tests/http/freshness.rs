//! What a sealed flow holds counts no longer than the same proof would outside of it: five minutes for a provider's
//! answer, ten for a mailbox. Whoever was slow is asked once more and loses nothing.

use crate::on_both_engines;
use model::MINUTE;
use testkit::{Browser, Engine, Options, PASSWORD, Page, World};

on_both_engines!(
    t91_an_old_answer_creates_nobody,
    t91_an_old_answer_links_nothing,
    t91_another_identity_inherits_nothing,
    t91_waiting_at_the_prompt_makes_nothing_fresh,
    t91_an_old_mailbox_code_is_asked_for_again,
    t91_an_old_mailbox_code_signs_nobody_up,
    t42_a_mailed_code_is_over_after_ten_minutes,
);

const ADA: &str = "ada@example.test";
const JOAN: &str = "joan@example.test";

async fn world(engine: Engine) -> World {
    World::with(Options { policy: "email_code = true".to_owned(), ..Options::on(engine) }).await
}

/// The friendly page: nobody is signed in by it, and one button leads to the provider.
async fn again(browser: &mut Browser, page: &Page, connection: &str) -> Page {
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.h1().contains("once more"), "{}", page.body);
    let form = page.form_with("/sign-in/start-provider", ("connection", connection));
    browser.press(form, "connection", connection).await
}

async fn enter(world: &World, browser: &mut Browser, page: &Page, address: &str, seen: usize) -> Page {
    let code = world.code_after(address, seen).await;
    browser.submit(page.form("/sign-in/code").with("code", &code)).await
}

/// Up to the conflict page: Joan's provider account brings the address of Ada's account here.
async fn conflict(world: &World, browser: &mut Browser) -> Page {
    world.sign_up(&mut world.browser(), "Ada", ADA).await;
    let seen = world.mailbox.messages().len();
    let page = world.provider_sign_in(browser, "b", "b-ada").await;
    let page = enter(world, browser, &page, ADA, seen).await;
    assert!(page.has_form("/sign-in/prove"), "{}", page.body);
    page
}

async fn prove(browser: &mut Browser, page: &Page) -> Page {
    let form = page.form_with("/sign-in/prove", ("method", "password")).with("password", PASSWORD);
    browser.press(form, "method", "password").await
}

async fn t91_an_old_answer_creates_nobody(engine: Engine) {
    let world = world(engine).await;
    let mut joan = world.browser();
    let page = world.provider_sign_in(&mut joan, "b", "b-joan").await;
    world.advance(MINUTE.times(6));
    let page = enter(&world, &mut joan, &page, JOAN, 0).await;
    assert_eq!(joan.session(), None, "{}", page.body);
    assert_eq!(world.accounts().await.users.len(), 0);
    // The code was right and is not asked for again.
    let page = again(&mut joan, &page, "b").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    assert_eq!(world.mailbox.messages().len(), 1);
    assert_eq!(world.accounts().await.user(JOAN).addresses.len(), 1);
}

async fn t91_an_old_answer_links_nothing(engine: Engine) {
    let world = world(engine).await;
    let mut other = world.browser();
    let page = conflict(&world, &mut other).await;
    world.advance(MINUTE.times(6));
    let page = prove(&mut other, &page).await;
    assert_eq!(other.session(), None, "{}", page.body);
    assert_eq!(world.accounts().await.user(ADA).links.len(), 0);
    // Coming back without an answer leaves the page as it was, and the password counts.
    let page = again(&mut other, &page, "b").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    assert_eq!(world.accounts().await.user(ADA).links.len(), 1);
}

async fn t91_another_identity_inherits_nothing(engine: Engine) {
    let world = world(engine).await;
    let mut other = world.browser();
    let page = conflict(&world, &mut other).await;
    world.advance(MINUTE.times(6));
    let page = prove(&mut other, &page).await;
    other.be(&world.b, "b-joan");
    let seen = world.mailbox.messages().len();
    let page = again(&mut other, &page, "b").await;
    assert!(page.has_form("/sign-in/code"), "its own mailbox is asked: {}", page.body);
    let page = enter(&world, &mut other, &page, JOAN, seen).await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    let accounts = world.accounts().await;
    assert_eq!((accounts.user(ADA).links.len(), accounts.user(JOAN).links.len()), (0, 1));
}

/// The session is as old as what it rests on, however late the person went on.
async fn t91_waiting_at_the_prompt_makes_nothing_fresh(engine: Engine) {
    let world = world(engine).await;
    world.sign_up(&mut world.browser(), "Joan", JOAN).await;
    world.provider_sign_in(&mut world.browser(), "a", "a-linus").await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", ADA).await;
    let (mut by_provider, mut by_password) = (ada.clone(), ada);
    let asked = world.provider_sign_in(&mut by_provider, "a", "a-linus").await;
    let also_asked = world.password_sign_in(&mut by_password, JOAN, PASSWORD).await;
    world.advance(MINUTE.times(4));
    for (browser, page, name) in [(&mut by_provider, asked, "Linus"), (&mut by_password, also_asked, "Joan")] {
        browser.press(page.form("/sign-in/switch"), "choice", "switch").await;
        assert_eq!(world.who(browser).await.as_deref(), Some(name), "{}", page.body);
    }
    world.advance(MINUTE.times(2));
    for mut browser in [by_provider, by_password] {
        let page = browser.get("/account/password").await;
        assert!(page.has_form("/account/step-up"), "{}", page.body);
    }
}

async fn t91_an_old_mailbox_code_is_asked_for_again(engine: Engine) {
    let world = world(engine).await;
    let mut other = world.browser();
    let page = conflict(&world, &mut other).await;
    world.advance(MINUTE.times(11));
    let seen = world.mailbox.messages().len();
    let page = prove(&mut other, &page).await;
    assert!(page.has_form("/sign-in/code"), "{}", page.body);
    let page = enter(&world, &mut other, &page, ADA, seen).await;
    assert_eq!(world.accounts().await.user(ADA).links.len(), 0);
    let page = again(&mut other, &page, "b").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    assert_eq!(world.accounts().await.user(ADA).links.len(), 1);
}

async fn t91_an_old_mailbox_code_signs_nobody_up(engine: Engine) {
    let world = world(engine).await;
    let mut browser = world.browser();
    world.sign_up(&mut browser, "Ada", ADA).await;
    // Somebody is signed in here, so the sign-up asks before it switches.
    let page = browser.get("/sign-up").await;
    let seen = world.mailbox.messages().len();
    let form = page.form("/sign-up").with("name", "Joan").with("email", JOAN).with("password", PASSWORD);
    let page = browser.submit(form).await;
    let page = enter(&world, &mut browser, &page, JOAN, seen).await;
    assert!(page.has_form("/sign-in/switch"), "{}", page.body);
    world.advance(MINUTE.times(11));
    let seen = world.mailbox.messages().len();
    let page = browser.press(page.form("/sign-in/switch"), "choice", "switch").await;
    assert_eq!(world.accounts().await.users.len(), 1);
    let page = enter(&world, &mut browser, &page, JOAN, seen).await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    assert_eq!(world.who(&mut browser).await.as_deref(), Some("Joan"));
}

async fn t42_a_mailed_code_is_over_after_ten_minutes(engine: Engine) {
    let world = world(engine).await;
    for (minutes, works) in [(10, false), (9, true)] {
        let mut ada = world.browser();
        let page = ada.get("/sign-up").await;
        let seen = world.mailbox.messages().len();
        let form = page.form("/sign-up").with("name", "Ada").with("email", ADA).with("password", PASSWORD);
        let page = ada.submit(form).await;
        world.advance(MINUTE.times(minutes));
        let page = enter(&world, &mut ada, &page, ADA, seen).await;
        assert_eq!(ada.session().is_some(), works, "{minutes}: {}", page.body);
        assert_eq!(page.error_code().as_deref() == Some("code_expired"), !works, "{minutes}: {}", page.body);
    }
}
