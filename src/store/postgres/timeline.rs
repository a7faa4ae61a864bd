//! After a failover the server has another timeline.

use crate::model::{TickSpan, Timestamp};
use crate::store::sql::{Sql, Tx, params, span_from_row};
use std::time::Duration;

/// How long after a failover steps may be left that were due before it: a ladder spans less.
const NEW_TIMELINE: Duration = Duration::from_secs(3600);

/// The last completed ticks of the timelines before this one, as long as this one is new. After a failover to a standby
/// that had lost the last transactions, or a restored backup, ticks of the new timeline know no more about what was lost
/// than the database does; of several hosts one ends its first tick before another has looked at its steps.
pub(super) fn ticks_before(tx: &dyn Tx, now: Timestamp) -> Sql<Option<Vec<TickSpan>>> {
    let timeline: i64 = tx.value("select savehub_timeline()", &[])?;
    let first = "select started_at from ticks where timeline = ?1 order by id limit 1";
    let first: Option<Timestamp> = tx.optional(first, params![timeline], |r| r.get(0))?;
    if first.is_some_and(|first| first.plus(NEW_TIMELINE) <= now) {
        return Ok(None);
    }
    // Only completed ticks count: what a killed one may have placed stands in its attempts.
    let newest = "select started_at, ended_at from ticks where ended_at is not null and timeline < ?1 \
                  order by timeline desc, id desc limit 300";
    let before = tx.rows(newest, params![timeline], span_from_row)?;
    Ok((!before.is_empty()).then_some(before))
}
