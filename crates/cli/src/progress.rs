use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shows on a terminal how far a slice is read: bytes, rate and time left.
///
/// Nothing is drawn when standard error is no terminal.
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Begins a slice whose file has `len` bytes; `quiet` draws nothing.
    pub fn new(name: &str, len: u64, quiet: bool) -> Self {
        let target =
            if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        Self::with(ProgressBar::with_draw_target(Some(len), target), name)
    }

    /// Begins a slice whose file has `len` bytes, as one of `bars`.
    pub fn among(bars: &MultiProgress, name: &str, len: u64) -> Self {
        // Above the last one, which is of all slices.
        Self::with(bars.insert_from_back(1, ProgressBar::new(len)), name)
    }

    fn with(bar: ProgressBar, name: &str) -> Self {
        let template = "{prefix} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta} left {msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_prefix(name.to_owned());
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar }
    }

    /// Says that `bytes` of the file are read.
    pub fn read(&self, bytes: u64) {
        self.bar.set_position(bytes);
    }

    /// Says what is being done.
    pub fn stage(&self, name: &str) {
        self.bar.set_message(name.to_owned());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
