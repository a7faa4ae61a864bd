//! Could anything keep a phone from ringing? What was seen goes in, lines with remedies come out. Pure: `cli::doctor` looks.
//!
//! | file | judges |
//! |---|---|
//! | [`check`] | a line, and all lines together |
//! | [`ticks`] | the rhythm of ticks, and how they ended |
//! | [`pace`] | whether the calls of the next day can start in time |
//! | [`account`] | the provider's account |
//! | [`calendar`] | a calendar and its copy |
//! | [`modes`] | who else can read or change files |
//! | [`zones`] | the age of the time zone data |

pub mod account;
pub mod calendar;
pub mod check;
pub mod modes;
pub mod pace;
pub mod ticks;
pub mod zones;

pub use check::{CHECKS, Check, Findings, Status};
