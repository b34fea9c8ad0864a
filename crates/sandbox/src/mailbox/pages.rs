//! The mailbox as a page, as JSON, and a mail's HTML kept in a cage.

use super::{Mailbox, Message};
use crate::page::{self, Accent};
use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};

#[derive(Template)]
#[template(path = "mailbox.html")]
struct MailboxPage {
    /// Looks for new mail by itself, unless the reader turned that off (WCAG 2.2.2).
    live: bool,
    messages: Vec<MessageRow>,
}

struct MessageRow {
    number: u64,
    from: String,
    to: String,
    subject: String,
    date: String,
    text: String,
    has_html: bool,
}

/// A page of mails must not become slow because somebody sends large ones.
const TEXT_SHOWN: usize = 20_000;
const MESSAGES_SHOWN: usize = 50;

impl From<Message> for MessageRow {
    fn from(message: Message) -> Self {
        let subject = if message.subject.is_empty() { "(no subject)".to_owned() } else { message.subject };
        Self {
            number: message.number,
            from: message.from,
            to: message.to.join(", "),
            subject,
            date: message.date,
            text: message.text.unwrap_or_default().chars().take(TEXT_SHOWN).collect(),
            has_html: message.html.is_some(),
        }
    }
}

impl Mailbox {
    pub fn router(&self) -> Router {
        Router::new()
            .route("/", get(list))
            .route("/messages.json", get(async |State(mailbox): State<Self>| Json(mailbox.messages())))
            .route("/messages/{number}/html", get(html))
            .route(page::STYLE_PATH, get(async || page::style(Accent::Slate)))
            .with_state(self.clone())
    }
}

async fn list(State(mailbox): State<Mailbox>, RawQuery(query): RawQuery) -> Response {
    let live = query.as_deref() != Some("still");
    let messages = mailbox.messages().into_iter().rev().take(MESSAGES_SHOWN).map(MessageRow::from).collect();
    page::page(&MailboxPage { live, messages })
}

/// In an origin of its own, without script, forms or anything fetched: what a mail says is somebody else's text.
const CAGE: &str = "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
                    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

async fn html(State(mailbox): State<Mailbox>, Path(number): Path<u64>) -> Response {
    let message = mailbox.messages().into_iter().find(|message| message.number == number);
    let Some(html) = message.and_then(|message| message.html) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, CAGE),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, html).into_response()
}
