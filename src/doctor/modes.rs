//! Who else can read or change the files that matter.

use super::Check;
use crate::model::{others_of_secret, path_text, printable};
use std::path::{Path, PathBuf};

const NAME: &str = "modes";

/// A path, fit for a terminal.
pub fn shown(path: &Path) -> String {
    printable(&path_text(path))
}

/// What a file is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// The config.
    Config,
    /// A file that holds a secret.
    Secret,
    /// The database.
    Database,
    /// The directory of the database.
    Directory,
}

/// A file as it is on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFacts {
    /// What it is to us.
    pub kind: FileKind,
    /// Where it is.
    pub path: PathBuf,
    /// With the sticky bit.
    pub mode: u32,
    /// Whose it is.
    pub owner: u32,
    /// May we write it?
    pub writable: bool,
}

/// What is wrong with them. `me`: the user who asks.
pub fn modes(files: &[FileFacts], me: u32) -> Vec<Check> {
    let mut found: Vec<Check> = files.iter().flat_map(judge).collect();
    let foreign = files.iter().find(|file| file.kind == FileKind::Database && file.owner != me);
    found.extend(foreign.map(|file| {
        let detail = format!("{} belongs to user {}, and you are user {me}", shown(&file.path), file.owner);
        Check::warning(NAME, detail, "Run doctor as the user who runs the ticks, to see what they see")
    }));
    if found.is_empty() {
        let seen: Vec<String> = files.iter().map(|file| format!("{} {:03o}", file.kind.word(), file.mode)).collect();
        let detail = if seen.is_empty() { "no file yet".to_owned() } else { seen.join(", ") };
        found.push(Check::ok(NAME, detail));
    }
    found
}

impl FileKind {
    const fn word(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Secret => "secret",
            Self::Database => "database",
            Self::Directory => "its directory",
        }
    }
}

fn judge(file: &FileFacts) -> Vec<Check> {
    let (path, mode) = (shown(&file.path), file.mode);
    let others_write = mode & 0o022 != 0;
    let mut found = Vec::new();
    match file.kind {
        FileKind::Config if others_write => {
            let detail =
                format!("others can change {path} (mode {mode:03o}), and with it who is called and what is run");
            found.push(Check::problem(NAME, detail, format!("Run: chmod go-w {path}")));
        }
        FileKind::Secret if others_of_secret(mode, file.owner) != 0 => {
            let detail = format!("{path} holds a secret, and others can read or change it (mode {mode:03o})");
            found.push(Check::problem(NAME, detail, format!("Run: chmod 600 {path}")));
        }
        FileKind::Database if mode & 0o066 != 0 => {
            let detail = format!("others can read or change {path} (mode {mode:03o}), which holds phone numbers");
            found.push(Check::problem(NAME, detail, format!("Run: chmod 600 {path}*")));
        }
        // Whoever may write there may put another database in its place, unless the sticky bit keeps them off.
        FileKind::Directory if others_write && mode & 0o1000 == 0 => {
            let detail = format!("others can change the database's directory {path} (mode {mode:03o})");
            found.push(Check::problem(NAME, detail, format!("Run: chmod go-w {path}")));
        }
        _ => {}
    }
    if matches!(file.kind, FileKind::Database | FileKind::Directory) && !file.writable {
        let what = if file.kind == FileKind::Database { "the database" } else { "the database's directory" };
        let remedy = "Give it to the user who runs the ticks: SQLite writes the file and two more beside it";
        found.push(Check::problem(NAME, format!("{what} {path} cannot be written by this user"), remedy));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;

    fn file(kind: FileKind, mode: u32) -> FileFacts {
        FileFacts { kind, path: "/x/file".into(), mode, owner: 7, writable: true }
    }

    fn status(seen: FileFacts) -> Status {
        modes(&[seen], 7)[0].status
    }

    #[test]
    fn nobody_else_may_change_the_config_or_read_secrets_and_the_database() {
        for (kind, mode, expected) in [
            (FileKind::Config, 0o644, Status::Ok),
            (FileKind::Config, 0o664, Status::Problem),
            (FileKind::Secret, 0o600, Status::Ok),
            (FileKind::Secret, 0o400, Status::Ok),
            (FileKind::Secret, 0o640, Status::Problem),
            (FileKind::Secret, 0o604, Status::Problem),
            (FileKind::Database, 0o600, Status::Ok),
            (FileKind::Database, 0o644, Status::Problem),
            (FileKind::Directory, 0o755, Status::Ok),
            (FileKind::Directory, 0o777, Status::Problem),
            (FileKind::Directory, 0o1777, Status::Ok),
        ] {
            assert_eq!(status(file(kind, mode)), expected, "{kind:?} {mode:o}");
        }
    }

    #[test]
    fn a_group_that_root_chose_may_read_a_secret() {
        for (mode, expected) in [(0o640, Status::Ok), (0o644, Status::Problem), (0o660, Status::Problem)] {
            assert_eq!(status(FileFacts { owner: 0, ..file(FileKind::Secret, mode) }), expected, "{mode:o}");
        }
    }

    #[test]
    fn a_database_must_be_writable_together_with_its_directory() {
        for kind in [FileKind::Database, FileKind::Directory] {
            assert_eq!(status(FileFacts { writable: false, ..file(kind, 0o600) }), Status::Problem);
        }
        assert_eq!(status(FileFacts { writable: false, ..file(FileKind::Secret, 0o400) }), Status::Ok);
    }

    #[test]
    fn somebody_elses_database_is_a_reason_to_ask_as_them() {
        let found = &modes(&[file(FileKind::Database, 0o600)], 0)[0];
        assert_eq!(
            (found.status, found.detail.as_str()),
            (Status::Warning, "/x/file belongs to user 7, and you are user 0")
        );
    }
}
