//! Telling apart, before anything is compressed, what is zero, what would not become smaller, and the rest.

use crate::stream::sparse::is_zero;

/// Bytes that are classified together.
pub(super) const PIECE: usize = 64 * 1024;
/// Bits in a byte of which no code makes anything: such a piece would become smaller by a percent at most.
const RANDOM: f64 = 7.92;
/// Of how many bytes that follow each other one line is counted, and how long a line is.
const STRIDE: usize = 256;
const LINE: usize = 64;
/// Words that stood in the piece before, of a thousand, from which on it becomes smaller for that alone.
const REPEATED: usize = 20;
/// From one word that is looked at to the next, bytes; and how many are remembered.
const STEP: usize = 16;
const REMEMBERED: usize = 4096;

/// What a piece holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Zero,
    Dense,
    Compressible,
}

/// Looks at pieces, one after the other.
pub(super) struct Classifier {
    words: Vec<u64>,
}

impl Classifier {
    pub(super) fn new() -> Self {
        Self { words: vec![0; REMEMBERED] }
    }

    /// What `piece` is: a quarter of its bytes tell how often each value comes, and every fourth word whether it repeats.
    pub(super) fn classify(&mut self, piece: &[u8]) -> Class {
        if is_zero(piece) {
            Class::Zero
        } else if piece.len() < PIECE / 4 || entropy(piece) < RANDOM || self.repeats(piece) {
            Class::Compressible
        } else {
            Class::Dense
        }
    }

    /// Whether words of the piece come again, as where sectors are copies of others.
    fn repeats(&mut self, piece: &[u8]) -> bool {
        self.words.fill(0);
        let mut again = 0;
        for at in piece.chunks_exact(STEP) {
            let word = u64::from_le_bytes(*at.first_chunk().unwrap_or(&[0; 8]));
            let place = word.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - REMEMBERED.ilog2());
            let remembered = &mut self.words[usize::try_from(place).unwrap_or_default()];
            again += usize::from(*remembered == word);
            *remembered = word;
        }
        again * 1000 > REPEATED * (piece.len() / STEP)
    }
}

/// How many bits a byte of `piece` takes where each value has a code of its own length (Shannon's entropy), by its lines.
fn entropy(piece: &[u8]) -> f64 {
    // Several tables, so that one value that comes twice in a row does not wait for itself.
    let mut tables = [[0u32; 256]; 4];
    for stretch in piece.chunks(STRIDE) {
        let line = &stretch[..LINE.min(stretch.len())];
        for [a, b, c, d] in line.as_chunks::<4>().0 {
            tables[0][usize::from(*a)] += 1;
            tables[1][usize::from(*b)] += 1;
            tables[2][usize::from(*c)] += 1;
            tables[3][usize::from(*d)] += 1;
        }
    }
    let counts = (0..256).map(|value| tables.iter().map(|table| table[value]).sum::<u32>());
    let counts: Vec<f64> = counts.filter(|count| *count > 0).map(f64::from).collect();
    let all: f64 = counts.iter().sum();
    -counts.iter().map(|count| count / all * (count / all).log2()).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::super::tests::noise;
    use super::*;

    #[test]
    fn pieces_are_what_they_hold() {
        let mut classifier = Classifier::new();
        let random = noise(PIECE);
        assert_eq!(classifier.classify(&random), Class::Dense);
        assert_eq!(classifier.classify(&vec![0; PIECE]), Class::Zero);
        let text: Vec<u8> = random.iter().map(|byte| byte % 64 + 32).collect();
        assert_eq!(classifier.classify(&text), Class::Compressible);
        let copies = [&random[..PIECE / 2], &random[..PIECE / 2]].concat();
        assert_eq!(classifier.classify(&copies), Class::Compressible);
        let mut one_in_it = vec![0; PIECE];
        one_in_it[PIECE - 1] = 1;
        assert_eq!(classifier.classify(&one_in_it), Class::Compressible);
    }
}
