//! Calendars in files.

use super::{file, new, nothing, unchanged, why};
use crate::support::fake_feed::calendar;
use savehub::feed::Fetched;
use savehub::model::Validators;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

fn work(dir: &TempDir, body: &str) -> PathBuf {
    let path = dir.path().join("work.ics");
    fs::write(&path, body).unwrap();
    path
}

/// As two looks leave it: with a stamp that is believed.
fn known(path: &Path) -> Validators {
    let (_, first) = new(file(path).fetch(&nothing(), false));
    unchanged(file(path).fetch(&first, false))
}

#[test]
fn a_file_is_new_once_and_then_unchanged_until_it_changes() {
    let dir = TempDir::new().unwrap();
    let path = work(&dir, &calendar("Plans"));
    let (body, first) = new(file(&path).fetch(&nothing(), false));
    assert_eq!((body, first.etag.clone()), (calendar("Plans"), None));
    let second = unchanged(file(&path).fetch(&first, false));
    assert_eq!(second.hash, first.hash);
    assert_eq!(unchanged(file(&path).fetch(&second, false)), second);
    work(&dir, &calendar("Changed plans"));
    assert_eq!(new(file(&path).fetch(&second, false)).0, calendar("Changed plans"));
}

#[test]
fn a_file_whose_stamp_two_looks_saw_is_not_read_again_unless_asked_to() {
    let dir = TempDir::new().unwrap();
    let path = work(&dir, &calendar("a"));
    // With another hash, reading it would show.
    let known = Validators { hash: Some("h".into()), ..known(&path) };
    assert_eq!(unchanged(file(&path).fetch(&known, false)), known);
    assert_eq!(new(file(&path).fetch(&known, true)).0, calendar("a"));
}

#[test]
fn a_stamp_that_one_look_saw_is_not_believed_since_a_second_write_may_leave_it_as_it_is() {
    let dir = TempDir::new().unwrap();
    let path = work(&dir, &calendar("b"));
    // The last look saw the file with this stamp, and other content.
    let (_, first) = new(file(&path).fetch(&nothing(), false));
    let before = Validators { hash: Some("h".into()), ..first };
    let (body, second) = new(file(&path).fetch(&before, false));
    assert_eq!(body, calendar("b"));
    assert_eq!(unchanged(file(&path).fetch(&second, false)), second);
}

#[test]
fn a_file_in_the_place_of_another_is_read_even_with_the_same_size_and_time() {
    let dir = TempDir::new().unwrap();
    let path = work(&dir, &calendar("a"));
    let known = known(&path);
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    let other = dir.path().join("new.ics");
    fs::write(&other, calendar("b")).unwrap();
    fs::File::options().write(true).open(&other).unwrap().set_modified(modified).unwrap();
    fs::rename(&other, &path).unwrap();
    assert_eq!(new(file(&path).fetch(&known, false)).0, calendar("b"));
}

#[test]
fn a_file_that_is_being_written_is_a_failure_until_it_is_whole() {
    let dir = TempDir::new().unwrap();
    let path = work(&dir, &calendar("a"));
    let known = known(&path);
    work(&dir, &calendar("Changed")[..80]);
    let words = format!("{}: it breaks off before its END:VCALENDAR", path.display());
    assert_eq!(why(file(&path).fetch(&known, false)), words);
    work(&dir, &calendar("Changed"));
    assert_eq!(new(file(&path).fetch(&known, false)).0, calendar("Changed"));
}

#[test]
fn what_is_no_calendar_is_told_with_its_path() {
    let dir = TempDir::new().unwrap();
    for (body, words) in [
        ("", "it is empty"),
        ("<html>", "it is a web page (HTML), not a calendar"),
        ("BEGIN:VCARD", "it does not start with BEGIN:VCALENDAR"),
    ] {
        let path = work(&dir, body);
        assert_eq!(why(file(&path).fetch(&nothing(), false)), format!("{}: {words}", path.display()));
    }
    let path = work(&dir, &" ".repeat(1_000_001));
    let words = format!("{} is longer than 1000000 bytes", path.display());
    assert_eq!(why(file(&path).fetch(&nothing(), false)), words);
}

#[test]
fn a_missing_file_and_what_is_no_file_are_refused_without_waiting() {
    let dir = TempDir::new().unwrap();
    let missing = dir.path().join("none.ics");
    let words = format!("there is no file {}", missing.display());
    assert_eq!(why(file(&missing).fetch(&nothing(), false)), words);
    let pipe = dir.path().join("pipe.ics");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [dir.path(), pipe.as_path(), "/dev/zero".as_ref()] {
        let words = format!("{} is not a file that can be read as a calendar", path.display());
        assert_eq!(why(file(path).fetch(&nothing(), false)), words);
    }
}

#[test]
fn a_path_cannot_steer_the_terminal_it_is_shown_on() {
    let shown = why(file("/no/\u{1b}[31mwork.ics".as_ref()).fetch(&nothing(), false));
    assert_eq!(shown, "there is no file /no/ [31mwork.ics");
}

#[test]
fn a_file_that_may_not_be_read_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let dir = TempDir::new().unwrap();
    let path = work(&dir, &calendar("a"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o0)).unwrap();
    // Root may read it nevertheless.
    match file(&path).fetch(&nothing(), false) {
        Fetched::Failed(failure) => {
            assert_eq!(failure.why, format!("{} cannot be read: permission denied", path.display()));
        }
        fetched => assert_eq!(new(fetched).0, calendar("a")),
    }
}
