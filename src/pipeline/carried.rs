//! What goes along through all stages of an import.

use crate::sr::Staging;
use crate::stream::Digests;

/// The staging area, which every stage works in and whichever fails drops; and what the answer will say at the end.
#[derive(Debug)]
pub(crate) struct Carried {
    /// Where the files are.
    pub(crate) staging: Staging,
    /// Of the stream that they came in; `None` where there was none.
    pub(crate) digests: Option<Digests>,
    /// What was done to the files, for the one who asked for it.
    pub(crate) notes: Vec<String>,
}

impl Carried {
    /// At the beginning.
    pub(crate) fn new(staging: Staging) -> Self {
        Self { staging, digests: None, notes: Vec::new() }
    }
}
