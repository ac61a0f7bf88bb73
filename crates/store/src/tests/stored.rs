//! A stored sequence, as exports want it.

use diskprint::export::{Format, Writer};

use super::*;

#[test]
fn a_stored_sequence_is_exported_slice_by_slice_files_first() {
    let mut tested = Tested::Memory(Sqlite::in_memory().unwrap());
    let slices = [slice(20, None, "aa"), slice(10, Some(20), "bb")];
    let name = Name::from("a");
    let all = Found {
        files: vec![Delta::New(plain_file(&name)), Delta::Deleted(plain_file(&"b".into()))],
        cells: vec![Delta::New(key(&name))],
        ..Found::default()
    };
    let found = |_| Ok(all.clone());
    let (run, store) = (run(), tested.store());
    store.register_slices(&slices, NOW).unwrap();
    store.save(&results(&slices, &run, &found)).unwrap();
    let sequence = store.sequence("8504-1", "7895-1").unwrap();
    let mut out = Vec::new();
    let mut writer = Writer::new(Format::Csv, &mut out).unwrap();
    crate::write_rows(store, &sequence, &mut writer).unwrap();
    writer.finish().unwrap();
    let rows: Vec<String> = String::from_utf8(out)
        .unwrap()
        .lines()
        .skip(1)
        .map(|line| {
            let columns: Vec<&str> = line.split(',').collect();
            format!("{} {} {}", columns[3], columns[0], columns[7])
        })
        .collect();
    assert_eq!(rows, ["20 file a", "20 file b", "20 cell ", "10 file a", "10 file b", "10 cell "]);
}
