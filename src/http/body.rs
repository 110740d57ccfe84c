//! The body of an answer while it is received, counted in the budget of the run.

use super::budget::{Exhausted, Held};

/// The received part of a body. It may contain a secret, so there is no `Debug`.
pub(super) struct Body {
    blocks: Vec<Vec<u8>>,
    length: usize,
    held: Held,
}

/// Bodies are kept in blocks of one size. Buffers that double their size would leave unused memory between them, as
/// much as they need themselves.
const BLOCK: usize = 64 << 10;

impl Body {
    pub(super) fn new(held: Held) -> Self {
        Self { blocks: Vec::new(), length: 0, held }
    }

    /// The number of received bytes.
    pub(super) fn len(&self) -> usize {
        self.length
    }

    /// Appends received bytes.
    pub(super) fn push(&mut self, mut chunk: &[u8]) -> Result<(), Exhausted> {
        self.held.add(chunk.len())?;
        self.length += chunk.len();
        while !chunk.is_empty() {
            let (room, first) = (self.blocks.last().map_or(0, |block| BLOCK - block.len()), self.blocks.is_empty());
            if room == 0 {
                // Most answers are shorter than one block.
                self.blocks.push(if first { Vec::new() } else { Vec::with_capacity(BLOCK) });
            }
            let (now, later) = chunk.split_at(chunk.len().min(if room == 0 { BLOCK } else { room }));
            self.blocks.last_mut().into_iter().for_each(|block| block.extend_from_slice(now));
            chunk = later;
        }
        Ok(())
    }

    /// The whole body, and its share of the budget.
    pub(super) fn whole(mut self) -> Result<(Vec<u8>, Held), Exhausted> {
        if self.blocks.len() <= 1 {
            return Ok((self.blocks.pop().unwrap_or_default(), self.held));
        }
        let mut beside = self.held.beside();
        beside.add(self.length)?;
        Ok((self.blocks.concat(), self.held))
    }
}

#[cfg(test)]
mod tests {
    use super::super::budget::Budget;
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_body_is_what_has_come(chunks in proptest::collection::vec(0usize..200_000, 0..6)) {
            let mut body = Body::new(Budget::new(8 << 20).hold());
            let mut expected = Vec::new();
            for (number, length) in chunks.into_iter().enumerate() {
                let chunk = vec![u8::try_from(number).unwrap(); length];
                body.push(&chunk).unwrap();
                expected.extend(chunk);
            }
            proptest::prop_assert_eq!(body.len(), expected.len());
            let (whole, held) = body.whole().unwrap();
            proptest::prop_assert_eq!((held.room(), whole), ((8 << 20) - expected.len(), expected));
        }
    }

    #[test]
    fn neither_a_body_nor_its_copy_is_larger_than_the_budget() {
        let mut body = Body::new(Budget::new(200_000).hold());
        assert_eq!((body.push(&vec![0; 150_000]), body.push(&vec![0; 60_000])), (Ok(()), Err(Exhausted)));
        assert_eq!(body.whole().err(), Some(Exhausted));
    }
}
