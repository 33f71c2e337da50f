//! What the engine writes, other programs read the same; and the other way round.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tempfile::TempDir;
use vhd_porter::vhd::{self, Image, Sector, VhdTime};

use crate::images::{BLOCK, NOW, SECTOR, assert_same, assert_sound_at, content, link_to, uuid};
use crate::programs::{ChainReader, QemuImg, VhdUtil};

/// An image on disk, and the disk that it should show.
struct Case {
    path: PathBuf,
    disk: Vec<u8>,
}

fn new_file(path: &Path) -> File {
    File::options().read(true).write(true).create_new(true).open(path).unwrap()
}

fn put(image: &mut Image<File>, disk: &mut [u8], sector: usize, data: &[u8]) {
    image.write(Sector(sector as u64), data).unwrap();
    disk[sector * SECTOR..][..data.len()].copy_from_slice(data);
}

/// A dynamic and a fixed image of four blocks.
fn singles(directory: &Path) -> [Case; 2] {
    let size = 4 * BLOCK as u64;
    let [dynamic, fixed] = ["dynamic.vhd", "fixed.vhd"].map(|name| directory.join(name));
    let image = vhd::create_dynamic(new_file(&dynamic), size, uuid(0), NOW).unwrap();
    let dynamic = fill(image, dynamic);
    let image = vhd::create_fixed(new_file(&fixed), size, uuid(1), NOW).unwrap();
    [dynamic, fill(image, fixed)]
}

/// Single sectors, a run over a border, a full block, zeros over data.
fn fill(mut image: Image<File>, path: PathBuf) -> Case {
    let mut disk = vec![0; 4 * BLOCK];
    let last = disk.len() / SECTOR - 1;
    put(&mut image, &mut disk, last, &content(1, SECTOR));
    put(&mut image, &mut disk, 4090, &content(2, 12 * SECTOR));
    put(&mut image, &mut disk, 4092, &[0; 3 * SECTOR]);
    put(&mut image, &mut disk, 8192, &content(3, BLOCK));
    put(&mut image, &mut disk, 0, &content(4, SECTOR));
    Case { path, disk }
}

/// Three links in `directory`, leaf first, each with a disk of its own: what is written starts and ends at multiples
/// of `grain` sectors. The leaf's disk is larger than its parent's if `grown`.
fn chain(directory: &Path, grain: usize, grown: bool) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for number in 0..3 {
        let path = directory.join(format!("{}.vhd", uuid(number)));
        let mut disk = cases.first().map_or(vec![0; 3 * BLOCK], |parent| parent.disk.clone());
        if number == 2 && grown {
            disk.resize(disk.len() + BLOCK + 8 * SECTOR, 0);
        }
        let (file, size) = (new_file(&path), disk.len() as u64);
        let mut image = match number {
            0 => vhd::create_dynamic(file, size, uuid(0), NOW),
            _ => vhd::create_differencing(file, size, uuid(number), NOW, &link_to(number - 1)),
        }
        .unwrap();
        let seed = u32::try_from(number).unwrap() * 10;
        // Places that the links share, and some that they do not.
        for (index, at) in [0, 3, 5 + number, 40 - number, 500 + 7 * number].into_iter().enumerate() {
            let data = content(seed + u32::try_from(index).unwrap(), (1 + index % 2) * grain * SECTOR);
            put(&mut image, &mut disk, at * grain, &data);
        }
        put(&mut image, &mut disk, 4 * grain, &vec![0; grain * SECTOR]);
        put(
            &mut image,
            &mut disk,
            (4096 / grain - 1 + number) * grain,
            &content(seed + 9, 2 * grain * SECTOR),
        );
        if number != 1 {
            put(&mut image, &mut disk, 2 * 4096, &content(seed + 5, BLOCK));
        }
        image.set_hidden(number < 2).unwrap();
        cases.insert(0, Case { path, disk });
    }
    cases
}

/// The chain that begins with each link, as paths leaf first.
fn stacks(cases: &[Case]) -> impl Iterator<Item = (Vec<PathBuf>, &Case)> {
    (0..cases.len())
        .map(|index| (cases[index..].iter().map(|case| case.path.clone()).collect(), &cases[index]))
}

#[test]
fn qemu_img_reads_what_the_engine_wrote() {
    let Some(qemu) = QemuImg::find() else { return };
    let directory = TempDir::new().unwrap();
    for case in singles(directory.path()) {
        let raw = directory.path().join("raw");
        qemu.to_raw(&case.path, &raw);
        assert_same(&fs::read(&raw).unwrap(), &case.disk, &case.path.display().to_string());
        qemu.compare(&case.path, &raw);
    }
}

#[test]
fn the_engine_reads_and_changes_what_qemu_img_wrote() {
    let Some(qemu) = QemuImg::find() else { return };
    let directory = TempDir::new().unwrap();
    let raw = directory.path().join("raw");
    let mut disk = vec![0; 9 << 20];
    disk[..5 * SECTOR].copy_from_slice(&content(1, 5 * SECTOR));
    disk[3 * BLOCK..4 * BLOCK].copy_from_slice(&content(2, BLOCK));
    let end = disk.len() - SECTOR;
    disk[end..].copy_from_slice(&content(3, SECTOR));
    fs::write(&raw, &disk).unwrap();
    let options = [
        "subformat=dynamic",
        "subformat=dynamic,force_size=on",
        "subformat=fixed",
        "subformat=fixed,force_size=on",
    ];
    for (number, options) in options.into_iter().enumerate() {
        let vhd = directory.path().join(format!("{number}.vhd"));
        qemu.to_vhd(&raw, &vhd, options);
        let file = File::options().read(true).write(true).open(&vhd).unwrap();
        let mut image = Image::open(file.try_clone().unwrap()).unwrap();
        // Without force_size the disk is rounded up to whole cylinders.
        let mut expected = disk.clone();
        expected.resize(usize::try_from(image.virtual_size()).unwrap(), 0);
        assert!(options.contains("force_size") == (expected.len() == disk.len()), "{}", expected.len());
        assert_same(&crate::images::disk([&file]), &expected, options);
        image.normalise_geometry().unwrap();
        put(&mut image, &mut expected, 4090, &content(4, 12 * SECTOR));
        put(&mut image, &mut expected, 7, &content(5, SECTOR));
        image.set_hidden(true).unwrap();
        assert_sound_at(&file, VhdTime::from_system(SystemTime::now()));
        fs::write(directory.path().join("changed"), &expected).unwrap();
        qemu.compare(&vhd, &directory.path().join("changed"));
    }
}

#[test]
fn others_read_the_chains_that_the_engine_wrote() {
    let Some(reader) = ChainReader::find() else { return };
    // libvhdi misreads bitmaps with partial bytes, and reads no child that is larger than its parent.
    for (grain, grown) in [(8, false), (1, false), (8, true)] {
        let directory = TempDir::new().unwrap();
        let cases = chain(directory.path(), grain, grown);
        for (links, case) in stacks(&cases) {
            let (disk, readers) = reader.read(&links, &directory.path().join("raw"));
            assert_same(&disk, &case.disk, &format!("{} by {readers:?}", case.path.display()));
            let readable = grain == 8 && !(grown && links.len() == 3);
            let by_libvhdi = readers.iter().any(|reader| reader == "libvhdi");
            assert_eq!(by_libvhdi, reader.has_libvhdi && readable, "{}", case.path.display());
        }
    }
}

#[test]
fn vhd_util_accepts_and_reads_what_the_engine_wrote() {
    let Some(vhd_util) = VhdUtil::find() else { return };
    for (grain, grown) in [(8, false), (1, false), (1, true)] {
        let directory = TempDir::new().unwrap();
        let cases = chain(directory.path(), grain, grown);
        for (links, case) in stacks(&cases) {
            agrees_with(vhd_util, &links, &case.disk);
        }
    }
    let directory = TempDir::new().unwrap();
    let [dynamic, fixed] = singles(directory.path());
    agrees_with(vhd_util, std::slice::from_ref(&dynamic.path), &dynamic.disk);
    // Of a sound fixed disk it says nothing at all, and cannot read it.
    assert_eq!(vhd_util.lines("check", &fixed.path, &[]), [""; 0]);
}

/// `vhd-util` finds the leaf of `links` valid, says of it what the engine says, and reads `disk`.
fn agrees_with(vhd_util: &VhdUtil, links: &[PathBuf], disk: &[u8]) {
    let path = &links[0];
    let image = Image::open(File::open(path).unwrap()).unwrap();
    assert_eq!(vhd_util.lines("check", path, &[]), [format!("{} is valid", path.display())]);
    let parent = links.get(1).map_or("has no parent".to_owned(), |parent| parent.display().to_string());
    let [size, length, says_parent, hidden, depth] =
        <[String; 5]>::try_from(vhd_util.lines("query", path, &["-v", "-s", "-p", "-f", "-d"])).unwrap();
    assert_eq!(size, (disk.len() >> 20).to_string());
    assert_eq!(length, fs::metadata(path).unwrap().len().to_string());
    assert!(says_parent.ends_with(&parent), "{says_parent}, not {parent}");
    assert_eq!(hidden, format!("hidden: {}", u8::from(image.is_hidden())));
    assert_eq!(depth, format!("chain depth: {}", links.len()));
    let count = (disk.len() / SECTOR).to_string();
    assert_same(&vhd_util.run("read", path, &["-r", "0", "-c", &count]), disk, "vhd-util");
    assert_same(&crate::images::disk(links.iter().map(|link| File::open(link).unwrap())), disk, "the engine");
}
