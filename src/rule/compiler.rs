//! Compiles a file once: what it was compiled to is kept.

use std::sync::Arc;

use tracing::info;

use super::compile::{Job, Product};
use super::compiled::Compiled;
use super::{CompiledRules, CompilerProgram, Digest, Limits, LoadError, Surroundings};

/// The compiler, and what it has made so far.
pub(super) struct Compiler {
    pub(super) surroundings: Arc<Surroundings>,
    pub(super) compiled: CompiledRules,
    pub(super) program: CompilerProgram,
}

impl Compiler {
    /// What was compiled before under this digest.
    pub(super) fn known(&self, digest: &Digest) -> Option<Compiled> {
        self.compiled.get(digest, &self.surroundings.engine)
    }

    /// Compiles a file, keeps what came of it under a digest, and says how long that took if it is a rule's.
    ///
    /// # Errors
    /// When it does not compile within the limits, or asks for more than any rule may have.
    pub(super) async fn compile(
        &self,
        rule: Option<&str>,
        digest: &Digest,
        job: &Job<'_>,
        limits: &Limits,
    ) -> Result<Compiled, LoadError> {
        let Surroundings { clock, metrics, .. } = &*self.surroundings;
        info!(
            rule,
            "compiling, once for each version; that may take seconds"
        );
        let began = clock.monotonic();
        let compiled = self.program.compile(job, limits).await;
        if let Some(rule) = rule {
            metrics.observe_compile(rule, clock.monotonic().saturating_sub(began));
        }
        let Product { code, functions } = compiled?;
        let engine = &self.surroundings.engine;
        if let Some(functions) = functions {
            self.compiled.put_functions(&functions, engine);
        }
        let kept = self.compiled.put(digest, &code, engine);
        // It compiles, but is larger than any rule may be: its first memory, its number of tables and the like.
        kept.map_err(|problem| LoadError::TooDemanding(format!("{:#}", problem.root_cause())))
    }

    /// Forgets what was compiled under a digest.
    pub(super) fn forget(&self, digest: &Digest) {
        self.compiled.forget(digest, &self.surroundings.engine);
    }

    /// The compiled functions that all scripts share.
    pub(super) fn functions(&self) -> Vec<u8> {
        self.compiled.functions(&self.surroundings.engine)
    }
}
