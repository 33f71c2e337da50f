//! Every finding in one file, or in a whole SR.

use std::cell::Cell;
use std::fs::File;
use std::path::{Path, PathBuf};

use serde::Serialize;

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
    /// Every broken rule.
    pub findings: Vec<Finding>,
    /// How many more there were than are listed.
    pub more: u64,
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
    // Some of it is read twice, and not all of it: for the one who waits, a file counts once.
    let left = Cell::new(file.metadata().map_or(0, |metadata| metadata.len()));
    let seen = |bytes: u64| {
        ctx.progress.advance(bytes.min(left.get()));
        left.set(left.get().saturating_sub(bytes));
    };
    let watched = Watched { file, seen: &seen };
    let mut findings = vhd::check(&watched, scope, ctx.now())?.findings;
    // Blocks are only read where the metadata says soundly where they are.
    if depth == Depth::Data && findings.is_empty() {
        findings = vhd::check_data(&vhd::Image::open(&watched)?)?;
    }
    if depth == Depth::Data {
        seen(left.get());
    }
    Ok(findings)
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
    Ok(FileCheckup { file: name, findings: findings.list, more: findings.more })
}

/// Checks every VHD of an SR, by itself and in its chain.
///
/// # Errors
/// The SR cannot be read.
pub fn check_repository(sr: &Repository, depth: Depth, ctx: Context<'_>) -> Result<Vec<FileCheckup>, Error> {
    let tree = Tree::read(sr)?;
    begin(tree.nodes.values().map(|node| node.physical_size), depth, ctx)?;
    let parents: std::collections::BTreeSet<_> = tree.nodes.values().filter_map(|n| n.parent).collect();
    let mut checkups = Vec::new();
    for name in sr.dir().names()? {
        let Some(shown) = name.to_str().filter(|n| n.ends_with(".vhd")) else { continue };
        let mut found = match sr.dir().open_file(shown, false) {
            Ok(file) => findings(&file, Scope::Repository, depth, ctx).map_err(Error::engine(shown))?,
            Err(error) => {
                let mut found = vhd::Findings::default();
                found.push(Finding::new(Part::File, Rule::FileName, 0, "a regular file", error));
                found
            }
        };
        match vdi_uuid(&name) {
            None => found.push(Finding::new(Part::File, Rule::FileName, 0, "<uuid>.vhd", shown)),
            Some(uuid) => chain_findings(&tree, uuid, parents.contains(&uuid), sr, &mut found),
        }
        checkups.push(FileCheckup { file: shown.to_owned(), findings: found.list, more: found.more });
    }
    Ok(checkups)
}

/// What is wrong with a VDI's place among the others.
fn chain_findings(tree: &Tree, uuid: uuid::Uuid, has_child: bool, sr: &Repository, out: &mut vhd::Findings) {
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
    let Some(parent) = node.parent.and_then(|p| tree.nodes.get(&p)) else {
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
    let footer_uuid = |uuid| sr.open_vdi(uuid).ok().and_then(|f| vhd::Image::open(f).ok());
    if let (Some(child), Some(image)) = (footer_uuid(uuid), footer_uuid(parent.uuid))
        && child.parent_uuid() != Some(image.uuid())
    {
        let found = child.parent_uuid().unwrap_or_default();
        add(
            Rule::ParentUuid,
            format!("parent {}, as in {}", image.uuid(), vdi_file_name(parent.uuid)),
            found.to_string(),
        );
    }
}
