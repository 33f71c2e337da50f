//! What an upload says about its image: os-xenapi's formats, and the caller's properties.

use serde_json::{Value, json};

use super::error::Error;
use super::image::Image;
use crate::http::{Body, Headers, Method, Response};

/// Media type of a list of changes to an image (Image API v2, "Update image").
const PATCH: &str = "application/openstack-images-v2.1-json-patch";

/// The headers of a version 1 upload (os-xenapi `_upload_tarball_by_url_v1`). Properties that are not named stay.
const V1_HEADERS: [(&str, &str); 5] = [
    ("x-image-meta-is-public", "False"),
    ("x-image-meta-status", "queued"),
    ("x-image-meta-disk-format", "vhd"),
    ("x-image-meta-container-format", "ovf"),
    ("x-glance-registry-purge-props", "False"),
];

/// A property's name as it is sent: os-xenapi writes hyphens for underscores, since headers with underscores get lost.
fn sent_name(name: &str) -> String {
    name.replace('_', "-")
}

/// Adds formats and properties to the headers of a version 1 upload.
pub(super) fn add_headers(headers: &mut Headers, properties: &[(String, String)]) -> Result<(), Error> {
    for (name, value) in V1_HEADERS {
        headers.set(name, value)?;
    }
    for (name, value) in properties {
        headers.set(&format!("x-image-meta-property-{}", sent_name(name)), value)?;
    }
    Ok(())
}

/// The changes that set formats and properties in version 2 (os-xenapi `_update_image_meta_v2`).
fn changes(properties: &[(String, String)]) -> Value {
    // A slash or tilde in a name is escaped (RFC 6901, 3).
    let pointer = |name: &str| format!("/{}", name.replace('~', "~0").replace('/', "~1"));
    let add = |name: &str, value: &str| json!({ "op": "add", "path": pointer(name), "value": value });
    let formats = [("container_format", "ovf"), ("disk_format", "vhd"), ("visibility", "private")];
    let formats = formats.iter().map(|(name, value)| add(name, value));
    formats.chain(properties.iter().map(|(name, value)| add(&sent_name(name), value))).collect()
}

impl Image {
    /// Sets formats and properties in version 2. A refusal is logged, as by os-xenapi: policies may forbid a change that
    /// the image does not need.
    ///
    /// # Errors
    /// The server is in trouble: without its formats, the image would be refused its data for good.
    pub(super) fn patch(&self, properties: &[(String, String)]) -> Result<(), Error> {
        let mut request = self.request(Method::Patch, "")?;
        request.headers.set("content-type", PATCH)?;
        let body = changes(properties).to_string();
        let answered = self.client.send(&request, Body::Bytes(body.as_bytes()));
        match answered.and_then(Response::success) {
            Err(error) if error.is_retryable() => Err(error.into()),
            Err(error) => {
                tracing::warn!(image = self.id, "the metadata was not set: {error}");
                Ok(())
            }
            Ok(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_as_os_xenapi_sends_them() {
        let properties = [("a_b/c~".to_owned(), "1 ä".to_owned())];
        let expected = json!({ "op": "add", "path": "/a-b~1c~0", "value": "1 ä" });
        assert_eq!(changes(&properties)[3], expected);
        let mut headers = Headers::new();
        add_headers(&mut headers, &[("os_type".to_owned(), "linux".to_owned())]).unwrap();
        assert_eq!(headers.value("x-image-meta-property-os-type"), Some("linux"));
        assert!(add_headers(&mut headers, &[("a b".to_owned(), String::new())]).is_err());
    }
}
