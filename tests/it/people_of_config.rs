//! Who the config names: told when somebody leaves it, and nothing is lost when they are back or have another id.

use crate::support::cli::{ANA, Cli};
use crate::support::world::{BEGIN, World};
use savehub::config::{CalendarPlace, Config};
use savehub::tick::PersonChange;
use std::time::Duration;

const BEN: &str = "[[person]]\nid = \"ben\"\nname = \"Ben\"\nphone = \"+12025550102\"\nzone = \"UTC\"\n";

fn without(world: &mut World, person: &str) -> Config {
    let whole = Config::clone(&world.parts.config);
    world.change_config(|config| config.people.retain(|p| p.id != person));
    whole
}

fn again(world: &mut World, config: Config) {
    world.change_config(|now| *now = config);
}

fn told(summary: &savehub::tick::Summary) -> Vec<(&str, PersonChange, u32)> {
    summary.people.iter().map(|seen| (seen.person.as_str(), seen.change, seen.meetings)).collect()
}

#[test]
fn a_person_who_leaves_is_told_by_the_tick_once() {
    let cli = Cli::with(&format!("{ANA}{BEN}"));
    cli.ok(&["meeting", "add", "Board", "--at", "tomorrow 9:00", "--person", "ben"]);
    assert_eq!(cli.ok(&["tick"]), "");
    cli.write_config(ANA);
    assert_eq!(cli.ok(&["tick"]), "ben left the config; nothing rings for 1 meeting to come\n");
    assert_eq!(cli.ok(&["tick"]), "");
    cli.write_config(&format!("{ANA}{BEN}"));
    assert_eq!(cli.ok(&["tick"]), "ben is back in the config\n");
    cli.write_config(BEN);
    assert_eq!(cli.ok(&["tick"]), "ana left the config\n");
}

#[test]
fn what_was_cancelled_since_a_person_had_left_comes_back_with_them_by_hand_too() {
    let mut w = World::new();
    let (m, later) = (w.meeting("9:10"), w.meeting_of("ana", "Lunch", "9:18"));
    w.tick();
    w.advance(7 * 60 + 10);
    assert_eq!(w.tick().results.len(), 1);
    let whole = without(&mut w, "ana");
    let left = w.tick();
    assert_eq!(told(&left), [("ana", PersonChange::Left, 2)]);
    assert_eq!(w.state(m), "CANCELLED(person_removed)");
    assert_eq!(w.state(later), "CANCELLED(person_removed)");
    w.advance(30);
    w.tick();
    again(&mut w, whole);
    w.advance(30);
    assert_eq!(told(&w.tick()), [("ana", PersonChange::Back, 2)]);
    assert_eq!((w.state(m).as_str(), w.incident(m).generation), ("ESCALATING", 1));
    assert_eq!(w.steps(m), ["EXECUTED(initiated)", "PENDING"], "the rung that rang does not ring again");
    w.advance(20);
    w.tick();
    assert_eq!(w.steps(m), ["EXECUTED(initiated)", "EXECUTED(initiated)"]);
    assert_eq!(w.state(later), "OPEN");
    w.phone("ana").rang(2);
}

#[test]
fn a_rung_that_fell_due_meanwhile_rings_when_the_person_is_back_in_the_window() {
    let mut w = World::new();
    let m = w.meeting("9:10");
    w.tick();
    let whole = without(&mut w, "ana");
    w.advance(7 * 60 + 10);
    w.tick();
    assert_eq!(w.sent().len(), 0);
    again(&mut w, whole);
    w.advance(30);
    w.tick();
    w.phone("ana").rang(1);
    assert_eq!(w.state(m), "ESCALATING");
}

#[test]
fn what_stands_in_a_calendar_file_shares_the_call_of_a_person_who_is_back() {
    let mut w = World::new();
    let file = tempfile::NamedTempFile::new().unwrap();
    let event =
        "BEGIN:VEVENT\r\nUID:lunch\r\nDTSTAMP:20261101T000000Z\r\nDTSTART:20261122T091000Z\r\nSUMMARY:Lunch\r\n";
    let calendar =
        format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\n{event}END:VEVENT\r\nEND:VCALENDAR\r\n");
    std::fs::write(file.path(), calendar).unwrap();
    w.reads("ana", CalendarPlace::File(file.path().to_owned()));
    let board = w.meeting("9:10");
    w.tick();
    let whole = without(&mut w, "ana");
    w.advance(7 * 60 + 10);
    w.tick();
    again(&mut w, whole);
    w.advance(30);
    w.tick();
    assert_eq!(w.steps(board)[0], "EXECUTED(initiated)");
    let meetings = w.parts.store.meetings(BEGIN, BEGIN.plus(Duration::from_secs(3600))).unwrap();
    let lunch = meetings.iter().find(|m| m.title == "Lunch").unwrap();
    assert_eq!(w.steps(lunch.id)[0], "EXECUTED(merged)", "it was read before the call");
    w.phone("ana").rang(1);
}

#[test]
fn who_is_back_after_the_start_is_not_called_for_it() {
    let mut w = World::new();
    let m = w.meeting("9:10");
    w.tick();
    let whole = without(&mut w, "ana");
    w.tick();
    again(&mut w, whole);
    w.advance(10 * 60);
    assert_eq!(told(&w.tick()), [("ana", PersonChange::Back, 0)]);
    assert_eq!(w.state(m), "CANCELLED(person_removed)");
    w.phone("ana").rang(0);
}

#[test]
fn who_checked_in_or_called_it_off_stays_so_when_they_are_back() {
    let mut w = World::new();
    let (joined, off) = (w.meeting("9:05"), w.meeting("9:06"));
    w.tick();
    w.check_in(joined);
    w.call_off(off);
    let whole = without(&mut w, "ana");
    w.tick();
    again(&mut w, whole);
    w.tick();
    w.advance(3 * 60);
    w.tick();
    assert_eq!([w.state(joined), w.state(off)], ["RESOLVED(joined)", "CANCELLED(meeting_cancelled)"]);
    w.phone("ana").rang(0);
}

fn rename(w: &mut World, old: &str, new: &str) {
    w.change_config(|config| config.people.iter_mut().find(|p| p.id == old).unwrap().id = new.into());
}

#[test]
fn an_id_that_changes_while_the_number_stays_takes_check_ins_counts_and_meetings_along() {
    let mut w = World::with("[guards]\ndaily_cap_per_person = 1\n");
    let (checked, rang) = (w.meeting("9:04"), w.meeting("9:06"));
    w.tick();
    w.check_in(checked);
    w.advance(3 * 60);
    w.tick();
    w.phone("ana").rang(1);
    rename(&mut w, "ana", "anna");
    let seen = w.tick();
    assert_eq!(told(&seen), [("ana", PersonChange::Renamed, 0)]);
    assert_eq!(seen.people[0].now.as_deref(), Some("anna"));
    assert_eq!((seen.refused, w.state(checked)), (vec![], "RESOLVED(joined)".into()));
    w.advance(100);
    w.tick();
    assert_eq!(w.steps(rang), ["EXECUTED(initiated)", "SKIPPED(daily_cap)"]);
    w.phone("anna").rang(1);
    assert_eq!([checked, rang].map(|m| w.incident(m).person), ["anna", "anna"]);
}

#[test]
fn an_id_that_changes_takes_its_calendars_along_even_when_they_cannot_be_read() {
    let cli = Cli::with("");
    let config = |id: &str| ANA.replace("\"ana\"", &format!("\"{id}\"")) + "calendars = [\"file:a.ics\"]\n";
    cli.write_config(&config("ana"));
    cli.write(
        ".config/savehub/a.ics",
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:Board\r\n\
         DTSTART:20261122T090000Z\r\nDTEND:20261122T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    );
    cli.ok(&["tick", "--now", "2026-11-22T08:00:00Z"]);
    std::fs::remove_file(cli.path(".config/savehub/a.ics")).unwrap();
    cli.write_config(&config("anna"));
    let renamed = "ana is anna now: the number is the same, so meetings, check-ins and calls go along\n";
    assert_eq!(cli.run(&["tick", "--now", "2026-11-22T08:01:00Z"]).out, renamed);
    let rings = cli.run(&["tick", "--now", "2026-11-22T08:57:00Z"]);
    assert!(rings.out.contains("Board (anna): called ****0101"), "{rings:?}");
}

#[test]
fn another_number_or_two_who_share_it_are_no_change_of_the_id() {
    let mut w = World::new();
    let m = w.meeting("9:10");
    w.tick();
    w.change_config(|config| {
        let ana = config.people.iter_mut().find(|p| p.id == "ana").unwrap();
        ana.id = "cleo".into();
        ana.phone = savehub::model::Phone::parse("+12025550109").unwrap();
    });
    assert_eq!(told(&w.tick()), [("ana", PersonChange::Left, 1)]);
    assert_eq!(w.state(m), "CANCELLED(person_removed)");

    let mut w = World::new();
    let m = w.meeting("9:10");
    w.tick();
    w.change_config(|config| {
        let ana = config.people[0].clone();
        config.people[0].id = "anna".into();
        config.people.push(savehub::config::Person { id: "annie".into(), ..ana });
    });
    assert_eq!(told(&w.tick()), [("ana", PersonChange::Left, 1)]);
    assert_eq!(w.state(m), "CANCELLED(person_removed)");
}

#[test]
fn an_id_that_changes_in_two_steps_is_the_same_person() {
    let mut w = World::new();
    let m = w.meeting("9:10");
    w.tick();
    let mut whole = without(&mut w, "ana");
    w.tick();
    whole.people[0].id = "anna".into();
    again(&mut w, whole);
    let people = w.tick().people;
    assert_eq!(people[0].now.as_deref(), Some("anna"));
    assert_eq!((w.state(m), w.incident(m).person), ("OPEN".into(), "anna".into()));
}
