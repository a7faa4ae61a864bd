//! Where the STOP file may be, and what a look for it shows.

use super::Config;
use crate::model::Stop;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// More links than this lead in a circle (as in the kernel).
const LINKS: usize = 40;

impl Config {
    /// Is there a STOP file?
    pub fn stop(&self) -> Stop {
        look([Some(self.stop_file.as_path()), self.stop_beside_target.as_deref()].into_iter().flatten())
    }
}

/// Looks for each of these files. One that is there counts more than one that cannot be looked at. A link that leads
/// nowhere is there.
pub fn look<'a>(stops: impl Iterator<Item = &'a Path>) -> Stop {
    let mut seen = Stop::Absent;
    for path in stops {
        match path.symlink_metadata() {
            Ok(_) => return Stop::There(path.to_owned()),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
            Err(error) => seen = Stop::Unreadable { path: path.to_owned(), error: error.to_string() },
        }
    }
    seen
}

/// `STOP` beside the file that the config is a link to, also while that is not there or cannot be read. A pipe has no
/// neighbours.
pub(super) fn beside_target(config: &Path) -> Option<PathBuf> {
    let target = match std::fs::canonicalize(config) {
        Ok(target) => Some(target).filter(|target| target.is_file()),
        Err(_) => leads_to(config),
    };
    Some(target?.with_file_name("STOP"))
}

/// Where this link leads, as far as its links can be read; `None`: it is none.
fn leads_to(link: &Path) -> Option<PathBuf> {
    let mut at = link.to_owned();
    for _ in 0..LINKS {
        let Ok(next) = std::fs::read_link(&at) else { break };
        at = at.parent().unwrap_or(Path::new("")).join(next);
    }
    (at != link).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    /// What cannot be looked at, whoever looks: a name that leads in a circle.
    fn circle(dir: &Path) -> PathBuf {
        symlink("circle", dir.join("circle")).unwrap();
        dir.join("circle/STOP")
    }

    #[test]
    fn what_cannot_be_looked_at_is_neither_there_nor_absent_and_one_that_is_there_counts_more() {
        let dir = tempfile::tempdir().unwrap();
        let (there, absent) = (dir.path().join("STOP"), dir.path().join("none/STOP"));
        fs::write(&there, "").unwrap();
        let unknown = circle(dir.path());
        let of = |paths: &[&PathBuf]| look(paths.iter().map(|path| path.as_path()));
        assert_eq!(of(&[&absent, &there.join("STOP")]), Stop::Absent);
        let seen = of(&[&unknown, &absent]);
        assert!(seen.holds() && seen.is_unknown(), "{seen:?}");
        let error = unknown.symlink_metadata().unwrap_err();
        assert_eq!(seen.words(), Some(format!("{} cannot be looked at: {error}", unknown.display())));
        for both in [[&unknown, &there], [&there, &unknown]] {
            assert_eq!(of(&both), Stop::There(there.clone()));
        }
    }

    #[test]
    fn the_target_of_a_linked_config_has_neighbours_also_while_it_is_not_there() {
        let dir = tempfile::tempdir().unwrap();
        let (link, target) = (dir.path().join("config.toml"), dir.path().join("dotfiles/config.toml"));
        assert_eq!(beside_target(&link), None);
        symlink("middle.toml", &link).unwrap();
        symlink("dotfiles/config.toml", dir.path().join("middle.toml")).unwrap();
        assert_eq!(beside_target(&link), Some(target.with_file_name("STOP")));
        fs::create_dir(target.parent().unwrap()).unwrap();
        fs::write(&target, "").unwrap();
        let real = fs::canonicalize(&target).unwrap();
        assert_eq!(beside_target(&link), Some(real.with_file_name("STOP")));
        assert_eq!(beside_target(Path::new("/dev/null")), None);
    }
}
