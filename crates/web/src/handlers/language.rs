//! The switch at the foot of every page: the same address with one parameter more is answered with the page in another
//! language. A cookie remembers it; the journey goes on, because its flow is in cookies of its own.

use super::{Page, Site, Visit, see_other};
use crate::pages::route::LANGUAGE;
use crate::texts::Lang;
use axum::extract::{Request, State};
use axum::http::{Method, Uri};
use axum::middleware::Next;
use flows::local_path;

/// Path and query of a page, without the parameter.
pub(super) fn without(uri: &Uri) -> String {
    let path = local_path(uri.path()).unwrap_or("/");
    let kept: Vec<&str> = uri.query().unwrap_or_default().split('&').filter(|pair| !is_switch(pair)).collect();
    let query = kept.join("&");
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

fn is_switch(pair: &str) -> bool {
    url::form_urlencoded::parse(pair.as_bytes()).next().is_some_and(|(name, _)| name == LANGUAGE)
}

/// The first language of the list that we have (OpenID Connect Core §3.1.2.1: separated by spaces, best first).
fn wanted(uri: &Uri) -> Option<Lang> {
    let pairs = url::form_urlencoded::parse(uri.query()?.as_bytes());
    let (_, tags) = pairs.into_iter().find(|(name, _)| name == LANGUAGE)?;
    tags.split(' ').take(16).find_map(Lang::from_code)
}

/// A provider's answer is left alone: its parameters are its own.
pub(super) async fn switch(State(site): State<Site>, request: Request, next: Next) -> Page {
    if request.method() == Method::GET
        && !request.uri().path().starts_with("/callback/")
        && let Some(lang) = wanted(request.uri())
    {
        let visit = Visit::of(&site, &request);
        return see_other(&without(request.uri()), &[visit.cookies().keep_language(lang.code())]);
    }
    next.run(request).await
}
