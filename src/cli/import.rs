//! `savehub import`: the meetings of a file, taken once. Everything is read and judged before anything is written, and
//! then written in one transaction.

use super::args::ImportArgs;
use super::calendar::{self, CalendarOwner, source};
use super::ctx::Ctx;
use super::words::{reason_words, skip_words};
use super::{meeting, pick};
use crate::calendar::look;
use crate::exit::Exit;
use crate::model::{Reason, SeenAgenda, SeenMeeting, SkipWhy};
use crate::rules::agenda;
use crate::store::{MeetingChange, MeetingNews};
use crate::when;
use crate::zone::Zone;

/// Runs the command.
pub(super) fn run(args: &ImportArgs, ctx: &mut Ctx<'_>) -> anyhow::Result<Exit> {
    let until = calendar::horizon(ctx.now, args.until)?;
    let person = pick::person(args.person.as_deref(), &ctx.config.people)?;
    let chosen = source::file(&args.file, person)?;
    let copy = chosen.read(ctx.config, &(ctx.now..until))?;
    let owner = CalendarOwner::of(Some(person), chosen.is_own());
    let look = look(&copy.bytes, &owner.view(ctx.now, until)).map_err(|why| chosen.unreadable(&why.to_string()))?;
    chosen.must_be_whole(&look)?;
    let now = ctx.now;
    let rule = |known: &[_], seen: &SeenAgenda| agenda::changes(known, &agenda::Look { seen, confirmed: true, now });
    let recorded = ctx.store.import_agenda(&person.id, &chosen.name, &look.seen, now, &rule)?;
    let notices = look.notices.iter().map(|notice| format!("note: {}\n", calendar::notice_line(notice)));
    let text: String = changes(&recorded.changed, &look.seen, ctx, &owner.zone).into_iter().chain(notices).collect();
    ctx.show_and_hang_up(&text, recorded.changed.iter().filter_map(|change| change.ended.as_ref()))
}

/// A line for each meeting that changed or does not ring, and one that counts them. Days are only counted: a calendar
/// may be full of birthdays.
fn changes(changed: &[MeetingChange], seen: &SeenAgenda, ctx: &Ctx<'_>, zone: &Zone) -> Vec<String> {
    let change = |change: &MeetingChange| {
        let meeting = meeting::line(&change.meeting, ctx.now, zone);
        format!("{meeting}: {}{}\n", news_words(change.how), meeting::ended(change.ended.as_ref()))
    };
    let skipped = |(meeting, why): &(SeenMeeting, SkipWhy)| {
        let (title, at) = (calendar::title_or_none(&meeting.title), when::describe(meeting.starts_at, ctx.now, zone));
        format!("{title}, {at}: not taken, {}\n", skip_words(*why))
    };
    let is_new = |meeting: &SeenMeeting| {
        !changed.iter().any(|c| (&c.meeting.uid, &c.meeting.recurrence) == (&meeting.uid, &meeting.recurrence))
    };
    let not_taken: Vec<_> = seen.skipped.iter().filter(|(meeting, _)| is_new(meeting)).collect();
    let count = |how: fn(MeetingNews) -> bool| changed.iter().filter(|change| how(change.how)).count();
    let counts = [
        (count(|how| matches!(how, MeetingNews::Added | MeetingNews::Revived)), "added"),
        (count(|how| how == MeetingNews::Moved), "moved"),
        (count(|how| how == MeetingNews::Updated), "changed"),
        (count(|how| matches!(how, MeetingNews::Cancelled(_))), "called off"),
        (not_taken.len(), "not taken"),
    ];
    let counts: Vec<String> = counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    let total = if counts.is_empty() { "nothing is new".into() } else { counts.join(", ") };
    let timed = not_taken.into_iter().filter(|(_, why)| *why != SkipWhy::AllDay);
    let lines = changed.iter().map(change).chain(timed.map(skipped));
    lines.chain([format!("{total}\n")]).collect()
}

fn news_words(news: MeetingNews) -> String {
    match news {
        MeetingNews::Added => "added".into(),
        MeetingNews::Updated => "changed".into(),
        MeetingNews::Moved => "moved".into(),
        MeetingNews::Cancelled(Reason::MeetingCancelled) => "called off".into(),
        MeetingNews::Cancelled(reason) => format!("called off: {}", reason_words(reason)),
        MeetingNews::Revived => "planned again".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::print::Screen;
    use crate::cli::testing::{NOW, person};
    use crate::config::Config;
    use crate::model::{IncidentId, MeetingState, Timestamp};
    use crate::store::Store;
    use crate::store::sqlite::SqliteStore;
    use std::time::Duration;

    fn event(uid: &str, more: &str) -> String {
        format!("BEGIN:VEVENT\nUID:{uid}\nSUMMARY:{uid}\n{more}\nEND:VEVENT\n")
    }

    fn calendar(events: &[String]) -> String {
        format!("BEGIN:VCALENDAR\n{}END:VCALENDAR\n", events.concat())
    }

    fn config() -> Config {
        Config { people: vec![person("ana")].into(), ..Config::standard(&|_| None) }
    }

    /// What importing this text into the store prints, or why it is refused.
    fn import(text: &str, store: &dyn Store) -> Result<String, String> {
        let file = tempfile::NamedTempFile::with_suffix(".ics").unwrap();
        std::fs::write(file.path(), text).unwrap();
        let path = file.path().to_str().unwrap().to_owned();
        let args = ImportArgs { file: path, person: None, until: Duration::from_secs(7 * 86_400) };
        let (mut out, config) = (Vec::new(), config());
        let mut hang_up = |_: IncidentId| {};
        let mut ctx =
            Ctx { now: NOW, config: &config, store, screen: Screen::PLAIN, out: &mut out, hang_up: &mut hang_up };
        run(&args, &mut ctx).map_err(|error| error.to_string())?;
        Ok(String::from_utf8(out).unwrap())
    }

    fn planned(store: &dyn Store) -> Vec<(String, String)> {
        let all = store.meetings(NOW, Timestamp::from_ms(i64::MAX)).unwrap();
        let planned = all.into_iter().filter(|meeting| meeting.state == MeetingState::Scheduled);
        planned.map(|meeting| (meeting.title, meeting.starts_at.to_rfc3339())).collect()
    }

    #[test]
    fn meetings_are_added_then_moved_changed_and_called_off_by_what_the_file_says() {
        let store = SqliteStore::in_memory().unwrap();
        let first = calendar(&[
            event("Board", "DTSTART:20261123T080000Z"),
            event("Dentist", "DTSTART:20261123T100000Z"),
            event("Review", "DTSTART:20261123T120000Z"),
            event("Holiday", "DTSTART;VALUE=DATE:20261123"),
            event("Focus", "DTSTART:20261123T140000Z\nTRANSP:TRANSPARENT"),
        ]);
        assert_eq!(
            import(&first, &store).unwrap(),
            "m1 Board: ana, 2026-11-23 09:00 (in 24 h): added
m2 Dentist: ana, 2026-11-23 11:00 (in 26 h): added
m3 Review: ana, 2026-11-23 13:00 (in 28 h): added
Focus, 2026-11-23 15:00 (in 30 h): not taken, marked as free
3 added, 2 not taken
"
        );
        let again = "Focus, 2026-11-23 15:00 (in 30 h): not taken, marked as free\n2 not taken\n";
        assert_eq!(import(&first, &store).unwrap(), again);
        let second = calendar(&[
            event("Board", "DTSTART:20261123T083000Z"),
            event("Dentist", "DTSTART:20261123T100000Z\nSTATUS:CANCELLED"),
        ]);
        assert_eq!(
            import(&second, &store).unwrap(),
            "m1 Board: ana, 2026-11-23 09:30 (in 24 h): moved
m2 Dentist: ana, 2026-11-23 11:00 (in 26 h): called off
1 moved, 1 called off
"
        );
        let board = ("Board".to_owned(), "2026-11-23T08:30:00.000Z".to_owned());
        let review = ("Review".to_owned(), "2026-11-23T12:00:00.000Z".to_owned());
        assert_eq!(planned(&store), [board, review]);
    }

    #[test]
    fn a_file_that_breaks_off_changes_nothing() {
        let store = SqliteStore::in_memory().unwrap();
        let text = calendar(&[event("Board", "DTSTART:20261123T080000Z")]);
        let cut = text.strip_suffix("END:VCALENDAR\n").unwrap();
        let said = import(cut, &store).unwrap_err();
        assert!(said.ends_with(": it breaks off before its END:VCALENDAR"), "{said}");
        assert_eq!(planned(&store), []);
    }

    #[test]
    fn an_address_is_not_imported_and_not_repeated() {
        let said = source::file("https://example.com/secret.ics", &person("ana")).map(|_| ()).unwrap_err().to_string();
        assert!(said.starts_with("import takes a file; ") && !said.contains("secret"), "{said}");
    }
}
