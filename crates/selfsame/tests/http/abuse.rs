//! Exhaustion, requests to forbidden places, secrets in logs.
