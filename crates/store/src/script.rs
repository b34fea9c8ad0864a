//! Reads as scripts: what to ask next, given what was answered, so that the logic of a read exists once for both
//! engines and runs wherever the snapshot lives.

use crate::StoreError;
use crate::value::{Query, Row};

/// The answer to one query.
pub(crate) type Rows = Vec<Row>;

pub(crate) enum Step<Out> {
    /// Ask these in the same snapshot, and come back.
    Ask(Vec<Query>),
    /// As `Ask`, and nothing will be asked after: lets PostgreSQL end the snapshot in the same flight.
    Last(Vec<Query>),
    Done(Out),
}

pub(crate) trait Script: Send + 'static {
    type Out: Send + 'static;

    /// `answers` are those of the step before, in its order; empty at the first call.
    fn next(&mut self, answers: Vec<Rows>) -> Result<Step<Self::Out>, StoreError>;
}

/// One query, its rows.
pub(crate) struct Single(Option<Query>);

impl Single {
    pub fn new(query: Query) -> Self {
        Self(Some(query))
    }
}

impl Script for Single {
    type Out = Rows;

    fn next(&mut self, mut answers: Vec<Rows>) -> Result<Step<Rows>, StoreError> {
        Ok(match self.0.take() {
            Some(query) => Step::Last(vec![query]),
            None => Step::Done(answers.pop().unwrap_or_default()),
        })
    }
}
