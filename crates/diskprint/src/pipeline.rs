//! Work spread over threads: the only place that has any.

use std::cmp;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rayon::prelude::*;

/// Calls `work` on every item, on as many threads as the pool has, and gives the results in the
/// order of the items.
pub fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Send + Sync) -> Vec<R> {
    items.par_iter().map(work).collect()
}

/// Calls `make` on each `len` of the items in turn, on as many threads as the pool has, and hands
/// the results to `take` in the order of the items. Few of them are there at a time, and the next
/// ones are made meanwhile.
///
/// # Errors
/// The first that `take` gives; nothing is handed to it then.
pub fn in_order<T: Sync, R: Send, E: Send>(
    items: &[T],
    len: usize,
    make: impl Fn(&[T]) -> R + Send + Sync,
    mut take: impl FnMut(R) -> Result<(), E> + Send,
) -> Result<(), E> {
    /// Results that are there at a time, and as many in the making.
    const AT_A_TIME: usize = 8;
    let len = len.max(1);
    let mut made: Vec<R> = Vec::new();
    for items in items.chunks(len.saturating_mul(AT_A_TIME)) {
        let make = || items.par_chunks(len).map(&make).collect();
        let take = || std::mem::take(&mut made).into_iter().try_for_each(&mut take);
        let (next, taken) = rayon::join(make, take);
        taken?;
        made = next;
    }
    made.into_iter().try_for_each(take)
}

/// Does both, at once where there is a thread for it.
pub fn both<A: Send, B: Send>(
    a: impl FnOnce() -> A + Send,
    b: impl FnOnce() -> B + Send,
) -> (A, B) {
    rayon::join(a, b)
}

/// Sorts the items on as many threads as the pool has; equal ones come in any order.
pub fn sort<T: Send>(items: &mut [T], compare: impl Fn(&T, &T) -> cmp::Ordering + Sync) {
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
                    let index = next.fetch_add(1, Ordering::Relaxed);
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

/// Makes things of numbers before they are asked for, on threads of the pool, while `work` is done
/// with them. A thing is begun with [`Ahead::begin`] or else when it is asked for; those that are
/// begun and not asked for are made all the same.
pub fn with_ahead<T: Send, R: Send>(
    count: usize,
    make: impl Fn(usize) -> T + Sync,
    work: impl FnOnce(&mut Ahead<'_, '_, T>) -> R + Send,
) -> R {
    let slots: Vec<Slot<T>> = (0..count).map(|_| Slot::default()).collect();
    rayon::scope_fifo(|scope| work(&mut Ahead { scope, slots: &slots, make: &make }))
}

/// Things that are made ahead; see [`with_ahead`].
pub struct Ahead<'a, 'scope, T> {
    scope: &'a rayon::ScopeFifo<'scope>,
    slots: &'scope [Slot<T>],
    make: &'scope (dyn Fn(usize) -> T + Sync),
}

/// The place of one thing.
struct Slot<T> {
    is_begun: AtomicBool,
    made: Mutex<Option<thread::Result<T>>>,
    is_made: Condvar,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { is_begun: false.into(), made: Mutex::default(), is_made: Condvar::new() }
    }
}

impl<T: Send> Ahead<'_, '_, T> {
    /// Begins to make the thing of a number, unless that was begun.
    pub fn begin(&self, index: usize) {
        let (make, Some(slot)) = (self.make, self.slots.get(index)) else { return };
        if !slot.is_begun.swap(true, Ordering::Relaxed) {
            self.scope.spawn_fifo(move |_| {
                let made = panic::catch_unwind(AssertUnwindSafe(|| make(index)));
                *slot.lock() = Some(made);
                slot.is_made.notify_one();
            });
        }
    }

    /// The thing of a number, when it is made. While it waits, the thread works for the pool.
    ///
    /// # Panics
    /// When making it did, or when it was taken before.
    pub fn take(&self, index: usize) -> T {
        self.begin(index);
        let slot = &self.slots[index];
        loop {
            if let Some(made) = slot.lock().take() {
                return made.unwrap_or_else(|panic| panic::resume_unwind(panic));
            }
            if rayon::yield_now() != Some(rayon::Yield::Executed) {
                let made = slot.lock();
                // Another thread makes it: nothing is left to do for this one.
                drop(slot.is_made.wait_while(made, |made| made.is_none()));
            }
        }
    }
}

impl<T> Slot<T> {
    fn lock(&self) -> MutexGuard<'_, Option<thread::Result<T>>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many threads there are for what is spread, where this is called.
pub fn threads() -> usize {
    rayon::current_num_threads()
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
    fn what_is_made_ahead_is_there_with_any_number_of_threads() {
        for threads in [1, 2, 7] {
            let made = with_threads(threads, || {
                with_ahead(
                    20,
                    |index| index * index,
                    |ahead| {
                        (0..20)
                            .map(|index| {
                                (index..(index + 3).min(20)).for_each(|next| ahead.begin(next));
                                ahead.take(index)
                            })
                            .collect::<Vec<_>>()
                    },
                )
            });
            assert_eq!(made.unwrap(), (0..20).map(|index| index * index).collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_was_made_is_taken_in_order_and_not_after_an_error() {
        let items: Vec<u64> = (0..1000).collect();
        for len in [0, 1, 7, 1000, 5000] {
            let mut taken = Vec::new();
            let made = in_order(&items, len, <[u64]>::to_vec, |some| {
                taken.extend(some);
                if taken.len() < 1000 { Ok(()) } else { Err(()) }
            });
            assert_eq!((made, &taken), (Err(()), &items));
            let mut calls = 0;
            let made = in_order(&items, len, <[u64]>::len, |_| {
                calls += 1;
                Err::<(), _>(calls)
            });
            assert_eq!((made, calls), (Err(1), 1));
        }
    }

    #[test]
    #[should_panic(expected = "of the seventh")]
    fn a_panic_comes_to_who_asks() {
        let make = |index| assert_ne!(index, 7, "of the seventh");
        with_ahead(8, make, |ahead| (0..8).for_each(|index| ahead.take(index)));
    }

    #[test]
    fn it_ticks_while_there_is_work_and_no_longer() {
        let ticks = AtomicUsize::new(0);
        let tick = || {
            ticks.fetch_add(1, Ordering::Relaxed);
        };
        let wait = || while ticks.load(Ordering::Relaxed) < 3 {};
        with_ticks(Duration::from_millis(1), tick, wait);
        let after = ticks.load(Ordering::Relaxed);
        with_ticks(Duration::from_secs(3600), tick, || ());
        assert_eq!(ticks.load(Ordering::Relaxed), after);
    }
}
