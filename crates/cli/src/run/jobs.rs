//! How many sequences are worked on at once, and by how many threads each.

use diskprint::pipeline;

use super::bytes;
use super::plan::Planned;
use crate::memory;

/// How a run is spread over the machine.
#[derive(Debug, PartialEq, Eq)]
pub struct Jobs {
    /// Sequences at once.
    pub at_once: usize,
    /// Threads for each.
    pub threads: usize,
}

/// What a sequence needs at least: a small state and its outputs.
const LEAST_MEMORY: u64 = 128 << 20;

/// What it needs beyond, as a part of the length of its largest tarball. A slice of 116,000 files,
/// 1.3 GB as tarball, takes 190 MB at its peak.
const MEMORY_PER_TARBALL: u64 = 8;

impl Jobs {
    /// Spreads sequences: over so many jobs as are `wanted`, 0 and `None` being as many as cores
    /// and memory allow, with so many threads as the command line or the file of settings say. More
    /// jobs than `max_memory` bytes allow are never done at once.
    pub fn of(
        wanted: Option<usize>,
        (threads, setting): (usize, Option<usize>),
        max_memory: Option<u64>,
        sequences: &[&[Planned]],
    ) -> Self {
        let wanted = wanted.filter(|wanted| *wanted > 0);
        let largest = sequences.iter().flat_map(|planned| planned.iter()).map(bytes).max();
        let need = LEAST_MEMORY + largest.unwrap_or(0) / MEMORY_PER_TARBALL;
        let fit = |bytes: u64| usize::try_from(bytes / need).unwrap_or(usize::MAX);
        let most = max_memory.map(|bytes| fit(bytes).max(1));
        let free = memory::available().map(fit);
        let fit = [most, free].into_iter().flatten().min();
        Self::fit(
            wanted.map(|wanted| wanted.min(most.unwrap_or(wanted))),
            threads.max(setting.unwrap_or(0)),
            sequences.len(),
            pipeline::cores(),
            fit,
        )
    }

    fn fit(
        wanted: Option<usize>,
        threads: usize,
        sequences: usize,
        cores: usize,
        memory: Option<usize>,
    ) -> Self {
        let at_once = wanted.unwrap_or_else(|| cores.min(memory.unwrap_or(cores)));
        let at_once = at_once.clamp(1, sequences.max(1));
        let threads = match (threads, wanted) {
            (0, Some(_)) if sequences > 1 => 1,
            (0, _) => (cores / at_once).max(1),
            (threads, _) => threads,
        };
        Self { at_once, threads }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cores_and_memory_bound_what_is_done_at_once() {
        let fit = |wanted, threads, sequences, memory| {
            let Jobs { at_once, threads } = Jobs::fit(wanted, threads, sequences, 8, memory);
            (at_once, threads)
        };
        assert_eq!(fit(None, 0, 1, Some(100)), (1, 8), "one sequence has all cores");
        assert_eq!(fit(None, 0, 100, Some(100)), (8, 1));
        assert_eq!(fit(None, 0, 100, Some(2)), (2, 4));
        assert_eq!(fit(None, 0, 100, Some(0)), (1, 8));
        assert_eq!(fit(None, 0, 100, None), (8, 1));
        assert_eq!(fit(Some(2), 0, 100, Some(1)), (2, 1), "what was asked for is done");
        assert_eq!(fit(Some(2), 3, 100, None), (2, 3));
        assert_eq!(fit(Some(4), 0, 1, None), (1, 8));
        assert_eq!(fit(None, 0, 0, None), (1, 8));
    }
}
