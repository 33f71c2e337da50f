//! Images in OpenStack's image service, Glance, through version 1 or 2 of its API.
//!
//! ```text
//! Image ─▶ facts (status, size, digests) ─▶ download ─▶ Source
//!   └────▶ Upload: queued? ─▶ metadata ─▶ bytes written ─▶ commit: the server's digests are those of what was sent
//! ```
//!
//! | | version 1 | version 2 |
//! |---|---|---|
//! | facts | `HEAD /v1/images/ID`, `X-Image-Meta-…` | `GET /v2/images/ID`, JSON |
//! | bytes | `GET /v1/images/ID` | `GET /v2/images/ID/file` |
//! | metadata | headers of the upload | `PATCH /v2/images/ID` |
//! | upload | `PUT /v1/images/ID` | `PUT /v2/images/ID/file` |
//!
//! Sources: the Image service API v2 reference and, for what a plugin asks of it, os-xenapi's `glance.py`.

mod download;
mod error;
mod facts;
mod image;
mod metadata;
mod transfer;
mod upload;

pub use error::Error;
pub use image::{ApiVersion, Image, id_in};
pub use upload::Upload;
