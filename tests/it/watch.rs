//! `status --watch` on a real terminal: a pseudo-terminal that a Python program opens, types on and reads.

use crate::support::cli::{ANA, Cli};

/// Runs `$1 status --watch=1 MORE…` on a terminal of 24 lines: `--keys` is typed when the meeting that a second process
/// adds is seen. Prints what came of it.
const DRIVER: &str = r#"
import fcntl, os, pty, select, struct, subprocess, sys, termios, time
savehub, keys, more = sys.argv[1], sys.argv[2].encode().decode("unicode_escape").encode(), sys.argv[3:]
ours, theirs = pty.openpty()
fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
before = termios.tcgetattr(theirs)
child = subprocess.Popen([savehub, "status", "--watch=1", *more], stdin=theirs, stdout=theirs, stderr=theirs)
seen, patience = b"", time.monotonic() + 60

def until(what):
    global seen
    while what not in seen:
        if time.monotonic() > patience:
            child.kill()
            sys.exit(f"{what!r} never came: {seen!r}")
        if select.select([ours], [], [], 0.2)[0]:
            seen += os.read(ours, 65536)

until(b"q quits")
during = termios.tcgetattr(theirs)
subprocess.run([savehub, "meeting", "add", "Board sync", "--at", "in 3h"], check=True, stdout=subprocess.DEVNULL)
until(b"Board sync")
os.write(ours, b"x")
os.write(ours, keys)
until(b"\x1b[?1049l")
code = child.wait(60)
after = termios.tcgetattr(theirs)
print("exit", code)
print("frames start at the top", seen.count(b"\x1b[H") >= 2)
print("own screen", seen.startswith(b"\x1b[?1049h\x1b[?25l"))
print("keys unseen and not signals", not during[3] & (termios.ECHO | termios.ICANON | termios.ISIG))
print("as before", after == before)
print("stale" if b"STALE" in seen else "fresh")
"#;

/// Is there a Python to open a terminal with? CI must have one.
fn can_watch(cli: &Cli) -> bool {
    let there = cli.sh("command -v python3", &[]).code == 0;
    assert!(there || std::env::var("CI").as_deref() != Ok("true"), "python3 is not there");
    if !there {
        eprintln!("NOT TESTED: python3 is not there, `status --watch` is not looked at on a terminal");
    }
    there
}

fn watch(cli: &Cli, keys: &str, more: &[&str]) -> String {
    cli.write("driver.py", DRIVER);
    let driver = cli.path("driver.py");
    let mut args = vec![driver.to_str().unwrap(), keys];
    args.extend(more);
    let ran = cli.sh("savehub=$1; driver=$2; shift 2; python3 \"$driver\" \"$savehub\" \"$@\"", &args);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    ran.out
}

const LEFT_WELL: &str =
    "frames start at the top True\nown screen True\nkeys unseen and not signals True\nas before True\n";

#[test]
fn the_status_is_drawn_anew_until_q_and_the_terminal_is_as_before() {
    let cli = Cli::with(ANA);
    cli.ok(&["tick"]);
    if !can_watch(&cli) {
        return;
    }
    assert_eq!(watch(&cli, "q", &[]), format!("exit 0\n{LEFT_WELL}fresh\n"));
}

#[test]
fn ctrl_c_quits_too_and_an_old_tick_is_told_and_is_the_exit_code() {
    let cli = Cli::with(ANA);
    cli.ok(&["tick", "--now", "2020-01-01T09:00:00Z"]);
    if !can_watch(&cli) {
        return;
    }
    assert_eq!(watch(&cli, "\\x03", &["--max-age", "60s"]), format!("exit 4\n{LEFT_WELL}stale\n"));
}
