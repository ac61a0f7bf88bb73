//! What the fuzz targets share: visiting everything that was parsed.

use std::collections::HashSet;
use std::io::{self, Write};
use std::sync::Arc;

use diskprint::registry_text::{Statistics, fault_lines, reg, text};
use diskprint::regxml;
use diskprint_formats::regf::{CellOffset, Hive};
use diskprint_formats::walked::{self, Found};
use diskprint_formats::{ExtentsReader, Known, ReadAt, ReadAtExt};

/// Reads a hive and asks it for everything that it can say.
pub fn visit_hive(bytes: Vec<u8>) {
    let Ok(hive) = Hive::read(bytes) else { return };
    for key in hive.keys() {
        key.name().to_upper().to_text();
        key.class();
        key.security();
        assert!(key.span().offset + key.span().len <= len(&hive));
        key.path();
        assert!(key.children().all(|child| child.parent().map(|up| up.id()) == Some(key.id())));
        for value in key.values() {
            value.name().to_text();
            assert_eq!(value.data().len() as u64, value.len());
            assert!(value.data_spans().iter().all(|span| span.offset + span.len <= len(&hive)));
        }
    }
    visit_recovered(&hive);
    for fault in hive.faults() {
        assert!(fault.key.is_none_or(|key| hive.key_by_id(key).is_some()));
        assert!(!fault.error.to_string().is_empty());
        fault.error.skipped();
    }
    let mut out = Counter(0);
    regxml::write(&hive, &mut out).expect("counting does not fail");
    text::write(&hive, &mut out).expect("counting does not fail");
    let root = reg::Root::of(&hive, "Windows/System32/config/SYSTEM");
    reg::write(&hive, &root, &mut out).expect("counting does not fail");
    Statistics::of(&hive).write(&"hive".into(), &mut out).expect("counting does not fail");
    assert!(fault_lines(&hive).count() >= hive.faults().len());
}

/// A disk for others to stand on.
pub fn below() -> Arc<dyn ReadAt> {
    Arc::new(vec![0xB; 100_000])
}

/// Reads the start and the end of a disk, and checks what it says to be zeros there.
pub fn visit_disk(disk: &dyn ReadAt) {
    const MOST: u64 = 1 << 20;
    let starts = [0, disk.len().saturating_sub(MOST)];
    for start in starts {
        let mut offset = start;
        while offset < disk.len().min(start + MOST) {
            let (known, len) = disk.known_at(offset, 70_000);
            assert!((1..=70_000).contains(&len), "a walk goes on");
            if let (Known::Zeros, Ok(bytes)) = (known, disk.read_vec_at(offset, len as usize)) {
                assert!(bytes.iter().all(|byte| *byte == 0));
            }
            offset += len;
        }
    }
    let _ = disk.known_at(0, disk.len());
}

fn visit_recovered(hive: &Hive) {
    let live: HashSet<CellOffset> = hive.keys().map(|key| key.offset()).collect();
    let recovered = hive.recovered();
    for key in recovered.keys() {
        assert!(!live.contains(&key.offset()));
        key.name().to_text();
        key.parent_path();
    }
    for value in recovered.values() {
        value.name().to_text();
        value.key_path();
        value.data();
    }
}

fn len(hive: &Hive) -> u64 {
    hive.bytes().len() as u64
}

/// Counts what is written and keeps nothing.
struct Counter(u64);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Walks a volume and reads the start of each content.
pub fn visit_volume(bytes: &[u8], volume: &dyn walked::Volume) {
    volume.walk(&mut |found| {
        let Found::File(file) = found else { return };
        if let walked::Content::Extents(extents) = &file.content {
            let reader = ExtentsReader::new(&bytes, extents);
            let _ = reader.read_vec_at(0, 1 << 16);
            let _ = reader.read_vec_at(reader.len().saturating_sub(4096), 1 << 13);
        }
    });
}
