//! Parent locators: eight slots in the header that point to texts which say where the parent is.
//!
//! The texts are read for showing and judging. Nothing in this engine opens what they name.

use std::fmt;

use serde::Serialize;

use super::error::Error;
use super::format::ParentLocator;
use super::storage::Storage;
use super::units::SECTOR_SIZE;

/// Longest text that is read: a path of the largest length that any system takes, twice over.
const LONGEST: u32 = 64 * 1024;

/// The platform a locator is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PlatformCode {
    /// Unused slot.
    None,
    /// Windows, relative path, 8-bit (deprecated).
    Wi2r,
    /// Windows, absolute path, 8-bit (deprecated).
    Wi2k,
    /// Windows, relative path, UTF-16.
    W2ru,
    /// Windows, absolute path, UTF-16. XenServer stores a relative one here as well.
    W2ku,
    /// Mac OS alias.
    Mac,
    /// A file URL, UTF-8.
    MacX,
}

impl PlatformCode {
    /// The platform that the four bytes of a slot name.
    #[must_use]
    pub fn of(code: u32) -> Option<Self> {
        Some(match &code.to_be_bytes() {
            [0, 0, 0, 0] => Self::None,
            b"Wi2r" => Self::Wi2r,
            b"Wi2k" => Self::Wi2k,
            b"W2ru" => Self::W2ru,
            b"W2ku" => Self::W2ku,
            b"Mac " => Self::Mac,
            b"MacX" => Self::MacX,
            _ => return None,
        })
    }

    /// The four bytes as a number.
    #[must_use]
    pub fn code(self) -> u32 {
        u32::from_be_bytes(match self {
            Self::None => [0; 4],
            Self::Wi2r => *b"Wi2r",
            Self::Wi2k => *b"Wi2k",
            Self::W2ru => *b"W2ru",
            Self::W2ku => *b"W2ku",
            Self::Mac => *b"Mac ",
            Self::MacX => *b"MacX",
        })
    }

    /// Whether blktap reads locators of this platform.
    #[must_use]
    pub fn is_read(self) -> bool {
        matches!(self, Self::MacX | Self::W2ku | Self::W2ru)
    }
}

impl fmt::Display for PlatformCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// What a locator says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LocatorText {
    /// Index of the slot, 0 to 7.
    pub slot: u8,
    /// Its platform, e.g. `MacX`.
    pub platform: String,
    /// The path, with slashes; `None` when it cannot be read.
    pub path: Option<String>,
}

impl ParentLocator {
    /// Bytes that the slot has for its text: below 512 the field counts sectors (the specification), else bytes
    /// (everybody). 0 for a number that is neither.
    #[must_use]
    pub fn space(&self) -> u64 {
        let field = u64::from(self.data_space.get());
        match field {
            0..512 => field * SECTOR_SIZE,
            _ if field.is_multiple_of(SECTOR_SIZE) => field,
            _ => 0,
        }
    }
}

/// Reads and decodes the text of a slot; `None` where there is none that could be read.
pub(crate) fn read<S: Storage>(storage: &S, locator: &ParentLocator) -> Result<Option<String>, Error> {
    let (length, offset) = (locator.data_length.get(), locator.data_offset.get());
    let fits = (1..=LONGEST).contains(&length) && u64::from(length) <= locator.space();
    let Some(code) = PlatformCode::of(locator.code.get()).filter(|c| fits && c.is_read()) else {
        return Ok(None);
    };
    let mut bytes = vec![0; length as usize];
    let n = storage.read_at(&mut bytes, offset).map_err(Error::io("reading a parent locator", offset))?;
    Ok(if n == bytes.len() { decode(code, &bytes) } else { None })
}

/// The path in a locator's text, as blktap understands it: slashes, no drive, ended by a NUL.
fn decode(code: PlatformCode, bytes: &[u8]) -> Option<String> {
    let text = match code {
        PlatformCode::MacX => std::str::from_utf8(bytes).ok()?.strip_prefix("file://")?.to_owned(),
        PlatformCode::W2ru | PlatformCode::W2ku if bytes.len().is_multiple_of(2) => {
            let units = bytes.chunks_exact(2).map(|c| u16::from_le_bytes([c[0], c[1]]));
            char::decode_utf16(units).collect::<Result<String, _>>().ok()?.replace('\\', "/")
        }
        _ => return None,
    };
    let text = text.split('\0').next().unwrap_or_default();
    let text = text.strip_prefix("C:").or_else(|| text.strip_prefix("c:")).unwrap_or(text);
    (!text.is_empty() && !text.contains(char::is_control)).then(|| text.to_owned())
}

/// The text that names the file at `path`, relative to the directory of the image: `./base.vhd`, `../a/base.vhd`.
/// blktap starts the Windows ones with `.\` always.
pub(crate) fn encode(code: PlatformCode, path: &str) -> Option<Vec<u8>> {
    match code {
        PlatformCode::MacX => Some(format!("file://{path}").into_bytes()),
        PlatformCode::W2ru | PlatformCode::W2ku => {
            let below = path.strip_prefix("./").unwrap_or(path).replace('/', "\\");
            Some(format!(".\\{below}").encode_utf16().flat_map(u16::to_le_bytes).collect())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_as_they_went_in() {
        for code in [PlatformCode::MacX, PlatformCode::W2ru, PlatformCode::W2ku] {
            let bytes = encode(code, "./base.vhd").unwrap();
            assert_eq!(decode(code, &bytes).as_deref(), Some("./base.vhd"), "{code}");
            assert_eq!(PlatformCode::of(code.code()), Some(code));
        }
    }

    #[test]
    fn a_parent_elsewhere_is_named_from_here() {
        let text = encode(PlatformCode::W2ku, "../base/base.vhd").unwrap();
        assert_eq!(decode(PlatformCode::W2ku, &text).as_deref(), Some("./../base/base.vhd"));
        assert_eq!(encode(PlatformCode::MacX, "./sub/b.vhd").unwrap(), b"file://./sub/b.vhd");
    }

    #[test]
    fn foreign_texts_are_read_as_blktap_reads_them() {
        let utf16 = |s: &str| s.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        assert_eq!(decode(PlatformCode::W2ku, &utf16("C:\\vm\\a.vhd")).as_deref(), Some("/vm/a.vhd"));
        assert_eq!(decode(PlatformCode::MacX, b"./a.vhd"), None);
        assert_eq!(decode(PlatformCode::W2ru, &utf16("a\0b")).as_deref(), Some("a"));
        assert_eq!(decode(PlatformCode::W2ru, b"odd"), None);
    }
}
