//! The oracle's third question: is anybody left without a word when what was taken fails?

use super::{Call, Oracle};
use crate::journal::{Line, Seen};
use crate::story::Ms;

impl Oracle<'_> {
    /// A call was taken and has failed: nobody who still misses it is left without a word. The tick says so, and who is
    /// to be told shortly before the start is told now, or was when an earlier call for it failed: once for a start.
    pub(super) fn late_end(&mut self, line: &Line, (to, taken): (usize, Ms)) {
        let call = self.calls.iter().find(|call| call.to == to && call.at == taken && !call.others);
        let names = call.map_or_else(Vec::new, |call| call.names.clone());
        for (meeting, start, _) in names {
            let Some(known) = self.known.meetings.get(&meeting).filter(|known| known.start == start) else { continue };
            if known.over || known.vague || !self.is_listed(to, line.at) {
                continue;
            }
            if matches!(line.seen, Seen::TickEnded { not_done: false }) {
                self.says(
                    line,
                    &format!("SILENT: a call for meeting {meeting} failed, and the tick says that all is well"),
                );
            }
            let braked = self.outside.stop || self.is_paused(to, line.at) || start <= line.wall;
            let of_this = |call: &&Call| call.names.iter().any(|name| (name.0, name.1) == (meeting, start));
            let first = self.calls.iter().filter(of_this).map(|call| call.at).min().unwrap_or(taken);
            let told = self.warned.iter().any(|(this, at)| *this == meeting && *at >= first);
            if self.story.warned && !braked && !told {
                self.says(line, &format!("SILENT: a call for meeting {meeting} failed, and nobody was told"));
            }
        }
    }
}
