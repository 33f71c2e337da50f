//! `migration`: the disks of an instance go to another host, and become VDIs there.

use std::path::PathBuf;

use vhd_porter::config::{Settings, key};
use vhd_porter::host::{self, Arguments, Failure, Function, Parameter, Plugin};
use vhd_porter::pipeline::{Adopt, Identities, Peer, Transfer, parse_uuid};
use vhd_porter::sr::Repository;
use vhd_porter::status::Subject;
use vhd_porter::tool::Choice;
use vhd_porter::wire::Value;

pub(crate) const PLUGIN: Plugin = Plugin {
    name: "migration",
    about: "Sends the disks of an instance to another host, and takes them over there",
    functions: &[
        Function::pickled(
            "move_vhds_into_sr",
            &[
                Parameter::required("instance_uuid"),
                Parameter::required("sr_path"),
                Parameter::required("uuid_stack"),
            ],
            move_vhds_into_sr,
        ),
        Function::pickled(
            "transfer_vhd",
            &[
                Parameter::required("instance_uuid"),
                Parameter::required("host"),
                Parameter::required("vdi_uuid"),
                Parameter::required("sr_path"),
                Parameter::required("seq_num"),
            ],
            transfer_vhd,
        ),
    ],
};

/// Takes the VHDs in `/images/instance<uuid>` into the SR and removes that directory: `{'root': {'uuid': LEAF}}`.
fn move_vhds_into_sr(arguments: &Arguments) -> Result<Value, Failure> {
    let (sr_path, settings) = host::sr_path(arguments)?;
    let uuids = Identities::parse_stack(&arguments.texts("uuid_stack")?)?;
    let directory = directory(arguments, &settings)?;
    host::confine(&settings, &[&sr_path, &settings.path(key::IMAGES)]);
    let subject = Subject::new("migration.move_vhds_into_sr").source_path(&directory).sr(&sr_path);
    host::Transfer { settings: &settings, subject, choice: Choice::Auto }.run(|ctx| {
        let adopted =
            Adopt { directory, uuids }.run(&Repository::open_writable(&sr_path, &settings)?, ctx)?;
        Ok(adopted.root_only())
    })
}

/// Sends a VDI to `/images/instance<uuid>/<seq_num>.vhd` on another host: `None`.
fn transfer_vhd(arguments: &Arguments) -> Result<Value, Failure> {
    let (sr_path, settings) = host::sr_path(arguments)?;
    let transfer = Transfer {
        vdi: parse_uuid(arguments.text("vdi_uuid")?)?,
        place: arguments.u64("seq_num")?,
        peer: Peer::new(settings.text(key::MIGRATION_USER), arguments.text("host")?)?,
        directory: directory(arguments, &settings)?,
        rsync: settings.command(key::RSYNC),
        ssh: settings.text(key::SSH).to_owned(),
        idle: settings.seconds(key::MIGRATION_IDLE_TIMEOUT),
    };
    let place = format!("{}:{}", transfer.peer, transfer.directory.display());
    let subject = Subject::new("migration.transfer_vhd").target(place).sr(&sr_path).vdis(&[transfer.vdi]);
    host::Transfer { settings: &settings, subject, choice: Choice::Embedded }
        .run(|ctx| transfer.run(&Repository::open_writable(&sr_path, &settings)?, ctx))
}

/// Where the VHDs of the instance arrive. It is the same on both hosts.
fn directory(arguments: &Arguments, settings: &Settings) -> Result<PathBuf, Failure> {
    let instance = parse_uuid(arguments.text("instance_uuid")?)?;
    Ok(settings.path(key::IMAGES).join(format!("instance{instance}")))
}
