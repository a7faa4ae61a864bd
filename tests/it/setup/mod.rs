//! Setting up as a new user would: `init`, what `generate` prints for schedulers and shells, and the transcript of the
//! README.

mod completions;
mod init;
mod package;
mod readme;
mod schedule;
mod terminal;

use std::path::Path;

/// Is this program here? Where it must be, its absence is a failure; elsewhere it is told, loudly.
fn have(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/bin".into()]);
    let there = found.into_iter().any(|dir| dir.join(program).is_file());
    if !there {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "this test needs {program}");
        eprintln!("\n*** NOT TESTED: {program} IS NOT HERE ***\n");
    }
    there
}

/// Who may read and write a file.
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().unwrap().permissions().mode() & 0o777
}
