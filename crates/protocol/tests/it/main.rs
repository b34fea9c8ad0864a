//! One binary for all tests of the crate; tests named `tNN_…` fail when the rule of that threat is broken.

mod assertion;
mod callback;
mod id_token;
mod keys;
mod metadata;
mod support;
mod token;
