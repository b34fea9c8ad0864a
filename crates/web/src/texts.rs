//! Every sentence a person reads, in five languages. Code names keys; the words are in `locales/`.

use crate::pages::display_in_sentence;
use fluent_templates::{LanguageIdentifier, Loader, fluent_bundle::FluentValue, langid, static_loader};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use model::Micros;
use std::borrow::Cow;
use std::collections::HashMap;

static_loader! {
    static LOCALES = {
        locales: "./locales",
        fallback_language: "en",
        // Values are isolated by `display` where they need it; marks around every value would end up in clipboards.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

/// A language that all texts exist in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Lang {
    #[default]
    En,
    De,
    Fr,
    Es,
    Ja,
}

/// More preferences than anybody has.
const PREFERENCES_MAX: usize = 16;

impl Lang {
    pub const ALL: [Self; 5] = [Self::En, Self::De, Self::Fr, Self::Es, Self::Ja];

    /// BCP 47 tag, for the `lang` attribute.
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
            Self::Fr => "fr",
            Self::Es => "es",
            Self::Ja => "ja",
        }
    }

    /// What its speakers call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::De => "Deutsch",
            Self::Fr => "Français",
            Self::Es => "Español",
            Self::Ja => "日本語",
        }
    }

    /// Writing direction. All of ours run left to right; styles use logical properties, so that one that does not is
    /// only a translation.
    pub fn dir(self) -> &'static str {
        "ltr"
    }

    pub fn from_code(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|lang| lang.code().eq_ignore_ascii_case(primary))
    }

    /// RFC 9110 §12.5.4: the best of ours, English when there is none.
    pub fn negotiate(accept_language: Option<&str>) -> Self {
        let mut best = (0, Self::En);
        for part in accept_language.unwrap_or_default().split(',').take(PREFERENCES_MAX) {
            let mut pieces = part.split(';').map(str::trim);
            let tag = pieces.next().unwrap_or_default();
            let weight = pieces.find_map(|piece| piece.strip_prefix("q=")).map_or(1000, thousandths);
            let lang = if tag == "*" { Some(Self::En) } else { Self::from_code(tag) };
            if let Some(lang) = lang.filter(|_| weight > best.0) {
                best = (weight, lang);
            }
        }
        best.1
    }

    fn identifier(self) -> LanguageIdentifier {
        match self {
            Self::En => langid!("en"),
            Self::De => langid!("de"),
            Self::Fr => langid!("fr"),
            Self::Es => langid!("es"),
            Self::Ja => langid!("ja"),
        }
    }
}

fn thousandths(weight: &str) -> u32 {
    weight.parse::<f32>().ok().filter(|q| (0.0..=1.0).contains(q)).map_or(0, |q| (q * 1000.0).round() as u32)
}

/// A value inside a sentence.
#[derive(Debug, Clone, Copy)]
pub enum Arg<'a> {
    Text(&'a str),
    /// Chooses the plural form.
    Number(i64),
}

/// The sentence of a key. Values are cleaned of what could reorder or hide text; HTML is escaped by the template.
pub fn t(lang: Lang, key: &str, args: &[(&'static str, Arg<'_>)]) -> String {
    let args: HashMap<Cow<'static, str>, FluentValue<'_>> = args
        .iter()
        .map(|(name, arg)| {
            let value = match arg {
                Arg::Text(text) => FluentValue::from(display_in_sentence(text)),
                Arg::Number(number) => FluentValue::from(*number),
            };
            (Cow::Borrowed(*name), value)
        })
        .collect();
    let args = (!args.is_empty()).then_some(&args);
    LOCALES.try_lookup_complete(&lang.identifier(), key, args).unwrap_or_else(|| key.to_owned())
}

/// Reason codes that have a sentence.
pub const REASONS: [&str; 85] = [
    "provider_down",
    "provider_cancelled",
    "provider_answer_invalid",
    "flow_expired",
    "flow_spent",
    "flow_forged",
    "origin_mismatch",
    "wrong_password",
    "passkey_failed",
    "passkey_not_found",
    "passkey_taken",
    "too_many_passkeys",
    "wrong_totp",
    "wrong_recovery_code",
    "totp_setup_over",
    "no_second_factor",
    "shared_access",
    "wrong_code",
    "code_expired",
    "code_attempts_used_up",
    "device_code_unknown",
    "device_never_links",
    "throttled",
    "last_method",
    "session_expired",
    "step_up_needed",
    "identity_of_other_user",
    "identity_held",
    "match_inactive",
    "same_provider_other_subject",
    "address_belongs_to_account",
    "sign_up_closed",
    "sign_up_invited",
    "link_limit",
    "purpose_forbids",
    "connection_disabled",
    "unknown_connection",
    "old_epoch",
    "user_inactive",
    "weak_password",
    "invalid_address",
    "wrong_user_proved",
    "proof_by_same_identity",
    "not_fresh",
    "database_unavailable",
    "bad_request",
    "not_found",
    "method_not_allowed",
    "already_linked",
    "link_not_found",
    "password_already_set",
    "level_too_low",
    "mail_limit",
    "internal_error",
    "invalid_name",
    "no_account_here",
    "identity_was_removed",
    "ticket_outdated",
    "unknown_application",
    "redirect_not_registered",
    "handover_invalid",
    "busy",
    "outside_organisation",
    "organisation_forces_connection",
    "several_matches",
    "session_scope",
    "same_user",
    "undo_unknown",
    "undo_spent",
    "undo_expired",
    "more_proofs_needed",
    "too_short",
    "too_long",
    "guessable",
    "keyboard_row",
    "keyboard_pattern",
    "repeated_character",
    "repeated_pattern",
    "common_password",
    "similar_to_common",
    "sequence",
    "recent_year",
    "single_word",
    "date",
    "name",
];

/// Whether a code has a sentence of its own.
pub fn is_reason(code: &str) -> bool {
    REASONS.contains(&code)
}

/// The sentence of a reason code; a general one for a code without its own.
pub fn reason(lang: Lang, code: &str) -> String {
    let key = if is_reason(code) { format!("reason-{}", code.replace('_', "-")) } else { "reason-other".to_owned() };
    t(lang, &key, &[])
}

/// The heading of the error page for a reason code.
pub fn title(lang: Lang, code: &str) -> String {
    let key = match code {
        "not_found" | "link_not_found" | "unknown_connection" | "undo_unknown" => "error-title-not-found",
        "database_unavailable" | "busy" => "error-title-unavailable",
        "provider_cancelled" => "error-title-cancelled",
        "provider_down" | "provider_answer_invalid" => "error-title-provider",
        "flow_expired" | "flow_spent" | "flow_forged" | "code_expired" | "session_expired" | "origin_mismatch"
        | "ticket_outdated" | "handover_invalid" | "undo_spent" | "undo_expired" => "error-title-stale",
        "throttled" | "mail_limit" | "code_attempts_used_up" => "error-title-wait",
        "internal_error" | "bad_request" | "unknown_application" | "redirect_not_registered" => "error-title-wrong",
        _ => "error-title-refused",
    };
    t(lang, key, &[])
}

fn utc(at: Micros) -> DateTime {
    Timestamp::from_microsecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(TimeZone::UTC).datetime()
}

fn date_args(lang: Lang, at: DateTime) -> [(&'static str, String); 4] {
    let month = t(lang, &format!("month-{}", at.month()), &[]);
    [
        ("day", at.day().to_string()),
        ("month", month),
        ("year", at.year().to_string()),
        ("time", format!("{:02}:{:02}", at.hour(), at.minute())),
    ]
}

/// "22 Nov 2026, 14:05 UTC" in the language's own order.
pub fn moment(lang: Lang, at: Micros) -> String {
    let args = date_args(lang, utc(at));
    t(lang, "moment", &args.each_ref().map(|(name, value)| (*name, Arg::Text(value))))
}

/// "22 Nov 2026".
pub fn day(lang: Lang, at: Micros) -> String {
    let args = date_args(lang, utc(at));
    t(lang, "day", &args.each_ref().map(|(name, value)| (*name, Arg::Text(value))))
}

/// RFC 3339, for `<time datetime>`.
pub fn machine_time(at: Micros) -> String {
    let at = utc(at);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        at.year(),
        at.month(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}
