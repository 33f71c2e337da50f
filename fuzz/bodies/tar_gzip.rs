//! Streams: tar, gzip, zstd, a VHD alone, or none of them. Looking into one ends, whatever it claims.

use std::io::Write;

use vhd_porter::config::Settings;
use vhd_porter::pipeline::{Inspection, inspect};
use vhd_porter::transport::Source;

pub(crate) fn run(bytes: &[u8]) {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(bytes).expect("room for a temporary file");
    let name = file.path().to_str().expect("a plain name");
    let source = Source::open(name, &Settings::default()).expect("a file");
    match inspect(source) {
        Ok(Inspection::Archive { bytes: seen, members, .. }) => {
            assert_eq!(seen, bytes.len() as u64, "every byte of the stream is digested");
            assert!(members.len() <= 64);
        }
        Ok(_) => {}
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
