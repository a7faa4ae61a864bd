//! `savehub checkin`: the person says that they are there, or that they will not be.

use super::args::CheckinArgs;
use super::ctx::Ctx;
use super::meeting;
use super::pick::{self, MeetingSearch};
use super::words::effects;
use crate::exit::{Exit, UsageError};
use crate::model::{IncidentState, MeetingState};
use crate::store::{CheckIn, Ended, Meeting};
use std::time::Duration;

/// Running meetings started at most this long ago.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// Runs the command.
pub fn run(args: &CheckinArgs, ctx: &mut Ctx<'_>) -> anyhow::Result<Exit> {
    let meeting = match &args.meeting {
        Some(typed) => meeting::choose(typed, args.person.as_deref(), ctx)?,
        None => running_or_next(args.person.as_deref(), ctx)?,
    };
    let title = pick::title(&meeting);
    if meeting.state == MeetingState::Cancelled {
        return Err(UsageError(format!("{} {title} was called off; nothing rings for it", meeting.id)).into());
    }
    let how = if args.missed { CheckIn::Missed } else { CheckIn::Joined };
    let ended = ctx.store.check_in(meeting.id, how, ctx.now)?;
    ctx.finish(&line(&title, how, &ended), Some(&ended))
}

fn running_or_next(person: Option<&str>, ctx: &Ctx<'_>) -> anyhow::Result<Meeting> {
    let person = pick::person(person, &ctx.config.people)?;
    let (since, until) = (ctx.now.minus(LONGEST), ctx.now.plus(pick::NEXT_WITHIN).plus(Duration::from_millis(1)));
    let meetings = ctx.store.meetings(since, until)?;
    let incidents = ctx.store.snapshot(ctx.now, since, until)?.incidents;
    let search = MeetingSearch { now: ctx.now, people: &ctx.config.people, meetings: &meetings };
    Ok(search.running_or_next(&person.id, &incidents)?.clone())
}

/// What happened, in one line.
fn line(title: &str, how: CheckIn, ended: &Ended) -> String {
    let incident = ended.incident;
    match (how, ended.changed, ended.state) {
        (CheckIn::Joined, true, _) => format!("checked in: {title} ({incident}){}", effects(ended)),
        (CheckIn::Missed, true, _) => format!("will be missed: {title} ({incident}){}", effects(ended)),
        (CheckIn::Joined, false, IncidentState::Resolved) => {
            format!("already checked in: {title} ({incident}); nothing changed")
        }
        (_, false, state) => format!("already over: {title} ({incident}, {state}); nothing changed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::IncidentId;

    fn ended(state: IncidentState, changed: bool, cancelled_steps: u32, hang_ups: u32) -> Ended {
        Ended { incident: IncidentId(4), state, changed, cancelled_steps, hang_ups }
    }

    #[test]
    fn a_check_in_says_what_it_cancelled_and_what_is_hung_up() {
        assert_eq!(
            line("Board sync", CheckIn::Joined, &ended(IncidentState::Resolved, true, 2, 1)),
            "checked in: Board sync (i4), 2 pending steps cancelled, 1 call to hang up"
        );
        assert_eq!(
            line("Board sync", CheckIn::Missed, &ended(IncidentState::Missed, true, 1, 0)),
            "will be missed: Board sync (i4), 1 pending step cancelled"
        );
        assert_eq!(
            line("Board sync", CheckIn::Joined, &ended(IncidentState::Resolved, true, 0, 0)),
            "checked in: Board sync (i4)"
        );
    }

    #[test]
    fn a_second_check_in_says_that_nothing_changed() {
        assert_eq!(
            line("Board sync", CheckIn::Joined, &ended(IncidentState::Resolved, false, 0, 0)),
            "already checked in: Board sync (i4); nothing changed"
        );
        assert_eq!(
            line("Board sync", CheckIn::Joined, &ended(IncidentState::Missed, false, 0, 0)),
            "already over: Board sync (i4, MISSED); nothing changed"
        );
    }
}
