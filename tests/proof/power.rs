//! (c) The power fails between any two writes of a tick.
//!
//! strace writes down every byte that the tick writes. From that every disk is made that a power cut can leave: the writes
//! up to some moment, of which those that no `fsync` had reached are gone, there, there in part, or torn. A new or removed
//! directory entry counts as safe only after an `fsync` of its directory (strict POSIX; ext4 promises more).
//!
//! Each disk must open, be sound, and hold the claim of each request that had left by then. On some of them the machine comes
//! up again (half of the time with another boot id) and ticks.

use crate::power::disk::{Disk, Op};
use crate::rig::{Rig, Setup, Step, connect, say, whole};
use crate::strace::{Point, able, inject, trace};
use crate::verdict::{Tally, judge};
use rusqlite::Connection;
use savehub::clock::{Clock as _, SystemClock};
use savehub::model::Timestamp;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::path::Path;

#[path = "disk.rs"]
mod disk;

const SETUP: Setup = Setup { preflight: true, ..Setup::ONE };

/// Steps that are claimed in one transaction.
const SET: Setup = Setup { people: 8, step: Step::Text, ..SETUP };

/// Disks made by chance at each moment, beside those with everything, nothing, and the last write torn.
const BY_CHANCE: u64 = 5;

/// Every how manieth disk the machine comes up from.
fn booted() -> usize {
    if whole() { 12 } else { 60 }
}

/// A disk after a power cut.
struct Image {
    name: String,
    disk: Disk,
    /// The requests to call or text that had left.
    sent: Vec<Vec<u8>>,
    /// When they had.
    at: Timestamp,
}

/// Every image of one traced tick on what is in the rig's directory now. A disk that is not `honest` forgets what it was
/// told to sync.
fn images(rig: &Rig, honest: bool) -> Vec<Image> {
    let mut disk = Disk::read(rig.database().parent().unwrap());
    let calls = "trace=openat,pwrite64,write,ftruncate,fsync,fdatasync,unlink,sendto";
    let traced = trace(&rig.savehub(&["tick", "-q"]), &rig.path("log"), &["-y", "-xx", "-s", "65536", "-e", calls]);
    rig.drain();
    let at_once = SystemClock.now();
    let (mut images, mut sent) = (Vec::new(), Vec::new());
    for (_, call) in &traced {
        match disk.op(call) {
            Some(Op::Sent(bytes)) => {
                sent.extend(bytes.starts_with(b"POST ").then_some(bytes));
                continue;
            }
            Some(Op::Sync { .. } | Op::SyncDirectory) if !honest => continue,
            Some(op) => disk.apply(op),
            None => continue,
        }
        let at = images.len();
        let mut image = |name: &str, disk: Disk| {
            images.push(Image {
                name: format!("{name} after {}", call.chars().take(20).collect::<String>()),
                disk,
                sent: sent.clone(),
                at: at_once,
            });
        };
        image("all un-synced kept", disk.cut(|_, _| Some(usize::MAX)));
        if disk.pending() == 0 {
            continue;
        }
        image("all un-synced gone", disk.cut(|_, _| None));
        let last = disk.pending() - 1;
        image("last write torn", disk.cut(|i, len| Some(if i == last { len / 2 } else { usize::MAX })));
        for turn in 0..BY_CHANCE {
            let mut chance = Chance(at as u64 * BY_CHANCE + turn + 1);
            image("some un-synced gone, some torn", disk.cut(|_, len| chance.fate(len)));
        }
    }
    assert_eq!(sent.len(), rig.setup.people, "requests to call or text");
    // Each in one write, its body with it: one that leaves in parts is none of those that came.
    let mut came = rig.fake.requests();
    came.retain(|request| request.method == "POST" && request.body.starts_with("To="));
    assert!(sent.iter().all(|bytes| came.iter().any(|request| request.raw == *bytes)), "one left in parts");
    images
}

/// Numbers that look like chance and are the same in every run (xorshift64).
pub struct Chance(pub u64);

impl Chance {
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }

    /// Gone, torn between two sectors, or whole.
    fn fate(&mut self, len: usize) -> Option<usize> {
        match self.below(3) {
            0 => None,
            1 => Some(usize::try_from(self.below(len as u64 / 512 + 1)).unwrap() * 512),
            _ => Some(usize::MAX),
        }
    }
}

/// Does the image open, is it sound, and does it hold the claim when it must?
fn wrong_with(image: &Image, dir: &Path) -> Option<String> {
    image.disk.write(dir);
    let read = || -> rusqlite::Result<(String, i64)> {
        let connection = Connection::open(dir.join("savehub.db"))?;
        connection.pragma_update(None, "synchronous", "off")?;
        let sound = connection.query_row("pragma integrity_check", [], |r| r.get(0))?;
        let sql = "select count(*) from attempts a join steps s on s.id = a.step_id \
                   where a.state in ('SENDING','UNKNOWN','ACCEPTED') and s.state in ('RUNNING','EXECUTED')";
        Ok((sound, connection.query_row(sql, [], |r| r.get(0))?))
    };
    match read() {
        Err(error) => Some(format!("{}: cannot be read: {error}", image.name)),
        Ok((sound, _)) if sound != "ok" => Some(format!("{}: not sound: {sound}", image.name)),
        Ok((_, claims)) if claims < image.sent.len() as i64 => {
            Some(format!("{}: {} requests had left, and {claims} claims are there", image.name, image.sent.len()))
        }
        Ok(_) => None,
    }
}

/// The machine comes up from this image: further ticks must finish the work.
fn comes_up(image: &Image, setup: Setup, other_boot: bool) -> Tally {
    let rig = Rig::new(setup);
    let dir = rig.database().parent().unwrap().to_owned();
    for name in ["savehub.db", "savehub.db-wal", "savehub.db-shm"] {
        let _ = std::fs::remove_file(dir.join(name));
    }
    image.disk.write(&dir);
    // The provider had these.
    for request in &image.sent {
        let mut provider = TcpStream::connect(rig.fake.addr()).unwrap();
        provider.write_all(request).unwrap();
        provider.shutdown(Shutdown::Write).unwrap();
        provider.read_to_end(&mut Vec::new()).unwrap();
    }
    // However long the other images took.
    rig.fake.set_all_created(image.at);
    if other_boot {
        connect(&rig.database()).execute("update attempts set owner = 'another-boot:1:1'", []).unwrap();
    }
    rig.drain();
    judge(&rig, &image.name, true, rig.recover())
}

/// What is wrong with which images.
fn bad(images: &[Image]) -> Vec<String> {
    let looked = Tally::of(images, |image| {
        let dir = tempfile::tempdir().unwrap();
        Tally { wrong: wrong_with(image, dir.path()).into_iter().collect(), ..Tally::default() }
    });
    looked.wrong
}

fn sweep(name: &str, rig: &Rig) {
    let images = images(rig, true);
    assert!(images.len() >= 600, "only {} images", images.len());
    let bad = bad(&images);
    let after = images.iter().filter(|image| !image.sent.is_empty()).count();
    say(&format!("{name}: {} images, {after} of them after a request had left, {} bad", images.len(), bad.len()));
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    let booted: Vec<(usize, &Image)> = images.iter().step_by(booted()).enumerate().collect();
    Tally::of(&booted, |(i, image)| comes_up(image, rig.setup, i % 2 == 1)).hold(&format!("{name}, then ticks"));
}

#[test]
fn a_power_cut_between_any_two_writes_leaves_a_sound_database_with_the_claim() {
    let name = "power cut";
    if able(name) {
        sweep(name, &Rig::new(SETUP));
    }
}

#[test]
fn a_power_cut_between_the_commit_of_a_set_and_its_requests_leaves_the_claim_of_each() {
    let name = "power cut with a set of eight";
    if able(name) {
        sweep(name, &Rig::new(SET));
    }
}

#[test]
fn a_power_cut_after_a_kill_leaves_a_sound_database_with_the_claim() {
    let name = "power cut in the tick after a kill";
    if !able(name) {
        return;
    }
    // Killed before its claim: the next tick finds the log of the database, and claims.
    let rig = Rig::new(SETUP);
    let killed = inject(&rig.savehub(&["tick", "-q"]), &rig.path("log"), &Point::new("fsync", 4), "signal=KILL");
    assert!(killed.0 && rig.path("savehub.db-wal").exists(), "{killed:?}");
    rig.drain();
    sweep(name, &rig);
}

#[test]
fn a_power_cut_on_a_disk_that_does_not_sync_is_caught() {
    if !able("power cut on a disk that does not sync") {
        return;
    }
    let images = images(&Rig::new(SETUP), false);
    let bad = bad(&images).len();
    say(&format!("power cut on a disk that does not sync, caught: {} images, {bad} bad", images.len()));
    assert!(bad > 0, "the harness cannot see a lost claim");
}
