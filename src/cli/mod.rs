//! The command line.

pub mod args;
pub mod pick;
pub mod print;
#[cfg(test)]
mod testing;
