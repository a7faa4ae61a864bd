//! `[report]`: what a report holds the numbers against.

use crate::model::Money;

/// What `savehub report` needs to know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReportConfig {
    /// What calls and messages may cost in a calendar month. No default.
    pub budget: Option<Money>,
}
