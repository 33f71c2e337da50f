//! `coalesce`: everything that an image has of its own, into its parent.

use std::ffi::OsString;
use std::fs::File;
use std::path::Path;

use super::console::{Console, say};
use super::disk::{self, Disk, Opening};
use super::errno::Errno;
use super::getopt::Options;
use super::{parent, writing};
use crate::vhd::{Image, RawDisk, SectorSink};

pub(super) const USAGE: &str = "options: <-n name> [-s sparse] [-p progress] [-h help]\n";

pub(super) fn run(args: &[OsString], console: &mut Console<'_>) -> Result<(), Errno> {
    let options = Options::read("coalesce", "n:o:sph", args, console);
    let (mut name, mut sparse, mut progress) = (None, false, false);
    for option in options.given {
        match option.letter {
            'n' => name = Some(option.value),
            's' => sparse = true,
            'p' => progress = true,
            _ => return super::usage(console, USAGE),
        }
    }
    let Some(name) = name.filter(|_| options.operands.is_empty()) else {
        return super::usage(console, USAGE);
    };
    if sparse {
        say!(console, "opening for sparse writes\n");
    }
    let count = fold(Path::new(&name), progress, console)
        .inspect_err(|e| say!(console, "error coalescing: {e}\n"))?;
    say!(console, "Coalesced {count} sectors");
    Ok(())
}

fn fold(path: &Path, progress: bool, console: &mut Console<'_>) -> Result<u64, Errno> {
    let name = path.display();
    let child =
        Disk::open(path, Opening::default()).inspect_err(|e| say!(console, "error opening {name}: {e}\n"))?;
    if !child.is_child() {
        say!(console, "coalescing of non-differencing disks is not supported\n");
        return Err(Errno::INVAL);
    }
    let above =
        parent::locate(&child).inspect_err(|e| say!(console, "error finding {name} parent: {e}\n"))?;
    if child.has_raw_parent() {
        let file = beside(&child, &above)
            .and_then(|()| disk::open_file(&above, true))
            .inspect_err(|e| say!(console, "failed to open parent {}: {e}\n", above.display()))?;
        return fold_into(&child, &mut RawDisk(file), progress, console);
    }
    let work = writing::open_or_say(&above, console)?;
    if work.disk.identity() == child.identity() || work.disk.footer.uuid != child.header()?.parent_uuid {
        // Another disk's data would be written over.
        return Err(Errno::INVAL);
    }
    work.disk.metadata_end()?;
    writing::require_sound(&work.disk)?;
    fold_into(&child, &mut work.image()?, progress, console)
}

fn fold_into(
    child: &Disk,
    target: &mut impl SectorSink,
    progress: bool,
    console: &mut Console<'_>,
) -> Result<u64, Errno> {
    child.metadata_end()?;
    writing::require_sound(child)?;
    let mut image: Image<File> = Image::open(child.file.try_clone()?)?;
    let count = image.coalesce_into(target, |done, of| {
        if progress {
            #[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
            let percent = done as f64 * 100.0 / of as f64;
            say!(console, "\r{percent:6.2}%");
        }
    })?;
    if progress {
        say!(console, "\r100.00%\n");
    }
    Ok(count)
}

/// A raw parent has to lie in the directory of its child: whoever wrote the image does not choose what is written over.
fn beside(child: &Disk, raw: &Path) -> Result<(), Errno> {
    let same = parent::canonical(&child.path)?.parent() == parent::canonical(raw)?.parent();
    if same { Ok(()) } else { Err(Errno::INVAL) }
}
