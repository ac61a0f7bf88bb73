//! One run at a time writes to a results folder.

use std::fs::{self, File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use anyhow::{Context, Error, bail};

/// A results folder that no other run writes to while this lives. The lock is the operating
/// system's and ends with the process, however that ends.
pub struct Lock {
    _file: File,
}

/// Scratch folders in a results folder begin with this.
pub const SCRATCH: &str = ".scratch-";

impl Lock {
    /// Takes the lock of `results` and removes what a run that was killed left in it.
    ///
    /// # Errors
    /// When another run has it; the error says which process that is.
    pub fn take(results: &Path) -> Result<Self, Error> {
        let path = results.join(".lock");
        let reading = || path.display().to_string();
        let options =
            File::options().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = options.with_context(reading)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.read_to_string(&mut holder).with_context(reading)?;
                bail!(
                    "another run (process {}) writes to {}; wait for it to end, or name another \
                     results folder",
                    holder.trim(),
                    results.display()
                );
            }
            Err(TryLockError::Error(error)) => return Err(error).with_context(reading),
        }
        file.set_len(0).with_context(reading)?;
        file.rewind().with_context(reading)?;
        writeln!(file, "{}", std::process::id()).with_context(reading)?;
        remove_scratch(results).with_context(|| results.display().to_string())?;
        Ok(Self { _file: file })
    }
}

/// Returns the process that has the lock of `results`; `None` where none has it.
///
/// # Errors
/// When the lock cannot be asked for.
pub fn holder(results: &Path) -> Result<Option<String>, Error> {
    let path = results.join(".lock");
    let reading = || path.display().to_string();
    let mut file = match File::open(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
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

fn remove_scratch(results: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(results)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(SCRATCH) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}
