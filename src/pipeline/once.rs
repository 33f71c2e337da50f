//! Doing a call once, however often it is made: control planes repeat calls whose answers were lost, with the same uuids.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::error::Error;
use super::identify::Identities;
use super::report::Imported;
use crate::sr::{self, Action, Claim, Identity, Receipt, Recovery, Repository, Staging};
use crate::transport::Origin;

/// A call that is to land a chain.
#[derive(Debug)]
pub(crate) struct Call {
    claim: Claim,
    leaf: Option<Uuid>,
    traces: BTreeSet<String>,
    rehearsed: bool,
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
    /// The call that `words` describe: kind of work and options. With random uuids no two calls are the same, nor with a
    /// source that has no place.
    pub(crate) fn new(words: &[&str], origin: Origin, uuids: &Identities) -> Self {
        let named = uuids.named().unwrap_or_default();
        let leaf = named.first().copied();
        let call = match origin.place {
            Some(place) if leaf.is_some() => digest(words, &place, &named),
            _ => String::new(),
        };
        Self { claim: Claim { call, uuids: named }, leaf, traces: origin.traces, rehearsed: false }
    }

    /// The same, when nothing is to land.
    pub(crate) fn rehearsed(self, rehearsed: bool) -> Self {
        Self { rehearsed, ..self }
    }

    /// Ends what others have left, and makes a staging area, unless the call was done before.
    pub(crate) fn begin(&self, sr: &Repository, uuids: &Identities) -> Result<Begun, Error> {
        let others = sr::recover(sr, Recovery::Before(&self.claim.uuids))?;
        // Nobody is at work: what is in the SR stays there. That answers without a staging area, which takes room.
        if others.iter().all(|other| !matches!(other.action, Action::InWork | Action::Failed))
            && let Some(answer) = self.before(sr)
        {
            return Ok(Begun::Before(answer));
        }
        let staging = Staging::create(sr, &self.claim)?;
        // The uuids are ours alone: whoever was at work for them has ended.
        if let Some(answer) = self.before(sr) {
            return Ok(Begun::Before(answer));
        }
        uuids.preflight(sr)?;
        Ok(Begun::Staging(staging))
    }

    fn before(&self, sr: &Repository) -> Option<Imported> {
        if self.rehearsed || self.claim.call.is_empty() {
            return None;
        }
        let receipt = Receipt::find(sr, &self.claim.call, &self.traces, self.leaf?)?;
        let answer = serde_json::from_str(&receipt.answer).ok()?;
        // Whoever did it may have been killed before the names were durable: what is answered for has to be.
        if let Err(error) = sr.dir().sync() {
            tracing::warn!(%error, "this call was done before, but may not be durable");
            return None;
        }
        tracing::info!(leaf = ?self.leaf, "this call was done before; the answer is the same");
        Some(answer)
    }

    /// Remembers what the call is about to come to. A host without room for that forgets: then the same call made again is
    /// refused, as its uuids are taken.
    pub(crate) fn remember(&self, sr: &Repository, answer: &Imported, files: &[Identity]) {
        let (Some(leaf), false) = (self.leaf, self.claim.call.is_empty()) else { return };
        let Ok(text) = serde_json::to_string(answer) else { return };
        let (call, traces) = (self.claim.call.clone(), self.traces.clone());
        if let Err(error) = (Receipt { call, traces, leaf, answer: text }).keep(sr, files) {
            tracing::info!(%error, "no receipt of this call is kept");
        }
    }
}

/// The same for the same call.
fn digest(words: &[&str], place: &str, uuids: &[Uuid]) -> String {
    let mut digest = Sha256::new();
    let words = words.iter().map(|word| (*word).to_owned()).chain([place.to_owned()]);
    for word in words.chain(uuids.iter().map(Uuid::to_string)) {
        digest.update(word.len().to_le_bytes());
        digest.update(word);
    }
    base64::Engine::encode(&base64::engine::general_purpose::STANDARD_NO_PAD, digest.finalize())
}
