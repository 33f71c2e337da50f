//! `vhd-porter install`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::args::Install as Args;
use super::changes::told;
use super::outcome::{Exit, Failure};
use super::papers::papers;
use super::show;
use crate::os::{self, Job};
use crate::setup::{self, Change, Content, Item, Mode, Site};

/// The program that holds all plugins.
const PLUGINS: &str = "vhd-porter-plugin";
/// This program.
const PORTER: &str = "vhd-porter";
/// The drop-in for blktap's.
const VHD_UTIL: &str = "vhd-util";
/// Where packages put programs.
const PACKAGED: &str = "/usr/bin";
/// How long the program may take to say which plugins it holds.
const PATIENCE: Duration = Duration::from_secs(30);

/// What [`PLUGINS`] says of itself.
#[derive(Deserialize)]
struct Held {
    version: String,
    plugins: Vec<Plugin>,
}

/// A plugin.
#[derive(Deserialize)]
struct Plugin {
    name: String,
}

/// What was done, or is to be.
#[derive(Serialize)]
struct Report {
    version: &'static str,
    prefix: PathBuf,
    plugin_dir: PathBuf,
    root: Option<PathBuf>,
    plugins: Vec<String>,
    dry_run: bool,
    changes: Vec<Change>,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let site = Site::new(args.root.as_deref()).map_err(|e| failed(&e))?;
    if !site.is_staged() && !args.plugin_dir.is_dir() {
        return Err(failed(&setup::Error::NoPlugins(args.plugin_dir.clone())));
    }
    let this = std::env::current_exe()
        .map_err(|e| Failure::other("system", format!("finding this program: {e}")))?;
    let beside = this.parent().unwrap_or(Path::new("/"));
    let prefix = args
        .prefix
        .clone()
        .unwrap_or_else(|| PathBuf::from(if beside == Path::new(PACKAGED) { "/usr" } else { "/usr/local" }));
    let plugins = held(&beside.join(PLUGINS))?;
    let mut items = programs(args, &site, &this, &prefix)?;
    items.extend(links(&args.plugin_dir, &prefix, &plugins));
    os::create_publicly();
    let changes = setup::install(&site, &items, env!("CARGO_PKG_VERSION"), mode(args.dry_run))
        .map_err(|e| failed(&e))?;
    let report = Report {
        version: env!("CARGO_PKG_VERSION"),
        prefix,
        plugin_dir: args.plugin_dir.clone(),
        root: args.root.clone(),
        plugins,
        dry_run: args.dry_run,
        changes,
    };
    show::either(args.json, &report, || words(&report));
    Ok(Exit::Done)
}

/// Programs and papers; none where somebody else, such as a package, has put this program in its place.
fn programs(args: &Args, site: &Site, this: &Path, prefix: &Path) -> Result<Vec<Item>, Failure> {
    let bin = prefix.join("bin");
    let installed = |name: &str| site.has_installed(&bin.join(name)).map_err(|e| failed(&e));
    let beside = |name: &str| this.with_file_name(name);
    let mut items = Vec::new();
    if args.with_vhd_util || installed(VHD_UTIL)? {
        let source = beside(VHD_UTIL);
        if !source.is_file() {
            let what = "expected the program beside this one, found nothing; \
                packages have it in /usr/libexec/vhd-porter";
            return Err(Failure::other("tool-missing", format!("{}: {what}", source.display())));
        }
        items.push(Item::new(bin.join(VHD_UTIL), Content::Guest(source)));
    }
    if site.is_at(this, &bin.join(PORTER)) && !installed(PORTER)? {
        return Ok(items);
    }
    items.push(Item::new(bin.join(PLUGINS), Content::Program(beside(PLUGINS))));
    items.push(Item::new(bin.join(PORTER), Content::Program(this.to_owned())));
    for paper in papers() {
        items.push(Item::new(prefix.join("share").join(paper.in_share), Content::Text(paper.text)));
    }
    Ok(items)
}

/// The links by which xapi finds the plugins.
fn links(plugin_dir: &Path, prefix: &Path, plugins: &[String]) -> Vec<Item> {
    let target = prefix.join("bin").join(PLUGINS);
    let names = plugins.iter().flat_map(|name| [name.clone(), format!("{name}.py")]);
    names.map(|name| Item::new(plugin_dir.join(name), Content::Link(target.clone()))).collect()
}

/// The names of the plugins that `program` holds.
fn held(program: &Path) -> Result<Vec<String>, Failure> {
    let wrong = |what: String| Failure::other("tool-missing", format!("{}: {what}", program.display()));
    let said = Job::new(program.as_os_str())
        .args(["--list", "--json"])
        .run(PATIENCE)
        .map_err(|error| Failure::other("tool-missing", os::in_full(&error)))?;
    let expected = || format!("expected the program of vhd-porter {}, found", env!("CARGO_PKG_VERSION"));
    let held: Held =
        serde_json::from_str(&said.stdout).map_err(|_| wrong(format!("{} another", expected())))?;
    if held.version != env!("CARGO_PKG_VERSION") {
        return Err(wrong(format!("{} that of {}", expected(), held.version)));
    }
    let plain = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') && !name.is_empty();
    match held.plugins.iter().find(|plugin| !plain(&plugin.name)) {
        Some(plugin) => Err(wrong(format!("expected names of plugins, found {:?}", plugin.name))),
        None => Ok(held.plugins.into_iter().map(|plugin| plugin.name).collect()),
    }
}

/// How setup runs.
pub(super) fn mode(dry_run: bool) -> Mode {
    if dry_run { Mode::Rehearse } else { Mode::Act }
}

/// Setup's error as how a subcommand ends.
pub(super) fn failed(error: &setup::Error) -> Failure {
    Failure::other(error.kind(), os::in_full(error))
}

fn words(report: &Report) -> String {
    let told = told(&report.changes, report.dry_run);
    let (plugins, place) = (report.plugins.len(), report.plugin_dir.display());
    let program = report.prefix.join("bin").join(PLUGINS);
    let what = if report.dry_run { "would be" } else { "are" };
    let version = report.version;
    format!(
        "{told}vhd-porter {version}: {plugins} plugins in {place} {what} links to {}\n",
        program.display()
    )
}
