//! [`Image`]: which image of which server, and what to say to it.

use std::fmt;
use std::str::FromStr;

use super::error::Error;
use crate::config::{Settings, key};
use crate::http::{Body, Client, Headers, Method, Request, Response, Url};

/// What names an image of Glance where files and URLs are named as well.
const PREFIX: &str = "glance:";
/// Longer than any id: v2 makes uuids, v1 takes up to 36 characters.
const LONGEST_ID: usize = 255;

/// Which version of the Image API to speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiVersion {
    /// Version 1, which Glance had until Queens.
    V1,
    /// Version 2.
    V2,
}

impl FromStr for ApiVersion {
    type Err = Error;

    /// Reads `1` or `2`; what stands behind a point does not count (`2.9`, as in `OS_IMAGE_API_VERSION`).
    fn from_str(text: &str) -> Result<Self, Error> {
        match text.split('.').next() {
            Some("1") => Ok(Self::V1),
            Some("2") => Ok(Self::V2),
            _ => Err(Error::Argument { what: "API version", expected: "1 or 2", found: text.to_owned() }),
        }
    }
}

/// An image of a server.
#[derive(Debug, Clone)]
pub struct Image {
    pub(super) client: Client,
    pub(super) id: String,
    pub(super) version: ApiVersion,
    base: String,
    headers: Headers,
}

impl Image {
    /// The image `id` of the server at `endpoint`, a URL that may have a path and may end with a version, which does not
    /// count. `headers` go along with every request.
    ///
    /// # Errors
    /// Endpoint or id cannot be part of a URL.
    pub fn new(
        client: Client,
        endpoint: &str,
        id: &str,
        version: ApiVersion,
        headers: Headers,
    ) -> Result<Self, Error> {
        if endpoint.contains(['?', '#']) {
            // What stands there may be a secret.
            let found = endpoint.split(['?', '#']).next().unwrap_or_default().to_owned() + "?…";
            return Err(Error::Argument { what: "endpoint", expected: "a URL without ? and #", found });
        }
        Url::parse(endpoint)?;
        if !is_segment(id) {
            let expected = "letters, digits, hyphens, points, underscores and tildes";
            return Err(Error::Argument { what: "image id", expected, found: id.to_owned() });
        }
        Ok(Self { client, id: id.to_owned(), version, base: without_version(endpoint).to_owned(), headers })
    }

    /// The image `id` of the server that the settings name, asked for with their token.
    ///
    /// # Errors
    /// They name none, or one that cannot be asked.
    pub fn configured(id: &str, settings: &Settings) -> Result<Self, Error> {
        let endpoint = settings.optional_text(key::GLANCE_ENDPOINT).ok_or(Error::NoEndpoint)?;
        let version = settings.text(key::GLANCE_API_VERSION).parse()?;
        let mut headers = Headers::new();
        if let Some(token) = settings.secret(key::GLANCE_TOKEN) {
            headers.set_secret("X-Auth-Token", &token)?;
        }
        Self::new(Client::new(settings)?, endpoint, id, version, headers)
    }

    /// Asks for the image itself, or for its `/file`.
    pub(super) fn request(&self, method: Method, below: &str) -> Result<Request, Error> {
        let version = match self.version {
            ApiVersion::V1 => 1,
            ApiVersion::V2 => 2,
        };
        let url = Url::parse(&format!("{}/v{version}/images/{}{below}", self.base, self.id))?;
        Ok(Request { method, url, headers: self.headers.clone() })
    }

    /// Where its bytes are.
    pub(super) fn data(&self, method: Method) -> Result<Request, Error> {
        self.request(method, if self.version == ApiVersion::V1 { "" } else { "/file" })
    }

    /// Sends `request`; the answer is a success.
    pub(super) fn ask(&self, request: &Request, body: Body<'_>) -> Result<Response, Error> {
        let response = self.client.send(request, body)?;
        if response.status == 404 {
            return Err(self.missing());
        }
        Ok(response.success()?)
    }

    pub(super) fn missing(&self) -> Error {
        Error::NoSuchImage { image: self.id.clone() }
    }
}

/// The id in `glance:ID`, if that is what `name` is.
#[must_use]
pub fn id_in(name: &str) -> Option<&str> {
    name.strip_prefix(PREFIX)
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.id)
    }
}

/// Whether `id` is one segment of a path as it stands, and leads nowhere else.
fn is_segment(id: &str) -> bool {
    let unreserved = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    (1..=LONGEST_ID).contains(&id.len()) && id.chars().all(unreserved) && id != "." && id != ".."
}

/// `endpoint` without a slash or version at its end: `http://h/image/v2.9/` is `http://h/image`.
fn without_version(endpoint: &str) -> &str {
    let endpoint = endpoint.trim_end_matches('/');
    match endpoint.rsplit_once("/v") {
        Some((before, version)) if version.starts_with(|c: char| c.is_ascii_digit()) => {
            before.trim_end_matches('/')
        }
        _ => endpoint,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data_url(endpoint: &str, id: &str, version: ApiVersion) -> Result<String, String> {
        let client = Client::new(&Settings::default()).unwrap();
        let image = Image::new(client, endpoint, id, version, Headers::new()).map_err(|e| e.to_string())?;
        Ok(image.data(Method::Get).unwrap().url.to_string())
    }

    #[test]
    fn endpoints_have_any_path_and_no_version_counts() {
        for (endpoint, version, url) in [
            ("http://h:9292", ApiVersion::V1, "http://h:9292/v1/images/a-b"),
            ("http://h:9292/", ApiVersion::V2, "http://h:9292/v2/images/a-b/file"),
            ("https://h/image", ApiVersion::V2, "https://h/image/v2/images/a-b/file"),
            ("https://h/image/v2.9/", ApiVersion::V1, "https://h/image/v1/images/a-b"),
            ("https://h/vault", ApiVersion::V1, "https://h/vault/v1/images/a-b"),
        ] {
            assert_eq!(data_url(endpoint, "a-b", version).unwrap(), url);
        }
    }

    #[test]
    fn what_would_lead_elsewhere_is_refused() {
        for id in ["", ".", "..", "a/b", "../x", "a?b", "a#b", "a%2fb", "a b", "a\nb", "ä", &"a".repeat(256)]
        {
            assert!(data_url("http://h", id, ApiVersion::V2).unwrap_err().contains("image id"), "{id:?}");
        }
        for endpoint in ["", "h", "ftp://h", "http://", "http://h?x", "http://h#x"] {
            assert!(data_url(endpoint, "a", ApiVersion::V2).is_err(), "{endpoint:?}");
        }
        for version in ["", "0", "3", "v2"] {
            assert!(version.parse::<ApiVersion>().is_err(), "{version:?}");
        }
        assert_eq!("2.15".parse::<ApiVersion>().unwrap(), ApiVersion::V2);
    }
}
