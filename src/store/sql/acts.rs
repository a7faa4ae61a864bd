//! What people and operators did, written in the transaction that does it.

use super::tx::{Tx, TxResult};
use super::value::{Value, params};
use crate::model::{ActHow, ActKind, IncidentId, MeetingId, Timestamp};
use crate::store::{ActView, Meeting};

/// An act that is being written down: one or more meetings.
pub(super) struct Act {
    pub(super) what: ActKind,
    pub(super) how: ActHow,
    pub(super) at: Timestamp,
    first: Option<i64>,
}

impl Act {
    pub(super) const fn new(what: ActKind, how: ActHow, at: Timestamp) -> Self {
        Self { what, how, at, first: None }
    }

    /// Notes that it changed this meeting, which is given as it was before, and ended or changed this incident.
    pub(super) fn note(
        &mut self,
        tx: &dyn Tx,
        before: &Meeting,
        incident: Option<IncidentId>,
        moved_to: Option<Timestamp>,
    ) -> TxResult<()> {
        let id: i64 = tx.value(
            "insert into acts(first_id, person, at, what, how, meeting_id, incident_id, starts_at, ends_at, moved_to) \
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) returning id",
            params![
                self.first,
                before.person,
                self.at,
                self.what,
                self.how,
                before.id,
                incident,
                before.starts_at,
                before.ends_at,
                moved_to
            ],
        )?;
        self.first.get_or_insert(id);
        Ok(())
    }

    /// The same for the meeting that an incident watches.
    pub(super) fn note_incident(&mut self, tx: &dyn Tx, incident: IncidentId) -> TxResult<()> {
        let id: i64 = tx.value(
            "insert into acts(first_id, person, at, what, how, meeting_id, incident_id, starts_at, ends_at) \
             select ?1, m.person, ?2, ?3, ?4, m.id, i.id, m.starts_at, m.ends_at \
             from incidents i join meetings m on m.id = i.meeting_id where i.id = ?5 returning id",
            params![self.first, self.at, self.what, self.how, incident],
        )?;
        self.first.get_or_insert(id);
        Ok(())
    }
}

/// Everything that was done to a meeting, oldest first.
pub(super) fn of_meeting(tx: &dyn Tx, id: MeetingId) -> TxResult<Vec<ActView>> {
    let sql = "select what, how, at, incident_id, undone_at from acts where meeting_id = ?1 order by at, id";
    Ok(tx.readable("an act", sql, params![id], |r| {
        Ok(ActView { what: r.get(0)?, how: r.get(1)?, at: r.get(2)?, incident: r.get(3)?, undone_at: r.get(4)? })
    })?)
}

/// Forgets what was done, with all its meetings, before meetings or incidents of it are deleted.
pub(super) fn forget(tx: &dyn Tx, column: &str, ids: &[Value<'_>]) -> TxResult<()> {
    let acts = format!("select coalesce(a.first_id, a.id) from acts a where a.{column} in {{ids}}");
    tx.run_for(&format!("delete from acts where coalesce(first_id, id) in ({acts})"), ids)?;
    Ok(())
}
