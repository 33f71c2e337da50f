//! The data of an image as a source.

use super::error::Error;
use super::image::Image;
use crate::http::{Body, Method};
use crate::transport::Source;

/// The answer of version 2 for an image without data.
const NO_CONTENT: u16 = 204;

impl Image {
    /// Begins to download its data.
    ///
    /// # Errors
    /// There is no such image, it has no data, or the server cannot be asked.
    pub fn download(&self) -> Result<Source, Error> {
        let facts = self.facts()?;
        if facts.status == "queued" {
            return Err(Error::NoData { image: self.id.clone(), status: facts.status });
        }
        let response = self.ask(&self.data(Method::Get)?, Body::Empty)?;
        if response.status == NO_CONTENT {
            return Err(Error::NoData { image: self.id.clone(), status: facts.status });
        }
        Ok(Source::from_reader(&self.to_string(), response.body))
    }
}
