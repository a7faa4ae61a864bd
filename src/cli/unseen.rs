//! What is typed on a terminal and nobody sees.

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

/// Does this, which asks and reads an answer, while the terminal on standard input shows nothing of what is typed. The
/// question belongs into it: what is typed at once must not be seen either.
pub(super) fn unseen<T>(ask: impl FnOnce() -> T) -> rustix::io::Result<T> {
    let terminal = std::io::stdin();
    let before = tcgetattr(&terminal)?;
    let mut unseen = before.clone();
    unseen.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&terminal, OptionalActions::Now, &unseen)?;
    let answer = ask();
    tcsetattr(&terminal, OptionalActions::Now, &before)?;
    Ok(answer)
}
