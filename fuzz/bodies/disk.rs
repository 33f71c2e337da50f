//! Storage in memory that keeps only the pages that were written: files of megabytes cost as much as is in them, copies
//! share their pages, and a file that would take too much is full.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;

use vhd_porter::vhd::Storage;

const PAGE: u64 = 4096;

/// Pages at which the disk is full: 32 MiB.
const FULL: usize = 8192;

/// Longest file: behind everything that a BAT can name.
const LONGEST: u64 = 3 << 40;

static ZEROS: [u8; PAGE as usize] = [0; PAGE as usize];

type Page = Rc<[u8; PAGE as usize]>;

/// A file. What is not there is zero.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk(RefCell<File>);

#[derive(Debug, Clone, Default)]
struct File {
    len: u64,
    pages: BTreeMap<u64, Page>,
}

impl Disk {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let disk = Self::default();
        disk.write_at(bytes, 0).expect("a disk that is not full");
        disk
    }

    /// `count` bytes at `offset`, zeros where the file has none.
    pub(crate) fn bytes(&self, offset: u64, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.read_at(&mut bytes, offset).expect("memory can be read");
        bytes
    }

    /// Puts `bytes` at `offset`, as far as the file goes.
    pub(crate) fn put(&self, offset: u64, bytes: &[u8]) {
        let room = Storage::len(self).unwrap_or(0).saturating_sub(offset);
        let fits = bytes.len().min(usize::try_from(room).unwrap_or(usize::MAX));
        if fits > 0 {
            self.write_at(&bytes[..fits], offset).expect("nothing grows");
        }
    }
}

/// The pages that `count` bytes at `offset` touch: number of the page, range in it, where in the buffer that begins.
fn pieces(offset: u64, count: usize) -> impl Iterator<Item = (u64, std::ops::Range<usize>, usize)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let at = offset + done as u64;
        let within = (at % PAGE) as usize;
        let length = (PAGE as usize - within).min(count - done);
        let piece = (at / PAGE, within..within + length, done);
        done += length;
        (length > 0).then_some(piece)
    })
}

impl Storage for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.borrow().len)
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let file = self.0.borrow();
        let count = file.len.saturating_sub(offset).min(buf.len() as u64) as usize;
        for (page, range, at) in pieces(offset, count) {
            let piece = &mut buf[at..at + range.len()];
            match file.pages.get(&page) {
                Some(page) => piece.copy_from_slice(&page[range]),
                None => piece.fill(0),
            }
        }
        Ok(count)
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        let end = offset.checked_add(buf.len() as u64).filter(|end| *end <= LONGEST);
        let end = end.ok_or(io::ErrorKind::FileTooLarge)?;
        let file = &mut *self.0.borrow_mut();
        for (page, range, at) in pieces(offset, buf.len()) {
            let piece = &buf[at..at + range.len()];
            if file.pages.contains_key(&page) || *piece != ZEROS[..piece.len()] {
                if file.pages.len() >= FULL && !file.pages.contains_key(&page) {
                    return Err(io::ErrorKind::StorageFull.into());
                }
                let page = file.pages.entry(page).or_insert_with(|| Rc::new([0; PAGE as usize]));
                Rc::make_mut(page)[range].copy_from_slice(piece);
            }
        }
        if !buf.is_empty() {
            file.len = file.len.max(end);
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        if len > LONGEST {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let file = &mut *self.0.borrow_mut();
        if len < file.len {
            file.pages.split_off(&len.div_ceil(PAGE));
            if let Some(page) = file.pages.get_mut(&(len / PAGE)) {
                Rc::make_mut(page)[(len % PAGE) as usize..].fill(0);
            }
        }
        file.len = len;
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}
