//! An answer as a person sees it.

use axum::http::{HeaderMap, StatusCode};
use scraper::{ElementRef, Html, Selector};
use url::Url;

#[derive(Debug, Clone)]
pub struct Page {
    pub status: StatusCode,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: String,
    /// URLs that were passed on the way here, the first one asked for included.
    pub way: Vec<Url>,
}

/// A form with the values it would send.
#[derive(Debug, Clone)]
pub struct Form {
    pub action: Url,
    pub fields: Vec<(String, String)>,
    /// Submit buttons: name, value, label.
    pub buttons: Vec<(String, String, String)>,
}

fn selector(text: &str) -> Selector {
    Selector::parse(text).unwrap_or_else(|error| panic!("selector {text}: {error}"))
}

fn text_of(element: ElementRef<'_>) -> String {
    element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Page {
    pub fn document(&self) -> Html {
        Html::parse_document(&self.body)
    }

    /// The text of the first element that `select` finds.
    pub fn text(&self, select: &str) -> Option<String> {
        self.document().select(&selector(select)).next().map(text_of)
    }

    pub fn texts(&self, select: &str) -> Vec<String> {
        self.document().select(&selector(select)).map(text_of).collect()
    }

    pub fn has(&self, select: &str) -> bool {
        self.document().select(&selector(select)).next().is_some()
    }

    /// Where the links of the page lead, as they are written.
    pub fn links(&self) -> Vec<String> {
        let document = self.document();
        let all = selector("a[href]");
        document.select(&all).filter_map(|link| link.value().attr("href").map(str::to_owned)).collect()
    }

    /// Everything a person reads.
    pub fn all_text(&self) -> String {
        self.text("body").unwrap_or_default()
    }

    pub fn h1(&self) -> String {
        self.text("h1").unwrap_or_default()
    }

    /// The code of the error on the page, wherever it stands.
    pub fn error_code(&self) -> Option<String> {
        self.document()
            .select(&selector("[data-code]"))
            .next()
            .and_then(|element| element.value().attr("data-code").map(str::to_owned))
    }

    pub fn path(&self) -> &str {
        self.url.path()
    }

    pub fn forms(&self) -> Vec<Form> {
        let document = self.document();
        document.select(&selector("form")).map(|form| self.form_of(form)).collect()
    }

    fn form_of(&self, form: ElementRef<'_>) -> Form {
        let action = form.value().attr("action").unwrap_or_default();
        let action = self.url.join(action).unwrap_or_else(|error| panic!("action {action}: {error}"));
        let field = |input: ElementRef<'_>| {
            let value = |name| input.value().attr(name).map(str::to_owned);
            let kind = value("type").unwrap_or_default();
            let checked = !matches!(kind.as_str(), "checkbox" | "radio") || value("checked").is_some();
            (checked && kind != "submit").then_some(())?;
            Some((value("name")?, value("value").unwrap_or_default()))
        };
        let button = |button: ElementRef<'_>| {
            let value = |name| button.value().attr(name).unwrap_or_default().to_owned();
            (value("name"), value("value"), text_of(button))
        };
        Form {
            action,
            fields: form.select(&selector("input")).filter_map(field).collect(),
            buttons: form.select(&selector("button")).map(button).collect(),
        }
    }

    /// The form that posts to `path`.
    pub fn form(&self, path: &str) -> Form {
        let found = self.forms().into_iter().find(|form| form.action.path() == path);
        found.unwrap_or_else(|| panic!("no form posts to {path} on {} ({}):\n{}", self.url, self.status, self.body))
    }

    /// As [`Self::form`], but only the form that has a button whose name and value are these.
    pub fn form_with(&self, path: &str, button: (&str, &str)) -> Form {
        let fits = |form: &Form| {
            form.action.path() == path && form.buttons.iter().any(|(name, value, _)| (&**name, &**value) == button)
        };
        let found = self.forms().into_iter().find(fits);
        found.unwrap_or_else(|| panic!("no form {path} with button {button:?} on {}:\n{}", self.url, self.body))
    }

    pub fn has_form(&self, path: &str) -> bool {
        self.forms().iter().any(|form| form.action.path() == path)
    }

    /// The hidden value of a form, such as the flow's id.
    pub fn hidden(&self, name: &str) -> Option<String> {
        self.forms()
            .into_iter()
            .flat_map(|form| form.fields)
            .find(|(known, value)| known == name && !value.is_empty())
            .map(|(_, value)| value)
    }
}

impl Form {
    /// Sets a field, whether or not the form has it.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self
    }
}
