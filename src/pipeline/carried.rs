//! What goes along through all stages of an import.

use std::fs::File;

use crate::sr::Staging;
use crate::stream::Digests;

/// The staging area, which every stage works in and whichever fails drops; and what the answer will say at the end.
#[derive(Debug)]
pub(crate) struct Carried {
    /// Where the files are.
    pub(crate) staging: Staging,
    /// Of the stream that they came in; `None` where there was none.
    pub(crate) digests: Option<Digests>,
    /// The files that were written, open until they are synced: a system that could not bring one to the disk in the
    /// meantime remembers that only for as long as somebody has it open.
    pub(crate) pinned: Vec<File>,
    /// What was done to the files, for the one who asked for it.
    pub(crate) notes: Vec<String>,
}

impl Carried {
    /// At the beginning.
    pub(crate) fn new(staging: Staging) -> Self {
        Self { staging, digests: None, pinned: Vec::new(), notes: Vec::new() }
    }
}
