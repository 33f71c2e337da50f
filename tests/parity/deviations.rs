//! Which deviation of `docs/vhd-util.md` a run is an instance of.

use crate::record::Record;

/// Name, and the runs that it explains: pattern of the case, of the group, of the command line. The first row that fits is
/// the one.
const DEVIATIONS: &[(&str, &str, &str, &str)] = &[
    ("block-size", "x-blocksize-1m", "*", "*"),
    ("block-size", "bad-hdr-blocksize-256", "*", "*"),
    ("fill-b", "*", "fill-b*", "*"),
    ("fill-b", "cli-errors", "fill", "fill -n disk.vhd -b*"),
    ("reserved-bytes", "bad-ftr-reserved0", "*", "check*"),
    ("reserved-bytes", "x-hdr-res2-byte0", "*", "check*"),
    ("fixed-size", "bad-fixed-short", "*", "check*"),
    ("fixed-size", "bad-fixed-short", "*", "repair*"),
    ("fixed-size", "bad-fixed-short", "*", "set*"),
    ("fixed-size", "bad-fixed-short", "*", "modify -s*"),
    ("block-place", "bad-bat-wrap", "*", "check*"),
    ("block-place", "bad-lastblock-unchecked", "*", "check*"),
    ("block-place", "x-bat-fffffffe", "*", "check*"),
    ("block-place", "bad-bat-footer", "*", "check*"),
    ("parent-loop", "bad-loop-*", "*", "check*"),
    ("parent-loop", "bad-loop-*", "*", "coalesce*"),
    ("parent-loop", "bad-loop-*", "*", "modify*"),
    ("parent-loop", "cli-errors", "*", "modify -n child.vhd -p child.vhd"),
    ("batmap-not-full", "x-batmap-bit-not-full", "*", "check*"),
    ("batmap-size", "bad-batmap-size0", "*", "check*"),
    ("data-first-byte", "bad-bitmap-clear-byte0", "*", "check*"),
    ("stats-beyond-parent", "diff-bigger-child", "*", "check*"),
    ("truncated", "*", "repair*", "repair*"),
    ("truncated", "*", "set-hidden*", "set*"),
    ("truncated", "flow-openstack-truncated", "*", "repair*"),
    ("hidden-flag", "cli-errors", "set", "set*"),
    ("unknown-type", "bad-ftr-type*", "*", "*"),
    ("legacy-hidden", "dyn-v1-1-hidden-badsum", "*", "*"),
    ("locator-room", "bad-loc-*", "modify*", "modify*"),
    ("locator-room", "cli-errors", "modify-long", "modify*"),
    ("batmap-last-blocks", "dyn-8194m-lastfull", "*", "*"),
    ("no-overwrite", "cli-errors", "*", "create*"),
    ("no-overwrite", "cli-errors", "*", "snapshot*"),
    ("null-uuid-parent", "bad-ftr-nulluuid", "snapshot*", "snapshot*"),
    ("no-leftovers", "*", "snapshot*", "snapshot*"),
    ("scan-order", "*", "dir", "scan -f -m *"),
    ("scan-phantom", "cli-errors", "scan", "scan -c*"),
    ("wide-numbers", "bad-hdr-maxbat-2g", "*", "query*"),
    ("read-raw-parent", "diff-raw-parent", "*", "read -R*"),
    ("table-place", "bad-hdr-tableoff-unaligned", "*", "read -C*"),
    ("fill-whole-disk", "bad-size-zero", "fill", "fill*"),
    ("unsound-writes", "bad-*", "*", "fill*"),
    ("unsound-writes", "bad-*", "*", "resize*"),
    ("unsound-writes", "x-*", "*", "resize*"),
    ("unsound-writes", "x-hdr*", "*", "fill*"),
    ("unsound-writes", "x-bat*", "*", "fill*"),
    ("unsound-writes", "x-file*", "*", "fill*"),
    ("unsound-writes", "dyn-filled-b", "*", "*"),
    ("unsound-writes", "bad-bat-*", "copy*", "*"),
    ("unsound-writes", "bad-truncated-*", "copy*", "*"),
    ("unsound-writes", "bad-lastblock-*", "copy*", "*"),
    ("unsound-writes", "x-bat-*", "copy*", "*"),
    ("coalesce-parent", "*", "coalesce*", "coalesce*"),
    ("copied-gaps", "*", "copy*", "copy*"),
    ("copied-gaps", "*", "copy*", "*copy.vhd"),
    ("fill-whole-disk", "*", "fill", "fill*"),
    ("resize-room", "*", "resize*", "resize*"),
    ("other-uuids", "flow-*", "*", "*"),
];

/// The name of the deviation that `record` is an instance of.
pub(crate) fn name(record: &Record) -> Option<&'static str> {
    let line = record.argv.join(" ");
    let fits = |(_, case, group, command): &&(&str, &str, &str, &str)| {
        matches(case, &record.case) && matches(group, &record.group) && matches(command, &line)
    };
    DEVIATIONS.iter().find(fits).map(|(name, ..)| *name)
}

/// Whether `text` matches `pattern`, in which a star stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => {
            let Some(text) = text.strip_prefix(start) else { return false };
            (0..=text.len()).filter(|at| text.is_char_boundary(*at)).any(|at| matches(rest, &text[at..]))
        }
    }
}
