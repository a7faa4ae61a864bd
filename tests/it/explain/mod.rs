//! `savehub explain`: for every reason word and every outcome of an attempt one story, brought about by real ticks where
//! they can, and its whole text.

mod meetings;
mod outcomes;
mod reasons;
pub(crate) mod stories;
mod waits;
