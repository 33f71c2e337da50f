//! A real server, and a way to it that breaks: Apache with ranges, TLS, uploads and as a proxy.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use tempfile::TempDir;
use vhd_porter::http::{Body, Method, Request, Url};

use crate::import::{image, importing, refused};
use crate::redirects::client;
use crate::support::{Sr, chain, have, skipped};
use crate::tls::Authority;

/// Where Debian keeps Apache's modules.
const MODULES: &str = "/usr/lib/apache2/modules";
/// Longest that Apache may take to start.
const START: Duration = Duration::from_secs(20);

/// A running Apache. Dropping it ends it.
struct Apache {
    child: Child,
    port: u16,
    dir: TempDir,
}

impl Apache {
    /// Serves the directory `www`, with more modules and lines of configuration. Nothing, with a word about it, where there is no
    /// Apache.
    fn start(modules: &[&str], lines: &str) -> Option<Self> {
        let Some(program) = have("apache2") else {
            skipped("a real web server", "there is no apache2");
            return None;
        };
        let dir = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let root = dir.path().display();
        let load = |module: &&str| format!("LoadModule {module}_module {MODULES}/mod_{module}.so\n");
        let modules: String = ["mpm_event", "authz_core"].iter().chain(modules).map(load).collect();
        let conf = format!(
            "{modules}ServerName localhost\nListen 127.0.0.1:{port}\nServerRoot {root}\nDocumentRoot {root}/www\n\
             PidFile {root}/pid\nErrorLog {root}/log\nUser www-data\nGroup www-data\n{}\n",
            lines.replace("ROOT", &root.to_string())
        );
        for name in ["www", "www/dav"] {
            let name = dir.path().join(name);
            std::fs::create_dir(&name).unwrap();
            std::fs::set_permissions(&name, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
        }
        // Its workers are somebody else.
        std::fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
        std::fs::write(dir.path().join("conf"), conf).unwrap();
        let conf = dir.path().join("conf");
        let mut command = Command::new(program);
        command.args(["-X", "-f"]).arg(conf).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut apache = Self { child: command.spawn().unwrap(), port, dir };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if apache.child.try_wait().unwrap().is_some() || start.elapsed() > START {
                let _ = apache.child.kill();
                let mut said = String::new();
                let _ = apache.child.stderr.take().unwrap().read_to_string(&mut said);
                panic!("apache2 did not start: {said}{}", apache.log());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Some(apache)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join("www").join(name)
    }

    /// Puts a file there, of yesterday: the tag of one that may still change is weak, and its rest is not to be had.
    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.file(name);
        std::fs::write(&path, bytes).unwrap();
        let yesterday = SystemTime::now() - Duration::from_secs(24 * 3600);
        File::options().write(true).open(&path).unwrap().set_modified(yesterday).unwrap();
        path
    }

    fn url(&self, scheme: &str, name: &str) -> String {
        format!("{scheme}://127.0.0.1:{}/{name}", self.port)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Apache {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A way to a port that breaks: each connection ends after so many bytes of the answer, the last number's for ever.
struct Relay {
    port: u16,
    connections: Arc<AtomicUsize>,
}

impl Relay {
    fn to(target: u16, bytes: &'static [usize], between: impl Fn() + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        thread::spawn(move || {
            for client in listener.incoming() {
                let index = counter.fetch_add(1, Ordering::SeqCst);
                if index > 0 {
                    between();
                }
                let most = bytes.get(index).copied().unwrap_or(usize::MAX);
                // Whatever breaks here was to be broken.
                let _ = pass(&client.unwrap(), target, most);
            }
        });
        Self { port, connections }
    }

    fn url(&self, name: &str) -> String {
        format!("http://127.0.0.1:{}/{name}", self.port)
    }
}

fn pass(client: &TcpStream, target: u16, most: usize) -> io::Result<()> {
    let server = TcpStream::connect(("127.0.0.1", target))?;
    let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || io::copy(&mut from, &mut to));
    io::copy(&mut (&server).take(most as u64), &mut &*client)?;
    (&*client).flush()?;
    server.shutdown(Shutdown::Both)?;
    client.shutdown(Shutdown::Both)
}

#[test]
fn apache_continues_what_broke_on_the_way() {
    let Some(apache) = Apache::start(&[], "") else { return };
    let image = crate::support::gunzip(&image());
    apache.put("image.tar", &image);
    let relay = Relay::to(apache.port, &[1_000_000, 700_000, 300], || ());
    let sr = Sr::new();
    let run = importing(&sr, &relay.url("image.tar")).run().done();
    sr.assert_chain(&chain(&run));
    assert_eq!(run.json()["bytes_read"], image.len());
    assert_eq!(relay.connections.load(Ordering::SeqCst), 4);
}

#[test]
fn an_image_that_changed_meanwhile_is_not_stitched() {
    let Some(apache) = Apache::start(&[], "") else { return };
    let image = crate::support::gunzip(&image());
    let path = apache.put("image.tar", &image);
    // Of the same length, a moment later.
    let relay = Relay::to(apache.port, &[1_000_000], move || {
        std::fs::write(&path, vec![0; image.len()]).unwrap();
    });
    refused("a change", "network", &["resuming at byte", "all of it again"], |sr| {
        importing(sr, &relay.url("image.tar")).run()
    });
}

#[test]
fn apache_takes_streams_and_refuses_them_before_they_are_sent() {
    let lines = "DAVLockDB ROOT/lock\nAlias /closed ROOT/www\n<Location /dav>\nDAV on\n</Location>\n\
                 <Location /closed>\nRequire all denied\n</Location>";
    let Some(apache) = Apache::start(&["dav", "dav_fs", "alias"], lines) else { return };
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|i| u8::try_from(i % 251).unwrap()).collect();
    let put = |name: &str| Request::new(Method::Put, Url::parse(&apache.url("http", name)).unwrap());

    let response = client().send(&put("dav/image"), Body::Stream(&mut bytes.as_slice())).unwrap();
    assert_eq!(response.status, 201, "{}", apache.log());
    assert_eq!(std::fs::read(apache.file("dav/image")).unwrap(), bytes);

    let mut stream = bytes.as_slice();
    let response = client().send(&put("closed/image"), Body::Stream(&mut stream)).unwrap();
    assert_eq!((response.status, stream.len()), (403, bytes.len()));
}

#[test]
fn apache_speaks_tls_old_and_new() {
    let Some(authority) = Authority::new() else { return };
    authority.server("IP:127.0.0.1");
    for version in ["TLSv1.2", "TLSv1.3"] {
        let folder = authority.folder();
        let lines = format!(
            "SSLEngine on\nSSLProtocol {version}\nSSLCertificateFile {0}/server.pem\n\
             SSLCertificateKeyFile {0}/server.key\nSSLSessionCache none",
            folder.display()
        );
        let Some(apache) = Apache::start(&["ssl"], &lines) else { return };
        apache.put("image.tgz", &image());
        let sr = Sr::new();
        let run = importing(&sr, &apache.url("https", "image.tgz"));
        run.env("VHD_PORTER_HTTP_CA_FILE", authority.ca()).run().done();
        assert_eq!(sr.arrived().len(), 2, "{version}");
    }
}

#[test]
fn apache_is_a_proxy_too() {
    let Some(apache) = Apache::start(&[], "") else { return };
    apache.put("image.tgz", &image());
    let lines = format!("ProxyRequests On\nAllowCONNECT {}", apache.port);
    let Some(proxy) = Apache::start(&["proxy", "proxy_connect"], &lines) else { return };
    let through =
        |sr: &Sr, url: &str| importing(sr, url).env("VHD_PORTER_HTTP_PROXY", proxy.url("http", "")).run();
    let sr = Sr::new();
    through(&sr, &apache.url("http", "image.tgz")).done();
    assert_eq!(sr.arrived().len(), 2);
    refused("another port", "network", &["the proxy"], |sr| through(sr, "http://127.0.0.1:1/image.tgz"));
}
