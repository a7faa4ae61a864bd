//! `from` and the pace under `[provider.twilio]`: one number, or a pool of them.

use crate::config::CALLS_PER_SECOND;
use crate::config::effective::Value;
use crate::config::env::Given;
use crate::config::raw::Table;
use crate::config::screen::Hidden;
use crate::config::show::Problem;
use crate::model::Phone;

/// The most calls a second that Twilio grants without a contract (support article 223180028).
const MOST: f64 = 30.0;

/// The numbers calls come from, the first apart.
pub(super) type Pool = (Phone, Vec<Phone>);

/// `from`: a number or a list of numbers, each once.
pub(super) fn numbers(table: &Table<'_, '_>) -> Given<Pool> {
    if !table.has("from") {
        return Given::Absent;
    }
    let (mut numbers, mut sound): (Vec<Phone>, bool) = (Vec::new(), true);
    let Some(typed) = table.one_or_more("from", "\"+12025550100\"") else { return Given::Bad };
    for text in &typed {
        let why = match Phone::parse(text.get_ref()) {
            Ok(phone) if !numbers.contains(&phone) => {
                numbers.push(phone);
                continue;
            }
            Ok(_) => "it stands here twice".to_owned(),
            Err(why) => why.to_string(),
        };
        sound = false;
        let problem = Problem::new("`from` is not a number that can be called").at(&text.span());
        table.report.push(if typed.len() > 1 { problem.hide(Hidden::Phone).help(why) } else { problem.label(why) });
    }
    if typed.is_empty() {
        let problem = Problem::new("`from` names no number").maybe_at(table.key_at("from").as_ref());
        table.report.push(problem.label("write from = [\"+12025550100\", \"+12025550199\"], or one number in quotes"));
    }
    table.note("from", || match &numbers[..] {
        [one] if table.is_text("from") => Value::Text(one.masked()),
        all => Value::List(all.iter().map(Phone::masked).collect()),
    });
    let mut numbers = numbers.into_iter();
    numbers.next().filter(|_| sound).map_or(Given::Bad, |first| Given::Good((first, numbers.collect())))
}

/// `calls_per_second`; `None`: not written, or wrong.
pub(super) fn rate(table: &Table<'_, '_>) -> Option<f64> {
    table.rate("calls_per_second", MOST)
}

/// The pace of the account and of each number.
pub(super) fn pace(table: &Table<'_, '_>) -> (f64, Option<f64>) {
    table.note("calls_per_second", || Value::rate(CALLS_PER_SECOND));
    (rate(table).unwrap_or(CALLS_PER_SECOND), table.rate("calls_per_second_per_number", MOST))
}
