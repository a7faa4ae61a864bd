//! The usual protocol: look whether the step is pending, call, then write its status; call once more when no answer
//! comes. The search must refute it, or it proves nothing about the real one.

use super::search::Model;

/// Ticks beside each other, and whether answers get lost.
pub(crate) struct Naive {
    pub(crate) ticks: usize,
    pub(crate) answers_get_lost: bool,
    pub(crate) crashes: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    done: bool,
    calls: u8,
    ticks: Vec<Tick>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Tick {
    Start,
    /// It saw a pending step, and has so many tries.
    Looked(u8),
    Waits(u8),
    Answered,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Move {
    Look,
    Call,
    Answer,
    NoAnswer,
    Write,
    Crash,
}

impl Model for Naive {
    type State = State;
    type Move = Move;

    fn first(&self) -> State {
        State { done: false, calls: 0, ticks: vec![Tick::Start; self.ticks] }
    }

    fn moves(&self, from: &State, to: &mut Vec<(Move, State)>) {
        for slot in 0..self.ticks {
            let mut go = |by, tick, change: &dyn Fn(&mut State)| {
                let mut next = from.clone();
                next.ticks[slot] = tick;
                change(&mut next);
                to.push((by, next));
            };
            match from.ticks[slot] {
                Tick::Start if from.done => {}
                Tick::Start => go(Move::Look, Tick::Looked(2), &|_| ()),
                Tick::Looked(tries) => go(Move::Call, Tick::Waits(tries - 1), &|s| s.calls = 2.min(s.calls + 1)),
                Tick::Waits(tries) => {
                    go(Move::Answer, Tick::Answered, &|_| ());
                    if self.answers_get_lost && tries > 0 {
                        go(Move::NoAnswer, Tick::Looked(tries), &|_| ());
                    }
                }
                Tick::Answered => go(Move::Write, Tick::Start, &|s| s.done = true),
            }
            if self.crashes && from.ticks[slot] != Tick::Start {
                go(Move::Crash, Tick::Start, &|_| ());
            }
        }
    }

    fn wrong(&self, s: &State) -> Option<&'static str> {
        (s.calls > 1).then_some(super::moves::TWO_CALLS)
    }

    fn finished(&self, s: &State) -> bool {
        s.done
    }
}
