//! [`FileSystem`]: what a partition can be formatted with.

use super::error::Error;

/// A kind of file system, and a label that fits it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSystem {
    kind: &'static Kind,
    label: String,
}

#[derive(Debug, PartialEq, Eq)]
struct Kind {
    name: &'static str,
    maker: Maker,
    /// Has the program ask nothing.
    force: &'static str,
    /// Gives the label.
    label: &'static str,
    /// Its longest label, bytes.
    most: usize,
}

/// Who makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Maker {
    /// `mkfs -t NAME`
    Mkfs,
    /// `mkswap`
    Mkswap,
}

const fn kind(name: &'static str, force: &'static str, label: &'static str, most: usize) -> Kind {
    Kind { name, maker: Maker::Mkfs, force, label, most }
}

/// swap and ext3 are those of os-xenapi `partition_utils.py` `_mkfs`; OpenStack asks for vfat as the swap disk of Windows.
const KINDS: &[Kind] = &[
    Kind { name: "swap", maker: Maker::Mkswap, force: "-f", label: "-L", most: 16 },
    kind("ext2", "-F", "-L", 16),
    kind("ext3", "-F", "-L", 16),
    kind("ext4", "-F", "-L", 16),
    kind("xfs", "-f", "-L", 12),
    kind("vfat", "-I", "-n", 11),
];

impl FileSystem {
    /// The kind `name`, with `label` if that is not empty.
    ///
    /// # Errors
    /// There is no such kind, or the label does not fit it.
    pub fn new(name: &str, label: &str) -> Result<Self, Error> {
        let Some(kind) = KINDS.iter().find(|kind| kind.name == name) else {
            let known = KINDS.iter().map(|kind| kind.name).collect();
            return Err(Error::FileSystem { name: name.to_owned(), known });
        };
        let printable = |c: char| c.is_ascii_graphic() || c == ' ';
        if label.len() > kind.most || label.starts_with('-') || !label.chars().all(printable) {
            let (file_system, most) = (kind.name, kind.most);
            return Err(Error::Label { file_system, most, label: label.to_owned() });
        }
        Ok(Self { kind, label: label.to_owned() })
    }

    pub(super) fn maker(&self) -> Maker {
        self.kind.maker
    }

    /// The arguments, up to the device.
    pub(super) fn args(&self) -> Vec<&str> {
        let kind = match self.kind.maker {
            Maker::Mkfs => vec!["-t", self.kind.name],
            Maker::Mkswap => Vec::new(),
        };
        let label = if self.label.is_empty() { vec![] } else { vec![self.kind.label, &self.label] };
        [kind, vec![self.kind.force], label].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_those_of_each_kind() {
        for (name, label, args) in [
            ("swap", "", "-f"),
            ("ext3", "ephemeral", "-t ext3 -F -L ephemeral"),
            ("vfat", "SWAP", "-t vfat -I -n SWAP"),
        ] {
            assert_eq!(FileSystem::new(name, label).unwrap().args().join(" "), args);
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (name, label, said) in [
            ("ntfs", "", "Partition type ntfs not supported: expected one of swap, ext2"),
            ("ext3", "seventeen letters", "at most 16 printable ASCII characters for ext3"),
            ("vfat", "twelve chars", "at most 11"),
            ("ext3", "-x", "label: expected"),
            ("ext3", "a\nb", "label: expected"),
        ] {
            let error = FileSystem::new(name, label).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
