//! From checked claims to an assertion: which claim proves what (T03), and nothing more.

use super::{ClientSettings, IdTokenClaims, OidcError, json};
use model::{
    Address, Assertion, AssertionParts, DisplayClaims, ExternalIdentity, Level, MailClaim, Micros, UpstreamSubject,
};
use serde_json::{Map, Value};

/// Characters of a name that are kept.
const NAME_CHARS_MAX: usize = 200;
/// RFC 5321 §4.5.3.1.3 and some more, for what is not an address anyway.
const RAW_ADDRESS_CHARS_MAX: usize = 320;

/// What the connection asserts about one external identity.
///
/// The subject comes from the connection's subject claim in the validated ID token, and from nowhere else (T04, T07).
pub fn assertion(settings: &ClientSettings, claims: &IdTokenClaims, now: Micros) -> Result<Assertion, OidcError> {
    if claims.connection != settings.connection {
        return Err(OidcError::StaleAttempt);
    }
    let subject = json::text(&claims.claims, &settings.subject_claim).ok_or(OidcError::BadSubject)?;
    let subject = UpstreamSubject::parse(subject).map_err(|_| OidcError::BadSubject)?;
    let (mail, raw_address) = mail(settings, mail_source(claims));
    Ok(Assertion::from_verified(AssertionParts {
        connection: settings.connection.clone(),
        epoch: settings.epoch,
        identity: ExternalIdentity { namespace: settings.namespace(), subject },
        mail,
        display: DisplayClaims {
            name: display_claim(claims, "name"),
            user_name: display_claim(claims, "preferred_username"),
            raw_address,
        },
        authenticated_at: claims.authenticated_at,
        verified_at: now,
        level: level(settings, claims),
    }))
}

/// From the signed document alone: UserInfo is not about this authentication.
fn level(settings: &ClientSettings, claims: &IdTokenClaims) -> Level {
    let acr = json::text(&claims.claims, "acr");
    let amr = claims.claims.get("amr").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    settings.levels.of(acr, amr).map_or(settings.level, |asserted| asserted.max(settings.level))
}

/// Address and flag are taken from one document, so that a flag never vouches for another document's address.
/// The signed one counts where it says both.
fn mail_source(claims: &IdTokenClaims) -> &Map<String, Value> {
    let complete = claims.claims.contains_key("email") && claims.claims.contains_key("email_verified");
    match &claims.userinfo {
        Some(userinfo) if !complete && userinfo.contains_key("email") => userinfo,
        _ => &claims.claims,
    }
}

/// The address if it is one; else the text for people to read.
fn mail(settings: &ClientSettings, source: &Map<String, Value>) -> (Option<MailClaim>, Option<String>) {
    let Some(text) = json::text(source, "email") else { return (None, None) };
    let Ok(address) = Address::parse(text) else { return (None, readable(text, RAW_ADDRESS_CHARS_MAX)) };
    let mail = MailClaim {
        address,
        verified: is_verified(source.get("email_verified"), settings.accept_string_verified),
        hosted_domain: json::text(source, "hd").and_then(hosted_domain),
        domain_owner_verified: source.get("xms_edov") == Some(&Value::Bool(true)),
    };
    (Some(mail), None)
}

/// The boolean `true`, or the text `"true"` where this provider documents it; nothing else (T02).
fn is_verified(flag: Option<&Value>, accept_string: bool) -> bool {
    match flag {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(flag)) => accept_string && flag == "true",
        _ => false,
    }
}

/// In the canonical form of an address's domain, because that is what it is compared with.
fn hosted_domain(domain: &str) -> Option<String> {
    Address::parse(&format!("a@{domain}")).ok().map(|address| address.domain().to_owned())
}

fn display_claim(claims: &IdTokenClaims, name: &str) -> Option<String> {
    let of = |source: &Map<String, Value>| json::text(source, name).and_then(|text| readable(text, NAME_CHARS_MAX));
    of(&claims.claims).or_else(|| claims.userinfo.as_ref().and_then(of))
}

/// Text that cannot reorder or hide what is written beside it; `None` when nothing is left.
fn readable(text: &str, chars_max: usize) -> Option<String> {
    let kept: String = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !c.is_control() && !is_invisible(*c))
        .take(chars_max)
        .collect();
    let kept = kept.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    (!kept.is_empty()).then_some(kept)
}

/// Bidirectional controls (Unicode UAX #9 §2) and characters without a glyph. Joiners stay: scripts need them.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}
