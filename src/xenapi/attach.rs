//! A VDI at the control domain for as long as some work takes.

use std::thread;
use std::time::Duration;

use super::error::Error;
use super::reference::{Reference as _, VbdRef, VdiRef};
use super::session::Session;
use crate::config::key;
use crate::wire::Value;

/// Between two tries to unplug.
const PAUSE: Duration = Duration::from_secs(1);

impl Session {
    /// Plugs `vdi` into the control domain, only to be read, does `work` with the name of its device below `/dev`, and
    /// takes it out again, whatever came of that (os-xenapi `dom0_pluginlib.py` `with_vdi_in_dom0`).
    ///
    /// # Errors
    /// Those of `work`; xapi could not be asked or refused; the disk does not come off.
    pub fn with_vdi<T, E: From<Error>>(
        &self,
        vdi: &VdiRef,
        work: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut attached = Attached::create(self, vdi)?;
        let done = attached.plug().map_err(E::from).and_then(|device| work(&device));
        let detached = attached.detach();
        if let Err(error) = &detached {
            tracing::error!("{}", error.full_message());
        }
        // What the work has to say comes first.
        done.and_then(|value| detached.map(|()| value).map_err(E::from))
    }
}

/// A VBD of ours. One that is dropped, as in a panic, is taken away like any other.
struct Attached<'s> {
    session: &'s Session,
    vbd: VbdRef,
    gone: bool,
}

impl<'s> Attached<'s> {
    fn create(session: &'s Session, vdi: &VdiRef) -> Result<Self, Error> {
        let dom0 = session.control_domain()?;
        let record = Value::dict([
            ("VM", dom0.value()),
            ("VDI", vdi.value()),
            ("userdevice", "autodetect".into()),
            ("bootable", false.into()),
            ("mode", "RO".into()),
            ("type", "disk".into()),
            ("unpluggable", true.into()),
            ("empty", false.into()),
            ("other_config", Value::Dict(vec![])),
            ("qos_algorithm_type", "".into()),
            ("qos_algorithm_params", Value::Dict(vec![])),
            ("qos_supported_algorithms", Value::List(vec![])),
        ]);
        let vbd = session.reference("VBD.create", [record])?;
        Ok(Self { session, vbd, gone: false })
    }

    /// Plugs it; the name of its device, as xapi gives it.
    fn plug(&self) -> Result<String, Error> {
        self.session.call("VBD.plug", [self.vbd.value()])?;
        self.session.text("VBD.get_device", [self.vbd.value()])
    }

    /// Unplugs and destroys it. What cannot be unplugged is tried to be destroyed nevertheless: it may never have been
    /// plugged.
    fn detach(&mut self) -> Result<(), Error> {
        self.gone = true;
        let unplugged = self.unplug();
        if let Err(error) = self.session.call("VBD.destroy", [self.vbd.value()]) {
            tracing::error!("a disk is left at the control domain: {}", error.full_message());
        }
        unplugged
    }

    /// Unplugs it, and waits while the host rejects that: the device may be in use for a moment after everybody has
    /// closed it (os-xenapi `_vbd_unplug_with_retry`). Another refusal is no error: it was not plugged.
    fn unplug(&self) -> Result<(), Error> {
        let tries = self.session.settings().number(key::XAPI_UNPLUG_TRIES).max(1);
        let mut last = String::new();
        for number in 1..=tries {
            let Err(error) = self.session.call("VBD.unplug", [self.vbd.value()]) else { return Ok(()) };
            match error.code() {
                Some("DEVICE_DETACH_REJECTED") => last = error.to_string(),
                Some("DEVICE_ALREADY_DETACHED") => return Ok(()),
                Some(_) => {
                    tracing::warn!("{error}");
                    return Ok(());
                }
                None => return Err(error),
            }
            if number < tries {
                thread::sleep(PAUSE);
            }
        }
        Err(Error::StillAttached { tries, last })
    }
}

impl Drop for Attached<'_> {
    fn drop(&mut self) {
        if !self.gone
            && let Err(error) = self.detach()
        {
            tracing::error!("{}", error.full_message());
        }
    }
}
