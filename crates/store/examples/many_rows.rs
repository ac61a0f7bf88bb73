//! Makes a database with many differences, to measure answers with: FILE ROWS...
//!
//! Each number of rows is one sequence of two slices whose second has so many: three of four are
//! files, one is a value. The same numbers give the same rows. Every sequence touches
//! `Windows/shared.dll`, and every tenth file has the same content.

use std::env;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use diskprint::{
    Allocation, ByteRuns, Cell, CellDelta, CellKind, Delta, Digests, FileDelta, FileEntry,
    FileKind, SliceId, Times, ValueCell,
};
use diskprint_formats::{Filetime, Name};
use diskprint_store::{Found, Results, Run, SliceRow, Sqlite, Store};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let file = args.next().ok_or("FILE ROWS...")?;
    let mut store = Sqlite::open(Path::new(&file))?;
    for (number, rows) in args.enumerate() {
        sequence(&mut store, number, rows.parse()?)?;
    }
    Ok(())
}

fn sequence(store: &mut Sqlite, number: usize, rows: usize) -> Result<(), Box<dyn Error>> {
    let now = "2026-01-01T00:00:00Z";
    let slice = |sliceid, predecessor: Option<i64>| SliceRow {
        id: SliceId { osetid: "8504-1".into(), appetid: format!("{}-1", 1000 + number), sliceid },
        slicetype: "Install".into(),
        predecessor,
        location: format!("/store/8504-1-{}-1-{sliceid}.tar.gz", 1000 + number),
        slicehash: predecessor.map_or("first".into(), |_| format!("{number} {sliceid}")),
    };
    let slices = [slice(10, None), slice(20, Some(10))];
    store.register_slices(&slices, now)?;
    let run = Run {
        version: env!("CARGO_PKG_VERSION").into(),
        inputs: format!("{number}"),
        outcome: "clean".into(),
        started: now.into(),
        finished: now.into(),
    };
    let found = |index| {
        let rows = if index == 1 { rows } else { 0 };
        Ok(Found {
            files: files(number, rows * 3 / 4),
            cells: cells(number, rows / 4),
            ..Found::default()
        })
    };
    store.save(&Results { slices: &slices, run: &run, found: &found, dequeue: false })?;
    Ok(())
}

fn files(number: usize, count: usize) -> Vec<FileDelta> {
    let path = |index: usize| match index {
        0 => "Windows/shared.dll".to_owned(),
        _ => format!("Program Files/App {number}/part {:04}/file {index:07}.dat", index / 200),
    };
    let mut paths: Vec<(String, usize)> = (0..count).map(|index| (path(index), index)).collect();
    paths.sort();
    paths.into_iter().map(|(path, index)| Delta::New(file(&path, number, index))).collect()
}

fn file(path: &str, number: usize, index: usize) -> FileEntry {
    let content =
        if index.is_multiple_of(10) { "shared".into() } else { format!("{number} {index}") };
    let time = Filetime(130_123_908_450_000_000 + index as u64);
    FileEntry {
        partition: 1,
        path: path.into(),
        stream: None,
        kind: FileKind::Regular,
        alloc: Allocation::LIVE,
        deleted: None,
        inode: 100 + index as u64,
        seq: 1,
        parent_inode: 5,
        size: content.len() as u64,
        attributes: 32,
        link_count: 1,
        owner_id: 0,
        security: None,
        times: Times { mtime: time, atime: time, ctime: time, crtime: time },
        name_times: None,
        runs: ByteRuns::default(),
        target: None,
        digests: Some(Digests::of(content.as_bytes())),
    }
}

fn cells(number: usize, count: usize) -> Vec<CellDelta> {
    (0..count).map(|index| Delta::New(cell(number, index))).collect()
}

fn cell(number: usize, index: usize) -> Cell {
    let key = [format!("App {number:04}"), format!("Part {:05}", index / 100)];
    let key: Arc<[Name]> = key.iter().map(|name| Name::from(&**name)).collect();
    let data: Arc<[u8]> = Arc::from(format!("{number} {index}").into_bytes());
    Cell {
        partition: 1,
        hive: "Windows/System32/config/SOFTWARE".into(),
        root: "ROOT".into(),
        registry_path: Some(format!("HKLM\\SOFTWARE\\{}\\{}", key[0], key[1]).as_str().into()),
        key,
        parent_mtime: Filetime(0),
        kind: CellKind::Value(ValueCell {
            name: format!("value {index:07}").as_str().into(),
            value_type: 3,
            flags: 0,
            size: data.len() as u64,
            sha1: Digests::of(&data).sha1,
            data: Some(data),
            rendered_sha1: None,
        }),
        artefact: None,
    }
}
