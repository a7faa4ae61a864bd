//! (e) This machine's clock jumps an hour, back or ahead, in the middle of a run, and may be put right again.
//!
//! At the level of the library: a static binary would not see a faked clock and say nothing about it. Our clock and the
//! provider's are two, and both are turned by hand; boot time runs on evenly, as it does.

use crate::rig::{say, whole};
use crate::support::fake_twilio::{Behaviour, FakeTwilio, TOKEN, unanswered};
use crate::support::world::World;
use crate::verdict::Tally;
use savehub::clock::ManualClock;
use savehub::model::{MeetingId, Timestamp};
use savehub::provider::Registry;
use std::sync::Arc;
use std::time::Duration;

const HOUR_MS: i64 = 3_600_000;

/// From one tick to the next.
const CRON: Duration = Duration::from_secs(30);

/// Ticks in an hour.
const HOUR: u32 = 120;

/// The meeting starts so many ticks after it would seem to, were the clock already wrong; or just so many.
const SOON: u32 = 30;

/// When the clock jumps and is put right, in ticks, and by how much.
#[derive(Debug, Clone, Copy)]
struct Jump {
    by_ms: i64,
    /// The meeting starts after so many ticks.
    start: u32,
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
    let starts_at = world.now().plus(CRON * jump.start);
    let meeting = world.meeting(&format!("in {}s", (CRON * jump.start).as_secs()));
    Story { world, fake, true_time, meeting, starts_at }
}

/// What went wrong in one story.
fn mistakes(jump: &Jump) -> Vec<String> {
    let story = begin(jump);
    let Story { world, fake, true_time, .. } = &story;
    let turn = |by_ms: i64| world.clock.set_wall(Timestamp::from_ms(world.now().ms() + by_ms));
    // The meeting has started by then, in any time.
    let behind = if jump.by_ms < 0 && jump.right_after.is_none() { HOUR } else { 0 };
    // Nothing final is done for ten minutes after a jump that no other clock confirms.
    let in_doubt = 20;
    for tick in 0..jump.start + behind + in_doubt + 10 {
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
    let all: Vec<u32> = (1..SOON + 4).collect();
    let (moments, rights) =
        if whole() { (all, vec![None, Some(1), Some(2), Some(5)]) } else { (vec![3, 28], vec![None, Some(2)]) };
    let mut jumps = Vec::new();
    // Ahead, a meeting that is an hour and a quarter away seems to be at hand.
    for (by_ms, start) in [(-HOUR_MS, SOON), (HOUR_MS, SOON), (HOUR_MS, HOUR + SOON)] {
        for &at in &moments {
            for &right_after in &rights {
                jumps.extend([false, true].map(|lost_reply| Jump { by_ms, start, at, right_after, lost_reply }));
            }
        }
    }
    let tally = Tally::of(&jumps, |jump| {
        let wrong = mistakes(jump);
        let wrong = if wrong.is_empty() { wrong } else { vec![wrong.join("; ")] };
        Tally { cases: 1, fired: 1, wrong, ..Tally::default() }
    });
    say(&format!("a clock that jumps an hour: {} stories, {} wrong", tally.cases, tally.wrong.len()));
    assert!(tally.wrong.is_empty(), "{}", tally.wrong.join("\n"));
}
