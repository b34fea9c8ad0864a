use crate::samples::{self, HOSTILE, Sample};
use scraper::{ElementRef, Html, Selector};
use std::collections::BTreeSet;
use web::pages::route;
use web::texts::Lang;

fn select<'a>(document: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    document.select(&Selector::parse(selector).unwrap()).collect()
}

fn each(check: impl Fn(&str, &Html)) {
    for lang in Lang::ALL {
        for Sample { name, html } in samples::all(lang) {
            assert!(html.starts_with("<!doctype html>"), "{name}");
            check(&format!("{name} ({})", lang.code()), &Html::parse_document(&html));
        }
    }
}

fn words(element: ElementRef<'_>) -> String {
    element.text().collect::<String>().trim().to_owned()
}

#[test]
fn a_page_has_language_title_one_heading_and_a_way_past_the_header() {
    each(|name, document| {
        let root = document.root_element();
        assert!(Lang::ALL.iter().any(|lang| root.attr("lang") == Some(lang.code())), "{name}");
        assert_eq!(root.attr("dir"), Some("ltr"), "{name}");
        let headings = select(document, "h1");
        assert_eq!(headings.len(), 1, "{name}");
        let title = words(select(document, "title")[0]);
        assert_eq!(title, format!("{} · Selfsame", words(headings[0])), "{name}");
        assert!(title.len() > " · Selfsame".len(), "{name}");
        let first = select(document, "body > *")[0];
        assert_eq!((first.attr("class"), first.attr("href")), (Some("skip"), Some("#main")), "{name}");
        assert_eq!(select(document, "main#main[tabindex='-1']").len(), 1, "{name}");
    });
}

#[test]
fn ids_are_unique_and_references_lead_somewhere() {
    each(|name, document| {
        let ids: Vec<&str> = select(document, "[id]").iter().filter_map(|element| element.attr("id")).collect();
        let known: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), known.len(), "{name}: {ids:?}");
        for attribute in ["aria-describedby", "aria-labelledby", "for", "form"] {
            for element in select(document, &format!("[{attribute}]")) {
                for id in element.attr(attribute).unwrap_or_default().split(' ') {
                    assert!(known.contains(id), "{name}: {attribute}={id}");
                }
            }
        }
        for anchor in select(document, "a[href^='#']") {
            assert!(known.contains(&anchor.attr("href").unwrap_or_default()[1..]), "{name}");
        }
    });
}

#[test]
fn everything_that_can_be_used_has_a_name() {
    each(|name, document| {
        for input in select(document, "input:not([type=hidden])") {
            let id = input.attr("id").unwrap_or_else(|| panic!("{name}: input without id"));
            let label = select(document, &format!("label[for='{id}']"));
            assert!(label.len() == 1 && !words(label[0]).is_empty(), "{name}: {id}");
            assert!(input.attr("autocomplete").is_some(), "{name}: {id}");
        }
        for element in select(document, "a, button, summary") {
            let named = !words(element).is_empty() || element.attr("aria-label").is_some_and(|label| !label.is_empty());
            assert!(named, "{name}: {}", element.html());
        }
        for image in select(document, "img") {
            assert!(image.attr("alt").is_some() && image.attr("width").is_some(), "{name}");
        }
        for nav in select(document, "nav") {
            assert!(nav.attr("aria-label").is_some(), "{name}");
        }
    });
}

#[test]
fn an_error_stands_in_a_summary_that_takes_focus_and_beside_its_field() {
    each(|name, document| {
        let summary = select(document, "#error-summary");
        for element in &summary {
            assert_eq!((element.attr("role"), element.attr("tabindex")), (Some("alert"), Some("-1")), "{name}");
            assert!(element.attr("autofocus").is_some(), "{name}");
        }
        assert!(select(document, "[autofocus]").len() <= 1, "{name}");
        for input in select(document, "[aria-invalid]") {
            assert_eq!(summary.len(), 1, "{name}");
            let described = input.attr("aria-describedby").unwrap_or_default();
            let own = format!("{}-error", input.attr("id").unwrap_or_default());
            assert!(described.split(' ').any(|id| id == own), "{name}: {described}");
            let link = select(document, "#error-summary a");
            assert_eq!(link[0].attr("href"), Some(format!("#{}", input.attr("id").unwrap_or_default()).as_str()));
        }
    });
}

#[test]
fn forms_post_to_a_known_route_with_their_token() {
    let routes = [
        route::START_PROVIDER,
        route::EMAIL,
        route::PASSWORD,
        route::PASSKEY,
        route::ADD_PASSKEY,
        route::SECOND_FACTOR,
        route::ADD_TOTP,
        route::REMOVE_TOTP,
        route::RECOVERY_CODES,
        route::FORGET,
        route::SIGN_UP,
        route::CODE,
        route::RESEND_CODE,
        route::PROVE,
        route::CONTINUE,
        route::CONTINUE_WITHOUT,
        route::CONFIRM_LINK,
        route::SWITCH_USER,
        route::SIGN_OUT,
        route::CONNECT,
        route::REMOVE,
        route::RELEASE,
        route::UNDO,
        route::STEP_UP,
        route::SET_PASSWORD,
        route::END_SESSION,
        route::CONSENT,
        route::LEAVE,
        route::DEVICE,
        route::DEVICE_ANSWER,
        route::WITHDRAW,
    ];
    each(|name, document| {
        for form in select(document, "form") {
            assert_eq!(form.attr("method"), Some("post"), "{name}");
            let action = form.attr("action").unwrap_or_default();
            if name.starts_with("form-post") {
                // Made for somebody else: nothing of ours goes along.
                assert!(!form.html().contains("c5rf"), "{name}");
                continue;
            }
            assert!(routes.contains(&action), "{name}: {action}");
            let token = Selector::parse("input[type=hidden][name=csrf]").unwrap();
            let tokens: Vec<_> = form.select(&token).map(|input| input.attr("value")).collect();
            assert_eq!(tokens, [Some("c5rf")], "{name}: {action}");
            let hidden = Selector::parse("input[name=flow]").unwrap();
            let carries_flow = action.starts_with("/sign-in/")
                || [route::SIGN_UP, route::STEP_UP, route::SET_PASSWORD].contains(&action);
            assert_eq!(form.select(&hidden).count(), usize::from(carries_flow), "{name}: {action}");
            let nested = Selector::parse("form").unwrap();
            assert_eq!(form.select(&nested).count(), 0, "{name}");
        }
    });
}

#[test]
fn t47_nothing_inline_and_nothing_from_elsewhere() {
    each(|name, document| {
        assert!(
            select(document, "style, [style], base, iframe, object, embed, link[rel=preload]").is_empty(),
            "{name}"
        );
        let scripts = select(document, "script");
        assert_eq!(scripts.len(), 1, "{name}");
        assert_eq!(scripts[0].attr("src"), Some(web::assets::script_path()), "{name}");
        assert!(scripts[0].text().next().is_none(), "{name}");
        for element in select(document, "*") {
            for (attribute, value) in element.value().attrs() {
                assert!(!attribute.starts_with("on"), "{name}: {attribute}");
                if matches!(attribute, "src" | "href" | "action" | "srcset" | "formaction") {
                    let local = value.starts_with('#') || (value.starts_with('/') && !value.starts_with("//"));
                    // Where the operator explains reasons: opened by a person's choice, fetched by no page.
                    let tag = element.value();
                    let followed = tag.name() == "a" && tag.attr("rel") == Some("noreferrer");
                    let explained = followed && value.starts_with("https://docs.example.org/reasons/");
                    let answer = name.starts_with("form-post") && attribute == "action";
                    // By the scheme that the application registered, which the rules of redirects have looked at.
                    let returned = name.starts_with("return-to-app") && value.starts_with("org.example.notes:/");
                    // Where the client goes on after a sign-out, as it has registered.
                    let left = name.starts_with("signed-out-going-on") && value == "https://notes.example/bye";
                    // An authenticator app on the same device, opened by a person's choice.
                    let app = name.starts_with("add-totp") && value.starts_with("otpauth://totp/");
                    assert!(local || explained || answer || returned || left || app, "{name}: {attribute}={value}");
                    let served = !value.starts_with("/assets/") || web::assets::get(value).is_some();
                    assert!(served, "{name}: {value}");
                }
            }
        }
    });
}

#[test]
fn t47_hostile_names_are_shown_and_do_nothing() {
    for lang in Lang::ALL {
        let hostile = samples::all(lang).into_iter().filter(|sample| sample.name.ends_with("hostile"));
        let mut count = 0;
        for Sample { name, html } in hostile {
            let document = Html::parse_document(&html);
            let text: String = document.root_element().text().collect();
            assert!(text.contains(HOSTILE), "{name}: shown as it is");
            assert!(select(&document, "main script, main img[src*=evil], main [onerror]").is_empty(), "{name}");
            assert!(!html.contains("<script>") && !html.contains("<img src=//"), "{name}");
            count += 1;
        }
        assert!(count >= 5);
    }
}

#[test]
fn a_method_is_removable_or_says_why_not() {
    each(|name, document| {
        for button in select(document, ".row button[disabled]") {
            let reason = button.attr("aria-describedby").unwrap_or_default();
            let reason = select(document, &format!("[id='{reason}']"));
            assert!(reason.len() == 1 && words(reason[0]).len() > 10, "{name}");
        }
    });
    let last = samples::all(Lang::En).into_iter().find(|sample| sample.name == "account-one-method").unwrap();
    assert!(last.html.contains("This is your only way in. Add another first."));
    let refused = samples::all(Lang::En).into_iter().find(|sample| sample.name == "confirm-remove-last").unwrap();
    assert!(!refused.html.contains(route::REMOVE), "no form that could only fail");
}

#[test]
fn last_used_is_part_of_the_button_and_its_name() {
    let sample = samples::all(Lang::En).into_iter().find(|sample| sample.name == "sign-in").unwrap();
    let document = Html::parse_document(&sample.html);
    let button = select(&document, "button[value=google]")[0];
    assert_eq!(words(button).split_whitespace().collect::<Vec<_>>().join(" "), "Continue with Google Last used");
    assert!(button.attr("aria-label").is_none());
}
