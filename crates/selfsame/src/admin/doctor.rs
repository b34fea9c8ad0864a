//! One page of the doctor's walk. The command line asks for the next one, so that no answer takes long and a walk that
//! was broken off goes on where it was.

use super::{Answer, Refusal};
use crate::doctor::{Finding, findings};
use model::Policy;
use serde_json::json;
use store::{Cursor, Part, Store};

/// The page at the place `from`. It needs a database and no server, whose start would write what is new in the
/// configuration.
pub async fn doctor_page(store: &Store, policy: &Policy, from: Option<&str>, limit: u32) -> Answer {
    let cursor = match from {
        None => Cursor::start(Part::Users),
        Some(text) => text.parse().map_err(|error| {
            Refusal::new("bad_place", format!("`{text}`: {error}; give one that it printed, or the name of a part"))
        })?,
    };
    let page = store.doctor_page(&cursor, limit.clamp(1, 10_000)).await?;
    let found: Vec<Finding> = page.rows.iter().flat_map(|row| findings(row, policy)).collect();
    let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    Ok(json!({
        "part": cursor.part.name(), "looked": page.looked, "findings": found, "lines": lines,
        "next": page.next.map(|next| next.to_string()),
    }))
}
