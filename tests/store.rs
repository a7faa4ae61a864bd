//! The conformance suite of the store port: what every store does, written from the contract in `store/mod.rs`.
//!
//! Scripted facts live in one file per theme and run on every store named in [`facts!`]; [`random`] runs long random
//! histories beside a small model. Every call of a store goes through [`checked::Checked`], which reads everything
//! afterwards and looks for what no store may ever show.
//!
//! A second database is one more line in [`facts!`], one in [`random`], and one way to make a bench in `build.rs`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failed unwrap is a failed test")]

/// Runs each named fact as a test of its own on every store.
macro_rules! facts {
    ($($name:ident),+ $(,)?) => {
        mod on_disk { $(#[test] fn $name() { super::$name(&crate::build::Bench::on_disk()); })+ }
        mod in_memory { $(#[test] fn $name() { super::$name(&crate::build::Bench::in_memory()); })+ }
    };
}

#[path = "store/build.rs"]
mod build;
#[path = "store/checked.rs"]
mod checked;
#[path = "store/looking.rs"]
mod looking;
#[path = "store/model.rs"]
mod model;
#[path = "store/random.rs"]
mod random;

#[path = "store/agenda.rs"]
mod agenda;
#[path = "store/agenda_random.rs"]
mod agenda_random;
#[path = "store/calendars.rs"]
mod calendars;
#[path = "store/calls.rs"]
mod calls;
#[path = "store/claims.rs"]
mod claims;
#[path = "store/ending.rs"]
mod ending;
#[path = "store/heard.rs"]
mod heard;
#[path = "store/history.rs"]
mod history;
#[path = "store/meetings.rs"]
mod meetings;
#[path = "store/merging.rs"]
mod merging;
#[path = "store/on_disk.rs"]
mod on_disk;
#[path = "store/reading.rs"]
mod reading;
#[path = "store/reconcile.rs"]
mod reconcile;
#[path = "store/record.rs"]
mod record;
#[path = "store/rungs.rs"]
mod rungs;
#[path = "store/settle.rs"]
mod settle;
