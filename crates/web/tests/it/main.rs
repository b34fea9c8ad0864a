//! Pages, mails and texts, looked at the way a browser and a translator would.

mod assets;
mod display;
mod mails;
mod pages;
mod samples;
mod texts;
