//! A chain of VDIs becomes another one in the same SR, sharing storage where the file system can.

use uuid::Uuid;

use super::carried::Carried;
use super::context::Context;
use super::decode::StagedMember;
use super::duplicate::duplicate;
use super::error::Error;
use super::examine::{Tolerance, examine};
use super::identify::Identities;
use super::import::settle;
use super::once::{Begun, Call};
use super::progress::Stage;
use super::report::Imported;
use super::sequence::Sequenced;
use crate::os::{self, Duplication};
use crate::sr::{Repository, vdi_file_name};
use crate::transport::Origin;
use crate::vhd;

/// Which VDIs to copy, and to what.
#[derive(Debug, Clone, Default)]
pub struct Copy {
    /// The chain, leaf first.
    pub vdis: Vec<Uuid>,
    /// Uuids for the copies.
    pub uuids: Identities,
}

impl Copy {
    /// Copies within `sr`.
    ///
    /// A VDI that is in use has no footer at its end; its copy gets one back from the copy at its start.
    ///
    /// # Errors
    /// Whatever is wrong with the VDIs or the SR. Nothing is left in the SR then.
    pub fn run(&self, sr: &Repository, ctx: Context<'_>) -> Result<Imported, Error> {
        super::export::require_list(&self.vdis)?;
        let vdis = self.vdis.iter().map(Uuid::to_string).collect::<Vec<_>>().join(" ");
        // They may go on changing: the copy that was asked for is that of the first call.
        let origin = Origin { place: Some(vdis), ..Origin::default() };
        let call = Call::new(&["copy"], origin, &self.uuids);
        let staging = match call.begin(sr, &self.uuids)? {
            Begun::Before(answer) => return Ok(answer),
            Begun::Staging(staging) => staging,
        };
        let mut sources = Vec::new();
        let mut total = 0;
        for uuid in &self.vdis {
            let file = sr.open_vdi(*uuid)?;
            total += file.metadata().map_err(os::Error::at("examining", vdi_file_name(*uuid)))?.len();
            sources.push((*uuid, file));
        }
        ctx.stage(Stage::Duplicate, Some(total))?;
        let (mut links, mut pinned, mut notes) = (Vec::new(), Vec::new(), Vec::new());
        for (index, (uuid, file)) in sources.into_iter().enumerate() {
            let link = StagedMember { name: vdi_file_name(uuid), staged: format!("{index}.vhd") };
            let copy = staging.dir().create(&link.staged)?;
            if duplicate(&file, &sr.dir().join(&link.name), &copy, sr, ctx)? == Duplication::Reflink {
                notes.push(format!("{}: shares its storage with the copy", link.name));
            }
            // What cannot be restored is told by the examination below.
            if vhd::restore_footers(&copy).is_ok_and(|changed| changed) {
                notes.push(format!("{}: in use or left so; the copy got its footer back", link.name));
            }
            links.push(link);
            pinned.push(copy);
        }
        let chain = Sequenced { carried: Carried { pinned, notes, ..Carried::new(staging) }, links };
        let chain = examine(chain, Tolerance { repair: false, hidden_leaf: true }, ctx)?;
        settle(chain, &self.uuids, &call, sr, false, ctx)
    }
}
