//! The places of a text that show a secret.

use std::ops::Range;

use super::forms::Found;
use super::letters::Letters;
use super::runs::{RUN, runs};

/// The ranges of the text that also occur in a secret.
pub(super) fn places(view: &Letters, found: &Found) -> Vec<Range<usize>> {
    let mut hidden = vec![false; view.letters.len()];
    found.whole.iter().for_each(|secret| hide(&mut hidden, &view.letters, secret));
    for (start, run) in runs(&view.letters).enumerate() {
        if found.runs.contains(&run) {
            hidden[start..start + RUN].fill(true);
        }
    }
    keep_ends_of_words(view, &mut hidden);
    let mut at = 0;
    let mut found = Vec::new();
    for row in hidden.chunk_by(|one, next| one == next) {
        if row[0] {
            found.push(view.places[at].start..view.places[at + row.len() - 1].end);
        }
        at += row.len();
    }
    found
}

/// Keeps the first or last letters of a word that equal the end or start of an adjacent secret by chance:
/// `authorized: x…` with a secret that contains `dx…`. So few letters reveal nothing.
fn keep_ends_of_words(view: &Letters, hidden: &mut [bool]) {
    const FEW: usize = 3;
    let touches = |at: usize| view.places[at].end == view.places[at + 1].start;
    let word_ends: Vec<usize> = (1..hidden.len()).filter(|at| !touches(at - 1)).collect();
    for end in word_ends {
        let letters = |at: &usize| end - *at <= FEW;
        let first = (0..end).rev().take_while(letters).take_while(|at| hidden[*at]).last();
        if let Some(first) = first.filter(|first| *first > 0 && !hidden[first - 1] && touches(first - 1)) {
            hidden[first..end].fill(false);
        }
        let after = (end..hidden.len()).take(FEW).take_while(|at| hidden[*at]).last();
        if let Some(last) = after.filter(|last| last + 1 < hidden.len() && !hidden[last + 1] && touches(*last)) {
            hidden[end..=last].fill(false);
        }
    }
}

/// Marks each place of `secret` in `letters`.
fn hide(hidden: &mut [bool], letters: &[u8], secret: &[u8]) {
    for (start, part) in letters.windows(secret.len()).enumerate() {
        if part == secret {
            hidden[start..start + secret.len()].fill(true);
        }
    }
}
