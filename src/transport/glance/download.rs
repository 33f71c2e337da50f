//! The data of an image as a source.

use super::error::Error;
use super::facts::Facts;
use super::image::Image;
use crate::http::Method;
use crate::stream::Algorithm;
use crate::transport::{self, Checksums, Expectation, Source};

/// The answer of version 2 for an image without data.
const NO_CONTENT: u16 = 204;

impl Image {
    /// Begins to download its data. Its digest will be held against all that the server says about it.
    ///
    /// # Errors
    /// There is no such image, it has no data, or the server cannot be asked.
    pub fn download(&self) -> Result<Source, transport::Error> {
        let facts = self.optional_facts()?;
        let status = facts.as_ref().map_or("unknown", |facts| facts.status.as_str());
        let no_data = || Error::NoData { image: self.id.clone(), status: status.to_owned() };
        if status == "queued" {
            return Err(no_data().into());
        }
        let request = self.data(Method::Get)?;
        let source = match Source::from_http(&self.client, request, Checksums::Glance) {
            Err(transport::Error::Http(e)) if e.status() == Some(NO_CONTENT) => return Err(no_data().into()),
            Err(transport::Error::Http(e)) if e.status() == Some(404) => return Err(self.missing().into()),
            other => other?,
        };
        Ok(source.expecting(facts.as_ref().and_then(Facts::expectation)))
    }

    /// What the server says of the image; nothing if it does not say so to everybody who may have its data.
    fn optional_facts(&self) -> Result<Option<Facts>, Error> {
        match self.facts() {
            Err(Error::Http(e)) if e.status().is_some() && !e.is_retryable() => {
                tracing::info!(image = self.id, "nothing is known of it: {e}");
                Ok(None)
            }
            other => other.map(Some),
        }
    }
}

impl Facts {
    /// The digest beside the MD5, if it is one that is known here.
    fn expectation(&self) -> Option<Expectation> {
        let algorithm = Algorithm::named(self.os_hash_algo.as_deref()?)?;
        Expectation::new(algorithm, self.os_hash_value.as_deref()?, "os_hash_value")
    }
}
