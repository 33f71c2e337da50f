//! Last stage: everything durable, then names in the SR.

use super::carried::Carried;
use super::context::Context;
use super::error::Error;
use super::identify::Identified;
use super::once::Call;
use super::progress::Stage;
use super::report::{Imported, Root};
use super::validate::Validated;
use crate::os;
use crate::sr::{self, Arrival, Repository};

/// Moves `chain` into `sr`; with `dry_run`, only says what would have come of it.
pub(crate) fn publish(
    chain: Validated,
    call: &Call,
    sr: &Repository,
    dry_run: bool,
    ctx: Context<'_>,
) -> Result<Imported, Error> {
    let Validated { chain: Identified { carried: Carried { staging, digests, notes }, links }, reports } =
        chain;
    let leaf = reports.first().map(|l| l.uuid).unwrap_or_default();
    let imported = Imported {
        root: Root { uuid: leaf },
        chain: reports,
        bytes_read: digests.as_ref().map_or(0, |d| d.bytes),
        md5: digests.as_ref().map(|d| d.md5.clone()),
        sha256: digests.map(|d| d.sha256),
        notes,
        dry_run,
    };
    if !dry_run {
        ctx.stage(Stage::Land, None)?;
        let dir = staging.dir();
        for link in &links {
            let file = dir.open_file(&link.file_name(), true)?;
            file.sync_all().map_err(os::Error::at("syncing", dir.join(&link.file_name())))?;
        }
        dir.sync()?;
        // The last chance: what comes now takes milliseconds, and is not left half done.
        os::stop::check().map_err(os::Error::at("landing", dir.path()))?;
        let arrivals: Vec<Arrival> =
            links.iter().map(|l| Arrival { uuid: l.uuid, staged: l.file_name() }).collect();
        sr::land(sr, staging, &arrivals, |files| call.remember(sr, &imported, files))?;
    }
    tracing::info!(%leaf, links = links.len(), dry_run, "imported");
    Ok(imported)
}
