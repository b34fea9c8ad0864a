//! Bad input gets a clear answer and nothing is lost.
