//! The catalogue: what is in it, and what may not be.

use super::*;
use crate::{CatalogueSlice, Change, Effect, Table};

fn put(sliceid: i64, predecessor: Option<i64>) -> Change {
    let predecessor = predecessor.map(|id| id.to_string());
    Change::put_slice(&id(sliceid), [("slicepredecessorid", predecessor)])
}

fn with(sliceid: i64, column: &str, value: &str) -> Change {
    Change::put_slice(&id(sliceid), [(column, Some(value.to_owned()))])
}

fn named(table: Table, values: &[(&str, &str)]) -> Change {
    Change::put_named(table, values.iter().map(|(name, value)| (*name, Some((*value).to_owned()))))
}

/// What a list of changes does, or the lines of what is wrong with it.
fn change(tested: &mut Tested, changes: &[Change]) -> Result<Vec<Effect>, Vec<String>> {
    let before = tested.dump();
    let checked = tested.store().check_change(changes, NOW).map_err(|error| error.to_string());
    assert_eq!(tested.dump(), before, "a check changes nothing");
    let done = tested.store().change(changes, NOW).map_err(|error| error.to_string());
    assert_eq!(checked, done);
    if done.is_err() {
        assert_eq!(tested.dump(), before, "all or nothing");
    }
    done.map_err(|text| text.lines().map(str::to_owned).collect())
}

#[test]
fn what_is_put_is_listed() {
    for mut tested in stores() {
        let changes = [
            named(Table::VirtualMachine, &[("vmid", "7"), ("vmappname", "Fusion")]),
            named(Table::Os, &[("osetid", "8504-1"), ("vmid", "7"), ("installdate", "2012-02-29")]),
            named(Table::VmSetting, &[("osetid", "8504-1"), ("sound", "on"), ("vmid", "7")]),
            Change::put_tarball("/t/10.tar.gz".into(), "aa".into()),
            with(10, "slicehash", "aa"),
            put(20, Some(10)),
        ];
        assert_eq!(change(&mut tested, &changes), Ok(vec![Effect::Added; 6]));
        assert_eq!(change(&mut tested, &changes), Ok(vec![Effect::Unchanged; 6]));
        let slices = tested.store().slices(None).unwrap();
        let first = CatalogueSlice {
            id: id(10),
            slicetype: Some("Default".into()),
            predecessor: None,
            slicestate: Some("latest".into()),
            notes: None,
            creationdate: Some("2013-05-07T09:00:00".into()),
            slicehash: Some("aa".into()),
            location: Some("/t/10.tar.gz".into()),
        };
        assert_eq!(slices[0], first);
        assert_eq!((slices[1].predecessor, &slices[1].location), (Some(10), &None));
        assert_eq!(tested.store().slices(Some(("8504-1", "7895-1"))).unwrap(), slices);
        assert_eq!(tested.store().slices(Some(("8504-1", "7901-1"))).unwrap(), []);
        let os = &tested.store().operating_systems().unwrap()[0];
        assert_eq!((os.vmid, os.installdate.as_deref()), (Some(7), Some("2012-02-29")));
        let vm = &tested.store().virtual_machines().unwrap()[0];
        assert_eq!((vm.name.as_deref(), &vm.version), (Some("Fusion"), &None));

        // Columns that are not named stay; a tarball moves, and the queue knows.
        let changes = [
            with(10, "slicenotes", "a'b"),
            Change::put_tarball("/moved".into(), "aa".into()),
            named(Table::SliceType, &[("type", "Idle")]),
            with(20, "slicetype", "Idle"),
        ];
        let (changed, added) = (Effect::Changed, Effect::Added);
        assert_eq!(change(&mut tested, &changes), Ok(vec![changed, changed, added, changed]));
        let slices = tested.store().slices(None).unwrap();
        let (notes, location) = (Some("a'b".into()), Some("/moved".into()));
        assert_eq!(slices[0], CatalogueSlice { notes, location, ..first });
        assert_eq!(tested.sql("SELECT * FROM processqueue"), ["/moved|aa"]);
    }
}

#[test]
fn all_that_is_wrong_is_said_and_nothing_is_changed() {
    for mut tested in stores() {
        let is_server = matches!(tested, Tested::Server(..));
        let changes = [
            put(10, Some(30)).at("a.csv:2".into()),
            put(20, Some(10)).at("a.csv:3".into()),
            put(30, Some(20)).at("a.csv:4".into()),
            put(40, Some(39)).at("a.csv:5".into()),
            put(50, Some(50)).at("a.csv:6".into()),
            with(60, "slicetype", "Odd").at("a.csv:7".into()),
            with(60, "slicestate", "odd").at("a.csv:8".into()),
            with(70, "slicehash", "aa").at("a.csv:9".into()),
            put(80, None).at("a.csv:10".into()),
            put(80, Some(70)).at("b.csv:2".into()),
            named(Table::Slice, &[("sliceid", "x"), ("osetid", ""), ("appetid", " 1")])
                .at("b.csv:3".into()),
            named(Table::Os, &[("osetid", "1-1"), ("vmid", "8"), ("installdate", "May")])
                .at("b.csv:4".into()),
            named(Table::Os, &[("osetid", "1-2"), ("vmid", "8")]).at("b.csv:5".into()),
            with(90, "creationdate", "2013-05-07 09:00:00+02").at("b.csv:6".into()),
            Change::remove_slice(&id(91), true).at("b.csv:7".into()),
            with(92, "slicenotes", "a\0b").at("b.csv:8".into()),
            Change::put_slice(&id(93), [("slicetype", None)]).at("b.csv:9".into()),
        ];
        let wrong = change(&mut tested, &changes).unwrap_err();
        let types = "Activate, Close, Default, Function, Install, License, Open, PreInstall, \
                     ProductKey, Reboot, Restart, Shutdown, Start, Uninstall";
        let s = "slice 8504-1-7895-1";
        let expected = [
            format!("a.csv:2: slicepredecessorid leads from {s}-10 back to it, through 10, 30, 20"),
            format!("a.csv:5: {s}-40 has slicepredecessorid 39, which is not in table slice"),
            format!("a.csv:6: slicepredecessorid leads from {s}-50 back to it, through 50"),
            format!(
                "a.csv:7: {s}-60: slicestate \"odd\" is not in table slicestate; known are last, \
                 latest, stored"
            ),
            format!(
                "a.csv:7: {s}-60: slicetype \"Odd\" is not in table slicetype; known are {types}"
            ),
            format!("a.csv:9: {s}-70: slicehash \"aa\" is not in table storage"),
            format!("b.csv:2: {s}-80 is there twice, with slicepredecessorid NULL and 70"),
            "b.csv:3: slice - 1-x: appetid \" 1\" begins or ends with a space".into(),
            "b.csv:3: slice - 1-x: osetid is empty".into(),
            "b.csv:3: slice - 1-x: sliceid \"x\" is no number".into(),
            "b.csv:4: os 1-1: installdate \"May\" is no day; the form is 2013-05-07".into(),
            "b.csv:4: os 1-1: vmid 8 is not in table virtualmachine".into(),
            "b.csv:5: os 1-2: vmid 8 is not in table virtualmachine".into(),
            format!(
                "b.csv:6: {s}-90: creationdate \"2013-05-07 09:00:00+02\" is no moment; the form \
                 is 2013-05-07T09:00:45"
            ),
            format!("b.csv:7: {s}-91 is not in table slice"),
            format!("b.csv:8: {s}-92: slicenotes \"a\\0b\" has a character U+0000"),
            format!("b.csv:9: {s}-93: slicetype is empty"),
        ];
        assert_eq!(wrong, expected);

        let long = [with(10, "slicenotes", &"ä".repeat(1024)), put(3_000_000_000, None)];
        match change(&mut tested, &long) {
            Ok(_) => assert!(!is_server, "SQLite heeds no lengths"),
            Err(wrong) => {
                let notes = format!("{s}-10: slicenotes \"{}…\"", "ä".repeat(200));
                let chars = "has 1024 characters, and the column takes 1023";
                assert_eq!(wrong[0], format!("{notes} {chars}"));
                let large = "is too large; the column takes numbers up to 2147483647";
                assert_eq!(wrong[1], format!("{s}-3000000000: sliceid \"3000000000\" {large}"));
            }
        }
    }
}

#[test]
fn what_others_need_is_not_removed() {
    for mut tested in stores() {
        save(tested.store(), &found());
        let vm = [
            named(Table::VirtualMachine, &[("vmid", "7")]),
            named(Table::Os, &[("osetid", "8504-1"), ("vmid", "7")]),
            named(Table::VmSetting, &[("osetid", "8504-1")]),
        ];
        change(&mut tested, &vm).unwrap();
        let remove = |sliceid, with_results| Change::remove_slice(&id(sliceid), with_results);
        let s = "slice 8504-1-7895-1";
        assert_eq!(
            change(&mut tested, &[remove(10, true)]),
            Err(vec![format!("{s}-10 is the predecessor of {s}-20, and stays")])
        );
        assert_eq!(
            change(&mut tested, &[remove(20, false)]),
            Err(vec![format!("{s}-20 has stored results; --with-results removes them, too")])
        );
        assert_eq!(
            change(&mut tested, &[Change::remove_vm(7), Change::remove_os("8504-1")]),
            Err(vec!["os 8504-1 is named by vmsetting 8504-1, and stays".into()])
        );
        assert_eq!(
            change(&mut tested, &[Change::remove_vm(7)]),
            Err(vec!["vm 7 is named by os 8504-1, and stays".into()])
        );
        tested.sql("DELETE FROM vmsetting");
        let all = [remove(10, true), remove(20, true), Change::remove_vm(7), {
            Change::remove_os("8504-1")
        }];
        assert_eq!(change(&mut tested, &all), Ok(vec![Effect::Removed; 4]));
        for table in ["slice", "regdelta", "diskprint_file_delta", "diskprint_run", "os"] {
            assert_eq!(tested.count(table), 0, "{table}");
        }
        assert_eq!(tested.count("storage"), 2, "the tarballs are there still");
    }
}

/// What was wrong before is put right row by row.
#[test]
fn old_problems_keep_nobody_from_changes() {
    for mut tested in stores() {
        tested.sql(
            "INSERT INTO slice (sliceid, osetid, appetid, slicepredecessorid)
             VALUES (10, '8504-1', '7895-1', 10), (20, '8504-1', '7895-1', 15)",
        );
        assert_eq!(change(&mut tested, &[put(30, Some(20))]), Ok(vec![Effect::Added]));
        assert_eq!(change(&mut tested, &[put(10, None)]), Ok(vec![Effect::Changed]));
        assert_eq!(change(&mut tested, &[put(20, Some(10))]), Ok(vec![Effect::Changed]));
        assert_eq!(
            tested.store().sequence_ending_at(&id(30)).unwrap_err().to_string(),
            "slice 8504-1-7895-1-10: its slicehash is in no row of table storage"
        );
    }
}
