//! A stream that an image is read from.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::download::Download;
use super::error::Error;
use super::expectation::{Checksums, Expectation};
use super::glance::{self, Image};
use super::trouble::Trouble;
use crate::config::Settings;
use crate::http::{Body, Client, Request, Url};
use crate::os;

/// What standard input is called.
const STDIN: &str = "standard input";
/// Bytes of a footer.
const TAIL: usize = 512;

/// An open source: its name, what is known beforehand, and its bytes.
pub struct Source {
    name: String,
    path: Option<PathBuf>,
    size: Option<u64>,
    tail: Vec<u8>,
    expected: Vec<Expectation>,
    trouble: Option<Trouble>,
    reader: Box<dyn Read + Send>,
}

impl Source {
    /// Opens what `name` names: `-` for standard input, a `file://`, `http://` or `https://` URL, `glance:ID`, or a path.
    /// `settings` say how to speak to servers, and where Glance is.
    ///
    /// # Errors
    /// There is nothing that could be read.
    pub fn open(name: &str, settings: &Settings) -> Result<Self, Error> {
        if name == "-" {
            if io::stdin().is_terminal() {
                return Err(Error::Terminal);
            }
            // Not the one of the standard library, which reads ahead: what it has cannot be waited for.
            let stdin =
                rustix::stdio::stdin().try_clone_to_owned().map_err(os::Error::at("opening", name))?;
            return Ok(Self::from_reader(STDIN, Patient(File::from(stdin))));
        }
        if let Some(id) = glance::id_in(name) {
            return Image::configured(id, settings)?.download();
        }
        match name.split_once("://") {
            Some(("file", rest)) => Self::open_file(&file_url_path(name, rest)?),
            Some((scheme, _)) if ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) => {
                let request = Request::get(Url::parse(name)?);
                Self::from_http(&Client::new(settings)?, request, Checksums::Web)
            }
            Some((scheme, _)) if scheme.chars().all(|c| c.is_ascii_alphanumeric() || c == '+') => {
                Err(Error::UnknownScheme { url: format!("{scheme}://…") })
            }
            _ => Self::open_file(Path::new(name)),
        }
    }

    /// What may be shown of the `name` of a source that is not open yet: of a URL neither user nor query, of a file its path.
    #[must_use]
    pub fn shown(name: &str) -> String {
        match name.split_once("://") {
            _ if name == "-" => STDIN.to_owned(),
            None if glance::id_in(name).is_none() => {
                std::path::absolute(name).map_or_else(|_| name.to_owned(), |path| path.display().to_string())
            }
            Some(("file", _)) | None => name.to_owned(),
            Some((scheme, _)) => {
                Url::parse(name).map_or_else(|_| format!("{scheme}://…"), |url| url.to_string())
            }
        }
    }

    fn open_file(path: &Path) -> Result<Self, Error> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(os::Error::at("opening", path))?;
        let metadata = file.metadata().map_err(os::Error::at("examining", path))?;
        if metadata.is_dir() {
            return Err(Error::Directory { path: name });
        }
        let size = metadata.is_file().then_some(metadata.len());
        let mut tail = Vec::new();
        if let Some(start) = size.and_then(|s| s.checked_sub(TAIL as u64)) {
            tail.resize(TAIL, 0);
            file.read_exact_at(&mut tail, start).map_err(os::Error::at("reading", path))?;
        }
        let path = Some(path.to_owned());
        let source = if metadata.is_file() {
            Self::from_reader(&name, file)
        } else {
            Self::from_reader(&name, Patient(file))
        };
        Ok(Self { path, size, tail, ..source })
    }

    /// The body of the answer to `request`, which is resumed where it breaks as often as `http.retries` allows. `checksums`
    /// says which headers of the answer its digest is held against.
    ///
    /// # Errors
    /// There is no answer, or one of another status than 200.
    pub fn from_http(client: &Client, request: Request, checksums: Checksums) -> Result<Self, Error> {
        let response = client.send(&request, Body::Empty)?;
        if response.status != 200 {
            return Err(response.into_error("status 200").into());
        }
        let (name, size) = (request.url.to_string(), response.content_length());
        let expected = Expectation::of_response(&response, checksums);
        tracing::info!(%name, size, digests = expected.len(), "downloading");
        let download = Download::new(client, request, response);
        let trouble = Some(download.trouble());
        Ok(Self { size, expected, trouble, ..Self::from_reader(&name, download) })
    }

    /// A source of our own making, for whoever has the bytes already.
    pub fn from_reader(name: &str, reader: impl Read + Send + 'static) -> Self {
        Self {
            name: name.to_owned(),
            path: None,
            size: None,
            tail: Vec::new(),
            expected: Vec::new(),
            trouble: None,
            reader: Box::new(reader),
        }
    }

    /// Adds a digest that it should have: whoever reads it to its end holds it against all of them.
    #[must_use]
    pub fn expecting(mut self, expectation: Option<Expectation>) -> Self {
        self.expected.extend(expectation);
        self
    }

    /// What to call it in messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is, if it is a file.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The digests that it should have.
    #[must_use]
    pub fn expected(&self) -> &[Expectation] {
        &self.expected
    }

    /// Where word will be of why it broke, if it comes from a server.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        self.trouble.clone()
    }

    /// How many bytes it will give, where that is known.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// Its last 512 bytes, where they can be had beforehand; else nothing.
    #[must_use]
    pub fn tail(&self) -> &[u8] {
        &self.tail
    }
}

/// A pipe or device that may keep us waiting: for its bytes, or for a signal.
struct Patient(File);

impl Read for Patient {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        os::stop::wait_readable(&self.0)?;
        self.0.read(buf)
    }
}

impl Read for Source {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buf)
    }
}

/// The path of a `file://` URL, whose part behind the slashes is `rest`.
pub(super) fn file_url_path(url: &str, rest: &str) -> Result<PathBuf, Error> {
    let bad = || Error::FileUrl { url: url.to_owned() };
    let path = rest.strip_prefix("localhost").unwrap_or(rest);
    if !path.starts_with('/') {
        return Err(bad());
    }
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, after @ ..] = rest {
        if *first == b'%' {
            let digits = after.get(..2).and_then(|d| std::str::from_utf8(d).ok()).ok_or_else(bad)?;
            bytes.push(u8::from_str_radix(digits, 16).map_err(|_| bad())?);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    Ok(PathBuf::from(OsString::from_vec(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_urls_are_paths() {
        let path = |url: &str| file_url_path(url, url.strip_prefix("file://").unwrap());
        assert_eq!(path("file:///a%20b/c").unwrap(), PathBuf::from("/a b/c"));
        assert_eq!(path("file://localhost/a").unwrap(), PathBuf::from("/a"));
        for bad in ["file://host/a", "file://a", "file:///a%2", "file:///a%zz"] {
            assert!(matches!(path(bad), Err(Error::FileUrl { .. })), "{bad}");
        }
    }
}
