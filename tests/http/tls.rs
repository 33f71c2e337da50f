//! Servers with TLS, and whom to believe.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::TempDir;

use crate::import::{image, importing, refused};
use crate::server::{Server, Step, cut, ok, status};
use crate::support::{Porter, Sr, have, skipped};

/// A directory with a CA of its own.
pub(crate) struct Authority(TempDir);

impl Authority {
    /// Nothing, with a word about it, where there is no openssl.
    pub(crate) fn new() -> Option<Self> {
        if have("openssl").is_none() {
            skipped("TLS", "there is no openssl");
            return None;
        }
        let authority = Self(tempfile::tempdir().unwrap());
        // Two of one name would be told apart by their signatures only.
        let name = format!("/CN=CA of {}", authority.0.path().display().to_string().replace('/', " "));
        authority.openssl(&[
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days",
            "2", "-subj", &name,
        ]);
        Some(authority)
    }

    fn openssl(&self, args: &[&str]) {
        let output = Command::new("openssl").args(args).current_dir(self.0.path()).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Where its files are: `server.pem` and `server.key` of the last server, too.
    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn ca(&self) -> PathBuf {
        self.0.path().join("ca.pem")
    }

    /// A server's configuration, with a certificate of this CA for `name`, as in `IP:127.0.0.1`.
    pub(crate) fn server(&self, name: &str) -> Arc<ServerConfig> {
        std::fs::write(self.0.path().join("extensions"), format!("subjectAltName={name}\n")).unwrap();
        self.openssl(&[
            "req",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "server.key",
            "-out",
            "server.csr",
            "-subj",
            "/CN=a server of the tests",
        ]);
        self.openssl(&[
            "x509",
            "-req",
            "-in",
            "server.csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-out",
            "server.pem",
            "-days",
            "2",
            "-extfile",
            "extensions",
        ]);
        self.configuration("server.pem", "server.key")
    }

    /// A server's configuration with a certificate that it has signed itself, and the file of that. `more` is what openssl
    /// puts into it.
    fn of_its_own(&self, more: &[&str]) -> (Arc<ServerConfig>, PathBuf) {
        let name = ["-addext", "subjectAltName=IP:127.0.0.1", "-subj", "/CN=127.0.0.1"];
        let files = ["-nodes", "-keyout", "own.key", "-out", "own.pem", "-days", "2"];
        self.openssl(&[&["req", "-x509", "-newkey", "rsa:2048"], &files[..], &name, more].concat());
        (self.configuration("own.pem", "own.key"), self.0.path().join("own.pem"))
    }

    fn configuration(&self, certificate: &str, key: &str) -> Arc<ServerConfig> {
        let certificate = CertificateDer::from_pem_file(self.0.path().join(certificate)).unwrap();
        let key = PrivateKeyDer::from_pem_file(self.0.path().join(key)).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        Arc::new(config)
    }
}

fn trusting(porter: Porter, ca: &Path) -> Porter {
    porter.env("VHD_PORTER_HTTP_CA_FILE", ca)
}

#[test]
fn a_server_is_who_its_certificate_says() {
    let (Some(ours), Some(others)) = (Authority::new(), Authority::new()) else { return };
    let (right, wrong) = (ours.server("IP:127.0.0.1"), ours.server("DNS:elsewhere.example"));
    let body = image();
    let server = |tls| Server::with_tls([ok("", &body)], tls);

    let sr = Sr::new();
    trusting(importing(&sr, &server(Arc::clone(&right)).url("/x")), &ours.ca()).run().done();
    assert_eq!(sr.arrived().len(), 2);

    let unknown = &["UnknownIssuer", "http.ca_file"][..];
    for (what, tls, ca, words) in [
        ("another CA", &right, others.ca(), unknown),
        ("the host's CAs", &right, PathBuf::new(), unknown),
        ("another name", &wrong, ours.ca(), &["elsewhere.example"][..]),
    ] {
        let server = server(Arc::clone(tls));
        refused(what, "refused", words, |sr| trusting(importing(sr, &server.url("/x")), &ca).run());
        assert_eq!(server.seen()[0].head, "", "{what}: nothing was asked");
    }

    let sr = Sr::new();
    let server = server(wrong);
    let run = importing(&sr, &server.url("/x")).env("VHD_PORTER_HTTP_INSECURE", "true").run().done();
    assert!(run.stderr.contains("servers are not verified"), "{}", run.stderr);
}

#[test]
fn a_server_that_signed_itself_is_believed_if_it_is_no_ca() {
    let Some(authority) = Authority::new() else { return };
    let (tls, pem) = authority.of_its_own(&["-addext", "basicConstraints=critical,CA:FALSE"]);
    let sr = Sr::new();
    trusting(importing(&sr, &Server::with_tls([ok("", &image())], tls).url("/x")), &pem).run().done();

    let (tls, pem) = authority.of_its_own(&[]);
    let server = Server::with_tls([ok("", &image())], tls);
    refused("its own CA", "refused", &["CaUsedAsEndEntity"], |sr| {
        trusting(importing(sr, &server.url("/x")), &pem).run()
    });
}

#[test]
fn a_bundle_that_is_none_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let (missing, empty) = (dir.path().join("missing.pem"), dir.path().join("empty.pem"));
    std::fs::write(&empty, "").unwrap();
    let server = Server::new([]);
    let url = server.url("/x").replace("http:", "https:");
    refused("missing", "system", &["missing.pem"], |sr| trusting(importing(sr, &url), &missing).run());
    refused("empty", "system", &["empty.pem", "http.ca_file"], |sr| {
        trusting(importing(sr, &url), &empty).run()
    });
    assert!(server.seen().is_empty());
    // Who does not speak TLS needs no bundle.
    let sr = Sr::new();
    trusting(importing(&sr, &Server::new([ok("", &image())]).url("/x")), &missing).run().done();
}

#[test]
fn what_breaks_inside_of_tls_is_resumed() {
    let Some(authority) = Authority::new() else { return };
    let (image, tls) = (image(), authority.server("IP:127.0.0.1"));
    let tag = "ETag: \"v1\"\r\n";
    let stalled = [cut(tag, &image, 500), vec![Step::Stall]].concat();
    let again = vec![Step::Rest(image.clone(), "\"v1\"", Some(500))];
    let rest = vec![Step::Rest(image.clone(), "\"v1\"", None)];
    let server = Server::with_tls([stalled, again, rest], tls);
    let sr = Sr::new();
    trusting(importing(&sr, &server.url("/x")), &authority.ca()).run().done();
    assert_eq!(server.seen()[2].header("range"), Some("bytes=1000-"));
}

#[test]
fn tls_is_not_left_for_less() {
    let Some(authority) = Authority::new() else { return };
    let plain = Server::new([ok("", &image())]);
    let location = format!("Location: {}\r\n", plain.url("/x"));
    let server = Server::with_tls([status("302 Found", &location)], authority.server("IP:127.0.0.1"));
    refused("https to http", "refused", &["expected to stay with https://"], |sr| {
        trusting(importing(sr, &server.url("/x")), &authority.ca()).run()
    });
    assert!(plain.seen().is_empty());
}

#[test]
fn what_is_no_tls_at_all() {
    let garbage = vec![Step::Send(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec())];
    for (what, script) in [("HTTP", garbage), ("silence", vec![Step::Stall]), ("nothing", Vec::new())] {
        // The hello of TLS holds no empty line: the server waits for more of it, or the client gives up.
        let server = Server::new([script]);
        let url = server.url("/x").replace("http:", "https:");
        refused(what, "network", &["GET https://127.0.0.1"], |sr| {
            importing(sr, &url).env("VHD_PORTER_HTTP_INSECURE", "true").run()
        });
    }
}
