//! Reads and writes per request, counted.
