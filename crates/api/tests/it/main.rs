//! What the crate publishes.

mod document;
