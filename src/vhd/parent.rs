//! The parent's name in the header: the base name of a file, UTF-16 big-endian.

use super::format::Header;

/// The parent's base name as the header gives it; empty when it names none.
///
/// # Errors
/// The bytes are not UTF-16.
pub fn parent_name(header: &Header) -> Result<String, std::char::DecodeUtf16Error> {
    let units = header.parent_name.chunks_exact(2).map(|c| u16::from_be_bytes([c[0], c[1]]));
    char::decode_utf16(units.take_while(|u| *u != 0)).collect()
}

/// `name` as the header stores it; `None` when it does not fit its 512 bytes.
pub(crate) fn encode_name(name: &str) -> Option<[u8; 512]> {
    let mut field = [0; 512];
    let bytes: Vec<u8> = name.encode_utf16().flat_map(u16::to_be_bytes).collect();
    field.get_mut(..bytes.len())?.copy_from_slice(&bytes);
    Some(field)
}

/// The parent's base name as blktap reads it: ASCII and nothing else.
#[must_use]
pub fn ascii_parent_name(header: &Header) -> Option<String> {
    parent_name(header).ok().filter(|name| name.is_ascii())
}
