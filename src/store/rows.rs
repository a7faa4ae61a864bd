//! Rows on their way from one store to another, as they stand: for a rehearsal in memory, and for moving an installation.

/// A value of a row.
#[derive(Clone, PartialEq)]
pub(super) enum Cell {
    /// Nothing.
    Null,
    /// A number, a time or a flag.
    Int(i64),
    /// A text.
    Text(String),
    /// A calendar's copy.
    Bytes(Vec<u8>),
}

/// Rows of one table.
pub(super) struct Rows {
    /// Names of the columns.
    pub(super) columns: Vec<String>,
    /// The values, in the order of the columns.
    pub(super) rows: Vec<Vec<Cell>>,
}

/// Every table of the state, so that a row comes after those it refers to. Tables and columns have the same names in all
/// stores; a column that a store does not know is of no meaning there.
pub(super) const TABLES: &[&str] = &[
    "calendars",
    "calendar_bodies",
    "meetings",
    "calendar_meetings",
    "calendar_list",
    "incidents",
    "steps",
    "attempts",
    "attempt_steps",
    "call_tracker",
    "ticks",
    "faults",
    "heard",
    "heard_incidents",
    "pauses",
    "pace",
    // Last: whoever counts by himself while rows come in begins with these numbers instead.
    "counters",
];
