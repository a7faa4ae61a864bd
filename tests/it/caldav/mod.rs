//! CalDAV over the servers of others, from discovery to a moved meeting that rings right. What they cannot do, a fake
//! does: see `feed::caldav` and `calendar_story`.

mod server;

use crate::support::cli::{ANA, Cli};
use crate::support::world::{BEGIN, World};
use savehub::config::{self, CalendarPlace, Later, Sources};
use savehub::model::{MeetingId, Timestamp};
use savehub::store::Meeting;
use server::{Kind, PASSWORD, Server, USER};

/// An event on the day of the story, that starts at `093000`.
fn event(uid: &str, start: &str, title: &str, more: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//EN\r\nBEGIN:VEVENT\r\nUID:{uid}@example.com\r\n\
         DTSTAMP:20261101T000000Z\r\nDTSTART:20261122T{start}Z\r\nDURATION:PT30M\r\nSUMMARY:{title}\r\n{more}\
         END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}

/// A home whose config has the calendars that `savehub calendar find` prints for this server.
fn home(server: &Server) -> (Cli, String) {
    let cli = Cli::with(ANA);
    cli.write(".password", &format!("{PASSWORD}\n"));
    let password = cli.path(".password");
    let find = ["calendar", "find", &server.root(), "--user", USER, "--password-file", password.to_str().unwrap()];
    // The output comes with HOME in the place of the directory.
    let told = cli.ok(&find).replace("HOME", password.parent().unwrap().to_str().unwrap());
    cli.write_config(&format!("{ANA}{told}"));
    (cli, told)
}

/// Ana's world, with the calendars of a config.
struct Story {
    world: World,
    server: Server,
}

impl Story {
    fn on(server: Server) -> Self {
        let (cli, _) = home(&server);
        let home = cli.path("").to_str().unwrap().to_owned();
        let (file, env) =
            (cli.path(".config/savehub/config.toml"), |name: &str| (name == "HOME").then(|| home.clone()));
        let config = config::load(&Sources { file: Some(&file), env: &env }).unwrap();
        let mut world = World::new();
        // The password is read with each look.
        std::fs::copy(cli.path(".password"), world.dir.path().join("password")).unwrap();
        for calendar in &config.people[0].calendars {
            let mut place = calendar.place.clone();
            if let CalendarPlace::CalDav(place) = &mut place {
                place.login.password = Later::in_file("password_file", world.dir.path().join("password"));
            }
            world.reads("ana", place);
        }
        Self { world, server }
    }

    fn ticks_until(&self, time: &str) {
        while self.world.now() < at(time) {
            self.world.advance(30);
            self.world.tick();
        }
    }

    fn meeting(&self, title: &str) -> Option<Meeting> {
        let meetings = self.world.parts.store.meetings(BEGIN, Timestamp::from_ms(i64::MAX)).unwrap();
        meetings.into_iter().find(|meeting| meeting.title == title)
    }

    fn id(&self, title: &str) -> MeetingId {
        self.meeting(title).unwrap_or_else(|| panic!("no {title}")).id
    }

    fn called_for(&self, title: &str) -> usize {
        self.world.phone("ana").calls().iter().filter(|call| call.contains(title)).count()
    }
}

/// An instant of the day of the story.
fn at(time: &str) -> Timestamp {
    let part = |range: std::ops::Range<usize>| time[range].parse::<i64>().unwrap();
    Timestamp::from_ms(BEGIN.ms() + 1000 * ((part(0..2) - 9) * 3600 + part(2..4) * 60 + part(4..6)))
}

fn each_server(test: impl Fn(Server)) {
    for server in Kind::ALL.into_iter().filter_map(Kind::start) {
        test(server);
    }
}

#[test]
fn the_calendars_of_a_server_are_found_and_read_with_the_lines_that_were_printed() {
    each_server(|server| {
        server.put("a", &event("a", "093000", "Board sync", ""));
        let (cli, told) = home(&server);
        assert!(told.contains(&format!("caldav = \"{}{}\"", server.root(), server.calendar())), "{told}");
        let tells = server.kind == Kind::Xandikos;
        let (known, unknown) = ("# The server knows the user as ana@example.com", "# addresses = [");
        assert!(told.contains(if tells { known } else { unknown }), "{told}");
        cli.ok(&["config", "check"]);
        let checked = cli.ok(&["calendar", "check", "1"]);
        assert_eq!(checked.contains("declined meetings ring, too"), !tells, "{checked}");
        if server.kind == Kind::Radicale {
            let wrong = cli.sh("echo wr0ng | \"$1\" calendar find \"$2\" --user ana", &[&server.root()]);
            assert_eq!(wrong.code, 1, "{wrong:?}");
            assert!(
                wrong.err.contains("the login was refused (HTTP 401)") && !wrong.err.contains("wr0ng"),
                "{wrong:?}"
            );
        }
    });
}

#[test]
fn a_meeting_that_is_added_or_moved_minutes_before_its_start_rings_right_within_two_ticks_and_a_deleted_one_not() {
    each_server(|server| {
        server.put("a", &event("a", "100000", "Board sync", ""));
        server.put("b", &event("b", "120000", "Lunch", ""));
        let story = Story::on(server);
        let two_ticks = || {
            for _ in 0..2 {
                story.world.advance(30);
                story.world.tick();
            }
        };
        story.ticks_until("093000");
        let board = story.id("Board sync");
        story.server.put("a", &event("a", "093400", "Board sync", ""));
        two_ticks();
        assert_eq!(story.meeting("Board sync").unwrap().starts_at, at("093400"), "{:?}", story.server.kind);
        story.ticks_until("093200");
        assert_eq!((story.id("Board sync"), story.called_for("Board sync")), (board, 1));
        story.world.check_in(board);
        // Four minutes before its start.
        story.server.put("c", &event("c", "093600", "Fire drill", ""));
        story.ticks_until("093430");
        assert_eq!(story.called_for("Fire drill"), 2, "{:?}", story.world.phone("ana").calls());
        story.server.put("d", &event("d", "094500", "Interview", ""));
        story.ticks_until("093900");
        story.id("Interview");
        // What vanished is believed at the second look.
        story.server.delete("d");
        story.ticks_until("094500");
        assert_eq!(story.called_for("Interview"), 0, "{:?}", story.world.phone("ana").calls());
    });
}

#[test]
fn a_series_with_a_moved_occurrence_rings_when_it_takes_place() {
    each_server(|server| {
        let series = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//EN\r\nBEGIN:VEVENT\r\nUID:s@example.com\r\n\
             DTSTAMP:20261101T000000Z\r\nDTSTART:20200106T093000Z\r\nDURATION:PT30M\r\nRRULE:FREQ=DAILY\r\n\
             SUMMARY:Standup\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:s@example.com\r\nDTSTAMP:20261101T000000Z\r\n\
             RECURRENCE-ID:20261122T093000Z\r\nDTSTART:20261122T094000Z\r\nDURATION:PT30M\r\nSUMMARY:Standup\r\n\
             END:VEVENT\r\nEND:VCALENDAR\r\n";
        server.put("s", series);
        let story = Story::on(server);
        story.ticks_until("093630");
        assert_eq!(story.called_for("Standup"), 0);
        story.ticks_until("094000");
        assert_eq!(story.called_for("Standup"), 2);
    });
}

#[test]
fn a_declined_meeting_does_not_ring_where_the_server_tells_who_the_person_is() {
    each_server(|server| {
        let declined = "ORGANIZER:mailto:bo@example.com\r\nATTENDEE;PARTSTAT=DECLINED:mailto:ana@example.com\r\n";
        server.put("a", &event("a", "093000", "Board sync", declined));
        let tells = server.kind == Kind::Xandikos;
        let story = Story::on(server);
        story.ticks_until("093000");
        assert_eq!(story.called_for("Board sync"), if tells { 0 } else { 2 });
    });
}

#[test]
fn a_look_at_a_calendar_that_has_not_changed_keeps_its_copy() {
    each_server(|server| {
        server.put("a", &event("a", "120000", "Board sync", ""));
        let story = Story::on(server);
        story.ticks_until("090500");
        let calendar = &story.world.snapshot().calendars[0];
        assert_eq!((calendar.failure.as_deref(), calendar.events), (None, Some(1)));
        assert!(calendar.good_at.is_some_and(|at| story.world.now().since(at) <= 90_000));
    });
}
