//! The word somebody probably meant.

/// The known word that `word` is most likely a slip of; `None` when none is near.
///
/// Near means: at most one slip (a letter added, left out, changed, or swapped with its neighbour) for each three
/// letters of the longer word, and at least one slip is always allowed. Case does not count. Of equally near words the
/// first one is taken.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let typed = letters(word);
    known
        .filter_map(|candidate| {
            let target = letters(candidate);
            let longer = typed.len().max(target.len());
            // Too different in length to be near: spares the table for long texts from outside.
            if typed.len().abs_diff(target.len()) > longer / 3 || longer > 100 {
                return None;
            }
            let slips = distance(&typed, &target);
            (slips <= (longer / 3).max(1) && slips < longer).then_some((slips, candidate))
        })
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, candidate)| candidate)
}

/// Slips between two words (optimal string alignment).
pub(crate) fn distance(a: &[char], b: &[char]) -> usize {
    let (mut before, mut last): (Vec<usize>, Vec<usize>) = (Vec::new(), (0..=b.len()).collect());
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut slips = (last[j] + usize::from(x != y)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                slips = slips.min(before[j - 1] + 1);
            }
            row.push(slips);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

fn letters(word: &str) -> Vec<char> {
    word.chars().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_word() {
        let known = ["before", "step", "message", "Europe/Berlin"];
        for (typed, meant) in [
            ("befor", Some("before")),
            ("bfeore", Some("before")),
            ("STEP", Some("step")),
            ("mesage", Some("message")),
            ("europe/berln", Some("Europe/Berlin")),
            ("banana", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, known.into_iter()), meant, "{typed}");
        }
    }

    #[test]
    fn the_nearest_of_several_wins() {
        assert_eq!(nearest("max_cals", ["max_calls_per", "max_calls"].into_iter()), Some("max_calls"));
    }
}
