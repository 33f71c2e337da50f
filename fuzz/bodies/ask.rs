//! Everything that can be asked of an image, whatever it is; and what has to hold if a check finds nothing wrong.

use std::io::Read;

use vhd_porter::vhd::{self, Chain, DiskType, Image, MetadataPiece, Scope, Sector, Storage};

use super::disk::Disk;
use super::images::{NOW, SECTOR, link_to, sound};

/// Findings that a check keeps.
const KEPT: usize = 200;

/// Looks at the image on `disk` from all sides and tries all changes. Returns whether it is sound.
pub(crate) fn everything(disk: &Disk) -> bool {
    let counts = [Scope::Body, Scope::Whole, Scope::Repository].map(|scope| {
        let findings = vhd::check(disk, scope, NOW).expect("memory can be read").findings;
        assert!(findings.list.len() <= KEPT);
        for finding in &findings.list {
            assert!(!finding.to_string().is_empty());
        }
        findings.list.len() as u64 + findings.more
    });
    let whole = counts[1] == 0;
    let opened = Image::open(disk);
    assert!(!whole || opened.is_ok(), "a sound image opens: {:?}", opened.err());
    if let Ok(image) = opened {
        look(disk, image, whole);
    }
    if let Ok(image) = Image::open_by_copy(disk) {
        look(disk, image, false);
    }
    change(disk, whole);
    whole
}

/// Sectors worth reading on a disk of so many.
fn places(sectors: u64) -> impl Iterator<Item = u64> {
    let last = sectors.saturating_sub(1);
    [0, 3, 4090, last / 2, last.saturating_sub(63), last].into_iter().filter(move |place| *place < sectors)
}

fn look(disk: &Disk, mut image: Image<&Disk>, whole: bool) {
    let locators = image.locators();
    assert!(!whole || locators.is_ok());
    let (blocks, end) = (image.allocated_blocks(), image.data_end());
    assert!(!whole || (blocks.is_ok() && end.is_ok()));
    for hidden in [false, true] {
        if let Ok(pieces) = image.metadata(hidden) {
            lay(disk, &pieces);
            if whole {
                frozen(disk, &pieces, hidden);
            }
        } else {
            assert!(!whole, "a sound image has metadata");
        }
    }
    let sectors = image.virtual_size() / SECTOR as u64;
    for place in places(sectors).chain([u64::MAX]) {
        for most in [1, 10_000] {
            if let Ok((_, run)) = image.extent(Sector(place), most) {
                assert!((1..=most).contains(&run), "a run of {run} sectors at {place}, asked for {most}");
            }
        }
    }
    if whole {
        vhd::check_data(&image).expect("a sound image's data can be read");
    }
    let parent = sound(0);
    let parent = image.parent_uuid().map(|_| Image::open(&parent).expect("a sound parent"));
    let Ok(mut chain) = Chain::join([image].into_iter().chain(parent).collect()) else { return };
    for place in places(sectors) {
        let count = usize::try_from(sectors.saturating_sub(place)).unwrap_or(64).min(64);
        let mut all = vec![0xaa; count * SECTOR];
        let read = chain.read(Sector(place), &mut all);
        assert!(!whole || read.is_ok(), "a sound image can be read: {:?}", read.err());
        // However a read is cut, it reads the same.
        let mut cut = vec![0xbb; count * SECTOR];
        for (at, piece) in (place..).step_by(5).zip(cut.chunks_mut(5 * SECTOR)) {
            assert_eq!(chain.read(Sector(at), piece).is_ok(), read.is_ok());
        }
        assert!(read.is_err() || all == cut);
    }
    let mut beginning = Vec::new();
    let _ = chain.reader().take(300_000).read_to_end(&mut beginning);
}

/// Lays the pieces over some of the file's bytes.
fn lay(disk: &Disk, pieces: &[MetadataPiece]) {
    for start in [0, 1000, Storage::len(disk).unwrap_or(0).saturating_sub(700), u64::MAX - 600] {
        let mut bytes = disk.bytes(start, 600);
        pieces.iter().for_each(|piece| piece.lay_over(&mut bytes, start));
    }
}

/// A sound image's metadata over its own bytes makes a sound image.
fn frozen(disk: &Disk, pieces: &[MetadataPiece], hidden: bool) {
    let copy = disk.clone();
    for piece in pieces {
        copy.write_at(&piece.bytes, piece.offset).expect("its own metadata fits");
    }
    let end = pieces.iter().map(MetadataPiece::end).max().unwrap_or(0);
    copy.set_len(end).expect("it was as long");
    assert_sound(&copy, "frozen metadata");
    assert_eq!(Image::open(&copy).expect("sound").is_hidden(), hidden);
}

/// Something that can be tried with an image.
type Change = (&'static str, fn(&Disk) -> Result<(), vhd::Error>);

fn change(disk: &Disk, whole: bool) {
    let changes: [Change; 7] = [
        ("repairing the footers", |disk| vhd::repair_footers(disk).map(drop)),
        ("setting the hidden flag", |disk| Image::open(disk)?.set_hidden(true)),
        ("naming a parent", |disk| Image::open(disk)?.set_parent(&link_to(2))),
        ("mending the geometry", |disk| Image::open(disk)?.normalise_geometry().map(drop)),
        ("restoring the footers", |disk| match Image::open(disk)?.kind() {
            // There is no copy: what looks like one is the guest's. Nothing in an SR is like that.
            DiskType::Fixed => Ok(()),
            _ => vhd::restore_footers(disk).map(drop),
        }),
        ("writing here and there", |disk| {
            let mut image = Image::open(disk)?;
            image.write(Sector(3), &[1; 3 * SECTOR])?;
            let sectors = image.virtual_size() / SECTOR as u64;
            for place in places(sectors) {
                image.write(Sector(place), &[0xcc; SECTOR])?;
            }
            Ok(())
        }),
        ("writing a whole block", |disk| {
            let mut image = Image::open(disk)?;
            let most = usize::try_from(image.virtual_size()).unwrap_or(usize::MAX);
            image.write(Sector(0), &vec![2; most.min(2 << 20) / SECTOR * SECTOR])
        }),
    ];
    for (what, change) in changes {
        let copy = disk.clone();
        if change(&copy).is_ok() && whole {
            assert_sound(&copy, what);
        }
    }
}

#[track_caller]
pub(crate) fn assert_sound(disk: &Disk, what: &str) {
    let findings = vhd::check(disk, Scope::Whole, NOW).expect("memory can be read").findings;
    assert!(findings.is_empty(), "{what}: {:#?}", findings.list);
}

/// Bytes of the disk, as its footer says.
pub(crate) fn size_of(disk: &Disk) -> u64 {
    super::images::footer_of(disk).current_size.get()
}
