//! (d) Eight ticks at once, hundreds of steps, and a hand that kills one of the ticks again and again.

use crate::power::Chance;
use crate::rig::{Rig, Setup, Step, whole};
use crate::support::fake_twilio::ends;
use crate::verdict::{Tally, judge};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use std::os::unix::process::ExitStatusExt as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

const TICKS: usize = 8;

const SEED: u64 = 20_261_122;

/// A place in which one tick runs after the other. The pid is there exactly as long as it is that tick's.
type Slot = Mutex<Option<Pid>>;

/// Runs ticks until there is no need any more; counts the killed ones.
fn run_ticks(rig: &Rig, slot: &Slot, over: &AtomicBool, killed: &AtomicUsize) {
    while !over.load(Ordering::SeqCst) {
        let mut command = rig.savehub(&["tick", "-q"]).command();
        let mut child =
            command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
        let pid = Pid::from_child(&child);
        *slot.lock().unwrap() = Some(pid);
        // Its number is not free before it is waited for in earnest.
        waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).unwrap();
        *slot.lock().unwrap() = None;
        killed.fetch_add(usize::from(child.wait().unwrap().signal() == Some(9)), Ordering::SeqCst);
    }
}

/// Kills the tick of some slot.
fn kill_one(slots: &[Slot], chance: &mut Chance) {
    loop {
        let slot = usize::try_from(chance.below(slots.len() as u64)).unwrap();
        let slot = slots[slot].lock().unwrap();
        if let Some(pid) = *slot {
            return kill_process(pid, Signal::KILL).unwrap();
        }
    }
}

#[test]
fn eight_ticks_at_once_and_random_kills_ring_every_phone_once() {
    let (people, kills) = if whole() { (500, 200) } else { (100, 30) };
    let rig = Rig::new(Setup { people, preflight: true, opened: false, patient: true, step: Step::Call });
    rig.fake.set_life(ends(0, "completed"));
    let slots: Vec<Slot> = (0..TICKS).map(|_| Slot::default()).collect();
    let (over, killed, mut chance) = (AtomicBool::new(false), AtomicUsize::new(0), Chance(SEED));
    std::thread::scope(|scope| {
        for slot in &slots {
            scope.spawn(|| run_ticks(&rig, slot, &over, &killed));
        }
        for kill in 1..=kills {
            // Spread over the first four fifths of the calls: those that are left to settle may be the last ones.
            rig.fake.wait_for_creates(people * 4 * kill / (5 * kills));
            kill_one(&slots, &mut chance);
        }
        over.store(true, Ordering::SeqCst);
    });
    rig.drain();
    let name = format!("{TICKS} ticks at once, {people} steps, {kills} kills");
    let tally = judge(&rig, &name, true, rig.recover());
    Tally { cases: kills, fired: killed.into_inner(), ..tally }.hold(&name);
}
