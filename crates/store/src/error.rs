//! What can go wrong, as few kinds as callers can answer differently.

use model::Conflict;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// A guard of the plan did not hold; nothing was written. Read facts again and decide again.
    #[error("conflict: {0}")]
    Conflict(Conflict),
    /// The database is gone, busy or full, or the outcome of a commit is unknown. Trying later may help.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The database answered something this version cannot understand. Trying again will not help.
    #[error("the database holds or answered something unexpected: {0}")]
    Corrupt(String),
    /// The caller's plan breaks a rule that no plan may break. Nothing was written.
    #[error("the plan is not valid: {0}")]
    Invalid(&'static str),
    #[error("the database has schema {found}, this version knows {known}: start a newer version")]
    NewerSchema { found: i64, known: i64 },
    #[error("the database has schema {found}, this version needs {known}: run `selfsame migrate up`")]
    NotMigrated { found: i64, known: i64 },
    /// A commit would be acknowledged before it is durable, and a crash would undo what people were told is done.
    #[error(
        "the database acknowledges commits before they are on disk (synchronous_commit is off): switch it on for this \
         role and database (`ALTER ROLE … RESET synchronous_commit`)"
    )]
    NotDurable,
}

impl StoreError {
    /// The conflict, when it is one.
    pub fn conflict(&self) -> Option<Conflict> {
        match self {
            Self::Conflict(conflict) => Some(*conflict),
            _ => None,
        }
    }
}
