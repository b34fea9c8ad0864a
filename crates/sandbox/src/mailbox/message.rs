//! A mail as it arrived and as people read it.

use mail_parser::{MessageParser, PartType};
use serde::Serialize;
use std::sync::Arc;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Counts from one in the order of arrival.
    pub number: u64,
    /// Envelope sender; empty for a bounce.
    pub from: String,
    /// Envelope recipients.
    pub to: Vec<String>,
    pub subject: String,
    /// The `Date` header (RFC 3339), empty when there is none.
    pub date: String,
    /// Without the angle brackets.
    pub message_id: Option<String>,
    pub text: Option<String>,
    pub html: Option<String>,
    /// Every byte between DATA and the final dot, dots unstuffed.
    #[serde(skip)]
    pub raw: Arc<[u8]>,
}

impl Message {
    pub(super) fn read(number: u64, from: String, to: Vec<String>, raw: Vec<u8>) -> Self {
        let parsed = MessageParser::default().parse(&raw).unwrap_or_default();
        let text = parsed.text_part(0).and_then(|part| match &part.body {
            PartType::Text(text) => Some(text.replace("\r\n", "\n")),
            _ => None,
        });
        let html = parsed.html_part(0).and_then(|part| match &part.body {
            PartType::Html(html) => Some(html.replace("\r\n", "\n")),
            _ => None,
        });
        let subject = parsed.subject().unwrap_or_default().to_owned();
        let date = parsed.date().map(mail_parser::DateTime::to_rfc3339).unwrap_or_default();
        let message_id = parsed.message_id().map(str::to_owned);
        drop(parsed);
        Self { number, from, to, subject, date, message_id, text, html, raw: raw.into() }
    }

    /// Whether it was sent to an address, compared in canonical form.
    pub fn is_to(&self, address: &str) -> bool {
        let canonical = model::Address::parse(address);
        self.to.iter().any(|to| match (&canonical, model::Address::parse(to)) {
            (Ok(wanted), Ok(to)) => *wanted == to,
            _ => to == address,
        })
    }

    /// The value of a header as it was sent, folded lines and all.
    pub fn header(&self, name: &str) -> Option<String> {
        let parsed = MessageParser::default().parse(self.raw.as_ref())?;
        let value = parsed.header_raw(name)?;
        Some(value.trim().to_owned())
    }

    /// The first word of exactly `digits` digits in the plain text: not a part of an address that is written there.
    pub fn code(&self, digits: usize) -> Option<String> {
        let text = self.text.as_deref()?;
        let is_code = |word: &&str| word.len() == digits && word.bytes().all(|byte| byte.is_ascii_digit());
        text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_'))).find(is_code).map(str::to_owned)
    }
}
