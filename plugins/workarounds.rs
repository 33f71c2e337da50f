//! `workarounds`: a safe copy of a chain, made by hand because cloning it in the storage manager was not safe once.

use vhd_porter::host::{self, Arguments, Failure, Function, Parameter, Plugin, Transfer};
use vhd_porter::pipeline::{Copy, Identities, parse_uuids};
use vhd_porter::sr::Repository;
use vhd_porter::status::Subject;
use vhd_porter::tool::Choice;
use vhd_porter::wire::Value;

pub(crate) const PLUGIN: Plugin = Plugin {
    name: "workarounds",
    about: "Copies a chain of VDIs within its SR",
    functions: &[Function::pickled(
        "safe_copy_vdis",
        &[
            Parameter::required("sr_path"),
            Parameter::required("vdi_uuids"),
            Parameter::required("uuid_stack"),
        ],
        safe_copy_vdis,
    )],
};

/// Copies the VDIs, leaf first, to the uuids at the end of the stack: `{'root': {'uuid': LEAF}}`.
fn safe_copy_vdis(arguments: &Arguments) -> Result<Value, Failure> {
    let (sr_path, settings) = host::sr_path(arguments)?;
    let vdis = parse_uuids(&arguments.texts("vdi_uuids")?)?;
    let uuids = Identities::parse_stack(&arguments.texts("uuid_stack")?)?;
    host::confine(&settings, &[&sr_path]);
    let subject = Subject::new("workarounds.safe_copy_vdis").sr(&sr_path).vdis(&vdis);
    Transfer { settings: &settings, subject, choice: Choice::Auto }.run(|ctx| {
        Copy { vdis, uuids }
            .run(&Repository::open_writable(&sr_path, &settings)?, ctx)
            .map(|copied| copied.root_only())
    })
}
