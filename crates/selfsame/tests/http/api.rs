//! The JSON API walks the same journeys.
