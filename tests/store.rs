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
#[path = "support/postgres.rs"]
#[allow(dead_code, unreachable_pub, reason = "every test binary uses another part of it")]
mod postgres;

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
#[path = "store/forget.rs"]
mod forget;
#[path = "store/gauges.rs"]
mod gauges;
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
#[path = "store/pace.rs"]
mod pace;
#[path = "store/pauses.rs"]
mod pauses;
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
#[path = "store/tally.rs"]
mod tally;
#[path = "store/unreadable.rs"]
mod unreadable;
