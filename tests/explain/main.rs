//! `savehub explain`: for every reason word and every outcome of an attempt one story, brought about by real ticks where
//! they can, and its whole text.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]

#[path = "../support/mod.rs"]
mod support;

mod meetings;
mod outcomes;
mod reasons;
mod told;
mod waits;
