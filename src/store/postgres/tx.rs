//! A PostgreSQL transaction as the rules see it, and the server's clock, the one clock that all hosts share.
//!
//! An attempt has its times by the clocks of the host that wrote it. They say nothing to another host: wall clocks may
//! be wrong, and boot time counts from another moment. So each row also holds them by the server's clock, and they are
//! read as ages by that clock.

use super::arrays::{arrays, of_arrays};
use super::session::Session;
use super::{candidates, timeline};
use crate::model::{Facts, TickSpan, Timestamp};
use crate::store::AttemptDraft;
use crate::store::sql::{Candidate, Dialect, LockMode, Row, Sorts, Sql, SqlError, StepDraft, Tx, Value};

/// Now, in milliseconds; moves on while a transaction runs.
macro_rules! server_now {
    () => {
        "(extract(epoch from clock_timestamp()) * 1000)::bigint"
    };
}
pub(super) const SERVER_NOW: &str = server_now!();

const DIALECT: Dialect = Dialect {
    greatest: "greatest",
    least: "least",
    bytewise: " collate \"C\"",
    no_index: "",
    by_index: |_| String::new(),
    one_writer: false,
    skip_locked: " for update skip locked",
    ages: concat!(
        server_now!(),
        " - intent_server_ms, ",
        server_now!(),
        " - deadline_server_ms, ",
        server_now!(),
        " - lease_until_server_ms"
    ),
    clock_columns: ", intent_server_ms, deadline_server_ms, lease_until_server_ms",
    clock_values: concat!(", ", server_now!(), ", ", server_now!(), " + ?14 - ?13, ", server_now!(), " + ?10 - ?13"),
    recent_ticks: "200",
    timeline_column: ", timeline",
    timeline_value: ", savehub_timeline()",
    same_timeline: " and timeline > 0 and timeline = savehub_timeline()",
    sorts: Sorts {
        first_error: "(array_agg(error order by id))[1]",
        count: "count(*)",
        group_by: " group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14",
    },
};

/// A connection, with an open transaction or for single statements.
pub(super) struct PostgresTx<'a>(pub(super) &'a Session);

impl Tx for PostgresTx<'_> {
    fn dialect(&self) -> &'static Dialect {
        &DIALECT
    }

    fn run(&self, sql: &str, params: &[Value<'_>]) -> Sql<usize> {
        Ok(usize::try_from(self.0.execute(sql, params)?).unwrap_or(usize::MAX))
    }

    fn each_row(&self, sql: &str, params: &[Value<'_>], read: &mut dyn FnMut(&dyn Row) -> Sql<bool>) -> Sql<()> {
        for row in self.0.query(sql, params)? {
            if !read(&row)? {
                break;
            }
        }
        Ok(())
    }

    fn run_each(&self, sql: &str, sets: &[Vec<Value<'_>>]) -> Sql<usize> {
        let Some(first) = sets.first() else { return Ok(0) };
        let changed = self.0.execute_with(&of_arrays(sql, first.len()), &arrays(sets))?;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    fn rows_of_each(&self, sql: &str, sets: &[Vec<Value<'_>>], read: &mut dyn FnMut(&dyn Row) -> Sql<()>) -> Sql<()> {
        let Some(first) = sets.first() else { return Ok(()) };
        let rows = self.0.query_with(&of_arrays(sql, first.len()), &arrays(sets))?;
        rows.iter().try_for_each(|row| read(row))
    }

    fn candidates(&self, asked: &[StepDraft<'_>], now: Timestamp, mode: LockMode) -> Sql<Vec<Sql<(usize, Candidate)>>> {
        candidates::some(self, asked, now, mode)
    }

    fn target_facts(&self, draft: &AttemptDraft<'_>) -> Sql<Facts> {
        candidates::of_target(self, draft)
    }

    fn ticks_before_failover(&self, now: Timestamp) -> Sql<Option<Vec<TickSpan>>> {
        timeline::ticks_before(self, now)
    }
}

impl Row for tokio_postgres::Row {
    fn value(&self, at: usize) -> Sql<Value<'_>> {
        self.try_get(at).map_err(|error| SqlError::Column(error.to_string()))
    }
}
