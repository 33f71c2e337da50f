//! Writing an image: tar, compression, digests, sink.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;

use tar::{EntryType, Header};

use super::content::Content;
use super::context::Context;
use super::error::Error;
use super::export::Export;
use super::freeze::Frozen;
use super::held::{Held, member_name};
use crate::os;
use crate::stream::{Compressor, DigestWriter, Digests};
use crate::transport::Sink;
use crate::vhd::{Chain, Flattened, Image};

/// What members are padded to, bytes.
const BLOCK: u64 = 512;

/// tar into the container into digests into the sink. Members are plain: no reader needs to know of sparse files. Returns
/// the sink, what went into it, and how many bytes of VHD that was.
pub(crate) fn pack(
    held: &Held<'_>,
    sink: Sink,
    how: &Export,
    ctx: Context<'_>,
) -> Result<(Sink, Digests, u64), Error> {
    let digester = DigestWriter::new(sink, &how.digests).map_err(Error::sink)?;
    let out = Compressor::new(digester, how.compression, ctx.threads).map_err(Error::sink)?;
    let mut archive = Archive { out, ctx, bytes: 0 };
    if how.flatten {
        let name = held.name(0);
        let links: Result<Vec<Image<File>>, Error> =
            (0..held.vdis.len()).map(|index| held.image(index)).collect();
        let links = links?;
        let (uuid, modified) = (links[0].uuid(), modified(&links[0], &name)?);
        let mut chain = Chain::join(links).map_err(Error::engine(&name))?;
        let flat = Flattened::new(&mut chain, uuid, ctx.now()).map_err(Error::engine(&name))?;
        archive.append(0, flat.len(), modified, flat).map_err(Error::sink)?;
    } else {
        for index in 0..held.vdis.len() {
            let image = held.image(index)?;
            let modified = modified(&image, &held.name(index))?;
            let frozen = Frozen::new(image, index > 0).map_err(Error::engine(&held.name(index)))?;
            archive.append(index, frozen.len(), modified, frozen).map_err(Error::sink)?;
        }
    }
    let bytes = archive.bytes;
    let digester = archive.finish().map_err(Error::sink)?;
    let (sink, digests) = digester.finish().map_err(Error::sink)?;
    Ok((sink, digests, bytes))
}

/// A tar in the making.
struct Archive<'a> {
    out: Compressor<DigestWriter<Sink>>,
    ctx: Context<'a>,
    /// Of all members.
    bytes: u64,
}

impl Archive<'_> {
    /// Adds the link with this index, `len` bytes from `content`. It is read straight into where it is compressed.
    fn append(&mut self, index: usize, len: u64, modified: u64, mut content: impl Content) -> io::Result<()> {
        self.out.write_all(header(index, len, modified)?.as_bytes())?;
        let mut left = len;
        while left > 0 {
            os::stop::check()?;
            let hole = content.skip_hole()?.min(left);
            self.out.zeros(hole)?;
            left -= hole;
            let most = usize::try_from(left).unwrap_or(usize::MAX);
            let n = self.out.fill(|room| {
                let room_len = room.len().min(most);
                content.read(&mut room[..room_len])
            })?;
            if n == 0 && left > 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            left -= n as u64;
            self.ctx.progress.advance(hole + n as u64);
        }
        self.bytes += len;
        self.out.zeros(len.next_multiple_of(BLOCK) - len)
    }

    /// The end of the archive: two blocks of zeros.
    fn finish(mut self) -> io::Result<DigestWriter<Sink>> {
        self.out.zeros(2 * BLOCK)?;
        self.out.finish()
    }
}

/// When a link was last written to: seconds since 1970.
fn modified(image: &Image<File>, name: &str) -> Result<u64, Error> {
    let metadata = image.storage().metadata().map_err(os::Error::at("examining", name))?;
    Ok(u64::try_from(metadata.mtime()).unwrap_or_default())
}

/// Of a member: nothing that is not the same whenever the same disk is exported.
fn header(index: usize, len: u64, modified: u64) -> io::Result<Header> {
    let mut header = Header::new_gnu();
    header.set_path(member_name(index))?;
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o644);
    header.set_mtime(modified);
    header.set_size(len);
    header.set_cksum();
    Ok(header)
}
