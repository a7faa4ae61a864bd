//! Ana's calendar on a server, and what becomes of both.

use crate::support::fake_dav::{FakeDav, PASSWORD, USER};
use crate::support::fake_feed::{FakeFeed, Serves};
use crate::support::world::{BEGIN, World};
use savehub::config::{CalDavPlace, CalendarPlace, Later, Login};
use savehub::model::{MeetingId, Timestamp};
use savehub::store::Meeting;
use std::fmt::Write as _;

/// One event of a calendar: UID, start on 2026-11-22 as `093000`, title, and what else stands in it.
pub struct Event {
    pub uid: &'static str,
    pub start: &'static str,
    pub title: &'static str,
    pub more: &'static str,
}

pub fn event(uid: &'static str, start: &'static str, title: &'static str) -> Event {
    Event { uid, start, title, more: "" }
}

pub fn calendar(events: &[Event]) -> String {
    let mut text = String::from("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//EN\r\n");
    for Event { uid, start, title, more } in events {
        write!(
            text,
            "BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20261101T000000Z\r\nDTSTART:20261122T{start}Z\r\nSUMMARY:{title}\r\n\
             {more}END:VEVENT\r\n"
        )
        .unwrap();
    }
    text.push_str("END:VCALENDAR\r\n");
    text
}

/// How a calendar is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    Subscription,
    CalDav,
}

pub const BOTH: [Over; 2] = [Over::Subscription, Over::CalDav];

/// What becomes of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breaks {
    Fault,
    SignInForm,
    CutInTheMiddle,
    NothingAtAll,
    AddressGone,
    /// It asks to be left alone for an hour.
    Busy,
}

/// A server on loopback.
pub enum Server {
    Subscription(FakeFeed),
    CalDav(FakeDav),
}

impl Server {
    pub fn start(over: Over) -> Self {
        match over {
            Over::Subscription => Self::Subscription(FakeFeed::start(Serves::plain(&calendar(&[])))),
            Over::CalDav => Self::CalDav(FakeDav::start()),
        }
    }

    pub fn place(&self) -> CalendarPlace {
        match self {
            Self::Subscription(feed) => CalendarPlace::Web(feed.url().into()),
            Self::CalDav(dav) => {
                let password = Later::here("password", PASSWORD.to_owned().into());
                let login = Login { user: USER.into(), password };
                CalendarPlace::CalDav(CalDavPlace { address: dav.url().into(), login })
            }
        }
    }

    /// What the calendar holds from now on, and that the server is well.
    pub fn holds(&self, events: &[Event]) {
        match self {
            Self::Subscription(feed) => feed.serve(Serves::plain(&calendar(events))),
            Self::CalDav(dav) => {
                dav.has_habits(|habits| habits.always = None);
                let resources: Vec<_> =
                    events.iter().map(|event| (event.uid, calendar(std::slice::from_ref(event)))).collect();
                dav.holds(&resources);
            }
        }
    }

    pub fn breaks(&self, how: Breaks) {
        let whole = calendar(&[event("a@x", "093000", "Board sync")]);
        let half = whole[..whole.len() / 2].to_owned();
        let form = "<!DOCTYPE html><html><body>Please sign in</body></html>".to_owned();
        let (status, headers, body) = match how {
            Breaks::Fault => (500, Vec::new(), String::new()),
            Breaks::SignInForm => (200, vec![("Content-Type", "text/html".to_owned())], form),
            Breaks::CutInTheMiddle => (200, Vec::new(), half),
            Breaks::NothingAtAll => (200, Vec::new(), String::new()),
            Breaks::AddressGone => (404, Vec::new(), String::new()),
            Breaks::Busy => (429, vec![("Retry-After", "3600".to_owned())], String::new()),
        };
        match self {
            Self::Subscription(feed) => feed.serve(Serves::Answer(status, headers, body.into_bytes())),
            Self::CalDav(dav) => {
                let cut = how == Breaks::CutInTheMiddle;
                let body = if cut { "<D:multistatus xmlns:D=\"DAV:\"><D:resp".to_owned() } else { body };
                dav.has_habits(|habits| habits.always = Some((if cut { 207 } else { status }, headers, body)));
            }
        }
    }

    /// How often it was looked at.
    pub fn looks(&self) -> usize {
        match self {
            Self::Subscription(feed) => feed.requests().len(),
            Self::CalDav(dav) => dav.asked().iter().filter(|asked| matches!(**asked, "state" | "sync")).count(),
        }
    }
}

/// Ana, whose calendar is served on loopback. The story begins at 09:00.
pub struct Story {
    pub world: World,
    pub server: Server,
}

impl Story {
    pub fn over(over: Over, events: &[Event]) -> Self {
        let server = Server::start(over);
        server.holds(events);
        let mut world = World::new();
        world.reads("ana", server.place());
        Self { world, server }
    }

    pub fn of(events: &[Event]) -> Self {
        Self::over(Over::Subscription, events)
    }

    /// What the calendar holds from now on.
    pub fn now_holds(&self, events: &[Event]) {
        self.server.holds(events);
    }

    /// The server of a subscription.
    pub fn feed(&self) -> &FakeFeed {
        match &self.server {
            Server::Subscription(feed) => feed,
            Server::CalDav(_) => panic!("it is no subscription"),
        }
    }

    /// Ticks every minute until this time of the day (`HHMMSS` of the clock at Greenwich).
    pub fn ticks_until(&self, time: &str) {
        while self.world.now() < at(time) {
            self.world.advance(60);
            self.world.tick();
        }
    }

    pub fn meetings(&self) -> Vec<Meeting> {
        self.world.parts.store.meetings(BEGIN, Timestamp::from_ms(i64::MAX)).unwrap()
    }

    /// The one meeting of this title.
    pub fn meeting(&self, title: &str) -> MeetingId {
        let meetings = self.meetings();
        let mut found = meetings.iter().filter(|m| m.title == title);
        let meeting = found.next().unwrap_or_else(|| panic!("no {title} in {meetings:?}"));
        assert_eq!(found.next(), None);
        meeting.id
    }

    pub fn rang(&self, times: usize) {
        self.world.phone("ana").rang(times);
    }
}

/// An instant of the day of the story.
pub fn at(time: &str) -> Timestamp {
    let part = |range: std::ops::Range<usize>| time[range].parse::<i64>().unwrap();
    Timestamp::from_ms(BEGIN.ms() + 1000 * ((part(0..2) - 9) * 3600 + part(2..4) * 60 + part(4..6)))
}
