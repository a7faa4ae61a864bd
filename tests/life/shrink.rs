//! Makes a story that fails small.

use crate::story::Story;

/// The story without the events that it does not need to fail.
pub fn shrunk(story: &Story, fails: &dyn Fn(&Story) -> bool) -> Story {
    let mut small = story.clone();
    let mut piece = small.events.len().div_ceil(2).max(1);
    loop {
        let mut from = 0;
        let mut smaller = false;
        while from < small.events.len() {
            let mut other = small.clone();
            other.events.drain(from..(from + piece).min(other.events.len()));
            if fails(&other) {
                (small, smaller) = (other, true);
            } else {
                from += piece;
            }
        }
        if piece == 1 && !smaller {
            return small;
        }
        piece = piece.div_ceil(2).max(1);
    }
}
