//! [`Request`]: what is asked for, as often as it is asked.

use std::io::Read;

use super::headers::Headers;
use super::url::Url;

/// What to do with what the URL names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Get it.
    Get,
    /// Get what is known about it.
    Head,
    /// Put a body there.
    Put,
    /// Change it.
    Patch,
    /// Hand it a body.
    Post,
    /// Remove it.
    Delete,
}

impl Method {
    /// As it is sent.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }

    /// Whether asking changes nothing, so that a redirect may be followed.
    #[must_use]
    pub fn is_safe(self) -> bool {
        matches!(self, Self::Get | Self::Head)
    }

    /// Whether a body belongs to it, be it an empty one.
    pub(super) fn has_body(self) -> bool {
        matches!(self, Self::Put | Self::Patch | Self::Post)
    }
}

/// A request but for its body. It may be sent several times.
#[derive(Debug, Clone)]
pub struct Request {
    /// What to do.
    pub method: Method,
    /// With what.
    pub url: Url,
    /// What else to say.
    pub headers: Headers,
}

impl Request {
    /// A GET without headers.
    #[must_use]
    pub fn get(url: Url) -> Self {
        Self::new(Method::Get, url)
    }

    /// A request without headers.
    #[must_use]
    pub fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: Headers::new() }
    }
}

/// The body of a request.
pub enum Body<'a> {
    /// None.
    Empty,
    /// Bytes, whose number is said beforehand.
    Bytes(&'a [u8]),
    /// As many bytes as come, chunked, each chunk at most 128 KiB. They are asked for only once the server has said that it
    /// wants them, or nothing for a second (`Expect: 100-continue`). When reading fails the request is broken off, without
    /// its last chunk: the server knows that it is not whole.
    Stream(&'a mut (dyn Read + Send)),
}
