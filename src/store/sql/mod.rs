//! The statements of the store, written once for all databases.
//!
//! A use case is a function of a transaction ([`Tx`]): it reads facts, asks a rule and writes. Statements are valid in
//! every database; where a word differs, the [`Dialect`] has it. What a database does in its own way is a hook of
//! [`Tx`] or of its [`Engine`]. Nothing here knows which database it is.

pub(super) mod acts;
pub(super) mod agenda;
pub(super) mod attempts;
pub(super) mod calendars;
pub(super) mod calls;
pub(super) mod candidates;
pub(super) mod claims;
pub(super) mod dialect;
pub(super) mod engine;
pub(super) mod explained;
mod fence_line;
pub(super) mod forget;
pub(super) mod gauges;
pub(super) mod heard;
pub(super) mod history;
pub(super) mod incidents;
mod late;
pub(super) mod meetings;
mod needed;
pub(super) mod pace;
pub(super) mod pauses;
mod people;
pub(super) mod reads;
pub(super) mod reconcile;
pub(super) mod record;
pub(super) mod steps;
pub(super) mod store;
pub(super) mod tally;
pub(super) mod ticks;
pub(super) mod tx;
pub(super) mod undo;
pub(super) mod value;
pub(super) mod watch;

pub(crate) use dialect::{Dialect, Sorts};
pub(crate) use engine::{Engine, SqlStore};
#[cfg(feature = "postgres")]
pub(crate) use fence_line::FenceLine;
pub(super) use needed::{TABLES, needed};
#[cfg(feature = "postgres")]
pub(crate) use ticks::span_from_row;
pub(crate) use tx::{Candidate, LockMode, Question, Row, Sql, SqlError, StepDraft, Tx, TxError, TxResult};
pub(super) use value::params;
pub(crate) use value::{Kind, Value};
