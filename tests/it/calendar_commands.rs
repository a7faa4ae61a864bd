//! `savehub calendar check` and `savehub import`, through the program. What is in the tables is tested beside their code.

use crate::support::cli::{ANA, Cli, Ran};
use crate::support::fake_feed::{FakeFeed, SECRET, Serves};
use crate::support::fake_tls::proxy;
use savehub::clock::{Clock as _, SystemClock};
use std::time::Duration;

/// A meeting every day, so that the tests do not depend on theirs.
const DAILY: &str = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:daily\r\nDTSTART:20260105T093000Z\r\nRRULE:FREQ=DAILY\r\n\
                     SUMMARY:Stand-up\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

fn with_calendars(calendars: &str) -> Cli {
    let cli = Cli::with(&format!("{ANA}calendars = [{calendars}]\n"));
    cli.write("work.ics", DAILY);
    cli
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

fn rings(text: &str) -> usize {
    json(text)["meetings"].as_array().unwrap().iter().filter(|meeting| meeting["rings"] == true).count()
}

#[test]
fn a_file_is_checked_without_a_config_and_without_a_trace() {
    let cli = Cli::new();
    cli.write("work.ics", DAILY);
    let path = cli.path("work.ics");
    let out = cli.ok(&["calendar", "check", path.to_str().unwrap(), "--until", "3d"]);
    assert!(out.starts_with("work.ics: 1 event, changed "), "{out}");
    assert_eq!(out.matches(" 09:30  -  rings  Stand-up\n").count(), 3, "{out}");
    assert!(!cli.database().exists());
}

#[test]
fn a_calendar_of_the_config_is_checked_by_its_name_or_number() {
    let cli = with_calendars("{ file = \"~/work.ics\", name = \"Office\" }");
    for typed in ["Office", "office", "1"] {
        let out = cli.ok(&["calendar", "check", typed, "--json"]);
        let report = json(&out);
        assert_eq!(
            (&report["calendar"], &report["person"], rings(&out)),
            (&"Office".into(), &"ana".into(), 7),
            "{typed}"
        );
    }
}

#[test]
fn standard_input_is_checked_too() {
    let cli = Cli::new();
    cli.write("work.ics", DAILY);
    let script = "\"$1\" calendar check - --json <\"$HOME/work.ics\"";
    let ran = cli.sh(script, &[]);
    assert_eq!((ran.code, rings(&ran.out)), (0, 7), "{ran:?}");
    let ran = cli.sh("printf 'BEGIN:VCALENDAR\\n' | \"$1\" calendar check -", &[]);
    let why = "error: the calendar standard input cannot be read: it breaks off before its END:VCALENDAR\n";
    assert_eq!(ran, Ran { code: 1, out: String::new(), err: why.into() });
}

#[test]
fn an_address_is_fetched_and_never_shown() {
    let feed = FakeFeed::start(Serves::plain(DAILY));
    let cli = with_calendars(&format!("{:?}", feed.url()));
    let typed = feed.url();
    for args in [&["calendar", "check", "1", "-vv"][..], &["calendar", "check", &typed, "-vv"], &["status", "-vv"]] {
        let ran = cli.run(args);
        assert!(!format!("{ran:?}").contains(SECRET), "{ran:?}");
    }
    assert!(cli.ok(&["calendar", "check", "1"]).starts_with("127.0.0.1: 1 event\n"));
    feed.serve(Serves::status(404));
    let ran = cli.run(&["calendar", "check", "1"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.starts_with("error: the calendar 127.0.0.1 cannot be read: the server knows no such calendar"));
    assert!(!format!("{ran:?}").contains(SECRET), "{ran:?}");
}

#[test]
fn what_is_no_calendar_is_told_without_repeating_it() {
    let cli = with_calendars("{ file = \"~/work.ics\", name = \"Office\" }, \"~/private.ics\"");
    let ran = cli.run(&["calendar", "check", "calendar.example.com/s3cr3t/basic.ics"]);
    let why = "error: this is no calendar savehub can read; write `file:` before a path, and https:// before an address; \
               the config has 1 Office, 2 private.ics (ana)\n";
    assert_eq!(ran, Ran { code: 2, out: String::new(), err: why.into() });
    let ran = cli.run(&["calendar", "check", "2"]);
    let why = "error: the calendar private.ics cannot be read: there is no file HOME/private.ics\n";
    assert_eq!(ran, Ran { code: 1, out: String::new(), err: why.into() });
    for args in [["--until", "0s"], ["--until", "400d"], ["--person", "bo"]] {
        assert_eq!(cli.run(&[&["calendar", "check", "1"][..], &args].concat()).code, 2, "{args:?}");
    }
}

#[test]
fn without_a_name_all_calendars_of_the_config_are_checked_and_one_that_fails_hides_no_other() {
    let cli = with_calendars("\"~/private.ics\", { file = \"~/work.ics\", name = \"Office\" }");
    let ran = cli.run(&["calendar", "check"]);
    let gone = "private.ics cannot be read: there is no file HOME/private.ics\n\nOffice: 1 event, changed ";
    assert!(ran.out.starts_with(gone) && ran.out.contains("\nread from a file, with every tick\n"), "{ran:?}");
    assert_eq!((ran.code, ran.err.as_str()), (1, ""), "{ran:?}");
    let all = json(&cli.run(&["calendar", "check", "--json"]).out);
    let (gone, office) = (&all["calendars"][0], &all["calendars"][1]);
    assert_eq!((&gone["calendar"], &gone["person"]), (&"private.ics".into(), &"ana".into()));
    assert!(gone["error"].as_str().unwrap().contains(" cannot be read: "), "{gone}");
    assert_eq!((&office["calendar"], &office["how"]), (&"Office".into(), &"read from a file, with every tick".into()));
    cli.write("private.ics", DAILY);
    assert_eq!(cli.run(&["calendar", "check"]).code, 0);
}

#[test]
fn all_calendars_are_those_of_one_person_or_named_with_whose_they_are() {
    let bo = ANA.replace("ana", "bo").replace("0101", "0102");
    let calendars = "calendars = [{ file = \"~/work.ics\", name = \"work\" }]\n";
    let cli = Cli::with(&format!("{ANA}{calendars}{bo}{calendars}"));
    cli.write("work.ics", DAILY);
    let out = cli.ok(&["calendar", "check"]);
    assert!(out.starts_with("ana/work: 1 event") && out.contains("\n\nbo/work: 1 event"), "{out}");
    let bos = json(&cli.ok(&["calendar", "check", "--person", "bo", "--json"]));
    assert_eq!((bos["calendars"].as_array().unwrap().len(), &bos["calendars"][0]["person"]), (1, &"bo".into()));
    let why =
        "error: the config has no calendars to check; name one: a file, an https address, or - for standard input\n";
    assert_eq!(Cli::new().run(&["calendar", "check"]), Ran { code: 2, out: String::new(), err: why.into() });
}

#[test]
fn a_calendar_is_checked_on_its_own_way_as_ticks_read_it() {
    let (address, refused) = proxy(407);
    let calendar = format!("{{ url = \"https://calendar.example/x\", name = \"work\", proxy = \"{address}\" }}");
    let said = with_calendars(&calendar).run(&["calendar", "check", "work"]).err;
    assert!(said.contains("the proxy wants a login"), "{said}");
    assert!(refused.join().unwrap().starts_with("CONNECT calendar.example:443 HTTP/1.1\r\n"));
}

#[test]
fn a_name_that_several_people_use_needs_the_person() {
    let bo = ANA.replace("ana", "bo").replace("0101", "0102");
    let calendars = "calendars = [{ file = \"~/work.ics\", name = \"work\" }]\n";
    let cli = Cli::with(&format!("{ANA}{calendars}{bo}{calendars}"));
    cli.write("work.ics", DAILY);
    let ran = cli.run(&["calendar", "check", "work"]);
    let why = "error: several people have a calendar of this name; say whose with --person\n";
    assert_eq!(ran, Ran { code: 2, out: String::new(), err: why.into() });
    assert_eq!(json(&cli.ok(&["calendar", "check", "work", "--person", "bo", "--json"]))["person"], "bo");
}

#[test]
fn a_file_is_imported_once_and_a_broken_one_not_at_all() {
    let cli = with_calendars("");
    // Far from the time of day at which the looked-at days begin and end.
    let start = SystemClock.now().plus(Duration::from_secs(6 * 3600)).to_rfc3339();
    let daily = DAILY.replace("20260105T093000Z", &format!("{}Z", &start[..19].replace(['-', ':'], "")));
    cli.write("work.ics", &daily);
    let path = cli.path("work.ics");
    let path = path.to_str().unwrap();
    let out = cli.ok(&["import", path, "--until", "3d"]);
    assert!(out.ends_with("\n3 added\n"), "{out}");
    assert_eq!(cli.ok(&["import", path, "--until", "3d"]), "nothing is new\n");
    assert_eq!(cli.ok(&["meeting", "list"]).lines().count(), 3);
    cli.write("work.ics", &daily.replace("Stand-up", "Other").replace("END:VCALENDAR", ""));
    let ran = cli.run(&["import", path]);
    let why = "error: the calendar work.ics cannot be read: HOME/work.ics: it breaks off before its END:VCALENDAR\n";
    assert_eq!(ran, Ran { code: 1, out: String::new(), err: why.into() });
    assert!(!cli.ok(&["meeting", "list"]).contains("Other"));
}

#[test]
fn status_names_the_zone_data_in_use() {
    let cli = with_calendars("").set("TZDIR", "/nowhere");
    cli.ok(&["tick"]);
    let data = &json(&cli.ok(&["status", "--json"]))["zone_data"];
    assert_eq!(data["from"], "bundled");
    assert!(data["version"].as_str().unwrap() >= "2026e", "{data}");
}
