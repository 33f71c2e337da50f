//! `kernel`: kernels and ramdisks of paravirtual guests, from their VDIs into files of the control domain.

use std::path::Path;

use vhd_porter::boot::{Device, Store};
use vhd_porter::config::key;
use vhd_porter::host::{self, Arguments, Failure, Function, Parameter, Plugin};
use vhd_porter::wire::Value;
use vhd_porter::xenapi::{Session, VdiRef};

pub(crate) const PLUGIN: Plugin = Plugin {
    name: "kernel",
    about: "Kernels and ramdisks of guests in the control domain",
    functions: &[
        Function::plain(
            "copy_vdi",
            &[
                Parameter::required("vdi-ref"),
                Parameter::required("image-size"),
                Parameter::optional("cached-image"),
            ],
            copy_vdi,
        ),
        Function::plain(
            "create_kernel_ramdisk",
            &[Parameter::required("cached-image"), Parameter::required("new-image-uuid")],
            create_kernel_ramdisk,
        ),
        Function::plain(
            "remove_kernel_ramdisk",
            &[Parameter::optional("kernel-file"), Parameter::optional("ramdisk-file")],
            remove_kernel_ramdisk,
        ),
    ],
};

/// A text that was given and is not empty (os-xenapi `dom0_pluginlib.py` `optional`).
fn given<'a>(arguments: &'a Arguments, name: &str) -> Result<Option<&'a str>, Failure> {
    Ok(arguments.optional_text(name)?.filter(|text| !text.is_empty()))
}

/// Copies the first `image-size` bytes of a VDI to a file named by its uuid, and to `cached-image` as well if that is
/// given; the answer is the path of the first.
fn copy_vdi(arguments: &Arguments) -> Result<Value, Failure> {
    let vdi = arguments.text("vdi-ref")?;
    let vdi = VdiRef::parse(vdi).ok_or_else(|| {
        Failure::argument(format!("copy_vdi: argument vdi-ref: expected a reference to a VDI, found {vdi:?}"))
    })?;
    let size = arguments.u64("image-size")?;
    let cached_image = given(arguments, "cached-image")?;
    if let Some(name) = cached_image {
        Store::require_name("cached-image", name)?;
    }
    let settings = host::settings()?;
    let store = Store::create(&settings.path(key::KERNEL_DIRECTORY))?;
    let session = Session::of_caller(arguments.session(), &settings)?;
    let name = session.vdi_uuid(&vdi)?.to_string();
    let path = session.with_vdi(&vdi, |device| {
        let device = Device::open(&settings.path(key::KERNEL_DEVICES), device)?;
        Ok::<_, Failure>(store.store(&device, size, &name)?)
    })?;
    if let Some(cached_image) = cached_image {
        store.copy(&name, cached_image)?;
    }
    Ok(path.display().to_string().into())
}

/// Copies `cached-image` to `new-image-uuid`, if it is there; the answer is the path of the copy, or nothing.
fn create_kernel_ramdisk(arguments: &Arguments) -> Result<Value, Failure> {
    let (cached, new) = (arguments.text("cached-image")?, arguments.text("new-image-uuid")?);
    Store::require_name("cached-image", cached)?;
    Store::require_name("new-image-uuid", new)?;
    let copied = match Store::open(&host::settings()?.path(key::KERNEL_DIRECTORY))? {
        Some(store) => store.copy(cached, new)?,
        None => None,
    };
    Ok(copied.map_or_else(String::new, |path| path.display().to_string()).into())
}

/// Removes the files at `kernel-file` and `ramdisk-file`, as far as they are given and there.
fn remove_kernel_ramdisk(arguments: &Arguments) -> Result<Value, Failure> {
    let directory = host::settings()?.path(key::KERNEL_DIRECTORY);
    let files = [given(arguments, "kernel-file")?, given(arguments, "ramdisk-file")?];
    let files: Vec<&Path> = files.into_iter().flatten().map(Path::new).collect();
    // Both or none.
    for file in &files {
        Store::name_in(&directory, file)?;
    }
    if let Some(store) = Store::open(&directory)? {
        files.iter().try_for_each(|file| store.remove(file))?;
    }
    Ok("ok".into())
}
