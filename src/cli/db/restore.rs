//! `savehub db restore`: a backup takes the place of the database.

use crate::cli::args::DbRestoreArgs;
use crate::cli::words::{counted, exact};
use crate::cli::{open, pick};
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::exit::{Exit, UsageError};
use crate::model::{MeetingState, Timestamp, printable};
use crate::store::sqlite::{Create, SqliteStore};
use crate::store::{CheckIn, Meeting, Store, StoreError};
use std::fmt::Write as _;
use std::io::Write;
use std::time::Duration;

/// Meetings that start within this time are looked at one by one.
const SOON: Duration = Duration::from_secs(12 * 3600);

/// Runs the command.
pub(super) fn run(args: &DbRestoreArgs, config: &Config, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let now = SystemClock.now();
    let backup = SqliteStore::restorable(&config.database, &args.file)?;
    let again = open_again(&backup.store()?, present(config).as_ref(), now)?;
    let listed = again.iter().fold(String::new(), |mut text, (meeting, why)| {
        let at = exact(meeting.starts_at, now, &pick::zone_of(&meeting.person, &config.people));
        let (title, person) = (printable(&meeting.title), printable(&meeting.person));
        let _ = writeln!(text, "  {} {title} ({person}), {at}: {why}", meeting.id);
        text
    });
    if !again.is_empty() && !args.yes && !args.check_in {
        write!(out, "{listed}")?;
        let why = format!(
            "nothing was restored: the backup does not know how {} ended, and phones would ring for it; \
             --check-in checks in for each, --yes lets them ring",
            counted(again.len(), "meeting")
        );
        return Err(UsageError(why).into());
    }
    let stamp = now.to_rfc3339().replace([':', '.'], "");
    let aside = backup.put_in_place(&format!(".aside-{stamp}"))?;
    let store = open::store(config, Create::No)?;
    if args.check_in {
        for (meeting, _) in &again {
            store.check_in(meeting.id, CheckIn::Joined, now)?;
        }
    }
    writeln!(out, "restored: {} is now {}", config.database.display(), args.file.display())?;
    if let Some(aside) = aside {
        writeln!(out, "the old file: {}", aside.display())?;
    }
    if !again.is_empty() {
        writeln!(out, "{}", if args.check_in { "checked in:" } else { "open again:" })?;
        write!(out, "{listed}")?;
    }
    Ok(Exit::Done)
}

/// What the present database knows of meetings; `None`: it is not there, or cannot be read.
fn present(config: &Config) -> Option<SqliteStore> {
    // It may have an older schema than this savehub; then nothing is concluded from it.
    SqliteStore::inspect(&config.database, Duration::ZERO).ok()?.1
}

/// The meetings that start soon, are still to ring in the backup, and have ended since, each with why.
fn open_again(
    backup: &SqliteStore,
    present: Option<&SqliteStore>,
    now: Timestamp,
) -> Result<Vec<(Meeting, String)>, StoreError> {
    let soon = |store: &SqliteStore| store.meetings(now, now.plus(SOON));
    let known = present.and_then(|store| soon(store).ok());
    let mut again = Vec::new();
    for meeting in soon(backup)? {
        let rings = meeting.state == MeetingState::Scheduled && meeting.ended.is_none() && meeting.starts_at > now;
        if let Some(why) = known.as_deref().map_or_else(nobody_knows, |known| ended_since(&meeting, known))
            && rings
        {
            again.push((meeting, why));
        }
    }
    Ok(again)
}

#[expect(clippy::unnecessary_wraps, reason = "in the place of ended_since")]
fn nobody_knows() -> Option<String> {
    Some("the present database cannot say whether it has ended".to_owned())
}

/// Why the meeting no longer rings by the present database; `None`: it does.
fn ended_since(meeting: &Meeting, known: &[Meeting]) -> Option<String> {
    let key = |m: &Meeting| (m.person.clone(), m.uid.clone(), m.recurrence.clone());
    match known.iter().find(|other| key(other) == key(meeting)) {
        Some(now) if now.state != MeetingState::Scheduled => Some("it was called off since".into()),
        Some(now) => now.ended.map(|reason| format!("it has ended since ({reason})")),
        None => Some("the present database does not have it".into()),
    }
}
