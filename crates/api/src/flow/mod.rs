//! Journeys as a resource: create one, look at it, step it.

pub(crate) mod act;
pub(crate) mod show;
pub(crate) mod start;
pub(crate) mod view;
