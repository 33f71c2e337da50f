//! A recorded run of the real program: what was typed, what came out, what became of the files.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;

use base64::Engine as _;
use flate2::read::GzDecoder;
use serde::Deserialize;

/// One run.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Record {
    pub(crate) id: String,
    pub(crate) case: String,
    pub(crate) group: String,
    pub(crate) argv: Vec<String>,
    pub(crate) rc: Option<i32>,
    #[serde(default)]
    pub(crate) signal: Option<String>,
    #[serde(default)]
    pub(crate) timeout: bool,
    #[serde(default)]
    pub(crate) stdout: String,
    #[serde(default)]
    pub(crate) stdout_bin: Option<Binary>,
    #[serde(default)]
    pub(crate) stderr: String,
    #[serde(default)]
    pub(crate) files: Option<BTreeMap<String, Option<Written>>>,
    #[serde(default)]
    pub(crate) extra_files: Vec<String>,
    #[serde(default)]
    pub(crate) unordered: bool,
    #[serde(default)]
    killed: bool,
    #[serde(default)]
    fs_dependent: bool,
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
}

/// Output that is no text.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Binary {
    pub(crate) len: Option<usize>,
    pub(crate) sha256: Option<String>,
    b64: Option<String>,
}

impl Binary {
    /// Whether this is what `bytes` are.
    pub(crate) fn is(&self, bytes: &[u8]) -> bool {
        let short = self.b64.as_ref().map(|b| base64::engine::general_purpose::STANDARD.decode(b).unwrap());
        self.len == Some(bytes.len())
            && short.is_none_or(|short| short == bytes)
            && self.sha256.as_deref() == Some(&crate::world::sha256(bytes))
    }
}

/// A file as a run left it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Written {
    pub(crate) size: u64,
    pub(crate) sha256: Option<String>,
    pub(crate) sha256_masked: Option<String>,
    pub(crate) nzpage_sha256: Option<String>,
}

/// Runs that belong together: they start from one fresh copy of a case's files, one after another.
pub(crate) struct Group {
    pub(crate) records: Vec<Record>,
}

/// Reads every recorded run, grouped. Runs that depend on the file system, or in which the real program was killed from
/// outside, prove nothing.
pub(crate) fn groups(path: &Path) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut places: BTreeMap<(String, String), usize> = BTreeMap::new();
    for line in BufReader::new(GzDecoder::new(std::fs::File::open(path).unwrap())).lines() {
        let record: Record = serde_json::from_str(&line.unwrap()).unwrap();
        if record.killed || record.fs_dependent {
            continue;
        }
        let place = *places.entry((record.case.clone(), record.group.clone())).or_insert_with(|| {
            groups.push(Group { records: Vec::new() });
            groups.len() - 1
        });
        groups[place].records.push(record);
    }
    groups
}
