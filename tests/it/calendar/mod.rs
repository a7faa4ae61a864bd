//! What savehub sees in a calendar: occurrences, zones, who rings, and that nothing in a file can stop it.

mod costs;
mod ics;
mod look;
mod marks;
mod meant;
mod mutated;
mod policy;
mod zones;
