//! Fields by name, for findings about an open image: which part they are in, and where in its file.

use std::fmt;
use std::mem::offset_of;

use super::finding::{Finding, Part, Rule};
use super::footer::FooterSource;
use super::format::{Footer, Header};
use super::image::Image;
use super::storage::Storage;

/// A field that a finding can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The footer's kind of disk.
    DiskType,
    /// The footer's hidden flag.
    Hidden,
    /// The footer's size of the disk.
    Size,
    /// The header's uuid of the parent.
    ParentUuid,
    /// The header's name of the parent.
    ParentName,
    /// All of the header's parent locators.
    Locators,
    /// One of them.
    Locator(u8),
    /// The image's place in its chain, which is nowhere in its file.
    Place,
}

impl<S: Storage> Image<S> {
    /// The finding that `field` of this image breaks `rule`.
    pub fn finding(
        &self,
        field: Field,
        rule: Rule,
        expected: impl fmt::Display,
        found: impl fmt::Display,
    ) -> Finding {
        let (part, footer) = match self.footer_source() {
            FooterSource::Primary(at) => (Part::Footer, at),
            FooterSource::Copy => (Part::FooterCopy, 0),
        };
        let header = self.sparse.as_ref().map_or(0, |s| s.header_offset);
        let locators = header + offset_of!(Header, locators) as u64;
        let (part, offset) = match field {
            Field::DiskType => (part, footer + offset_of!(Footer, disk_type) as u64),
            Field::Hidden => (part, footer + offset_of!(Footer, hidden) as u64),
            Field::Size => (part, footer + offset_of!(Footer, current_size) as u64),
            Field::ParentUuid => (Part::Header, header + offset_of!(Header, parent_uuid) as u64),
            Field::ParentName => (Part::Header, header + offset_of!(Header, parent_name) as u64),
            Field::Locators => (Part::Header, locators),
            Field::Locator(slot) => (Part::Locator(slot), locators + 24 * u64::from(slot)),
            Field::Place => (Part::Chain, 0),
        };
        Finding::new(part, rule, offset, expected, found)
    }
}
