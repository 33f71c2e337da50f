//! Proxies: the configured one, and no other.

use crate::import::{image, importing, refused};
use crate::server::{Server, Step, ok, status};
use crate::support::Sr;

#[test]
fn the_environments_proxies_do_not_count() {
    let (sr, server) = (Sr::new(), Server::new([ok("", &image())]));
    let names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"];
    let run = importing(&sr, &server.url("/x"));
    names.iter().fold(run, |run, name| run.env(name, "http://127.0.0.1:1")).run().done();
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn the_configured_proxy_is_asked_for_a_tunnel() {
    let tunnel =
        [vec![Step::Send(b"HTTP/1.1 200 OK\r\n\r\n".to_vec()), Step::Next], ok("", &image())].concat();
    let (sr, proxy) = (Sr::new(), Server::new([tunnel, status("407 Who Are You", "")]));
    let url = proxy.url("").replace("//", "//me:proxy-password@");
    let through = |sr: &Sr| importing(sr, "http://images.invalid/x").env("VHD_PORTER_HTTP_PROXY", &url).run();
    through(&sr).done();
    let seen = &proxy.seen()[0];
    assert!(seen.head.starts_with("CONNECT images.invalid:80 HTTP/1.1\r\n"), "{}", seen.head);
    assert!(seen.head.contains("\r\n\r\nGET /x HTTP/1.1\r\n"), "{}", seen.head);
    assert!(seen.header("proxy-authorization").is_some());
    refused("a proxy that does not know us", "network", &["the proxy", "407"], through);
}

#[test]
fn what_is_no_proxy_is_refused_without_its_password() {
    for url in ["socks5://me:proxy-password@h", "https://me:proxy-password@h", "http://me:proxy-password@h:x"]
    {
        refused(url, "bad-argument", &["http.proxy: expected http://HOST:PORT"], |sr| {
            let run = importing(sr, "http://images.invalid/x").env("VHD_PORTER_HTTP_PROXY", url).run();
            assert!(!run.text().contains("proxy-password"), "{}", run.text());
            run
        });
    }
}
