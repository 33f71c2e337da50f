//! Doing a call once, however often it is made: control planes repeat calls whose answers were lost, with the same uuids.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::error::Error;
use super::identify::Identities;
use super::report::Imported;
use crate::sr::{self, Claim, Receipt, Repository, Staging};

/// A call that is to land a chain.
#[derive(Debug)]
pub(crate) struct Call {
    claim: Claim,
    leaf: Option<Uuid>,
    answer: bool,
}

/// How a call begins.
#[derive(Debug)]
pub(crate) enum Begun {
    /// It was done before: what it came to.
    Before(Imported),
    /// It is to be done: where.
    Staging(Staging),
}

impl Call {
    /// The call that `words` describe: kind of work, source, options. With random uuids no two calls are the same.
    pub(crate) fn new(words: &[&str], uuids: &Identities) -> Self {
        let Some(named) = uuids.named() else {
            return Self { claim: Claim::default(), leaf: None, answer: true };
        };
        let mut digest = Sha256::new();
        for word in words.iter().copied().map(str::to_owned).chain(named.iter().map(Uuid::to_string)) {
            digest.update(word.len().to_le_bytes());
            digest.update(word);
        }
        let call =
            base64::Engine::encode(&base64::engine::general_purpose::STANDARD_NO_PAD, digest.finalize());
        Self { leaf: named.first().copied(), claim: Claim { call, uuids: named }, answer: true }
    }

    /// The same, when nothing is to land.
    pub(crate) fn rehearsed(mut self, rehearsed: bool) -> Self {
        self.answer &= !rehearsed;
        self
    }

    /// Ends what others have left, and makes a staging area, unless the call was done before.
    pub(crate) fn begin(&self, sr: &Repository, uuids: &Identities) -> Result<Begun, Error> {
        for recovered in sr::recover(sr, false)? {
            tracing::info!(?recovered, "recovered");
        }
        if let Some(answer) = self.before(sr) {
            return Ok(Begun::Before(answer));
        }
        let staging = Staging::create(sr, &self.claim)?;
        // The same call may have ended while we waited at the gate.
        if let Some(answer) = self.before(sr) {
            return Ok(Begun::Before(answer));
        }
        uuids.preflight(sr)?;
        Ok(Begun::Staging(staging))
    }

    fn before(&self, sr: &Repository) -> Option<Imported> {
        if !self.answer {
            return None;
        }
        let receipt = Receipt::find(sr, &self.claim.call, self.leaf?)?;
        let answer = serde_json::from_str(&receipt.answer).ok()?;
        tracing::info!(leaf = ?self.leaf, "this call was done before; the answer is the same");
        Some(answer)
    }

    /// Remembers what the call is about to come to. A host without room for that forgets: then the same call made again is
    /// refused, as its uuids are taken.
    pub(crate) fn remember(&self, sr: &Repository, answer: &Imported, inode: u64) {
        let (Some(leaf), Ok(text)) = (self.leaf, serde_json::to_string(answer)) else { return };
        let receipt = Receipt { call: self.claim.call.clone(), leaf, answer: text };
        if let Err(error) = receipt.keep(sr, inode) {
            tracing::info!(%error, "no receipt of this call is kept");
        }
    }
}
