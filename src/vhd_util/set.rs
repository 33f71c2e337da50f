//! `set`: the hidden flag and the marker of an image.

use std::ffi::OsString;
use std::path::Path;

use super::console::{Console, say};
use super::errno::Errno;
use super::getopt::Options;
use super::{marker, number, writing};

pub(super) const USAGE: &str = "options: <-n name> <-f field> <-v value> [-h help]\n";

pub(super) fn run(args: &[OsString], console: &mut Console<'_>) -> Result<(), Errno> {
    let options = Options::read("set", "n:f:v:h", args, console);
    let (mut name, mut field, mut value) = (None, None, None);
    for option in options.given {
        match option.letter {
            'n' => name = Some(option.value),
            'f' => field = Some(option.text()),
            'v' => value = Some(number::signed(&option.text())),
            _ => return super::usage(console, USAGE),
        }
    }
    let (Some(name), Some(field), Some(value)) = (name, field, value) else {
        return super::usage(console, USAGE);
    };
    if !options.operands.is_empty() {
        return super::usage(console, USAGE);
    }
    let largest = match field.as_str() {
        // Anything else would be refused by every later check.
        "hidden" => 1,
        "marker" => 255,
        other => {
            let other = if other.len() > 24 { String::new() } else { format!(" {other}") };
            say!(console, "invalid field{other}\n");
            return super::usage(console, USAGE);
        }
    };
    let Some(value) = u8::try_from(value).ok().filter(|v| *v <= largest) else {
        say!(console, "invalid value {value}\n");
        return super::usage(console, USAGE);
    };
    let work = writing::open_or_say(Path::new(&name), console)?;
    if field == "hidden" {
        work.disk.data_end()?;
        return Ok(work.image()?.set_hidden(value == 1)?);
    }
    if work.image()?.set_marker(value)? { Ok(()) } else { marker::set_attribute(&work.disk, value) }
}
