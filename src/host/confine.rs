//! What a call may write to: the SR, and little else.

use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use crate::config::{Settings, key};
use crate::os;

/// Lets this process write, from here on, below `places`, to the storage manager's locks and to our own state. Where the
/// kernel has no Landlock, as in dom0s with Linux 4.19, nothing changes. For functions that run no program that writes
/// elsewhere.
pub fn confine(settings: &Settings, places: &[&Path]) {
    let (locks, state) = (settings.path(key::SR_LOCKS), settings.path(key::STATE));
    // Made now, so that nothing around it has to be writable. Where that fails it is tried again when it is needed.
    if let Err(error) = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&state) {
        tracing::debug!(state = %state.display(), %error, "cannot be made");
    }
    let state = state.ancestors().find(|place| place.is_dir());
    let places: Vec<&Path> = places.iter().copied().chain([locks.as_path()]).chain(state).collect();
    let confined = os::write_only_below(&places);
    tracing::debug!(confined, ?places, "writes are confined");
}
