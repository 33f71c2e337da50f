//! Whom `https://` servers are verified against.

use super::line::Line;
use super::subject::Subject;
use crate::config::key;
use crate::http;

pub(super) fn look(subject: &Subject) -> Vec<Line> {
    let line = match http::ca_bundle(&subject.settings) {
        Ok((path, certificates)) => {
            Line::good("CA bundle", format!("{}, {certificates} certificates", path.display()))
        }
        Err(error) if subject.settings.optional_text(key::HTTP_CA_FILE).is_some() => {
            Line::failed("CA bundle", &error, "correct http.ca_file: no https:// server can be verified")
        }
        Err(error) => {
            let found = crate::os::in_full(&error);
            Line::warn(
                "CA bundle",
                found,
                "install ca-certificates, or set http.ca_file, for https:// images",
            )
        }
    };
    vec![line]
}
