//! Whether outputs are what their manifests say.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Error};
use diskprint::{Hex, results};

use super::stage::{MANIFEST, Made, Stage, Status};

/// Reads all outputs in a results folder; gives a line for each that is not what was made.
pub fn outputs(results: &Path) -> Result<Vec<String>, Error> {
    let mut wrong = Vec::new();
    let mut folders = vec![results.to_owned()];
    while let Some(folder) = folders.pop() {
        let mut inner: Vec<PathBuf> = Vec::new();
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let entry = entry.with_context(|| folder.display().to_string())?;
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                inner.push(entry.path());
            }
        }
        inner.sort();
        for stage in Stage::ALL.map(|stage| stage.of(&folder)) {
            let Some(manifest) = stage.manifest() else {
                // Who removes a whole folder removes the manifest with it; the logs are beside it.
                if matches!(stage.status(), Some(Status::Clean | Status::Faults)) {
                    let path = stage.folder().join(MANIFEST);
                    wrong.push(format!("{}: it is gone", path.display()));
                }
                continue;
            };
            for (path, made) in manifest.outputs {
                let path = folder.join(path);
                if let Some(what) = difference(&path, &made) {
                    wrong.push(format!("{}: {what}", path.display()));
                }
            }
        }
        folders.extend(inner.into_iter().rev());
    }
    Ok(wrong)
}

fn difference(path: &Path, made: &Made) -> Option<String> {
    match results::hash_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some("it is gone".to_owned()),
        Err(error) => Some(format!("it cannot be read: {error}")),
        Ok(is) => {
            let sha256 = Hex(&is.sha256).to_string();
            let was = (made.bytes, &made.sha256);
            ((is.bytes, &sha256) != was).then(|| {
                format!("it is not what was made: SHA-256 was {}, is {sha256}", made.sha256)
            })
        }
    }
}
