//! What the notice of a change can do: look at it, put a new link on hold, undo it. `token` is what the notice's link
//! carries behind `/undo/`, or what the removal of a link answered.

pub(crate) mod carry_out;
pub(crate) mod hold;
pub(crate) mod show;
