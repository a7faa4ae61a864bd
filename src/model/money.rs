//! Amounts of money: exact decimals, each with its currency.

use std::fmt;

/// Billionths in one unit of a currency.
const ONE: i64 = 1_000_000_000;

/// Decimal places kept.
const PLACES: usize = 9;

/// An exact amount in billionths of its currency. Sums stay at the largest amount instead of overflowing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(i64);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From billionths.
    pub const fn from_billionths(n: i64) -> Self {
        Self(n)
    }

    /// Billionths.
    pub const fn billionths(self) -> i64 {
        self.0
    }

    /// A decimal number such as `20`, `-0.0140`; `None` when it is none. Places beyond the ninth are cut.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let (negative, number) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
        if whole.is_empty() || part.is_empty() || !digits(whole) || !digits(part) {
            return None;
        }
        let part: String = part.chars().chain(std::iter::repeat('0')).take(PLACES).collect();
        let n = whole.parse::<i64>().ok()?.checked_mul(ONE)?.checked_add(part.parse().ok()?)?;
        Some(Self(if negative { -n } else { n }))
    }

    /// What a provider charges, by the price it writes: a charge is a negative number there (Twilio,
    /// docs/voice/api/call-resource, `price`).
    pub fn charged(price: &str) -> Option<Self> {
        Self::parse(price).map(|Self(n)| Self(n.saturating_neg()))
    }

    /// The sum.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// So many times as much.
    #[must_use]
    pub fn times(self, n: u64) -> Self {
        Self(self.0.saturating_mul(i64::try_from(n).unwrap_or(i64::MAX)))
    }

    /// All places, without zeros at the end: the form of `--json` and of CSV.
    pub fn exact(self) -> String {
        let text = self.places(PLACES);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }

    /// With so many places, the rest cut.
    fn places(self, places: usize) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let one = ONE.unsigned_abs();
        let part = format!("{:09}", self.0.unsigned_abs() % one);
        format!("{sign}{}.{}", self.0.unsigned_abs() / one, &part[..places])
    }
}

/// For people: two places, and up to four of less than one.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let small = self.0.unsigned_abs() < ONE.unsigned_abs() && self.0 % (ONE / 100) != 0;
        // Half of the last place shown.
        let half = if small { ONE / 20_000 } else { ONE / 200 };
        let rounded = Self(self.0.saturating_add(half * self.0.signum()));
        f.pad(&rounded.places(if small { 4 } else { 2 }))
    }
}

/// An amount in a currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    /// How much.
    pub amount: Amount,
    /// Of what: `USD`.
    pub unit: String,
}

impl Money {
    /// `20 USD`: an amount above zero and the three capital letters of a currency (ISO 4217), as providers name theirs.
    pub fn parse(text: &str) -> Option<Self> {
        let (amount, unit) = text.trim().split_once(' ')?;
        let (amount, unit) = (Amount::parse(amount)?, unit.trim());
        let sound = amount > Amount::ZERO && unit.len() == 3 && unit.bytes().all(|b| b.is_ascii_uppercase());
        sound.then(|| Self { amount, unit: unit.to_owned() })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_read_exactly_and_a_charge_is_positive() {
        for (price, charged) in
            [("-0.0140", "0.014"), ("-0.00790", "0.0079"), ("0.5", "-0.5"), ("-12", "12"), ("0", "0"), ("-0.00", "0")]
        {
            assert_eq!(Amount::charged(price).map(Amount::exact).as_deref(), Some(charged), "{price}");
        }
        for price in ["", "-", "free", "1,5", "--1", "1.", ".5", "+1", "1e3", "99999999999999"] {
            assert_eq!(Amount::charged(price), None, "{price}");
        }
    }

    #[test]
    fn a_hundred_thousand_small_prices_lose_nothing() {
        let price = Amount::charged("-0.0085").unwrap();
        assert_eq!(price.times(100_000).exact(), "850");
        assert_eq!(price.plus(price).exact(), "0.017");
    }

    #[test]
    fn people_see_two_places_and_four_of_small_amounts() {
        for (text, shown) in [
            ("20", "20.00"),
            ("4.109", "4.11"),
            ("0.5", "0.50"),
            ("0.014", "0.0140"),
            ("0.99996", "1.0000"),
            ("-0.25", "-0.25"),
        ] {
            assert_eq!(Amount::parse(text).unwrap().to_string(), shown, "{text}");
        }
    }

    #[test]
    fn a_budget_is_an_amount_and_a_currency() {
        assert_eq!(Money::parse("20 USD").unwrap().to_string(), "20.00 USD");
        for text in ["20", "USD", "20USD", "20 usd", "20 Euro", "0 USD", "-5 USD", "x USD", "20 USD a month"] {
            assert_eq!(Money::parse(text), None, "{text}");
        }
    }
}
