//! What was done is taken back.

use super::incidents::{self, insert};
use super::tx::{Tx, TxResult};
use super::value::params;
use super::{agenda, meetings, watch};
use crate::model::{
    ActKind, Action, CancelledBy, IncidentId, IncidentState, MeetingId, MeetingState, Offset, PlannedStep, Reason,
    Timestamp,
};
use crate::store::{Meeting, StoreError, UndoFacts, UndoRule, UndoScope, Undone, UndoneLeft, UndoneMeeting};

/// What was done for one meeting.
struct Part {
    meeting: MeetingId,
    incident: Option<IncidentId>,
    starts_at: Timestamp,
    ends_at: Option<Timestamp>,
    moved_to: Option<Timestamp>,
}

/// Takes back the last act of a person that still stands. `None`: there is none in that time.
pub(super) fn undo(tx: &dyn Tx, scope: &UndoScope<'_>, rule: UndoRule<'_>) -> TxResult<Option<Undone>> {
    let last = tx.optional(
        "select id, what, how, at from acts where person = ?1 and at >= ?2 and undone_at is null and first_id is null \
         order by at desc, id desc limit 1",
        params![scope.person, scope.since],
        |r| Ok((r.get::<i64>(0)?, r.get(1)?, r.get(2)?, r.get(3)?)),
    )?;
    let Some((id, what, how, at)) = last else { return Ok(None) };
    let parts = tx.rows(
        "select meeting_id, incident_id, starts_at, ends_at, moved_to from acts where coalesce(first_id, id) = ?1 order by id",
        params![id],
        |r| {
            Ok(Part {
                meeting: r.get(0)?,
                incident: r.get(1)?,
                starts_at: r.get(2)?,
                ends_at: r.get(3)?,
                moved_to: r.get(4)?,
            })
        },
    )?;
    let sql = "update acts set undone_at = ?2 where coalesce(first_id, id) = ?1 and undone_at is null";
    if tx.run(sql, params![id, scope.now])? != parts.len() {
        return Err(StoreError::Conflict("somebody else takes this back just now".into()).into());
    }
    let back = Back { tx, scope, rule };
    let meetings = parts.iter().map(|part| back.part(what, part)).collect::<TxResult<Vec<_>>>()?;
    Ok(Some(Undone { what, how, at, meetings }))
}

/// What takes things back.
struct Back<'a> {
    tx: &'a dyn Tx,
    scope: &'a UndoScope<'a>,
    rule: UndoRule<'a>,
}

impl Back<'_> {
    fn part(&self, what: ActKind, part: &Part) -> TxResult<UndoneMeeting> {
        match what {
            ActKind::Joined | ActKind::Missed | ActKind::Resolved => self.ending(part),
            ActKind::Acknowledged => self.acknowledgement(part),
            ActKind::CalledOff => self.calling_off(part),
            ActKind::Moved => self.move_back(part),
        }
    }

    fn meeting(&self, id: MeetingId) -> TxResult<Meeting> {
        meetings::existing(self.tx, id)
    }

    fn left(&self, id: MeetingId, why: UndoneLeft) -> TxResult<UndoneMeeting> {
        Ok(UndoneMeeting { meeting: self.meeting(id)?, again: Vec::new(), left: Some(why), ended: None })
    }

    /// A check-in, or the word of an operator: the incident ended for nothing, and the next generation is watched.
    fn ending(&self, part: &Part) -> TxResult<UndoneMeeting> {
        let meeting = self.meeting(part.meeting)?;
        let present = incidents::of_generation(self.tx, &meeting)?;
        if let Some(incident) = part.incident {
            self.tx.run(
                "update incidents set state = 'CANCELLED', reason = ?2, ended_at = ?3 \
                 where id = ?1 and state in ('RESOLVED','MISSED')",
                params![incident, Reason::Undone, self.scope.now],
            )?;
        }
        if meeting.state == MeetingState::Cancelled {
            return self.left(part.meeting, UndoneLeft::CalledOff);
        }
        if present != part.incident {
            return self.left(part.meeting, UndoneLeft::AsPlanned);
        }
        meetings::next_generation(self.tx, part.meeting)?;
        self.watch(part)
    }

    /// A call back: the incident goes on as if nobody had called.
    fn acknowledgement(&self, part: &Part) -> TxResult<UndoneMeeting> {
        let meeting = self.meeting(part.meeting)?;
        let Some(incident) = incidents::of_generation(self.tx, &meeting)? else {
            return self.left(part.meeting, UndoneLeft::Over);
        };
        let sql = "update incidents set acknowledged_at = null, acknowledged_how = null, acknowledged_by = null, \
             state = case when exists(select 1 from attempt_steps where incident_id = ?1) then 'ESCALATING' else 'OPEN' end \
             where id = ?1 and state = 'ACKNOWLEDGED'";
        if self.tx.run(sql, params![incident])? == 0 {
            return self.left(part.meeting, UndoneLeft::Over);
        }
        let pending = self.steps(incident, "PENDING", meeting.starts_at)?;
        let again = (self.rule)(&UndoFacts { meeting: &meeting, cancelled: Some(&pending) });
        Ok(UndoneMeeting { meeting, again, left: None, ended: None })
    }

    /// What a calendar has called off stays so: it is looked at again.
    fn calling_off(&self, part: &Part) -> TxResult<UndoneMeeting> {
        let changed = self.tx.run(
            "update meetings set state = ?2, cancelled_by = null, updated_at = ?3 where id = ?1 and cancelled_by = ?4",
            params![part.meeting, MeetingState::Scheduled, self.scope.now, CancelledBy::Person],
        )?;
        if changed == 0 {
            return self.left(part.meeting, UndoneLeft::CalledOff);
        }
        agenda::look_again(self.tx, part.meeting, self.scope.now)?;
        let meeting = self.meeting(part.meeting)?;
        match meeting.ended {
            Some(Reason::MeetingCancelled) => meetings::next_generation(self.tx, part.meeting)?,
            Some(_) => return self.left(part.meeting, UndoneLeft::Over),
            None => {}
        }
        self.watch(part)
    }

    fn move_back(&self, part: &Part) -> TxResult<UndoneMeeting> {
        let meeting = meetings::by_hand(self.tx, part.meeting)?;
        if Some(meeting.starts_at) != part.moved_to {
            let id = part.meeting;
            return Err(
                StoreError::Conflict(format!("{id} has another time again since then: move it once more")).into()
            );
        }
        let changed = meetings::shift(self.tx, &meeting, part.starts_at, part.ends_at, self.scope.now)?;
        let same = part.starts_at == meeting.starts_at;
        if same || changed.meeting.ended.is_some() {
            let back = self.left(part.meeting, if same { UndoneLeft::AsPlanned } else { UndoneLeft::Over })?;
            return Ok(UndoneMeeting { ended: changed.ended, ..back });
        }
        Ok(UndoneMeeting { ended: changed.ended, ..self.watch(part)? })
    }

    /// Plans what is still to come. A meeting in reach is watched at once, so that nothing else is.
    fn watch(&self, part: &Part) -> TxResult<UndoneMeeting> {
        let meeting = self.meeting(part.meeting)?;
        let cancelled = part.incident.map(|id| self.steps(id, "CANCELLED", meeting.starts_at)).transpose()?;
        let cancelled = match part.incident {
            Some(id) if self.had_steps(id, meeting.starts_at)? => cancelled,
            // Nothing rang for this start yet: the whole ladder comes.
            _ => None,
        };
        let again = (self.rule)(&UndoFacts { meeting: &meeting, cancelled: cancelled.as_deref() });
        if cancelled.is_some() || meeting.starts_at < self.scope.until {
            let id = insert(self.tx, &meeting, IncidentState::Open, None, self.scope.now)?;
            self.tx.run("update meetings set watched = 1 where id = ?1", params![meeting.id])?;
            let planned: Vec<_> = again.iter().map(|step| (id, &meeting, step)).collect();
            watch::insert_steps(self.tx, &planned, self.scope.now)?;
            if let Some(before) = part.incident {
                self.keep_acknowledgement(before, id)?;
            }
        }
        Ok(UndoneMeeting { meeting: self.meeting(part.meeting)?, again, left: None, ended: None })
    }

    /// Who was on it before is still on it.
    fn keep_acknowledgement(&self, before: IncidentId, now: IncidentId) -> TxResult<()> {
        self.tx.run(
            "update incidents set state = 'ACKNOWLEDGED', acknowledged_at = b.acknowledged_at, \
               acknowledged_how = b.acknowledged_how, acknowledged_by = b.acknowledged_by \
             from (select acknowledged_at, acknowledged_how, acknowledged_by from incidents where id = ?1) b \
             where id = ?2 and b.acknowledged_at is not null",
            params![before, now],
        )?;
        Ok(())
    }

    /// Had this incident steps for this start? Who was there already kept theirs when the meeting moved a little.
    fn had_steps(&self, incident: IncidentId, starts_at: Timestamp) -> TxResult<bool> {
        let sql = "select exists(select 1 from steps where incident_id = ?1 and starts_at = ?2)";
        Ok(self.tx.value(sql, params![incident, starts_at])?)
    }

    /// The steps of an incident in this state, in time for a start.
    fn steps(&self, incident: IncidentId, state: &str, starts_at: Timestamp) -> TxResult<Vec<PlannedStep>> {
        let sql = "select rung, kind, before_ms, to_whom, channel, condition, deadline_at - starts_at from steps \
                   where incident_id = ?1 and state = ?2 order by rung";
        let planned = self.tx.rows(sql, params![incident, state], |r| {
            let at = Offset::from_ms(r.get::<i64>(2)?.saturating_neg());
            let action = Action { kind: r.get(1)?, at, to: r.get(3)?, channel: r.get(4)?, when: r.get(5)? };
            let deadline_at = Timestamp::from_ms(starts_at.ms().saturating_add(r.get::<i64>(6)?));
            Ok(PlannedStep { rung: r.get(0)?, due_at: at.of(starts_at), action, deadline_at })
        })?;
        Ok(planned)
    }
}
