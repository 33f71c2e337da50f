//! Going through a deflate stream, symbol by symbol but without decoding anything, to find where its last block begins.
//!
//! Where one symbol ends is where the next begins: a processor waits for every one of them, and has nothing else to do. So
//! two streams are gone through at once.

use super::bits::{Bits, Window};
use super::code::{Code, SYMBOLS, Table, Then};

/// The order in which the lengths of the code length code come.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// What is found, in bits from the beginning of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Last {
    /// Where the header of the last block begins.
    pub(super) header: usize,
    /// Where the stream ends.
    pub(super) end: usize,
}

/// The last block of each of the streams; `None` for one that is no deflate stream, or does not end with its last byte.
pub(super) fn last_blocks(first: &[u8], second: &[u8]) -> [Option<Last>; 2] {
    let (mut first, mut second) = (Lane::new(first), Lane::new(second));
    while first.is_in_block() && second.is_in_block() {
        // Not `||`: both go on, whatever comes of one.
        if first.step() | second.step() {
            first.attend();
            second.attend();
        }
    }
    [first.finish(), second.finish()]
}

/// A stream that is gone through.
struct Lane<'a> {
    stream: &'a [u8],
    window: Window,
    /// Where the header of the block begins that it is in.
    header: usize,
    state: State,
    /// The codes of the block that it is in.
    symbols: Table,
    distances: Table,
}

enum State {
    /// In a block of symbols.
    Block {
        last: bool,
    },
    Ended(Option<Last>),
}

impl<'a> Lane<'a> {
    fn new(stream: &'a [u8]) -> Self {
        let window = Window::at(Bits { stream, at: 0 });
        let state = State::Ended(None);
        let mut lane =
            Self { stream, window, header: 0, state, symbols: Table::empty(), distances: Table::empty() };
        lane.open(0);
        lane
    }

    fn is_in_block(&self) -> bool {
        matches!(self.state, State::Block { .. })
    }

    /// Goes on alone to the end.
    fn finish(mut self) -> Option<Last> {
        loop {
            if let State::Ended(last) = self.state {
                // Whoever has lost the way is hardly ever there when it ends.
                return last.filter(|last| last.end.div_ceil(8) == self.stream.len());
            }
            if self.step() {
                self.attend();
            }
        }
    }

    /// From bit `at` on, goes to the next block of symbols, or to the end.
    fn open(&mut self, at: usize) {
        self.state = self.next_block(at).unwrap_or(State::Ended(None));
    }

    fn next_block(&mut self, at: usize) -> Option<State> {
        let mut bits = Bits { stream: self.stream, at };
        loop {
            self.header = bits.at;
            let last = bits.take(1)? == 1;
            match bits.take(2)? {
                0 => {
                    bits.at = bits.at.next_multiple_of(8);
                    let (len, not) = (bits.take(16)?, bits.take(16)?);
                    if len ^ not != 0xffff {
                        return None;
                    }
                    bits.at += 8 * len as usize;
                    if bits.at > 8 * self.stream.len() {
                        return None;
                    }
                    if last {
                        return Some(State::Ended(Some(Last { header: self.header, end: bits.at })));
                    }
                    continue;
                }
                1 => {
                    let mut lengths = [8; SYMBOLS];
                    lengths[144..256].fill(9);
                    lengths[256..280].fill(7);
                    self.symbols.set_symbols(&lengths)?;
                    self.distances.set_distances(&[5; 30])?;
                }
                2 => {
                    let lengths = lengths(&mut bits)?;
                    self.symbols.set_symbols(&lengths.all[..lengths.literals])?;
                    self.distances.set_distances(&lengths.all[lengths.literals..])?;
                }
                _ => return None,
            }
            self.window = Window::at(bits);
            return Some(State::Block { last });
        }
    }

    /// Goes over literals, or a length and its distance. True where that is not what comes: then it has not moved.
    #[inline]
    fn step(&mut self) -> bool {
        // Enough for whatever comes: literals of 11 bits or a length of 15 and 5, and its distance of 15 and 13.
        self.window.refill(self.stream);
        let entry = self.symbols.look(self.window.bits);
        // Looked up for literals as well, and then passed over: a processor cannot foresee which it will be.
        let distance = self.distances.look(self.window.bits >> entry.bits);
        let follows = entry.then == Then::Distance;
        let odd = (entry.then > Then::Distance) | (follows & (distance.then == Then::Unknown));
        if odd | self.window.is_behind(self.stream) {
            return true;
        }
        self.window.skip(entry.bits + if follows { distance.bits } else { 0 });
        false
    }

    /// Deals with what [`Self::step`] did not go over, if there is anything of the kind.
    fn attend(&mut self) {
        if let State::Block { last } = self.state {
            self.state = self.attended(last).unwrap_or(State::Ended(None));
        }
    }

    fn attended(&mut self, last: bool) -> Option<State> {
        self.window.refill(self.stream);
        if self.window.is_behind(self.stream) {
            return None;
        }
        let entry = self.symbols.find(self.window.bits)?;
        self.window.skip(entry.bits);
        match entry.then {
            Then::Symbol => {}
            Then::Distance => {
                let distance = self.distances.find(self.window.bits)?;
                self.window.skip(distance.bits);
            }
            Then::End => {
                let end = self.window.position();
                if end > 8 * self.stream.len() {
                    return None;
                }
                if last {
                    return Some(State::Ended(Some(Last { header: self.header, end })));
                }
                return self.next_block(end);
            }
            Then::Unknown => return None,
        }
        Some(State::Block { last })
    }
}

/// The lengths of the codes of a block: of its literals and lengths, and behind them of its distances.
struct Lengths {
    all: Vec<u8>,
    literals: usize,
}

/// Reads the codes of a block that brings its own.
fn lengths(bits: &mut Bits<'_>) -> Option<Lengths> {
    let (literals, distances) = (257 + bits.take(5)? as usize, 1 + bits.take(5)? as usize);
    let mut lengths = [0; 19];
    for place in ORDER.iter().take(4 + bits.take(4)? as usize) {
        lengths[*place] = u8::try_from(bits.take(3)?).ok()?;
    }
    let code = Code::of(&lengths)?;
    let mut all = Vec::with_capacity(literals + distances);
    while all.len() < literals + distances {
        let (symbol, width) = code.find(bits.peek())?;
        bits.at += width;
        let (value, times) = match symbol {
            16 => (*all.last()?, 3 + bits.take(2)?),
            17 => (0, 3 + bits.take(3)?),
            18 => (0, 11 + bits.take(7)?),
            length => (u8::try_from(length).ok()?, 1),
        };
        all.extend(std::iter::repeat_n(value, times as usize));
    }
    (all.len() == literals + distances).then_some(Lengths { all, literals })
}
