//! Whom to trust: the host's CA bundle, or the one that the configuration names.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use super::error::Error;
use crate::config::{Settings, key};

/// Where hosts keep their bundle: XenServer and XCP-ng; Debian; SUSE; Alpine.
const BUNDLES: [&str; 4] = [
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];
/// Longer than any bundle.
const LONGEST: u64 = 16 << 20;

/// How servers are verified.
#[derive(Debug, Clone)]
pub(super) struct Trust {
    /// The bundle to use instead of the host's.
    pub(super) ca_file: Option<PathBuf>,
    /// Verify nothing.
    pub(super) insecure: bool,
}

impl Trust {
    /// Reads the bundle.
    ///
    /// # Errors
    /// There is none, or nothing in it.
    pub(super) fn load(&self) -> Result<TlsConfig, Error> {
        if self.insecure {
            tracing::warn!("http.insecure is set: servers are not verified, and secrets may go to anybody");
            return Ok(TlsConfig::builder().disable_verification(true).build());
        }
        let (_, certificates) = self.bundle()?;
        Ok(TlsConfig::builder().root_certs(RootCerts::new_with_certs(&certificates)).build())
    }

    fn bundle(&self) -> Result<(PathBuf, Vec<Certificate<'static>>), Error> {
        let path = match &self.ca_file {
            Some(path) => path.clone(),
            None => {
                let found = BUNDLES.iter().map(Path::new).find(|path| path.exists());
                found.ok_or_else(|| Error::NoCertificates { place: BUNDLES.join(", ") })?.to_owned()
            }
        };
        let certificates = read(&path)?;
        Ok((path, certificates))
    }
}

impl From<&Settings> for Trust {
    fn from(settings: &Settings) -> Self {
        Self {
            ca_file: settings.optional_text(key::HTTP_CA_FILE).map(Into::into),
            insecure: settings.flag(key::HTTP_INSECURE),
        }
    }
}

/// The CA bundle that servers are verified against, and how many certificates are in it.
///
/// # Errors
/// There is none, or nothing in it.
pub fn ca_bundle(settings: &Settings) -> Result<(PathBuf, usize), Error> {
    let (path, certificates) = Trust::from(settings).bundle()?;
    Ok((path, certificates.len()))
}

fn read(path: &Path) -> Result<Vec<Certificate<'static>>, Error> {
    let failed = |source| Error::CaBundle { path: path.to_owned(), source };
    let mut pem = Vec::new();
    File::open(path).map_err(failed)?.take(LONGEST).read_to_end(&mut pem).map_err(failed)?;
    // A bundle may hold items of other kinds, and damaged ones: what can be read of it counts.
    let certificates: Vec<_> = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(Error::NoCertificates { place: path.display().to_string() });
    }
    tracing::debug!(bundle = %path.display(), certificates = certificates.len(), "CA bundle read");
    Ok(certificates)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_that_holds_nothing_is_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ca.pem");
        let load = || Trust { ca_file: Some(path.clone()), insecure: false }.load();
        assert!(matches!(load(), Err(Error::CaBundle { .. })));
        std::fs::write(&path, "no certificate\n").unwrap();
        let message = load().unwrap_err().to_string();
        assert!(message.contains("ca.pem") && message.contains("http.ca_file"), "{message}");
    }
}
