//! `diskprint.toml`: settings for those who do not want to type them each time.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Error, anyhow};
use serde::Deserialize;

use crate::args::{ArchiveFormat, Cleanup, HiveStateArg, LogFormat};
use crate::memory::Size;

/// What the file may say. The command line and the environment count before it.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The database, as --db has it.
    pub db: Option<String>,
    /// The file with its password; a relative path is meant from where the settings are.
    pub password_file: Option<PathBuf>,
    /// As --jobs has it.
    pub jobs: Option<usize>,
    /// As --threads has it.
    pub threads: Option<usize>,
    /// As --max-memory has it.
    pub max_memory: Option<Size>,
    /// As --archive has it.
    pub archive: Option<ArchiveFormat>,
    /// As --archive-segment has it.
    pub archive_segment: Option<Size>,
    /// As --cleanup has it.
    pub cleanup: Option<Cleanup>,
    /// As --log-format has it.
    pub log_format: Option<LogFormat>,
    /// As --hive-state has it.
    pub hive_state: Option<HiveStateArg>,
}

/// The file that is read where no other is named.
const NAME: &str = "diskprint.toml";

impl Config {
    /// Reads the settings: of the file that `--config` names, unless that is the original
    /// workflow's, or else of `diskprint.toml` in the working folder, where there is one.
    pub fn read(named: Option<&Path>) -> Result<Self, Error> {
        let path = named.filter(|path| is_settings(path)).unwrap_or(Path::new(NAME));
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && named != Some(path) => {
                return Ok(Self::default());
            }
            text => text.with_context(|| path.display().to_string())?,
        };
        let mut config: Self =
            toml::from_str(&text).map_err(|error| refused(path, &text, &error))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        config.password_file = config.password_file.map(|file| folder.join(file));
        Ok(config)
    }
}

/// What is wrong with the settings, and in which line, counted from 1.
fn refused(path: &Path, text: &str, error: &toml::de::Error) -> Error {
    let start = error.span().map_or(0, |span| span.start);
    let line = text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1;
    anyhow!("{}, line {line}: {}", path.display(), error.message().trim_end())
}

/// Whether a file is ours, and not the original workflow's.
pub fn is_settings(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_and_unknown_ones_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.toml");
        assert!(Config::read(Some(&path)).is_err(), "named and absent");
        fs::write(&path, "db = 'sqlite:a.db'\npassword_file = 'p'\njobs = 2\ncleanup = 'erase'\narchive = 'e01'\narchive_segment = '2GiB'\nmax_memory = '1GiB'\n")
            .unwrap();
        let config = Config::read(Some(&path)).unwrap();
        assert_eq!(config.password_file, Some(folder.path().join("p")));
        assert_eq!((config.jobs, config.cleanup), (Some(2), Some(Cleanup::Erase)));
        assert_eq!(config.max_memory, Some(Size(1 << 30)));
        assert_eq!(config.archive, Some(ArchiveFormat::E01));
        assert_eq!(config.archive_segment, Some(Size(2 << 30)));
        fs::write(&path, "jobs = 2\ndatabse = 'x'\n").unwrap();
        let error = format!("{:#}", Config::read(Some(&path)).unwrap_err());
        assert!(error.contains("mine.toml, line 2: unknown field `databse`"), "{error}");
        assert!(!error.contains('\n'), "{error}");
    }
}
