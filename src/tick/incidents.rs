//! Incidents: opened when their meeting comes into reach of the ladder, closed when nobody checked in.

use super::context::Context;
use crate::config::Config;
use crate::model::{Reason, Timestamp};
use crate::rules::ladder;
use crate::store::{CloseRule, Meeting, Opened, Plan, StoreError};

/// Opens an incident with its steps for every meeting that has come into reach; ends those of people who left the config.
pub(super) fn open(cx: &mut Context<'_>) -> Result<(), StoreError> {
    let (now, config) = (cx.time.now(), &cx.world.config);
    let opened = cx.world.store.open_incidents(now, in_reach(config, now), &|meeting| plan(config, meeting))?;
    tell(cx, opened);
    Ok(())
}

/// The same for what calendars have brought since: what was open before stays so until the next tick.
pub(super) fn open_new(cx: &mut Context<'_>) -> Result<(), StoreError> {
    let (now, config) = (cx.time.now(), &cx.world.config);
    let opened = cx.world.store.open_new_incidents(now, in_reach(config, now), &|meeting| plan(config, meeting))?;
    tell(cx, opened);
    Ok(())
}

/// What starts before this is in reach of the ladder.
fn in_reach(config: &Config, now: Timestamp) -> Timestamp {
    now.plus(ladder::reach(&config.ladder))
}

fn plan(config: &Config, meeting: &Meeting) -> Plan {
    match config.person(&meeting.person) {
        Some(_) => Plan::Watch(ladder::plan(&ladder::marked(&config.ladder, meeting.marks), meeting.starts_at)),
        None => Plan::Refuse(Reason::PersonRemoved),
    }
}

fn tell(cx: &mut Context<'_>, opened: Opened) {
    cx.summary.opened.extend(opened.opened);
    cx.summary.refused.extend(opened.refused);
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
