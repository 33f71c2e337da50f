//! Storage that stops: what an image is when the process ended between two steps of a change.
//!
//! Every step is one call of the storage: a write, a change of length, a sync. The tests stop before each of them in
//! turn, keep what the steps before have done, and open the image again. What holds then:
//!
//! * `set_hidden`: it opens, with the old flag or the new, and its disk is what it was. `repair_footers` makes it sound.
//! * `set_parent`: it opens, with the old parent or the new in the header, and its disk is what it was. Locators may
//!   name the new parent while the header names the old one, never the reverse. Doing it again makes it sound.
//! * `write`: it opens, by the copy of the footer if the file was to grow; every sector written has its old content or its
//!   new one, and all others have theirs. `repair_footers` makes it sound, but for one thing: where a block
//!   became full, the batmap may be left with the checksum of before. Writing again makes that sound as well.
//! * `coalesce_into`: read through the child, the disk is what it was; doing it again finishes it.
//! * `grow`, where blocks have to move: it opens as it was, or is disabled, and then the journal puts it back.
//!
//! Writes of several sectors may stop between two of them. Not so that of a header: torn in the middle it has a
//! wrong checksum, and the format keeps no copy of it. And all of this is about the order of the steps: what a
//! power failure leaves depends on when the caller syncs, which is why an import works on files that nobody sees yet.

use std::cell::Cell;
use std::io;
use std::ops::Range;
use std::rc::Rc;

use vhd_porter::vhd::{self, Error, Finding, Image, Memory, ParentLink, Part, Rule, Scope, Sector, Storage};

use crate::images::{BLOCK, NOW, SECTOR, assert_same, assert_sound, content, disk, link_to, uuid};

/// Memory that carries out so many steps and no more.
struct Stopping {
    memory: Memory,
    left: Rc<Cell<usize>>,
    /// Whether half the sectors of the write at which it stops arrive.
    tears: Cell<bool>,
}

impl Stopping {
    fn may_go_on(&self) -> io::Result<()> {
        let left = self.left.get().checked_sub(1).ok_or_else(|| io::Error::other("stopped"))?;
        self.left.set(left);
        Ok(())
    }
}

impl Storage for Stopping {
    fn len(&self) -> io::Result<u64> {
        self.memory.len()
    }
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.memory.read_at(buf, offset)
    }
    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        let stopped = self.may_go_on();
        if stopped.is_ok() {
            self.memory.write_at(buf, offset)?;
        } else if self.tears.take() {
            self.memory.write_at(&buf[..buf.len() / SECTOR / 2 * SECTOR], offset)?;
        }
        stopped
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.may_go_on()?;
        self.memory.set_len(len)
    }
    fn sync(&self) -> io::Result<()> {
        self.may_go_on()
    }
}

/// Does `change` to copies of `before`, stopping before each of its steps in turn, and has `judge` look at what is left.
/// Returns how many steps there are.
fn stop_everywhere(
    before: &Memory,
    tears: bool,
    change: impl Fn(&mut Image<&Stopping>) -> Result<(), Error>,
    judge: impl Fn(&Memory),
) -> usize {
    for steps in 0.. {
        let storage =
            Stopping { memory: before.clone(), left: Rc::new(Cell::new(steps)), tears: Cell::new(tears) };
        let done = change(&mut Image::open(&storage).unwrap()).and_then(|()| Image::open(&storage)?.sync());
        judge(&storage.memory);
        if done.is_ok() {
            return steps;
        }
    }
    unreachable!("a change has an end")
}

fn findings(image: &Memory) -> Vec<Finding> {
    vhd::check(image, Scope::Repository, NOW).unwrap().findings.list
}

/// A base of four blocks: none of block 0, some of block 1, all of block 2, all but one sector of block 3.
fn base() -> Memory {
    let memory = Memory::default();
    let mut image = vhd::create_dynamic(&memory, 4 * BLOCK as u64, uuid(0), NOW).unwrap();
    image.write(Sector(4096 + 100), &content(1, 50 * SECTOR)).unwrap();
    image.write(Sector(2 * 4096), &content(2, 2 * BLOCK - SECTOR)).unwrap();
    memory
}

/// A child of it with some sectors of its own in block 1.
fn child() -> Memory {
    let memory = Memory::default();
    let size = 4 * BLOCK as u64;
    let mut image = vhd::create_differencing(&memory, size, uuid(1), NOW, &link_to(0)).unwrap();
    image.write(Sector(4096 + 120), &content(3, 100 * SECTOR)).unwrap();
    memory
}

/// As `image`, but in use: tapdisk wipes the footer at the end until it closes the file.
fn in_use(image: Memory) -> Memory {
    let end = image.len().unwrap() - SECTOR as u64;
    image.write_at(&[0xc7; SECTOR], end).unwrap();
    image
}

/// The disk of `image`, which may be a child of `base`.
fn seen(image: &Memory, base: &Memory) -> Vec<u8> {
    let is_child = Image::open(image).unwrap().parent_uuid().is_some();
    disk([image].into_iter().chain(is_child.then_some(base)))
}

#[test]
fn hiding_stops_with_the_old_flag_or_the_new() {
    let base = base();
    for image in [base.clone(), child(), in_use(child())] {
        let expected = seen(&image, &base);
        let steps = stop_everywhere(
            &image,
            true,
            |image| image.set_hidden(true),
            |left| {
                assert_same(&seen(left, &base), &expected, "the disk");
                vhd::repair_footers(left).unwrap();
                assert_sound(left);
                assert_same(&seen(left, &base), &expected, "the repaired disk");
            },
        );
        assert_eq!(steps, 4, "both footers, the length in between, and a sync");
    }
}

#[test]
fn relinking_stops_with_the_old_parent_or_the_new() {
    let new = ParentLink { file_name: "another name.vhd".into(), ..link_to(0) };
    let (base, image, names) = (base(), child(), [link_to(0).file_name, new.file_name.clone()]);
    let expected = seen(&image, &base);
    let steps = stop_everywhere(
        &image,
        false,
        |image| image.set_parent(&new),
        |left| {
            assert_same(&seen(left, &base), &expected, "the disk");
            let mut image = Image::open(left).unwrap();
            let name = vhd::parent_name(image.header().unwrap()).unwrap();
            assert!(names.contains(&name), "{name}");
            let found = findings(left);
            assert!(found.iter().all(|finding| finding.rule == Rule::LocatorName), "{found:#?}");
            assert!(found.is_empty() || name == names[0], "{found:#?}");
            image.set_parent(&new).unwrap();
            assert_sound(left);
        },
    );
    assert_eq!(steps, 5, "three locators, the header, and a sync");
}

#[test]
fn writing_stops_with_old_sectors_or_new_ones() {
    let base = base();
    for (image, sector, sectors) in [
        (base.clone(), 0, 8),            // a new block
        (base.clone(), 4090, 20),        // a new block and one that is there
        (base.clone(), 4096 + 90, 100),  // sectors that are there, between some that are not
        (base.clone(), 2 * 4096, 4096),  // a full block
        (base.clone(), 4 * 4096 - 1, 1), // the last sector that a block lacked
        (base.clone(), 0, 4096),         // a whole new block
        (child(), 0, 2 * 4096 + 1),      // three blocks, two of them new
        (in_use(base.clone()), 50, 1),
        (in_use(child()), 4096, 500),
    ] {
        let old = seen(&image, &base);
        let (start, data) = (sector * SECTOR, content(9, sectors * SECTOR));
        let mut new = old.clone();
        let range = start..start + data.len();
        new[range.clone()].copy_from_slice(&data);
        let steps = stop_everywhere(
            &image,
            true,
            |image| image.write(Sector(sector as u64), &data),
            |left| {
                assert_mixed(&seen(left, &base), &old, &new, &range);
                let repaired = left.clone();
                vhd::repair_footers(&repaired).unwrap();
                assert_mixed(&seen(&repaired, &base), &old, &new, &range);
                let batmap = |f: &Finding| (f.part, f.rule) == (Part::Batmap, Rule::Checksum);
                let found = findings(&repaired);
                assert!(found.iter().all(batmap), "{found:#?}");
                Image::open(&repaired).unwrap().write(Sector(sector as u64), &data).unwrap();
                assert_sound(&repaired);
                assert_same(&seen(&repaired, &base), &new, "what was written again");
            },
        );
        assert!(steps >= 3, "data, bitmap, and a sync: {steps}");
    }
}

/// `found` is `old` with some of the sectors of `range` as they are in `new`.
#[track_caller]
fn assert_mixed(found: &[u8], old: &[u8], new: &[u8], range: &Range<usize>) {
    assert_same(&found[..range.start], &old[..range.start], "what lies before");
    assert_same(&found[range.end..], &old[range.end..], "what lies behind");
    let sectors = range.clone().step_by(SECTOR).map(|at| at..at + SECTOR);
    let garbage = sectors.into_iter().find(|at| {
        let found = &found[at.clone()];
        found != &old[at.clone()] && found != &new[at.clone()]
    });
    assert_eq!(garbage, None, "neither old nor new");
}

#[test]
fn coalescing_stops_with_a_disk_that_still_reads_and_is_done_again() {
    let (base, child) = (base(), child());
    Image::open(&child).unwrap().write(Sector(0), &content(7, 5 * SECTOR)).unwrap();
    let (expected, child_before) = (seen(&child, &base), child.clone().into_bytes());
    let steps = stop_everywhere(
        &base,
        true,
        |parent| Image::open(&child)?.coalesce_into(parent, |_, _| {}).map(drop),
        |left| {
            // Through the child nothing differs, whenever it stopped; and the second run finishes what the first began.
            assert_same(&seen(&child, left), &expected, "the disk through the child");
            let repaired = left.clone();
            vhd::repair_footers(&repaired).unwrap();
            let mut parent = Image::open(&repaired).unwrap();
            Image::open(&child).unwrap().coalesce_into(&mut parent, |_, _| {}).unwrap();
            assert_same(&seen(&repaired, &base), &expected, "the disk without the child");
            assert_sound(&repaired);
        },
    );
    assert!(steps > 6, "a new block, one that is there, and a sync: {steps}");
    assert!(child.into_bytes() == child_before);
}

#[test]
fn growing_stops_as_it_was_or_is_put_back_by_its_journal() {
    // One sector of BAT is full: the next block of the disk takes another, and the first block is in its way.
    let before = Memory::default();
    let mut image = vhd::create_dynamic(&before, 128 * BLOCK as u64, uuid(0), NOW).unwrap();
    image.write(Sector(4096 + 7), &content(1, 3 * SECTOR)).unwrap();
    image.write(Sector(9 * 4096), &content(2, BLOCK)).unwrap();
    // Everything that was written lies in the first ten blocks.
    let written = |image: &Memory| {
        let mut bytes = vec![0; 10 * BLOCK];
        let mut chain = vhd::Chain::join(vec![Image::open(image).unwrap()]).unwrap();
        chain.read(Sector(0), &mut bytes).unwrap();
        (chain.virtual_size() / BLOCK as u64, bytes)
    };
    let expected = written(&before).1;
    for steps in 0.. {
        let left = Rc::new(Cell::new(steps));
        let stopping =
            || Stopping { memory: before.clone(), left: Rc::clone(&left), tears: Cell::new(false) };
        let (storage, journal) = (stopping(), Stopping { memory: Memory::default(), ..stopping() });
        let done = Image::open(&storage).unwrap().grow(129 * BLOCK as u64, &journal);
        let (storage, journal) = (storage.memory, journal.memory);
        if done.is_ok() {
            let (blocks, found) = written(&storage);
            assert_eq!(blocks, 129);
            assert_same(&found, &expected, "the disk that grew");
            assert_sound(&storage);
            assert!(steps > 20, "journal, footers, two blocks, metadata: {steps}");
            return;
        }
        match vhd::Undo::open(&journal) {
            // The journal was not in force yet: nothing had been touched.
            Err(_) => assert!(storage.clone().into_bytes() == before.clone().into_bytes(), "step {steps}"),
            Ok(undo) => {
                undo.apply(&storage).unwrap();
                undo.apply(&storage).unwrap();
            }
        }
        let (blocks, found) = written(&storage);
        assert_eq!(blocks, 128);
        assert_same(&found, &expected, "the disk that did not grow");
        assert_sound(&storage);
    }
}
