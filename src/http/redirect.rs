//! Where a redirect leads, and what goes along.

use super::error::Error;
use super::request::Request;
use super::url::{Origin, Url};

/// Redirects that are followed for one request.
pub(super) const MOST: usize = 5;

/// Whether `status` says to ask elsewhere.
pub(super) fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// The request to make instead of `request`, which was answered with a redirect to `location` after `followed` others.
///
/// # Errors
/// The redirect is not followed: the request would change something, the way leads out of TLS, or round in circles.
pub(super) fn follow(request: &Request, location: Option<&str>, followed: usize) -> Result<Request, Error> {
    let refuse = |expected, target: String| Error::Redirect {
        doing: request.method.name(),
        url: request.url.to_string(),
        expected,
        target,
    };
    let Some(location) = location else {
        return Err(refuse("a redirect that says where to", "nowhere".into()));
    };
    let target = match request.url.join(location) {
        Ok(target) => target,
        Err(Error::Url { url, .. }) => return Err(refuse("http:// or https://", url)),
        Err(other) => return Err(other),
    };
    if !request.method.is_safe() {
        return Err(refuse("an answer from this server; if the other is meant, name it", target.to_string()));
    }
    if request.url.is_secure() && !target.is_secure() {
        return Err(refuse("to stay with https://", target.to_string()));
    }
    if followed >= MOST {
        return Err(refuse("at most 5 redirects", target.to_string()));
    }
    let shared = may_share(&request.url, &target);
    tracing::info!(from = %request.url, to = %target, secrets = shared, "redirected");
    let headers = if shared { request.headers.clone() } else { request.headers.without_secrets() };
    Ok(Request { method: request.method, url: target, headers })
}

/// Whether secrets for `from` may go to `to`: the same origin, or the same host with TLS, both on their usual ports.
fn may_share(from: &Url, to: &Url) -> bool {
    let (from, to) = (from.origin(), to.origin());
    let upgraded = Origin { secure: true, port: 443, ..from.clone() };
    from == to || (!from.secure && from.port == 80 && to == upgraded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Method;

    fn request(method: Method, url: &str) -> Request {
        let mut request = Request::new(method, Url::parse(url).unwrap());
        request.headers.set("X-Auth-Token", "a-token-of-redirects").unwrap();
        request.headers.set("Range", "bytes=5-").unwrap();
        request
    }

    #[test]
    fn secrets_go_to_their_own_server_only() {
        for (from, to, kept) in [
            ("http://h/a", "/b", true),
            ("http://h/a", "http://H:80/b", true),
            ("http://h/a", "https://h/b", true),
            ("http://h:8080/a", "https://h:8443/b", false),
            ("http://h:8080/a", "https://h/b", false),
            ("http://h/a", "http://h:81/b", false),
            ("http://h/a", "http://h.evil/b", false),
            ("https://h/a", "https://i/b", false),
        ] {
            let next = follow(&request(Method::Get, from), Some(to), 0).unwrap();
            assert_eq!(next.headers.value("x-auth-token").is_some(), kept, "{from} {to}");
            assert_eq!(next.headers.value("range"), Some("bytes=5-"));
        }
    }

    #[test]
    fn what_is_not_followed_names_where_it_leads() {
        for (method, from, to, followed, expected) in [
            (Method::Put, "http://h/a", Some("http://i/b?sig=1"), 0, "found a redirect to http://i/b"),
            (Method::Patch, "http://h/a", Some("/b"), 0, "found a redirect to http://h/b"),
            (Method::Get, "https://h/a", Some("http://h/b"), 0, "expected to stay with https://"),
            (Method::Get, "http://h/a", Some("/b"), MOST, "expected at most 5 redirects"),
            (Method::Get, "http://h/a", None, 0, "found a redirect to nowhere"),
            (Method::Get, "http://h/a", Some("file:///etc/passwd"), 0, "redirect to file:///etc/passwd"),
        ] {
            let error = follow(&request(method, from), to, followed).unwrap_err();
            assert!(!error.is_retryable());
            assert!(error.to_string().ends_with(expected) || error.to_string().contains(expected), "{error}");
        }
    }
}
