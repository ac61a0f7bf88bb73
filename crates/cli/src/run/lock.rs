//! One run at a time writes to a results folder.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Error, bail};

/// A results folder that no other run writes to while this lives. The lock is the operating
/// system's and ends with the process, however that ends.
pub struct Lock {
    _file: File,
}

const NAME: &str = ".lock";

/// Scratch folders in a results folder begin with this.
pub const SCRATCH: &str = ".scratch-";

/// How often the lock is tried for: who only looks holds it for a moment.
const TRIES: u32 = 10;

impl Lock {
    /// Takes the lock of `results`.
    ///
    /// # Errors
    /// When another run has it; the error says which process that is.
    pub fn take(results: &Path) -> Result<Self, Error> {
        let path = results.join(NAME);
        let reading = || path.display().to_string();
        let options =
            File::options().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = options.with_context(reading)?;
        let mut tries = 0;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if tries < TRIES => {
                    tries += 1;
                    thread::sleep(Duration::from_millis(20));
                }
                Err(TryLockError::WouldBlock) => {
                    let mut holder = String::new();
                    file.read_to_string(&mut holder).with_context(reading)?;
                    bail!(
                        "another run (process {}) writes to {}; wait for it to end, or name \
                         another results folder",
                        holder.trim(),
                        results.display()
                    );
                }
                Err(TryLockError::Error(error)) => return Err(error).with_context(reading),
            }
        }
        file.set_len(0).with_context(reading)?;
        file.rewind().with_context(reading)?;
        writeln!(file, "{}", std::process::id()).with_context(reading)?;
        Ok(Self { _file: file })
    }
}

/// The process that writes to `results`; `None` when there is none.
pub fn holder(results: &Path) -> Result<Option<String>, Error> {
    let path = results.join(NAME);
    let reading = || path.display().to_string();
    let mut file = match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file.with_context(reading)?,
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            file.read_to_string(&mut holder).with_context(reading)?;
            Ok(Some(holder.trim().to_owned()))
        }
        Err(TryLockError::Error(error)) => Err(error).with_context(reading),
    }
}
