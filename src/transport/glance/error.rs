//! Why an image could not be had, or not be left, in Glance.

use crate::http;

/// An error about an image of Glance.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The image is named in a way that cannot be asked for.
    #[error("{what}: expected {expected}, found {found:?}")]
    Argument {
        /// Which part of its name.
        what: &'static str,
        /// What it should be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// Nobody says where Glance is.
    #[error(
        "glance.endpoint: expected the URL of Glance, found nothing: name it with --glance-endpoint, OS_IMAGE_URL \
         or in the configuration file"
    )]
    NoEndpoint,
    /// The server has no such image.
    #[error(
        "image {image}: Glance has none of this id (404): create it with `openstack image create`, or look at the id"
    )]
    NoSuchImage {
        /// Its id.
        image: String,
    },
    /// There is nothing to download.
    #[error("image {image}: expected data, found none: its status is {status}")]
    NoData {
        /// Its id.
        image: String,
        /// What the server says of it.
        status: String,
    },
    /// The image does not wait for data.
    #[error(
        "image {image}: expected status queued, found {status}: \
         data can be uploaded once only, create another with `openstack image create`"
    )]
    NotQueued {
        /// Its id.
        image: String,
        /// What the server says of it.
        status: String,
    },
    /// The server has something else than what was sent.
    #[error("image {image}: {what}: expected {sent} as it was sent, found {found} on the server")]
    Mismatch {
        /// Its id.
        image: String,
        /// What was compared.
        what: String,
        /// What was sent.
        sent: String,
        /// What the server has.
        found: String,
    },
    /// An answer that is none of the API's.
    #[error("image {image}: expected {expected}, found {found}")]
    Answer {
        /// Its id.
        image: String,
        /// What the API promises.
        expected: &'static str,
        /// What came.
        found: String,
    },
    /// The exchange with the server.
    #[error(transparent)]
    Http(#[from] http::Error),
}
