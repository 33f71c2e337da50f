//! A host that joins a pool, and the guest on it that has to be down meanwhile.

use uuid::Uuid;

use super::error::Error;
use super::reference::{Reference as _, VmRef};
use super::session::Session;
use crate::wire::Secret;

/// The master of a pool, and who logs in to it.
#[derive(Debug)]
pub struct Master {
    /// Its address or name.
    pub address: String,
    /// Who.
    pub user: String,
    /// With which password.
    pub password: Secret,
}

impl Session {
    /// The VM of this uuid.
    ///
    /// # Errors
    /// There is none, or xapi could not be asked.
    pub fn vm(&self, uuid: Uuid) -> Result<VmRef, Error> {
        self.reference("VM.get_by_uuid", [uuid.to_string().into()])
    }

    /// Has a VM shut itself down, and waits until it is down.
    ///
    /// # Errors
    /// It does not, or xapi could not be asked.
    pub fn shut_down(&self, vm: &VmRef) -> Result<(), Error> {
        self.call("VM.clean_shutdown", [vm.value()]).map(drop)
    }

    /// Starts a VM on this host, whether or not a plan for failures could then be kept.
    ///
    /// # Errors
    /// xapi refuses or could not be asked.
    pub fn start(&self, vm: &VmRef) -> Result<(), Error> {
        self.call("VM.start", [vm.value(), false.into(), true.into()]).map(drop)
    }

    /// Has the host join the pool of `master`; `forced`, also if xapi finds the two too different. The session ends with
    /// it: xapi starts anew.
    ///
    /// # Errors
    /// xapi refuses or could not be asked.
    pub fn join_pool(&self, master: &Master, forced: bool) -> Result<(), Error> {
        let method = if forced { "pool.join_force" } else { "pool.join" };
        let master = [&master.address, &master.user, master.password.expose()];
        self.call(method, master.map(|text: &str| text.into())).map(drop)
    }
}
