//! Writing an image: tar, gzip, digests, sink.

use std::fs::File;
use std::io;
use std::time::UNIX_EPOCH;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::context::Context;
use super::error::Error;
use super::export::Export;
use super::freeze::Frozen;
use super::held::{Held, member_name};
use crate::stream::{DigestWriter, Digests, WatchReader};
use crate::transport::Sink;
use crate::vhd::{Chain, Flattened, Image};

/// tar into gzip into digests into the sink. Members are plain: no reader needs to know of sparse files. Returns the sink,
/// what went into it, and how many bytes of VHD that was.
pub(crate) fn pack(
    held: &Held<'_>,
    sink: Sink,
    how: &Export,
    ctx: Context<'_>,
) -> Result<(Sink, Digests, u64), Error> {
    let gzip = GzEncoder::new(DigestWriter::new(sink), Compression::new(how.level));
    let mut archive = tar::Builder::new(gzip);
    archive.sparse(false);
    let mut bytes = 0;
    if how.flatten {
        let name = held.name(0);
        let links: Result<Vec<Image<File>>, Error> =
            (0..held.vdis.len()).map(|index| held.image(index)).collect();
        let links = links?;
        let uuid = links[0].uuid();
        let mut chain = Chain::join(links).map_err(Error::engine(&name))?;
        let flat = Flattened::new(&mut chain, uuid, ctx.now()).map_err(Error::engine(&name))?;
        bytes = flat.len();
        append(&mut archive, 0, flat.len(), flat, ctx).map_err(Error::sink)?;
    } else {
        for index in 0..held.vdis.len() {
            let name = held.name(index);
            let image = held.image(index)?;
            let frozen = Frozen::new(image, index > 0).map_err(Error::engine(&name))?;
            bytes += frozen.len();
            append(&mut archive, index, frozen.len(), frozen, ctx).map_err(Error::sink)?;
        }
    }
    let gzip = archive.into_inner().map_err(Error::sink)?;
    let (sink, digests) = gzip.finish().and_then(DigestWriter::finish).map_err(Error::sink)?;
    Ok((sink, digests, bytes))
}

/// Adds the link with this index, `len` bytes from `content`, to `archive`.
fn append<W: io::Write>(
    archive: &mut tar::Builder<W>,
    index: usize,
    len: u64,
    content: impl io::Read,
    ctx: Context<'_>,
) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Regular);
    header.set_mode(0o644);
    header.set_mtime((ctx.clock)().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs()));
    header.set_size(len);
    archive.append_data(
        &mut header,
        member_name(index),
        WatchReader::new(content, |n| ctx.progress.advance(n)),
    )
}
