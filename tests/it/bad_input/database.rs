//! Databases that cannot be used: exit code 3, no call, and the file stays as it is.

use crate::bad_input::{begun, in_vain, mock, says};
use crate::support::cli::{ANA, Cli, Ran};
use rusqlite::Connection;
use std::io::Write as _;
use std::path::Path;

#[test]
fn no_database() {
    let cli = mock(ANA);
    for args in [&["status"][..], &["checkin"], &["resolve", "i1"], &["meeting", "list"], &["meeting", "cancel", "m1"]]
    {
        says(
            &in_vain(&cli, args),
            3,
            "error: there is no savehub database at HOME/.local/state/savehub/savehub.db; `savehub tick` or `savehub meeting add` makes one",
        );
    }
}

/// A database at the usual place, made by somebody else.
fn with_file(make: impl FnOnce(&Path)) -> Cli {
    let cli = mock(ANA);
    let path = cli.database();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    make(&path);
    cli
}

#[track_caller]
fn refuses(cli: &Cli, err: &str) {
    for args in [&["tick"][..], &["status"], &["meeting", "add", "x", "--at", "in 2m"], &["tick", "--dry-run"]] {
        says(&in_vain(cli, args), 3, err);
    }
}

#[test]
fn the_database_of_another_program() {
    let cli = with_file(|path| {
        Connection::open(path).unwrap().execute_batch("create table recipes(name text) strict").unwrap();
    });
    refuses(
        &cli,
        "error: HOME/.local/state/savehub/savehub.db is the database of another program; give savehub a file of its own (`database` in the config)",
    );
}

#[test]
fn a_database_of_a_newer_version() {
    let cli = begun(ANA);
    Connection::open(cli.database()).unwrap().pragma_update(None, "user_version", 99).unwrap();
    refuses(
        &cli,
        "error: HOME/.local/state/savehub/savehub.db was written by a newer savehub (schema 99, this one knows 8); update savehub",
    );
}

#[test]
fn a_text_file() {
    refuses(
        &with_file(|path| std::fs::write(path, "dear diary, ".repeat(400)).unwrap()),
        "error: cannot use HOME/.local/state/savehub/savehub.db: the file is not an SQLite database (file is not a database)",
    );
}

#[test]
fn a_damaged_database() {
    let cli = begun(ANA);
    let mut bytes = std::fs::read(cli.database()).unwrap();
    // All but the header, which still says whose file it is.
    bytes[100..].fill(0xff);
    std::fs::write(cli.database(), bytes).unwrap();
    for args in [&["tick"][..], &["status"]] {
        says(
            &cli.run(args),
            3,
            "error: cannot use HOME/.local/state/savehub/savehub.db: the file is damaged; `savehub db restore FILE` puts a backup in its place (database disk image is malformed)",
        );
    }
}

#[test]
fn a_directory_that_cannot_be() {
    // Not even root can make a directory below a file.
    let cli = mock(ANA);
    cli.write(".local/state", "not a directory");
    says(
        &in_vain(&cli, &["tick"]),
        3,
        "error: cannot make the directory HOME/.local/state/savehub: Not a directory (os error 20)",
    );
    says(
        &in_vain(&cli, &["status"]),
        3,
        "error: there is no savehub database at HOME/.local/state/savehub/savehub.db; `savehub tick` or `savehub meeting add` makes one",
    );
}

#[test]
fn a_directory_that_is_read_only() {
    let cli = begun(ANA);
    let dir = cli.database().parent().unwrap().display().to_string();
    // A mount of its own, which binds even root.
    let script = "mount --bind \"$2\" \"$2\" && mount -o remount,ro,bind \"$2\" || exit 99\nexec \"$1\" tick";
    let Some(ran) = mounted(&cli, script, &[&dir]) else { return };
    says(
        &ran,
        3,
        "error: cannot use HOME/.local/state/savehub/savehub.db: it cannot be opened; check that its directory exists and can be written (unable to open database file)",
    );
    let fresh = mock(ANA);
    std::fs::create_dir_all(fresh.database().parent().unwrap()).unwrap();
    let dir = fresh.database().parent().unwrap().display().to_string();
    let Some(ran) = mounted(&fresh, script, &[&dir]) else { return };
    says(
        &ran,
        3,
        "error: cannot make the database HOME/.local/state/savehub/savehub.db: Read-only file system (os error 30)",
    );
}

#[test]
fn a_full_disk() {
    let cli = mock(ANA);
    std::fs::create_dir_all(cli.database().parent().unwrap()).unwrap();
    let dir = cli.database().parent().unwrap().display().to_string();
    for size in ["4k", "64k"] {
        let script = format!("mount -t tmpfs -o size={size} none \"$2\" || exit 99\nexec \"$1\" tick");
        let Some(ran) = mounted(&cli, &script, &[&dir]) else { return };
        says(
            &ran,
            3,
            "error: cannot bring HOME/.local/state/savehub/savehub.db up to date: the disk is full; free some space, no call is made until then (database or disk is full)",
        );
    }
}

/// Runs a script in a mount namespace of its own; `None`, and loudly, where this machine does not allow one.
fn mounted(cli: &Cli, script: &str, args: &[&str]) -> Option<Ran> {
    let ran = cli.sh(&format!("exec unshare --user --map-root-user --mount sh -c '{script}' sh \"$@\""), args);
    if matches!(ran.code, 99 | 127) || ran.err.starts_with("unshare:") {
        let why = ran.err.trim();
        #[expect(clippy::explicit_write, reason = "the test harness would swallow eprintln")]
        writeln!(std::io::stderr(), "NOT TESTED HERE: this machine allows no mounts of its own ({why})").unwrap();
        return None;
    }
    Some(ran)
}

/// Runs everywhere: a limit on the size of files, which is an I/O error.
#[test]
fn a_disk_that_stops_taking_data() {
    let cli = mock(ANA);
    let ran = cli.sh("trap '' XFSZ; ulimit -f 8; exec \"$@\" tick", &[]);
    says(
        &ran,
        3,
        "error: cannot bring HOME/.local/state/savehub/savehub.db up to date: reading or writing failed; check the disk (disk I/O error)",
    );
    let cli = mock(ANA);
    cli.ok(&["meeting", "add", "Board sync", "--at", "in 2m"]);
    let ran = cli.sh("trap '' XFSZ; ulimit -f 0; exec \"$@\" tick", &[]);
    says(
        &ran,
        3,
        "error: cannot use HOME/.local/state/savehub/savehub.db: reading or writing failed; check the disk (disk I/O error)",
    );
    let out = cli.ok(&["tick"]);
    assert!(out.starts_with("i1 Board sync (ana): called ****0101"), "it rings once there is room again: {out}");
}
