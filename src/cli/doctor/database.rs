//! The database: can it be used, is it sound, and is it in a place that keeps it?

use crate::doctor::Check;
use crate::doctor::modes::shown;
use crate::store::sqlite::{DatabaseOwner, Health, Integrity, SqliteStore};
use crate::store::{Store, StoreError};
use rustix::fs::{StatVfsMountFlags, statfs, statvfs};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const NAME: &str = "database";

/// How long its pages may be checked.
const WITHIN: Duration = Duration::from_secs(10);

/// Less room than this (bytes) may be used up within days, ...
const ROOM_LOW: u64 = 200_000_000;

/// ... and less than this is as good as none: a WAL alone may take some.
const ROOM_NONE: u64 = 20_000_000;

/// File systems of other machines, by their number (statfs(2), and linux/magic.h): SQLite cannot share memory there.
const NETWORK: &[(u32, &str)] = &[
    (0x6969, "NFS"),
    (0x517B, "SMB"),
    (0xFF53_4D42, "CIFS"),
    (0xFE53_4D42, "SMB2"),
    (0x00C3_6400, "Ceph"),
    (0x5346_414F, "AFS"),
    (0x7375_7245, "Coda"),
    (0x0BD0_0BD0, "Lustre"),
    (0x0102_1997, "9P"),
];

/// A program's own file system; what is behind it, nobody knows.
const FUSE: u32 = 0x6573_5546;

/// File systems in memory.
const MEMORY: &[u32] = &[0x0102_1994, 0x8584_58F6];

/// The layers of a container.
const OVERLAY: u32 = 0x794C_7630;

/// Where the database is, or would be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct DatabaseLocation {
    /// Number of the file system's kind.
    kind: u32,
    /// Bytes this user can still write.
    free: u64,
    read_only: bool,
}

/// What was seen, and the store for reading alone when there is one of this schema.
pub(super) fn database(path: &Path) -> (Vec<Check>, Option<Arc<dyn Store>>) {
    let mut checks: Vec<Check> = location_of(path).map(|location| judge_location(location, path)).unwrap_or_default();
    let (health, store) = match SqliteStore::inspect(path, WITHIN) {
        Ok((health, store)) => (judge_health(&health, path), store),
        Err(StoreError::Missing(_)) => (Some(missing(path)), None),
        Err(error) => (Some(unusable(&error)), None),
    };
    checks.extend(health);
    if checks.is_empty() {
        checks.push(Check::ok(NAME, seen(path)));
    }
    (checks, store.map(|store| Arc::new(store) as Arc<dyn Store>))
}

/// The same of a server. What it needs to be (version, encoding, not a standby) is seen when it is opened.
pub(super) fn server(opened: Result<Arc<dyn Store>, StoreError>, server: &str) -> (Vec<Check>, Option<Arc<dyn Store>>) {
    let (check, store) = match opened {
        Ok(store) => (Check::ok(NAME, format!("{server}, answers and can be written")), Some(store)),
        Err(StoreError::Missing(_)) => {
            let remedy = "`savehub tick` or `savehub meeting add` makes the tables";
            (Check::warning(NAME, format!("{server} holds nothing of savehub yet"), remedy), None)
        }
        Err(error) => {
            let remedy = "Check `store` in the config, and whether the server runs; without it nothing rings";
            (Check::problem(NAME, crate::model::printable(&error.to_string()), remedy), None)
        }
    };
    (vec![check], store)
}

fn seen(path: &Path) -> String {
    let size = std::fs::metadata(path).map_or(0, |meta| meta.len());
    let free = location_of(path).map_or_else(String::new, |location| format!(", {} free", bytes(location.free)));
    format!("{}, {}, sound{free}", shown(path), bytes(size))
}

/// Of the file, or of the nearest directory that is there.
fn location_of(path: &Path) -> Option<DatabaseLocation> {
    let here = path.ancestors().map(|at| if at == Path::new("") { Path::new(".") } else { at });
    let at = here.into_iter().find(|at| at.exists())?;
    let (kind, room) = (statfs(at).ok()?, statvfs(at).ok()?);
    Some(DatabaseLocation {
        kind: number(kind.f_type),
        free: room.f_bavail.saturating_mul(room.f_frsize),
        read_only: room.f_flag.contains(StatVfsMountFlags::RDONLY),
    })
}

/// The type of this number differs between machines; its lower 32 bits are the number.
fn number(kind: impl TryInto<i128>) -> u32 {
    let kind = kind.try_into().unwrap_or_default() & 0xFFFF_FFFF;
    u32::try_from(kind).unwrap_or_default()
}

fn judge_location(location: DatabaseLocation, path: &Path) -> Vec<Check> {
    let path = shown(path);
    let mut found = Vec::new();
    let network = NETWORK.iter().find(|(kind, _)| *kind == location.kind);
    if let Some((_, name)) = network {
        let detail = format!("{path} is on a network file system ({name}), where SQLite loses data");
        found.push(Check::problem(NAME, detail, "Put it on a local disk (`database` in the config)"));
    }
    if location.kind == FUSE {
        let detail = format!("{path} is on a FUSE file system; SQLite works only if that is a local disk");
        found.push(Check::warning(NAME, detail, "Put it on a local disk (`database` in the config)"));
    }
    if MEMORY.contains(&location.kind) {
        let detail = format!("{path} is in memory and gone after a restart: calls could be made twice");
        found.push(Check::warning(NAME, detail, "Put it on a disk (`database` in the config)"));
    }
    if location.kind == OVERLAY {
        let detail = format!("{path} is in a container's own file system and gone with it: calls could be made twice");
        found.push(Check::warning(NAME, detail, "Put it on a volume (`database` in the config)"));
    }
    if location.read_only {
        let remedy = "Mount it writable: a call that cannot be written down is not made";
        found.push(Check::problem(NAME, format!("the file system of {path} is read-only"), remedy));
    }
    let room = |status: fn(&'static str, String, String) -> Check| {
        status(NAME, format!("only {} are free for {path}", bytes(location.free)), "Free some space, or move it".into())
    };
    match location.free {
        _ if location.read_only => {}
        0..ROOM_NONE => found.push(room(Check::problem)),
        ROOM_NONE..ROOM_LOW => found.push(room(Check::warning)),
        _ => {}
    }
    found
}

fn judge_health(health: &Health, path: &Path) -> Option<Check> {
    let path = shown(path);
    let (schema, known) = (health.schema, health.known);
    let problem = |detail: String, remedy: &str| Some(Check::problem(NAME, detail, remedy));
    let warning = |detail: String, remedy: &str| Some(Check::warning(NAME, detail, remedy));
    match (&health.owner, &health.integrity) {
        (DatabaseOwner::Another, _) => problem(
            format!("{path} is the database of another program"),
            "Give savehub a file of its own (`database` in the config)",
        ),
        (_, Integrity::Damaged(why)) => problem(
            format!("{path} is damaged: {}", crate::model::cut(&crate::model::printable(why), 200)),
            "Stop the ticks; `savehub db restore FILE` puts a backup in its place",
        ),
        (DatabaseOwner::Nobody, _) => {
            warning(format!("{path} is empty"), "`savehub tick` makes the database with its first run")
        }
        _ if schema > known => problem(
            format!("{path} was written by a newer savehub (schema {schema}, this one knows {known})"),
            "Update savehub: two versions may be installed",
        ),
        _ if schema < known => warning(
            format!("{path} has schema {schema}, and this savehub wants {known}"),
            "The next tick brings it up to date, and puts a copy beside it before",
        ),
        _ if health.journal != "wal" => warning(
            format!("{path} is kept in journal mode {} instead of wal", health.journal),
            "The next tick changes that; if it does not last, another program opens this file",
        ),
        (_, Integrity::NotFinished) => Some(Check::skipped(
            NAME,
            format!("{path} opens, but is so large that it could not be checked within {} s", WITHIN.as_secs()),
        )),
        (_, Integrity::Sound) => None,
    }
}

fn missing(path: &Path) -> Check {
    let detail = format!("there is none at {} yet", shown(path));
    Check::warning(NAME, detail, "`savehub tick` or `savehub meeting add` makes it")
}

fn unusable(error: &StoreError) -> Check {
    Check::problem(NAME, error.to_string(), "Check the file's owner and mode, and that it is savehub's")
}

/// `1.2 MB`.
fn bytes(n: u64) -> String {
    let units = [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB")];
    match units.iter().find(|(size, _)| n >= *size) {
        Some((size, unit)) => format!("{}.{} {unit}", n / size, n % size * 10 / size),
        None => format!("{n} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Status;

    const DISK: DatabaseLocation = DatabaseLocation { kind: 0xEF53, free: 10_000_000_000, read_only: false };

    fn judged(location: DatabaseLocation) -> Vec<(Status, String)> {
        judge_location(location, Path::new("/x.db")).into_iter().map(|check| (check.status, check.detail)).collect()
    }

    #[test]
    fn a_database_belongs_on_a_local_disk_that_can_be_written_and_has_room() {
        assert_eq!(judged(DISK), []);
        for (location, status, words) in [
            (DatabaseLocation { kind: 0x6969, ..DISK }, Status::Problem, "network file system (NFS)"),
            (DatabaseLocation { kind: 0xFF53_4D42, ..DISK }, Status::Problem, "network file system (CIFS)"),
            (DatabaseLocation { kind: FUSE, ..DISK }, Status::Warning, "FUSE"),
            (DatabaseLocation { kind: 0x0102_1994, ..DISK }, Status::Warning, "gone after a restart"),
            (DatabaseLocation { kind: 0x794C_7630, ..DISK }, Status::Warning, "gone with it"),
            (DatabaseLocation { read_only: true, free: 0, ..DISK }, Status::Problem, "read-only"),
            (DatabaseLocation { free: 150_000_000, ..DISK }, Status::Warning, "only 150.0 MB are free"),
            (DatabaseLocation { free: 12_345, ..DISK }, Status::Problem, "only 12.3 kB are free"),
        ] {
            let found = judged(location);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].0 == status && found[0].1.contains(words), "{found:?}");
        }
    }

    #[test]
    fn the_number_of_a_file_system_is_read_whatever_its_type() {
        assert_eq!(
            (number(0x6969_i64), number(-11_317_950_i32), number(0xFF53_4D42_u32)),
            (0x6969, 0xFF53_4D42, 0xFF53_4D42)
        );
        assert!(location_of(Path::new("/nowhere/at/all/x.db")).is_some(), "of the root");
    }

    #[test]
    fn a_server_answers_is_empty_or_cannot_be_used() {
        let of = |error| server(Err(error), "PostgreSQL at db/savehub").0.remove(0);
        let empty = of(StoreError::Missing("PostgreSQL at db/savehub".into()));
        let told = (empty.status, empty.detail.as_str());
        assert_eq!(told, (Status::Warning, "PostgreSQL at db/savehub holds nothing of savehub yet"));
        let away = of(StoreError::Unusable("cannot use PostgreSQL at db/savehub: no answer".into()));
        let told = (away.status, away.detail.as_str());
        assert_eq!(told, (Status::Problem, "cannot use PostgreSQL at db/savehub: no answer"));
    }

    fn health() -> Health {
        let (owner, integrity) = (DatabaseOwner::Ours, Integrity::Sound);
        Health { owner, schema: 5, known: 5, journal: "wal".into(), integrity }
    }

    #[test]
    fn a_database_is_ours_sound_of_this_schema_and_in_wal_mode() {
        let of = |health: Health| judge_health(&health, Path::new("/x.db")).map(|check| (check.status, check.detail));
        assert_eq!(of(health()), None);
        let damaged = Integrity::Damaged("row 3 missing from index".into());
        for (health, status, words) in [
            (Health { owner: DatabaseOwner::Another, ..health() }, Status::Problem, "another program"),
            (Health { owner: DatabaseOwner::Nobody, ..health() }, Status::Warning, "is empty"),
            (Health { integrity: damaged, ..health() }, Status::Problem, "is damaged: row 3"),
            (Health { schema: 6, ..health() }, Status::Problem, "newer savehub (schema 6, this one knows 5)"),
            (Health { schema: 4, ..health() }, Status::Warning, "has schema 4"),
            (Health { journal: "delete".into(), ..health() }, Status::Warning, "journal mode delete"),
            (Health { integrity: Integrity::NotFinished, ..health() }, Status::Skipped, "within 10 s"),
        ] {
            let found = of(health).unwrap();
            assert!(found.0 == status && found.1.contains(words), "{found:?}");
        }
    }
}
