//! What is wrong with an image: which part, which rule, where, what was expected and what was found.

use std::fmt;

use serde::{Serialize, Serializer};

/// The structure of the file that a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// The file as a whole.
    File,
    /// The footer at the end.
    Footer,
    /// The copy of the footer at offset 0.
    FooterCopy,
    /// The dynamic header.
    Header,
    /// The block allocation table.
    Bat,
    /// The batmap.
    Batmap,
    /// The sector bitmap of one block.
    Bitmap,
    /// A parent locator: its slot.
    Locator(u8),
    /// The image's place in its chain.
    Chain,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => f.write_str("file"),
            Self::Footer => f.write_str("footer"),
            Self::FooterCopy => f.write_str("footer copy"),
            Self::Header => f.write_str("header"),
            Self::Bat => f.write_str("BAT"),
            Self::Batmap => f.write_str("batmap"),
            Self::Bitmap => f.write_str("bitmap"),
            Self::Locator(slot) => write!(f, "parent locator {slot}"),
            Self::Chain => f.write_str("chain"),
        }
    }
}

impl Serialize for Part {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $key:literal, $says:literal;)*) => {
        /// A rule that a sound image keeps. The key is stable: scripts match on it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Rule { $($(#[$doc])* $name,)* }

        impl Rule {
            /// The stable name, as `--json` shows it.
            #[must_use]
            pub fn key(self) -> &'static str {
                match self { $(Self::$name => $key,)* }
            }

            /// What is wrong when the rule is broken.
            #[must_use]
            pub fn says(self) -> &'static str {
                match self { $(Self::$name => $says,)* }
            }
        }
    };
}

rules! {
    /// The file can be read.
    Unreadable = "unreadable", "the file cannot be read";
    /// The file holds no footer at all.
    TooShort = "too-short", "the file is too short for a VHD";
    /// In an SR, a footer has 512 bytes; early Virtual PC wrote one less.
    ShortFooter = "short-footer", "the footer is cut off";
    /// The structure starts with its cookie.
    Cookie = "cookie", "wrong cookie";
    /// The checksum is that of the bytes.
    Checksum = "checksum", "wrong checksum";
    /// Bit 1 of the features is set.
    ReservedFeature = "reserved-feature", "the reserved feature bit is clear";
    /// No feature bit above bit 1 is set.
    ExtraFeatures = "extra-features", "unknown feature bits";
    /// Format and header version are 1.0.
    Version = "version", "unknown version";
    /// The data offset fits the kind of disk.
    DataOffset = "data-offset", "wrong data offset";
    /// No timestamp lies in the future.
    FutureTime = "future-time", "a time in the future: the clocks of the two hosts differ";
    /// blktap's version is one that is known.
    CreatorVersion = "creator-version", "unsupported version of the creator";
    /// The geometry is not larger than the disk.
    Geometry = "geometry", "the geometry is larger than the disk";
    /// The type is fixed, dynamic or differencing.
    DiskType = "disk-type", "unknown disk type";
    /// There is no fixed disk in an SR or a chain.
    FixedDisk = "fixed-disk", "a fixed disk";
    /// The saved state is 0 or 1.
    SavedState = "saved-state", "wrong saved state";
    /// The hidden flag is 0 or 1, and right for the place in the chain.
    Hidden = "hidden", "wrong hidden flag";
    /// Reserved bytes are zero.
    Reserved = "reserved", "reserved bytes are not zero";
    /// The uuid is not null.
    NullUuid = "null-uuid", "the uuid is null";
    /// A journaled resize is not under way.
    Disabled = "disabled", "the image is disabled: a resize was interrupted, its journal has to be reverted";
    /// Both footers are the same.
    FootersDiffer = "footers-differ", "the footer and its copy differ";
    /// The disk is larger than nothing, whole sectors, and at most 2040 GiB.
    Size = "size", "an impossible disk size";
    /// A fixed image holds as many bytes as its disk.
    FileSize = "file-size", "the file does not hold what the footer says";
    /// The BAT lies behind the header, on a sector, inside the file.
    TableOffset = "table-offset", "the BAT lies in an impossible place";
    /// The block size is a power of two that is supported.
    BlockSize = "block-size", "unsupported block size";
    /// The BAT has an entry for each block of the disk.
    BatSize = "bat-size", "the BAT does not fit disk and file";
    /// Blocks lie behind all metadata.
    BlockInMetadata = "block-in-metadata", "a block lies inside the metadata";
    /// Blocks lie before the footer.
    BlockPastEnd = "block-past-end", "a block lies beyond the data of the file: the file is truncated";
    /// Blocks do not overlap.
    BlockOverlap = "block-overlap", "two blocks overlap";
    /// Metadata structures do not overlap.
    MetadataOverlap = "metadata-overlap", "two structures of the metadata overlap";
    /// The batmap lies inside the file and is large enough.
    BatmapPlace = "batmap-place", "the batmap lies in an impossible place";
    /// The batmap marks only blocks that are allocated.
    BatmapUnallocated = "batmap-unallocated", "the batmap calls a block full that is not allocated";
    /// The batmap marks only blocks of which every sector is present.
    BatmapNotFull = "batmap-not-full", "the batmap calls a block full that is not";
    /// Sectors that the bitmap leaves out hold nothing.
    DataOutsideBitmap = "data-outside-bitmap", "there is data where the bitmap says that there is none";
    /// A dynamic image names no parent.
    NotDifferencing = "not-differencing", "an image without a parent names one";
    /// The parent name is text.
    ParentName = "parent-name", "unreadable parent name";
    /// A differencing image names its parent's uuid.
    RawParent = "raw-parent", "the parent is a raw file";
    /// The parent is the next link of the chain.
    ParentUuid = "parent-uuid", "the parent is not the next link of the chain";
    /// The parent is there.
    ParentMissing = "parent-missing", "the parent is missing";
    /// Only one image writes to a parent.
    ParentShared = "parent-shared", "the parent has other children";
    /// The parent is not larger than the child.
    ParentSize = "parent-size", "the parent is larger than its child";
    /// The platform code is known.
    LocatorCode = "locator-code", "unknown platform code";
    /// The locator's text lies in the metadata.
    LocatorPlace = "locator-place", "the locator's text lies in an impossible place";
    /// The locator has room for its text.
    LocatorRoom = "locator-room", "the locator has no room for the text";
    /// The locator's text can be read.
    LocatorText = "locator-text", "the locator's text cannot be read";
    /// Each platform has one locator.
    LocatorDuplicate = "locator-duplicate", "two locators for one platform";
    /// Every locator names the parent that the header names.
    LocatorName = "locator-name", "the locator does not name the parent";
    /// No locator leaves the directory of the image.
    LocatorEscapes = "locator-escapes", "the locator leaves the directory of the image";
    /// A differencing image has a locator.
    NoLocator = "no-locator", "there is no usable parent locator";
    /// The base of a chain is dynamic, all else differencing.
    ChainType = "chain-type", "wrong disk type for this place in the chain";
    /// The chain leaves room for a snapshot.
    ChainDepth = "chain-depth", "the chain is too deep";
    /// The chain ends.
    ChainLoop = "chain-loop", "the chain runs in a loop";
    /// A file name in an SR is a uuid.
    FileName = "file-name", "the file name is not a uuid";
    /// A hidden image has a child.
    Orphan = "orphan", "hidden without a child: the garbage collector will delete it";
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.key())
    }
}

/// One broken rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which structure.
    pub part: Part,
    /// Which rule.
    pub rule: Rule,
    /// Byte offset in the file of the field or structure.
    pub offset: u64,
    /// What the rule asks for.
    pub expected: String,
    /// What is there.
    pub found: String,
}

impl Finding {
    pub(crate) fn new(
        part: Part,
        rule: Rule,
        offset: u64,
        expected: impl fmt::Display,
        found: impl fmt::Display,
    ) -> Self {
        Self { part, rule, offset, expected: expected.to_string(), found: found.to_string() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { part, rule, offset, expected, found } = self;
        write!(f, "{part}")?;
        // A chain has no bytes.
        if *part != Part::Chain {
            write!(f, " at byte {offset}")?;
        }
        write!(f, ": {}: expected {expected}, found {found}", rule.says())
    }
}

/// How many findings of one image are kept: enough to see a pattern, bounded whatever the image says.
const KEPT: usize = 200;

/// The findings of one image, in the order of the checks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Findings {
    /// The first of them.
    pub list: Vec<Finding>,
    /// How many more there were.
    pub more: u64,
}

impl Findings {
    /// Adds one.
    pub fn push(&mut self, finding: Finding) {
        if self.list.len() < KEPT {
            self.list.push(finding);
        } else {
            self.more += 1;
        }
    }

    /// Adds a finding if `holds` is false.
    pub(crate) fn require(&mut self, holds: bool, finding: impl FnOnce() -> Finding) {
        if !holds {
            self.push(finding());
        }
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}
