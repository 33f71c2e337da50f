//! Making new images, in blktap's layout.

use uuid::Uuid;
use zerocopy::{FromZeros, IntoBytes};

use super::batmap;
use super::error::Error;
use super::footer::DiskType;
use super::format::{
    BATMAP_COOKIE, BatmapHeader, CREATOR_TAP, FOOTER_COOKIE, Footer, HEADER_COOKIE, Header, NO_OFFSET,
    ParentLocator, TAP_VERSION, VERSION_1_0,
};
use super::image::Image;
use super::locator::{self, PlatformCode};
use super::parent::encode_name;
use super::storage::Storage;
use super::time::VhdTime;
use super::units::{BLOCK_SIZE, SECTOR_SIZE, padded};

/// Platforms that a new child gets locators for, in the order of their slots.
pub(crate) const PLATFORMS: [PlatformCode; 3] = [PlatformCode::MacX, PlatformCode::W2ku, PlatformCode::W2ru];

/// What a child has to know of its parent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParentLink {
    /// Base name of the parent's file, in the child's own directory.
    pub file_name: String,
    /// The parent's footer uuid.
    pub uuid: Uuid,
    /// When the parent was last written.
    pub modified: VhdTime,
}

/// Makes an empty dynamic image of `size` bytes, rounded up to whole blocks.
///
/// # Errors
/// The size is more than the format can hold, or writing failed.
pub fn create_dynamic<S: Storage>(
    storage: S,
    size: u64,
    uuid: Uuid,
    now: VhdTime,
) -> Result<Image<S>, Error> {
    Creation { size: whole_blocks(size)?, room: 0, uuid, now, parent: None }.create(storage)
}

/// Makes an empty child of `parent`, with a disk of exactly `size` bytes: nothing of its own, all of its parent's.
///
/// # Errors
/// The parent's name does not fit its fields, its uuid is null (which would mean "raw"), or writing failed.
pub fn create_differencing<S: Storage>(
    storage: S,
    size: u64,
    uuid: Uuid,
    now: VhdTime,
    parent: &ParentLink,
) -> Result<Image<S>, Error> {
    if parent.uuid.is_nil() {
        return Err(null_parent());
    }
    let path = format!("./{}", parent.file_name);
    Creation { size, room: 0, uuid, now, parent: Some((parent, &path)) }.create(storage)
}

/// Makes a fixed image of `size` bytes, rounded up to 2 MiB, all zero.
///
/// # Errors
/// Writing failed.
pub fn create_fixed<S: Storage>(storage: S, size: u64, uuid: Uuid, now: VhdTime) -> Result<Image<S>, Error> {
    let size = whole_blocks(size)?;
    let mut footer = new_footer(DiskType::Fixed, size, uuid, now);
    footer.seal();
    storage.set_len(0).and_then(|()| storage.set_len(size)).map_err(Error::io("creating the image", 0))?;
    storage.write_at(footer.as_bytes(), size).map_err(Error::io("writing the footer", size))?;
    Image::open(storage)
}

/// The footer of a fixed image of `size` bytes, as it goes behind the data.
#[must_use]
pub fn fixed_footer(size: u64, uuid: Uuid, now: VhdTime) -> [u8; 512] {
    let mut footer = new_footer(DiskType::Fixed, size, uuid, now);
    footer.seal();
    zerocopy::transmute!(footer)
}

fn whole_blocks(size: u64) -> Result<u64, Error> {
    let rounded = size.checked_next_multiple_of(u64::from(BLOCK_SIZE));
    rounded.ok_or_else(|| Error::Refused(format!("no disk has {size} bytes")))
}

pub(crate) fn new_footer(kind: DiskType, size: u64, uuid: Uuid, now: VhdTime) -> Footer {
    let mut footer = Footer::new_zeroed();
    footer.cookie = FOOTER_COOKIE;
    footer.features = 2.into();
    footer.version = VERSION_1_0.into();
    footer.data_offset = if kind == DiskType::Fixed { NO_OFFSET } else { SECTOR_SIZE }.into();
    footer.timestamp = now.0.into();
    footer.creator_app = CREATOR_TAP;
    footer.creator_version = TAP_VERSION.into();
    footer.original_size = size.into();
    footer.current_size = size.into();
    footer.disk_type = kind.code().into();
    footer.uuid = uuid.into_bytes();
    footer.fit_geometry();
    footer
}

/// A dynamic or differencing image that is to be made, with all that can be chosen.
#[derive(Debug, Clone, Copy)]
pub struct Creation<'a> {
    /// Bytes of the disk.
    pub size: u64,
    /// Bytes that the disk may grow to without moving a block; less than `size` counts as `size`.
    pub room: u64,
    /// Identity of the image.
    pub uuid: Uuid,
    /// Time of its creation.
    pub now: VhdTime,
    /// The parent, and its path from the directory of the image: `./base.vhd`. A null uuid says that it is a raw file.
    pub parent: Option<(&'a ParentLink, &'a str)>,
}

impl Creation<'_> {
    /// Makes the image.
    ///
    /// # Errors
    /// The size is more than the format can hold, the parent's name does not fit its fields, or writing failed.
    pub fn create<S: Storage>(self, storage: S) -> Result<Image<S>, Error> {
        create_sparse(storage, self)
    }
}

fn create_sparse<S: Storage>(storage: S, wanted: Creation<'_>) -> Result<Image<S>, Error> {
    let Creation { size, room, uuid, now, parent } = wanted;
    let blocks = u32::try_from(size.max(room).div_ceil(u64::from(BLOCK_SIZE)));
    let blocks = blocks.map_err(|_| Error::Refused(format!("a VHD cannot hold {size} bytes")))?;
    let kind = if parent.is_some() { DiskType::Differencing } else { DiskType::Dynamic };
    let mut footer = new_footer(kind, size, uuid, now);

    let mut header = Header::new_zeroed();
    header.cookie = HEADER_COOKIE;
    header.data_offset = NO_OFFSET.into();
    header.table_offset = (3 * SECTOR_SIZE).into();
    header.version = VERSION_1_0.into();
    header.max_bat_entries = blocks.into();
    header.block_size = BLOCK_SIZE.into();

    let table_size = padded(u64::from(blocks) * 4).max(SECTOR_SIZE);
    let map_size = padded(u64::from(blocks).div_ceil(8)).max(SECTOR_SIZE);
    let map_at = 3 * SECTOR_SIZE + table_size;
    let mut end = map_at + SECTOR_SIZE + map_size;

    storage.set_len(0).map_err(Error::io("creating the image", 0))?;
    if let Some((parent, path)) = parent {
        link_header(&mut header, parent)?;
        for (slot, platform) in PLATFORMS.into_iter().enumerate() {
            let text = locator_text_to(platform, path)?;
            storage.write_at(&text.padded, end).map_err(Error::io("writing a parent locator", end))?;
            header.locators[slot] = text.locator(platform, end);
            end += text.padded.len() as u64;
        }
    }
    let mut head = BatmapHeader::new_zeroed();
    head.cookie = BATMAP_COOKIE;
    head.offset = (map_at + SECTOR_SIZE).into();
    head.sectors = u32::try_from(map_size / SECTOR_SIZE).unwrap_or(u32::MAX).into();
    head.version = batmap::VERSION.into();
    head.checksum = u32::MAX.into();
    storage.write_at(head.as_bytes(), map_at).map_err(Error::io("writing the batmap", map_at))?;

    let unallocated = vec![0xff; 64 * 1024];
    let (mut at, table_end) = (3 * SECTOR_SIZE, 3 * SECTOR_SIZE + u64::from(blocks) * 4);
    while at < table_end {
        let piece = usize::try_from(table_end - at).unwrap_or(usize::MAX).min(unallocated.len());
        storage.write_at(&unallocated[..piece], at).map_err(Error::io("writing the BAT", at))?;
        at += piece as u64;
    }
    footer.seal();
    header.seal();
    storage.write_at(header.as_bytes(), SECTOR_SIZE).map_err(Error::io("writing the header", SECTOR_SIZE))?;
    let place = footer_place(&storage, end)?;
    storage.write_at(footer.as_bytes(), place).map_err(Error::io("writing the footer", place))?;
    storage.write_at(footer.as_bytes(), 0).map_err(Error::io("writing the footer copy", 0))?;
    Image::open(storage)
}

/// Where the footer goes behind data that ends at `end`: the last sector of a device, right there in a file.
fn footer_place<S: Storage>(storage: &S, end: u64) -> Result<u64, Error> {
    let io = |e| Error::io("examining the file", 0)(e);
    if !storage.is_fixed_length().map_err(io)? {
        return Ok(end);
    }
    let len = storage.len().map_err(io)?;
    let place = len.checked_sub(SECTOR_SIZE).filter(|place| *place >= end);
    place.ok_or_else(|| Error::Refused(format!("a device of {len} bytes is too small")))
}

/// What is said of a parent that would be taken for a raw file.
pub(crate) fn null_parent() -> Error {
    Error::Refused("a parent with a null uuid would be taken for a raw file".into())
}

/// Puts everything but the locators that names `parent` into `header`.
pub(crate) fn link_header(header: &mut Header, parent: &ParentLink) -> Result<(), Error> {
    let name = encode_name(&parent.file_name).filter(|_| !parent.file_name.contains(['/', '\\', '\0']));
    header.parent_name = name.ok_or_else(|| bad_name(&parent.file_name))?;
    header.parent_uuid = parent.uuid.into_bytes();
    header.parent_timestamp = parent.modified.0.into();
    Ok(())
}

fn bad_name(name: &str) -> Error {
    Error::Refused(format!(
        "{name:?} cannot be the name of a parent: a plain file name of up to 256 characters can"
    ))
}

/// A locator's text, padded to whole sectors as it goes to the file.
pub(crate) struct PaddedText {
    pub(crate) padded: Vec<u8>,
    length: u32,
}

impl PaddedText {
    /// The slot that points to this text at byte `offset`.
    pub(crate) fn locator(&self, platform: PlatformCode, offset: u64) -> ParentLocator {
        ParentLocator {
            code: platform.code().into(),
            data_space: u32::try_from(self.padded.len()).unwrap_or(u32::MAX).into(),
            data_length: self.length.into(),
            reserved: 0.into(),
            data_offset: offset.into(),
        }
    }
}

/// The text that names a file in the image's own directory.
pub(crate) fn locator_text(platform: PlatformCode, file_name: &str) -> Result<PaddedText, Error> {
    locator_text_to(platform, &format!("./{file_name}"))
}

/// The text that names the file at `path`, relative to the image's own directory.
pub(crate) fn locator_text_to(platform: PlatformCode, path: &str) -> Result<PaddedText, Error> {
    let mut text = locator::encode(platform, path).ok_or_else(|| bad_name(path))?;
    let length = u32::try_from(text.len()).map_err(|_| bad_name(path))?;
    text.resize(text.len().next_multiple_of(512), 0);
    Ok(PaddedText { padded: text, length })
}
