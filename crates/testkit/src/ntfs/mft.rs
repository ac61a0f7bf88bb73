//! The $MFT, its mirror and the other files of the file system itself.

use super::boot_sector::boot_sector;
use super::{
    Attribute, Clusters, File, ROOT, Record, Reference, Run, Times, Volume, kind, list_entry,
    non_resident, resident, run_list,
};

/// The record of the $MFT's further runs; it must be in the first run.
const EXTENSION: u64 = 15;

/// Adds the records that every volume has, but for those that are written last.
pub(super) fn add_system_files(volume: &mut Volume) {
    for (record, name) in [
        (0, "$MFT"),
        (1, "$MFTMirr"),
        (2, "$LogFile"),
        (3, "$Volume"),
        (4, "$AttrDef"),
        (6, "$Bitmap"),
        (7, "$Boot"),
        (8, "$BadClus"),
        (10, "$UpCase"),
    ] {
        let mut file = File::new(ROOT, name).times(Times::from(1));
        (file.sequence, file.attributes) = ((record as u16).max(1), 6);
        file.content = content(volume, record);
        volume.put(record, &file);
    }
    let mut root = File::directory(ROOT, ".").times(Times::from(1));
    root.sequence = ROOT.sequence;
    volume.put(ROOT.record, &root);
}

fn content(volume: &mut Volume, record: u64) -> Vec<Attribute> {
    let boot = 8192usize.next_multiple_of(volume.options.cluster);
    match record {
        2 if !volume.log_file.is_empty() => {
            let log = std::mem::take(&mut volume.log_file);
            vec![volume.stored(kind::DATA, "", &log, 0)]
        }
        3 => vec![
            resident(kind::VOLUME_NAME, "", &[]),
            resident(kind::VOLUME_INFORMATION, "", &[0, 0, 0, 0, 0, 0, 0, 0, 3, 1, 0, 0]),
        ],
        7 => {
            let runs = vec![(Some(0), (boot / volume.options.cluster) as u64)];
            vec![non_resident(kind::DATA, "", &volume.sizes(runs, 8192))]
        }
        8 => {
            let runs = vec![(None, volume.options.clusters as u64)];
            let len = (volume.options.cluster * volume.options.clusters) as u64;
            let bad = Clusters { runs, allocated_size: len, data_size: len, ..Clusters::default() };
            vec![resident(kind::DATA, "", &[]), non_resident(kind::DATA, "$Bad", &bad)]
        }
        0 | 1 | 6 => Vec::new(),
        _ => vec![resident(kind::DATA, "", &[])],
    }
}

/// Writes $MFT, $MFTMirr, $Bitmap and boot sector; gives the runs of the $MFT.
pub(super) fn write(volume: &mut Volume) -> Vec<Run> {
    let options = volume.options;
    let count =
        volume.records.last_key_value().map_or(0, |(number, _)| number + 1).max(24) as usize;
    let per_cluster = options.cluster.div_ceil(options.record);
    let len = count.next_multiple_of(per_cluster) * options.record;
    let runs = volume.store(&vec![0; len], options.mft_run);
    let bits = options.clusters.div_ceil(64) * 8;
    let bitmap = volume.store(&vec![0; bits], 0);
    let mirror = volume.store(&vec![0; (4 * options.record).max(options.cluster)], 0);

    push(volume, 6, kind::DATA, &bitmap, bits);
    push(volume, 1, kind::DATA, &mirror, (4 * options.record).max(options.cluster));
    describe_mft(volume, &runs, len);
    write_records(volume, &runs, mirror[0].0.expect("no hole"));
    write_bitmap(volume, bitmap[0].0.expect("no hole"));
    let sector = boot_sector(&options, runs[0].0.expect("no hole"), mirror[0].0.expect("no hole"));
    volume.bytes[..512].copy_from_slice(&sector);
    runs
}

fn push(volume: &mut Volume, record: u64, kind: u32, runs: &[Run], len: usize) {
    let attribute = non_resident(kind, "", &volume.sizes(runs.to_vec(), len));
    if let Some(record) = volume.records.get_mut(&record) {
        record.attributes.push(attribute);
    }
}

/// Puts $DATA and $BITMAP into the record of the $MFT, and into its extension record.
fn describe_mft(volume: &mut Volume, runs: &[Run], len: usize) {
    if !volume.options.mft_list {
        push(volume, 0, kind::DATA, runs, len);
    } else {
        let (first, rest) = runs.split_first().expect("a run");
        let base = Reference { record: 0, sequence: 1 };
        let place = Reference { record: EXTENSION, sequence: 1 };
        push(volume, 0, kind::DATA, &[*first], len);
        let lowest_vcn = first.1;
        let runs = rest.to_vec();
        let more =
            non_resident(kind::DATA, "", &Clusters { runs, lowest_vcn, ..Clusters::default() });
        let (own, extension) = (volume.records[&0].attributes.clone(), more.clone());
        let mut list: Vec<u8> = Vec::new();
        for (index, attribute) in own.iter().enumerate() {
            list.extend(list_entry(attribute, if index == 0 { 0 } else { index as u16 + 1 }, base));
        }
        list.extend(list_entry(&extension, 0, place));
        let list = resident(kind::ATTRIBUTE_LIST, "", &list);
        volume.extend(EXTENSION, base, vec![more], 1, 1);
        volume.records.get_mut(&0).expect("$MFT").attributes.insert(1, list);
    }
    let bitmap = record_bitmap(volume, len / volume.options.record);
    let bitmap = volume.stored(kind::BITMAP, "", &bitmap, 0);
    volume.records.get_mut(&0).expect("$MFT").attributes.push(bitmap);
}

fn record_bitmap(volume: &Volume, count: usize) -> Vec<u8> {
    let mut bits = vec![0u8; count.div_ceil(64) * 8];
    let in_use = |(number, record): (&u64, &Record)| (record.flags & 1 != 0).then_some(*number);
    for number in volume.records.iter().filter_map(in_use).chain(12..16) {
        bits[number as usize / 8] |= 1 << (number % 8);
    }
    bits
}

fn write_records(volume: &mut Volume, runs: &[Run], mirror: u64) {
    let (size, cluster) = (volume.options.record, volume.options.cluster);
    for number in 12..16 {
        let spare = Record { sequence: number as u16, flags: 1, ..Record::default() };
        volume.records.entry(number).or_insert(spare);
    }
    for (number, record) in volume.records.clone() {
        let stored = record.encode(number, size);
        let (mut at, mut rest) = (number as usize * size, &stored[..]);
        // Where records are larger than clusters, one may lie in several runs.
        while !rest.is_empty() {
            let run = run_list::part(runs, (at / cluster) as u64, 1);
            let place = run[0].0.expect("no hole") as usize * cluster + at % cluster;
            let (part, left) = rest.split_at(rest.len().min(cluster - at % cluster));
            volume.bytes[place..place + part.len()].copy_from_slice(part);
            (at, rest) = (at + part.len(), left);
        }
        if number < 4 {
            let place = mirror as usize * cluster + number as usize * size;
            volume.bytes[place..place + size].copy_from_slice(&stored);
        }
    }
}

fn write_bitmap(volume: &mut Volume, at: u64) {
    let at = at as usize * volume.options.cluster;
    for cluster in std::mem::take(&mut volume.freed) {
        volume.used[cluster as usize] = false;
    }
    for (number, _) in volume.used.iter().enumerate().filter(|(_, used)| **used) {
        volume.bytes[at + number / 8] |= 1 << (number % 8);
    }
}
