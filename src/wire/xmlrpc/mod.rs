//! The XML-RPC that xapi and its plugins speak: one call in, one answer out; and requests to xapi itself.
//!
//! It is a small corner of XML-RPC: a call is a method with a session reference and a map of strings, an answer
//! a struct with `Status` and a string or a list of strings. That grammar has a fixed depth, so the reader
//! follows it element by element and never recurses; whatever else stands there is refused where it stands.
//!
//! Where we are the client of xapi, a [`Request`] takes values of every type, and a [`Response`] brings them, at most
//! [`MAX_DEPTH`] deep.
//!
//! Known losses, all on xapi's side of the wire: control characters other than TAB, LF and CR are dropped from
//! calls, CR and CR LF arrive as LF, and a string of nothing but blanks arrives empty, in answers too.

mod answer;
mod call;
mod escape;
mod reader;
mod request;
mod response;
mod value;

pub use answer::Answer;
pub use call::MethodCall;
pub use request::Request;
pub use response::Response;

/// The longest document that is read, in bytes. `argv` cannot carry more than 128 KiB to us, but answers may be
/// longer.
pub const MAX_BYTES: usize = 16 << 20;
/// How many members a struct, and values an array, may have.
pub const MAX_MEMBERS: usize = 1024;
/// How deep the values of a response may be nested. Records of XenAPI are maps in a map in a map.
pub const MAX_DEPTH: usize = 16;
/// How many values a response may hold in all.
pub const MAX_VALUES: usize = 1 << 18;

/// Why a document is not the call or answer it should be. Positions are `line:column`, both from one.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// More than [`MAX_BYTES`].
    #[error("{found} bytes of XML; at most {MAX_BYTES} are read")]
    TooLong {
        /// Its length.
        found: usize,
    },
    /// Not UTF-8.
    #[error("not UTF-8 at byte {offset}")]
    NotUtf8 {
        /// The first byte that is not.
        offset: usize,
    },
    /// Not XML at all.
    #[error("not well-formed XML at {position}: {reason}")]
    Malformed {
        /// Where.
        position: String,
        /// What the XML parser said.
        reason: String,
    },
    /// A document type declaration: it could define entities, and no caller has a use for it.
    #[error("a document type declaration (DTD) at {position}: refused")]
    Doctype {
        /// Where.
        position: String,
    },
    /// XML, but not this XML.
    #[error("expected {expected} at {position}, found {found}")]
    Unexpected {
        /// What the grammar asks for.
        expected: String,
        /// What stands there.
        found: String,
        /// Where.
        position: String,
    },
    /// The same member twice in one struct.
    #[error("the member {name} stands twice in one struct")]
    Duplicate {
        /// Its name.
        name: String,
    },
    /// More than [`MAX_MEMBERS`], or [`MAX_VALUES`] in a response.
    #[error("too many members or values")]
    TooMany,
    /// Deeper than [`MAX_DEPTH`].
    #[error("values nested deeper than {MAX_DEPTH}")]
    TooDeep,
}
