//! How a run goes, told in three ways: to who sits at the terminal, in log lines for machines, and
//! in a file that `diskprint status` reads.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use diskprint::printable;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::args::LogFormat;
use crate::progress::Progress;
use crate::{VERSION, now};

/// Tells how a run goes. Several jobs tell it at once.
pub struct Watch {
    format: LogFormat,
    is_quiet: bool,
    bars: MultiProgress,
    overall: ProgressBar,
    file: PathBuf,
    state: Mutex<State>,
}

struct State {
    status: RunStatus,
    /// Whether the file says the same.
    is_written: bool,
}

/// What the file says: how the last run goes or went.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct RunStatus {
    pub version: String,
    /// When it began, ISO 8601 in UTC.
    pub begun: String,
    /// When it ended by itself.
    pub ended: Option<String>,
    /// How many bytes of tarballs are read, and how many are to be read.
    pub bytes_read: u64,
    pub bytes: u64,
    /// Seconds that it will still take, by the rate so far.
    pub seconds_left: Option<u64>,
    pub sequences: Vec<SequenceStatus>,
}

/// How a sequence is.
#[derive(Debug, Serialize, Deserialize)]
pub struct SequenceStatus {
    pub name: String,
    pub state: SequenceState,
    /// The slice and stage that are being worked on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slice: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Where a sequence has got to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SequenceState {
    Waiting,
    Running,
    Done,
    DoneWithFaults,
    Skipped,
    SkippedWithFaults,
    Failed,
}

impl SequenceState {
    /// The state in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::DoneWithFaults => "done, with faults",
            Self::Skipped => "skipped: nothing changed since its last run",
            Self::SkippedWithFaults => "skipped: nothing changed since its last run, with faults",
            Self::Failed => "failed",
        }
    }
}

/// A log line for machines.
#[derive(Serialize)]
struct LogLine<'l> {
    time: String,
    level: &'l str,
    event: &'l str,
    #[serde(flatten)]
    fields: Value,
}

/// The file in the results folder.
pub const STATUS: &str = ".status.json";

/// The file is written anew so often, when there is news. With thousands of sequences it is long,
/// and there may be many of them a second.
pub const OFTEN: Duration = Duration::from_millis(500);

impl Watch {
    /// Begins to watch a run over sequences of those names, for which so many `bytes` of tarballs
    /// are read at most.
    pub fn new(
        results: &Path,
        format: LogFormat,
        is_quiet: bool,
        names: impl Iterator<Item = String>,
        bytes: u64,
    ) -> Self {
        let sequence = |name| SequenceStatus {
            name,
            state: SequenceState::Waiting,
            slice: None,
            stage: None,
            error: None,
        };
        let status = RunStatus {
            version: VERSION.to_owned(),
            begun: now(),
            bytes,
            sequences: names.map(sequence).collect(),
            ..RunStatus::default()
        };
        let draws = !is_quiet && format == LogFormat::Text;
        let target =
            if draws { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bars = MultiProgress::with_draw_target(target);
        let overall = bars.add(ProgressBar::new(bytes));
        let count = status.sequences.len();
        let template = "{prefix} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta} left {msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            overall.set_style(style);
        }
        overall.set_prefix(if count == 1 {
            "all slices".into()
        } else {
            format!("{count} sequences")
        });
        overall.enable_steady_tick(Duration::from_millis(200));
        let state = State { status, is_written: false }.into();
        let file = results.join(STATUS);
        let watch = Self { format, is_quiet, bars, overall, file, state };
        watch.log(
            "info",
            "run_begins",
            json!({ "version": VERSION, "sequences": count, "bytes": bytes }),
        );
        watch.lock().write(&watch.file);
        watch
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // What is told is plain data: a job that panicked cannot have left it half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Prints a log line for machines, where these are asked for.
    pub fn log(&self, level: &str, event: &str, fields: Value) {
        if self.format != LogFormat::Json {
            return;
        }
        let line = LogLine { time: now(), level, event, fields };
        // Nothing is left to say it to when standard error is gone.
        let _ = serde_json::to_string(&line).map(|line| writeln!(io::stderr(), "{line}"));
    }

    /// Prints a line for people, above the progress.
    fn print(&self, line: &str) {
        if self.format == LogFormat::Text {
            self.bars.suspend(|| {
                let _ = writeln!(io::stderr(), "diskprint: {}", printable(line));
            });
        }
    }

    /// Tells something that the user should know, but that is no error.
    pub fn note(&self, text: &str) {
        self.log("info", "note", json!({ "message": text }));
        if !self.is_quiet {
            self.print(text);
        }
    }

    /// Tells something that may be wrong.
    pub fn warn(&self, text: &str) {
        self.log("warning", "warning", json!({ "message": text }));
        self.print(&format!("warning: {text}"));
    }

    /// Tells an error that does not end the run.
    pub fn error(&self, sequence: &str, text: &str) {
        self.log("error", "error", json!({ "sequence": sequence, "message": text }));
        self.print(&format!("{sequence}: {text}"));
    }

    /// Tells that the sequence with that index is begun.
    pub fn sequence(&self, index: usize) -> SequenceWatch<'_> {
        let name = self.change(index, |sequence| {
            sequence.state = SequenceState::Running;
            sequence.name.clone()
        });
        let name = name.unwrap_or_default();
        self.log("info", "sequence_begins", json!({ "sequence": name }));
        SequenceWatch { watch: self, index, name }
    }

    /// Tells how the sequence with that index ended, and of how many bytes nothing was read.
    pub fn sequence_ends(&self, index: usize, state: SequenceState, error: Option<String>) {
        let name = self.change(index, |sequence| {
            sequence.state = state;
            (sequence.slice, sequence.stage) = (None, None);
            sequence.error.clone_from(&error);
            sequence.name.clone()
        });
        let ended = {
            let state = self.lock();
            let is_over = |it: &&SequenceStatus| {
                !matches!(it.state, SequenceState::Waiting | SequenceState::Running)
            };
            let count = state.status.sequences.iter().filter(is_over).count();
            (count, state.status.sequences.len())
        };
        let fields = json!({ "sequence": name, "outcome": state, "error": error });
        let level = if state == SequenceState::Failed { "error" } else { "info" };
        self.log(level, "sequence_ends", fields);
        let (over, all) = ended;
        self.overall.set_message(format!("{over} of {all} done"));
        // Where nobody sees the bars, a log of a long run tells how far it is.
        if all > 1 && !self.is_quiet && !io::stderr().is_terminal() {
            let name = name.unwrap_or_default();
            self.print(&format!("{over} of {all}: {name}  {}", state.words()));
        }
    }

    fn change<T>(&self, index: usize, change: impl FnOnce(&mut SequenceStatus) -> T) -> Option<T> {
        let mut state = self.lock();
        state.is_written = false;
        state.status.sequences.get_mut(index).map(change)
    }

    /// Writes down how the run goes, unless the file says so already. It is to be called as often
    /// as [`OFTEN`] says.
    pub fn tick(&self) {
        let mut state = self.lock();
        if !state.is_written {
            state.status.seconds_left = Some(self.overall.eta().as_secs());
            state.write(&self.file);
        }
    }

    /// Tells that the run ended by itself.
    pub fn run_ends(&self) {
        self.overall.finish_and_clear();
        let mut state = self.lock();
        state.status.ended = Some(now());
        state.status.seconds_left = None;
        state.write(&self.file);
        let count = |wanted: &[SequenceState]| {
            state.status.sequences.iter().filter(|it| wanted.contains(&it.state)).count()
        };
        let fields = json!({
            "done": count(&[SequenceState::Done, SequenceState::DoneWithFaults]),
            "skipped": count(&[SequenceState::Skipped, SequenceState::SkippedWithFaults]),
            "failed": count(&[SequenceState::Failed]),
            "peak_memory": crate::memory::peak(),
        });
        drop(state);
        self.log("info", "run_ends", fields);
    }

    fn progress(&self, bytes: u64) {
        self.overall.inc(bytes);
        let mut state = self.lock();
        state.status.bytes_read += bytes;
        state.is_written = false;
    }

    fn will_not_read(&self, bytes: u64) {
        let mut state = self.lock();
        state.status.bytes = state.status.bytes.saturating_sub(bytes);
        self.overall.set_length(state.status.bytes);
    }
}

impl State {
    /// Whoever reads the file sees it whole. It is for looking at only: that it cannot be written
    /// is no reason to stop.
    fn write(&mut self, file: &Path) {
        self.is_written = true;
        let part = file.with_extension("part");
        let _ = serde_json::to_vec(&self.status)
            .map_err(io::Error::from)
            .and_then(|json| fs::write(&part, json))
            .and_then(|()| fs::rename(&part, file));
    }
}

/// Tells how a sequence goes.
pub struct SequenceWatch<'w> {
    watch: &'w Watch,
    index: usize,
    name: String,
}

impl SequenceWatch<'_> {
    pub fn watch(&self) -> &Watch {
        self.watch
    }

    /// Tells that nothing of a slice with so many bytes will be read.
    pub fn passes(&self, bytes: u64) {
        self.watch.will_not_read(bytes);
    }

    /// Tells that a slice with so many bytes is begun.
    pub fn slice(&self, slice: &str, bytes: u64) -> SliceWatch<'_> {
        let fields = json!({ "sequence": self.name, "slice": slice, "bytes": bytes });
        self.watch.log("info", "slice_begins", fields);
        let progress = Progress::among(&self.watch.bars, slice, bytes);
        SliceWatch { sequence: self, bytes, progress, read: 0.into() }
    }

    /// Tells what of the sequence is being done.
    pub fn stage(&self, slice: &str, stage: &str) {
        self.watch.change(self.index, |status| {
            status.slice = Some(slice.to_owned());
            status.stage = Some(stage.to_owned());
        });
    }

    /// Tells that a stage of a slice is done.
    pub fn stage_ends(&self, slice: &str, stage: &str, faults: usize) {
        let fields =
            json!({ "sequence": self.name, "slice": slice, "stage": stage, "faults": faults });
        self.watch.log("info", "stage_ends", fields);
    }
}

/// Tells how the reading of a slice goes.
pub struct SliceWatch<'s> {
    sequence: &'s SequenceWatch<'s>,
    bytes: u64,
    progress: Progress,
    read: Mutex<u64>,
}

impl SliceWatch<'_> {
    /// Tells that so many bytes of the slice are read.
    pub fn read(&self, bytes: u64) {
        self.progress.read(bytes);
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        self.sequence.watch.progress(bytes.saturating_sub(*read));
        *read = bytes.max(*read);
    }

    /// Tells what is being done.
    pub fn stage(&self, stage: &str) {
        self.progress.stage(stage);
    }
}

impl Drop for SliceWatch<'_> {
    fn drop(&mut self) {
        // A slice that another sequence has read, or that failed, is not read any further.
        let read = *self.read.lock().unwrap_or_else(PoisonError::into_inner);
        self.sequence.watch.will_not_read(self.bytes.saturating_sub(read));
    }
}
