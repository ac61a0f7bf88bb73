//! `registry/hives.json`: what each hive of a slice was worth.

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::Path;

use diskprint::{Fault, Hive, HiveReport, Snapshot, Step};
use diskprint_formats::Name;
use diskprint_formats::regf::log::State;
use diskprint_store::HiveCondition;
use serde::{Deserialize, Serialize};

/// The file's name.
pub const FILE: &str = "hives.json";

/// A hive, as the file has it.
#[derive(Serialize, Deserialize)]
#[serde(remote = "HiveCondition")]
struct Stored {
    partition: u32,
    path: String,
    state: String,
    hive_state: Option<String>,
    grade: String,
    sequence_number: Option<u32>,
    logs: Vec<String>,
    keys: u64,
    values: u64,
    recovered: u64,
    faults: u64,
}

#[derive(Serialize, Deserialize)]
struct Line(#[serde(with = "Stored")] HiveCondition);

/// Writes the conditions of all hives of a state, those that cannot be read among them.
pub fn write(out: &mut impl Write, snapshot: &Snapshot) -> io::Result<()> {
    let faults = |partition, path: &Name| {
        let is_of = |fault: &&Fault| is_of(fault, partition, path);
        snapshot.faults.iter().filter(is_of).count() as u64
    };
    let read = snapshot.hives.iter().map(|hive| of(hive, faults(hive.partition, &hive.path)));
    let unreadable = snapshot.unread.hives.iter().map(|((partition, _), path)| HiveCondition {
        partition: *partition,
        path: path.to_text().into_owned(),
        state: UNREADABLE.to_owned(),
        grade: UNREADABLE.to_owned(),
        faults: faults(*partition, path),
        ..HiveCondition::default()
    });
    let mut all: Vec<HiveCondition> = read.chain(unreadable).collect();
    all.sort_by(|a, b| (a.partition, &a.path).cmp(&(b.partition, &b.path)));
    let lines: Vec<Line> = all.into_iter().map(Line).collect();
    serde_json::to_writer_pretty(&mut *out, &lines)?;
    writeln!(out)
}

/// How many hives there are of each grade: `8 hives: 6 intact, 2 repaired`.
pub fn summary(snapshot: &Snapshot) -> String {
    let grades = snapshot.hives.iter().map(|hive| hive.report.grade.name());
    let all: Vec<&str> = grades.chain(snapshot.unread.hives.keys().map(|_| UNREADABLE)).collect();
    let counts = GRADES.iter().filter_map(|grade| {
        let count = all.iter().filter(|it| *it == grade).count();
        (count > 0).then(|| format!("{count} {grade}"))
    });
    let counts: Vec<String> = counts.collect();
    match counts.is_empty() {
        true => "0 hives".to_owned(),
        false => format!("{} hives: {}", all.len(), counts.join(", ")),
    }
}

/// The grade of hives of which nothing can be read, which has no report.
const UNREADABLE: &str = "unreadable";
const GRADES: [&str; 4] = ["intact", "repaired", "partial", UNREADABLE];

/// Reads what [`write`] wrote, from the folder that it is in.
pub fn read(folder: &Path) -> io::Result<Vec<HiveCondition>> {
    let file = BufReader::new(File::open(folder.join(FILE))?);
    let lines: Vec<Line> = serde_json::from_reader(file)?;
    Ok(lines.into_iter().map(|Line(condition)| condition).collect())
}

fn is_of(fault: &Fault, partition: u32, path: &Name) -> bool {
    let steps = fault.place.steps();
    steps.contains(&Step::Partition(partition)) && steps.contains(&Step::Hive(path.clone()))
}

fn of(hive: &Hive, faults: u64) -> HiveCondition {
    let report: &HiveReport = &hive.report;
    let recovered = hive.tree.recovered();
    let stated = hive.tree.base_block().secondary_sequence_number;
    let recovery = report.recovery.as_ref();
    HiveCondition {
        partition: hive.partition,
        path: hive.path.to_text().into_owned(),
        state: if report.is_clean() { "clean" } else { "dirty" }.to_owned(),
        hive_state: Some(report.state.name().to_owned()),
        grade: report.grade.name().to_owned(),
        sequence_number: match recovery.map(|recovery| recovery.state) {
            Some(State::BadBaseBlock { .. }) if !report.is_recovered() => None,
            _ => Some(stated),
        },
        logs: report.lines(),
        keys: hive.tree.key_count() as u64,
        values: hive.tree.value_count() as u64,
        recovered: (recovered.keys().count() + recovered.values().count()) as u64,
        faults,
    }
}
