//! Asking for the rest of a body: the request, and whether the answer is what was asked for.

use super::error::Error;
use crate::http::{self, Headers, Response};

/// What the first answer said about a body, by which a later one is known to be about the same.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    /// Its length, bytes.
    pub(super) length: Option<u64>,
    etag: Option<String>,
    modified: Option<String>,
    ranges_refused: bool,
}

impl Identity {
    pub(super) fn of(response: &Response) -> Self {
        let header = |name| response.header(name).map(|value| value.trim().to_owned());
        Self {
            length: response.content_length(),
            // A weak one does not promise the same bytes (RFC 9110, 8.8.1).
            etag: header("etag").filter(|tag| !tag.starts_with("W/")),
            modified: header("last-modified"),
            ranges_refused: header("accept-ranges").is_some_and(|ranges| ranges.eq_ignore_ascii_case("none")),
        }
    }

    /// Whether the rest of the body can be told from the rest of another.
    pub(super) fn can_resume(&self) -> bool {
        !self.ranges_refused && (self.length.is_some() || self.etag.is_some() || self.modified.is_some())
    }

    /// Has `headers` ask for everything from byte `at`, if the body is still the same.
    pub(super) fn ask_from(&self, at: u64, headers: &mut Headers) -> Result<(), http::Error> {
        if at == 0 {
            return Ok(());
        }
        headers.set("Range", &format!("bytes={at}-"))?;
        // An unquoted tag, such as Glance's, is none by the letter; servers that compare it know it.
        match self.etag.as_ref().or(self.modified.as_ref()) {
            Some(validator) => headers.set("If-Range", validator),
            None => Ok(()),
        }
    }

    /// Whether `response` carries the bytes from `at` to the end of the same body.
    ///
    /// # Errors
    /// [`Error::Resume`], or that of the status.
    pub(super) fn check(&mut self, at: u64, response: Response) -> Result<Response, Error> {
        let refuse = |expected: String, found: String| {
            Err(Error::Resume { url: response.url.to_string(), at, expected, found })
        };
        let other = Self::of(&response);
        let whole = format!("{} bytes in all", self.length.map_or("unknown".into(), |l| l.to_string()));
        match (at, response.status) {
            (0, 200) => {
                if other.length != self.length {
                    return refuse(whole, format!("{:?}", other.length));
                }
            }
            (1.., 206) => {
                let said = response.header("content-range").unwrap_or_default().to_owned();
                let Some(range) = parse(&said) else {
                    return refuse(format!("Content-Range: bytes {at}-"), format!("{said:?}"));
                };
                let total = range.total.or(self.length);
                let agrees = range.first == at
                    && total.is_none_or(|total| range.last.checked_add(1) == Some(total))
                    && (self.length.is_none() || total == self.length)
                    && other.length.is_none_or(|length| range.last.checked_sub(at) == length.checked_sub(1));
                if !agrees {
                    return refuse(format!("the bytes from {at}, {whole}"), format!("Content-Range: {said}"));
                }
                self.length = total;
            }
            (1.., 200) => return refuse("the rest of it".into(), "all of it again".into()),
            (1.., 412 | 416) => {
                return refuse("the rest of it".into(), format!("status {}", response.status));
            }
            _ => return Err(response.into_error("status 200 or 206").into()),
        }
        if other.etag.is_some() && other.etag != self.etag {
            return refuse("the same ETag".into(), "another".into());
        }
        Ok(response)
    }
}

/// `bytes FIRST-LAST/TOTAL`, where the total may be `*`.
struct ContentRange {
    first: u64,
    last: u64,
    total: Option<u64>,
}

fn parse(text: &str) -> Option<ContentRange> {
    let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let total = if total == "*" { None } else { Some(total.parse().ok()?) };
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last).then_some(ContentRange { first, last, total })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges_are_read_to_the_letter() {
        let read = |text| parse(text).map(|range| (range.first, range.last, range.total));
        assert_eq!(read("bytes 5-9/10"), Some((5, 9, Some(10))));
        assert_eq!(read("bytes 5-9/*"), Some((5, 9, None)));
        for wrong in [
            "",
            "5-9/10",
            "bytes 9-5/10",
            "bytes */10",
            "bytes 5-/10",
            "bytes 5-9",
            "bytes -5-9/10",
            "items 5-9/10",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
