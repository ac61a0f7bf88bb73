//! Keys, their times, values and types are those of Parse::Win32Registry.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use diskprint::hive_dump;
use diskprint_formats::regf::{Hive, ValueType};
use diskprint_testkit::need;

use crate::{archive, dump};

/// Where Debian keeps the programs of Parse::Win32Registry.
const EXAMPLES: &str = "/usr/share/doc/libparse-win32registry-perl/examples";

fn perl(script: &Path, options: &[&str], hive: &Path) -> Option<String> {
    let output = Command::new("perl").arg(script).args(options).arg(hive).output().unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

/// Undoes the escapes of a path.
fn plain(escaped: &str) -> String {
    let mut parts = escaped.split("\\u{");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |path, part| {
        let (number, rest) = part.split_once('}').unwrap();
        let number = u32::from_str_radix(number, 16).unwrap();
        path + &char::from_u32(number).unwrap_or('\u{FFFD}').to_string() + rest
    })
}

/// The lines of keys of our dump as regdump.pl writes them: whole seconds, no `\` before the root.
fn key_lines(dump: &str) -> Vec<String> {
    let keys = dump.lines().filter_map(|line| line.strip_prefix('[')?.split_once("] \\"));
    keys.map(|(time, path)| match time.split_once('.') {
        Some((seconds, _)) => format!("{} [{seconds}Z]", plain(path)),
        None => format!("{} [(undefined)]", plain(path)),
    })
    .collect()
}

/// What regstats.pl counts.
fn counts(statistics: &hive_dump::Statistics) -> BTreeMap<String, u64> {
    let name = |number: u32| match ValueType::from_number(number) {
        Some(named) => named.constant().to_owned(),
        None => format!("REG_{number}"),
    };
    let types = statistics.types.iter().map(|(number, count)| (name(*number), *count));
    let cells = [("Keys", statistics.keys), ("Values", statistics.values)];
    cells.map(|(name, count)| (name.to_owned(), count)).into_iter().chain(types).collect()
}

#[test]
fn keys_values_and_types_are_those_of_parse_win32registry() {
    let script = |name: &str| need::program(&format!("{EXAMPLES}/{name}"));
    let (Some(_), Some(regstats), Some(regdump)) =
        (need::program("perl"), script("regstats.pl"), script("regdump.pl"))
    else {
        return;
    };
    let Some(hives) = archive::members("real-hives.tar.xz") else { return };
    let (mut hive_count, mut key_count) = (0, 0);
    for (name, bytes) in hives {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&bytes).unwrap();
        let Some(theirs) = perl(&regstats, &["-t"], file.path()) else {
            println!("{name}: regstats.pl does not open it");
            continue;
        };
        let theirs: BTreeMap<String, u64> = theirs
            .lines()
            .filter_map(|line| line.split_once(": "))
            .filter(|(name, _)| ["Keys", "Values"].contains(name) || name.starts_with("REG_"))
            .map(|(name, count)| (name.to_owned(), count.parse().unwrap()))
            .collect();
        let hive = Hive::read(bytes.clone()).unwrap();
        assert_eq!(counts(&hive_dump::statistics(&hive)), theirs, "{name}");
        let theirs = perl(&regdump, &["-r"], file.path()).unwrap();
        let ours = key_lines(&dump(bytes)).join("\n") + "\n";
        // Half a surrogate pair is a character to it, and printed as one that is none.
        let ours = ours.replace(|c| c > '\u{FFFF}', "\u{FFFD}\u{FFFD}");
        let mut lines = ours.lines().zip(theirs.lines());
        assert_eq!(lines.find(|(ours, theirs)| ours != theirs), None, "{name}");
        assert!(ours == theirs, "{name}: {} and {} bytes", ours.len(), theirs.len());
        hive_count += 1;
        key_count += hive.key_count();
    }
    println!("{hive_count} hives, {key_count} keys");
    assert!(hive_count >= 20 && key_count > 100_000);
}
