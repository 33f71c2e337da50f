//! Results for people and for scripts.

use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;
use uuid::Uuid;

use super::outcome::Exit;
use crate::pipeline::LinkReport;

/// Why standard output did not take all that was written to it.
static REFUSED: OnceLock<std::io::Error> = OnceLock::new();
/// Whether its reader has gone.
static GONE: AtomicBool = AtomicBool::new(false);

/// Writes `text` to standard output. A reader that went away is no error of ours.
pub(super) fn text(text: &str) {
    write(&printable(text));
}

/// Writes `text`, which drives the terminal, to standard output: what in it is not ours must be [`printable`].
pub(super) fn screen(text: &str) {
    write(text);
}

fn write(text: &str) {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => GONE.store(true, Ordering::Relaxed),
        Err(error) => drop(REFUSED.set(error)),
        Ok(()) => {}
    }
}

/// Whether standard output takes nothing any more: whoever read it has gone, or the system refuses.
pub(super) fn is_refused() -> bool {
    GONE.load(Ordering::Relaxed) || REFUSED.get().is_some()
}

/// `text` without what drives a terminal, or turns the direction of writing: names in it come from files, and may hold anything.
pub(super) fn printable(text: &str) -> String {
    let harmless = |c: char| match c {
        '\n' | '\t' => c,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        _ if c.is_control() => '\u{fffd}',
        _ => c,
    };
    text.chars().map(harmless).collect()
}

/// How the program ends that was to end with `exit`: with a failure if its result could not be written.
pub(super) fn ended(exit: Exit) -> Exit {
    let Some(error) = REFUSED.get() else { return exit };
    let mut err = std::io::stderr().lock();
    // There is nobody else to tell.
    let _ = writeln!(err, "vhd-porter: writing to standard output what came of it: {error}");
    if exit == Exit::Done { Exit::Failed } else { exit }
}

/// Writes one JSON document to standard output.
pub(super) fn document(value: &impl Serialize) {
    text(&pretty(value));
}

/// Writes `value` as one JSON document, or says the same in words.
pub(super) fn either(json: bool, value: &impl Serialize, words: impl FnOnce() -> String) {
    if json { document(value) } else { text(&words()) }
}

/// One JSON document and a newline.
pub(super) fn pretty(value: &impl Serialize) -> String {
    let mut json =
        serde_json::to_string_pretty(value).unwrap_or_else(|e| format!("{{\"error\": {:?}}}", e.to_string()));
    json.push('\n');
    json
}

/// Bytes in the largest unit of which there is at least one.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let unit = (0..5u32).rev().find(|u| bytes >> (10 * u) > 0).unwrap_or(0);
    let tenths = u128::from(bytes) * 10 / (1u128 << (10 * unit));
    match unit {
        0 => format!("{bytes} B"),
        _ => format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit as usize]),
    }
}

/// The digests that were computed, a line each.
pub(super) fn digests(list: &[(&str, &Option<String>)]) -> String {
    let known = list.iter().filter_map(|(name, digest)| Some((name, digest.as_ref()?)));
    known.map(|(name, digest)| format!("{name:7} {digest}\n")).collect()
}

/// A chain, its base at the top, as it will stand in the SR.
pub(super) fn chain(links: &[LinkReport]) -> String {
    let nodes = links
        .iter()
        .map(|l| (l.uuid, l.parent, l.virtual_size, l.physical_size, l.hidden, l.source.as_str()));
    let mut out = String::new();
    for (depth, (uuid, _, disk, file, hidden, source)) in nodes.rev().enumerate() {
        let line = line(uuid, disk, file, hidden, &branch(depth));
        let _ = writeln!(out, "{line}  from {source}");
    }
    out
}

fn branch(depth: usize) -> String {
    if depth == 0 { String::new() } else { format!("{}└─ ", "   ".repeat(depth - 1)) }
}

fn line(uuid: Uuid, disk: u64, file: u64, hidden: bool, branch: &str) -> String {
    let role = if hidden { "hidden" } else { "visible" };
    format!("{branch}{uuid}  {role:7}  disk {:>9}  file {:>9}", size(disk), size(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_drive_no_terminal() {
        assert_eq!(printable("a\x1b[2J\u{9b}\u{202e}\tb\n"), "a\u{fffd}[2J\u{fffd}\u{fffd}\tb\n");
    }

    #[test]
    fn sizes_have_one_decimal() {
        assert_eq!(size(0), "0 B");
        assert_eq!(size(1023), "1023 B");
        assert_eq!(size(1536), "1.5 KiB");
        assert_eq!(size(2040 << 30), "1.9 TiB");
    }
}
