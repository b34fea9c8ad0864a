//! Forged, replayed and mixed-up answers of providers.
