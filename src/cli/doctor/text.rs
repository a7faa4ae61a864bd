//! The lines of the doctor, for people.

use crate::cli::print::Paint;
use crate::cli::words::counted;
use crate::doctor::{CHECKS, Check, Findings, Status};

/// The fields of `doctor --json`, for the manual page.
pub const FIELDS: &[(&str, &str)] = &[
    ("checks", "each has check, status (ok, skipped, warning, problem), detail, and remedy (null if there is none)"),
    ("problems", "how many; with one, the exit code is 1"),
    ("warnings", "how many"),
];

/// A line for each check, and one that counts. `troubles`: leave out what needs nobody's eye.
pub(in crate::cli) fn text(findings: &Findings, paint: Paint, troubles: bool) -> String {
    let names = CHECKS.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let mut text = String::new();
    for Check { check, status, detail, remedy } in &findings.checks {
        // Padded before it is painted: colours have no width.
        let word = format!("{:<7}", status.word());
        let word = match status {
            Status::Ok | Status::Skipped if troubles => continue,
            Status::Ok | Status::Skipped => word,
            Status::Warning => paint.notice(&word),
            Status::Problem => paint.alarm(&word),
        };
        let remedy = remedy.as_ref().map_or_else(String::new, |remedy| format!(". {remedy}"));
        text.extend(["  ", &word, "  ", &format!("{check:<names$}"), "  ", detail, &remedy, "\n"]);
    }
    text + &summary(findings) + "\n"
}

fn summary(findings: &Findings) -> String {
    let counts = [(findings.problems, "problem"), (findings.warnings, "warning")];
    let found: Vec<_> = counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| counted(*n, what)).collect();
    if found.is_empty() { "nothing wrong".into() } else { found.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::print::Screen;

    #[test]
    fn lines_are_aligned_in_their_order_and_counted() {
        let findings = Findings::of(vec![
            Check::problem("from", "****0199 is not a number of this account", "Buy it"),
            Check::skipped("balance", "--offline"),
            Check::ok("config", "/etc/xdg/savehub/config.toml, 3 people"),
        ]);
        let expected = "  ok       config     /etc/xdg/savehub/config.toml, 3 people\n  \
                    skipped  balance    --offline\n  \
                    problem  from       ****0199 is not a number of this account. Buy it\n1 problem\n";
        assert_eq!(text(&findings, Screen::PLAIN.paint, false), expected);
        assert_eq!(text(&Findings::of(Vec::new()), Screen::PLAIN.paint, false), "nothing wrong\n");
        let troubles = "  problem  from       ****0199 is not a number of this account. Buy it\n1 problem\n";
        assert_eq!(text(&findings, Screen::PLAIN.paint, true), troubles);
    }
}
