//! `glance`: images of OpenStack's image service become VDIs, and VDIs images.

use vhd_porter::host::{self, Arguments, Class, Failure, Function, Parameter, Plugin, Transfer};
use vhd_porter::http::{Client, Headers};
use vhd_porter::pipeline::{self, Export, Identities, Import, Kind, parse_uuids};
use vhd_porter::sr::Repository;
use vhd_porter::status::Subject;
use vhd_porter::stream::{Compression, Level};
use vhd_porter::tool::Choice;
use vhd_porter::transport::glance::{ApiVersion, Error, Image, Upload};
use vhd_porter::transport::{Origin, Sink};
use vhd_porter::wire::{Secret, Value};

/// The property of an image that asks for one.
const LEVEL_PROPERTY: &str = "xenapi_image_compression_level";
/// Shorter values of headers are secrets only if their names say so: a role that is called `member` would be masked
/// wherever that word stands in a message.
const SHORTEST_SECRET: usize = 16;

pub(crate) const PLUGIN: Plugin = Plugin {
    name: "glance",
    about: "Downloads images from Glance into an SR, and uploads VDIs to Glance",
    functions: &[
        Function::pickled(
            "download_vhd2",
            &[
                Parameter::required("image_id"),
                Parameter::required("endpoint"),
                Parameter::required("uuid_stack"),
                Parameter::required("sr_path"),
                Parameter::required("extra_headers"),
                Parameter::optional("api_version"),
            ],
            |arguments| download("glance.download_vhd2", arguments, arguments.text("endpoint")?),
        ),
        Function::pickled(
            "upload_vhd2",
            &[
                Parameter::required("vdi_uuids"),
                Parameter::required("image_id"),
                Parameter::required("endpoint"),
                Parameter::required("sr_path"),
                Parameter::required("extra_headers"),
                Parameter::required("properties"),
                Parameter::optional("api_version"),
            ],
            |arguments| upload("glance.upload_vhd2", arguments, arguments.text("endpoint")?),
        ),
        // As nova called them before os-xenapi; always version 1.
        Function::pickled(
            "download_vhd",
            &[
                Parameter::required("image_id"),
                Parameter::required("glance_host"),
                Parameter::required("glance_port"),
                Parameter::required("glance_use_ssl"),
                Parameter::required("uuid_stack"),
                Parameter::required("sr_path"),
                Parameter::required("extra_headers"),
            ],
            |arguments| download("glance.download_vhd", arguments, &endpoint_of_host(arguments)?),
        ),
        Function::pickled(
            "upload_vhd",
            &[
                Parameter::required("vdi_uuids"),
                Parameter::required("image_id"),
                Parameter::required("glance_host"),
                Parameter::required("glance_port"),
                Parameter::required("glance_use_ssl"),
                Parameter::required("sr_path"),
                Parameter::required("extra_headers"),
                Parameter::required("properties"),
            ],
            |arguments| upload("glance.upload_vhd", arguments, &endpoint_of_host(arguments)?),
        ),
    ],
};

/// Brings an image into the SR, its links under the uuids at the end of the stack: `{'root': {'uuid': LEAF}}`.
fn download(what: &str, arguments: &Arguments, endpoint: &str) -> Result<Value, Failure> {
    let (sr_path, settings) = host::sr_path(arguments)?;
    host::confine(&settings, &[&sr_path]);
    let uuids = Identities::parse_stack(&arguments.texts("uuid_stack")?)?;
    let image = image(arguments, endpoint, Client::new(&settings).map_err(refused)?)?;
    let subject =
        Subject::new(what).source(image.to_string()).sr(&sr_path).vdis(&uuids.named().unwrap_or_default());
    Transfer { settings: &settings, subject, choice: Choice::Auto }.run_with(|ctx| {
        let sr = Repository::open_writable(&sr_path, &settings).map_err(pipeline::Error::from)?;
        let (import, origin) = (Import { uuids, ..Import::default() }, Origin::of(&image.to_string()));
        let imported = ctx.run(|ctx| import.run(origin, || image.download(), &sr, ctx));
        Ok(imported.map_err(download_failure)?.root_only())
    })
}

/// Writes VDIs, leaf first, as the data of an image that waits for it. The result is `None`.
fn upload(what: &str, arguments: &Arguments, endpoint: &str) -> Result<Value, Failure> {
    let (sr_path, settings) = host::sr_path(arguments)?;
    host::confine(&settings, &[&sr_path]);
    let vdis = parse_uuids(&arguments.texts("vdi_uuids")?)?;
    let (compression, properties) = (compression(arguments)?, texts_of(arguments, "properties")?);
    let image = image(arguments, endpoint, Client::new(&settings).map_err(refused)?)?;
    let subject = Subject::new(what).target(image.to_string()).sr(&sr_path).vdis(&vdis);
    Transfer { settings: &settings, subject, choice: Choice::Embedded }.run_with(|ctx| {
        let sr = Repository::open(&sr_path).map_err(pipeline::Error::from)?;
        let upload = Upload::begin(image, &properties).map_err(|e| upload_failure(e.into()))?;
        let export = Export { vdis, chain: false, flatten: false, compression, digests: Vec::new() };
        ctx.run(|ctx| export.run(&sr, Sink::upload(upload), ctx)).map_err(upload_failure)?;
        Ok(())
    })
}

/// os-xenapi has nova try again after any status of a download, 404 included: another server may know better.
fn download_failure(error: pipeline::Error) -> Failure {
    match error.kind() {
        Kind::Refused | Kind::NoSuchImage => Failure::new(Class::RetryableError, error.full_message()),
        _ => error.into(),
    }
}

/// os-xenapi knows an image that is not there by a fixed word.
fn upload_failure(error: pipeline::Error) -> Failure {
    if error.kind() == Kind::NoSuchImage {
        tracing::error!("{}", error.full_message());
        return Failure::image_not_found();
    }
    error.into()
}

fn image(arguments: &Arguments, endpoint: &str, client: Client) -> Result<Image, Failure> {
    let version = match arguments.value("api_version") {
        None => ApiVersion::V1,
        Some(_) => arguments.u64("api_version")?.to_string().parse().map_err(refused)?,
    };
    let mut headers = Headers::new();
    for (name, value) in texts_of(arguments, "extra_headers")? {
        let set = if value.len() < SHORTEST_SECRET {
            headers.set(&name, &value)
        } else {
            headers.set_secret(&name, &Secret::new(value))
        };
        set.map_err(refused)?;
    }
    Image::new(client, endpoint, arguments.text("image_id")?, version, headers).map_err(refused)
}

/// For what is wrong before a server is asked.
fn refused(error: impl Into<Error>) -> Failure {
    pipeline::Error::from(error.into()).into()
}

/// The endpoint in the shape of older clients: host, port, and whether to use TLS.
fn endpoint_of_host(arguments: &Arguments) -> Result<String, Failure> {
    let scheme = if arguments.flag("glance_use_ssl")? { "https" } else { "http" };
    let (host, port) = (arguments.text("glance_host")?, arguments.u64("glance_port")?);
    if host.contains(['/', '@', '?', '#']) {
        return Err(Failure::argument(format!("argument glance_host: expected a host, found {host:?}")));
    }
    Ok(format!("{scheme}://{host}:{port}"))
}

/// The compression level that the properties ask for.
fn compression(arguments: &Arguments) -> Result<Compression, Failure> {
    let entries = arguments.dict("properties")?;
    let asked = entries.iter().find(|(name, value)| *name == LEVEL_PROPERTY && **value != Value::None);
    let Some((_, value)) = asked else { return Ok(Compression::DEFAULT) };
    let text = value.to_python_text().unwrap_or_else(|| value.type_name().to_owned());
    let level = text.trim().parse().ok().filter(|level| (1..=9).contains(level));
    level.map(|level| Compression::Gzip(Level::Deflate(level))).ok_or_else(|| {
        Failure::argument(format!("property {LEVEL_PROPERTY}: expected 1 to 9, found {text:?}"))
    })
}

/// A dict whose values become texts as Python's `str` makes them.
fn texts_of(arguments: &Arguments, name: &str) -> Result<Vec<(String, String)>, Failure> {
    let text = |(key, value): (&str, &Value)| match value.to_python_text() {
        Some(text) => Ok((key.to_owned(), text)),
        None => {
            let found = value.type_name();
            Err(Failure::argument(format!(
                "argument {name}: {key:?}: expected a text or an integer, found {found}"
            )))
        }
    };
    arguments.dict(name)?.into_iter().map(text).collect()
}
