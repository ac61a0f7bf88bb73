//! Work spread over threads: the only place that has any.

use std::cmp::Ordering;
use std::sync::atomic::{self, AtomicUsize};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use rayon::prelude::*;

/// Calls `work` on every item, on as many threads as the pool has, and gives the results in the
/// order of the items.
pub fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Send + Sync) -> Vec<R> {
    items.par_iter().map(work).collect()
}

/// Sorts the items on as many threads as the pool has; equal ones come in any order.
pub fn sort<T: Send>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering + Sync) {
    items.par_sort_unstable_by(compare);
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

/// Calls `work` on every item, in their order, `jobs` at a time; each job is a thread of its own.
/// `done` is told each result with the number of its item as soon as it is there, on the thread of
/// the caller.
pub fn in_jobs<T: Sync, R: Send>(
    jobs: usize,
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
    mut done: impl FnMut(usize, R),
) {
    let next = AtomicUsize::new(0);
    // Who is done waits until that was taken note of: results do not pile up.
    let (sender, results) = mpsc::sync_channel(0);
    thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, items.len().max(1)) {
            let (sender, next, work) = (sender.clone(), &next, &work);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, atomic::Ordering::Relaxed);
                    let Some(item) = items.get(index) else { return };
                    if sender.send((index, work(item))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        results.iter().for_each(|(index, result)| done(index, result));
    });
}

/// Calls `tick` every so often, on a thread of its own, while `work` is done.
pub fn with_ticks<R>(every: Duration, tick: impl Fn() + Send, work: impl FnOnce() -> R) -> R {
    thread::scope(|scope| {
        let (working, is_over) = mpsc::channel::<()>();
        scope.spawn(move || {
            while is_over.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                tick();
            }
        });
        let result = work();
        drop(working);
        result
    })
}

/// How many cores there are.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_worked_on_once_with_any_number_of_jobs() {
        let items: Vec<u64> = (0..100).collect();
        for jobs in [0, 1, 2, 7, 1000] {
            let mut results = vec![None; items.len()];
            in_jobs(
                jobs,
                &items,
                |item| item * item,
                |index, result| {
                    assert_eq!(results[index].replace(result), None);
                },
            );
            assert!(results.iter().enumerate().all(|(i, it)| *it == Some((i * i) as u64)));
        }
        in_jobs(2, &[0; 0], |_| (), |_, ()| panic!("nothing is to do"));
    }

    #[test]
    fn it_ticks_while_there_is_work_and_no_longer() {
        let ticks = AtomicUsize::new(0);
        let tick = || {
            ticks.fetch_add(1, atomic::Ordering::Relaxed);
        };
        let wait = || while ticks.load(atomic::Ordering::Relaxed) < 3 {};
        with_ticks(Duration::from_millis(1), tick, wait);
        let after = ticks.load(atomic::Ordering::Relaxed);
        with_ticks(Duration::from_secs(3600), tick, || ());
        assert_eq!(ticks.load(atomic::Ordering::Relaxed), after);
    }
}
