//! The server's clock, the one clock that all hosts share.
//!
//! An attempt has its times by the clocks of the host that wrote it. To another host these say nothing: its wall clock may
//! be wrong, and its boot time counts from another moment. So each row holds them by this server's clock as well, and
//! they are read as distances from now: how long ago, by the same clock.

use super::tx::{Row, Sql};
use crate::model::ServerAge;

/// Now, in milliseconds; moves on while a transaction runs.
pub(super) const SERVER_NOW: &str = "(extract(epoch from clock_timestamp()) * 1000)::bigint";

/// The columns that [`age`] reads, of the table of attempts under this name.
pub(super) fn ages(table: &str) -> String {
    let since = |column: &str| format!("{SERVER_NOW} - {table}.{column}");
    [since("intent_server_ms"), since("deadline_server_ms"), since("lease_until_server_ms")].join(", ")
}

/// From column `at` on.
pub(super) fn age(row: &Row, at: usize) -> Sql<ServerAge> {
    Ok(ServerAge {
        since_intent_ms: row.get(at)?,
        since_deadline_ms: row.get(at + 1)?,
        since_lease_ms: row.get(at + 2)?,
    })
}
