//! Import: every container and way in, every naming, and what the chain is like once it has landed.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use uuid::{Uuid, Variant};

use crate::support::{
    Disk, Fixture, Locators, Porter, Run, Sr, Vhd, digest_program, guest, gzip, have, skipped,
};
use crate::support::{chain, geometry, tar, tar_gz, zstd};

/// What came of an import is the fixture's chain, whole and sound.
#[track_caller]
fn assert_imported(run: &Run, sr: &Sr, fixture: &Fixture) -> Vec<Uuid> {
    let vdis = chain(run);
    assert_eq!(vdis.len(), fixture.links.len());
    sr.assert_chain(&vdis);
    assert_eq!(guest(&sr.files(&vdis)), fixture.raw(0), "what the guest sees");
    let landed: std::collections::BTreeSet<String> = vdis.iter().map(|u| format!("{u}.vhd")).collect();
    assert_eq!(sr.arrived(), landed.into_iter().collect::<Vec<_>>(), "the VDIs and nothing else");
    vdis
}

/// Bytes and digests in the document are those of the file, by other programs.
#[track_caller]
fn assert_digests(run: &Run, image: &Path) {
    let document = run.json();
    assert_eq!(document["bytes_read"], image.metadata().unwrap().len());
    assert_eq!(document["sha256"], digest_program("sha256sum", image).as_str());
    assert!(document["md5"].is_null() && document["sha512"].is_null(), "nobody asked");
}

/// A file in a scratch directory, with a name that needs quoting.
fn file(name: &str, bytes: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (scratch, path)
}

#[test]
fn a_file_system_over_three_links_of_old_names_arrives_whole() {
    let (sr, fixture) = (Sr::new(), Fixture::ext4_chain());
    let run = sr.importing(&fixture.path).run().done();
    assert_digests(&run, &fixture.path);
    let vdis = assert_imported(&run, &sr, fixture);
    let document = run.json();
    for (index, link) in document["chain"].as_array().unwrap().iter().enumerate() {
        assert_eq!(link["parent"], serde_json::json!(vdis.get(index + 1)));
        assert_eq!(link["virtual_size"], fixture.raw(0).0);
        assert_eq!(link["physical_size"], sr.vdi(vdis[index]).metadata().unwrap().len());
        assert_eq!(link["hidden"], index > 0);
        assert_eq!(link["source"], fixture.links[index].0.as_str());
        assert_eq!(vdis[index].get_version_num(), 4);
        assert_eq!(vdis[index].get_variant(), Variant::RFC4122);
        // The guest's view of every inner link is what it was, too.
        assert_eq!(guest(&sr.files(&vdis[index..])), fixture.raw(index));
    }
    assert_eq!(document["dry_run"], false);
}

#[test]
fn every_container_is_told_by_its_content() {
    let fixture = Fixture::ext4_single();
    let vhd = fixture.bytes(0);
    let member = [("disk.vhd", vhd.clone())];
    for (what, bytes) in [
        ("tar.gz", tar_gz(&member)),
        ("tar", tar(&member)),
        ("vhd", vhd.clone()),
        ("vhd.gz", gzip(&vhd)),
        ("tar.zst", zstd(&tar(&member))),
        ("vhd.zst", zstd(&vhd)),
    ] {
        let sr = Sr::new();
        let (_scratch, path) = file("an image with no telling name", &bytes);
        let run = sr.importing(&path).run().done();
        assert_digests(&run, &path);
        assert_imported(&run, &sr, fixture);
        let piped = Sr::new();
        let run = piped.importing_bytes(bytes).run().done();
        assert_digests(&run, &path);
        assert_imported(&run, &piped, fixture);
        println!("{what} fine");
    }
}

#[test]
fn digests_are_those_that_were_asked_for() {
    let fixture = Fixture::diff3();
    let digest = |name: &str| serde_json::json!(digest_program(&format!("{name}sum"), &fixture.path));
    let null = serde_json::Value::Null;
    for (asked, expected) in [
        (&["md5", "sha512"][..], [digest("md5"), null.clone(), digest("sha512")]),
        (&["sha512", "sha256", "md5", "sha512"], [digest("md5"), digest("sha256"), digest("sha512")]),
        (&["md5"], [digest("md5"), null.clone(), null.clone()]),
    ] {
        let options: Vec<&str> = asked.iter().flat_map(|name| ["--digest", *name]).collect();
        let run = Sr::new().importing(&fixture.path).args(&options).run().done();
        let document = run.json();
        assert_eq!(["md5", "sha256", "sha512"].map(|name| document[name].clone()), expected, "{asked:?}");
    }
    let run = Sr::new().importing(&fixture.path).args(["--digest", "crc32"]).run();
    assert_eq!(run.status, 2, "{}", run.text());
}

#[test]
fn file_urls_and_relative_paths_name_files() {
    let fixture = Fixture::diff3();
    let (scratch, path) = file("my image%.tgz", &std::fs::read(&fixture.path).unwrap());
    let url = format!("file://{}", path.display()).replace('%', "%25").replace(' ', "%20");
    for name in [url.clone(), url.replace("file://", "file://localhost"), "my image%.tgz".into()] {
        let sr = Sr::new();
        let run = sr.importing(&name).current_dir(scratch.path()).run().done();
        assert_imported(&run, &sr, fixture);
    }
}

#[test]
fn any_subset_of_names_old_or_new_gives_the_order() {
    let chains: Vec<_> = (1..=3).map(|links| Disk::chain(links, 4 << 20)).collect();
    for names in [
        &["snap.vhd", "image.vhd", "base.vhd"][..],
        &["snap.vhd", "image.vhd"],
        &["snap.vhd", "base.vhd"],
        &["image.vhd", "base.vhd"],
        &["snap.vhd"],
        &["image.vhd"],
        &["base.vhd"],
        &["0.vhd", "1.vhd", "2.vhd"],
        &["0.vhd"],
        &["any name of a lone disk.vhd"],
    ] {
        let links = &chains[names.len() - 1];
        let members: Vec<_> = names.iter().map(|n| (*n).to_owned()).zip(links.iter().cloned()).collect();
        for turn in 0..names.len() {
            let mut members = members.clone();
            members.rotate_left(turn);
            members.insert(turn, ("swap.vhd".to_owned(), b"whatever there is in it".to_vec()));
            let sr = Sr::new();
            let run = sr.importing_bytes(tar(&members)).run().done();
            let landed = sr.assert_chain(&chain(&run));
            let uuids: Vec<_> = landed.iter().map(|link| link.uuid).collect();
            let wanted: Vec<_> = (0..links.len()).map(|l| Disk::new(100 + l as u128, 1).uuid).collect();
            assert_eq!(uuids, wanted, "{names:?}, turned by {turn}");
            let sources: Vec<_> = run.json()["chain"].as_array().unwrap().clone();
            assert!(sources.iter().zip(names).all(|(link, name)| link["source"] == *name), "{names:?}");
        }
    }
}

#[test]
fn names_may_start_with_a_dot_and_a_slash() {
    let sr = Sr::new();
    let run = sr.importing_bytes(tar(&Fixture::diff3().named(&["./0.vhd", "./1.vhd", "./2.vhd"]))).run();
    assert_imported(&run.done(), &sr, Fixture::diff3());
}

#[test]
fn uuids_are_given_leaf_first_and_lowered() {
    let sr = Sr::new();
    let given = ["5CA3034B-9B09-4A0C-8F0E-0D7F2B6C1A11", "5ca3034b-9b09-4a0c-8f0e-0d7f2b6c1a22"];
    let image = tar(&[
        ("0.vhd".to_owned(), Disk::chain(2, 4 << 20).remove(0)),
        ("1.vhd".to_owned(), Disk::chain(2, 4 << 20).remove(1)),
    ]);
    let run = sr.importing_bytes(image).args(["--uuid", given[0], "--uuid", given[1]]).run().done();
    let vdis = chain(&run);
    assert_eq!(vdis.iter().map(Uuid::to_string).collect::<Vec<_>>(), given.map(str::to_lowercase));
    sr.assert_chain(&vdis);
}

#[test]
fn zeros_become_holes() {
    // A block of data between blocks that are allocated and zero.
    let disk = Disk::new(7, 64 << 20);
    let disk = (0..30).fold(disk, |disk, block| disk.block(block, u8::from(block == 15)));
    for image in [disk.bytes(), gzip(&disk.bytes()), tar_gz(&[("0.vhd", disk.bytes())])] {
        let sr = Sr::new();
        let vdis = sr.import(image);
        let meta = sr.vdi(vdis[0]).metadata().unwrap();
        assert_eq!(meta.len(), disk.bytes().len() as u64);
        assert!(meta.blocks() * 512 < 4 << 20, "{} of {} bytes", meta.blocks() * 512, meta.len());
    }
}

#[test]
fn a_dry_run_says_what_would_be_and_leaves_no_trace() {
    let (sr, fixture) = (Sr::new(), Fixture::diff3());
    let before = sr.snapshot();
    let run = sr.importing(&fixture.path).arg("--dry-run").run().done();
    assert_eq!((chain(&run).len(), run.json()["dry_run"].as_bool()), (3, Some(true)));
    assert_digests(&run, &fixture.path);
    assert_eq!(sr.snapshot(), before);
}

#[test]
fn a_missing_sr_is_created_when_asked_for() {
    let scratch = tempfile::tempdir().unwrap();
    let sr = scratch.path().join("not/yet");
    let run = Porter::new(["import", "--json", "--create-sr", "--sr"]).arg(&sr).arg(&Fixture::diff3().path);
    let vdis = chain(&run.run().done());
    assert_eq!(std::fs::read_dir(&sr).unwrap().count(), vdis.len());
}

#[test]
fn geometry_that_qemu_leaves_too_large_is_that_of_the_size() {
    let fixture = Fixture::ext4_chain();
    let base = Vhd(fixture.bytes(2)).fields();
    assert_eq!(base.geometry, 0xffff_10ff, "the fixture is meant to have qemu's mark");
    let sr = Sr::new();
    let run = sr.importing(&fixture.path).run().done();
    let landed = Vhd::read(&sr.vdi(chain(&run)[2])).fields();
    assert_eq!(landed.geometry, geometry(landed.size));
    assert!(run.json()["notes"][0].as_str().unwrap().contains("base.vhd: the geometry"), "{}", run.text());
}

#[test]
fn a_child_without_locators_gets_the_three_of_vhd_util() {
    let base = Disk::new(50, 4 << 20).block(0, 1);
    let mut leaf = Disk::new(51, 4 << 20).parent(base.uuid);
    leaf.locators = Locators::Room;
    let sr = Sr::new();
    let vdis = sr.import(tar(&[("0.vhd", leaf.bytes()), ("1.vhd", base.bytes())]));
    let links = sr.assert_chain(&vdis);
    let platforms: Vec<_> = links[0].locators.iter().map(|(platform, _)| platform.as_str()).collect();
    assert_eq!(platforms, ["MacX", "W2ku", "W2ru"]);
}

#[test]
fn a_disk_that_grew_on_its_parent_arrives() {
    let base = Disk::new(50, 4 << 20).block(1, 1);
    let leaf = Disk::new(51, 12 << 20).parent(base.uuid).block(4, 2);
    let sr = Sr::new();
    let vdis = sr.import(tar(&[("0.vhd", leaf.bytes()), ("1.vhd", base.bytes())]));
    assert_eq!(sr.assert_chain(&vdis)[0].size, 12 << 20);
    let mut disk = vec![0u8; 12 << 20];
    disk[2 << 20..4 << 20].fill(1);
    disk[8 << 20..10 << 20].fill(2);
    assert_eq!(guest(&sr.files(&vdis)).1, crate::support::sha256(&disk));
}

#[test]
fn words_for_people_name_image_sr_and_every_link() {
    let (sr, fixture) = (Sr::new(), Fixture::diff3());
    let run = Porter::new(["import", "--sr"]).arg(sr.root()).arg(&fixture.path).run().done();
    let text = run.text();
    for word in ["imported", "2.vhd", "1.vhd", "0.vhd", "└─", "hidden", "visible"] {
        assert!(text.contains(word), "{word} in {text}");
    }
    assert_eq!(run.stderr, "");
    assert_eq!(sr.arrived().len(), 3);
}

#[test]
fn qemu_reads_a_lone_disk_as_the_fixture_has_it() {
    let Some(qemu) = have("qemu-img") else {
        return skipped("qemu-img as judge of a lone disk", "there is no qemu-img");
    };
    let (sr, fixture) = (Sr::new(), Fixture::ext4_single());
    let vdis = sr.import(fixture.bytes(0));
    let raw = sr.root().parent().unwrap().join("raw");
    let mut convert = std::process::Command::new(qemu);
    let convert = convert.args(["convert", "-f", "vpc", "-O", "raw"]).arg(sr.vdi(vdis[0])).arg(&raw).status();
    assert!(convert.unwrap().success());
    assert_eq!(crate::support::sha256(&std::fs::read(&raw).unwrap()), fixture.raw(0).1);
}
