//! Lying parent locators: the slots in the header of a child, and the texts that they point to.

use vhd_porter::vhd::{Image, Scope, check, parent_name};
use zerocopy::IntoBytes;

use super::ask;
use super::images::{NOW, SECTOR, Seal, header_of, lie, link_to, put_header, sound};
use super::input::Input;

pub(crate) fn run(bytes: &[u8]) {
    let mut input = Input(bytes);
    let how = input.byte();
    // The texts first: they lie behind the header, a sector each.
    let disk = sound(1);
    let mut header = header_of(&disk);
    let texts_at = header.locators[0].data_offset.get();
    let mut texts = disk.bytes(texts_at, 3 * SECTOR);
    let count = input.short().into();
    let mut said = Input(input.take(count));
    lie(&mut texts, &mut said);
    disk.put(texts_at, &texts);
    lie(header.locators.as_mut_bytes(), &mut input);
    put_header(&disk, header, if how & 8 == 0 { Seal::Yes } else { Seal::No });
    ask::everything(&disk);

    // Whatever was in the slots: a parent that can be named is named everywhere, and by nothing else.
    let Ok(mut image) = Image::open(&disk) else { return };
    if image.set_parent(&link_to(2)).is_err() {
        return;
    }
    let image = Image::open(&disk).expect("an image that was just edited");
    let name = link_to(2).file_name;
    assert_eq!(parent_name(image.header().expect("a header")).as_deref(), Ok(name.as_str()));
    let texts = image.locators().expect("memory can be read");
    assert!(!texts.is_empty());
    for text in texts {
        assert_eq!(text.path, Some(format!("./{name}")));
    }
    let findings = check(&disk, Scope::Repository, NOW).expect("memory can be read").findings;
    let about_locators = findings.list.iter().find(|f| f.to_string().contains("locator"));
    assert!(about_locators.is_none(), "{about_locators:?}");
}
