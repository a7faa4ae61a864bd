//! The language of calendars: what is subscribed, what a look sees.

use crate::build::{Bench, at, secs};
use crate::checked::everything;
use savehub::model::{
    CalendarId, CalendarKind, KnownMeeting, Marks, MeetingId, SeenAgenda, SeenMeeting, SkipWhy, Validators,
};
use savehub::rules::agenda::{self, Look};
use savehub::store::{
    AgendaRecorded, CalendarDraft, CalendarView, CalendarsSynced, DueCalendar, Expanded, LookAt, LookDone, LookOutcome,
    Meeting, MeetingChange, MeetingNews,
};
use std::cell::RefCell;

/// A file of the person.
pub(crate) fn file(person: &str, name: &str) -> CalendarDraft {
    let key = format!("key of {name} for {person}");
    CalendarDraft { key, person: person.to_owned(), name: name.to_owned(), kind: CalendarKind::File }
}

/// A subscription of the person.
pub(crate) fn web(person: &str, name: &str) -> CalendarDraft {
    CalendarDraft { kind: CalendarKind::Web, ..file(person, name) }
}

/// A meeting of half an hour that starts at this second.
pub(crate) fn copy(uid: &str, start: i64) -> SeenMeeting {
    SeenMeeting {
        uid: uid.to_owned(),
        recurrence: String::new(),
        sequence: 0,
        starts_at: at(start),
        ends_at: Some(at(start + 1800)),
        title: format!("About {uid}"),
        link: None,
        dial_in: None,
        marks: Marks::default(),
    }
}

/// The next 26 hours from second `now`, with these meetings.
pub(crate) fn seen(now: i64, meetings: &[SeenMeeting]) -> SeenAgenda {
    SeenAgenda {
        from: at(now),
        until: at(now + 26 * 3600),
        meetings: meetings.to_vec(),
        skipped: Vec::new(),
        // There is always something else, far away.
        uids: meetings.iter().map(|m| m.uid.clone()).chain(["far away".to_owned()]).collect(),
        doubtful: std::collections::HashSet::new(),
    }
}

/// The same with one meeting that does not ring.
pub(crate) fn skipping(now: i64, copy: SeenMeeting, why: SkipWhy) -> SeenAgenda {
    let mut seen = seen(now, &[]);
    seen.uids.insert(copy.uid.clone());
    seen.skipped.push((copy, why));
    seen
}

pub(crate) fn expanded(seen: SeenAgenda) -> Expanded {
    Expanded { seen, with: "as ever".to_owned(), events: 3, notices: 0, notice: None }
}

/// What there is to tell after a look: how, which meeting.
pub(crate) type News = Vec<(MeetingNews, MeetingId)>;

pub(crate) fn news(changed: &[MeetingChange]) -> News {
    changed.iter().map(|change| (change.how, change.meeting.id)).collect()
}

impl Bench {
    /// Makes these the calendars of the config.
    pub(crate) fn subscribe(&self, drafts: &[CalendarDraft], now: i64) -> CalendarsSynced {
        self.sync_calendars(drafts, &format!("{drafts:?}"), at(now)).unwrap()
    }

    /// A file with this name, of ana, beside no other calendar.
    pub(crate) fn one_file(&self) -> CalendarId {
        self.subscribe(&[file("ana", "work")], 0).added[0]
    }

    /// Two files of ana.
    pub(crate) fn two_files(&self) -> (CalendarId, CalendarId) {
        let added = self.subscribe(&[file("ana", "work"), file("ana", "home")], 0).added;
        (added[0], added[1])
    }

    pub(crate) fn due_calendars_at(&self, now: i64) -> Vec<DueCalendar> {
        self.due_calendars(&LookAt {
            now: at(now),
            lease: secs(60),
            limit: 100,
            files: true,
            starts_after: at(now),
            first_ring: secs(180),
        })
        .unwrap()
    }

    /// The file as a tick finds it.
    pub(crate) fn found(&self, id: CalendarId, now: i64) -> DueCalendar {
        self.due_calendars_at(now).into_iter().find(|due| due.id == id).expect("a file")
    }

    /// Records a look with the real rule.
    pub(crate) fn record_look_at(&self, id: CalendarId, look: &LookDone, now: i64) -> AgendaRecorded {
        let confirmed = !matches!(look.outcome, LookOutcome::Failed { .. });
        let rule =
            |known: &[KnownMeeting], seen: &SeenAgenda| agenda::changes(known, &Look { seen, confirmed, now: at(now) });
        self.record_look(id, look, at(now), &rule).unwrap()
    }

    /// A good look at a file that sees this.
    pub(crate) fn sees(&self, id: CalendarId, seen: SeenAgenda, now: i64) -> Vec<MeetingChange> {
        let look = LookDone {
            looks: self.found(id, now).looks,
            outcome: LookOutcome::Unchanged(Validators::default()),
            full: false,
            expanded: Some(expanded(seen)),
            next_look_at: at(now + 300),
            second_look_at: at(now + 300),
        };
        let recorded = self.record_look_at(id, &look, now);
        assert!(recorded.counted);
        recorded.changed
    }

    /// A good look that adds this one meeting.
    pub(crate) fn adds(&self, id: CalendarId, copy: &SeenMeeting, now: i64) -> Meeting {
        let mut changed = self.sees(id, seen(now, std::slice::from_ref(copy)), now);
        assert_eq!(changed.iter().map(|c| c.how).collect::<Vec<_>>(), [MeetingNews::Added]);
        changed.swap_remove(0).meeting
    }

    /// What the rule is asked with when a file shows this; nothing is changed but the time of the look.
    pub(crate) fn known_to(&self, id: CalendarId, seen: SeenAgenda, now: i64) -> Vec<KnownMeeting> {
        let known = RefCell::new(Vec::new());
        let look = LookDone {
            looks: self.found(id, now).looks,
            outcome: LookOutcome::Unchanged(Validators::default()),
            full: false,
            expanded: Some(expanded(seen)),
            next_look_at: at(now + 300),
            second_look_at: at(now + 300),
        };
        let rule = |asked: &[KnownMeeting], _: &SeenAgenda| {
            *known.borrow_mut() = asked.to_vec();
            Vec::new()
        };
        let _ = self.record_look(id, &look, at(now), &rule).unwrap();
        known.into_inner()
    }

    pub(crate) fn view(&self, id: CalendarId) -> CalendarView {
        everything(&**self).calendars.into_iter().find(|view| view.id == id).expect("a calendar")
    }

    /// The meeting, which must be there.
    pub(crate) fn read(&self, id: MeetingId) -> Meeting {
        self.meeting(id).unwrap().unwrap()
    }
}
