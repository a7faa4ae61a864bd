//! Where something other than a file stands under the name of a file, it stays there.

use crate::support::cli::{ANA, Cli};
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;

/// With a pipe in the home directory.
fn with_pipe(more: &str) -> Cli {
    let cli = Cli::with(&format!("{more}\n{ANA}"));
    assert_eq!(cli.sh("mkfifo \"$HOME/pipe\"", &[]).code, 0);
    cli
}

fn is_pipe(path: &Path) -> bool {
    std::fs::symlink_metadata(path).unwrap().file_type().is_fifo()
}

#[test]
fn a_report_is_written_into_a_pipe_and_into_what_is_open_and_replaces_neither() {
    let cli = with_pipe("");
    cli.ok(&["meeting", "add", "Board sync", "--at", "in 2m"]);
    let page = cli.ok(&["report", "--html", "/dev/stdout"]);
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"), "{page}");
    let ran = cli.sh("cat \"$HOME/pipe\" & \"$1\" report --html \"$HOME/pipe\" && wait", &[]);
    assert!(ran.code == 0 && ran.out.starts_with("<!DOCTYPE html>") && ran.out.ends_with("</html>\n"), "{ran:?}");
    assert!(is_pipe(&cli.path("pipe")));
}

#[test]
fn a_report_goes_to_where_a_link_leads_and_the_link_stays() {
    let cli = with_pipe("");
    cli.ok(&["meeting", "add", "Board sync", "--at", "in 2m"]);
    cli.write("real.html", "old");
    std::os::unix::fs::symlink("real.html", cli.path("link.html")).unwrap();
    cli.ok(&["report", "--html", cli.path("link.html").to_str().unwrap()]);
    assert!(std::fs::symlink_metadata(cli.path("link.html")).unwrap().is_symlink());
    assert!(std::fs::read_to_string(cli.path("real.html")).unwrap().starts_with("<!DOCTYPE html>"));
}

#[test]
fn a_backup_takes_the_place_of_no_pipe() {
    let cli = with_pipe("");
    cli.ok(&["meeting", "add", "Board sync", "--at", "in 2m"]);
    let refused = cli.run(&["db", "backup", "--force", cli.path("pipe").to_str().unwrap()]);
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("no backup was made: HOME/pipe is no regular file"), "{refused:?}");
    assert!(is_pipe(&cli.path("pipe")));
}

#[test]
fn metrics_go_into_a_pipe_and_wait_for_nobody_who_reads_it() {
    let cli = with_pipe("metrics_file = \"~/pipe\"");
    let unread = cli.run(&["tick"]);
    assert!(unread.code == 0 && unread.err.contains("metrics_file: HOME/pipe cannot be written"), "{unread:?}");
    let read = cli.sh("exec 3<> \"$HOME/pipe\"; \"$1\" tick; head -n 1 <&3", &[]);
    assert!(read.code == 0 && read.out.starts_with("# HELP savehub_build_info "), "{read:?}");
    assert!(read.err.contains("over: metrics file"), "{read:?}");
    assert!(is_pipe(&cli.path("pipe")));
}
