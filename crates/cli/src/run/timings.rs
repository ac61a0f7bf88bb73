//! How long the parts of a run take, and how near each is to what the machine can do.

use std::collections::BTreeMap;
use std::fs::File;
use std::hint::black_box;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use diskprint::results::sha256;
use diskprint::{Amount, Digests, Monitor, Part, tarball};

use super::stage::Stage;

/// What the parts of a run took.
#[derive(Default)]
pub struct Timings(Mutex<BTreeMap<Row, Sum>>);

/// A line of the table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Row {
    Reading(Part),
    Stage(Stage),
}

/// All that was done of a part.
#[derive(Clone, Copy, Default)]
struct Sum {
    amount: Amount,
    time: Duration,
}

impl Monitor for Timings {
    fn begin(&self, part: Part) -> Box<dyn FnOnce(Amount) + '_> {
        self.begin_row(Row::Reading(part))
    }
}

impl Timings {
    /// A stage begins; what is returned is called when it ends.
    pub fn begin_stage(&self, stage: Stage) -> Box<dyn FnOnce(Amount) + '_> {
        self.begin_row(Row::Stage(stage))
    }

    fn begin_row(&self, row: Row) -> Box<dyn FnOnce(Amount) + '_> {
        let began = Instant::now();
        Box::new(move |amount| {
            let mut rows = self.rows();
            let sum = rows.entry(row).or_default();
            sum.amount += amount;
            sum.time += began.elapsed();
        })
    }

    fn rows(&self) -> MutexGuard<'_, BTreeMap<Row, Sum>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Prints the table; `tarball` is one of those that were read.
    pub fn print(&self, out: &mut impl Write, tarball: Option<&Path>) -> io::Result<()> {
        let limits = Limits::measure(tarball);
        let (read, made, rate) = ("MB read", "MB made", "MB/s");
        writeln!(
            out,
            "{:10} {read:>10} {made:>10} {:>9} {rate:>8} {:>8}  limit",
            "part", "seconds", "of limit"
        )?;
        for (row, sum) in self.rows().iter() {
            let Amount { read, made } = sum.amount;
            let seconds = sum.time.as_secs_f64();
            let limit = limits.of(*row);
            let handled = if limit.of_read { read } else { made };
            let rate = handled as f64 / seconds.max(1e-9);
            let share = limit.rate.map(|limit| format!("{:.0} %", 100.0 * rate / limit));
            let limit_rate =
                limit.rate.map_or(String::new(), |rate| format!(" {:.0} MB/s", rate / 1e6));
            writeln!(
                out,
                "{:10} {:10.1} {:10.1} {seconds:9.2} {:8.0} {:>8}  {}{limit_rate}",
                row.name(),
                read as f64 / 1e6,
                made as f64 / 1e6,
                rate / 1e6,
                share.unwrap_or_default(),
                limit.name,
            )?;
        }
        Ok(())
    }
}

impl Row {
    fn name(self) -> &'static str {
        match self {
            Self::Reading(Part::Unpack) => "unpack",
            Self::Reading(Part::List) => "list",
            Self::Reading(Part::Digest) => "digest",
            Self::Reading(Part::Hives) => "hives",
            Self::Stage(stage) => stage.name(),
        }
    }
}

/// What a part cannot be faster than, on one thread: bytes a second of what it reads or makes.
struct Limit {
    name: &'static str,
    rate: Option<f64>,
    of_read: bool,
}

/// How fast this machine is, in bytes a second.
struct Limits {
    decompression: Option<f64>,
    digests: f64,
    sha256: f64,
    copy: f64,
}

impl Limits {
    fn measure(tarball: Option<&Path>) -> Self {
        let bytes: Vec<u8> = (0..SAMPLE as u32).map(|at| (at >> 7) as u8 ^ at as u8).collect();
        Self {
            decompression: tarball.and_then(decompression),
            digests: rate(&bytes, Digests::of),
            sha256: rate(&bytes, sha256),
            copy: rate(&bytes, <[u8]>::to_vec),
        }
    }

    fn of(&self, row: Row) -> Limit {
        let (name, rate, of_read) = match row {
            Row::Reading(Part::Unpack) => ("decompression alone", self.decompression, false),
            Row::Reading(Part::Digest) => ("three digests alone", Some(self.digests), true),
            Row::Reading(Part::List | Part::Hives) => ("copying", Some(self.copy), true),
            Row::Stage(_) => ("SHA-256 of what is made", Some(self.sha256), false),
        };
        Limit { name, rate, of_read }
    }
}

/// How much is worked on to know a rate, in bytes.
const SAMPLE: usize = 64 << 20;

fn rate<R>(bytes: &[u8], work: impl Fn(&[u8]) -> R) -> f64 {
    let began = Instant::now();
    black_box(work(bytes));
    bytes.len() as f64 / began.elapsed().as_secs_f64().max(1e-9)
}

/// How fast the beginning of a tarball is decompressed, in bytes that are made.
fn decompression(path: &Path) -> Option<f64> {
    let mut decoder = tarball::decoder(File::open(path).ok()?).ok()??;
    let (mut buf, mut made) = (vec![0; 1 << 20], 0);
    let began = Instant::now();
    while made < 4 * SAMPLE {
        match decoder.read(&mut buf).ok()? {
            0 => break,
            count => made += count,
        }
    }
    Some(made as f64 / began.elapsed().as_secs_f64().max(1e-9))
}
