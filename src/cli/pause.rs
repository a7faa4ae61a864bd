//! `savehub pause`: the brake (guard 7), for everybody or for one person.

use super::args::PauseArgs;
use super::ctx::Ctx;
use super::pick;
use super::words::{clean, pause_words};
use crate::exit::{Exit, UsageError};
use crate::model::Timestamp;
use crate::store::NewPause;
use std::time::Duration;

/// Longest reason, in characters.
const REASON_MAX: usize = 200;

/// Longest pause that ends by itself.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

/// Runs the command.
pub fn run(args: &PauseArgs, ctx: &mut Ctx<'_>) -> anyhow::Result<Exit> {
    let people = &ctx.config.people;
    let person = args.person.as_deref().map(|id| pick::person(Some(id), people)).transpose()?;
    let new = NewPause {
        person: person.map(|person| person.id.clone()),
        until: until(args.time, ctx.now)?,
        reason: reason(args.reason.as_deref())?,
    };
    let replaced = ctx.store.pauses(ctx.now)?.into_iter().find(|pause| pause.person == new.person);
    let begun = ctx.store.pause(&new, ctx.now)?;
    let before = replaced.map_or_else(String::new, |old| format!("; before: {}", pause_words(&old, people, ctx.now)));
    let begun = pause_words(&begun, people, ctx.now);
    ctx.finish(&format!("paused: {begun}{before}; what falls due meanwhile does not come back"), None)
}

fn until(time: Option<Duration>, now: Timestamp) -> Result<Option<Timestamp>, UsageError> {
    match time {
        Some(time) if time.as_millis() == 0 => Err(UsageError("--for: a pause of no time is none".into())),
        Some(time) if time > LONGEST => {
            Err(UsageError("--for: at most 366d; without --for it lasts until `savehub resume`".into()))
        }
        time => Ok(time.map(|time| now.plus(time))),
    }
}

fn reason(typed: Option<&str>) -> Result<Option<String>, UsageError> {
    let reason = clean(typed);
    match reason.as_ref().map_or(0, |reason| reason.chars().count()) {
        length if length > REASON_MAX => {
            Err(UsageError(format!("the reason has {length} characters; at most {REASON_MAX} are kept")))
        }
        _ => Ok(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing::{NOW, minutes};

    #[test]
    fn a_pause_of_no_time_or_of_years_is_a_mistake() {
        assert_eq!(until(Some(Duration::from_secs(60)), NOW), Ok(Some(minutes(1))));
        assert_eq!(until(None, NOW), Ok(None));
        assert!(until(Some(Duration::ZERO), NOW).is_err());
        assert!(until(Some(LONGEST + Duration::from_secs(1)), NOW).is_err());
    }

    #[test]
    fn a_reason_is_cleaned_and_a_long_one_is_refused() {
        assert_eq!(reason(Some(" on\u{1b}a plane ")), Ok(Some("on a plane".into())));
        assert_eq!(reason(Some(" ")), Ok(None));
        assert_eq!(
            reason(Some(&"x".repeat(201))).unwrap_err().0,
            "the reason has 201 characters; at most 200 are kept"
        );
    }
}
