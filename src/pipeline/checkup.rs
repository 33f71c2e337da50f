//! Every finding in one file, or in a whole SR.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::advice::Advised;
use super::context::Context;
use super::error::Error;
use super::progress::Stage;
use super::watched::Watched;
use crate::os;
use crate::sr::{MAX_DEPTH, Repository, Tree, vdi_file_name, vdi_uuid};
use crate::vhd::{self, Finding, Part, Rule, Scope};

/// What is wrong with one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileCheckup {
    /// The file.
    pub file: String,
    /// Every broken rule, and what to do about it.
    pub findings: Vec<Advised>,
    /// How many more there were than are listed.
    pub more: u64,
    /// In an SR: whether there is no footer at its end, as while a guest has the disk, or when its host died then.
    pub in_use: bool,
}

impl FileCheckup {
    fn new(file: String, findings: vhd::Findings, in_use: bool) -> Self {
        Self { file, findings: Advised::all(findings.list), more: findings.more, in_use }
    }
}

/// What is wrong with some files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checkups {
    /// How many files were checked.
    pub checked: usize,
    /// How many findings there are in all.
    pub findings: u64,
    /// The files, sound ones included.
    pub files: Vec<FileCheckup>,
}

impl Checkups {
    /// The sum of `files`.
    #[must_use]
    pub fn of(files: Vec<FileCheckup>) -> Self {
        let findings = files.iter().map(|f| f.findings.len() as u64 + f.more).sum();
        Self { checked: files.len(), findings, files }
    }
}

/// How much is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Depth {
    /// Metadata only.
    #[default]
    Metadata,
    /// All data as well, to hold it against the bitmaps.
    Data,
}

/// Checks the VHD file at `path` or, where that is a directory, the SR.
///
/// # Errors
/// It cannot be read.
pub fn check(path: &Path, depth: Depth, ctx: Context<'_>) -> Result<Checkups, Error> {
    if path.is_dir() {
        return Ok(Checkups::of(check_repository(&Repository::open(path)?, depth, ctx)?));
    }
    Ok(Checkups::of(check_files(&[path.to_owned()], depth, ctx)?))
}

fn findings(file: &File, scope: Scope, depth: Depth, ctx: Context<'_>) -> Result<vhd::Findings, vhd::Error> {
    watch(file, depth, ctx, |file| deepened(vhd::check(file, scope, ctx.now())?.findings, file, depth))
}

/// Has `work` read a file, of which whoever waits is told. Some of it is read twice, and not all of it: it counts once.
fn watch<T>(file: &File, depth: Depth, ctx: Context<'_>, work: impl FnOnce(&Watched<'_>) -> T) -> T {
    let left = Cell::new(file.metadata().map_or(0, |metadata| metadata.len()));
    let seen = |bytes: u64| {
        ctx.progress.advance(bytes.min(left.get()));
        left.set(left.get().saturating_sub(bytes));
    };
    let done = work(&Watched { file, seen: &seen });
    if depth == Depth::Data {
        seen(left.get());
    }
    done
}

/// Adds what is wrong with the data. Blocks are only read where the metadata says soundly where they are.
fn deepened(findings: vhd::Findings, file: &Watched<'_>, depth: Depth) -> Result<vhd::Findings, vhd::Error> {
    if depth == Depth::Data && findings.is_empty() {
        vhd::check_data(&vhd::Image::open(file)?)
    } else {
        Ok(findings)
    }
}

/// The stage begins that looks at files of these lengths. How much of them is metadata shows when it is read.
fn begin(files: impl Iterator<Item = u64>, depth: Depth, ctx: Context<'_>) -> Result<(), Error> {
    let total = (depth == Depth::Data).then(|| files.fold(0, u64::saturating_add));
    ctx.stage(Stage::Check, total)
}

/// Checks VHD files, each by itself.
///
/// # Errors
/// One cannot be read: whatever it holds is a finding.
pub fn check_files(paths: &[PathBuf], depth: Depth, ctx: Context<'_>) -> Result<Vec<FileCheckup>, Error> {
    // What is not there is told when its turn has come.
    begin(paths.iter().map(|path| path.metadata().map_or(0, |metadata| metadata.len())), depth, ctx)?;
    paths.iter().map(|path| check_file(path, depth, ctx)).collect()
}

/// Checks one VHD file by itself.
///
/// # Errors
/// It cannot be read: whatever it holds is a finding.
pub(crate) fn check_file(path: &Path, depth: Depth, ctx: Context<'_>) -> Result<FileCheckup, Error> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(os::Error::at("opening", path))?;
    let findings = findings(&file, Scope::Whole, depth, ctx).map_err(Error::engine(&name))?;
    Ok(FileCheckup::new(name, findings, false))
}

/// Checks every VHD of an SR, by itself and in its chain. One that cannot be read is a finding.
///
/// # Errors
/// The SR cannot be listed.
pub fn check_repository(sr: &Repository, depth: Depth, ctx: Context<'_>) -> Result<Vec<FileCheckup>, Error> {
    let tree = Tree::read(sr)?;
    begin(tree.nodes.values().map(|node| node.physical_size), depth, ctx)?;
    check_tree(sr, &tree, depth, ctx)
}

/// The same, for whoever has read the chains already.
pub(crate) fn check_tree(
    sr: &Repository,
    tree: &Tree,
    depth: Depth,
    ctx: Context<'_>,
) -> Result<Vec<FileCheckup>, Error> {
    let parents: BTreeSet<_> = tree.nodes.values().filter_map(|n| n.parent).collect();
    let mut checkups = Vec::new();
    for name in sr.dir().names()? {
        let shown = name.to_string_lossy().into_owned();
        if !shown.ends_with(".vhd") {
            continue;
        }
        let Some((mut found, in_use)) = check_in_place(sr, &shown, depth, ctx) else { continue };
        // A signal leaves a file half read, which says nothing about it.
        os::stop::check().map_err(os::Error::at("checking", sr.dir().path()))?;
        match vdi_uuid(&name) {
            None => found.push(Finding::new(Part::File, Rule::FileName, 0, "<uuid>.vhd", &shown)),
            Some(uuid) => chain_findings(tree, uuid, parents.contains(&uuid), &mut found),
        }
        checkups.push(FileCheckup::new(shown, found, in_use));
    }
    Ok(checkups)
}

/// What is wrong with a file in the SR by itself, and whether it is in use; `None` when it has just gone.
fn check_in_place(
    sr: &Repository,
    name: &str,
    depth: Depth,
    ctx: Context<'_>,
) -> Option<(vhd::Findings, bool)> {
    let file = match sr.dir().open_file(name, false) {
        Ok(file) => file,
        Err(error) if error.is_missing() => return None,
        Err(error) => return Some((unreadable(&error), false)),
    };
    let checked = watch(&file, depth, ctx, |file| {
        let checkup = vhd::check_in_place(file, ctx.now())?;
        // What is written meanwhile may look like anything.
        let depth = if checkup.attached { Depth::Metadata } else { depth };
        Ok((deepened(checkup.findings, file, depth)?, checkup.attached))
    });
    Some(checked.unwrap_or_else(|error: vhd::Error| (unreadable(&error), false)))
}

fn unreadable(error: &(dyn std::error::Error + 'static)) -> vhd::Findings {
    let mut found = vhd::Findings::default();
    found.push(Finding::new(Part::File, Rule::Unreadable, 0, "a regular file", os::in_full(error)));
    found
}

/// What is wrong with a VDI's place among the others.
fn chain_findings(tree: &Tree, uuid: uuid::Uuid, has_child: bool, out: &mut vhd::Findings) {
    let Some(node) = tree.nodes.get(&uuid) else { return };
    let mut add = |rule, expected: String, found: String| {
        out.push(Finding::new(Part::Chain, rule, 0, expected, found));
    };
    if node.hidden && !has_child {
        add(Rule::Orphan, "a child, or a visible VDI".into(), "neither".into());
    }
    if !node.hidden && has_child {
        add(Rule::Hidden, "hidden, as it has a child".into(), "visible".into());
    }
    let chain = tree.chain(uuid);
    if chain.len() > MAX_DEPTH + 1 {
        add(Rule::ChainDepth, format!("at most {} links", MAX_DEPTH + 1), chain.len().to_string());
    }
    let Some(last) = chain.last() else { return };
    if last.parent.is_some_and(|p| chain.iter().any(|n| n.uuid == p)) {
        add(
            Rule::ChainLoop,
            "a base at the end of the chain".into(),
            format!("{} again", vdi_file_name(last.uuid)),
        );
    }
    if node.kind != vhd::DiskType::Differencing {
        return;
    }
    let Some(parent) = tree.parent(node) else {
        let name = node.parent.map_or("a name that is no VDI's".to_owned(), vdi_file_name);
        return add(Rule::ParentMissing, "the parent in the same SR, readable".into(), name);
    };
    if parent.virtual_size > node.virtual_size {
        add(
            Rule::ParentSize,
            format!("at most {} bytes", node.virtual_size),
            parent.virtual_size.to_string(),
        );
    }
    if node.parent_image != Some(parent.image) {
        add(
            Rule::ParentUuid,
            format!("parent {}, as in {}", parent.image, vdi_file_name(parent.uuid)),
            node.parent_image.unwrap_or_default().to_string(),
        );
    }
}
