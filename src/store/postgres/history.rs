//! The whole story of a meeting, for `explain`.

use super::tx::{Optional, Sql, Tx, params};
use super::values::Value;
use super::{Inner, meetings, reads};
use crate::model::{Address, HeardEffect, IncidentId, MeetingId, StepId, Timestamp};
use crate::store::{Ahead, AttemptHistory, AttemptView, HeardView, History, IncidentHistory, IncidentView};
use crate::store::{SharedStep, StepHistory, StepView};
use std::time::Duration;

/// What was not understood counts as said about an incident until so long after its end.
const HEARD_AFTER: Duration = Duration::from_secs(10 * 60);

pub(super) fn meeting_of(tx: &Tx<'_>, incident: IncidentId) -> Inner<Option<MeetingId>> {
    let statement = tx.sql("select meeting_id from incidents where id = $1");
    Ok(statement.query_row([incident], |r| r.get(0)).optional()?)
}

pub(super) fn of(tx: &Tx<'_>, id: MeetingId) -> Inner<Option<History>> {
    let Some(meeting) = meetings::get(tx, id)? else { return Ok(None) };
    let (added_at, changed_at, in_calendar, cancelled_by) = tx.query_row(
        "select created_at, updated_at, calendar_id is not null, cancelled_by from meetings where id = $1",
        [id],
        |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)),
    )?;
    let views = reads::incidents_of(tx, id)?.into_iter();
    let incidents = views.map(|view| incident(tx, view)).collect::<Inner<Vec<_>>>()?;
    Ok(Some(History { meeting, added_at, changed_at, in_calendar, cancelled_by, incidents }))
}

pub(super) fn ahead(tx: &Tx<'_>, started_since: Timestamp) -> Inner<Ahead> {
    let first = |sql: &str, params: Vec<Value>| -> Sql<Option<Timestamp>> { tx.query_row(sql, params, |r| r.get(0)) };
    Ok(Ahead {
        step: first("select min(ready_at) from steps where state = 'PENDING'", params![])?,
        meeting: first("select min(starts_at) from meetings where state = 'SCHEDULED' and watched = 0", params![])?,
        incident: first(
            "select min(starts_at) from incidents where ended_at is null and starts_at >= $1",
            params![started_since],
        )?,
    })
}

fn incident(tx: &Tx<'_>, view: IncidentView) -> Inner<IncidentHistory> {
    let steps = view.steps.iter().map(|step| self::step(tx, step)).collect::<Inner<Vec<_>>>()?;
    let heard = heard(tx, &view)?;
    Ok(IncidentHistory { view, steps, heard })
}

fn step(tx: &Tx<'_>, view: &StepView) -> Inner<StepHistory> {
    let (ready_at, changed_at) = tx
        .sql("select ready_at, updated_at from steps where id = $1")
        .query_row([view.id], |r| Ok((r.get(0)?, r.get(1)?)))?;
    let attempts = view.attempts.iter().map(|a| attempt(tx, view.id, a)).collect::<Inner<Vec<_>>>()?;
    Ok(StepHistory { view: view.clone(), ready_at, changed_at, attempts })
}

fn attempt(tx: &Tx<'_>, step: StepId, view: &AttemptView) -> Inner<AttemptHistory> {
    let mut attempt = tx
        .sql("select message, finished_at, guards, error_class, hang_up_how, step_id from attempts where id = $1")
        .query_row([view.id], |r| {
            let guards: Option<String> = r.get(2)?;
            Ok(AttemptHistory {
                view: view.clone(),
                message: r.get(0)?,
                finished_at: r.get(1)?,
                guards: guards.and_then(|lines| crate::store::own_line(&lines, step)),
                class: r.get(3)?,
                hang_up_how: r.get(4)?,
                first_step: r.get(5)?,
                shared: Vec::new(),
            })
        })?;
    let statement = tx.sql(
        "select x.step_id, x.incident_id, m.title from attempt_steps x join incidents i on i.id = x.incident_id \
           join meetings m on m.id = i.meeting_id where x.attempt_id = $1 and x.step_id <> $2 order by i.starts_at, x.step_id",
    );
    let rows = statement.query_map(params![view.id, step], |r| {
        Ok(SharedStep { step: r.get(0)?, incident: r.get(1)?, title: r.get(2)? })
    })?;
    attempt.shared = rows.collect::<Sql<_>>()?;
    Ok(attempt)
}

fn heard(tx: &Tx<'_>, incident: &IncidentView) -> Inner<Vec<HeardView>> {
    let in_vain = [HeardEffect::NotUnderstood, HeardEffect::NeedsCode, HeardEffect::NothingOpen];
    let statement = tx.sql(
        "select how, from_number, at, heard_at, message, effect from heard \
         where sid in (select sid from heard_incidents where incident_id = $1) \
           or (effect in ($4, $5, $6) and at >= $2 and at <= $3 \
             and not exists (select 1 from heard_incidents x where x.sid = heard.sid) \
             and from_number in (select a.to_number from attempt_steps x join attempts a on a.id = x.attempt_id \
               where x.incident_id = $1)) \
         order by at, sid collate \"C\"",
    );
    let until = incident.ended_at.map_or(Timestamp::from_ms(i64::MAX), |ended| ended.plus(HEARD_AFTER));
    let [a, b, c] = in_vain;
    let rows = statement.query_map(params![incident.id, incident.opened_at, until, a, b, c], |r| {
        Ok(HeardView {
            how: r.get(0)?,
            from: r.get::<_, Address>(1)?.masked(),
            at: r.get(2)?,
            heard_at: r.get(3)?,
            message: r.get(4)?,
            effect: r.get(5)?,
        })
    })?;
    Ok(rows.collect::<Sql<_>>()?)
}
