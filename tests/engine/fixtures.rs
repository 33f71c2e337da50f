//! The images in `fixtures/`: unpacking them, and the engine's reading of each against what is written beside it.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use vhd_porter::vhd::{Chain, Image};

/// The file `name` among the fixtures.
pub(crate) fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// The tar archive `name`, unzipped as it is read.
pub(crate) fn archive(name: &str) -> tar::Archive<GzDecoder<File>> {
    tar::Archive::new(GzDecoder::new(File::open(path(name)).unwrap()))
}

/// The JSON document `name`.
pub(crate) fn json(name: &str) -> Value {
    serde_json::from_reader(File::open(path(name)).unwrap()).unwrap()
}

/// The SHA-256 of all that `stream` yields.
pub(crate) fn sha256(mut stream: impl Read) -> String {
    let (mut hash, mut piece) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match stream.read(&mut piece).unwrap() {
            0 => return hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect(),
            n => hash.update(&piece[..n]),
        }
    }
}

#[test]
fn every_link_of_every_fixture_reads_as_described() {
    for name in ["ext4-chain", "ext4-chain-pages", "ext4-single", "oracle/diff3-chain"] {
        let directory = TempDir::new().unwrap();
        archive(&format!("{name}.tar.gz")).unpack(directory.path()).unwrap();
        let about = json(&format!("{name}.json"));
        let links = about["links"].as_array().unwrap();
        for (index, link) in links.iter().enumerate() {
            let images = links[index..].iter().map(|link| {
                let file = File::open(directory.path().join(link["name"].as_str().unwrap())).unwrap();
                Image::open(file).unwrap()
            });
            let mut chain = Chain::join(images.collect()).unwrap();
            let leaf = &chain.links()[0];
            assert_eq!(leaf.uuid().to_string(), link["uuid"].as_str().unwrap());
            assert_eq!(u64::from(leaf.is_hidden()), link["hidden"].as_u64().unwrap());
            let blocks = link["blocks"].as_str().unwrap();
            assert_eq!(leaf.allocated_blocks().unwrap(), blocks.replace('-', "").len() as u64);
            assert_eq!(chain.virtual_size(), link["raw"]["size"].as_u64().unwrap());
            assert_eq!(sha256(chain.reader()), link["raw"]["sha256"].as_str().unwrap(), "{name} {index}");
        }
    }
}
