//! Whether a disk has the digests that its image states.

use std::io;

use diskprint_formats::ReadAt;
use md5::Md5;
use sha1::{Digest, Sha1};

use crate::disk_blocks::{self, with_blocks};
use crate::{Fault, Hex, Image, ImageDisk, Place, Step, pipeline};

/// How much is read at a time, in bytes.
const BLOCK: u64 = 2 << 20;

impl Image {
    /// Reads each disk whose image states digests in full and compares; those that do not agree, and
    /// disks that cannot be read in full, are faults.
    pub fn verify(&self) -> Vec<Fault> {
        self.disks().iter().flat_map(verify).collect()
    }
}

fn verify(disk: &ImageDisk) -> Vec<Fault> {
    let Some(stored) = disk.stored_hashes.filter(|it| it.md5.is_some() || it.sha1.is_some()) else {
        return Vec::new();
    };
    let place = Place::from(Step::Disk(disk.number));
    let (md5, sha1) = match digests(&disk.reader) {
        Ok(digests) => digests,
        Err(error) => return vec![Fault::new(place, &error, "its digests")],
    };
    let differs = |name: &str, stated: Option<String>, is: String| {
        let stated = stated.filter(|stated| *stated != is)?;
        let what = format!("its image states {name} {stated}, its bytes have {is}");
        Some(Fault::text(place.clone(), what, ""))
    };
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    [
        differs("MD5", stored.md5.map(|md5| hex(&md5)), hex(&md5)),
        differs("SHA-1", stored.sha1.map(|sha1| Hex(&sha1).to_string()), hex(&sha1)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// MD5 and SHA-1 of a disk.
fn digests(disk: &dyn ReadAt) -> io::Result<([u8; 16], [u8; 20])> {
    let read = |offset, len| disk_blocks::read(disk, offset, len);
    with_blocks(disk.len(), BLOCK, read, |blocks| {
        let (mut md5, mut sha1) = (Md5::new(), Sha1::new());
        for block in blocks {
            let block = block?;
            pipeline::both(|| md5.update(&block), || sha1.update(&block));
        }
        Ok((md5.finalize().into(), sha1.finalize().into()))
    })
}
