//! `migration`: the disks of an instance that another host sent here become VDIs.

use vhd_porter::config::key;
use vhd_porter::host::{self, Arguments, Encoding, Failure, Function, Parameter, Plugin};
use vhd_porter::pipeline::{Adopt, Identities, parse_uuid};
use vhd_porter::sr::Repository;
use vhd_porter::tool::Choice;
use vhd_porter::wire::Value;

pub(crate) const PLUGIN: Plugin = Plugin {
    name: "migration",
    about: "Takes over the disks of a migrated instance",
    functions: &[Function {
        name: "move_vhds_into_sr",
        parameters: &[
            Parameter::required("instance_uuid"),
            Parameter::required("sr_path"),
            Parameter::required("uuid_stack"),
        ],
        encoding: Encoding::Pickled,
        run: move_vhds_into_sr,
    }],
};

/// Takes the VHDs in `/images/instance<uuid>` into the SR and removes that directory: `{'root': {'uuid': LEAF}}`.
fn move_vhds_into_sr(arguments: &Arguments) -> Result<Value, Failure> {
    let instance = parse_uuid(arguments.text("instance_uuid")?)?;
    let (sr_path, settings) = host::sr_path(arguments)?;
    let uuids = Identities::parse_stack(&arguments.texts("uuid_stack")?)?;
    let images = settings.path(key::IMAGES);
    let directory = images.join(format!("instance{instance}"));
    host::confine(&settings, &[&sr_path, &images]);
    host::work(Choice::Auto, |ctx| {
        let adopted =
            Adopt { directory, uuids }.run(&Repository::open_writable(&sr_path, &settings)?, ctx)?;
        Ok(adopted.root_only())
    })
}
