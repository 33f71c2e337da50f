//! Where Glance is and who asks it: options, or the variables that OpenStack's own clients read.
//!
//! | setting | option | variables, the first that is set |
//! |---|---|---|
//! | `glance.endpoint` | `--glance-endpoint` | `OS_IMAGE_ENDPOINT_OVERRIDE`, `OS_IMAGE_URL`; `OS_ENDPOINT` where `OS_AUTH_TYPE` says that there is no catalog |
//! | `glance.token` | `--glance-token-file` | `OS_TOKEN`, `OS_AUTH_TOKEN` |
//! | `glance.api_version` | `--glance-api-version` | `OS_IMAGE_API_VERSION` |
//! | `http.ca_file` | | `OS_CACERT` |
//!
//! They stand between the configuration file and `VHD_PORTER_…`. There is no option for the token itself: everybody on
//! the host can see the options of a program.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::args::Glance as Args;
use super::outcome::Failure;
use super::session::{self, misconfigured};
use crate::config::{Key, Origin, Settings, key};
use crate::os;

/// Longer than any token.
const LONGEST_TOKEN: u64 = 64 << 10;
/// The values of `OS_AUTH_TYPE` with which `OS_ENDPOINT` is the service's own (keystoneauth's plugins).
const WITHOUT_CATALOG: [&str; 3] = ["token_endpoint", "admin_token", "none"];

/// The settings in force, with what the environment and the command line say of Glance.
///
/// # Errors
/// A value does not fit, or the token's file cannot be read.
pub(super) fn settings(args: &Args) -> Result<Settings, Failure> {
    let mut settings = session::settings()?;
    apply_variables(&mut settings, |name| std::env::var(name).ok().filter(|text| !text.is_empty()))?;
    if let Some(endpoint) = &args.endpoint {
        set(&mut settings, key::GLANCE_ENDPOINT, endpoint, Origin::Option)?;
    }
    if let Some(file) = &args.token_file {
        set(&mut settings, key::GLANCE_TOKEN, &token(file)?, Origin::Option)?;
    }
    if let Some(version) = args.api_version {
        set(&mut settings, key::GLANCE_API_VERSION, &version.to_string(), Origin::Option)?;
    }
    Ok(settings)
}

fn apply_variables(
    settings: &mut Settings,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<(), Failure> {
    let mut endpoints = vec!["OS_IMAGE_ENDPOINT_OVERRIDE", "OS_IMAGE_URL"];
    if variable("OS_AUTH_TYPE").is_some_and(|kind| WITHOUT_CATALOG.contains(&kind.trim_start_matches("v3"))) {
        endpoints.push("OS_ENDPOINT");
    }
    let table: [(&'static Key, &[&str]); 4] = [
        (key::GLANCE_ENDPOINT, &endpoints),
        (key::GLANCE_TOKEN, &["OS_TOKEN", "OS_AUTH_TOKEN"]),
        (key::GLANCE_API_VERSION, &["OS_IMAGE_API_VERSION"]),
        (key::HTTP_CA_FILE, &["OS_CACERT"]),
    ];
    for (key, names) in table {
        if matches!(settings.origin(key), Origin::Environment(_)) {
            continue;
        }
        if let Some((name, text)) = names.iter().find_map(|name| Some((name, variable(name)?))) {
            // Clients also take minor versions, as 2.9.
            let text = if key == key::GLANCE_API_VERSION { major(&text) } else { &text };
            set(settings, key, text, Origin::Environment((*name).to_owned()))?;
        }
    }
    Ok(())
}

fn set(settings: &mut Settings, key: &'static Key, text: &str, origin: Origin) -> Result<(), Failure> {
    settings.set(key, text, origin).map_err(|e| misconfigured(&e))
}

fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or(version)
}

/// The token in a file.
fn token(path: &Path) -> Result<String, Failure> {
    let mut token = String::new();
    File::open(path)
        .and_then(|file| file.take(LONGEST_TOKEN).read_to_string(&mut token))
        .map_err(os::Error::at("reading the token in", path))?;
    Ok(token.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_of_openstack_stand_between_file_and_own_ones() {
        let settings = |variables: &[(&str, &str)], own: &[(&'static Key, &str)]| {
            let mut settings = Settings::default();
            for (key, text) in own {
                settings.set(key, *text, Origin::Environment(key.variable())).unwrap();
            }
            let found = |name: &str| variables.iter().find(|(known, _)| *known == name);
            let applied =
                apply_variables(&mut settings, |name| found(name).map(|(_, text)| (*text).to_owned()));
            assert!(applied.is_ok());
            settings
        };
        let both = [("OS_IMAGE_URL", "http://b"), ("OS_IMAGE_ENDPOINT_OVERRIDE", "http://a")];
        assert_eq!(settings(&both, &[]).text(key::GLANCE_ENDPOINT), "http://a");
        let own = [(key::GLANCE_ENDPOINT, "http://c")];
        assert_eq!(settings(&both, &own).text(key::GLANCE_ENDPOINT), "http://c");
        for (kind, endpoint) in [("admin_token", "http://d"), ("password", "")] {
            let variables = [("OS_AUTH_TYPE", kind), ("OS_ENDPOINT", "http://d")];
            assert_eq!(settings(&variables, &[]).text(key::GLANCE_ENDPOINT), endpoint);
        }
        let rest = [("OS_AUTH_TOKEN", "token-of-os"), ("OS_IMAGE_API_VERSION", "1.1"), ("OS_CACERT", "/ca")];
        let settings = settings(&rest, &[]);
        assert_eq!(settings.secret(key::GLANCE_TOKEN).unwrap().expose(), "token-of-os");
        assert_eq!((settings.number(key::GLANCE_API_VERSION), settings.text(key::HTTP_CA_FILE)), (1, "/ca"));
        assert_eq!(settings.origin(key::HTTP_CA_FILE).to_string(), "OS_CACERT");
    }

    #[test]
    fn a_token_is_read_without_the_newline_behind_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        std::fs::write(&path, "token-of-file\n").unwrap();
        assert!(matches!(token(&path), Ok(text) if text == "token-of-file"));
        assert!(token(&dir.path().join("none")).is_err());
    }
}
