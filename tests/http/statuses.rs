//! Every status, at the first request.

use crate::import::{fails, lands};
use crate::server::{Step, answer, status};

/// Statuses after which os-xenapi does not try again (glance.py `check_resp_status_and_retry`).
const PERMANENT: [u16; 23] = [
    400, 401, 402, 403, 405, 406, 407, 409, 410, 411, 412, 413, 414, 415, 416, 417, 422, 423, 424, 426, 501,
    505, 510,
];

#[test]
fn every_status_has_its_kind() {
    let others = [
        201, 204, 206, 300, 304, 305, 404, 408, 418, 421, 425, 429, 451, 500, 502, 503, 504, 507, 508, 511,
        599,
    ];
    for code in PERMANENT.into_iter().chain(others) {
        let kind = match code {
            404 => "no-such-image",
            // A success that carries something else than the image.
            201..=206 => "refused",
            _ if PERMANENT.contains(&code) => "refused",
            _ => "network",
        };
        let words = ["GET http://127.0.0.1:", &format!("expected status 200, found status {code}")];
        fails(&code.to_string(), kind, &words, [status(&format!("{code} Whatever"), "")]);
    }
}

#[test]
fn what_the_server_says_about_it_is_passed_on() {
    let page = "<html><head><title>409 Conflict</title></head><body>\r\n<p>Image is\x1b[31m queued</p>";
    let body = answer("409 Conflict", "", page.as_bytes(), None);
    fails("a page", "refused", &["status 409 (409 Conflict Image is [31m queued)"], [vec![Step::Send(body)]]);
    let endless = [status("503 Busy", "Transfer-Encoding: chunked\r\n"), vec![Step::Stall]].concat();
    fails("a page that does not come", "network", &["status 503"], [endless]);
    lands("no trouble", [crate::server::ok("", &crate::import::image())]);
}
