//! The one HTTP function.
