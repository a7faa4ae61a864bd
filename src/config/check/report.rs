//! `[report]`: what a report holds the numbers against.

use crate::config::ReportConfig;
use crate::config::raw::Table;
use crate::config::screen::quoted;
use crate::config::show::Problem;
use crate::model::Money;

pub(super) fn report(table: &Table<'_, '_>) -> ReportConfig {
    let text = table.text("budget", "\"20 USD\"");
    table.show(None);
    let Some(text) = text else { return ReportConfig::default() };
    let budget = Money::parse(text.get_ref());
    if budget.is_none() {
        let problem = Problem::new(format!("invalid budget {}", quoted(text.get_ref()))).at(&text.span());
        table
            .report
            .push(problem.label("expected an amount and a currency in three capital letters, such as \"20 USD\""));
    }
    ReportConfig { budget }
}
