//! savehub phones a person who is about to miss a meeting.

pub mod cli;
pub mod clock;
pub mod config;
pub mod exit;
pub mod log;
pub mod model;
pub mod near;
pub mod owner;
pub mod provider;
pub mod rules;
pub mod store;
pub mod tick;
pub mod when;
pub mod zone;
