//! `[report]`: every mistake.

use super::{config, one};

#[test]
fn a_budget_without_amount_or_currency_is_refused() {
    for budget in ["20", "USD", "20 usd", "20USD", "-20 USD", "0 USD", "20 USD a month", "20,50 USD"] {
        let carets = "^".repeat(budget.len() + 2);
        one(
            &format!("[report]\nbudget = \"{budget}\"\n"),
            &format!(
                "error: invalid budget `{budget}`
 --> config.toml:2:10
  |
2 | budget = \"{budget}\"
  |          {carets} expected an amount and a currency in three capital letters, such as \"20 USD\"
"
            ),
        );
    }
}

#[test]
fn a_budget_is_a_text() {
    one(
        "[report]\nbudget = 20\n",
        "error: `budget` must be a text, not a whole number
 --> config.toml:2:10
  |
2 | budget = 20
  |          ^^ such as \"20 USD\"
",
    );
}

#[test]
fn the_budget_is_an_exact_amount_and_there_is_none_by_default() {
    let budget = config(&[], "[report]\nbudget = \"20.50 USD\"\n").unwrap().report.budget.unwrap();
    assert_eq!((budget.amount.exact().as_str(), budget.unit.as_str()), ("20.5", "USD"));
    assert_eq!(config(&[], "").unwrap().report.budget, None);
}
