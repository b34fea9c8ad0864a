//! The same thing twice, at the same time.
