//! Calls at the provider: what is known of them, and the wish to end them.

use super::tx::{Question, Row, Sql, Tx, TxResult};
use super::value::{each_id, params, set};
use super::{incidents, late};
use crate::model::{AttemptId, CallReport, CallStatus, HangUp, HangUpState, Timestamp};
use crate::store::{CallReported, CallScope, LiveCall, Reported};
use std::collections::HashSet;

const COLUMNS: &str = "a.id, a.provider, a.account, a.sid, a.kind, a.to_number, a.call_status, \
                       case a.hang_up when 'WANTED' then a.hang_up_how end, a.intent_at";

/// From this column on.
fn from_row(row: &dyn Row, first: usize) -> Sql<LiveCall> {
    Ok(LiveCall {
        attempt: row.get(first)?,
        provider: row.get(first + 1)?,
        account: row.get(first + 2)?,
        sid: row.get(first + 3)?,
        to: row.target(first + 4)?,
        status: row.get(first + 6)?,
        hang_up: row.get(first + 7)?,
        intent_at: row.get(first + 8)?,
        urgent: row.get(first + 9)?,
    })
}

pub(super) fn live(tx: &dyn Tx, scope: CallScope, now: Timestamp) -> TxResult<Vec<LiveCall>> {
    let (filter, incident) = match scope {
        CallScope::All => ("?2 = ?2 and (a.next_look_at <= ?1 or a.hang_up = 'WANTED')", 0),
        CallScope::HangUpsOf(id) => {
            ("a.hang_up = 'WANTED' and a.id in (select attempt_id from attempt_steps where incident_id = ?2)", id.0)
        }
    };
    let sql = format!(
        "select {COLUMNS}, a.person in (select i.person from steps s join incidents i on i.id = s.incident_id \
           where s.state = 'PENDING' and s.ready_at <= ?1) \
           and a.kind = 'call' and a.call_status in ('queued','ringing','in-progress') as urgent \
         from attempts a where a.state = 'ACCEPTED' and a.next_look_at is not null and {filter} \
         order by a.hang_up = 'WANTED' desc, urgent desc, a.next_look_at, a.id"
    );
    Ok(tx.readable("a call", &sql, params![now, incident], |row| from_row(row, 0))?)
}

/// The call of this attempt, if it is to be hung up.
pub(super) fn wanted(tx: &dyn Tx, id: AttemptId) -> TxResult<Option<LiveCall>> {
    let mut found = Vec::new();
    tx.ask_all(vec![ask_wanted(&[id], &mut found)])?;
    Ok(found.into_iter().flatten().next())
}

/// Asks for the calls of these attempts that are to be hung up.
pub(super) fn ask_wanted<'q>(ids: &'q [AttemptId], found: &'q mut Vec<Vec<LiveCall>>) -> Question<'q> {
    let sql = format!(
        "select {{place}}, {COLUMNS}, 1 from {{each}}, attempts a \
         where a.id = ?1 and a.state = 'ACCEPTED' and a.hang_up = 'WANTED'"
    );
    Question::by_place(sql, each_id(ids), found, |row| from_row(row, 1))
}

/// What is known of a call, as far as a report can add to it.
struct Known {
    status: CallStatus,
    wish: HangUpState,
    how: Option<HangUp>,
    details: Details,
}

#[derive(Clone, PartialEq)]
struct Details {
    duration_s: Option<u32>,
    rang_s: Option<u32>,
    answered_by: Option<String>,
    error_code: Option<u32>,
    price: Option<String>,
    price_unit: Option<String>,
}

impl Details {
    /// What the provider said once stands. Only who answered may change, since machine detection takes time.
    fn with(self, report: &CallReport) -> Self {
        Self {
            duration_s: self.duration_s.or(report.duration_s),
            rang_s: self.rang_s.or(report.rang_s),
            answered_by: report.answered_by.clone().or(self.answered_by),
            error_code: self.error_code.or(report.error_code),
            price: self.price.or_else(|| report.price.clone()),
            price_unit: self.price_unit.or_else(|| report.price_unit.clone()),
        }
    }
}

/// `None`: the provider has taken no call of this attempt.
fn known(tx: &dyn Tx, reports: &[CallReported<'_>]) -> TxResult<Vec<Option<Known>>> {
    let sql = "select {place}, call_status, hang_up, hang_up_how, duration_s, rang_s, answered_by, price, price_unit, \
         error_code from {each}, attempts where id = ?1 and state = 'ACCEPTED'";
    let sets: Vec<_> = reports.iter().map(|of| set![&of.attempt]).collect();
    let rows = tx.by_place(sql, &sets, |r| {
        let details = Details {
            duration_s: r.get(4)?,
            rang_s: r.get(5)?,
            answered_by: r.get(6)?,
            price: r.get(7)?,
            price_unit: r.get(8)?,
            error_code: r.get(9)?,
        };
        Ok(Known { status: r.get(1)?, wish: r.get(2)?, how: r.get(3)?, details })
    })?;
    Ok(rows.into_iter().map(|mut rows| rows.pop()).collect())
}

/// Writes reports down, in this order.
pub(super) fn record(tx: &dyn Tx, reports: &[CallReported<'_>]) -> TxResult<Vec<Reported>> {
    let mut recorded = Vec::with_capacity(reports.len());
    while recorded.len() < reports.len() {
        let left = &reports[recorded.len()..];
        // A call may have been asked about twice.
        let mut seen = HashSet::new();
        let count = left.iter().take_while(|of| seen.insert(of.attempt)).count();
        recorded.extend(round(tx, &left[..count])?);
    }
    Ok(recorded)
}

/// The same for reports about different calls.
fn round(tx: &dyn Tx, reports: &[CallReported<'_>]) -> TxResult<Vec<Reported>> {
    let known = known(tx, reports)?;
    let all = reports.iter().zip(known).enumerate();
    let after: Vec<After<'_>> = all.filter_map(|(place, (of, before))| Some(After::new(place, of, before?))).collect();
    update(tx, &after)?;
    let mut recorded: Vec<_> = reports.iter().map(|_| Reported::default()).collect();
    for After { place, of, before, status, details, .. } in &after {
        let moved = *status != before.status;
        recorded[*place].news = moved || *details != before.details;
        if moved && status.is_failure() {
            recorded[*place].late = late::ended(tx, of.attempt, of.report.class, of.next.now)?;
        }
    }
    let answered = reports.iter().enumerate().filter_map(|(place, of)| Some((place, (of.attempt, of.answered_at?))));
    let (places, answered): (Vec<usize>, Vec<_>) = answered.unzip();
    for (place, incidents) in places.into_iter().zip(incidents::answered(tx, &answered)?) {
        recorded[place].acknowledged = incidents;
    }
    Ok(recorded)
}

/// What is known of a call with its report.
struct After<'r> {
    place: usize,
    of: &'r CallReported<'r>,
    before: Known,
    status: CallStatus,
    details: Details,
    wish: HangUpState,
    look: Option<Timestamp>,
}

impl<'r> After<'r> {
    fn new(place: usize, of: &'r CallReported<'r>, before: Known) -> Self {
        let CallReported { report, next, wish_over, .. } = of;
        // An older answer never overwrites a newer state, and a final one stands.
        let status = if report.status.rank() > before.status.rank() { report.status } else { before.status };
        let details = before.details.clone().with(report);
        let wish = match before.wish {
            HangUpState::Wanted if *wish_over => HangUpState::Moot,
            HangUpState::Wanted if status.is_final() => {
                let ended_by_us = status == CallStatus::Canceled || before.how == Some(HangUp::Completed);
                if ended_by_us { HangUpState::Done } else { HangUpState::Moot }
            }
            wish => wish,
        };
        let look = match status {
            CallStatus::Completed if details.price.is_none() => next.price,
            status if status.is_final() => None,
            _ => next.live,
        };
        Self { place, of, before, status, details, wish, look }
    }
}

fn update(tx: &dyn Tx, all: &[After<'_>]) -> TxResult<()> {
    let sets: Vec<_> = all
        .iter()
        .map(|After { of, before, status, details, wish, look, .. }| {
            set![
                &of.attempt,
                status,
                &details.duration_s,
                &details.rang_s,
                &details.answered_by,
                &details.price,
                &details.price_unit,
                wish,
                look,
                &details.error_code,
                &before.status
            ]
        })
        .collect();
    tx.run_later(
        "update attempts set call_status = ?2, duration_s = ?3, rang_s = ?4, answered_by = ?5, price = ?6, \
         price_unit = ?7, hang_up = ?8, next_look_at = ?9, error_code = ?10 from {each} \
         where id = ?1 and call_status = ?11",
        &sets,
        Some("record the status of calls"),
    )
}

pub(super) fn hang_up(tx: &dyn Tx, id: AttemptId, to: HangUpState) -> TxResult<bool> {
    let changed = tx.run(
        "update attempts set hang_up = ?2, \
         next_look_at = case when call_status in ('queued','ringing','in-progress') then next_look_at end \
         where id = ?1 and hang_up = 'WANTED'",
        params![id, to],
    )?;
    Ok(changed == 1)
}

pub(super) fn look_later(tx: &dyn Tx, id: AttemptId, next_look: Timestamp) -> TxResult<()> {
    tx.run("update attempts set next_look_at = ?2 where id = ?1 and next_look_at is not null", params![id, next_look])?;
    Ok(())
}
