//! savehub phones a person who is about to miss a meeting.
//!
//! This page is the map. The flow, in six lines:
//!
//! ```text
//! a scheduler runs `savehub tick`; cli reads the config, opens the store, and builds the providers
//! settle   attempts without an answer become UNKNOWN, later ABANDONED
//! open     a meeting in reach of the ladder gets an incident and its steps
//! claim    for a set of due steps: facts, guards, turns, and the written attempts, in one transaction of the store
//! place    a worker thread passes the fence, then asks the provider; record writes down what came of it
//! close    incidents nobody checked in for become MISSED; the tick prints what it did and exits
//! ```
//!
//! `checkin`, `resolve` and `meeting` change the same store between ticks; `status` reads it.
//!
//! # Where to start reading
//!
//! Begin with [`tick`], the whole flow. Then read [`rules`] (what is decided), [`store::Store`] (what is written),
//! [`provider::Provider`] (what leaves the machine) and [`model`] (the words they share). A command starts in [`cli`].
//!
//! # Who may import whom
//!
//! Imports run downward. `tests/it/architecture.rs` holds this table as data and fails when a file leaves it.
//!
//! | module | may import |
//! |---|---|
//! | [`cli`] | everything; only `cli::args`, the clap types, imports nothing |
//! | [`tick`] | the ports of [`store`], [`provider`] and [`feed`], [`calendar`], [`rules`], [`model`], [`clock`], [`config`], [`owner`], [`exit`] |
//! | [`config`] | [`rules`], [`model`], [`zone`], [`near`], [`program`], [`node`], [`calendar`] |
//! | [`calendar`] | [`model`], [`zone`] |
//! | [`feed`] | [`model`], [`calendar`], [`http`], and the types of [`config`] |
//! | [`store`] | [`model`], [`owner`], [`node`], [`tls`]; only `store::sql` and its engines, `store::sqlite` and `store::postgres`, know SQL |
//! | [`provider`] | [`model`], [`http`], [`tls`], [`program`], [`clock`], and the types of [`config`] |
//! | [`http`] | [`model`], [`clock`], [`tls`]; only it and `provider` know ureq |
//! | [`rules`] | [`model`], [`owner`], and [`zone`] for the message |
//! | [`watcher`] | [`config`], [`store`], [`http`], [`model`], [`node`], [`exit`] |
//! | [`report`] | [`model`], [`zone`] |
//! | [`doctor`] | [`model`], [`rules`], [`when`], [`zone`], [`exit`], and the types of [`store`] and of `provider::checkup` |
//! | [`exit`] | the errors of [`store`] |
//! | [`when`], [`zone`] | [`model`]; `when` also `zone`, and `zone` also [`near`] |
//! | [`clock`], [`log`], [`tls`] | [`model`] |
//! | [`model`] | [`owner`] |
//! | [`owner`] | [`node`] |
//! | [`near`], [`node`], [`program`] | nothing |

pub mod calendar;
pub mod cli;
pub mod clock;
pub mod config;
pub mod doctor;
pub mod exit;
pub mod feed;
pub mod http;
pub mod log;
pub mod model;
pub mod near;
pub mod node;
pub mod owner;
pub mod program;
pub mod provider;
pub mod report;
pub mod rules;
pub mod store;
pub mod tick;
pub mod tls;
pub mod watcher;
pub mod when;
pub mod zone;
