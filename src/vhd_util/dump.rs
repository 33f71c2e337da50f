//! Showing footer, header, parent locators and batmap as text, sound or not: `read -p`, and what `check` says after bad
//! news.

use std::fmt::Display;
use std::path::Path;

use uuid::Uuid;
use zerocopy::FromZeros;

use super::clock::ctime;
use super::console::{Console, say};
use super::disk::{self, Disk};
use super::errno::Errno;
use super::parent;
use crate::vhd::{Footer, Geometry, Header, ParentLocator, PlatformCode, VhdTime, ascii_parent_name};

/// A number, in decimal or as `%#x` shows it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shown {
    /// Hexadecimal.
    pub(crate) hex: bool,
}

impl Shown {
    /// The number as text.
    pub(crate) fn number(self, value: u64) -> String {
        match (self.hex, value) {
            (true, 1..) => format!("{value:#x}"),
            _ => value.to_string(),
        }
    }

    fn mib(self, bytes: u64) -> String {
        format!("{} MB ({} Bytes)", self.number(bytes >> 20), self.number(bytes))
    }
}

/// Dumps all of an open image's metadata. Only a batmap that cannot be read makes it stop early.
pub(crate) fn image(console: &mut Console<'_>, disk: &Disk, shown: Shown) {
    footer(console, &disk.footer, shown);
    let Some(head) = &disk.header else { return };
    header(console, head, shown);
    if disk.is_child() {
        locators(console, disk, head, shown);
    }
    batmap(console, disk, shown);
}

/// Dumps whatever lies where footer and header should be, of a file that does not open.
pub(crate) fn wreck(console: &mut Console<'_>, path: &Path, shown: Shown) {
    let Ok(file) = disk::open_file(path, false) else { return };
    let len = crate::vhd::Storage::len(&file).unwrap_or(0);
    let primary = len.checked_sub(512).ok_or(Errno::INVAL).and_then(|at| disk::footer_at(&file, at));
    let best = match primary {
        Ok(footer) if disk::believable(&footer) => footer,
        _ => disk::footer_at(&file, 0).unwrap_or_else(|_| Footer::new_zeroed()),
    };
    footer(console, &best, shown);
    let head = disk::header_at(&file, best.data_offset.get()).unwrap_or_else(|_| Header::new_zeroed());
    header(console, &head, shown);
}

fn title(console: &mut Console<'_>, text: &str, rule: usize) {
    say!(console, "{text}\n{}\n", "-".repeat(rule));
}

fn line(console: &mut Console<'_>, name: &str, value: impl Display) {
    say!(console, "{name:<20}: {value}\n");
}

/// Text from a field: up to the first NUL, and byte for byte.
fn text_line(console: &mut Console<'_>, name: &str, quote: &str, field: &[u8]) {
    let end = field.iter().position(|b| *b == 0).unwrap_or(field.len());
    say!(console, "{name:<20}: {quote}");
    console.bytes(&field[..end]);
    say!(console, "{quote}\n");
}

fn verdict(stored: u32, computed: u32) -> String {
    let word = if stored == computed { "Good" } else { "Bad" };
    format!("{stored:#x}|{computed:#x} ({word}!)")
}

fn footer(console: &mut Console<'_>, footer: &Footer, shown: Shown) {
    let features = footer.features.get();
    let flags = [(1, "<TEMP>"), (2, "<RESV>")];
    let flags: String = flags.iter().filter(|(bit, _)| features & bit != 0).map(|(_, name)| *name).collect();
    let halves = |version: u32| format!("Major: {}, Minor: {}", version >> 16, version & 0xffff);
    title(console, "VHD Footer Summary:", 19);
    text_line(console, "Cookie", "", &footer.cookie);
    line(console, "Features", format_args!("({features:#010x}) {flags}"));
    line(console, "File format version", halves(footer.version.get()));
    line(console, "Data offset", shown.number(footer.data_offset.get()));
    line(console, "Timestamp", ctime(VhdTime(footer.timestamp.get())));
    text_line(console, "Creator Application", "'", &footer.creator_app);
    line(console, "Creator version", halves(footer.creator_version.get()));
    let system = match &footer.creator_os.get().to_be_bytes() {
        b"Wi2k" => "Windows",
        b"Mac " => "Macintosh",
        _ => "Unknown!",
    };
    line(console, "Creator OS", system);
    line(console, "Original disk size", shown.mib(footer.original_size.get()));
    line(console, "Current disk size", shown.mib(footer.current_size.get()));
    let geometry = Geometry::from(footer.geometry);
    let [cylinders, heads, sectors] =
        [geometry.cylinders.into(), geometry.heads.into(), geometry.sectors.into()].map(|n| shown.number(n));
    line(console, "Geometry", format_args!("Cyl: {cylinders}, Hds: {heads}, Sctrs: {sectors}"));
    line(console, "", format_args!("= {}", shown.mib(geometry.bytes())));
    let kind = match footer.disk_type.get() {
        0 => "None",
        1 | 5 | 6 => "Reserved (deprecated)",
        2 => "Fixed hard disk",
        3 => "Dynamic hard disk",
        4 => "Differencing hard disk",
        _ => "Unknown type!\n",
    };
    line(console, "Disk type", kind);
    line(console, "Checksum", verdict(footer.checksum.get(), footer.computed_checksum()));
    line(console, "UUID", Uuid::from_bytes(footer.uuid));
    line(console, "Saved state", if footer.saved_state == 0 { "No" } else { "Yes" });
    line(console, "Hidden", footer.hidden.cast_signed());
    say!(console, "\n");
}

fn header(console: &mut Console<'_>, header: &Header, shown: Shown) {
    title(console, "VHD Header Summary:", 19);
    text_line(console, "Cookie", "", &header.cookie);
    line(console, "Data offset (unusd)", shown.number(header.data_offset.get()));
    line(console, "Table offset", shown.number(header.table_offset.get()));
    line(console, "Header version", format_args!("{:#010x}", header.version.get()));
    line(console, "Max BAT size", shown.number(header.max_bat_entries.get().into()));
    let block = u64::from(header.block_size.get());
    let (bytes, mib) = (shown.number(block), shown.number(block >> 20));
    line(console, "Block size", format_args!("{bytes} ({mib} MB)"));
    let name = ascii_parent_name(header);
    line(console, "Parent name", name.as_deref().unwrap_or("failed to read name"));
    line(console, "Parent UUID", Uuid::from_bytes(header.parent_uuid));
    line(console, "Parent timestamp", ctime(VhdTime(header.parent_timestamp.get())));
    line(console, "Checksum", verdict(header.checksum.get(), header.computed_checksum()));
    say!(console, "\n");
}

fn locators(console: &mut Console<'_>, disk: &Disk, header: &Header, shown: Shown) {
    title(console, "VHD Parent Locators:", 20);
    for (slot, locator) in header.locators.iter().enumerate() {
        if locator.code.get() != 0 {
            line(console, "locator:", slot);
            one_locator(console, disk, locator, shown);
        }
    }
}

fn one_locator(console: &mut Console<'_>, disk: &Disk, locator: &ParentLocator, shown: Shown) {
    let code = match PlatformCode::of(locator.code.get()) {
        Some(PlatformCode::Wi2r) => "PLAT_CODE_WI2R",
        Some(PlatformCode::Wi2k) => "PLAT_CODE_WI2K",
        Some(PlatformCode::W2ru) => "PLAT_CODE_W2RU",
        Some(PlatformCode::W2ku) => "PLAT_CODE_W2KU",
        Some(PlatformCode::Mac) => "PLAT_CODE_MAC",
        Some(PlatformCode::MacX) => "PLAT_CODE_MACX",
        Some(PlatformCode::None) | None => "UNKOWN",
    };
    line(console, "       code", code);
    line(console, "       data_space", shown.number(locator.data_space.get().into()));
    line(console, "       data_length", shown.number(locator.data_length.get().into()));
    line(console, "       data_offset", shown.number(locator.data_offset.get()));
    match parent::locator_text(disk, locator) {
        Ok(text) => line(console, "       decoded name", text),
        Err(_) => say!(console, "failed to read parent name\n"),
    }
    say!(console, "\n");
}

fn batmap(console: &mut Console<'_>, disk: &Disk, shown: Shown) {
    let batmap = match disk.batmap() {
        Ok(Some(batmap)) => batmap,
        Ok(None) => return,
        Err(_) => return say!(console, "failed to get batmap header\n"),
    };
    let head = &batmap.header;
    title(console, "VHD Batmap Summary:", 19);
    line(console, "Batmap offset", shown.number(head.offset.get()));
    line(console, "Batmap size (secs)", shown.number(head.sectors.get().into()));
    line(console, "Batmap version", format_args!("{:#010x}", head.version.get()));
    if head.key_present == 1 {
        line(console, "Batmap keyhash nonce", hex(&head.key_nonce));
        line(console, "Batmap keyhash hash ", hex(&head.key_hash));
    }
    let computed = batmap.checksum(&disk.file).unwrap_or(head.checksum.get());
    line(console, "Checksum", verdict(head.checksum.get(), computed));
    say!(console, "\n");
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
