//! The proof for several hosts: eight of them tick on one PostgreSQL database with the real binary, their ticks are
//! killed, the server crashes, freezes and fails over to a standby that has lost the last transactions; what they did is
//! compared with the provider's own list of calls. No step may ring twice, none may be lost, none may hang.
//!
//! `cargo test` runs a sample. The whole of it, with its counts:
//!
//! ```text
//! SAVEHUB_PROOF=whole cargo test --release --all-features --test hosts -- --nocapture --test-threads=1
//! ```
//!
//! # Method
//!
//! A host is a process in namespaces of its own (`fleet`): it has another name, another boot id and another boot time than
//! the others, and sees the same process ids. Nothing in savehub knows of this. Where the kernel does not allow
//! namespaces, the processes are of one host, and that is said.
//!
//! The servers are real ones on loopback (`server`). The standby follows asynchronously and is stopped while calls are
//! being made; the primary dies later, so that the standby knows nothing of the calls in between.
//!
//! A harness that cannot fail proves nothing: without preflight the same failover must ring phones twice.
#![cfg(feature = "postgres")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]
#![allow(unreachable_pub, reason = "the modules of one test binary")]

#[path = "../support/postgres.rs"]
#[allow(dead_code, unreachable_pub, reason = "every test binary uses another part of it")]
mod cluster;
#[path = "../support/mod.rs"]
mod support;

mod fleet;
mod server;
mod story;
mod verdict;
