//! Pickles as data: reads protocols 0 to 5, writes protocol 0 in pure ASCII.
//!
//! ```text
//! bytes ─▶ opcode::Opcode ─▶ machine (stack, memo, nodes) ─▶ graph (bounded tree) ─▶ Value
//!                │                     │
//!           text, number         global: the two calls that mean bytes
//! ```
//!
//! A pickle is a program for a small stack machine. This machine knows only the instructions that build plain
//! data and has no way to name a function, with one exception: Python 3 writes `bytes` in protocols 0 to 2 as
//! a *call*, either `_codecs.encode(text, 'latin1')` or `bytes()`. Exactly these two are recognised, as
//! spelling; every other global, reduce, build, instance, extension and persistent-id instruction is an error.
//!
//! Nothing in here recurses on what the input says: the machine fills a flat list of nodes, at most one per
//! instruction, and only `graph` walks it, under limits on depth (which a cycle runs into, too) and on size
//! (since shared nodes may stand for exponentially many values).
//!
//! Why not the serde-pickle crate: as of 1.2 it refuses the `\'` that Python 2 writes in any text with both
//! kinds of quotes and the empty `bytes` of Python 3, sorts dicts, honours classes, and overflows the stack on
//! nested lists. It serves the tests as a second opinion on what the writer writes.

mod base64;
mod global;
mod graph;
mod input;
mod long;
mod machine;
mod opcode;
mod text;
mod write;

pub use machine::read;
pub use write::write;

pub use self::base64::read_text;

/// The longest pickle that is read, in bytes. xapi cannot pass more than 128 KiB in `argv`.
pub const MAX_BYTES: usize = 4 << 20;
/// How deep values may stand in each other.
pub const MAX_DEPTH: usize = 64;
/// How many values one pickle may stand for, after its references are followed.
pub const MAX_VALUES: usize = 1 << 18;
/// How many bytes of text one pickle may stand for, after its references are followed.
pub const MAX_TEXT: usize = 16 << 20;
/// How long an integer may be, in digits or bytes.
pub const MAX_DIGITS: usize = 1024;

/// Why a pickle is refused. Offsets count bytes from its start.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PickleError {
    /// More than [`MAX_BYTES`].
    #[error("a pickle of {found} bytes; at most {MAX_BYTES} are read")]
    TooLong {
        /// Its length.
        found: usize,
    },
    /// The end came before the `STOP` instruction.
    #[error("the pickle ends at byte {offset}, before it is complete")]
    Truncated {
        /// Its length.
        offset: usize,
    },
    /// Bytes after the `STOP` instruction.
    #[error("{count} bytes follow the end of the pickle at byte {offset}")]
    Trailing {
        /// Where the pickle ends.
        offset: usize,
        /// How many bytes follow.
        count: usize,
    },
    /// An instruction that does more than build plain data.
    #[error("byte {offset} of the pickle is {instruction}, which is not plain data: refused")]
    NotData {
        /// Where it stands.
        offset: usize,
        /// Its name in Python's `pickletools`.
        instruction: &'static str,
    },
    /// A byte that is no instruction of protocols 0 to 5.
    #[error("byte {offset} is 0x{found:02x}, which is no pickle instruction")]
    NoInstruction {
        /// Where it stands.
        offset: usize,
        /// The byte.
        found: u8,
    },
    /// An instruction that does not fit what came before it, or has a malformed argument.
    #[error("{what} at byte {offset} of the pickle")]
    Malformed {
        /// Where the instruction stands.
        offset: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// Deeper than [`MAX_DEPTH`].
    #[error("values in the pickle stand in each other more than {MAX_DEPTH} deep, or in themselves")]
    TooDeep,
    /// More than [`MAX_VALUES`] values or [`MAX_TEXT`] bytes of text.
    #[error("the pickle stands for more than {MAX_VALUES} values or {MAX_TEXT} bytes of text")]
    TooBig,
    /// A dict with a list or a dict as key.
    #[error("a dict in the pickle has a {found} as key")]
    Unhashable {
        /// The type of the key.
        found: &'static str,
    },
    /// Text that is neither a pickle that survived as text nor base64.
    #[error("neither the text of a pickle nor base64: {0}")]
    NotText(&'static str),
}
