//! A lying header under good footers.

use vhd_porter::vhd::Header;
use zerocopy::{FromBytes, IntoBytes};

use super::ask;
use super::images::{Seal, header_of, lie, put_header, sound};
use super::input::Input;

pub(crate) fn run(bytes: &[u8]) {
    let mut input = Input(bytes);
    let how = input.byte();
    let disk = sound(usize::from(how & 7));
    let seal = if how & 8 == 0 { Seal::Yes } else { Seal::No };
    let mut header = header_of(&disk).as_bytes().to_vec();
    lie(&mut header, &mut input);
    put_header(&disk, Header::read_from_bytes(&header).expect("1024 bytes"), seal);
    ask::everything(&disk);
}
