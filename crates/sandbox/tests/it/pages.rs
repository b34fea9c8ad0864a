//! What all parts hold to: loopback only, no script, nothing from elsewhere.

use crate::world::{ADA, World, listener, run};
use sandbox::provider::Person;
use sandbox::{FrontSettings, ProviderLink, front};
use scraper::{Html, Selector};
use serde_json::json;
use std::net::Ipv4Addr;
use tokio::net::TcpListener;

fn front_settings() -> FrontSettings {
    let provider = |letter: &str| ProviderLink {
        name: format!("Example {}", letter.to_uppercase()),
        origin: format!("http://provider-{letter}.localhost:7001"),
    };
    FrontSettings {
        product: "Selfsame".to_owned(),
        server_origin: "http://server.localhost:7000".to_owned(),
        application_origin: "http://notes.localhost:7003".to_owned(),
        mailbox_origin: "http://mailbox.localhost:7004".to_owned(),
        provider_a: provider("a"),
        provider_b: provider("b"),
    }
}

/// No script, no inline style, one heading, nothing but links to elsewhere, every field with a label.
fn check(text: &str) -> Html {
    let page = Html::parse_document(text);
    let select = |selector: &str| page.select(&Selector::parse(selector).unwrap()).collect::<Vec<_>>();
    assert_eq!(select("h1").len(), 1, "{text}");
    assert_eq!(select("html[lang]").len(), 1);
    assert!(select("script, style, [style], iframe, object, img").is_empty(), "{text}");
    for element in select("*") {
        assert!(element.value().attrs().all(|(name, _)| !name.starts_with("on")), "{text}");
    }
    for link in select("link[href]") {
        assert!(link.attr("href").unwrap().starts_with('/'));
    }
    for field in select("input:not([type=hidden]), select") {
        let id = field.attr("id").unwrap();
        assert_eq!(select(&format!("label[for={id}]")).len(), 1, "{id}");
    }
    page
}

#[tokio::test]
async fn the_first_page_tells_seven_stories() {
    let (listener, port) = listener().await;
    run(listener, front(front_settings()));
    let client = sandbox::loopback::client();
    let response = client.get(format!("http://localhost:{port}/")).send().await.unwrap();
    let page = check(&response.text().await.unwrap());
    assert_eq!(page.select(&Selector::parse("ol > li").unwrap()).count(), 7);
    let origins =
        ["server.localhost:7000", "notes.localhost:7003", "mailbox.localhost:7004", "provider-a", "provider-b"];
    for origin in origins {
        assert!(page.html().contains(&format!("href=\"http://{origin}")), "{origin}");
    }
    let style = client.get(format!("http://localhost:{port}/sandbox.css")).send().await.unwrap();
    assert_eq!(style.headers()["content-type"], "text/css; charset=utf-8");
}

#[tokio::test]
async fn t47_names_at_the_provider_are_text() {
    let hostile = "\"><script>alert(1)</script>";
    let world = World::start_with(|settings| {
        settings.people = vec![Person::new(hostile, hostile).mail(hostile, json!({ "<b>": hostile }))];
        settings.name = "<b>".to_owned();
    })
    .await;
    for changes in [&[][..], &[("login_hint", hostile)], &[("client_id", hostile)]] {
        check(&world.authorize(changes).await.text().await.unwrap());
    }
    check(&world.get("/").await.text().await.unwrap());
}

#[tokio::test]
async fn every_page_of_the_provider_is_in_order() {
    let world = World::start().await;
    let page = check(&world.authorize(&[("login_hint", "grace@example.test")]).await.text().await.unwrap());
    let first = page.select(&Selector::parse("button[name=sub]").unwrap()).next().unwrap();
    assert_ne!(first.attr("value"), Some(ADA), "the hinted person comes first");
    assert!(page.html().contains("no e-mail address"));
}

#[tokio::test]
async fn only_names_of_this_machine_are_answered() {
    let (listener, port) = listener().await;
    run(listener, front(front_settings()));
    let client = sandbox::loopback::client();
    for (host, status) in [
        ("evil.example", 421),
        ("evil.example:80", 421),
        ("localhost.evil.example", 421),
        ("a.localhost:1", 200),
        ("[::1]:1", 200),
    ] {
        let request = client.get(format!("http://127.0.0.1:{port}/")).header("host", host);
        assert_eq!(request.send().await.unwrap().status(), status, "{host}");
    }
    assert!(client.get("http://server.example/").send().await.is_err());
}

#[tokio::test]
async fn a_listener_for_everybody_is_refused() {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).await.unwrap();
    assert!(sandbox::serve(listener, front(front_settings())).await.is_err());
}
