//! Breadth-first search over every state a model can reach, with the shortest trace to whatever is wrong.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::rc::Rc;

/// A system of states and moves.
pub(crate) trait Model {
    type State: Clone + Eq + Hash + Debug;
    type Move: Copy + Debug;
    fn first(&self) -> Self::State;
    /// Every move that `from` allows, each with the state it leads to.
    fn moves(&self, from: &Self::State, to: &mut Vec<(Self::Move, Self::State)>);
    /// What must never be seen.
    fn wrong(&self, state: &Self::State) -> Option<&'static str>;
    /// Is everything done that has to be done?
    fn finished(&self, state: &Self::State) -> bool;
}

/// What a search saw.
pub(crate) struct Explored<S> {
    pub(crate) states: usize,
    pub(crate) moves: usize,
    /// The longest of the shortest ways from the first state.
    pub(crate) depth: u32,
    /// The search was cut off before everything was seen.
    pub(crate) cut: bool,
    /// What went wrong first, and how it came to that. The search stops there.
    pub(crate) wrong: Option<(&'static str, String)>,
    /// How a state came about from which no finished state can be reached.
    pub(crate) stuck: Option<String>,
    /// Every state, in the order it was found.
    pub(crate) seen: Vec<Rc<S>>,
}

/// Numbers are mixed, not protected: nobody attacks a test, and the default hasher costs half of the search.
#[derive(Default)]
pub(crate) struct Mix(u64);

impl Hasher for Mix {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u8(&mut self, n: u8) {
        self.write_u64(u64::from(n));
    }

    fn write_isize(&mut self, n: isize) {
        self.write_u64(n.unsigned_abs() as u64);
    }

    fn write_usize(&mut self, n: usize) {
        self.write_u64(n as u64);
    }

    fn write_u64(&mut self, n: u64) {
        self.0 = (self.0.rotate_left(5) ^ n).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

/// How a state was first reached: from which one, by what.
type Way<M> = Option<(u32, <M as Model>::Move)>;

struct Search<'m, M: Model> {
    model: &'m M,
    seen: Vec<Rc<M::State>>,
    index: HashMap<Rc<M::State>, u32, BuildHasherDefault<Mix>>,
    ways: Vec<Way<M>>,
    depths: Vec<u32>,
    edges: Vec<(u32, u32)>,
}

/// Explores everything, or the nearest states when there are more than `bound`.
pub(crate) fn explore<M: Model>(model: &M, bound: usize) -> Explored<M::State> {
    let mut search = Search {
        model,
        seen: Vec::new(),
        index: HashMap::default(),
        ways: Vec::new(),
        depths: Vec::new(),
        edges: Vec::new(),
    };
    let wrong = search.run(bound);
    let cut = search.seen.len() > bound;
    let stuck = if cut || wrong.is_some() { None } else { search.stuck() };
    Explored {
        states: search.seen.len(),
        moves: search.edges.len(),
        depth: search.depths.last().copied().unwrap_or(0),
        cut,
        wrong,
        stuck,
        seen: search.seen,
    }
}

impl<M: Model> Search<'_, M> {
    fn run(&mut self, bound: usize) -> Option<(&'static str, String)> {
        self.meet(self.model.first(), None, 0);
        let mut to = Vec::new();
        let mut at = 0;
        while at < self.seen.len() && self.seen.len() <= bound {
            let from = Rc::clone(&self.seen[at]);
            let id = u32::try_from(at).unwrap();
            if let Some(what) = self.model.wrong(&from) {
                return Some((what, self.trace(id)));
            }
            self.model.moves(&from, &mut to);
            for (by, state) in to.drain(..) {
                let next = self.meet(state, Some((id, by)), self.depths[at] + 1);
                self.edges.push((id, next));
            }
            at += 1;
        }
        None
    }

    /// The number of a state, given to it when it is met first.
    fn meet(&mut self, state: M::State, way: Way<M>, depth: u32) -> u32 {
        let next = u32::try_from(self.seen.len()).unwrap();
        if let Some(known) = self.index.get(&state) {
            return *known;
        }
        let state = Rc::new(state);
        self.index.insert(Rc::clone(&state), next);
        self.seen.push(state);
        self.ways.push(way);
        self.depths.push(depth);
        next
    }

    /// A state from which no finished state can be reached: whatever cannot be reached backwards from those.
    fn stuck(&self) -> Option<String> {
        let count = self.seen.len();
        let mut starts = vec![0u32; count + 1];
        for (_, to) in &self.edges {
            starts[*to as usize + 1] += 1;
        }
        for i in 0..count {
            starts[i + 1] += starts[i];
        }
        let mut free = starts.clone();
        let mut before = vec![0u32; self.edges.len()];
        for (from, to) in &self.edges {
            before[free[*to as usize] as usize] = *from;
            free[*to as usize] += 1;
        }
        let mut good: Vec<bool> = self.seen.iter().map(|s| self.model.finished(s)).collect();
        let mut todo: Vec<usize> = (0..count).filter(|i| good[*i]).collect();
        while let Some(i) = todo.pop() {
            for from in &before[starts[i] as usize..starts[i + 1] as usize] {
                if !std::mem::replace(&mut good[*from as usize], true) {
                    todo.push(*from as usize);
                }
            }
        }
        let bad = good.iter().position(|good| !good)?;
        Some(self.trace(u32::try_from(bad).unwrap()))
    }

    /// The moves that led to a state, and the state.
    fn trace(&self, to: u32) -> String {
        let mut lines = vec![format!("{:?}", self.seen[to as usize])];
        let mut at = to;
        while let Some((from, by)) = self.ways[at as usize] {
            lines.push(format!("{by:?}"));
            at = from;
        }
        lines.reverse();
        lines.join("\n  ")
    }
}
