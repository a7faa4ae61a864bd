//! Pauses: written by `pause` and `resume`, read inside the claim and at the fence.

use super::tx::{Question, Row, Sql, Tx, TxResult};
use super::value::{each_id, params};
use crate::model::{AttemptId, PauseView, Timestamp};
use crate::store::NewPause;

const COLUMNS: &str = "person, since, until, reason";

/// From this column on.
fn from_row(row: &dyn Row, first: usize) -> Sql<PauseView> {
    Ok(PauseView {
        person: row.get(first)?,
        since: row.get(first + 1)?,
        until: row.get(first + 2)?,
        reason: row.get(first + 3)?,
    })
}

/// Begins a pause. It replaces a pause of the same people that still lasts.
pub(super) fn begin(tx: &dyn Tx, new: &NewPause, now: Timestamp) -> TxResult<PauseView> {
    end(tx, new.person.as_deref(), now)?;
    tx.run(
        "insert into pauses(person, since, until, reason) values (?1, ?2, ?3, ?4)",
        params![new.person, now, new.until, new.reason],
    )?;
    Ok(PauseView { person: new.person.clone(), since: now, until: new.until, reason: new.reason.clone() })
}

/// Ends the pause of everybody or of one person. Returns what held until now.
pub(super) fn end(tx: &dyn Tx, person: Option<&str>, now: Timestamp) -> TxResult<Vec<PauseView>> {
    let sql = format!(
        "update pauses set ended_at = {least}(?2, coalesce(until, ?2)) \
         where ended_at is null and coalesce(person, '') = coalesce(?1, '') returning {COLUMNS}",
        least = tx.dialect().least
    );
    let ended = tx.rows(&sql, params![person, now], |row| from_row(row, 0))?;
    Ok(ended.into_iter().filter(|pause| pause.holds_at(now)).collect())
}

/// What holds now: everybody's pause, then people's.
pub(super) fn live(tx: &dyn Tx, now: Timestamp) -> TxResult<Vec<PauseView>> {
    let sql = format!(
        "select {COLUMNS} from pauses where ended_at is null order by coalesce(person, ''){}",
        tx.dialect().bytewise
    );
    let all = tx.rows(&sql, &[], |row| from_row(row, 0))?;
    Ok(all.into_iter().filter(|pause| pause.holds_at(now)).collect())
}

/// The longest first.
const BY_LENGTH: &str = "order by until is not null, until desc, p.person is not null";

/// The longest pause that applies to this person, even one that is over by some clock: when it is over, all are.
pub(crate) fn longest(tx: &dyn Tx, person: &str) -> Sql<Option<PauseView>> {
    let sql = format!(
        "select {COLUMNS} from pauses p where ended_at is null and coalesce(person, '') in ('', ?1) {BY_LENGTH} limit 1"
    );
    tx.optional(&sql, params![person], |row| from_row(row, 0))
}

/// Asks for the pauses that apply to the people of these attempts, the longest first.
pub(super) fn of_attempts<'q>(ids: &'q [AttemptId], found: &'q mut Vec<Vec<PauseView>>) -> Question<'q> {
    let sql = format!(
        "select {{place}}, p.person, p.since, p.until, p.reason from {{each}}, attempts a, pauses p \
         where a.id = ?1 and p.ended_at is null and coalesce(p.person, '') in ('', a.person) {BY_LENGTH}"
    );
    Question::by_place(sql, each_id(ids), found, |row| from_row(row, 1))
}

/// Those that were over before ?1, whether anybody has looked since or not.
pub(super) const OVER: &str = "pauses where (ended_at < ?1 or ended_at is null and until < ?1)";

/// Deletes at most `limit` pauses that were over before `until`. Returns how many.
pub(super) fn forget(tx: &dyn Tx, until: Timestamp, limit: i64) -> TxResult<usize> {
    let sql = format!("delete from pauses where id in (select id from {OVER} limit ?2)");
    Ok(tx.run(&sql, params![until, limit])?)
}
