//! Test mode.
