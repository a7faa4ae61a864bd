//! Calls that ring on although their incident has ended: a person checked in on a database that is younger than the call.
//!
//! A check-in hangs up what the database knows. Where the database remembers no ticks from the time in which the incident's
//! calls were due, the provider's list is asked which calls there are; those of that time are hung up. Elsewhere nobody is
//! asked.

use super::attempt::draft;
use super::call_queue::slot_of;
use super::context::Context;
use super::listed::{list_of, listed};
use super::lookups::{ListKey, ListLookup, ListState};
use super::part::Part;
use super::recipient;
use crate::model::{Action, ListedCall, MeetingWords, Remembered, RungKind, Target, Timestamp};
use crate::rules::{ladder, reconcile};
use crate::store::{AttemptDraft, EndedIncident, Result};
use std::time::Duration;

/// An incident that ended longer ago has no call that rings.
const ENDED_WITHIN: Duration = Duration::from_secs(5 * 60);

/// Calls that may ring on, and the lists that would show them.
pub(super) struct LostCalls {
    remembered: Remembered,
    sought: Vec<Sought>,
}

struct Sought {
    incident: EndedIncident,
    action: Action,
    to: Target,
    key: ListKey,
    /// When its calls were made.
    span: (Timestamp, Timestamp),
}

impl LostCalls {
    pub(super) fn new(remembered: Remembered) -> Self {
        Self { remembered, sought: Vec::new() }
    }

    fn seek(&mut self, incident: &EndedIncident, cx: &mut Context<'_>) {
        let (config, now) = (&cx.world.config, cx.time.now());
        let mut steps = ladder::plan(&config.ladder, incident.starts_at);
        // The ladder may not stand in its order.
        steps.sort_by_key(|step| step.due_at);
        for step in steps.into_iter().filter(|step| step.action.kind == RungKind::Call) {
            let span = (step.due_at, incident.ended_at);
            let Some(to) = recipient::target_of(config, &incident.person, &step.action) else { continue };
            let sought = self.sought.iter().any(|other| other.incident == *incident && other.to == to);
            if sought || span.0 > span.1 || !reconcile::may_ring_on(span, now, &self.remembered) {
                continue;
            }
            let Some(key) = list_of(cx.world, &to) else { continue };
            let asked = cx.lookups.known.contains_key(&key)
                || cx.lookups.ask_for(cx.world, ListLookup { key: key.clone(), doubtful: Vec::new() });
            if asked {
                self.sought.push(Sought { incident: incident.clone(), action: step.action, to, key, span });
            }
        }
    }

    fn hang_up(&self, sought: &Sought, cx: &mut Context<'_>) -> Result<()> {
        let (world, now) = (cx.world, cx.time.now());
        let Some(person) = world.config.person(&sought.incident.person) else { return Ok(()) };
        let Some(recipient) = recipient::recipient_of(world, &sought.action, person) else { return Ok(()) };
        let listed = listed(world, &cx.lookups, &sought.to, now);
        let choose = |unknown: &[ListedCall]| reconcile::rings_on(unknown, sought.span, now, &self.remembered);
        if choose(&listed).is_empty() {
            return Ok(());
        }
        let (silent, slot) = (|_: &[MeetingWords]| String::new(), slot_of(None, &person.id, now, &[]));
        let draft = AttemptDraft { listed, ..draft(world, &recipient, now, &silent, &slot, &|_| String::new()) };
        for call in world.store.adopt_ended(&sought.incident, &draft, now, &choose)? {
            let (id, incident) = (&call.sid, sought.incident.id);
            log::warn!(
                "[CALL] call {id} was placed before this database was made; {incident} has ended, so it is hung up"
            );
            cx.lookups.look_at(world, call);
        }
        Ok(())
    }
}

impl Part for LostCalls {
    fn begin(&mut self, cx: &mut Context<'_>) -> Result<()> {
        let since = cx.time.now().minus(ENDED_WITHIN);
        for incident in cx.world.store.ended_since(since)? {
            self.seek(&incident, cx);
        }
        Ok(())
    }

    fn take(&mut self, cx: &mut Context<'_>) -> Result<()> {
        for sought in std::mem::take(&mut self.sought) {
            match cx.lookups.known.get(&sought.key) {
                Some(ListState::Read(_)) => self.hang_up(&sought, cx)?,
                Some(ListState::Unreadable) => {}
                // Its list is to come, perhaps a second time.
                None | Some(ListState::Asked { .. }) => self.sought.push(sought),
            }
        }
        Ok(())
    }
}
