//! `porter`: our own functions, for control planes that speak to us directly. JSON is their natural form.

mod status;

use std::path::Path;

use vhd_porter::host::{self, Arguments, Failure, Function, Parameter, Plugin, Transfer};
use vhd_porter::pipeline::{self, Copy, Depth, Export, Identities, Import, parse_uuids};
use vhd_porter::sr::Repository;
use vhd_porter::status::Subject;
use vhd_porter::stream::{Algorithm, Compression};
use vhd_porter::tool::Choice;
use vhd_porter::transport::{Origin, Sink, Source, Target};
use vhd_porter::wire::Value;

pub(crate) const PLUGIN: Plugin = Plugin {
    name: "porter",
    about: "Imports, exports, copies, checks and inspects images and VDIs; tells of those at work, and stops them",
    functions: &[
        Function::pickled(
            "import_image",
            &[
                Parameter::required("image"),
                Parameter::required("sr_path"),
                Parameter::optional("uuid_stack"),
                Parameter::optional("repair"),
                Parameter::optional("flatten"),
                Parameter::optional("dry_run"),
                Parameter::optional("tool"),
                Parameter::optional("digests"),
            ],
            import_image,
        ),
        Function::pickled(
            "export_image",
            &[
                Parameter::required("sr_path"),
                Parameter::required("vdi_uuids"),
                Parameter::required("file"),
                Parameter::optional("level"),
                Parameter::optional("chain"),
                Parameter::optional("flatten"),
                Parameter::optional("digests"),
                Parameter::optional("compress"),
            ],
            export_image,
        ),
        Function::pickled(
            "copy",
            &[
                Parameter::required("sr_path"),
                Parameter::required("vdi_uuids"),
                Parameter::optional("uuid_stack"),
                Parameter::optional("tool"),
            ],
            copy,
        ),
        Function::pickled("check", &[Parameter::required("path"), Parameter::optional("deep")], check),
        Function::pickled("inspect", &[Parameter::required("path")], inspect),
        Function::pickled("status", &[Parameter::optional("id")], status::status),
        Function::pickled("cancel", &[Parameter::required("id")], status::cancel),
    ],
};

fn identities(arguments: &Arguments) -> Result<Identities, Failure> {
    let stack = arguments.optional_texts("uuid_stack")?;
    Ok(stack.map_or(Ok(Identities::Random), |stack| Identities::parse_stack(&stack))?)
}

fn choice(arguments: &Arguments) -> Result<Choice, Failure> {
    arguments.optional_text("tool")?.unwrap_or("auto").parse().map_err(Failure::argument)
}

/// The digests to report: SHA-256 where none is named.
fn digests(arguments: &Arguments) -> Result<Vec<Algorithm>, Failure> {
    let Some(names) = arguments.optional_texts("digests")? else { return Ok(vec![Algorithm::Sha256]) };
    let known = |name: &&str| {
        let wrong =
            || format!("argument digests: expected names of {}, found {name:?}", Algorithm::NAMES.join(", "));
        Algorithm::named(name).ok_or_else(|| Failure::argument(wrong()))
    };
    names.iter().map(known).collect()
}

/// Brings a file, a URL or an image of Glance into the SR; the answer is that of `vhd-porter import --json`.
fn import_image(arguments: &Arguments) -> Result<Value, Failure> {
    let image = arguments.text("image")?;
    if image == "-" {
        return Err(Failure::argument("import_image: argument image: a plugin has no standard input"));
    }
    let (sr_path, settings) = host::sr_path(arguments)?;
    let import = Import {
        uuids: identities(arguments)?,
        repair: arguments.flag("repair")?,
        flatten: arguments.flag("flatten")?,
        dry_run: arguments.flag("dry_run")?,
        digests: digests(arguments)?,
    };
    host::confine(&settings, &[&sr_path]);
    let subject = Subject::new("porter.import_image")
        .source(Source::shown(image))
        .sr(&sr_path)
        .vdis(&import.uuids.named().unwrap_or_default());
    Transfer { settings: &settings, subject, choice: choice(arguments)? }.run(|ctx| {
        let sr = Repository::open_writable(&sr_path, &settings)?;
        import.run(Origin::of(image), || Source::open(image, &settings), &sr, ctx)
    })
}

/// Writes a chain to a file that does not exist yet, or to an image of Glance; the answer is that of `vhd-porter export --json`.
fn export_image(arguments: &Arguments) -> Result<Value, Failure> {
    let (sr_path, settings) = host::sr_path(arguments)?;
    let file = arguments.text("file")?;
    if file == "-" {
        return Err(Failure::argument("export_image: argument file: standard output carries the answer"));
    }
    let level = arguments.optional_u64("level")?;
    let container = arguments.optional_text("compress")?.unwrap_or("gzip");
    let compression = Compression::named(container, level)
        .map_err(|wrong| Failure::argument(format!("export_image: {wrong}")))?;
    let export = Export {
        vdis: parse_uuids(&arguments.texts("vdi_uuids")?)?,
        chain: arguments.flag("chain")?,
        flatten: arguments.flag("flatten")?,
        compression,
        digests: digests(arguments)?,
    };
    let directory = host::directory_beside_sr(file, &sr_path)?;
    host::confine(&settings, &[&sr_path, &directory]);
    let subject = Subject::new("porter.export_image").target(file).sr(&sr_path).vdis(&export.vdis);
    Transfer { settings: &settings, subject, choice: Choice::Embedded }.run(|ctx| {
        let sr = Repository::open(&sr_path)?;
        export.run(&sr, Sink::open(&Target::from(file), &settings)?, ctx)
    })
}

/// Copies a chain; the answer is that of `vhd-porter copy --json`.
fn copy(arguments: &Arguments) -> Result<Value, Failure> {
    let (sr_path, settings) = host::sr_path(arguments)?;
    let copy = Copy { vdis: parse_uuids(&arguments.texts("vdi_uuids")?)?, uuids: identities(arguments)? };
    host::confine(&settings, &[&sr_path]);
    let subject = Subject::new("porter.copy").sr(&sr_path).vdis(&copy.vdis);
    Transfer { settings: &settings, subject, choice: choice(arguments)? }
        .run(|ctx| copy.run(&Repository::open_writable(&sr_path, &settings)?, ctx))
}

/// Every finding in a VHD file, or in the SR whose directory is given.
fn check(arguments: &Arguments) -> Result<Value, Failure> {
    let path = Path::new(arguments.text("path")?);
    let depth = if arguments.flag("deep")? { Depth::Data } else { Depth::Metadata };
    let settings = host::settings()?;
    host::confine(&settings, &[]);
    let subject = Subject::new("porter.check");
    let subject = if path.is_dir() { subject.sr(path) } else { subject.source_path(path) };
    Transfer { settings: &settings, subject, choice: Choice::Embedded }
        .run(|ctx| pipeline::check(path, depth, ctx))
}

/// The fields of a VHD, the members of an image, or the chains of the SR whose directory is given.
fn inspect(arguments: &Arguments) -> Result<Value, Failure> {
    let path = arguments.text("path")?;
    let settings = host::settings()?;
    host::confine(&settings, &[]);
    host::work(Choice::Embedded, |ctx| match Path::new(path) {
        directory if directory.is_dir() => pipeline::inspect_repository(directory, ctx),
        _ => pipeline::inspect(Source::open(path, &settings)?),
    })
}
