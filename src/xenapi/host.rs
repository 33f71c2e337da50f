//! This host, and its control domain.

use std::fs::File;
use std::io::{self, Read as _};

use super::error::Error;
use super::inventory;
use super::reference::{HostRef, Reference as _, VmRef};
use super::session::Session;
use crate::config::key;
use crate::os;
use crate::wire::Value;

impl Session {
    /// The host that this program runs on.
    ///
    /// The inventory says which that is. Without one it is the host that the session was opened at, which is another one
    /// when xapi has handed a plugin's call on to a member of its pool.
    ///
    /// # Errors
    /// xapi could not be asked or refused, or the inventory cannot be read.
    pub fn this_host(&self) -> Result<HostRef, Error> {
        match self.installation()? {
            Some(uuid) => self.reference("host.get_by_uuid", [uuid.as_str().into()]),
            None => self.reference("session.get_this_host", [self.handle()]),
        }
    }

    /// What runs on a host: product and version, such as `XCP-ng 8.3.0`; empty if xapi does not say.
    ///
    /// # Errors
    /// xapi could not be asked or refused.
    pub fn product(&self, host: &HostRef) -> Result<String, Error> {
        let versions = self.call("host.get_software_version", [host.value()])?;
        let words =
            ["product_brand", "product_version"].map(|key| versions.get(key).and_then(Value::as_text));
        Ok(words.into_iter().flatten().collect::<Vec<_>>().join(" "))
    }

    /// The control domain of this host: the VM that this program runs in.
    ///
    /// # Errors
    /// xapi could not be asked, refused, or knows of none.
    pub fn control_domain(&self) -> Result<VmRef, Error> {
        let method = "VM.get_all_records_where";
        let host = self.this_host()?;
        let filter = format!("field \"is_control_domain\" = \"true\" and field \"resident_on\" = \"{host}\"");
        let records = self.records(method, [filter.into()])?;
        // Driver domains are control domains as well; the host's own has number 0.
        let is_first = |record: &Value| record.get("domid").and_then(|id| id.as_text()) == Some("0");
        let found = records.iter().find(|(_, record)| is_first(record)).or(match records.as_slice() {
            [only] => Some(only),
            _ => None,
        });
        let reference = found.and_then(|(reference, _)| VmRef::parse(reference.as_text()?));
        reference.ok_or_else(|| Error::Unexpected {
            method: method.to_owned(),
            expected: "the control domain of this host",
            found: format!("{} others", records.len()),
        })
    }

    /// The uuid of this host in its inventory, where it has one.
    fn installation(&self) -> Result<Option<String>, Error> {
        let path = self.settings().path(key::XAPI_INVENTORY);
        let mut content = String::new();
        match File::open(&path).and_then(|file| file.take(inventory::LONGEST).read_to_string(&mut content)) {
            Ok(_) => Ok(inventory::entry(&content, "INSTALLATION_UUID").map(str::to_owned)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(os::Error::at("reading", &path)(error).into()),
        }
    }
}
