//! `savehub resume`: ends a pause.

use super::args::ResumeArgs;
use super::ctx::Ctx;
use super::pick;
use super::words::pause_words;
use crate::exit::{Exit, UsageError};
use crate::model::PauseView;

/// Runs the command. It is no error if nothing was paused. It is one if somebody who was meant stays paused.
pub fn run(args: &ResumeArgs, ctx: &mut Ctx<'_>) -> anyhow::Result<Exit> {
    let before = ctx.store.pauses(ctx.now)?;
    let person = args.person.as_deref();
    // Who left the config may still be paused.
    if person.is_some() && !before.iter().any(|pause| pause.person.as_deref() == person) {
        pick::person(person, &ctx.config.people)?;
    }
    let ended = ctx.store.resume(person, ctx.now)?;
    let words = |pause: &PauseView| pause_words(pause, &ctx.config.people, ctx.now);
    let left: Vec<String> = ctx.store.pauses(ctx.now)?.iter().filter(|p| concerns(p, person)).map(words).collect();
    let who = person.unwrap_or("everybody");
    let line = match (ended.is_empty(), left.is_empty()) {
        (true, true) => "nothing was paused".to_owned(),
        (true, false) => {
            let remedy = if person.is_some() { "savehub resume" } else { "savehub resume --person" };
            let left = left.join("; ");
            return Err(UsageError(format!("{who} has no pause to end; still paused: {left}; see `{remedy}`")).into());
        }
        (false, true) => format!("resumed: {who}"),
        (false, false) => format!("resumed: {who}; still paused: {}", left.join("; ")),
    };
    ctx.finish(&line, None)
}

/// Does this pause keep from being called whoever `resume` was meant for?
fn concerns(pause: &PauseView, person: Option<&str>) -> bool {
    person.is_none() || pause.person.is_none()
}
