//! A slip in `TZ` must not mean UTC without a word.

use crate::support::cli::{ANA, Cli};

const TOLD: &str = "TZ=Europe/Berln is no time zone that savehub knows, and would be UTC without a word; did you mean \
                    \"Europe/Berlin\"?";

/// Ana has no zone of her own.
fn with_tz(tz: &str) -> Cli {
    Cli::with(&ANA.replace("zone = \"UTC\"\n", "")).set("TZ", tz)
}

#[test]
fn commands_that_read_or_show_local_times_refuse_a_tz_that_is_no_zone() {
    let cli = with_tz("Europe/Berln");
    cli.write("a.ics", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n");
    cli.run(&["tick"]);
    for command in [
        &["status"][..],
        &["plan"],
        &["report"],
        &["explain", "m1"],
        &["meeting", "add", "Board sync", "--at", "14:30"],
        &["meeting", "list"],
        &["import", "a.ics"],
        &["calendar", "check", "a.ics"],
        &["tick", "--now", "14:30"],
    ] {
        let ran = cli.run(command);
        assert_eq!(
            (ran.code, ran.out.as_str(), ran.err.as_str()),
            (2, "", &*format!("error: {TOLD}\n")),
            "{command:?}"
        );
    }
    let fresh = Cli::new().set("TZ", "Europe/Berln");
    let ran = fresh.run(&["init", "--yes", "--name", "Ana", "--phone", "+12025550101"]);
    assert!(ran.code == 2 && ran.err.contains(TOLD) && ran.err.contains("--zone"), "{ran:?}");
}

#[test]
fn ticks_and_what_ends_an_incident_go_on_with_a_tz_that_is_no_zone_and_tell_it() {
    let cli = with_tz("Europe/Berln");
    let first = cli.run(&["tick"]);
    assert!(first.code == 0 && first.err.contains(TOLD), "{first:?}");
    assert_eq!(cli.run(&["tick"]).err, "", "once an hour is enough");
    assert!(cli.run(&["checkin"]).err.contains(TOLD));
    for command in [&["pause"][..], &["resume"], &["status", "--json"]] {
        let ran = cli.run(command);
        assert!(ran.code == 0 && ran.err.contains(TOLD), "{ran:?}");
    }
    assert!(cli.set("TZ", "Europe/Berlin").run(&["tick"]).err.contains("over: TZ"));
}

#[test]
fn nobody_asks_for_tz_where_everybody_has_a_zone() {
    let cli = Cli::with(ANA).set("TZ", "Europe/Berln");
    cli.ok(&["tick"]);
    assert_eq!(cli.run(&["tick"]).err, "");
    assert!(cli.ok(&["meeting", "add", "Board sync", "--at", "tomorrow 9:00"]).contains("Board sync"));
    let doctor = cli.run(&["doctor", "--offline"]);
    assert!(doctor.out.contains(&format!("  warning  zones      {TOLD}")), "{doctor:?}");
}

#[test]
fn names_after_a_colon_and_rules_are_fine_and_doctor_says_which_zone_is_in_force_and_from_where() {
    for (tz, said) in [
        ("Europe/Berlin", "; the system's zone is Europe/Berlin, from TZ\n"),
        (":Europe/Berlin", "; the system's zone is Europe/Berlin, from TZ\n"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "; the system's zone is local, from TZ\n"),
        ("", "; the system's zone is UTC, from TZ\n"),
    ] {
        let cli = with_tz(tz);
        cli.ok(&["tick"]);
        assert_eq!(cli.run(&["tick"]).err, "", "{tz}");
        cli.ok(&["status"]);
        assert!(cli.run(&["doctor", "--offline"]).out.contains(said), "{tz}: {said}");
    }
    let doctor = with_tz("Europe/Berln").run(&["doctor", "--offline"]);
    assert!(doctor.code == 1 && doctor.out.contains(&format!("  problem  zones      {TOLD}")), "{doctor:?}");
}

#[test]
fn a_zone_of_another_offset_is_never_suggested() {
    for (zone, meant) in
        [("GMT+1", Some("Etc/GMT-1")), ("UTC-05:00", Some("Etc/GMT+5")), ("UTC+5:30", None), ("EDT", None)]
    {
        let config = ANA.replace("zone = \"UTC\"", &format!("zone = \"{zone}\""));
        let ran = Cli::with(&config).run(&["config", "check"]);
        let said = meant.map_or("write an IANA name".to_owned(), |name| format!("did you mean \"{name}\"?"));
        assert!(ran.code == 2 && ran.err.contains(&said), "{zone}: {}", ran.err);
        let report = Cli::with(ANA).run(&["report", "--zone", zone]);
        assert!(
            !report.err.contains("did you mean") || meant.is_some_and(|name| report.err.contains(name)),
            "{report:?}"
        );
    }
}
