//! What each fact of a calendar changes. Times are minutes from now; the looked-at time is the next 26 hours.

use super::*;
use crate::model::Marks;

const NOW: Timestamp = Timestamp::from_ms(1_795_338_000_000);
const HOUR: i64 = 60;

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_ms(NOW.ms() + minutes * 60_000)
}

fn copy(uid: &str, recurrence: &str, start: i64) -> SeenMeeting {
    SeenMeeting {
        uid: uid.into(),
        recurrence: recurrence.into(),
        sequence: 0,
        starts_at: at(start),
        ends_at: Some(at(start + 30)),
        title: "Board sync".into(),
        link: None,
        dial_in: None,
        marks: Marks::default(),
    }
}

/// Owned and held by the calendar that is looked at.
fn known(id: i64, copy: &SeenMeeting) -> KnownMeeting {
    KnownMeeting {
        id: MeetingId(id),
        uid: copy.uid.clone(),
        recurrence: copy.recurrence.clone(),
        starts_at: copy.starts_at,
        ends_at: copy.ends_at,
        title: copy.title.clone(),
        link: copy.link.clone(),
        dial_in: copy.dial_in.clone(),
        marks: copy.marks,
        cancelled_by: None,
        owner: Owns::This,
        held: Some(Held { sequence: copy.sequence, missing_since: None }),
        elsewhere: false,
    }
}

fn called_off(by: CancelledBy, copy: &SeenMeeting) -> KnownMeeting {
    KnownMeeting { cancelled_by: Some(by), ..known(1, copy) }
}

fn missing(since: i64, copy: &SeenMeeting) -> KnownMeeting {
    KnownMeeting { held: Some(Held { sequence: 0, missing_since: Some(at(since)) }), ..known(1, copy) }
}

/// Owned by another calendar with this sequence.
fn of_another(sequence: i64, held: Option<i64>, copy: &SeenMeeting) -> KnownMeeting {
    let held = held.map(|sequence| Held { sequence, missing_since: None });
    KnownMeeting { owner: Owns::Another(sequence), held, elsewhere: true, ..known(1, copy) }
}

/// A look that sees these, and an event far away.
fn seen(meetings: &[SeenMeeting]) -> SeenAgenda {
    let uids = meetings.iter().map(|m| m.uid.clone()).chain(["far".to_owned()]).collect();
    let (from, until) = (NOW, at(26 * HOUR));
    SeenAgenda { from, until, meetings: meetings.to_vec(), skipped: Vec::new(), uids, doubtful: HashSet::new() }
}

fn skipping(copy: SeenMeeting, why: SkipWhy) -> SeenAgenda {
    let mut seen = seen(std::slice::from_ref(&copy));
    seen.meetings.clear();
    seen.skipped.push((copy, why));
    seen
}

/// A look at a calendar that has the event, but none of its occurrences now.
fn with_event(uid: &str) -> SeenAgenda {
    let mut seen = seen(&[]);
    seen.uids.insert(uid.into());
    seen
}

fn empty() -> SeenAgenda {
    SeenAgenda { uids: HashSet::new(), ..seen(&[]) }
}

#[track_caller]
fn look(known: &[KnownMeeting], seen: &SeenAgenda, expected: &[Change]) {
    assert_eq!(changes(known, &Look { seen, confirmed: true, now: NOW }), expected);
}

const ID: MeetingId = MeetingId(1);

fn cancelled() -> Change {
    Change::Cancel(ID, Reason::MeetingCancelled)
}

#[test]
fn a_new_meeting_is_added_until_the_moment_it_starts() {
    let (soon, now) = (copy("a", "", 1), copy("b", "", 0));
    look(&[], &seen(&[soon.clone(), now]), &[Change::Add(soon)]);
}

#[test]
fn new_meetings_are_added_earliest_first() {
    let (late, early) = (copy("a", "", 90), copy("b", "", 30));
    look(&[], &seen(&[late.clone(), early.clone()]), &[Change::Add(early), Change::Add(late)]);
}

#[test]
fn what_is_as_it_was_changes_nothing() {
    let talk = copy("a", "", 60);
    look(&[known(1, &talk)], &seen(&[talk]), &[]);
}

#[test]
fn another_start_moves_the_meeting() {
    let later = copy("a", "", 90);
    look(&[known(1, &copy("a", "", 60))], &seen(std::slice::from_ref(&later)), &[Change::Move(ID, later)]);
}

#[test]
fn a_running_meeting_moves_into_the_future_and_nowhere_else() {
    let running = known(1, &copy("a", "", -5));
    let later = copy("a", "", 60);
    look(std::slice::from_ref(&running), &seen(std::slice::from_ref(&later)), &[Change::Move(ID, later)]);
    look(std::slice::from_ref(&running), &seen(&[copy("a", "", -9)]), &[]);
    look(&[running], &skipping(copy("a", "", -5), SkipWhy::Cancelled), &[]);
}

#[test]
fn a_meeting_moved_into_the_past_is_off() {
    look(&[known(1, &copy("a", "", 60))], &seen(&[copy("a", "", 0)]), &[Change::Cancel(ID, Reason::MeetingMoved)]);
}

#[test]
fn other_words_are_an_update() {
    let old = known(1, &copy("a", "", 60));
    for new in [
        SeenMeeting { title: "Budget".into(), ..copy("a", "", 60) },
        SeenMeeting { link: Some("https://meet.example/1".into()), ..copy("a", "", 60) },
        SeenMeeting { dial_in: Some("+12025550100,,1#".into()), ..copy("a", "", 60) },
        SeenMeeting { ends_at: None, ..copy("a", "", 60) },
    ] {
        look(std::slice::from_ref(&old), &seen(std::slice::from_ref(&new)), &[Change::Update(ID, new)]);
    }
}

#[test]
fn a_cancelled_or_skipped_occurrence_is_off_at_once_for_its_reason() {
    let talk = copy("a", "", 60);
    look(&[known(1, &talk)], &skipping(talk.clone(), SkipWhy::Cancelled), &[cancelled()]);
    for why in [SkipWhy::Declined, SkipWhy::Free, SkipWhy::Title] {
        let off = [Change::Cancel(ID, Reason::MeetingSkipped)];
        look(&[known(1, &talk)], &skipping(talk.clone(), why), &off);
        look(&[], &skipping(talk.clone(), why), &[]);
    }
}

#[test]
fn an_occurrence_that_is_gone_while_its_event_is_there_is_off_at_once() {
    look(&[known(1, &copy("a", "r1", 60))], &with_event("a"), &[cancelled()]);
}

#[test]
fn of_an_event_that_could_not_be_read_nothing_is_concluded() {
    let mut seen = with_event("a");
    seen.doubtful.insert("a".into());
    look(&[known(1, &copy("a", "r1", 60))], &seen, &[]);
    seen.uids.clear();
    look(&[known(1, &copy("a", "r1", 60))], &seen, &[]);
}

#[test]
fn what_starts_outside_the_looked_at_time_is_left_alone() {
    for start in [-5, 0, 26 * HOUR, 30 * HOUR] {
        look(&[known(1, &copy("a", "", start))], &with_event("a"), &[]);
        look(&[known(1, &copy("a", "", start))], &seen(&[]), &[]);
    }
}

#[test]
fn what_a_calendar_never_had_it_cannot_lose() {
    look(&[KnownMeeting { held: None, ..known(1, &copy("a", "", 60)) }], &with_event("a"), &[]);
}

#[test]
fn a_vanished_event_is_off_with_the_second_look_30_s_later() {
    let talk = copy("a", "", 60);
    look(&[known(1, &talk)], &seen(&[]), &[Change::Missing(ID)]);
    let since = |seconds: i64| KnownMeeting {
        held: Some(Held { sequence: 0, missing_since: Some(Timestamp::from_ms(NOW.ms() - seconds * 1000)) }),
        ..known(1, &talk)
    };
    look(&[since(29)], &seen(&[]), &[]);
    look(&[since(30)], &seen(&[]), &[cancelled(), Change::Release(ID)]);
}

#[test]
fn a_vanished_event_that_is_there_again_is_no_longer_missing() {
    let talk = copy("a", "", 60);
    look(&[missing(-5, &talk)], &seen(&[talk]), &[Change::Hold(ID, 0)]);
}

#[test]
fn an_empty_calendar_is_believed_after_an_hour() {
    let talk = copy("a", "", 60);
    look(&[known(1, &talk)], &empty(), &[Change::Missing(ID)]);
    look(&[missing(-59, &talk)], &empty(), &[]);
    look(&[missing(-60, &talk)], &empty(), &[cancelled(), Change::Release(ID)]);
}

#[test]
fn an_old_copy_proves_nothing_about_what_is_gone() {
    let talk = copy("a", "", 60);
    let look = Look { seen: &seen(&[]), confirmed: false, now: NOW };
    assert_eq!(changes(&[known(1, &talk)], &look), []);
    assert_eq!(changes(&[missing(-60, &talk)], &look), []);
}

#[test]
fn a_time_from_the_future_does_not_count() {
    look(&[missing(5, &copy("a", "", 60))], &seen(&[]), &[Change::Missing(ID)]);
}

#[test]
fn what_its_calendar_called_off_is_planned_again_when_it_is_there_again() {
    let off = called_off(CancelledBy::Calendar, &copy("a", "", 60));
    for start in [60, 90] {
        let again = copy("a", "", start);
        look(std::slice::from_ref(&off), &seen(std::slice::from_ref(&again)), &[Change::Revive(ID, again)]);
    }
    look(std::slice::from_ref(&off), &seen(&[copy("a", "", -1)]), &[]);
    look(std::slice::from_ref(&off), &skipping(copy("a", "", 60), SkipWhy::Free), &[]);
    look(&[off], &seen(&[]), &[]);
}

#[test]
fn what_the_person_called_off_stays_off() {
    let off = called_off(CancelledBy::Person, &copy("a", "", 60));
    look(std::slice::from_ref(&off), &seen(&[copy("a", "", 60)]), &[]);
    let later = copy("a", "", 90);
    look(std::slice::from_ref(&off), &seen(std::slice::from_ref(&later)), &[Change::Move(ID, later)]);
    look(&[off], &with_event("a"), &[]);
}

#[test]
fn a_series_moved_as_a_whole_keeps_its_meetings() {
    let old = [known(1, &copy("a", "r1", 60)), known(2, &copy("a", "r2", 25 * HOUR))];
    let new = [copy("a", "s1", 2 * HOUR), copy("a", "s2", 26 * HOUR)];
    let [first, second] = new.clone();
    let expected = [
        Change::Rekey(MeetingId(1), "s1".into()),
        Change::Move(MeetingId(1), first),
        Change::Rekey(MeetingId(2), "s2".into()),
        Change::Move(MeetingId(2), second),
    ];
    look(&old, &seen(&new), &expected);
}

#[test]
fn a_single_event_that_becomes_a_series_goes_on_and_back() {
    let (single, first) = (copy("a", "", 60), copy("a", "r1", 60));
    let series = [first.clone(), copy("a", "r2", 25 * HOUR)];
    let next = Change::Add(series[1].clone());
    look(&[known(1, &single)], &seen(&series), &[Change::Rekey(ID, "r1".into()), next]);
    look(&[known(1, &first)], &seen(&[single]), &[Change::Rekey(ID, String::new())]);
}

#[test]
fn occurrences_are_not_paired_when_it_is_not_clear_which_became_which() {
    let old = [known(1, &copy("a", "r1", 60))];
    let two = [copy("a", "s1", 90), copy("a", "s2", 6 * HOUR)];
    look(&old, &seen(&two), &[cancelled(), Change::Add(two[0].clone()), Change::Add(two[1].clone())]);
    let old = [known(1, &copy("a", "r1", 60)), known(2, &copy("a", "r2", 6 * HOUR))];
    let new = copy("a", "s1", 3 * HOUR);
    let off = Change::Cancel(MeetingId(2), Reason::MeetingCancelled);
    look(&old, &seen(std::slice::from_ref(&new)), &[cancelled(), off, Change::Add(new)]);
}

#[test]
fn occurrences_twelve_hours_apart_are_not_paired() {
    let new = copy("a", "s1", 13 * HOUR);
    look(
        &[known(1, &copy("a", "r1", HOUR))],
        &seen(std::slice::from_ref(&new)),
        &[cancelled(), Change::Add(new.clone())],
    );
    let near = known(1, &copy("a", "r1", HOUR + 1));
    look(&[near], &seen(std::slice::from_ref(&new)), &[Change::Rekey(ID, "s1".into()), Change::Move(ID, new)]);
}

#[test]
fn a_moved_series_that_the_person_called_off_stays_off() {
    let off = called_off(CancelledBy::Person, &copy("a", "r1", 60));
    let new = copy("a", "s1", 90);
    look(&[off], &seen(std::slice::from_ref(&new)), &[Change::Rekey(ID, "s1".into()), Change::Move(ID, new)]);
}

#[test]
fn a_differing_copy_elsewhere_is_noted_and_ignored() {
    let talk = copy("a", "", 60);
    let stale = SeenMeeting { sequence: 3, ..copy("a", "", 90) };
    look(&[of_another(3, None, &talk)], &seen(std::slice::from_ref(&stale)), &[Change::Hold(ID, 3)]);
    look(&[of_another(3, Some(3), &talk)], &seen(&[stale]), &[]);
}

#[test]
fn a_copy_with_a_greater_sequence_counts_and_makes_its_calendar_the_owner() {
    let talk = copy("a", "", 60);
    let newer = SeenMeeting { sequence: 4, ..copy("a", "", 90) };
    let expected = [Change::Own(ID), Change::Hold(ID, 4), Change::Move(ID, newer.clone())];
    look(&[of_another(3, Some(3), &talk)], &seen(std::slice::from_ref(&newer)), &expected);
    let expected = [Change::Own(ID), Change::Hold(ID, 4), cancelled()];
    look(&[of_another(3, Some(3), &talk)], &skipping(newer, SkipWhy::Cancelled), &expected);
}

#[test]
fn a_skipped_copy_elsewhere_is_forgotten_and_ignored() {
    let talk = copy("a", "", 60);
    look(&[of_another(0, None, &talk)], &skipping(talk.clone(), SkipWhy::Declined), &[]);
    look(&[of_another(0, Some(0), &talk)], &skipping(talk.clone(), SkipWhy::Declined), &[Change::Release(ID)]);
    look(&[of_another(0, Some(0), &talk)], &with_event("a"), &[Change::Release(ID)]);
}

#[test]
fn an_event_that_vanished_passes_to_the_calendar_that_still_has_it() {
    let talk = copy("a", "", 60);
    look(&[KnownMeeting { elsewhere: true, ..missing(-1, &talk) }], &seen(&[]), &[Change::Release(ID)]);
    look(&[KnownMeeting { elsewhere: true, ..known(1, &talk) }], &with_event("a"), &[cancelled()]);
}

#[test]
fn a_stale_series_elsewhere_does_not_ring_at_its_old_time() {
    let moved = of_another(0, Some(0), &copy("a", "s1", 90));
    look(&[moved], &seen(&[copy("a", "r1", 60)]), &[]);
}

#[test]
fn a_meeting_by_hand_that_turns_up_in_a_calendar_belongs_to_it() {
    let talk = copy("a", "", 60);
    let by_hand = KnownMeeting { owner: Owns::Nobody, held: None, ..known(1, &talk) };
    look(std::slice::from_ref(&by_hand), &seen(std::slice::from_ref(&talk)), &[Change::Own(ID), Change::Hold(ID, 0)]);
    let expected = [Change::Own(ID), Change::Hold(ID, 0), cancelled()];
    look(&[by_hand], &skipping(talk, SkipWhy::Cancelled), &expected);
}

#[test]
fn one_identity_twice_counts_once() {
    let (early, newer) = (copy("a", "", 60), SeenMeeting { sequence: 1, ..copy("a", "", 90) });
    look(&[], &seen(&[early, newer.clone()]), &[Change::Add(newer)]);
}
