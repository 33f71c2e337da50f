//! An image becomes a chain of VDIs.

use super::context::Context;
use super::decode;
use super::error::Error;
use super::examine::{Examined, Tolerance, examine};
use super::flatten;
use super::identify::{self, Identities};
use super::land;
use super::once::{Begun, Call};
use super::relink;
use super::report::Imported;
use super::sequence;
use super::validate;
use crate::sr::Repository;
use crate::stream::Algorithm;
use crate::transport::{Origin, Source};

/// What to import, and how.
#[derive(Debug, Clone, Default)]
pub struct Import {
    /// Uuids for the links.
    pub uuids: Identities,
    /// Rewrite a damaged footer from the good one; nothing else is ever repaired.
    pub repair: bool,
    /// Make one image of the chain, which takes one uuid and lands in one step.
    pub flatten: bool,
    /// Do everything but land.
    pub dry_run: bool,
    /// Digests of the stream to report, besides those that it is held against.
    pub digests: Vec<Algorithm>,
}

impl Import {
    /// Brings what `open` opens into `sr`. If this very call, with an image from the same `origin`, was done before, the
    /// answer is the same, and nothing is opened: the source may be gone by then.
    ///
    /// # Errors
    /// Whatever is wrong with source, image or SR. Nothing is left in the SR then.
    pub fn run<E>(
        &self,
        origin: Origin,
        open: impl FnOnce() -> Result<Source, E>,
        sr: &Repository,
        ctx: Context<'_>,
    ) -> Result<Imported, Error>
    where
        Error: From<E>,
    {
        let options = format!("repair={} flatten={}", self.repair, self.flatten);
        let call = Call::new(&["import", &options], origin, &self.uuids).rehearsed(self.dry_run);
        let staging = match call.begin(sr, &self.uuids)? {
            Begun::Before(answer) => return Ok(answer),
            Begun::Staging(staging) => staging,
        };
        let source = open()?;
        let name = source.name().to_owned();
        let unpacked = decode::unpack(source, &self.digests, staging, sr, ctx)?;
        let chain = sequence::order(unpacked, &name)?;
        let chain = examine(chain, Tolerance { repair: self.repair, hidden_leaf: false }, ctx)?;
        let chain = if self.flatten { flatten::stage(chain, ctx)? } else { chain };
        settle(chain, &self.uuids, &call, sr, self.dry_run, ctx)
    }
}

/// What every chain goes through once it is examined, wherever it came from: names, links, the gate, and the SR.
pub(crate) fn settle(
    chain: Examined,
    uuids: &Identities,
    call: &Call,
    sr: &Repository,
    dry_run: bool,
    ctx: Context<'_>,
) -> Result<Imported, Error> {
    // Tools take paths: those of the staging area must still be what they were.
    sr.require_same()?;
    let chain = identify::assign(chain, uuids, sr)?;
    let chain = relink::link(chain, ctx)?;
    let chain = validate::check(chain, ctx)?;
    land::publish(chain, call, sr, dry_run, ctx)
}
