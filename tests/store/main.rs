//! The conformance suite of the store port: what every store does, written from the contract in `store/mod.rs`.
//!
//! Scripted facts live in one file per theme and run on every store named in [`facts!`]; [`random`] runs long random
//! histories beside a small model. Every call of a store goes through [`checked::Checked`], which reads everything
//! afterwards and looks for what no store may ever show.
//!
//! With the feature `postgres` they run on PostgreSQL too, each in a database of its own (`support/postgres.rs`).

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failed unwrap is a failed test")]

/// Runs each named fact as a test of its own on every store.
macro_rules! facts {
    ($($name:ident),+ $(,)?) => {
        mod on_disk { $(#[test] fn $name() { super::$name(&crate::build::Bench::on_disk()); })+ }
        mod in_memory { $(#[test] fn $name() { super::$name(&crate::build::Bench::in_memory()); })+ }
        #[cfg(feature = "postgres")]
        mod on_postgres {
            $(#[test] fn $name() { if let Some(bench) = crate::build::Bench::on_postgres() { super::$name(&bench); } })+
        }
    };
}

/// The same for facts about stores that outlive their handle: each takes its bench.
macro_rules! kept {
    ($($name:ident),+ $(,)?) => {
        mod in_a_file { $(#[test] fn $name() { super::$name(crate::build::Bench::on_disk()); })+ }
        #[cfg(feature = "postgres")]
        mod on_postgres {
            $(#[test] fn $name() { if let Some(bench) = crate::build::Bench::on_postgres() { super::$name(bench); } })+
        }
    };
}

#[cfg(feature = "postgres")]
#[path = "../support/postgres.rs"]
#[allow(dead_code, unreachable_pub, reason = "every test binary uses another part of it")]
mod postgres;

#[path = "../support/forward.rs"]
#[allow(unreachable_pub, reason = "other test binaries use it, too")]
mod forward;

mod build;
mod checked;
mod looking;
mod model;
mod random;

mod agenda;
mod agenda_random;
mod calendars;
mod calls;
mod claims;
mod day;
mod ending;
mod explained;
mod forget;
mod gauges;
mod heard;
mod history;
mod meetings;
mod merging;
mod on_disk;
mod pace;
mod pauses;
mod people;
mod reading;
mod reconcile;
mod record;
mod rungs;
mod sets;
mod settle;
mod tally;
mod undo;
mod unreadable;
