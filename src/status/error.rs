//! Why there is nothing to tell of a transfer.

use crate::os;

/// Why a status cannot be told, or a transfer not be asked to stop.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No transfer is called so.
    #[error("no transfer is called {id:?}{}; see vhd-porter status", like(.nearest.as_deref()))]
    Unknown {
        /// What was asked for.
        id: String,
        /// The id that is most like it.
        nearest: Option<String>,
    },
    /// Several are.
    #[error("{prefix:?} may be any of {}: give more of the id", .ids.join(", "))]
    Ambiguous {
        /// What was asked for.
        prefix: String,
        /// What that may be.
        ids: Vec<String>,
    },
    /// Others could have written what is there.
    #[error(
        "{path}: expected a directory of user {us} that nobody else can write to, found one of user {uid} with mode {mode:04o}: ask as that user, or remove it"
    )]
    Foreign {
        /// The directory.
        path: String,
        /// Who asks.
        us: u32,
        /// Whose it is.
        uid: u32,
        /// Its permissions.
        mode: u32,
    },
    /// The system refused.
    #[error(transparent)]
    Os(#[from] os::Error),
}

impl Error {
    /// That there is no transfer at all.
    #[must_use]
    pub fn unknown(id: &str) -> Self {
        Self::Unknown { id: id.to_owned(), nearest: None }
    }
}

fn like(nearest: Option<&str>) -> String {
    nearest.map_or(String::new(), |nearest| format!("; did you mean {nearest}?"))
}
