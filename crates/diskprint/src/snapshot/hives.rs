use std::collections::HashMap;
use std::sync::Arc;

use diskprint_formats::regf::log::LogFile;
use diskprint_formats::{Name, ReadAt as _, ReadAtExt as _, regf};
use sha2::{Digest, Sha256};

use super::Known;
use super::volume::{Content, Volume};
use crate::hive::{HiveReport, read_hive};
use crate::{Fault, FileEntry, FileKind, Hive, Place, Step};

/// SHA-256 over the digests of a hive file and of its transaction logs.
pub(super) type Source = [u8; 32];

/// Largest hive that is read, in bytes. Windows keeps them far below: its 32-bit offsets end here.
const MOST_HIVE: u64 = 2 << 30;

/// The hives of one volume, and the transaction logs that lie beside them.
pub(super) struct Hives<'v> {
    pub(super) volume: Volume<'v>,
    pub(super) entries: &'v [FileEntry],
    pub(super) logs: &'v Logs,
    pub(super) known: &'v Known,
}

/// A hive, and whether one with the same bytes was read before.
pub(super) struct Read {
    pub(super) hive: Hive,
    pub(super) is_known: bool,
}

/// Transaction logs by their paths in upper case: the positions of their entries, and where their
/// bytes are.
pub(super) type Logs = HashMap<Name, (usize, Content)>;

/// The endings of the names of transaction logs, in the order in which Windows made them up.
const LOG_ENDINGS: [(LogFile, &str); 3] =
    [(LogFile::Log, ".LOG"), (LogFile::Log1, ".LOG1"), (LogFile::Log2, ".LOG2")];

/// Whether a file is by its name a transaction log.
pub(super) fn is_log(entry: &FileEntry) -> bool {
    entry.stream.is_none() && is_log_path(entry.path.as_bytes())
}

fn is_log_path(path: &[u8]) -> bool {
    let ends = |ending: &str| {
        let start = path.len().checked_sub(ending.len());
        let end = start.and_then(|start| path.get(start..));
        end.is_some_and(|end| end.eq_ignore_ascii_case(ending.as_bytes()))
    };
    LOG_ENDINGS.iter().any(|(_, ending)| ends(ending))
}

/// Whether a file of this name may be a hive or a transaction log by its path.
pub(super) fn is_kept_name(name: &Name) -> bool {
    is_log_path(name.as_bytes()) || is_hive_path(&format!("system32/config/{}", name.to_text()))
}

impl Hives<'_> {
    /// Reads the hive in `content` of the file `entry`, or says why it cannot be read.
    pub(super) fn read(
        &self,
        entry: &FileEntry,
        content: &Content,
        faults: &mut Vec<Fault>,
    ) -> Option<Read> {
        let path = entry.full_path();
        let place = Place::from(Step::Hive(path.clone()));
        let digests = entry.digests?;
        let logs = self.logs_of(&path);
        let source = self.source(&digests.sha256, &logs);
        let known = self.known.readings.get(&source);
        let is_known = known.is_some();
        let (tree, report) = match known {
            Some(reading) => reading.clone(),
            None => match self.parse(content, &logs, &place, faults) {
                Ok((tree, mut report)) => {
                    report.source = source;
                    (Arc::new(tree), Arc::new(report))
                }
                Err(error) => {
                    faults.push(Fault::new(place, &*error, "every key and value of this hive"));
                    return None;
                }
            },
        };
        self.tell(&tree, &report, &place, faults);
        let hive = Hive { partition: entry.partition, path, digests, tree, report };
        Some(Read { hive, is_known })
    }

    /// The transaction logs of the hive at `path`.
    fn logs_of(&self, path: &Name) -> Vec<(LogFile, &(usize, Content))> {
        let path = path.to_upper();
        let named = |ending: &str| Name::from_wtf8([path.as_bytes(), ending.as_bytes()].concat());
        let logs = LOG_ENDINGS.iter().map(|(log, ending)| (*log, self.logs.get(&named(ending))));
        logs.filter_map(|(log, found)| Some((log, found?))).collect()
    }

    fn source(&self, hive: &[u8; 32], logs: &[(LogFile, &(usize, Content))]) -> Source {
        let mut source = Sha256::new();
        source.update(self.known.state.name());
        source.update(hive);
        for (log, (index, _)) in logs {
            source.update(log.to_string());
            let digests = self.entries.get(*index).and_then(|entry| entry.digests);
            source.update(digests.map_or([0; 32], |digests| digests.sha256));
        }
        source.finalize().into()
    }

    fn parse(
        &self,
        content: &Content,
        logs: &[(LogFile, &(usize, Content))],
        place: &Place,
        faults: &mut Vec<Fault>,
    ) -> Result<(regf::Hive, HiveReport), Box<dyn std::error::Error>> {
        let primary = self.bytes(content)?;
        let mut read = Vec::new();
        for (log, (_, content)) in logs {
            match self.bytes(content) {
                Ok(bytes) => read.push((*log, bytes)),
                Err(error) => {
                    let what = format!("its transaction log {log} cannot be read: {error}");
                    faults.push(Fault::text(place.clone(), what, "the changes that it holds"));
                }
            }
        }
        let logs: Vec<(LogFile, &[u8])> = read.iter().map(|(log, it)| (*log, &**it)).collect();
        Ok(read_hive(primary, &logs, self.known.state)?)
    }

    fn bytes(&self, content: &Content) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
        let reader = content.reader(&self.volume);
        if reader.len() > MOST_HIVE {
            let len = reader.len();
            return Err(format!("{len} bytes long; files of up to {MOST_HIVE} are read").into());
        }
        Ok(reader.read_vec_at(0, usize::try_from(reader.len())?)?)
    }

    /// Says what is wrong with a hive.
    fn tell(&self, tree: &regf::Hive, report: &HiveReport, place: &Place, faults: &mut Vec<Fault>) {
        let of_logs = report.faults().into_iter();
        faults.extend(of_logs.map(|(what, skipped)| Fault::text(place.clone(), what, skipped)));
        for fault in tree.faults() {
            let place = match fault.key.and_then(|id| tree.key_by_id(id)) {
                Some(key) => place.then(Step::Key(key.path())),
                None => place.clone(),
            };
            faults.push(Fault::new(place, &fault.error, fault.error.skipped()));
        }
        if tree.more_faults() > 0 {
            let what = format!("{} more faults in this hive", tree.more_faults());
            faults.push(Fault::text(place.clone(), what, "their places"));
        }
    }
}

/// The files in use that have the name of a hive and hold nothing.
pub(super) fn missing<'e>(
    entries: &'e [FileEntry],
    hives: &[Hive],
) -> impl Iterator<Item = &'e FileEntry> {
    let is_missing = |entry: &&FileEntry| {
        is_hive_file(entry) && !hives.iter().any(|hive| hive.path == entry.path)
    };
    entries.iter().filter(is_missing)
}

/// Whether a file in use has the name of a hive.
pub(super) fn is_hive_file(entry: &FileEntry) -> bool {
    let main = entry.stream.is_none() && entry.kind == FileKind::Regular && entry.is_live();
    main && is_hive_path(&entry.path.to_text())
}

/// Says of a file that it has the name of a hive and is none.
pub(super) fn missing_fault(entry: &FileEntry) -> Fault {
    let found = if entry.size == 0 { "it is empty" } else { "its content cannot be read" };
    let what = format!("has the name of a hive, but {found}");
    let place = Place::from(Step::Hive(entry.path.clone()));
    Fault::text(place, what, "every key and value of this hive")
}

/// Whether Windows keeps a hive at a path that ends like this one.
// Source: the list of hives in `HKLM\SYSTEM\CurrentControlSet\Control\hivelist`, and for
// Amcache.hve, which is not in it, Windows 8 and later.
fn is_hive_path(path: &str) -> bool {
    const IN_CONFIG: [&str; 7] =
        ["sam", "security", "software", "system", "default", "components", "drivers"];
    let path = path.to_lowercase();
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
    match name {
        "ntuser.dat" | "usrclass.dat" | "amcache.hve" => true,
        name => IN_CONFIG.contains(&name) && folder.ends_with("system32/config"),
    }
}
