//! savehub as a process: what it allows the kernel to keep of it, and that it ends.

use crate::support::cli::{ANA, Cli, twilio};
use crate::support::fake_twilio::{Behaviour, Endpoint, FakeTwilio, Latch, TOKEN};
use crate::support::phone;
use std::fmt::Write as _;

#[test]
fn a_running_tick_can_leave_no_core_dump_with_its_secrets() {
    let (fake, latch) = (FakeTwilio::start(), Latch::default());
    let cli = Cli::on_twilio(&fake, TOKEN);
    cli.ok(&["meeting", "add", "Board sync", "--at", "in 2m"]);
    fake.script([Behaviour::Delay(latch.clone(), Box::new(Behaviour::Answer))]);
    // savehub takes the shell's place and so its process id.
    let file = cli.path("pid");
    let script = format!("ulimit -c unlimited 2>/dev/null; echo $$ > {}; exec \"$@\"", file.display());
    let limits = std::thread::scope(|scope| {
        let tick = scope.spawn(|| cli.sh(&script, &["tick"]));
        fake.wait_for_creates(1);
        let pid = std::fs::read_to_string(&file).unwrap();
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", pid.trim())).unwrap();
        latch.open();
        assert_eq!(tick.join().unwrap().code, 0);
        limits
    });
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
}

#[test]
fn a_tick_that_hangs_in_the_database_is_ended_by_its_watchdog() {
    let engine = "[engine]\nhard_timeout = \"300ms\"\ntick_limit = \"1s\"\n";
    let config = |engine| format!("[call]\nprovider = \"mock\"\n\n{engine}\n{ANA}");
    let cli = Cli::with(&config(""));
    cli.ok(&["tick"]);
    cli.write_config(&config(engine));
    let other = rusqlite::Connection::open(cli.database()).unwrap();
    other.execute_batch("begin immediate").unwrap();
    let ran = cli.run(&["tick"]);
    let words = "error: the tick did not end within 1 s and was ended; the next one goes on where it was\n";
    assert_eq!((ran.code, ran.err.as_str()), (1, words));
    other.execute_batch("rollback").unwrap();
    cli.write_config(&config(""));
    assert_eq!(cli.run(&["tick"]).code, 0);
}

/// How many threads at work a tick has while so many calls are due and nobody has answered yet.
#[cfg(target_os = "linux")]
fn workers_while_so_many_are_due(due: usize) -> usize {
    let fake = FakeTwilio::start();
    let mut more = "calls_per_second = 30.0\n[engine]\npreflight = false\n".to_owned();
    for n in 0..due {
        let number = phone(u8::try_from(n).unwrap());
        write!(more, "[[person]]\nid = \"p{n}\"\nphone = \"{}\"\nzone = \"UTC\"\n", number.expose()).unwrap();
    }
    let cli = Cli::with(&twilio(&fake.base_url(), TOKEN, &more));
    for n in 0..due {
        cli.ok(&["meeting", "add", "Board sync", "--at", "in 2m", "--person", &format!("p{n}")]);
    }
    let latch = Latch::default();
    fake.set_down(Endpoint::Create, Some(Behaviour::Delay(latch.clone(), Box::new(Behaviour::Answer))));
    std::thread::scope(|scope| {
        let tick = scope.spawn(|| cli.sh("echo $$ >\"$HOME/pid\"; exec \"$@\"", &["tick"]));
        fake.wait_for_creates(due);
        let pid = std::fs::read_to_string(cli.path("pid")).unwrap();
        let threads = std::fs::read_dir(format!("/proc/{}/task", pid.trim())).unwrap().flatten();
        // The names of the threads (proc_pid_comm(5)).
        let names = threads.map(|thread| std::fs::read_to_string(thread.path().join("comm")).unwrap());
        let workers = names.filter(|name| name.trim() == "call").count();
        latch.open();
        assert_eq!(tick.join().unwrap().code, 0);
        workers
    })
}

#[cfg(target_os = "linux")]
#[test]
fn a_tick_has_as_many_workers_as_calls_are_due() {
    assert_eq!([1, 3].map(workers_while_so_many_are_due), [1, 3]);
}
