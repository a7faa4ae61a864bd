//! What a day holds: its people and meetings, and everything that happens to them, to the network and to the machine.

use crate::dice::Dice;
use serde::{Deserialize, Serialize};

/// Milliseconds since the day began, at eight o'clock.
pub type Ms = i64;

pub const SECOND: Ms = 1000;
pub const MINUTE: Ms = 60 * SECOND;
pub const HOUR: Ms = 60 * MINUTE;

/// The day ends then.
pub const EVENING: Ms = 10 * HOUR;

/// One day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Story {
    /// Persons 0, 1, …: each with a phone of their own.
    pub people: usize,
    /// Calls, so many seconds before the start.
    pub ladder: Vec<i64>,
    /// Numbers that calls may come from.
    pub senders: usize,
    /// The scheduler starts a tick so often.
    pub every: Ms,
    /// Person 0 is told of whoever has not come two minutes after a start.
    pub told: bool,
    /// Person 0 is told shortly before a start, and at once when a call was taken and failed.
    #[serde(default)]
    pub warned: bool,
    /// In the order of time.
    pub events: Vec<Event>,
}

/// Something happens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub at: Ms,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    // --- meetings and people ---
    /// Somebody has a meeting, added by hand or in their calendar.
    Meeting {
        meeting: usize,
        person: usize,
        start: Ms,
        calendar: bool,
    },
    /// It gets another start.
    Move {
        meeting: usize,
        start: Ms,
    },
    CallOff {
        meeting: usize,
    },
    /// The person says that they are there.
    CheckIn {
        meeting: usize,
    },
    /// The same, without saying for which meeting.
    BareCheckIn {
        person: usize,
    },
    /// The person says that they will not be.
    WillMiss {
        meeting: usize,
    },
    /// An operator ends its incident.
    Resolve {
        meeting: usize,
    },
    /// The last thing that was done for this person is taken back.
    Undo {
        person: usize,
    },
    /// The person writes back that they are there: "1".
    Reply {
        person: usize,
    },
    CallBack {
        person: usize,
    },
    /// No calls to this person for so long.
    Pause {
        person: usize,
        span: Ms,
    },
    /// The STOP file is there, or not.
    Stop(bool),
    /// Another program calls this person from a number of ours.
    OtherCall {
        person: usize,
    },
    // --- the network and the provider ---
    /// What happens to connections from now on.
    Network(Network),
    /// After so many connections more, a network that is there is gone, and the reverse: in the middle of a tick.
    FlipAfter(u32),
    /// The lists of calls, messages and calls back can be read, or not.
    Lists(bool),
    /// What becomes of the next request to place a call.
    Next(Lie),
    /// The provider refuses calls from this number, or takes them again.
    Sender {
        sender: usize,
        refused: bool,
    },
    /// … calls to this person.
    Callee {
        person: usize,
        refused: bool,
    },
    /// … calls of this account.
    Account {
        refused: bool,
    },
    // --- the machine ---
    /// Its clock is ahead of the sun by so much.
    Clock {
        ahead: Ms,
    },
    /// No tick runs for so long.
    Sleep {
        span: Ms,
    },
    /// The person is in the config, or commented out.
    Listed {
        person: usize,
        there: bool,
    },
    Config(ConfigFile),
    Database(Database),
    /// Whether this person's calendar can be read.
    Calendar {
        person: usize,
        readable: bool,
    },
    /// That happens when the next call is about to leave: after its claim, before its fence.
    AtTheGate(Box<What>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Network {
    Up,
    /// Connections are refused at once.
    Refused,
    /// No name server answers: it takes five seconds to learn that.
    NoNames,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lie {
    /// The call is made and the answer lost.
    ReplyLost,
    /// No call is made, and nobody can know that yet.
    RequestLost,
    /// The provider is at its limit.
    Limit,
    /// The call is taken, and cannot be connected a moment later.
    Fails,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConfigFile {
    Good,
    /// Saved with a mistake.
    Mistake,
    /// Seen while it is saved.
    Empty,
    Missing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Database {
    /// The next tick finds none.
    Vanishes,
    BackedUp,
    /// The backup, if there is one, is in use again.
    Restored,
}

/// Events that a person, an operator or the weather brings about a meeting's start.
type Draw = fn(&mut Dice, &Scene) -> Vec<(Ms, What)>;

/// Where the dice stand: a meeting, and the people around it.
struct Scene {
    people: usize,
    senders: usize,
    meeting: usize,
    person: usize,
    start: Ms,
    /// Some time around the rungs.
    at: Ms,
    /// How long a trouble lasts.
    span: Ms,
}

impl Scene {
    /// It begins, and it ends.
    fn for_a_while(&self, begins: What, ends: What) -> Vec<(Ms, What)> {
        vec![(self.at, begins), (self.at + self.span, ends)]
    }
}

/// Everything that may happen, each as likely as it stands here.
const HAPPENS: &[Draw] = &[
    |_, s| vec![(s.at, What::CheckIn { meeting: s.meeting })],
    |_, s| vec![(s.at, What::CheckIn { meeting: s.meeting })],
    |_, s| vec![(s.at, What::BareCheckIn { person: s.person })],
    |d, s| vec![(s.start + d.between(-35, 65) * MINUTE, What::BareCheckIn { person: s.person })],
    |_, s| vec![(s.at, What::AtTheGate(Box::new(What::CheckIn { meeting: s.meeting })))],
    |_, s| vec![(s.at, What::WillMiss { meeting: s.meeting })],
    |_, s| vec![(s.at, What::Resolve { meeting: s.meeting })],
    |d, s| {
        let act = match d.below(4) {
            0 => What::CheckIn { meeting: s.meeting },
            1 => What::Resolve { meeting: s.meeting },
            2 => What::CallOff { meeting: s.meeting },
            _ => What::Reply { person: s.person },
        };
        s.for_a_while(act, What::Undo { person: s.person })
    },
    |_, s| vec![(s.at, What::Reply { person: s.person })],
    |_, s| vec![(s.at, What::CallBack { person: s.person })],
    |d, s| vec![(s.at, What::Pause { person: s.person, span: d.between(1, 10) * MINUTE })],
    |_, s| s.for_a_while(What::Stop(true), What::Stop(false)),
    |d, s| vec![(s.at, What::Move { meeting: s.meeting, start: s.start + d.between(-3, 30) * MINUTE })],
    |_, s| vec![(s.at, What::CallOff { meeting: s.meeting })],
    |_, s| s.for_a_while(What::Network(Network::Refused), What::Network(Network::Up)),
    |_, s| s.for_a_while(What::Network(Network::Refused), What::Network(Network::Up)),
    |_, s| s.for_a_while(What::Network(Network::NoNames), What::Network(Network::Up)),
    |d, s| {
        let again = d.between(2, 12);
        vec![(s.at, What::FlipAfter(u32::try_from(again).unwrap())), (s.at + s.span, What::Network(Network::Up))]
    },
    |_, s| s.for_a_while(What::Lists(false), What::Lists(true)),
    |_, s| vec![(s.at, What::OtherCall { person: s.person })],
    |d, s| {
        let ahead = *d.one_of(&[24 * HOUR, HOUR, 12 * MINUTE, -12 * MINUTE, -HOUR]);
        s.for_a_while(What::Clock { ahead }, What::Clock { ahead: 0 })
    },
    |_, s| vec![(s.at, What::Next(Lie::ReplyLost))],
    |_, s| vec![(s.at, What::Next(Lie::RequestLost))],
    |_, s| vec![(s.at, What::Next(Lie::Limit))],
    |_, s| vec![(s.at, What::Next(Lie::Fails))],
    |d, s| {
        let sender = d.below(s.senders);
        s.for_a_while(What::Sender { sender, refused: true }, What::Sender { sender, refused: false })
    },
    |_, s| {
        s.for_a_while(
            What::Callee { person: s.person, refused: true },
            What::Callee { person: s.person, refused: false },
        )
    },
    |_, s| s.for_a_while(What::Account { refused: true }, What::Account { refused: false }),
    |_, s| vec![(s.at, What::Sleep { span: s.span })],
    |d, s| {
        let person = d.below(s.people);
        s.for_a_while(What::Listed { person, there: false }, What::Listed { person, there: true })
    },
    |d, s| {
        let broken = *d.one_of(&[ConfigFile::Mistake, ConfigFile::Empty, ConfigFile::Missing]);
        s.for_a_while(What::Config(broken), What::Config(ConfigFile::Good))
    },
    |_, s| vec![(s.at, What::Database(Database::Vanishes))],
    |_, s| s.for_a_while(What::Database(Database::BackedUp), What::Database(Database::Restored)),
    |_, s| {
        s.for_a_while(
            What::Calendar { person: s.person, readable: false },
            What::Calendar { person: s.person, readable: true },
        )
    },
];

impl Story {
    /// The day of a seed.
    pub fn of(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let people = 1 + dice.below(5);
        let ladders: [&[i64]; 4] = [&[180, 90], &[180, 90], &[180, 60], &[120]];
        let mut story = Self {
            people,
            ladder: dice.one_of(&ladders).to_vec(),
            senders: 1 + dice.below(3),
            every: *dice.one_of(&[30, 30, 60]) * SECOND,
            told: dice.percent(30),
            warned: false,
            events: Vec::new(),
        };
        let meetings = story.meetings(&mut dice);
        for _ in 0..dice.below(9) {
            let (meeting, person, start) = *dice.one_of(&meetings);
            let at = start - dice.between(-60, 300) * SECOND + dice.between(0, 1000);
            let span = *dice.one_of(&[2, 8, 20, 45, 100, 200, 900]) * SECOND;
            let scene = Scene { people, senders: story.senders, meeting, person, start, at, span };
            let happens = dice.one_of(HAPPENS)(&mut dice, &scene);
            story.events.extend(happens.into_iter().map(|(at, what)| Event { at, what }));
        }
        story.events.sort_by_key(|event| event.at);
        // Last, so that the other days of the seeds stay what they were.
        story.warned = dice.percent(25);
        story
    }

    /// People like full hours, and some meetings begin shortly after others.
    fn meetings(&mut self, dice: &mut Dice) -> Vec<(usize, usize, Ms)> {
        let hours: Vec<Ms> = (0..=dice.below(3)).map(|_| dice.between(1, 9) * HOUR).collect();
        let mut all = Vec::new();
        for meeting in 0..=dice.below(2 * self.people) {
            let person = if meeting < self.people { meeting } else { dice.below(self.people) };
            let later = *dice.one_of(&[0, 0, 0, 1, 2, 3, 5, 10, 30]) * MINUTE;
            let (start, calendar) = (*dice.one_of(&hours) + later, dice.percent(50));
            // Most stand there in the morning, some come when their rungs are due.
            let at = if dice.percent(90) { 0 } else { start - dice.between(10, 300) * SECOND };
            self.events.push(Event { at, what: What::Meeting { meeting, person, start, calendar } });
            all.push((meeting, person, start));
        }
        all
    }

    /// As it stands in `failed.txt`.
    pub fn line(&self) -> String {
        serde_json::to_string(self).unwrap()
    }

    pub fn read(line: &str) -> Self {
        serde_json::from_str(line).unwrap()
    }
}
