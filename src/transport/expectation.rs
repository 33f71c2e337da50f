//! [`Expectation`]: what somebody says the digest of a stream is.

use base64::prelude::{BASE64_STANDARD, Engine};

use super::error::Error;
use crate::http::Response;
use crate::stream::{Algorithm, Digests};

/// Which headers of an answer are held against what came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checksums {
    /// `Content-MD5` (RFC 1864). An `ETag` of a web server may look like an MD5 and be none.
    Web,
    /// `ETag`, `Content-MD5` and `X-Image-Meta-Checksum`, all of which Glance fills with the MD5 of the image
    /// (os-xenapi glance.py `_download_tarball_and_verify`).
    Glance,
}

/// A digest that a stream should have, and who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    algorithm: Algorithm,
    hex: String,
    said_by: String,
}

impl Expectation {
    /// `digest`, in hex, as said by `said_by`; nothing if it is no digest of this algorithm.
    #[must_use]
    pub fn new(algorithm: Algorithm, digest: &str, said_by: &str) -> Option<Self> {
        let fits = digest.len() == algorithm.hex_len() && digest.bytes().all(|b| b.is_ascii_hexdigit());
        let said_by = said_by.to_owned();
        fits.then(|| Self { algorithm, hex: digest.to_ascii_lowercase(), said_by })
    }

    /// What it is a digest of.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// What the headers of `response` say.
    pub(super) fn of_response(response: &Response, checksums: Checksums) -> Vec<Self> {
        let md5 = |digest: &str, name| Self::new(Algorithm::Md5, digest, name);
        let etag = || {
            let tag = response.header("etag")?.trim();
            let bare = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).unwrap_or(tag);
            md5(bare, "ETag")
        };
        let content = || {
            let text = response.header("content-md5")?.trim();
            let decoded = BASE64_STANDARD.decode(text).ok().filter(|bytes| bytes.len() == 16);
            let from_base64 =
                decoded.map(|bytes| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>());
            md5(from_base64.as_deref().unwrap_or(text), "Content-MD5")
        };
        let image = || md5(response.header("x-image-meta-checksum")?.trim(), "X-Image-Meta-Checksum");
        match checksums {
            Checksums::Web => content().into_iter().collect(),
            Checksums::Glance => [etag(), content(), image()].into_iter().flatten().collect(),
        }
    }

    /// Holds it against what came from `name`.
    ///
    /// # Errors
    /// [`Error::Digest`].
    pub fn check(&self, name: &str, digests: &Digests) -> Result<(), Error> {
        match digests.of(self.algorithm) {
            Some(found) if found == self.hex => Ok(()),
            found => Err(Error::Digest {
                name: name.to_owned(),
                algorithm: self.algorithm,
                expected: self.hex.clone(),
                said_by: self.said_by.clone(),
                found: found.unwrap_or("none").to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_has_its_length_and_nothing_but_hex() {
        let md5 = "900150983CD24FB0D6963F7D28E17F72";
        let known = Expectation::new(Algorithm::Md5, md5, "ETag").unwrap();
        assert_eq!(known.hex, md5.to_lowercase());
        for wrong in ["", "900150983CD24FB0D6963F7D28E17F7", "900150983CD24FB0D6963F7D28E17F7g", "ä"] {
            assert_eq!(Expectation::new(Algorithm::Md5, wrong, "ETag"), None);
        }
        assert_eq!(Expectation::new(Algorithm::Sha512, md5, "Glance"), None);
    }
}
