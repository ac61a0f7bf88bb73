//! What other sequences change, too, by either way, on every kind of database.

use diskprint::report::{Noise, NoisePlace, ReportSlice};
use diskprint::{CellDelta, FileDelta};

use super::*;
use crate::noise::{is_indexed, load, look_up, others};

/// Files with and without streams, keys and values with and without names, of names that break
/// what is not careful.
fn changes(names: &[Name]) -> (Vec<FileDelta>, Vec<CellDelta>) {
    let (mut files, mut cells) = (Vec::new(), Vec::new());
    let shown_nowhere = |cell: Cell| Cell { registry_path: None, ..cell };
    for name in names {
        files.extend([Delta::New(plain_file(name)), Delta::Deleted(file(name))]);
        files.push(Delta::New(FileEntry { stream: Some(name.clone()), ..plain_file(&"a".into()) }));
        let changes = FileChanges { renamed: true, ..FileChanges::default() };
        files.push(Delta::Altered {
            before: plain_file(name),
            after: plain_file(&"to".into()),
            changes,
        });
        for cell in [key(name), value(name, None)] {
            cells.extend([Delta::New(cell.clone()), Delta::Deleted(shown_nowhere(cell))]);
        }
        let in_a = Cell { registry_path: Some("a".into()), ..value(name, None) };
        cells.push(Delta::New(in_a));
    }
    (files, cells)
}

/// Stores what a sequence of that application changed in its second slice.
fn store_sequence(store: &mut dyn Store, appetid: &str, names: &[Name]) -> Vec<ReportSlice> {
    let of = |sliceid, predecessor, hash: &str| {
        let row = slice(sliceid, predecessor, &format!("{hash}{appetid}"));
        SliceRow { id: SliceId { appetid: appetid.into(), ..row.id }, ..row }
    };
    let slices = [of(10, None, "aa"), of(20, Some(10), "bb")];
    let (files, cells) = changes(names);
    let found = Found { files: files.clone(), cells: cells.clone(), ..Found::default() };
    store.register_slices(&slices, NOW).unwrap();
    store.save(&results(&slices, &run(), &second(&found))).unwrap();
    vec![ReportSlice::default(), ReportSlice { files, cells, ..ReportSlice::default() }]
}

#[test]
fn reading_all_and_looking_each_place_up_give_the_same() {
    let nasty = nasty_names();
    let is_text = |name: &&Name| crate::column::plain(name).is_some();
    let mut texts: Vec<Name> = nasty.iter().filter(is_text).cloned().collect();
    texts.push("a".into());
    let in_other_case: Vec<Name> =
        ["A','B", "Ä", "A", "TO"].iter().map(|name| Name::from(*name)).collect();
    for mut tested in stores() {
        let store = tested.store();
        let own = store_sequence(store, "7895-1", &texts);
        store_sequence(store, "9-8", &nasty);
        store_sequence(store, "9-9", &in_other_case);
        let places = || Noise::at_places_of(&own);
        assert!(places().places().all(is_indexed));
        let others = others(store, &id(20)).unwrap();
        let loaded = load(store, &others, places()).unwrap();
        let looked_up = look_up(store, &others, places()).unwrap();
        for place in loaded.places() {
            let counts = (loaded.sequences(place), looked_up.sequences(place));
            assert_eq!(counts.0, counts.1, "{place:?}");
        }
        let count = |place: NoisePlace| looked_up.sequences(&place);
        let a_quoted = NoisePlace::File { path: "a','b".into(), stream: None };
        assert_eq!((count(a_quoted), loaded.places().count()), (2, looked_up.places().count()));
        // Few places among many rows: they are looked up, and the answer is the same.
        let few = vec![ReportSlice {
            files: vec![Delta::New(plain_file(&"%".into()))],
            ..ReportSlice::default()
        }];
        let place = NoisePlace::File { path: "%".into(), stream: None };
        assert_eq!(crate::noise(store, &id(20), &few).unwrap().sequences(&place), 1);
        assert_eq!(crate::noise(store, &id(20), &own).unwrap().sequences(&place), 1);
    }
}
