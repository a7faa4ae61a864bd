//! (e) This machine's clock jumps an hour, back or ahead, in the middle of a run, and may be put right again.
//!
//! At the level of the library: a static binary would not see a faked clock and say nothing about it. Our clock and the
//! provider's are two, and both are turned by hand; boot time runs on evenly, as it does.

use crate::rig::say;
use crate::support::fake_twilio::{Behaviour, FakeTwilio, TOKEN, unanswered};
use crate::support::world::World;
use savehub::clock::{Clock as _, ManualClock};
use savehub::model::{MeetingId, Timestamp};
use savehub::provider::Registry;
use std::sync::Arc;
use std::time::Duration;

const HOUR_MS: i64 = 3_600_000;

/// From one tick to the next.
const CRON: Duration = Duration::from_secs(30);

/// The meeting starts after so many ticks.
const START: u32 = 30;

/// Both calls of the ladder are over by then, in any time.
const TICKS: u32 = 200;

/// When the clock jumps and is put right, in ticks, and by how much.
#[derive(Debug, Clone, Copy)]
struct Jump {
    by_ms: i64,
    at: u32,
    right_after: Option<u32>,
    lost_reply: bool,
}

struct Story {
    world: World,
    fake: FakeTwilio,
    /// The provider's clock, which is right.
    true_time: Arc<ManualClock>,
    meeting: MeetingId,
    starts_at: Timestamp,
}

fn begin(jump: &Jump) -> Story {
    let mut world = World::on_twilio("");
    let true_time = Arc::new(ManualClock::at(world.now()));
    let fake = FakeTwilio::with(Arc::clone(&true_time) as _, TOKEN);
    fake.set_life(unanswered(2, 20));
    if jump.lost_reply {
        fake.script([Behaviour::AcceptAndLoseReply]);
    }
    let twilio = fake.config();
    world.change_config(|config| config.provider.twilio = Some(twilio));
    world.parts.providers = Arc::new(Registry::new(&world.parts.config).unwrap());
    let starts_at = world.now().plus(CRON * START);
    let meeting = world.meeting(&format!("in {}s", (CRON * START).as_secs()));
    Story { world, fake, true_time, meeting, starts_at }
}

/// What went wrong in one story.
fn told(jump: &Jump) -> Vec<String> {
    let story = begin(jump);
    let Story { world, fake, true_time, .. } = &story;
    let turn = |by_ms: i64| world.clock.set_wall(Timestamp::from_ms(world.now().ms() + by_ms));
    for tick in 0..TICKS {
        if tick == jump.at {
            turn(jump.by_ms);
        }
        if jump.right_after.is_some_and(|after| tick == jump.at + after) {
            turn(-jump.by_ms);
        }
        world.tick();
        world.clock.advance(CRON);
        true_time.advance(CRON);
    }
    let mut wrong = Vec::new();
    let calls = fake.calls();
    let steps = world.steps(story.meeting);
    for attempt in world.attempts(story.meeting) {
        if attempt.state.to_string() != "ACCEPTED" && calls.len() > 2 {
            wrong.push(format!("an attempt is {} beside {} calls", attempt.state, calls.len()));
        }
    }
    let rang = steps.iter().filter(|s| s.starts_with("EXECUTED")).count();
    if calls.len() != rang {
        wrong.push(format!("{} calls for {rang} steps that rang", calls.len()));
    }
    if let Some(open) = steps.iter().find(|s| !s.contains('(')) {
        wrong.push(format!("a step ended without a reason: {open}"));
    }
    for call in &calls {
        let before_s = story.starts_at.since(call.created_at) / 1000;
        if !(0..=180).contains(&before_s) {
            wrong.push(format!("a phone rang {before_s} s before the start"));
        }
    }
    if !wrong.is_empty() {
        wrong.push(format!("{jump:?}: {steps:?}"));
    }
    wrong
}

#[test]
fn a_clock_that_jumps_an_hour_rings_nobody_twice_and_skips_nothing_in_silence() {
    let mut jumps = Vec::new();
    for by_ms in [-HOUR_MS, HOUR_MS] {
        for at in 1..START + 4 {
            for right_after in [None, Some(1), Some(2), Some(5)] {
                for lost_reply in [false, true] {
                    jumps.push(Jump { by_ms, at, right_after, lost_reply });
                }
            }
        }
    }
    let bad: Vec<String> = jumps.iter().map(told).filter(|w| !w.is_empty()).map(|w| w.join("; ")).collect();
    say(&format!("a clock that jumps an hour: {} stories, {} wrong", jumps.len(), bad.len()));
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}
