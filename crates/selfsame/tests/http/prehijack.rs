//! An attacker who was here first keeps nothing.
