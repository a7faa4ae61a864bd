//! One tick: it does what is due and writes down what happened.
//!
//! ```text
//! begin   write the tick's own row: a database that cannot be written shows now               tick_row
//! settle  attempts whose owner is gone become UNKNOWN                                          reconcile
//! people  who left the config, is back, or has another id                                      people
//! open    meetings in reach of the ladder get their incident and steps, once                   incidents
//!         (and again when a calendar brings new ones)
//! work    until nothing is left to do:                                                         part
//!           look    for UNKNOWN attempts in the provider's list: found, ABSENT, or given up    reconcile      [workers]
//!           seek    calls that ring on for an ended incident, since their database was lost       lost           [workers]
//!           listen  for replies, calls back and keys of people who were called or written to   listen         [workers]
//!           follow  calls that are not final, hang up those that are to end                    follow         [workers]
//!           ask     for earlier calls to the target of a due step                              preflight      [workers]
//!                   and whether its person is in the meeting already                           presence       [workers]
//!           shed    calls that cannot start in time at the account's pace                      call_queue
//!           claim   due steps: facts, guards, turns and attempts of a set in one transaction   claim
//!           answer  who has answered, by one text, where the config wants that                 confirm
//!           place   fence, request                                                             calls, fence   [workers]
//!           record  outcomes that are there, next state of their steps, in one transaction   outbox
//!           read    calendars whose time has come, with what room is left                      calendars      [workers]
//! close   incidents nobody checked in for become MISSED; old rows go                           incidents
//! end     complete the tick's own row                                                          tick_row
//! ```
//!
//! The third column names the file under `tick/`. Each part of the work is a value that answers the same few questions
//! (`part::Part`); what the parts share is the `context::Context`.
//!
//! A tick is stateless and may be killed anywhere, run beside other ticks, or hang in the network: what it does to the
//! world is written down before (`SENDING`), fenced right before, and recorded after. The thread that runs this file
//! owns every decision and all that is written; workers only ask others, read, and send back what they learned. Nothing
//! here knows SQL or HTTP, and only [`Clock`](crate::clock::Clock) is asked for the time.

mod accounts;
mod attempt;
mod calendar_look;
mod calendars;
mod call_queue;
mod calls;
mod claim;
mod confirm;
mod context;
mod due;
mod faults;
mod fence;
mod follow;
mod incidents;
mod jobs;
mod listed;
mod listen;
mod lookups;
mod lost;
mod outbox;
mod part;
mod people;
mod plan;
mod preflight;
mod presence;
mod recipient;
mod reconcile;
mod rehearse;
mod rehearsed_feeds;
mod summary;
mod test_call;
mod text;
mod tick_row;
mod time;
mod world;

pub use faults::{HEARTBEAT_FAULT, METRICS_FAULT, account_fault, fault, network_fault, refused_sender};
pub use plan::{Foreseen, Outlook, plan, plan_by};
pub use rehearse::dry_run;
pub use rehearsed_feeds::UnreadCalendar;
pub use summary::{
    CallSeen, ConfigSeen, HeardSeen, MeetingSeen, PersonChange, PersonSeen, PresentSeen, Summary, is_trouble,
};
pub use test_call::{TestCall, test_call};
pub use world::World;

use crate::model::IncidentId;
use crate::store::{CallScope, StoreError};
use calendars::Calendars;
use claim::Claims;
use context::Context;
use follow::Following;
use listen::Listening;
use lost::LostCalls;
use part::{Part, drive};
use preflight::Preflight;
use presence::PresenceChecks;
use reconcile::Reconciliation;
use std::collections::{HashMap, HashSet};
use tick_row::TickRow;
use time::Time;

/// Runs one tick. An error means that the store cannot be used; a provider's failure never is one.
pub fn tick(world: &World) -> Result<Summary, StoreError> {
    let mut time = Time::new(world);
    let (row, world) = TickRow::begin(world, &mut time)?;
    let mut cx = Context::new(&world, time);
    row.tell(&mut cx)?;
    // Whoever is gone by now has written all that it ever will.
    let leftovers = cx.armory.leftovers();
    reconcile::settle(&mut cx, &HashMap::new(), &HashSet::new())?;
    cx.clear_armed_files(&leftovers)?;
    people::sync(&mut cx)?;
    incidents::open(&mut cx)?;
    let new_files = calendars::sync(&mut cx)?;
    // The order counts: questions about a step's target are sent before the step is claimed.
    let parts: &mut [&mut dyn Part] = &mut [
        &mut Reconciliation::default(),
        &mut LostCalls::new(row.remembered()),
        &mut Following,
        &mut Listening::default(),
        &mut PresenceChecks::default(),
        &mut Preflight::new(row.remembered()),
        &mut Claims::default(),
        &mut Calendars::new(new_files),
    ];
    parts.iter_mut().try_for_each(|part| part.begin(&mut cx))?;
    drive(&mut cx, parts)?;
    incidents::close(&mut cx)?;
    // Answers that came while the tick was closing.
    part::each(parts.iter_mut(), |part| part.take(&mut cx))?;
    parts.iter_mut().try_for_each(|part| part.end(&mut cx))?;
    cx.clear_armed_files(&[])?;
    row.end(cx)
}

/// After a check-in or resolve: hangs up the calls of the incident at once, without waiting for the next tick. Every
/// tick tries again what failed.
pub fn hang_up_now(world: &World, incident: IncidentId) -> Result<Summary, StoreError> {
    let mut cx = Context::new(world, Time::new(world));
    let mut reconciliation = Reconciliation::default();
    cx.follow(CallScope::HangUpsOf(incident))?;
    // A call whose answer was lost is found first.
    reconciliation.look_for_doubtful(&mut cx, |attempt| attempt.hang_up)?;
    drive(&mut cx, &mut [&mut Following, &mut reconciliation])?;
    Ok(cx.summary)
}
