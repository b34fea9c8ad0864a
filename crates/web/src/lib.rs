//! What people see: pages, mails, translations, styles. The pages are typed data and hold no rule.

pub mod assets;
pub mod handlers;
pub mod pages;
pub mod texts;
