//! Chance that is the same each time.

/// `SplitMix64`.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 0 to `sides` - 1.
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    /// `least` to `most`.
    pub(crate) fn between(&mut self, least: i64, most: i64) -> i64 {
        least + self.roll((most - least + 1).unsigned_abs()).cast_signed()
    }

    pub(crate) fn percent(&mut self, percent: u64) -> bool {
        self.roll(100) < percent
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[usize::try_from(self.roll(from.len() as u64)).unwrap()]
    }

    /// One to `most` of `from`, in their order, joined with commas.
    pub(crate) fn some(&mut self, from: &[impl ToString], most: usize) -> String {
        let mut left: Vec<usize> = (0..from.len()).collect();
        let wanted = 1 + usize::try_from(self.roll(most as u64)).unwrap();
        while left.len() > wanted {
            left.remove(usize::try_from(self.roll(left.len() as u64)).unwrap());
        }
        left.into_iter().map(|at| from[at].to_string()).collect::<Vec<_>>().join(",")
    }
}
