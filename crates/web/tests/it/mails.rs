use crate::samples::{self, NOW};
use model::MailKind;
use scraper::{Html, Selector};
use web::pages::mail::Mail;
use web::texts::Lang;

fn links(html: &str) -> Vec<String> {
    let document = Html::parse_document(html);
    document
        .select(&Selector::parse("[href], [src]").unwrap())
        .map(|element| element.attr("href").or(element.attr("src")).unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn notices_have_one_button_and_code_mails_none() {
    for lang in Lang::ALL {
        for (name, mail) in samples::mails(lang) {
            if name.starts_with("mail-code") {
                assert_eq!(links(&mail.html), Vec::<String>::new(), "{name}");
                assert!(mail.text.contains("418207") && mail.html.contains("418207"), "{name}");
                assert!(!mail.subject.contains("418207"), "{name}: lock screens show subjects");
            } else {
                let to = if name.ends_with("-undo") { "undo/t0ken" } else { "account" };
                assert_eq!(links(&mail.html), [format!("https://id.example.org/{to}")], "{name}");
                assert!(mail.text.contains(&format!(": https://id.example.org/{to}\n")), "{name}");
            }
        }
    }
}

#[test]
fn both_bodies_say_what_where_when_and_by_which_proof() {
    for (name, mail) in samples::mails(Lang::En).into_iter().filter(|(name, _)| name == "mail-linked") {
        for body in [&mail.text, &mail.html] {
            for part in [
                "Example B",
                "ada@example.org",
                "4f81c2",
                "22 Nov 2026, 14:05 UTC",
                "Firefox on Linux",
                "Berlin",
                "Password",
            ] {
                assert!(body.contains(part), "{name}: {part}");
            }
        }
    }
}

#[test]
fn t47_names_in_mails_neither_act_nor_break_headers() {
    for lang in Lang::ALL {
        for (name, mail) in samples::mails(lang) {
            assert!(!mail.subject.chars().any(char::is_control), "{name}");
            for body in [&mail.subject, &mail.text, &mail.html] {
                assert!(!body.contains("evil.example") && !body.contains("<script"), "{name}");
            }
        }
    }
}

#[test]
fn a_code_mail_names_the_action() {
    let lead = |action: &str| {
        let values = [("code", "000000".to_owned()), ("action", action.to_owned()), ("at", NOW.to_string())];
        let mail = Mail { lang: Lang::En, origin: "https://id.example.org", kind: MailKind::Code, values: &values };
        mail.render().unwrap().text
    };
    let texts = ["sign_in", "sign_in_unknown", "sign_up", "sign_up_known", "connect", "prove", "step_up"].map(lead);
    let recover = ["recover", "recover_unknown"].map(lead);
    let texts: Vec<String> = texts.into_iter().chain(recover).collect();
    for (index, text) in texts.iter().enumerate() {
        assert!(texts.iter().skip(index + 1).all(|other| other != text));
    }
    assert_eq!(lead("unknown"), lead("sign_in"));
}
