//! Calendars written to hurt cost little time and memory, whatever stands in them, and the good meeting in the same file
//! is found, or said to be left out where it is one of more than a thousand that ring. Each is read by the program itself,
//! which may use 256 MB of addresses and no more.

mod files;

use crate::support::cli::{ANA, Cli};
use files::{CONTROLS, FILES, GOOD, Hostile};
use serde_json::Value;
use std::time::Instant;

/// Seconds of the processor that a look may take. A build without optimisation is about ten times slower.
const LONGEST: &str = if cfg!(debug_assertions) { "12" } else { "2" };

/// The program, within that time and 256 MB of addresses.
const CHECK: &str =
    "ulimit -t \"$2\" && ulimit -v 262144 && exec \"$1\" calendar check \"$HOME/bad.ics\" --until 26h --json";

/// Said of the meetings behind the first thousand.
const FLOOD: &str = "more than 1000 meetings begin in the looked-at time";

/// What of a file went wrong.
fn wrong(file: &Hostile) -> Option<String> {
    let cli = Cli::with(&format!("{ANA}[calendar]\nmax_size = \"60 MB\"\n"));
    std::fs::write(cli.path("bad.ics"), file.bytes()).unwrap();
    let begun = Instant::now();
    let ran = cli.sh(CHECK, &[LONGEST]);
    let took = begun.elapsed();
    let report: Value = serde_json::from_str(&ran.out).unwrap_or_default();
    let list = |name: &str| report[name].as_array().cloned().unwrap_or_default();
    let good = list("meetings").iter().any(|meeting| meeting["uid"] == GOOD && meeting["rings"] == true);
    let notices: Vec<String> = list("notices").iter().map(|notice| notice["text"].to_string()).collect();
    let said = notices.iter().any(|notice| notice.contains(file.says)) || file.says.is_empty();
    let flood = notices.iter().any(|notice| notice.contains(FLOOD)) && list("meetings").len() == 1000;
    let fine = ran.code == 0 && (good || flood) && said;
    println!("{:>5} ms  {}  {}", took.as_millis(), if fine { "fine " } else { "WRONG" }, file.name);
    let shown = |text: &str| text.chars().take(600).collect::<String>();
    (!fine).then(|| {
        format!(
            "{}: {took:?}, exit {}, good {good}, {} {}\n",
            file.name,
            ran.code,
            shown(&notices.join(" ")),
            shown(&ran.err)
        )
    })
}

#[test]
fn no_control_character_of_a_calendar_reaches_the_terminal() {
    let file = FILES.iter().find(|file| file.name == "control characters everywhere").unwrap();
    let cli = Cli::new();
    std::fs::write(cli.path("bad.ics"), file.bytes()).unwrap();
    for format in ["--color=never", "--json"] {
        let ran = cli.sh("exec \"$1\" calendar check \"$HOME/bad.ics\" \"$2\"", &[format]);
        let shown = ran.out.replace('\n', "");
        let odd = |c: char| c.is_control() || CONTROLS.contains(c) && !c.is_ascii();
        assert!(!(shown + &ran.err).contains(odd) && !ran.out.contains("\\u001b"), "{}", ran.out.escape_debug());
    }
}

#[test]
fn a_hostile_calendar_costs_little_and_hides_no_other_meeting() {
    let every_second = |from| move || FILES.iter().skip(from).step_by(2).filter_map(wrong).collect::<String>();
    let wrong = std::thread::scope(|scope| {
        let halves = [0, 1].map(|from| scope.spawn(every_second(from)));
        halves.map(|half| half.join().unwrap()).concat()
    });
    assert!(wrong.is_empty(), "{wrong}");
}
