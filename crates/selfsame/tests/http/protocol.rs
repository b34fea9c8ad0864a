//! Forged, replayed and mixed-up answers of providers.

mod answers;
mod binding;
mod surface;

use testkit::Page;

/// What the page is about, without the part of the support code that names the flow.
fn code_of(page: &Page) -> String {
    let code = page.error_code().unwrap_or_default();
    code.split(' ').next().unwrap_or_default().to_owned()
}
