//! A real Glance server, and what is in it.

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::environment::{Server, environment};

/// A server of one version of the Image API, shared by the tests of this process.
pub(crate) struct Glance {
    /// Of the Image API.
    pub(crate) version: u64,
    /// The URL without a version.
    pub(crate) endpoint: String,
    /// Where it keeps the data of images.
    store: PathBuf,
    _server: Server,
}

impl Glance {
    /// A server for each version that is installed.
    pub(crate) fn all() -> impl Iterator<Item = &'static Self> {
        static V1: LazyLock<Option<Glance>> = LazyLock::new(|| Glance::start("glance-v1", 1));
        [V1.as_ref(), Self::v2()].into_iter().flatten()
    }

    /// The server of version 2.
    pub(crate) fn v2() -> Option<&'static Self> {
        static V2: LazyLock<Option<Glance>> = LazyLock::new(|| Glance::start("glance", 2));
        V2.as_ref()
    }

    fn start(name: &str, version: u64) -> Option<Self> {
        let environment = environment(name)?;
        let words = [environment.to_str().unwrap(), &version.to_string()];
        let (server, lines) = Server::start("glance.py", &words, 2).expect("an installed Glance starts");
        let [endpoint, store] = <[String; 2]>::try_from(lines).unwrap();
        Some(Self { version, endpoint, store: store.into(), _server: server })
    }

    fn url(&self, path: &str) -> String {
        format!("{}/v{}/images{path}", self.endpoint, self.version)
    }

    /// An image that waits for data; its id.
    pub(crate) fn create(&self) -> String {
        let request = ureq::post(self.url(""));
        let mut response = if self.version == 1 {
            request.header("x-image-meta-name", "test").header("x-image-meta-property-kept", "1").send_empty()
        } else {
            request.send(json!({ "name": "test", "kept": "1" }).to_string())
        }
        .unwrap();
        let document: Value = parse(&mut response);
        let image = if self.version == 1 { &document["image"] } else { &document };
        image["id"].as_str().unwrap().to_owned()
    }

    /// What the server says of an image; in version 1, properties are among the rest as in version 2.
    pub(crate) fn image(&self, id: &str) -> Value {
        if self.version == 2 {
            return parse(&mut ureq::get(self.url(&format!("/{id}"))).call().unwrap());
        }
        let response = ureq::head(self.url(&format!("/{id}"))).call().unwrap();
        let entry = |(name, value): (&ureq::http::HeaderName, &ureq::http::HeaderValue)| {
            let name = name.as_str().strip_prefix("x-image-meta-")?;
            let name = name.strip_prefix("property-").unwrap_or(name);
            Some((name.to_owned(), Value::from(value.to_str().ok()?)))
        };
        Value::Object(response.headers().iter().filter_map(entry).collect())
    }

    /// The bytes that the server has for an image; `None` without any.
    pub(crate) fn data(&self, id: &str) -> Option<Vec<u8>> {
        fs::read(self.store.join(id)).ok()
    }

    /// Puts `bytes` where the server keeps the data of an image, without its knowledge.
    pub(crate) fn replace_data(&self, id: &str, bytes: &[u8]) {
        fs::write(self.store.join(id), bytes).unwrap();
    }

    /// An image with `bytes` as its data; its id.
    pub(crate) fn create_with(&self, bytes: &[u8]) -> String {
        let id = self.create();
        let request = if self.version == 1 {
            ureq::put(self.url(&format!("/{id}")))
                .header("x-image-meta-disk-format", "vhd")
                .header("x-image-meta-container-format", "ovf")
        } else {
            let formats = json!([
                { "op": "add", "path": "/disk_format", "value": "vhd" },
                { "op": "add", "path": "/container_format", "value": "ovf" },
            ]);
            ureq::patch(self.url(&format!("/{id}")))
                .content_type("application/openstack-images-v2.1-json-patch")
                .send(formats.to_string())
                .unwrap();
            ureq::put(self.url(&format!("/{id}/file")))
        };
        request.content_type("application/octet-stream").send(bytes).unwrap();
        assert_eq!(self.image(&id)["status"], "active");
        id
    }
}

fn parse(response: &mut ureq::http::Response<ureq::Body>) -> Value {
    serde_json::from_str(&response.body_mut().read_to_string().unwrap()).unwrap()
}
