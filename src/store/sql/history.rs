//! The whole story of a meeting, for `explain`.

use super::tx::{Tx, TxResult};
use super::value::{each_id, params};
use super::{acts, meetings, reads};
use crate::model::{Address, HeardEffect, IncidentId, MeetingId, StepId, Timestamp};
use crate::store::{Ahead, AttemptHistory, AttemptView, HeardView, History, IncidentHistory, IncidentView};
use crate::store::{SharedStep, StepHistory, StepOutline, StepView, own_line};
use std::time::Duration;

/// An answer that was not understood counts for an incident until this long after its end.
const HEARD_AFTER: Duration = Duration::from_secs(10 * 60);

pub(super) fn meeting_of(tx: &dyn Tx, incident: IncidentId) -> TxResult<Option<MeetingId>> {
    Ok(tx.optional("select meeting_id from incidents where id = ?1", params![incident], |r| r.get(0))?)
}

pub(super) fn of(tx: &dyn Tx, id: MeetingId) -> TxResult<Option<History>> {
    let Some(meeting) = meetings::get(tx, id)? else { return Ok(None) };
    let (added_at, changed_at, in_calendar, cancelled_by) = tx.row(
        "select created_at, updated_at, calendar_id is not null, cancelled_by from meetings where id = ?1",
        params![id],
        |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)),
    )?;
    let views = reads::incidents_of(tx, id)?.into_iter();
    let incidents = views.map(|view| incident(tx, view)).collect::<TxResult<Vec<_>>>()?;
    let acts = acts::of_meeting(tx, id)?;
    Ok(Some(History { meeting, added_at, changed_at, in_calendar, cancelled_by, incidents, acts }))
}

pub(super) fn outlines(tx: &dyn Tx, steps: &[StepId]) -> TxResult<Vec<Option<StepOutline>>> {
    let sql = "select {place}, s.updated_at, i.starts_at, nullif(s.to_whom, ''), m.important, m.early_ms, \
                 (select a.guards from attempt_steps x join attempts a on a.id = x.attempt_id \
                    where x.step_id = s.id order by a.id desc limit 1) \
               from {each} cross join steps s join incidents i on i.id = s.incident_id \
                 join meetings m on m.id = i.meeting_id where s.id = ?1";
    let found = tx
        .by_place(sql, &each_id(steps), |r| Ok((r.get(1)?, r.get(2)?, r.get(3)?, meetings::marks(r, 4)?, r.get(6)?)))?;
    let outline = |(step, mut rows): (&StepId, Vec<(_, _, _, _, Option<String>)>)| {
        let (changed_at, starts_at, contact, marks, guards) = rows.pop()?;
        let guards = guards.and_then(|lines| own_line(&lines, *step));
        Some(StepOutline { changed_at, starts_at, contact, marks, guards })
    };
    Ok(steps.iter().zip(found).map(outline).collect())
}

pub(super) fn ahead(tx: &dyn Tx, started_since: Timestamp) -> TxResult<Ahead> {
    Ok(Ahead {
        step: tx.value("select min(ready_at) from steps where state = 'PENDING'", &[])?,
        meeting: tx.value("select min(starts_at) from meetings where state = 'SCHEDULED' and watched = 0", &[])?,
        early: tx.value(
            "select min(starts_at - early_ms) from meetings \
             where state = 'SCHEDULED' and watched = 0 and early_ms is not null",
            &[],
        )?,
        incident: tx.value(
            "select min(starts_at) from incidents where ended_at is null and starts_at >= ?1",
            params![started_since],
        )?,
        expanded: tx.value(
            "select min(case when has_missing = 1 or expanded_at is null then ?1 else expanded_at end) \
             from calendars where good_at is not null",
            params![Timestamp::from_ms(0)],
        )?,
    })
}

fn incident(tx: &dyn Tx, view: IncidentView) -> TxResult<IncidentHistory> {
    let steps = view.steps.iter().map(|step| self::step(tx, step)).collect::<TxResult<Vec<_>>>()?;
    let heard = heard(tx, &view)?;
    let explained = reads::text_about(tx, view.id)?;
    let explained = explained.map(|text| attempt(tx, None, &text)).transpose()?;
    let found = reads::found_for(tx, view.id)?;
    let found = found.iter().map(|call| attempt(tx, None, call)).collect::<TxResult<Vec<_>>>()?;
    let times = "select away_at, back_at from incidents where id = ?1";
    let (away_at, back_at): (Option<_>, Option<_>) = tx.row(times, params![view.id], |r| Ok((r.get(0)?, r.get(1)?)))?;
    Ok(IncidentHistory { view, steps, heard, explained, found, away: away_at.zip(back_at) })
}

fn step(tx: &dyn Tx, view: &StepView) -> TxResult<StepHistory> {
    let sql = "select ready_at, updated_at, starts_at - before_ms from steps where id = ?1";
    let (ready_at, changed_at, planned_at) =
        tx.row(sql, params![view.id], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
    let attempts = view.attempts.iter().map(|a| attempt(tx, Some(view.id), a)).collect::<TxResult<Vec<_>>>()?;
    Ok(StepHistory { view: view.clone(), ready_at, planned_at, changed_at, attempts })
}

/// `step`: the one that is told of; `None`: the attempt has none.
fn attempt(tx: &dyn Tx, step: Option<StepId>, view: &AttemptView) -> TxResult<AttemptHistory> {
    let mut attempt = tx.row(
        "select message, finished_at, guards, error_class, hang_up_how, step_id, callback_refused, \
           found_for is not null from attempts where id = ?1",
        params![view.id],
        |r| {
            let guards: Option<String> = r.get(2)?;
            Ok(AttemptHistory {
                view: view.clone(),
                message: r.get(0)?,
                finished_at: r.get(1)?,
                guards: guards.and_then(|lines| match step {
                    Some(step) => own_line(&lines, step),
                    None => Some(lines),
                }),
                class: r.get(3)?,
                hang_up_how: r.get(4)?,
                first_step: r.get(5)?,
                callback_refused: r.get(6)?,
                found_late: r.get(7)?,
                shared: Vec::new(),
            })
        },
    )?;
    let sql = "select x.step_id, x.incident_id, m.title from attempt_steps x join incidents i on i.id = x.incident_id \
           join meetings m on m.id = i.meeting_id where x.attempt_id = ?1 and x.step_id <> ?2 order by i.starts_at, x.step_id";
    attempt.shared = tx.rows(sql, params![view.id, step], |r| {
        Ok(SharedStep { step: r.get(0)?, incident: r.get(1)?, title: r.get(2)? })
    })?;
    Ok(attempt)
}

fn heard(tx: &dyn Tx, incident: &IncidentView) -> TxResult<Vec<HeardView>> {
    let in_vain = [HeardEffect::NotUnderstood, HeardEffect::NeedsCode, HeardEffect::NothingOpen];
    let sql = format!(
        "select how, from_number, at, heard_at, message, effect from heard \
         where sid in (select sid from heard_incidents where incident_id = ?1) \
           or (effect in (?4, ?5, ?6) and at >= ?2 and at <= ?3 \
             and not exists (select 1 from heard_incidents x where x.sid = heard.sid) \
             and from_number in (select a.to_number from attempt_steps x join attempts a on a.id = x.attempt_id \
               where x.incident_id = ?1)) \
         order by at, sid{}",
        tx.dialect().bytewise
    );
    let until = incident.ended_at.map_or(Timestamp::from_ms(i64::MAX), |ended| ended.plus(HEARD_AFTER));
    let [a, b, c] = in_vain;
    Ok(tx.readable(
        "something that was heard",
        &sql,
        params![incident.id, incident.opened_at, until, a, b, c],
        |r| {
            Ok(HeardView {
                how: r.get(0)?,
                from: r.get::<Address>(1)?.masked(),
                at: r.get(2)?,
                heard_at: r.get(3)?,
                message: r.get(4)?,
                effect: r.get(5)?,
            })
        },
    )?)
}
