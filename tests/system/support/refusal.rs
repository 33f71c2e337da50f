//! Tables of what is refused: each row run twice, in words and as JSON, and the SR compared before and after.

use std::ffi::OsString;
use std::path::PathBuf;

use super::porter::Porter;
use super::snapshot::Snapshot;
use super::sr::Sr;

/// Something to import that must not land.
pub(crate) struct Refusal {
    name: String,
    image: Image,
    args: Vec<OsString>,
    kind: &'static str,
    words: Vec<String>,
}

enum Image {
    /// A file with these bytes.
    Bytes(Vec<u8>),
    /// The same through standard input.
    Piped(Vec<u8>),
    /// Whatever this names.
    Named(OsString),
}

impl Refusal {
    fn with(name: impl Into<String>, image: Image, kind: &'static str, words: &[&str]) -> Self {
        let words = words.iter().map(|w| (*w).to_owned()).collect();
        Self { name: name.into(), image, args: Vec::new(), kind, words }
    }

    /// A file with these bytes, the kind of error, and words that its message must hold.
    pub(crate) fn of(name: impl Into<String>, bytes: Vec<u8>, kind: &'static str, words: &[&str]) -> Self {
        Self::with(name, Image::Bytes(bytes), kind, words)
    }

    /// Something else to name as the image.
    pub(crate) fn named(image: impl Into<OsString>, kind: &'static str, words: &[&str]) -> Self {
        let image = image.into();
        Self::with(image.to_string_lossy().into_owned(), Image::Named(image), kind, words)
    }

    /// Through standard input instead.
    pub(crate) fn piped(mut self) -> Self {
        if let Image::Bytes(bytes) = self.image {
            self.image = Image::Piped(bytes);
        }
        self
    }

    /// Another kind of error.
    pub(crate) fn kind(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    pub(crate) fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Runs it against `sr`; what is not as it should be.
    fn complaints(&self, sr: &Sr) -> Vec<String> {
        let scratch = tempfile::tempdir().expect("a temporary directory");
        let (image, stdin): (OsString, _) = match &self.image {
            Image::Bytes(bytes) => {
                let path: PathBuf = scratch.path().join("image");
                std::fs::write(&path, bytes).expect("a file");
                (path.into(), None)
            }
            Image::Piped(bytes) => ("-".into(), Some(bytes)),
            Image::Named(name) => (name.clone(), None),
        };
        let before = sr.snapshot();
        let run = |porter: Porter| {
            let porter = porter.args(&self.args);
            match stdin {
                Some(bytes) => porter.stdin(bytes.clone()),
                None => porter,
            }
            .run()
        };
        let mut bad = Vec::new();
        let mut check = |holds: bool, what: String| bad.extend((!holds).then_some(what));
        let words = run(Porter::new(["import", "--sr"]).arg(sr.root()).arg(&image));
        let said = &words.stderr;
        check(words.status == 1, format!("exit {}", words.status));
        check(words.stdout.is_empty(), format!("stdout: {}", words.text()));
        let mut lines = said.lines();
        let error = lines.next().is_some_and(|line| line.starts_with("vhd-porter: "));
        let hint = lines.next().is_none_or(|line| line.starts_with("hint: ")) && lines.next().is_none();
        check(error && hint, format!("not an error and perhaps a hint: {said}"));
        for word in &self.words {
            check(said.contains(word.as_str()), format!("no {word:?} in: {said}"));
        }
        check(sr.snapshot() == before, differences(&before, &sr.snapshot()));
        let json = run(sr.importing(&image));
        let document = serde_json::from_slice::<serde_json::Value>(&json.stdout).unwrap_or_default();
        check(json.status == 1, format!("exit {} with --json", json.status));
        check(document["error"]["kind"] == self.kind, format!("kind {}, not {}", document, self.kind));
        check(document["error"]["message"].is_string(), format!("no message in {document}"));
        check(sr.snapshot() == before, differences(&before, &sr.snapshot()));
        bad
    }
}

fn differences(before: &Snapshot, after: &Snapshot) -> String {
    format!("the SR changed from {before:?}\nto {after:?}")
}

/// Runs all rows against an SR that holds a VDI of somebody else's; fails with all that is wrong.
#[track_caller]
pub(crate) fn refuse(table: impl IntoIterator<Item = Refusal>) {
    refuse_into(&Sr::new(), table);
}

/// The same for an SR of the test's own.
#[track_caller]
pub(crate) fn refuse_into(sr: &Sr, table: impl IntoIterator<Item = Refusal>) {
    let rows = table.into_iter().flat_map(|row| {
        row.complaints(sr).into_iter().map(|bad| format!("{}: {bad}", row.name)).collect::<Vec<_>>()
    });
    let bad: Vec<String> = rows.collect();
    assert!(bad.is_empty(), "\n{}", bad.join("\n"));
}
