//! savehub phones a person who is about to miss a meeting.

pub mod clock;
pub mod config;
pub mod model;
pub mod near;
pub mod owner;
pub mod provider;
pub mod rules;
pub mod store;
pub mod zone;
