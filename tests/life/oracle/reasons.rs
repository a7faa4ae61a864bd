//! The oracle's second question: is the reason true that a step gives for not ringing?

use crate::journal::{End, Line, Seen, Whom};
use crate::story::{MINUTE, Ms, SECOND, Story, What};

/// Meetings whose rungs are so near share a call.
const SHARED: Ms = MINUTE + SECOND;

/// What the journal says of one meeting.
struct Past<'j> {
    meeting: usize,
    person: Option<usize>,
    /// When its next rung was due.
    next_due: Option<Ms>,
    /// A tick begins so often.
    every: Ms,
    journal: &'j [Line],
}

/// What is wrong with the steps that did not ring.
pub fn untrue(story: &Story, journal: &[Line]) -> Vec<String> {
    let last = journal.last().map_or(0, |line| line.at);
    let mut wrong = Vec::new();
    for (place, line) in journal.iter().enumerate() {
        let Seen::Step { meeting, due, state, reason, ended, .. } = &line.seen else { continue };
        let person = story.events.iter().find_map(|event| match event.what {
            What::Meeting { meeting: this, person, .. } if this == *meeting => Some(person),
            _ => None,
        });
        let next_due = journal.iter().filter(|other| other.at == line.at).filter_map(|other| match other.seen {
            Seen::Step { meeting: this, due: next, .. } if this == *meeting && next > *due => Some(next),
            _ => None,
        });
        let next_due = next_due.min();
        let past = Past { meeting: *meeting, person, next_due, every: story.every, journal: &journal[..place] };
        // What ended by an act, or in another copy of the database, ended before this.
        let until = ended.unwrap_or(line.at);
        if past.clock_was_wrong(until) {
            continue;
        }
        let what = match state.as_str() {
            "PENDING" | "RUNNING" if line.at < last || *due + 20 * MINUTE > line.at => continue,
            "PENDING" | "RUNNING" => "STUCK: its time is over, and it says nothing",
            "EXECUTED" if past.rang(due - SHARED, until) || past.may_have_rung(due - SHARED, until) => continue,
            "EXECUTED" => "UNTRUE: it says that it rang",
            _ if reason.is_empty() => "SILENT: it gives no reason",
            // The rung may have been tried with another meeting's, a little early.
            _ if past.is_true(reason, due - SHARED, until) => continue,
            _ => "UNTRUE: its reason is not true",
        };
        wrong.push(format!("{what}, {line}"));
    }
    wrong
}

impl Past<'_> {
    fn happened(&self, from: Ms, until: Ms, which: impl Fn(&What) -> bool) -> bool {
        self.happened_times(from, until, which) > 0
    }

    fn happened_times(&self, from: Ms, until: Ms, which: impl Fn(&What) -> bool) -> usize {
        let is = |line: &&Line| {
            (from..=until).contains(&line.at) && matches!(&line.seen, Seen::Happened(what) if which(what))
        };
        self.journal.iter().filter(is).count()
    }

    /// What a wrong clock says is no lie.
    fn clock_was_wrong(&self, at: Ms) -> bool {
        let ahead = |line: &Line| match line.seen {
            Seen::Happened(What::Clock { ahead }) if line.at <= at => Some(ahead),
            _ => None,
        };
        self.journal.iter().rev().find_map(ahead).unwrap_or(0) != 0
    }

    /// When the tick began that ran then, or the last one before.
    fn tick_began(&self, at: Ms) -> Ms {
        let began = |line: &&Line| line.at <= at && matches!(line.seen, Seen::TickBegan);
        self.journal.iter().rfind(began).map_or(0, |line| line.at)
    }

    /// What came of requests for this meeting.
    fn tried(&self, from: Ms, until: Ms, which: impl Fn(&End) -> bool) -> usize {
        let is = |line: &&Line| match &line.seen {
            Seen::Tried { meetings, end, .. } => {
                (from..=until).contains(&line.at) && meetings.contains(&self.meeting) && which(end)
            }
            _ => false,
        };
        self.journal.iter().filter(is).count()
    }

    /// Could something not be sent, for whatever meeting? One request is a probe for all.
    fn nothing_left(&self, from: Ms, until: Ms) -> bool {
        let not_sent = |line: &Line| matches!(line.seen, Seen::Tried { end: End::NotSent, .. });
        self.journal.iter().any(|line| (from..=until).contains(&line.at) && not_sent(line))
    }

    fn rang(&self, from: Ms, until: Ms) -> bool {
        self.tried(from, until + SECOND, |end| matches!(end, End::Rang | End::RangUnseen)) > 0
    }

    /// A call that savehub knows nothing of is taken for its own: it lost the database, or another program made it.
    fn may_have_rung(&self, from: Ms, until: Ms) -> bool {
        let strange = |what: &What| matches!(what, What::Database(_) | What::OtherCall { .. });
        self.phone_rang(from, until) && self.happened(0, until, strange)
    }

    /// Was there a call to this person's phone, for whatever meeting?
    fn phone_rang(&self, from: Ms, until: Ms) -> bool {
        self.journal.iter().any(|line| match &line.seen {
            Seen::Tried { to, end: End::Rang | End::RangUnseen | End::Lost, .. } => {
                Some(*to) == self.person && (from..=until).contains(&line.at)
            }
            Seen::Happened(What::OtherCall { person }) => {
                Some(*person) == self.person && (from..=until).contains(&line.at)
            }
            _ => false,
        })
    }

    fn is_true(&self, reason: &str, due: Ms, until: Ms) -> bool {
        let (meeting, person) = (self.meeting, self.person);
        let counts = |end: &End| matches!(end, End::Rang | End::RangUnseen | End::Lost);
        let ever = |which: &dyn Fn(&What) -> bool| self.happened(0, until, which);
        match reason {
            "not_sent" => {
                let own = |end: &End| matches!(end, End::Lost | End::Fenced(_));
                self.nothing_left(due, until) || self.tried(due, until, own) > 0
            }
            "unknown" => self.tried(due, until, |end| matches!(end, End::Lost | End::RangUnseen)) > 0,
            "invalid_number" => self.tried(0, until, |end| *end == End::Refused(Whom::Callee)) > 0,
            "provider_setup" => {
                self.tried(due, until, |end| matches!(end, End::Refused(Whom::Account | Whom::Sender))) > 0
            }
            "capacity" => self.tried(due, until, |end| *end == End::Refused(Whom::Limit)) > 0,
            "max_calls_exceeded" => {
                let since = due - 10 * MINUTE;
                let of_others = |what: &What| matches!(what, What::OtherCall { person: to } if Some(*to) == person);
                self.tried(since, until, counts) + self.happened_times(since, until, of_others) >= 2
            }
            "number_busy" => self.phone_rang(due, until),
            // The later rung may have been held back once more, and tried by the next tick. One that was due before the
            // tick began, and was not tried, gives a reason of its own: it was too late for it, or somebody ended it.
            "superseded" => {
                self.tried(due, until + self.every + SECOND, |_| true) > 0
                    || self.may_have_rung(due, until)
                    || self.next_due.is_some_and(|next| next <= self.tick_began(until))
            }
            // Every tick that could have placed it owed it, and an owed call rings.
            "outside_critical_window" => true,
            "paused" => ever(&|what| matches!(what, What::Stop(true) | What::Pause { .. })),
            "acknowledged" => ever(&|what| matches!(what, What::CallBack { person: by } if Some(*by) == person)),
            "joined" | "incident_resolved" => ever(&|what| match what {
                What::CheckIn { meeting: this } => *this == meeting,
                What::Reply { person: by } | What::BareCheckIn { person: by } => Some(*by) == person,
                _ => reason == "incident_resolved",
            }),
            "said_missed" => ever(&|what| *what == What::WillMiss { meeting }),
            "undone" => ever(&|what| matches!(what, What::Undo { person: by } if Some(*by) == person)),
            "operator" => ever(&|what| *what == What::Resolve { meeting }),
            "meeting_moved" => ever(&|what| matches!(what, What::Move { meeting: this, .. } if *this == meeting)),
            // What is moved to a time that is over is no longer in its calendar for savehub.
            "meeting_cancelled" => ever(&|what| match what {
                What::CallOff { meeting: this } => *this == meeting,
                What::Move { meeting: this, start } => *this == meeting && *start <= until,
                _ => false,
            }),
            "person_removed" => {
                ever(&|what| matches!(what, What::Listed { person: this, there: false } if Some(*this) == person))
            }
            _ => false,
        }
    }
}
