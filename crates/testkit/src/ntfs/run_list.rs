//! Run lists ("Data Runs" of the Linux-NTFS documentation).

/// Clusters in a row: where they begin, `None` for a hole, and how many they are.
pub type Run = (Option<u64>, u64);

/// Returns the run list as stored, with its end.
pub fn encode(runs: &[Run]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut last = 0i64;
    for (start, clusters) in runs {
        let len = signed(i64::try_from(*clusters).expect("63 bits"));
        let distance = start.map_or(Vec::new(), |start| {
            let start = start.cast_signed();
            signed(start.wrapping_sub(std::mem::replace(&mut last, start)))
        });
        bytes.push(len.len() as u8 | (distance.len() as u8) << 4);
        bytes.extend(len);
        bytes.extend(distance);
    }
    bytes.push(0);
    bytes
}

/// The fewest bytes that hold the number with its sign.
fn signed(value: i64) -> Vec<u8> {
    let mut bytes = value.to_le_bytes().to_vec();
    while let [.., below, top] = bytes[..] {
        let sign = if below & 0x80 == 0 { 0 } else { 0xFF };
        if top != sign {
            break;
        }
        bytes.pop();
    }
    bytes
}

/// The part of `runs` from cluster `from` on, `count` clusters long.
pub fn part(runs: &[Run], from: u64, count: u64) -> Vec<Run> {
    let mut found = Vec::new();
    let mut vcn = 0;
    for (start, clusters) in runs {
        let first = from.clamp(vcn, vcn + clusters);
        let end = (from + count).clamp(vcn, vcn + clusters);
        if first < end {
            found.push((start.map(|start| start + first - vcn), end - first));
        }
        vcn += clusters;
    }
    found
}
