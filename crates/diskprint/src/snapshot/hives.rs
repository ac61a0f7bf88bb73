use std::collections::HashMap;
use std::sync::Arc;

use diskprint_formats::ntfs::{Content, Volume};
use diskprint_formats::{ReadAt, ReadAtExt, regf};

use crate::{Fault, FileEntry, FileKind, Hive, Place, Step};

/// Hives that were read before, by the SHA-256 of their file, so that none is read twice.
pub type KnownHives = HashMap<[u8; 32], Arc<regf::Hive>>;

/// Largest hive that is read, in bytes. Windows keeps them far below: its 32-bit offsets end here.
const MOST_HIVE: u64 = 2 << 30;

/// Reads the hive in `content` of the file `entry`, or says why it cannot be read.
pub(super) fn read<R: ReadAt>(
    volume: &Volume<R>,
    entry: &FileEntry,
    content: &Content,
    known: &KnownHives,
    faults: &mut Vec<Fault>,
) -> Option<Hive> {
    let path = entry.full_path();
    let place = Place::from(Step::Hive(path.clone()));
    let digests = entry.digests?;
    let tree = match known.get(&digests.sha256) {
        Some(tree) => tree.clone(),
        None => match parse(volume, content) {
            Ok(tree) => Arc::new(tree),
            Err(error) => {
                faults.push(Fault::new(place, &*error, "every key and value of this hive"));
                return None;
            }
        },
    };
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
    let base_block = tree.base_block();
    if base_block.is_dirty() {
        let what = format!(
            "the hive is dirty (sequence numbers {} and {}): its last changes may be in its \
             transaction logs, which are not read",
            base_block.primary_sequence_number, base_block.secondary_sequence_number
        );
        faults.push(Fault::text(place, what, "what the logs hold"));
    }
    Some(Hive { partition: entry.partition, path, digests, tree })
}

fn parse<R: ReadAt>(
    volume: &Volume<R>,
    content: &Content,
) -> Result<regf::Hive, Box<dyn std::error::Error>> {
    let reader = volume.content_reader(content);
    if reader.len() > MOST_HIVE {
        return Err(
            format!("{} bytes long; hives of up to {MOST_HIVE} are read", reader.len()).into()
        );
    }
    let bytes = reader.read_vec_at(0, usize::try_from(reader.len())?)?;
    Ok(regf::Hive::read(bytes)?)
}

/// The files in use that have the name of a hive and are none of `hives`.
pub(super) fn missing<'e>(
    entries: &'e [FileEntry],
    hives: &[Hive],
) -> impl Iterator<Item = &'e FileEntry> {
    let is_hive = |entry: &&FileEntry| {
        let main = entry.stream.is_none() && entry.kind == FileKind::Regular && entry.is_live();
        main && is_hive_path(&entry.path.to_text())
            && !hives.iter().any(|hive| hive.path == entry.path)
    };
    entries.iter().filter(is_hive)
}

/// Says of a file that it has the name of a hive and is none.
pub(super) fn missing_fault(entry: &FileEntry) -> Fault {
    let begins = if entry.size == 0 { "it is empty" } else { "it does not begin as a hive does" };
    let what = format!("has the name of a hive, but {begins}");
    let place = Place::from(Step::Hive(entry.path.clone()));
    Fault::text(place, what, "every key and value of this hive")
}

/// Whether Windows keeps a hive at a path that ends like this one.
// Source: the list of hives in `HKLM\SYSTEM\CurrentControlSet\Control\hivelist`, and for
// Amcache.hve, which is not in it, Windows 8 and later.
fn is_hive_path(path: &str) -> bool {
    const IN_CONFIG: [&str; 6] = ["sam", "security", "software", "system", "default", "components"];
    let path = path.to_lowercase();
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
    match name {
        "ntuser.dat" | "usrclass.dat" | "amcache.hve" => true,
        name => IN_CONFIG.contains(&name) && folder.ends_with("system32/config"),
    }
}
