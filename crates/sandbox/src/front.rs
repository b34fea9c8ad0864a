//! The first page of the demo: what to try, in the order in which it makes sense.

use crate::page::{self, Accent};
use askama::Template;
use axum::Router;
use axum::routing::get;

/// A provider as the first page names it.
#[derive(Debug, Clone)]
pub struct ProviderLink {
    pub name: String,
    pub origin: String,
}

/// Where the parts of the demo are; origins without a slash at the end.
#[derive(Debug, Clone)]
pub struct FrontSettings {
    pub product: String,
    pub server_origin: String,
    pub application_origin: String,
    pub mailbox_origin: String,
    pub provider_a: ProviderLink,
    pub provider_b: ProviderLink,
}

#[derive(Template)]
#[template(path = "front.html")]
struct FrontPage<'a> {
    product: &'a str,
    server: &'a str,
    application: &'a str,
    mailbox: &'a str,
    a: &'a ProviderLink,
    b: &'a ProviderLink,
}

/// The first page at `/`.
pub fn front(settings: FrontSettings) -> Router {
    Router::new()
        .route(
            "/",
            get(async move || {
                page::page(&FrontPage {
                    product: &settings.product,
                    server: &settings.server_origin,
                    application: &settings.application_origin,
                    mailbox: &settings.mailbox_origin,
                    a: &settings.provider_a,
                    b: &settings.provider_b,
                })
            }),
        )
        .route(page::STYLE_PATH, get(async || page::style(Accent::Blue)))
}
