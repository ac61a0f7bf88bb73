//! The queue, the journal, and servers that go away.

use super::*;
use crate::{JournalEntry, Journaled, QueueEntry};

fn queued(tested: &mut Tested) -> Vec<String> {
    let name = |id: &SliceId| id.to_string();
    let entry = |QueueEntry { location, slicehash, slices }| {
        format!("{location} {slicehash} {}", slices.iter().map(name).collect::<Vec<_>>().join(" "))
    };
    tested.store().queue().unwrap().into_iter().map(entry).collect()
}

#[test]
fn tarballs_wait_until_they_are_read() {
    let [aa, bb] = ["/tarballs/aa.tar.gz aa", "/tarballs/bb.tar.gz bb"];
    for mut tested in stores() {
        let slices = registered(tested.store());
        let again =
            SliceRow { id: SliceId { appetid: "1-1".into(), ..id(10) }, ..slices[0].clone() };
        tested.store().register_slices(&[again], NOW).unwrap();
        tested.sql("INSERT INTO storage (location, slicehash) VALUES (NULL, 'zz')");
        let all = [
            " zz ".to_owned(),
            format!("{aa} 8504-1-1-1-10 8504-1-7895-1-10"),
            format!("{bb} 8504-1-7895-1-20"),
        ];
        assert_eq!(queued(&mut tested), all);

        // A run that fails leaves the queue alone, one that stores clears it.
        let run = run();
        let fails = |index| match index {
            0 => Ok(Found::default()),
            _ => Err(Error::load("gone")),
        };
        let mut results = Results { dequeue: true, ..results(&slices, &run, &fails) };
        tested.store().save(&results).unwrap_err();
        assert_eq!(queued(&mut tested), all);
        let finds = |_| Ok(Found::default());
        results.found = &finds;
        tested.store().save(&Results { dequeue: false, ..results }).unwrap();
        assert_eq!(queued(&mut tested), all);
        tested.store().save(&results).unwrap();
        assert_eq!(queued(&mut tested), [" zz "]);
    }
}

#[test]
fn tarballs_are_taken_out_of_the_queue_all_or_none() {
    for mut tested in stores() {
        registered(tested.store());
        let error = tested.store().dequeue(&[id(10), id(30)]).unwrap_err();
        assert_eq!(error.to_string(), "slice 8504-1-7895-1-30 is not in table slice");
        assert_eq!(queued(&mut tested).len(), 2);
        tested.store().dequeue(&[id(10)]).unwrap();
        tested.store().dequeue(&[id(10)]).unwrap();
        assert_eq!(queued(&mut tested), ["/tarballs/bb.tar.gz bb 8504-1-7895-1-20"]);
    }
}

fn entry(time: &str, status: &str) -> JournalEntry {
    JournalEntry {
        slice: id(20),
        time: time.to_owned(),
        status: status.to_owned(),
        script: "diskprint run".to_owned(),
        worker: "host\0 1".to_owned(),
        outputdir: "/results".to_owned(),
    }
}

#[test]
fn the_journal_is_in_the_order_of_time() {
    for mut tested in stores() {
        let store = tested.store();
        let times = ["2013-05-07T09:00:01.5Z", NOW, NOW];
        for (time, status) in times.into_iter().zip(["Done.", "Started.", "Reading."]) {
            store.journal(&entry(time, status)).unwrap();
        }
        let entries = store.journal_entries().unwrap();
        let lines: Vec<_> = entries
            .iter()
            .map(|entry| (entry.time.as_deref().unwrap(), entry.status.as_deref().unwrap()))
            .collect();
        assert_eq!(lines, [(NOW, "Started."), (NOW, "Reading."), (times[0], "Done.")]);
        let Journaled { sliceid, script, outputdir, .. } = &entries[0];
        assert_eq!(*sliceid, Some(20));
        assert_eq!(script.as_deref(), Some("diskprint run"));
        assert_eq!(outputdir.as_deref(), Some("/results"));
        tested.sql("INSERT INTO workjournal (workstatus) VALUES ('theirs')");
        let theirs = &tested.store().journal_entries().unwrap()[0];
        assert_eq!((theirs.sliceid, theirs.time.as_deref()), (None, None));
        assert_eq!(theirs.status.as_deref(), Some("theirs"));
    }
}

#[test]
fn a_note_too_long_for_its_column_is_cut() {
    for mut tested in stores() {
        let long = "ä".repeat(128);
        tested.store().journal(&entry(NOW, &long)).unwrap();
        tested.store().journal(&entry(NOW, &long[..254])).unwrap();
        let notes = tested.store().journal_entries().unwrap();
        let notes: Vec<String> = notes.into_iter().filter_map(|note| note.status).collect();
        match tested {
            Tested::Server(..) => assert_eq!(notes[0], format!("{}…", "ä".repeat(126))),
            _ => assert_eq!(notes[0], long),
        }
        assert_eq!(notes[1], "ä".repeat(127));
    }
}

#[test]
fn a_server_that_is_gone_comes_back() {
    let Some(server) = Server::start_own() else { return };
    let database = server.database();
    for address in [server.address(&database), server.tcp_address(&database)] {
        let address = Address::parse(&address).unwrap();
        let mut store = Postgres::open(&address).unwrap();
        store.widen().unwrap();
        save(&mut store, &Found::default());
        let slices = [slice(10, None, "aa"), slice(20, Some(10), "bb")];
        // In the midst of writing: the first slice is written.
        let (run, found, calls) = (run(), found(), std::cell::Cell::new(0));
        let kills = |index| {
            if calls.replace(calls.get() + 1) == 3 {
                server.kill();
            }
            second(&found)(index)
        };
        let error = store.save(&results(&slices, &run, &kills)).unwrap_err();
        assert!(error.is_gone(), "{error:?}");
        let error = store.queue().unwrap_err();
        assert!(error.is_gone(), "{error:?}");
        let error = Postgres::open(&address).err().expect("an error");
        assert!(error.is_gone(), "{error:?}");

        server.restart();
        let mut store = Postgres::open(&address).unwrap();
        assert_eq!(store.faults(&id(20)).unwrap(), []);
        save(&mut store, &Found { faults: found.faults.clone(), ..Found::default() });
        let killed = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                      WHERE application_name = 'diskprint'";
        server.sql(&database, killed);
        let error = store.queue().unwrap_err();
        assert!(error.is_gone(), "{error:?}");
    }
}

#[test]
fn what_is_wrong_today_and_tomorrow_is_not_gone() {
    let Some(server) = server() else { return };
    let open = |address: &str| Postgres::open(&Address::parse(address).unwrap());
    for address in [
        server.address("absent"),
        server.tcp_address("postgres").replace("postgres@", "examiner:wrong@"),
        format!("{}?sslmode=verify-full", server.tcp_address("postgres")),
        format!("{}?sslmode=require", server.address("postgres")),
    ] {
        let error = open(&address).err().expect("an error");
        assert!(!error.is_gone(), "{address}: {error:?}");
    }
    let mut store = open(&server.address(&server.database())).unwrap();
    let error = store.dequeue(&[id(1)]).unwrap_err();
    assert!(!error.is_gone(), "{error:?}");
}
