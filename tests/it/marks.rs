//! Marks in a calendar file, and what rings because of them: the real tick on a turned clock.

use crate::support::world::{BEGIN, World};
use savehub::config::CalendarPlace;
use savehub::model::{MeetingId, RungKind, Timestamp};

const LADDER: &str = "[[ladder]]\nstep = \"sms\"\nbefore = \"5m\"\nmessage = \"Look: {title}\"\n\n\
                      [[ladder]]\nstep = \"call\"\nbefore = \"3m\"\n";

/// Ana, whose own calendar has one event, at 11:00.
struct Story(World);

impl Story {
    fn of(lines: &str) -> Self {
        let mut world = World::with(LADDER);
        let path = world.dir.path().join("work.ics");
        world.reads("ana", CalendarPlace::File(path));
        world.change_config(|config| config.people[0].calendars[0].own = true);
        let story = Self(world);
        story.now_holds(lines);
        story
    }

    /// What else stands in the event from now on.
    fn now_holds(&self, lines: &str) {
        let event = format!("UID:a@x\r\nDTSTART:20261122T110000Z\r\nSUMMARY:Board sync\r\n{lines}\r\n");
        let text = format!("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n{event}END:VEVENT\r\nEND:VCALENDAR\r\n");
        std::fs::write(self.0.dir.path().join("work.ics"), text).unwrap();
    }

    /// Ticks every half minute until so many minutes before the start.
    fn ticks_until(&self, minutes_before: i64) {
        let until = Timestamp::from_ms(BEGIN.ms() + (120 - minutes_before) * 60_000);
        while self.0.now() < until {
            self.0.advance(30);
            self.0.tick();
        }
    }

    fn meeting(&self) -> MeetingId {
        self.0.parts.store.meetings(BEGIN, Timestamp::from_ms(i64::MAX)).unwrap()[0].id
    }

    /// What went out: messages, and calls.
    fn sent(&self) -> (Vec<String>, usize) {
        let (texts, calls): (Vec<_>, Vec<_>) = self.0.sent().into_iter().partition(|r| r.to.kind == RungKind::Sms);
        (texts.into_iter().map(|text| text.message).collect(), calls.len())
    }

    /// Somebody says "I am on it".
    fn acknowledge(&self) {
        let database = rusqlite::Connection::open(&self.0.parts.config.database).unwrap();
        let sql = "update incidents set state = 'ACKNOWLEDGED', acknowledged_at = opened_at, acknowledged_how = 'reply', \
                   acknowledged_by = '****0101' where ended_at is null";
        assert_eq!(database.execute(sql, []).unwrap(), 1);
    }
}

#[test]
fn an_early_notice_comes_when_it_is_marked_with_the_words_of_its_rung_and_calls_keep_the_window() {
    let story = Story::of("DESCRIPTION:savehub: 1h");
    story.ticks_until(76);
    assert_eq!(story.0.snapshot().incidents.len(), 0);
    story.ticks_until(74);
    assert_eq!(story.0.state(story.meeting()), "OPEN", "a quarter of an hour before");
    story.ticks_until(61);
    assert_eq!(story.sent(), (vec![], 0));
    story.ticks_until(60);
    assert_eq!(story.sent(), (vec!["Look: Board sync".to_owned()], 0));
    story.ticks_until(4);
    assert_eq!(story.sent().1, 0);
    story.ticks_until(0);
    assert_eq!(story.sent(), (vec!["Look: Board sync".to_owned()], 1));
}

#[test]
fn what_is_important_rings_though_somebody_has_answered_and_never_after_a_check_in() {
    for (mark, checks_in, calls) in
        [("Agenda", false, 0), ("savehub: important", false, 1), ("savehub: important", true, 0)]
    {
        let story = Story::of(&format!("DESCRIPTION:{mark}"));
        story.ticks_until(4);
        story.acknowledge();
        if checks_in {
            story.0.check_in(story.meeting());
        }
        story.ticks_until(0);
        assert_eq!(story.sent().1, calls, "{mark}");
    }
}

#[test]
fn what_is_important_is_stopped_by_the_stop_file_as_anything_else() {
    let story = Story::of("DESCRIPTION:savehub: important");
    story.ticks_until(6);
    story.0.create_stop_file();
    story.ticks_until(0);
    assert_eq!(story.sent(), (vec![], 0));
}

#[test]
fn off_ends_an_incident_at_once_and_taken_out_lets_the_rest_of_the_ladder_ring() {
    let story = Story::of("DESCRIPTION:Agenda");
    story.ticks_until(7);
    story.now_holds("CATEGORIES:savehub: off");
    story.ticks_until(4);
    assert_eq!((story.sent(), story.0.state(story.meeting()).as_str()), ((vec![], 0), "CANCELLED(meeting_skipped)"));
    story.now_holds("DESCRIPTION:Agenda");
    story.ticks_until(0);
    assert_eq!(story.sent().1, 1);
}

#[test]
fn an_incident_keeps_the_ladder_that_it_was_opened_with() {
    let story = Story::of("DESCRIPTION:Agenda");
    story.ticks_until(19);
    assert_eq!(story.0.state(story.meeting()), "OPEN");
    story.now_holds("DESCRIPTION:savehub: 15m");
    story.ticks_until(6);
    assert_eq!(story.sent(), (vec![], 0), "the mark came too late");
    let marked = story.0.parts.store.meeting(story.meeting()).unwrap().unwrap().marks;
    assert_eq!(marked.words(), ["15m"], "and is shown");
    let other = Story::of("DESCRIPTION:savehub: 15m");
    other.ticks_until(19);
    other.now_holds("DESCRIPTION:Agenda");
    other.ticks_until(14);
    assert_eq!(other.sent().0.len(), 1, "and was taken out too late");
}

#[test]
fn a_plan_shows_what_is_marked_and_when_it_is_due() {
    let story = Story::of("DESCRIPTION:savehub: 1h, important");
    let until = Timestamp::from_ms(BEGIN.ms() + 3 * 3_600_000);
    let outlook = savehub::tick::plan(&story.0.parts, until).unwrap();
    let minute = |at: Timestamp| (at.ms() - BEGIN.ms()) / 60_000;
    let steps: Vec<_> = outlook.steps.iter().map(|step| (minute(step.at), step.marks.words().join(" "))).collect();
    assert_eq!(steps, [(60, "important 1h".to_owned()), (117, "important 1h".to_owned())]);
}
