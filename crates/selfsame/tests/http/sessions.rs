//! Sessions begin, change and end.
