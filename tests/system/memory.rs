//! Memory stays bounded, whatever the image or chain.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::support::{Disk, Porter, Run, Sr, chain, guest, sha256, tar_gz};

/// The most that a run may have resident.
const MOST_KIB: u64 = 64 << 10;

#[track_caller]
fn assert_small(what: &str, run: &Run) {
    assert!(run.peak_kib > 1024, "{what}: nothing was measured");
    assert!(run.peak_kib < MOST_KIB, "{what}: {} KiB", run.peak_kib);
    println!("{what}: {} KiB", run.peak_kib);
}

/// Import, export and copy of one image, all of them measured.
fn measure(what: &str, image: Vec<u8>) -> (Sr, Vec<uuid::Uuid>) {
    let sr = Sr::new();
    let run = sr.importing_bytes(image).run().done();
    assert_small(&format!("import of {what}"), &run);
    let vdis = chain(&run);
    let leaf = vdis[0].to_string();
    let run =
        sr.exporting().args(["--chain", "--level", "1", "--vdi", &leaf, "-o", "/dev/null"]).run().done();
    assert_small(&format!("export of {what}"), &run);
    let run = Porter::new(["copy", "--json", "--sr"]).arg(sr.root()).vdis(&vdis).run().done();
    assert_small(&format!("copy of {what}"), &run);
    let run = Porter::new(["check", "--sr"]).arg(sr.root()).run().done();
    assert_small(&format!("check of {what}"), &run);
    (sr, vdis)
}

#[test]
fn of_the_largest_disk_there_is() {
    let size = 2040 << 30;
    let disk = Disk::new(7, size).block(0, 1).block(1_044_479, 2);
    let (sr, vdis) = measure("a disk of 2040 GiB", tar_gz(&[("0.vhd", disk.bytes())]));
    assert_eq!(sr.assert_chain(&vdis)[0].size, size);
}

/// Reading all of it would take minutes, and its holes do not.
#[test]
fn of_a_raw_disk_of_2040_gib_with_next_to_nothing_on_it() {
    let sr = Sr::new();
    let [raw, vhd, back] = ["disk.raw", "disk.vhd", "back.raw"].map(|name| sr.beside(name));
    let size = 2040 << 30;
    let file = File::create(&raw).unwrap();
    file.set_len(size).unwrap();
    let data = [(5 << 10, 1), ((2 << 20) - 512, 2), (1000 << 30, 3), (size - 512, 4)];
    for (at, byte) in data {
        file.write_all_at(&[byte; 512], at).unwrap();
    }
    let run = |words: &[&str], files: [&Path; 2]| Porter::new(words).args(files).run().done();
    assert_small("conversion of a raw disk", &run(&["convert"], [&raw, &vhd]));
    assert_small("comparison with it", &run(&["compare"], [&raw, &vhd]));
    assert_small("conversion to one", &run(&["convert", "--to", "raw"], [&vhd, &back]));
    let inspected = Porter::new(["inspect", "--json"]).arg(&vhd).run().done().json();
    assert_eq!((&inspected["virtual_size"], &inspected["allocated_blocks"]), (&size.into(), &3.into()));
    let back = File::open(back).unwrap();
    assert_eq!(back.metadata().unwrap().len(), size);
    for (at, byte) in data {
        let mut found = [0; 1024];
        let read = back.read_at(&mut found, at).unwrap();
        assert!(found[..512] == [byte; 512] && found[512..read].iter().all(|byte| *byte == 0), "at {at}");
    }
}

#[test]
fn of_the_longest_chain_there_is() {
    let links = Disk::chain(29, 128 << 20);
    let members: Vec<_> = (0..).map(|index| format!("{index}.vhd")).zip(links).collect();
    let (sr, vdis) = measure("29 links", tar_gz(&members));
    sr.assert_chain(&vdis);
    let mut disk = vec![0u8; 128 << 20];
    for (index, block) in disk.chunks_mut(2 << 20).take(29).enumerate() {
        block.fill(u8::try_from(index).unwrap() + 1);
    }
    assert_eq!(guest(&sr.files(&vdis)), (128 << 20, sha256(&disk)));
}

/// Blocks of the streamed disk; one in ten holds data.
const BLOCKS: usize = 300;

fn write_blocks(disk: &Disk, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(&disk.head().0)?;
    let mut noise = 1u64;
    for (block, _) in &disk.blocks {
        let mut bytes = vec![0u8; 2 << 20];
        if block % 10 == 3 {
            for word in bytes.as_chunks_mut::<8>().0 {
                noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                *word = noise.to_ne_bytes();
            }
        }
        out.write_all(&[0xff; 512])?;
        out.write_all(&bytes)?;
    }
    out.write_all(&disk.footer())
}

#[test]
fn of_a_stream_of_600_mib() {
    let disk = (0..BLOCKS).fold(Disk::new(7, 600 << 20), |disk, block| disk.block(block, 0));
    let sr = Sr::new();
    let streamed = disk.clone();
    let run = sr.importing("-").feed(move |out| write_blocks(&streamed, out)).run().done();
    assert_small("import of a stream", &run);
    let vdis = chain(&run);
    let length = disk.head().0.len() + BLOCKS * ((2 << 20) + 512) + 512;
    assert_eq!(run.json()["bytes_read"], length);
    let landed = sr.vdi(vdis[0]).metadata().unwrap();
    assert_eq!(landed.len(), length as u64);
    let allocated = std::os::unix::fs::MetadataExt::blocks(&landed) * 512;
    assert!(allocated < 70 << 20, "{allocated} bytes for 60 MiB of data");
    let run = sr.exporting().args(["--level", "1", "--vdi", &vdis[0].to_string(), "-o", "/dev/null"]).run();
    assert_small("export of it", &run.done());
}
