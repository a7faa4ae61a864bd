//! Pure rules: values in, values out. No clock, no database, no network.
//!
//! | file | answers |
//! |---|---|
//! | [`window`] | is it too early, the time to call, or too late? |
//! | [`witness`] | may what cannot be taken back be done by this clock? |
//! | [`ladder`] | when is each rung of a meeting due? |
//! | [`guard`] | may this step be tried now, and if not, why? (guards 0 to 2 and 6 to 8) |
//! | [`slot`] | may a call start now by the account's pace, and from which number? |
//! | [`capacity`] | which of the calls that wait can start in time? |
//! | [`ahead`] | can all calls of a day start in time, whatever becomes of each? |
//! | [`fence`] | may these bytes still leave? |
//! | [`after`] | what becomes of a step when its attempt has an outcome? |
//! | [`settle`] | what becomes of an attempt nobody has an answer for? |
//! | [`answered`] | has a human answered? |
//! | [`reconcile`] | what does the provider's list say about it? |
//! | [`hear`] | what does a reply, a call back or a key mean, and for which meeting? |
//! | [`pace`] | when is a call looked at again? |
//! | [`refresh`] | when is a calendar looked at again? |
//! | [`skew`] | is our clock wrong, and by how much? |
//! | [`country`] | which country is a number in? |
//! | [`message`] | what is said? |
//! | [`agenda`] | what does a look at a calendar change? |

pub mod after;
pub mod agenda;
pub mod ahead;
pub mod answered;
pub mod capacity;
pub mod confirm;
pub mod country;
pub mod fence;
pub mod guard;
pub mod hear;
pub mod ladder;
pub mod message;
pub mod near;
pub mod pace;
pub mod reconcile;
pub mod refresh;
pub mod settle;
pub mod skew;
pub mod slot;
pub mod undo;
pub mod window;
pub mod witness;
