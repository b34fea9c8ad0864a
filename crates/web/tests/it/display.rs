use crate::samples;
use scraper::{Html, Selector};
use web::pages::{ExternalCard, Mark, Shell, device_name, display_address, display_name};
use web::texts::Lang;

#[test]
fn t20_mixed_scripts_and_hidden_characters_ask_for_a_second_look() {
    for name in [
        "Аda Lovelace",
        "Ada Аdmin",
        "рауреаl",
        "Ada\u{202e}ecalevoL",
        "Ada\u{200b}Lovelace",
        "Ada\u{2066}x",
        "Ѕсоре",
        "Αda",
        "AdaД",
        "Zoë Яков",
        "adaᎪ",
        "Adaש",
    ] {
        let shown = display_name(name);
        assert!(shown.look_twice, "{name:?}");
        let hidden = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}');
        assert!(!shown.text.chars().any(hidden), "{name:?}");
    }
    for name in [
        "Ada Lovelace",
        "Zoë O’Neill-Müller",
        "山田 太郎",
        "山田 Taro",
        "山田Taro",
        "김Ada",
        "עדה לבלייס",
        "Иван Петров",
        "محمد",
        "ada_l-42",
    ] {
        assert_eq!(display_name(name), web::pages::DisplayName { text: name.to_owned(), look_twice: false });
    }
}

#[test]
fn t20_domains_are_shown_in_a_labels() {
    assert_eq!(display_address("ada@exаmple.org"), "ada@xn--exmple-4nf.org");
    assert_eq!(display_address("Ada@Bücher.example"), "ada@xn--bcher-kva.example");
    assert_eq!(display_address("not an address\u{202e}"), "not an address");
}

#[test]
fn t20_the_prompt_shows_sign_id_tail_and_a_label_and_never_a_name_alone() {
    let shell = Shell { lang: Lang::En, signed_in: None, csrf: "c".to_owned(), here: "/".to_owned() };
    let page = samples::conflict_page(shell);
    let prompt = |external: ExternalCard| {
        let html = web::pages::Conflict { external, ..page.clone() }.render().unwrap();
        let document = Html::parse_document(&html);
        let card = document.select(&Selector::parse("section[aria-labelledby=used]").unwrap()).next().unwrap();
        let signs = card.select(&Selector::parse("img").unwrap()).count();
        (card.text().collect::<String>(), signs)
    };
    let (text, signs) = prompt(ExternalCard {
        provider: "Google".to_owned(),
        mark: Mark::Google,
        address: Some("ada@exаmple.org".to_owned()),
        name: Some("Аda Lovelace".to_owned()),
        id_tail: "4f81c2".to_owned(),
        address_confirmed: false,
    });
    assert!(text.contains("…4f81c2") && text.contains("ada@xn--exmple-4nf.org"), "{text}");
    assert!(text.contains("mixes alphabets") && text.contains("Address not confirmed"), "{text}");
    assert_eq!(signs, 1);
    let (text, _) = prompt(samples::external());
    assert!(text.contains("…4f81c2") && !text.contains("mixes alphabets"), "{text}");
}

#[test]
fn names_are_cut_and_spaces_collapse() {
    assert_eq!(display_name(" Ada \r\n\t Lovelace ").text, "Ada Lovelace");
    assert_eq!(display_name(&"é".repeat(500)).text.chars().count(), 81);
    assert_eq!(display_name("\u{202e}\u{200b}").text, "");
}

#[test]
fn devices_are_named_in_words() {
    let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36 Edg/142.0";
    let iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) Version/26.0 Mobile Safari/604.1";
    assert_eq!(device_name(Lang::En, edge), "Edge on Windows");
    assert_eq!(device_name(Lang::De, iphone), "Safari auf iPhone");
    assert_eq!(device_name(Lang::En, "curl/8.0"), "curl");
    assert_eq!(device_name(Lang::En, "<script>"), "Unknown device");
}
