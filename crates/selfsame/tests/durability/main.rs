//! What must hold at the worst moment: decisions that race, a server that is killed, a disk that has not answered yet.
//!
//! These tests measure timing and use both cores, so they run one at a time (`.config/nextest.toml`). They keep the
//! names `race_…`, `crash_…` and `sync_…` for that.

mod crash;
mod merges;
mod owner;
mod races;
mod support;
mod sync;
mod trace;
