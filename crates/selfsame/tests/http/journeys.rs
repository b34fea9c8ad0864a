//! The main job: one person, a password and two providers, one account.

use crate::on_both_engines;
use testkit::{Engine, PASSWORD, World};

on_both_engines!(the_whole_story, without_an_address, step_up_for_an_old_session);

async fn the_whole_story(engine: Engine) {
    let world = World::new(engine).await;
    let mut ada = world.browser();

    // Signs up with a password; nothing exists before the mailbox code.
    let page = world.sign_up(&mut ada, "Ada", "ada@example.test").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    assert_eq!(world.who(&mut ada).await.as_deref(), Some("Ada"));

    // Connects provider A.
    let page = world.connect(&mut ada, "a", "a-ada").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    assert!(page.all_text().contains("Example A"), "{}", page.all_text());

    // Signs out, and in with either.
    let page = world.sign_out(&mut ada).await;
    assert_eq!(page.path(), "/signed-out");
    assert_eq!(world.who(&mut ada).await, None);
    let page = world.provider_sign_in(&mut ada, "a", "a-ada").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    world.sign_out(&mut ada).await;
    let page = world.password_sign_in(&mut ada, "ada@example.test", PASSWORD).await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    world.sign_out(&mut ada).await;

    // Provider B brings the same address, and nobody vouches for it: first the mailbox, then the proof.
    let seen = world.mailbox.messages().len();
    let page = world.provider_sign_in(&mut ada, "b", "b-ada").await;
    assert!(page.has_form("/sign-in/code"), "{}", page.body);
    let code = world.code_after("ada@example.test", seen).await;
    let page = ada.submit(page.form("/sign-in/code").with("code", &code)).await;
    assert!(page.has_form("/sign-in/prove"), "{}", page.body);
    assert_eq!(world.who(&mut ada).await, None, "no session before the proof");
    let form = page.form_with("/sign-in/prove", ("method", "password")).with("password", PASSWORD);
    let page = ada.press(form, "method", "password").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    assert!(page.all_text().contains("Example B"), "{}", page.all_text());
    world.sign_out(&mut ada).await;
    let page = world.provider_sign_in(&mut ada, "b", "b-ada").await;
    assert_eq!(page.path(), "/account", "{}", page.body);

    // Unlinks again.
    let page = world.password_sign_in(&mut ada, "ada@example.test", PASSWORD).await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    for (which, name) in [("b", "Example B"), ("a", "Example A")] {
        let page = ada.get("/account").await;
        let href = remove_href(&page, name);
        let page = ada.get(&href).await;
        let form = page.form("/account/methods/remove");
        let page = ada.submit(form).await;
        assert_eq!(page.path(), "/account", "removing {which}: {}", page.body);
    }
    let page = world.sign_out(&mut ada).await;
    assert_eq!(page.path(), "/signed-out");
    // What was removed signs nobody in.
    let page = world.provider_sign_in(&mut ada, "a", "a-ada").await;
    assert_ne!(page.path(), "/account", "{}", page.body);
    assert_eq!(world.who(&mut ada).await, None);
}

/// The link to the removal of the method called `name`.
fn remove_href(page: &testkit::Page, name: &str) -> String {
    let document = page.document();
    let links = scraper::Selector::parse("a[href^='/account/methods/remove']").unwrap();
    document
        .select(&links)
        .find(|link| link.value().attr("aria-label").is_some_and(|label| label.contains(name)))
        .and_then(|link| link.value().attr("href").map(str::to_owned))
        .unwrap_or_else(|| panic!("nothing removes {name}:\n{}", page.body))
}

async fn without_an_address(engine: Engine) {
    let world = World::new(engine).await;
    let mut linus = world.browser();
    let page = world.provider_sign_in(&mut linus, "a", "a-linus").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
    // The only way in: removing it is refused with the reason, in the row and by force of the form.
    assert!(page.all_text().contains("only way"), "{}", page.all_text());
    assert!(!page.body.contains("/account/methods/remove?method="));
}

async fn step_up_for_an_old_session(engine: Engine) {
    let world = World::new(engine).await;
    let mut ada = world.browser();
    world.sign_up(&mut ada, "Ada", "ada@example.test").await;
    world.advance(model::MINUTE.times(6));
    ada.be(&world.a, "a-ada");
    let page = ada.get("/account/methods/connect?connection=a").await;
    let page = ada.press(page.form("/account/methods/connect"), "connection", "a").await;
    assert!(page.has_form("/account/step-up"), "{}", page.body);
    let before = ada.session();
    let form = page.form_with("/account/step-up", ("method", "password")).with("password", PASSWORD);
    let page = ada.press(form, "method", "password").await;
    assert_eq!(page.path(), "/account/methods/connect", "{}", page.body);
    assert_ne!(ada.session(), before, "t65: a new secret after the step-up");
    let page = ada.press(page.form("/account/methods/connect"), "connection", "a").await;
    let page = ada.press(page.form("/sign-in/confirm-link"), "choice", "connect").await;
    assert_eq!(page.path(), "/account", "{}", page.body);
}
