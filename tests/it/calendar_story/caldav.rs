//! What a CalDAV server tells beyond a calendar: each change at once, who the person is, and what it cannot send.

use super::served::{Event, Over, Server, Story, at, event};
use savehub::model::MeetingId;

#[test]
fn a_meeting_added_or_moved_on_a_caldav_server_minutes_before_its_start_rings_within_two_ticks() {
    // Wherever the change falls between two looks.
    for late in 0..4 {
        let story = Story::over(Over::CalDav, &[event("a@x", "100000", "Board sync"), event("b@x", "120000", "Lunch")]);
        while story.world.now() < at("093000") {
            story.world.advance(30);
            story.world.tick();
        }
        story.world.advance(late * 7);
        story.now_holds(&[event("a@x", "093400", "Board sync"), event("b@x", "120000", "Lunch")]);
        for _ in 0..2 {
            story.world.advance(30);
            story.world.tick();
        }
        assert_eq!(story.meeting("Board sync"), MeetingId(1));
        assert_eq!(story.meetings()[0].starts_at, at("093400"), "moved, and seen by the second tick");
        story.now_holds(&[
            event("a@x", "093400", "Board sync"),
            event("b@x", "120000", "Lunch"),
            event("c@x", "093500", "Fire drill"),
        ]);
        for _ in 0..3 {
            story.world.advance(30);
            story.world.tick();
        }
        let calls = story.world.phone("ana").calls();
        assert!(calls.iter().any(|call| call.contains("Board sync")), "{calls:?}");
        story.ticks_until("093500");
        let calls = story.world.phone("ana").calls();
        assert!(calls.iter().any(|call| call.contains("Fire drill")), "{calls:?}");
    }
}

#[test]
fn a_meeting_declined_by_an_address_that_the_server_tells_does_not_ring() {
    let declined =
        Event { more: "ATTENDEE;PARTSTAT=DECLINED:mailto:ana@example.com\r\n", ..event("a@x", "093000", "Board sync") };
    let story = Story::over(Over::CalDav, &[declined]);
    story.ticks_until("093000");
    story.rang(0);
    assert!(story.world.snapshot().calendars[0].tells_addresses);
    let declined =
        Event { more: "ATTENDEE;PARTSTAT=DECLINED:mailto:ana@example.com\r\n", ..event("a@x", "103000", "Board sync") };
    let nobody = Story::over(Over::CalDav, &[declined]);
    let Server::CalDav(dav) = &nobody.server else { unreachable!() };
    dav.has_habits(|habits| habits.addresses = &[]);
    nobody.ticks_until("103000");
    assert!(!nobody.world.snapshot().calendars[0].tells_addresses);
    nobody.rang(2);
}

#[test]
fn an_event_that_a_server_cannot_send_is_not_taken_for_deleted() {
    let both = [event("a@x", "093000", "Board sync"), event("b@x", "113000", "Lunch")];
    let story = Story::over(Over::CalDav, &both);
    story.ticks_until("090500");
    let Server::CalDav(dav) = &story.server else { unreachable!() };
    dav.has_habits(|habits| habits.withholds = Some(("a@x", 500)));
    story.now_holds(&[event("a@x", "094500", "Board sync"), event("b@x", "113000", "Tea")]);
    story.ticks_until("093000");
    story.rang(2);
    assert_eq!(story.meeting("Tea").0, story.meetings()[1].id.0, "the others are read");
    let notice = story.world.snapshot().calendars[0].notice.clone();
    let words = "1 of its events could not be had from the server; none is taken for deleted";
    assert_eq!(notice.as_deref(), Some(words));
}
