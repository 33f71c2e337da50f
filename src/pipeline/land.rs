//! Last stage: everything durable, then names in the SR.

use std::thread::Builder;

use super::carried::Carried;
use super::context::Context;
use super::error::Error;
use super::identify::{Identified, Link};
use super::once::Call;
use super::progress::Stage;
use super::report::{Imported, Root};
use super::validate::Validated;
use crate::os::{self, Dir};
use crate::sr::{self, Arrival, Repository};
use crate::stream::Digests;

/// Moves `chain` into `sr`; with `dry_run`, only says what would have come of it.
pub(crate) fn publish(
    chain: Validated,
    call: &Call,
    sr: &Repository,
    dry_run: bool,
    ctx: Context<'_>,
) -> Result<Imported, Error> {
    let Validated {
        chain: Identified { carried: Carried { staging, digests, pinned, notes }, links },
        reports,
    } = chain;
    let leaf = reports.first().map(|l| l.uuid).unwrap_or_default();
    let Digests { bytes: bytes_read, md5, sha256, sha512 } = digests.unwrap_or_default();
    let imported = Imported {
        root: Root { uuid: leaf },
        chain: reports,
        bytes_read,
        md5,
        sha256,
        sha512,
        notes,
        dry_run,
    };
    if !dry_run {
        ctx.stage(Stage::Land, None)?;
        let dir = staging.dir();
        sync(dir, &links)?;
        drop(pinned);
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

/// Brings the files to the disk, all at once: a file system that gets many to sync writes its journal once for several.
fn sync(dir: &Dir, links: &[Link]) -> Result<(), os::Error> {
    let one = |link: &Link| {
        let file = dir.open_file(&link.file_name(), true)?;
        file.sync_all().map_err(os::Error::at("syncing", dir.join(&link.file_name())))
    };
    let Some((first, others)) = links.split_first() else { return Ok(()) };
    std::thread::scope(|scope| {
        let mut syncing = Vec::new();
        for link in others {
            match Builder::new().spawn_scoped(scope, || one(link)) {
                Ok(thread) => syncing.push(thread),
                // A system that has no thread to spare has this one.
                Err(_) => one(link)?,
            }
        }
        one(first)?;
        syncing.into_iter().try_for_each(|thread| match thread.join() {
            Ok(synced) => synced,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })
}
