//! savehub with its state on PostgreSQL: several hosts, a server that goes away, and what it costs. The conformance suite
//! of stores runs in `tests/store/`.
#![cfg(feature = "postgres")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]

#[path = "../support/postgres.rs"]
#[allow(dead_code, unreachable_pub, reason = "every test binary uses another part of it")]
mod cluster;
#[path = "../support/mod.rs"]
mod support;

mod bench;
mod encryption;
mod hosts;
mod leases;
mod moving;
mod program;
mod proxy;
mod trips;
mod trouble;
mod upgrade;
