//! Two tools side by side: the first does the work, the second is asked as well, and every difference is remarked.

use std::fmt::Debug;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::output::CheckVerdict;
use super::{Error, Facts, VhdTool};

/// The embedded engine, watched by the host's tool.
#[derive(Debug)]
pub struct Both<A, B> {
    worker: A,
    witness: B,
    remarks: Mutex<Vec<String>>,
}

impl<A: VhdTool, B: VhdTool> Both<A, B> {
    /// `worker` edits; `witness` only looks.
    pub fn new(worker: A, witness: B) -> Self {
        Self { worker, witness, remarks: Mutex::default() }
    }

    fn remark(&self, what: &str, image: &Path, ours: &dyn Debug, theirs: &dyn Debug) {
        let remark = format!("{}: the tools differ on {what}: {ours:?}, {theirs:?}", image.display());
        tracing::warn!("{remark}");
        self.remarks.lock().unwrap_or_else(PoisonError::into_inner).push(remark);
    }
}

impl<A: VhdTool, B: VhdTool> VhdTool for Both<A, B> {
    fn set_parent(&self, child: &Path, parent: &Path) -> Result<(), Error> {
        self.worker.set_parent(child, parent)
    }

    fn set_hidden(&self, image: &Path, hidden: bool) -> Result<(), Error> {
        self.worker.set_hidden(image, hidden)
    }

    fn query(&self, image: &Path) -> Result<Facts, Error> {
        let facts = self.worker.query(image)?;
        match self.witness.query(image) {
            Ok(other) if other == facts => {}
            other => self.remark("its facts", image, &facts, &other),
        }
        Ok(facts)
    }

    /// An image is valid when both say so.
    fn check(&self, image: &Path) -> Result<CheckVerdict, Error> {
        let verdict = self.worker.check(image)?;
        let other = self.witness.check(image)?;
        if std::mem::discriminant(&verdict) != std::mem::discriminant(&other) {
            self.remark("its soundness", image, &verdict, &other);
        }
        Ok(if verdict == CheckVerdict::Valid { other } else { verdict })
    }

    fn remarks(&self) -> Vec<String> {
        std::mem::take(&mut self.remarks.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
