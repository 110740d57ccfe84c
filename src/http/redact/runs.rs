//! Runs of letters, as numbers.

use std::collections::HashSet;

/// The length of a run of letters and digits that reveals a secret.
pub(super) const RUN: usize = 8;

/// Each [`RUN`] letters in a row, as a number.
pub(super) fn runs(letters: &[u8]) -> impl Iterator<Item = u64> + '_ {
    let packed = letters.iter().scan(0, |packed: &mut u64, letter| {
        // The letter before the run leaves on the left.
        *packed = *packed << 8 | u64::from(*letter);
        Some(*packed)
    });
    packed.skip(RUN - 1)
}

/// The runs of a text. A secret has some ten thousand in all its forms, and nearly none of them is in a text: a table
/// with a bit for each run of the text excludes most of them. It is much cheaper than a hash set.
pub(super) struct Runs {
    bits: Vec<u64>,
    all: HashSet<u64>,
}

impl Runs {
    const BITS: u32 = 16;

    pub(super) fn of<'t>(texts: impl Iterator<Item = &'t [u8]>) -> Self {
        let mut found = Self { bits: vec![0; 1 << (Self::BITS - 6)], all: HashSet::new() };
        for run in texts.flat_map(runs) {
            let (word, bit) = Self::place(run);
            found.bits[word] |= bit;
            found.all.insert(run);
        }
        found
    }

    pub(super) fn have(&self, run: u64) -> bool {
        let (word, bit) = Self::place(run);
        self.bits[word] & bit != 0 && self.all.contains(&run)
    }

    fn place(run: u64) -> (usize, u64) {
        // Fibonacci hashing: the upper bits of the product depend on all letters.
        let bit = run.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - Self::BITS);
        (usize::try_from(bit >> 6).unwrap_or(0), 1 << (bit & 63))
    }
}
