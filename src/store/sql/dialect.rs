//! The words in which the databases differ, where both understand the rest of a statement.

/// A database's words. A statement names the word and never the database; a word that a database does not need is empty.
#[derive(Debug)]
pub(crate) struct Dialect {
    /// The greater of two numbers, as a function.
    pub(crate) greatest: &'static str,
    /// The smaller of two numbers, as a function.
    pub(crate) least: &'static str,
    /// Texts in the order of their bytes, behind a column of `order by`.
    pub(crate) bytewise: &'static str,
    /// Before a column: the index that begins with it must not be used.
    pub(crate) no_index: &'static str,
    /// Behind a table: this index must be used.
    pub(crate) by_index: fn(&'static str) -> String,
    /// Does a writing transaction keep all other writers waiting?
    pub(crate) one_writer: bool,
    /// Rows that another host has locked are left out; the others are locked.
    pub(crate) skip_locked: &'static str,
    /// More columns of attempts: how long ago intent, deadline and end of the lease are by the server's clock, the
    /// one clock that all hosts share. Where there is one host alone, nothing.
    pub(crate) ages: &'static str,
    /// More columns of a new attempt: its times by the server's clock.
    pub(crate) clock_columns: &'static str,
    /// Their values, from the parameters 10 (end of the lease), 13 (intent) and 14 (deadline), by the owner's boot clock.
    pub(crate) clock_values: &'static str,
    /// How many ticks all hosts may make between two of one host.
    pub(crate) recent_ticks: &'static str,
    /// One more column of a new tick: the timeline of the server.
    pub(crate) timeline_column: &'static str,
    /// Its value.
    pub(crate) timeline_value: &'static str,
    /// More that a tick's row must show for the server to have gone on since: the same timeline, and a known one.
    pub(crate) same_timeline: &'static str,
    /// How the report's attempts are grouped by the first 14 columns: by the database, or row by row by us.
    pub(crate) sorts: Sorts,
}

/// How the report's attempts are grouped.
#[derive(Debug)]
pub(crate) struct Sorts {
    /// What was said about the first attempt of a group.
    pub(crate) first_error: &'static str,
    /// How many attempts a group has.
    pub(crate) count: &'static str,
    /// The end of the statement.
    pub(crate) group_by: &'static str,
}
