//! Work spread over threads: the only place that has any.

use rayon::prelude::*;

/// Calls `work` on every item, on as many threads as the pool has, and gives the results in the
/// order of the items.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Send + Sync) -> Vec<R> {
    items.par_iter().map(work).collect()
}

/// Runs `work` with `threads` threads for everything in it that is spread; 0 for one per core.
///
/// # Errors
/// When the threads cannot be started.
pub fn with_threads<R: Send>(
    threads: usize,
    work: impl FnOnce() -> R + Send,
) -> Result<R, rayon::ThreadPoolBuildError> {
    Ok(rayon::ThreadPoolBuilder::new().num_threads(threads).build()?.install(work))
}
