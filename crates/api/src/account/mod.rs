//! A person's account: the methods, addresses, sessions and activity they may see, and what they may change.

pub(crate) mod activity;
pub(crate) mod methods;
pub(crate) mod overview;
pub(crate) mod password;
pub(crate) mod release;
pub(crate) mod second_factor;
pub(crate) mod sessions;
