//! [`Facts`]: what the server knows about an image.

use serde::Deserialize;

use super::error::Error;
use super::image::{ApiVersion, Image};
use crate::http::{Body, Method, Response};

/// Most bytes of what the server says about one image.
const LONGEST: usize = 1 << 20;

/// What the server says about an image. All of it is a claim.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Facts {
    /// `queued`, `saving`, `active`, `killed`, ….
    pub(super) status: String,
    /// Bytes of its data.
    pub(super) size: Option<u64>,
    /// MD5 of its data, hex.
    pub(super) checksum: Option<String>,
    /// By which function `os_hash_value` was made: what the operator has chosen, by default `sha512`.
    pub(super) os_hash_algo: Option<String>,
    /// Another digest of its data, hex.
    pub(super) os_hash_value: Option<String>,
}

impl Image {
    /// Asks the server about the image.
    pub(super) fn facts(&self) -> Result<Facts, Error> {
        match self.version {
            ApiVersion::V1 => {
                let request = self.request(Method::Head, "")?;
                self.of_headers(&self.ask(&request, Body::Empty)?)
            }
            ApiVersion::V2 => {
                let request = self.request(Method::Get, "")?;
                let document = self.ask(&request, Body::Empty)?.document(LONGEST)?;
                serde_json::from_slice(&document)
                    .map_err(|e| self.unlike("a JSON object with its status", &e))
            }
        }
    }

    fn of_headers(&self, response: &Response) -> Result<Facts, Error> {
        let text = |name: &str| response.header(name).map(str::to_owned);
        let status = text("x-image-meta-status")
            .ok_or_else(|| self.unlike("the header x-image-meta-status", &"an answer without it"))?;
        Ok(Facts {
            status,
            size: text("x-image-meta-size").and_then(|size| size.parse().ok()),
            checksum: text("x-image-meta-checksum"),
            os_hash_algo: None,
            os_hash_value: None,
        })
    }

    fn unlike(&self, expected: &'static str, found: &dyn ToString) -> Error {
        Error::Answer { image: self.id.clone(), expected, found: found.to_string() }
    }
}
