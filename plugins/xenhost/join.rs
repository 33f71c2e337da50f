//! A host joins a pool.

use std::thread;

use vhd_porter::config::{Origin, Settings, key};
use vhd_porter::host::{self, Arguments, Class, Failure};
use vhd_porter::pipeline::parse_uuid;
use vhd_porter::wire::{Secret, Value};
use vhd_porter::xenapi::{Master, Session};

use super::output;

/// Has the host at `url` join a pool. The guest `compute_uuid` is shut down for it and started again, whether or not the
/// host has joined.
pub(super) fn host_join(arguments: &Arguments) -> Result<Value, Failure> {
    let compute = parse_uuid(arguments.text("compute_uuid")?)?;
    let settings = settings(arguments)?;
    let master = Master {
        address: arguments.text("master_addr")?.to_owned(),
        user: arguments.text("master_user")?.to_owned(),
        password: Secret::new(arguments.text("master_pass")?),
    };
    let forced = arguments.flag("force")?;
    let session = Session::login(&settings)?;
    let vm = session.vm(compute)?;
    session.shut_down(&vm)?;
    let joined = session.join_pool(&master, forced);
    // A session that has outlived the call is that of a host that has not joined.
    if let Err(error) = session.start(&vm) {
        tracing::info!("{}; waiting for the host to come back", error.full_message());
        start_when_back(&format!("uuid={compute}"), &settings)?;
    }
    joined?;
    Ok("null".into())
}

/// The settings of this host, but with the caller's xapi, user and password.
fn settings(arguments: &Arguments) -> Result<Settings, Failure> {
    let mut settings = host::settings()?;
    let url = arguments.text("url")?;
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return Err(Failure::argument(format!("argument url: expected http(s)://HOST, found {url:?}")));
    }
    for (key, name) in [(key::XAPI_URL, "url"), (key::XAPI_USER, "user"), (key::XAPI_PASSWORD, "password")] {
        settings.set(key, arguments.text(name)?, Origin::Option)?;
    }
    Ok(settings)
}

/// Starts a guest as soon as there is a xapi again that does: os-xenapi xenhost.py `_resume_compute`.
fn start_when_back(uuid: &str, settings: &Settings) -> Result<(), Failure> {
    let (tries, pause) =
        (settings.number(key::XENHOST_JOIN_TRIES), settings.seconds(key::XENHOST_JOIN_PAUSE));
    for _ in 0..tries {
        match output(key::XE, &["vm-start", uuid]) {
            Err(failure) if failure.class() == Class::PluginError => thread::sleep(pause),
            other => return other.map(drop),
        }
    }
    let seconds = pause.as_secs().saturating_mul(tries.saturating_add(1));
    let message = format!("Unrecoverable error: the host has not come back for more than {seconds} seconds");
    Err(Failure::new(Class::PluginError, message))
}
