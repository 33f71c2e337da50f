//! Storage repositories, and what is in them.

use uuid::Uuid;

use super::error::Error;
use super::reference::{Reference as _, SrRef, VdiRef};
use super::session::{Session, unexpected};
use crate::wire::Value;

/// The types of SRs that keep their VDIs as `<uuid>.vhd` in a directory: the drivers of the storage manager that build
/// on its `FileSR` (sm `drivers/*SR.py`), and XCP-ng's.
const FILE_BASED: [&str; 12] = [
    "cephfs",
    "cifs",
    "ext",
    "ext4",
    "file",
    "glusterfs",
    "largeblock",
    "moosefs",
    "nfs",
    "smb",
    "xfs",
    "zfs",
];

impl Session {
    /// The SR of this uuid, if VHD files can be put into its directory on this host.
    ///
    /// # Errors
    /// There is none, it does not keep VHD files, or it is not plugged here; xapi could not be asked.
    pub fn usable_sr(&self, uuid: Uuid) -> Result<SrRef, Error> {
        let sr: SrRef = self.reference("SR.get_by_uuid", [uuid.to_string().into()])?;
        let kind = self.text("SR.get_type", [sr.value()])?;
        if !FILE_BASED.contains(&kind.as_str()) {
            let expected = "a type that keeps VHD files, such as ext, nfs or smb; move the VDI to such an SR, or use \
                            xe vdi-import and vdi-export";
            return Err(Error::Unsuitable { uuid, expected, found: format!("type {kind:?}") });
        }
        let host = self.this_host()?;
        let filter = format!("field \"SR\" = \"{sr}\" and field \"host\" = \"{host}\"");
        let pbds = self.records("PBD.get_all_records_where", [filter.into()])?;
        let plugged = |pbd: &Value| pbd.get("currently_attached") == Some(&Value::Bool(true));
        if !pbds.iter().any(|(_, pbd)| plugged(pbd)) {
            let expected = "one that is plugged on this host (xe pbd-plug)";
            let found = if pbds.is_empty() { "no PBD" } else { "an unplugged PBD" };
            return Err(Error::Unsuitable { uuid, expected, found: found.to_owned() });
        }
        Ok(sr)
    }

    /// Has xapi look which VDIs the SR holds now.
    ///
    /// # Errors
    /// xapi could not be asked, or the scan failed.
    pub fn scan(&self, sr: &SrRef) -> Result<(), Error> {
        self.call("SR.scan", [sr.value()]).map(drop)
    }

    /// The uuid of a VDI.
    ///
    /// # Errors
    /// xapi could not be asked, or knows of no such VDI.
    pub fn vdi_uuid(&self, vdi: &VdiRef) -> Result<Uuid, Error> {
        let method = "VDI.get_uuid";
        let text = self.text(method, [vdi.value()])?;
        Uuid::try_parse(&text).map_err(|_| unexpected(method, "a uuid", &Value::Text(text)))
    }
}
