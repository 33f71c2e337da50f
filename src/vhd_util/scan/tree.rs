//! `scan -p`: images below their parents, indented.

use std::path::{Path, PathBuf};

use super::Scan;
use super::entry::Entry;

/// Prints `entries` as trees: hidden roots first, visible children first, each by name. An image whose parent was not
/// scanned is a root and says so. Images in a loop have no root above them: the first of each loop is taken for one.
pub(super) fn print(scan: &mut Scan<'_, '_>, entries: &[Entry]) {
    let mut tree = Tree { entries, printed: vec![false; entries.len()] };
    let mut roots: Vec<usize> = (0..entries.len()).filter(|i| tree.parent(*i).is_none()).collect();
    roots.sort_by_key(|i| (entries[*i].hidden == 0, entries[*i].canonical.clone()));
    for root in roots {
        tree.branch(scan, root, 0);
    }
    while let Some(left) = tree.printed.iter().position(|printed| !printed) {
        tree.branch(scan, left, 0);
    }
}

struct Tree<'a> {
    entries: &'a [Entry],
    printed: Vec<bool>,
}

impl Tree<'_> {
    /// The entry that is the parent of entry `index`.
    fn parent(&self, index: usize) -> Option<usize> {
        let path: &PathBuf = self.entries[index].parent.as_ref()?;
        self.entries.iter().position(|e| e.canonical == Path::new(path))
    }

    /// Prints an entry and all below it. Not by recursion: a chain is as deep as its files say.
    fn branch(&mut self, scan: &mut Scan<'_, '_>, root: usize, depth: usize) {
        let mut stack = vec![(root, depth)];
        while let Some((index, depth)) = stack.pop() {
            if std::mem::replace(&mut self.printed[index], true) {
                continue;
            }
            let entry = &self.entries[index];
            let lost = entry.parent.is_some() && self.parent(index).is_none();
            scan.line(entry, depth, if lost { " (not found in scan)" } else { "" });
            let mut children: Vec<usize> =
                (0..self.entries.len()).filter(|i| self.parent(*i) == Some(index)).collect();
            children.sort_by_key(|i| (self.entries[*i].hidden != 0, self.entries[*i].canonical.clone()));
            stack.extend(children.into_iter().rev().map(|child| (child, depth + 1)));
        }
    }
}
