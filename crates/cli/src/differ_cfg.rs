//! `differ.cfg`: the original workflow's file that names its database.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use diskprint_store::Address;

/// Reads the address of the database, and its password from the file that is named there.
pub fn read(path: &Path) -> Result<Address> {
    let shown = path.display();
    let text = fs::read_to_string(path).with_context(|| shown.to_string())?;
    let value = |key| {
        let found = value(&text, key);
        found.with_context(|| format!("{shown}: section [root] has no {key}"))
    };
    for key in unknown_keys(&text) {
        let _ = writeln!(
            io::stderr(),
            "diskprint: warning: {shown}: nobody reads {key} of section [root]; known are {}",
            KEYS.join(", ")
        );
    }
    let (host, name, user) = (value("DBserverIP")?, value("DBname")?, value("DBusername")?);
    // The original knew no port but PostgreSQL's own; this key is ours.
    let port = match value("DBport") {
        Ok(port) => port.parse().with_context(|| format!("{shown}: DBport {port:?} is no port"))?,
        Err(_) => 5432,
    };
    let mut address = Address::new(host, port, name, user);
    if let Some(file) = password_file(path) {
        address.set_password(&password(&file)?);
    }
    Ok(address)
}

/// The file that `path` names for the password; `None` where it names none.
pub fn password_file(path: &Path) -> Option<PathBuf> {
    let text = fs::read_to_string(path).ok()?;
    // A relative path is meant from where the file that names it is.
    value(&text, "DBpasswordfile").map(|file| path.parent().unwrap_or(Path::new("")).join(file))
}

/// The keys of section `[root]` that are read; the last is ours.
const KEYS: [&str; 5] = ["DBserverIP", "DBname", "DBusername", "DBpasswordfile", "DBport"];

/// Keys of section `[root]` that are none of [`KEYS`], such as one with a slip in its name.
fn unknown_keys(text: &str) -> impl Iterator<Item = &str> {
    let is_known = |key: &str| KEYS.iter().any(|known| known.eq_ignore_ascii_case(key));
    entries(text).map(|(key, _)| key).filter(move |key| !is_known(key))
}

/// The value of a key of section `[root]`; keys are without regard to case, as Python reads them.
fn value<'t>(text: &'t str, wanted: &str) -> Option<&'t str> {
    let mut entries = entries(text).filter(|(key, _)| key.eq_ignore_ascii_case(wanted));
    entries.next().map(|(_, value)| value).filter(|value| !value.is_empty())
}

/// The keys of section `[root]` and their values.
fn entries(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut section = "";
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';']));
    lines.filter_map(move |line| {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = name.trim();
            return None;
        }
        let (key, value) = line.split_once(['=', ':'])?;
        (section == "root").then_some((key.trim(), value.trim()))
    })
}

/// The first line of the file; a warning is printed where everybody can read it.
pub fn password(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = fs::read(path).with_context(|| format!("password file {}", path.display()))?;
    if is_open_to_all(path) {
        let _ = writeln!(
            io::stderr(),
            "diskprint: warning: everybody can read the password file {0}; chmod 600 {0}",
            path.display()
        );
    }
    let end = bytes.iter().position(|byte| b"\r\n".contains(byte)).unwrap_or(bytes.len());
    bytes.truncate(end);
    if bytes.is_empty() {
        bail!("password file {}: its first line is empty", path.display());
    }
    Ok(bytes)
}

/// Whether every user of this machine can read the file.
#[cfg(unix)]
pub fn is_open_to_all(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).is_ok_and(|metadata| metadata.mode() & 0o004 != 0)
}

/// Whether every user of this machine can read the file: not known here.
#[cfg(not(unix))]
pub fn is_open_to_all(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_section_root_are_read() {
        let text =
            "DBname=none\n[other]\nDBname: no\n[root]\n# DBname = no\n dbNAME = yes = 1 \nx:y\n";
        assert_eq!(value(text, "DBname"), Some("yes = 1"));
        assert_eq!(value(text, "x"), Some("y"));
        assert_eq!(value(text, "DBusername"), None);
    }

    #[test]
    fn keys_that_nobody_reads_are_told() {
        let text = "[other]\nx=1\n[root]\ndbname=a\nDBprot=5433\n#y=1\n[root2]\nz=1\n";
        assert_eq!(unknown_keys(text).collect::<Vec<_>>(), ["DBprot"]);
    }

    #[test]
    fn the_password_is_the_first_line_of_its_file_and_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("differ.cfg");
        let config = "[root]\nDBserverIP=db.example\nDBname=prints\nDBusername=me\n\
                      DBpasswordfile=the password\n";
        fs::write(&path, config).unwrap();
        let missing = format!("{:#}", read(&path).unwrap_err());
        assert!(missing.contains("password file"), "{missing}");
        fs::write(folder.path().join("the password"), "s:cret\r\nmore").unwrap();
        let address = read(&path).unwrap();
        assert!(address.has_password());
        assert_eq!(address.to_string(), "postgres://me@db.example/prints");
        fs::write(&path, "[root]\nDBserverIP=db.example\n").unwrap();
        let missing = read(&path).unwrap_err().to_string();
        assert!(missing.ends_with("differ.cfg: section [root] has no DBname"), "{missing}");
    }
}
