//! `savehub undo`: the last thing that was done for a person is taken back.

use super::args::UndoArgs;
use super::ctx::Ctx;
use super::pick;
use super::words::exact;
use crate::exit::{Exit, UsageError};
use crate::model::{ActHow, ActKind, PlannedStep, printable};
use crate::rules::{ladder, undo};
use crate::store::{StoreError, UndoFacts, UndoScope, Undone, UndoneLeft, UndoneMeeting};
use crate::when;
use crate::zone::Zone;

/// Runs the command.
pub fn run(args: &UndoArgs, ctx: &mut Ctx<'_>) -> anyhow::Result<Exit> {
    let person = pick::person(args.person.as_deref(), &ctx.config.people)?;
    let rungs = &ctx.config.ladder;
    let scope = UndoScope {
        person: &person.id,
        since: ctx.now.minus(undo::LONGEST),
        until: ctx.now.plus(ladder::reach(rungs)),
        now: ctx.now,
    };
    let rule = |facts: &UndoFacts<'_>| {
        let starts_at = facts.meeting.starts_at;
        let planned = ladder::plan(&ladder::marked(rungs, facts.meeting.marks), starts_at);
        undo::comes_again(facts.cancelled, &planned, starts_at, ctx.now)
    };
    let undone = match ctx.store.undo(&scope, &rule) {
        Err(StoreError::Conflict(why)) => return Err(UsageError(format!("this cannot be taken back: {why}")).into()),
        other => other?,
    };
    let Some(undone) = undone else {
        let hours = undo::LONGEST.as_secs() / 3600;
        let why = format!("nothing that {} did in the last {hours} h can be taken back", person.id);
        return Err(UsageError(why).into());
    };
    let text = told(&undone, ctx, &person.zone);
    ctx.show_and_hang_up(&text, undone.meetings.iter().filter_map(|meeting| meeting.ended.as_ref()))
}

/// What was taken back, and what comes again.
fn told(undone: &Undone, ctx: &Ctx<'_>, zone: &Zone) -> String {
    let at = when::short(undone.at, ctx.now, zone);
    let line = |one: &UndoneMeeting| {
        let (meeting, start) = (&one.meeting, when::describe(one.meeting.starts_at, ctx.now, zone));
        format!(
            "taken back: {}{} at {at}: {} ({}), {start}, {}\n  {}\n",
            what_words(undone.what),
            how_words(undone.how),
            pick::title(meeting),
            meeting.id,
            printable(&meeting.person),
            again_words(one, ctx, zone)
        )
    };
    undone.meetings.iter().map(line).collect()
}

fn again_words(one: &UndoneMeeting, ctx: &Ctx<'_>, zone: &Zone) -> String {
    let why = match one.left {
        Some(UndoneLeft::CalledOff) => "it was called off",
        Some(UndoneLeft::AsPlanned) => "it is watched for this start as before",
        Some(UndoneLeft::Over) => "its incident is over",
        None if one.again.is_empty() && one.meeting.starts_at <= ctx.now => "it has begun",
        None if one.again.is_empty() => "nothing is still to come",
        None => {
            let steps: Vec<String> = one.again.iter().map(|step| step_words(step, ctx, zone)).collect();
            return format!("comes again: {}", steps.join(", "));
        }
    };
    format!("nothing comes again: {why}")
}

/// `call at 08:57:00`, `sms to Bea at 09:01:00`.
fn step_words(step: &PlannedStep, ctx: &Ctx<'_>, zone: &Zone) -> String {
    let to = match (step.action.to.as_text(), step.action.channel.as_deref()) {
        ("", None) => String::new(),
        ("", Some(channel)) => format!(" {}", printable(channel)),
        (name, _) => format!(" to {}", printable(name)),
    };
    format!("{}{to} at {}", step.action.kind, exact(step.due_at, ctx.now, zone))
}

/// What was done.
pub(super) const fn what_words(what: ActKind) -> &'static str {
    match what {
        ActKind::Joined => "the check-in",
        ActKind::Missed => "the word that it will be missed",
        ActKind::Acknowledged => "the answer \"I am on it\"",
        ActKind::Resolved => "the end by an operator",
        ActKind::CalledOff => "the call-off",
        ActKind::Moved => "the move",
    }
}

/// By which way it came, where it was no command.
pub(super) const fn how_words(how: ActHow) -> &'static str {
    match how {
        ActHow::Command => "",
        ActHow::Message => " by a reply",
        ActHow::Call => " by a call back",
        ActHow::Key => " by a key",
    }
}
