//! What the day holds: who has which meeting when, and what people do. From dice with a seed, so that each day is the same.

use savehub::model::{MeetingId, Timestamp};

/// 2026-11-23T09:00:00Z, a Monday.
pub(crate) const NINE: Timestamp = Timestamp::from_ms(1_795_424_400_000);

/// Between two ticks, in seconds.
pub(crate) const EVERY_S: i64 = 30;

/// How large the company is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) people: usize,
    pub(crate) meetings: usize,
    /// Calls that may start in a second.
    pub(crate) rate: f64,
    /// Hours of meetings.
    pub(crate) hours: i64,
    /// Calls in 24 hours: of everybody, and of one person.
    pub(crate) caps: (u32, u32),
}

impl Size {
    pub(crate) const WHOLE: Self = Self { people: 5000, meetings: 30_000, rate: 30.0, hours: 8, caps: (100_000, 10) };
    /// The same, as short of turns at nine, and half as long.
    pub(crate) const SAMPLE: Self = Self { people: 200, meetings: 1200, rate: 1.2, hours: 4, caps: (4000, 10) };
}

/// Something that happens in the company.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Event {
    /// The scheduler starts a tick.
    Tick,
    /// Somebody joins the meeting at this place of the book.
    Join(usize),
    Move(usize, Timestamp),
    CallOff(usize),
    /// This person is not to be rung until then.
    Pause(usize, Timestamp),
}

/// One meeting, as it is planned.
pub(crate) struct Planned {
    pub(crate) person: usize,
    pub(crate) start: Timestamp,
    /// The person joins when their call is about to be sent.
    pub(crate) joins_at_the_fence: bool,
}

/// Splitmix64.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Less than `n`.
    pub(crate) fn below(&mut self, n: i64) -> i64 {
        i64::try_from(self.next() % n.unsigned_abs()).unwrap()
    }

    pub(crate) fn one_of(&mut self, n: usize) -> usize {
        usize::try_from(self.below(i64::try_from(n).unwrap())).unwrap()
    }

    /// So many times of a hundred.
    pub(crate) fn percent(&mut self, n: i64) -> bool {
        self.below(100) < n
    }
}

/// So many seconds later.
pub(crate) fn after(at: Timestamp, s: i64) -> Timestamp {
    Timestamp::from_ms(at.ms() + s * 1000)
}

/// Everybody meets at nine; what else there is starts on the hour, half as often on the half hour, and seldom between.
pub(crate) fn meetings(size: &Size, dice: &mut Dice) -> Vec<Planned> {
    let plan = |number: usize, dice: &mut Dice| {
        let all_hands = number < size.people;
        let person = if all_hands { number } else { dice.one_of(size.people) };
        let quarter = if all_hands { 0 } else { slot(size.hours, dice) };
        Planned { person, start: after(NINE, quarter * 900), joins_at_the_fence: dice.percent(4) }
    };
    (0..size.meetings).map(|number| plan(number, dice)).collect()
}

/// Quarters of an hour after nine.
fn slot(hours: i64, dice: &mut Dice) -> i64 {
    let hour = 1 + dice.below(hours);
    match dice.below(100) {
        0..60 => hour * 4,
        60..90 => hour * 4 - 2,
        90..95 => hour * 4 - 1,
        _ => hour * 4 - 3,
    }
}

/// What happens to the meetings and the people, besides ticks.
pub(crate) fn events(size: &Size, meetings: &[Planned], dice: &mut Dice) -> Vec<(Timestamp, Event)> {
    let mut events = Vec::new();
    for (number, meeting) in meetings.iter().enumerate() {
        let start = meeting.start;
        if !meeting.joins_at_the_fence && dice.percent(16) {
            let before_ms = match dice.below(3) {
                // Right before or after a rung falls due.
                0 => 180_000 + dice.below(40_000) - 20_000,
                1 => 60_000 + dice.below(20_000) - 10_000,
                _ => 1 + dice.below(900_000),
            };
            events.push((Timestamp::from_ms(start.ms() - before_ms), Event::Join(number)));
        }
        // Some in the morning, some when the phone rings already.
        let before_s = if dice.percent(50) { 1 + dice.below(240) } else { 241 + dice.below(3000) };
        match dice.below(100) {
            0..3 => {
                let to = after(start, 1800 * (1 + dice.below(2)));
                events.push((after(start, -before_s), Event::Move(number, to)));
            }
            3..5 => events.push((after(start, -before_s), Event::CallOff(number))),
            _ => {}
        }
    }
    for person in 0..size.people {
        if dice.percent(2) {
            let from = after(NINE, dice.below(size.hours * 3600) - 400);
            events.push((from, Event::Pause(person, after(from, 1200 + dice.below(7200)))));
        }
    }
    events
}

/// The meeting's place, from its UID.
pub(crate) fn number_of(uid: &str) -> usize {
    uid.strip_prefix("meeting-").unwrap().parse().unwrap()
}

/// A meeting of the book.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) id: MeetingId,
    pub(crate) person: usize,
    pub(crate) start: Timestamp,
    pub(crate) joined: bool,
    pub(crate) called_off: bool,
    pub(crate) joins_at_the_fence: bool,
    /// How many of its calls were answered.
    pub(crate) answered: u32,
    /// When its person was called for it.
    pub(crate) calls: Vec<Timestamp>,
}
