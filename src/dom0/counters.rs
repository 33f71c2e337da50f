//! The kernel's counters of guests' network interfaces.

use super::error::Error;
use crate::wire::Value;

/// Where the bytes received and sent stand, counted from 0 after the name.
const RECEIVED: usize = 0;
const SENT: usize = 8;

/// The bytes that went through every `vifDOMAIN.NUMBER` in the content of `/proc/net/dev`: `{domain: {number: {'bw_in': …,
/// 'bw_out': …}}}`. What the host sends, the guest receives: in and out are the guest's, as in os-xenapi bandwidth.py.
///
/// # Errors
/// A line is not of the kernel's form.
pub fn guest_counters(content: &str) -> Result<Value, Error> {
    let mut domains: Vec<(&str, Vec<(&str, Value)>)> = Vec::new();
    // The first two lines are headings.
    for line in content.lines().skip(2) {
        let Some((domain, vif, counters)) = interface(line.trim()) else { continue };
        let entry = Value::dict([("bw_in", count(counters, SENT)?), ("bw_out", count(counters, RECEIVED)?)]);
        match domains.iter_mut().find(|(known, _)| *known == domain) {
            Some((_, vifs)) => vifs.push((vif, entry)),
            None => domains.push((domain, vec![(vif, entry)])),
        }
    }
    Ok(Value::dict(domains.into_iter().map(|(domain, vifs)| (domain, Value::dict(vifs)))))
}

/// Domain, number and counters of a guest's interface. The number may have more behind its digits.
fn interface(line: &str) -> Option<(&str, &str, &str)> {
    let (name, counters) = line.split_once(':')?;
    let (domain, vif) = name.strip_prefix("vif")?.split_once('.')?;
    let is_number = !domain.is_empty() && domain.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && vif.starts_with(|c: char| c.is_ascii_digit())).then_some((domain, vif, counters))
}

fn count(counters: &str, index: usize) -> Result<Value, Error> {
    let number = counters.split_ascii_whitespace().nth(index).and_then(|text| text.parse::<u64>().ok());
    number.map(Value::from).ok_or_else(|| {
        Error::Refused(format!("the kernel's counters: expected 16 numbers, found {counters:?}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::json;

    const HEADINGS: &str = "Inter-|   Receive                            |  Transmit\n \
        face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs\n";

    #[test]
    fn in_and_out_are_the_guests() {
        let lines = "    lo: 1 1 0 0 0 0 0 0 2 1 0 0 0 0 0 0\n\
            vif12.0:100 1 0 0 0 0 0 0 18446744073709551615 1 0 0 0 0 0 0\n\
            vif12.1: 3 1 0 0 0 0 0 0 4 1 0 0 0 0 0 0\n\
            vif7.0-emu: 5 1 0 0 0 0 0 0 6 1 0 0 0 0 0 0\n\
            xenbr0: 7 1 0 0 0 0 0 0 8 1 0 0 0 0 0 0\n vif: 1\n vifx.0: 1\n";
        let counters = guest_counters(&format!("{HEADINGS}{lines}")).unwrap();
        assert_eq!(
            json::write(&counters),
            r#"{"12":{"0":{"bw_in":18446744073709551615,"bw_out":100},"1":{"bw_in":4,"bw_out":3}},"7":{"0-emu":{"bw_in":6,"bw_out":5}}}"#
        );
        assert_eq!(guest_counters("").unwrap(), Value::Dict(vec![]));
        assert!(guest_counters(&format!("{HEADINGS} vif1.0: 1 2\n")).is_err());
    }
}
