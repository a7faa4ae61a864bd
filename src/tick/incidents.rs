//! Incidents: opened when their meeting comes into reach of the ladder, closed when nobody checked in.

use super::context::Context;
use crate::model::Reason;
use crate::rules::ladder;
use crate::store::{CloseRule, Meeting, Plan, StoreError};

/// Opens an incident with its steps for every meeting that has come into reach.
pub(super) fn open(cx: &mut Context<'_>) -> Result<(), StoreError> {
    let config = &cx.world.config;
    let plan = |meeting: &Meeting| match config.person(&meeting.person) {
        Some(_) => Plan::Watch(ladder::plan(&config.ladder, meeting.starts_at)),
        None => Plan::Refuse(Reason::PersonRemoved),
    };
    let now = cx.time.now();
    let opened = cx.world.store.open_incidents(now, now.plus(ladder::reach(&config.ladder)), &plan)?;
    cx.summary.opened.extend(opened.opened);
    cx.summary.refused.extend(opened.refused);
    Ok(())
}

/// Ends the incidents nobody checked in for, and deletes old rows.
pub(super) fn close(cx: &mut Context<'_>) -> Result<(), StoreError> {
    let Some(witness_now) = cx.time.witness_now() else {
        log::debug!("nothing is closed or deleted: the wall clock has jumped, or another clock contradicts it");
        return Ok(());
    };
    let config = &cx.world.config;
    let rule = CloseRule {
        grace: config.engine.grace,
        calls_per: config.guards.max_calls_per,
        // Deleting waits for a clock that nobody contradicts.
        retention: config.engine.retention.filter(|_| cx.time.may_be_final),
    };
    // Closing is final, so a meeting must be over by every clock: the machine's, the corrected one and the witness.
    let surely = cx.time.now().min(cx.time.machine_now()).min(witness_now);
    let closed = cx.world.store.close(surely, &rule)?;
    cx.summary.missed.extend(closed.missed);
    cx.summary.results.extend(closed.steps);
    Ok(())
}
