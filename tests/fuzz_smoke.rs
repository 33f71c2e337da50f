//! The bodies of the fuzz targets on a stable toolchain, for a short time: the committed inputs as they are, mutations of
//! those, and random bytes. `FUZZ_SECONDS` says how long each body gets; see `docs/fuzzing.md`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::cast_possible_truncation, reason = "random numbers are cut to size")]

#[path = "../fuzz/bodies/mod.rs"]
mod bodies;

use std::path::Path;
use std::time::{Duration, Instant};

use bodies::{BODIES, Body};

/// Most memory that one input may take.
const MEMORY: u64 = 64 << 20;

/// Longest that one input may take, unoptimised and on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Inputs from a seed (xorshift64*): the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() >> 16) as usize % end.max(1)
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| (self.next() >> 32) as u8).collect()
    }

    /// One of `seeds` with a few changes, or bytes out of nowhere.
    fn input(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut input = match self.below(4) {
            0 => {
                let count = self.below(200);
                return self.bytes(count);
            }
            _ => seeds[self.below(seeds.len())].clone(),
        };
        for _ in 0..=self.below(4) {
            let at = self.below(input.len() + 1);
            match self.below(5) {
                0 => input.truncate(at),
                1 => {
                    let count = self.below(12) + 1;
                    input.splice(at..at, self.bytes(count));
                }
                2 => {
                    // Numbers at the edges, where the fields are.
                    let edges = [0, 1, 511, 512, 1 << 31, u64::from(u32::MAX), u64::MAX - 511, u64::MAX];
                    let (number, width) = (edges[self.below(edges.len())], 1 << self.below(4));
                    let end = input.len().min(at + width);
                    input.splice(at..end, number.to_be_bytes()[8 - width..].iter().copied());
                }
                3 => {
                    let other = &seeds[self.below(seeds.len())];
                    input.truncate(at);
                    input.extend_from_slice(&other[other.len().min(at)..]);
                }
                _ => {
                    if let Some(byte) = input.get_mut(at) {
                        *byte = self.next() as u8;
                    }
                }
            }
        }
        input
    }
}

/// The committed inputs of the target `name`, findings of old included.
fn seeds(name: &str) -> Vec<Vec<u8>> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus-seed").join(name);
    let mut paths: Vec<_> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| std::fs::read(path).unwrap()).collect()
}

fn feed(name: &str, body: Body, input: &[u8]) {
    let began = Instant::now();
    let result = std::panic::catch_unwind(|| allocation_counter::measure(|| body(input)).bytes_max);
    let shown = input.escape_ascii();
    match result {
        Ok(used) => assert!(used <= MEMORY, "{name}: {} MiB for b\"{shown}\"", used >> 20),
        Err(_) => panic!("{name} fails for b\"{shown}\""),
    }
    assert!(began.elapsed() <= PATIENCE, "{name}: {:?} for b\"{shown}\"", began.elapsed());
}

#[test]
fn committed_inputs_pass() {
    for (name, body) in BODIES {
        let seeds = seeds(name);
        assert!(!seeds.is_empty(), "{name} has no seeds");
        seeds.iter().for_each(|seed| feed(name, body, seed));
    }
}

#[test]
fn mutated_and_random_inputs_pass() {
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(0.5);
    for (name, body) in BODIES {
        let (seeds, mut random) = (seeds(name), Random(0x9e37_79b9_7f4a_7c15));
        let (began, mut count) = (Instant::now(), 0);
        while began.elapsed().as_secs_f64() < seconds {
            feed(name, body, &random.input(&seeds));
            count += 1;
        }
        println!("{name}: {count} inputs");
    }
}
