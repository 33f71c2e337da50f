//! All that is known of an SR from reading it: its chains, what they take up, what is unhealthy, what is garbage.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::PathBuf;

use serde::Serialize;
use uuid::Uuid;

use super::advice::Advised;
use super::checkup::{Depth, FileCheckup, check_tree};
use super::context::Context;
use super::error::Error;
use crate::os::{self, Space};
use crate::sr::{Area, Leftover, Node, Repository, Tree, areas, leftovers, vdi_file_name};
use crate::vhd::Rule;

/// An SR as it was when it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Survey {
    /// Its directory.
    pub sr: PathBuf,
    /// Its uuid, where the directory is named by one.
    pub uuid: Option<Uuid>,
    /// When it was read, RFC 3339.
    pub time: String,
    /// The file system that it is on.
    pub space: Space,
    /// Sums.
    pub totals: Totals,
    /// Its chains, in the order of `vdis`.
    pub chains: Vec<ChainFacts>,
    /// Its VDIs, chain by chain, every one behind its parent.
    pub vdis: Vec<VdiFacts>,
    /// `.vhd` files that are no VDIs.
    pub broken: Vec<BrokenFile>,
    /// Staging areas of ours.
    pub staging: Vec<Area>,
    /// Directories like those of the Python plugins.
    pub legacy: Vec<Leftover>,
    /// Everything else in its directory.
    pub others: Others,
}

/// A VDI and its place among the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VdiFacts {
    /// What its own file says.
    #[serde(flatten)]
    pub node: Node,
    /// How many ancestors it has.
    pub depth: usize,
    /// Whether its parent is not there.
    pub parent_missing: bool,
    /// Hidden, and so is all that descends from it: the garbage collector will remove it.
    pub garbage: bool,
    /// How it is.
    pub health: Health,
    /// What is wrong with it, and what to do.
    pub findings: Vec<Advised>,
    /// How many more findings there were than are listed.
    pub more: u64,
}

/// How a VDI is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// Nothing is wrong.
    Sound,
    /// Nothing is wrong, but there is no footer at its end: a guest has the disk, or had it when its host died.
    InUse,
    /// It breaks rules.
    Unhealthy,
}

impl Health {
    /// The word for it.
    #[must_use]
    pub fn says(self) -> &'static str {
        match self {
            Self::Sound => "sound",
            Self::InUse => "in use",
            Self::Unhealthy => "unhealthy",
        }
    }
}

/// A chain, or several that share a base.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChainFacts {
    /// The base, or what is left of the chain where that is missing.
    pub base: Uuid,
    /// Its VDIs.
    pub vdis: usize,
    /// Those of them that are not hidden.
    pub visible: usize,
    /// Most links from the base to a leaf.
    pub links: usize,
    /// Size of its largest disk, bytes.
    pub virtual_size: u64,
    /// Lengths of its files, bytes.
    pub physical_size: u64,
    /// What its files occupy, bytes.
    pub occupied_size: u64,
    /// Whether all of it is garbage.
    pub garbage: bool,
    /// That of its unhealthiest VDI.
    pub health: Health,
}

/// A `.vhd` file that is no VDI.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BrokenFile {
    /// Its name.
    pub file: String,
    /// Why.
    pub reason: String,
    /// What it occupies, bytes.
    pub occupied_size: u64,
    /// What is wrong with it, and what to do.
    pub findings: Vec<Advised>,
    /// How many more findings there were than are listed.
    pub more: u64,
}

/// Files in the SR that are neither VHDs nor ours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Others {
    /// How many.
    pub files: usize,
    /// What they occupy, bytes.
    pub occupied_size: u64,
}

/// Sums over an SR.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// VDIs.
    pub vdis: usize,
    /// Those that are hidden.
    pub hidden: usize,
    /// Sizes of the disks that are not hidden, bytes.
    pub virtual_size: u64,
    /// Lengths of the files of VDIs, bytes.
    pub physical_size: u64,
    /// What these files occupy, bytes.
    pub occupied_size: u64,
    /// Of that, what hidden ones occupy that are no garbage, bytes.
    pub hidden_size: u64,
    /// Hidden VDIs that nothing visible descends from, staging areas of runs that died, and directories like those of the
    /// Python plugins.
    pub garbage: usize,
    /// What these occupy, bytes.
    pub garbage_size: u64,
    /// Unhealthy VDIs that are no garbage, and `.vhd` files that are no VDIs.
    pub unhealthy: usize,
}

impl Survey {
    /// What of it is about the chains that some VDIs belong to.
    #[must_use]
    pub fn only(mut self, vdis: &[Uuid]) -> Self {
        let wanted = |chain: &&[VdiFacts]| chain.iter().any(|vdi| vdis.contains(&vdi.node.uuid));
        self.vdis = apart(&self.vdis).filter(wanted).flatten().cloned().collect();
        self.chains = chains(&self.vdis);
        (self.broken, self.staging, self.legacy) = (Vec::new(), Vec::new(), Vec::new());
        self.totals = totals(&self);
        self
    }
}

/// Reads all of `sr`, and changes nothing. Of images, only the metadata is read.
///
/// # Errors
/// The SR cannot be listed. Whatever is wrong with what is in it is part of the survey.
pub fn survey(sr: &Repository, ctx: Context<'_>) -> Result<Survey, Error> {
    let tree = Tree::read(sr)?;
    let checkups = check_tree(sr, &tree, Depth::Metadata, ctx)?;
    let mut checkups: BTreeMap<String, FileCheckup> =
        checkups.into_iter().map(|checkup| (checkup.file.clone(), checkup)).collect();
    let vdis = vdis(&tree, &mut checkups);
    let broken = tree.broken.iter().map(|broken| {
        let checkup = checkups.remove(&broken.file);
        let (findings, more) = checkup.map_or_else(Default::default, |c| (c.findings, c.more));
        let occupied_size = occupied(sr, OsStr::new(&broken.file)).unwrap_or(0);
        BrokenFile { file: broken.file.clone(), reason: broken.reason.clone(), occupied_size, findings, more }
    });
    let mut survey = Survey {
        sr: sr.dir().path().to_owned(),
        uuid: sr.uuid(),
        time: ctx.now().to_string(),
        space: os::space(sr.dir())?,
        totals: Totals::default(),
        chains: chains(&vdis),
        broken: broken.collect(),
        vdis,
        staging: areas(sr)?,
        legacy: leftovers(sr, false)?,
        others: others(sr)?,
    };
    survey.totals = totals(&survey);
    Ok(survey)
}

fn vdis(tree: &Tree, checkups: &mut BTreeMap<String, FileCheckup>) -> Vec<VdiFacts> {
    let walk = tree.walk();
    // Children come behind their parents: from the end on, what descends from a VDI is known before it.
    let mut needed = BTreeSet::new();
    for (_, node) in walk.iter().rev() {
        if !node.hidden || needed.contains(&node.uuid) {
            needed.insert(node.uuid);
            needed.extend(node.parent);
        }
    }
    let facts = walk.into_iter().map(|(depth, node)| {
        let checkup = checkups.remove(&vdi_file_name(node.uuid));
        let in_use = checkup.as_ref().is_some_and(|c| c.in_use);
        let (findings, more) = checkup.map_or_else(Default::default, |c| (c.findings, c.more));
        // That it is garbage is said apart.
        let health = match findings.iter().all(|f| f.finding.rule == Rule::Orphan) {
            false => Health::Unhealthy,
            true if in_use => Health::InUse,
            true => Health::Sound,
        };
        let parent_missing = node.parent.is_some() && tree.parent(node).is_none();
        let garbage = !needed.contains(&node.uuid);
        VdiFacts { node: node.clone(), depth, parent_missing, garbage, health, findings, more }
    });
    facts.collect()
}

/// The VDIs of each chain.
fn apart(vdis: &[VdiFacts]) -> impl Iterator<Item = &[VdiFacts]> {
    vdis.chunk_by(|_, next| next.depth > 0)
}

fn chains(vdis: &[VdiFacts]) -> Vec<ChainFacts> {
    let of = |chain: &[VdiFacts]| {
        let sum =
            |size: fn(&Node) -> u64| chain.iter().map(|vdi| size(&vdi.node)).fold(0, u64::saturating_add);
        ChainFacts {
            base: chain[0].node.uuid,
            vdis: chain.len(),
            visible: chain.iter().filter(|vdi| !vdi.node.hidden).count(),
            links: chain.iter().map(|vdi| vdi.depth + 1).max().unwrap_or(0),
            virtual_size: chain.iter().map(|vdi| vdi.node.virtual_size).max().unwrap_or(0),
            physical_size: sum(|node| node.physical_size),
            occupied_size: sum(|node| node.occupied_size),
            garbage: chain.iter().all(|vdi| vdi.garbage),
            health: chain.iter().map(|vdi| vdi.health).max().unwrap_or(Health::Sound),
        }
    };
    apart(vdis).map(of).collect()
}

fn others(sr: &Repository) -> Result<Others, Error> {
    let mut others = Others::default();
    for name in sr.dir().names()? {
        if name.to_string_lossy().ends_with(".vhd") {
            continue;
        }
        if let Some(size) = occupied(sr, &name) {
            others.files += 1;
            others.occupied_size = others.occupied_size.saturating_add(size);
        }
    }
    Ok(others)
}

/// What a file in the SR occupies; `None` of what is no file, or has just gone.
fn occupied(sr: &Repository, name: &OsStr) -> Option<u64> {
    let metadata = std::fs::symlink_metadata(sr.dir().path().join(name)).ok();
    metadata.filter(std::fs::Metadata::is_file).map(|file| os::occupied(&file))
}

fn totals(survey: &Survey) -> Totals {
    let mut totals = Totals { vdis: survey.vdis.len(), unhealthy: survey.broken.len(), ..Totals::default() };
    let add = |sum: &mut u64, bytes: u64| *sum = sum.saturating_add(bytes);
    for vdi in &survey.vdis {
        let node = &vdi.node;
        totals.hidden += usize::from(node.hidden);
        add(&mut totals.physical_size, node.physical_size);
        add(&mut totals.occupied_size, node.occupied_size);
        if vdi.garbage {
            totals.garbage += 1;
            add(&mut totals.garbage_size, node.occupied_size);
            continue;
        }
        totals.unhealthy += usize::from(vdi.health == Health::Unhealthy);
        if node.hidden {
            add(&mut totals.hidden_size, node.occupied_size);
        } else {
            add(&mut totals.virtual_size, node.virtual_size);
        }
    }
    let dead = survey.staging.iter().filter(|area| !area.in_work).map(|area| area.occupied_size);
    for bytes in dead.chain(survey.legacy.iter().map(|left| left.occupied_size)) {
        totals.garbage += 1;
        add(&mut totals.garbage_size, bytes);
    }
    totals
}
