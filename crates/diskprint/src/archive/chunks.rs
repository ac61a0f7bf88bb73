use std::collections::VecDeque;
use std::io;

use diskprint_formats::ReadAt;
use diskprint_formats::ewf::adler32;
use flate2::{Compress, Compression, FlushCompress, Status};
use md5::Md5;
use sha1::{Digest, Sha1};

use super::segment::{CHUNK_SECTORS, SECTOR};
use crate::disk_blocks::{self, Blocks};
use crate::{Fault, Place, pipeline};

/// Length of a chunk in bytes.
const CHUNK: usize = CHUNK_SECTORS as usize * SECTOR as usize;

const ZEROS: &[u8] = &[0; CHUNK];

/// Length of a block in bytes, which is read and compressed on one thread.
pub(super) const BLOCK: u64 = 64 * CHUNK as u64;

/// A chunk as it is stored.
#[derive(Clone)]
pub(super) struct Chunk {
    pub bytes: Vec<u8>,
    pub is_compressed: bool,
}

/// Chunks that follow each other, and what they were made of.
pub(super) struct Block {
    chunks: Vec<Chunk>,
    /// In whole sectors: zeros follow where the disk ends within one.
    bytes: Vec<u8>,
    /// Bytes that were added to the last sector.
    added: usize,
    failed: Vec<Failed>,
}

/// Sectors that cannot be read.
#[derive(Debug)]
pub(super) struct Failed {
    pub first: u64,
    pub count: u64,
    why: io::Error,
}

impl Block {
    /// Reads `len` bytes of a disk and compresses them. Sectors that cannot be read are zeros.
    pub fn read(disk: &dyn ReadAt, offset: u64, len: usize) -> Self {
        let mut failed = Vec::new();
        let mut bytes = match disk_blocks::read(disk, offset, len) {
            Ok(bytes) => bytes,
            Err(_) => by_sectors(disk, offset, len, &mut failed),
        };
        let added = len.next_multiple_of(SECTOR as usize) - len;
        bytes.resize(len + added, 0);
        let mut deflate = Compress::new(Compression::fast(), true);
        // Much of a disk was never written: a chunk of zeros is compressed once.
        let mut empty: Option<Chunk> = None;
        let chunks = bytes.chunks(CHUNK).map(|chunk| match chunk == ZEROS {
            true => empty.get_or_insert_with(|| store(chunk, &mut deflate)).clone(),
            false => store(chunk, &mut deflate),
        });
        let chunks = chunks.collect();
        Self { chunks, bytes, added, failed }
    }
}

/// Reads what can be read, sector by sector.
fn by_sectors(disk: &dyn ReadAt, offset: u64, len: usize, failed: &mut Vec<Failed>) -> Vec<u8> {
    let mut bytes = vec![0; len];
    for (offset, sector) in
        (offset..).step_by(SECTOR as usize).zip(bytes.chunks_mut(SECTOR as usize))
    {
        match disk_blocks::read(disk, offset, sector.len()) {
            Ok(read) => sector.copy_from_slice(&read),
            Err(why) => add(failed, Failed { first: offset / u64::from(SECTOR), count: 1, why }),
        }
    }
    bytes
}

/// Adds sectors that fail; those that follow the last ones are told with them.
fn add(failed: &mut Vec<Failed>, new: Failed) {
    match failed.last_mut() {
        Some(last) if last.first + last.count == new.first => last.count += new.count,
        _ => failed.push(new),
    }
}

/// A chunk is stored as it is, behind it its checksum, where deflate does not make it shorter.
// Source: EWF specification, "Data chunk".
fn store(chunk: &[u8], deflate: &mut Compress) -> Chunk {
    deflate.reset();
    // So many bytes and no more: what does not compress is given up early.
    let mut bytes = Vec::with_capacity(chunk.len());
    match deflate.compress_vec(chunk, &mut bytes, FlushCompress::Finish) {
        Ok(Status::StreamEnd) => {
            bytes.shrink_to_fit();
            Chunk { bytes, is_compressed: true }
        }
        _ => {
            let bytes = [chunk, &adler32(chunk).to_le_bytes()].concat();
            Chunk { bytes, is_compressed: false }
        }
    }
}

/// The chunks of a disk in their order; the disk is digested as they are taken.
pub(super) struct Chunks<'c, 'b, 'a, 'scope> {
    blocks: &'c mut Blocks<'b, 'a, 'scope, Block>,
    ready: VecDeque<Chunk>,
    md5: Md5,
    sha1: Sha1,
    added: usize,
    failed: Vec<Failed>,
}

impl<'c, 'b, 'a, 'scope> Chunks<'c, 'b, 'a, 'scope> {
    pub fn new(blocks: &'c mut Blocks<'b, 'a, 'scope, Block>) -> Self {
        let (ready, failed) = Default::default();
        Self { blocks, ready, md5: Md5::new(), sha1: Sha1::new(), added: 0, failed }
    }

    /// The next chunk, if there is one whose stored length is `fits`.
    pub fn next_if(&mut self, fits: impl FnOnce(usize) -> bool) -> Option<Chunk> {
        if self.is_empty() || !self.ready.front().is_some_and(|chunk| fits(chunk.bytes.len())) {
            return None;
        }
        self.ready.pop_front()
    }

    /// Whether no chunk is left.
    pub fn is_empty(&mut self) -> bool {
        if self.ready.is_empty()
            && let Some(block) = self.blocks.next()
        {
            let (md5, sha1) = (&mut self.md5, &mut self.sha1);
            pipeline::both(|| md5.update(&block.bytes), || sha1.update(&block.bytes));
            self.ready.extend(block.chunks);
            self.added += block.added;
            block.failed.into_iter().for_each(|failed| add(&mut self.failed, failed));
        }
        self.ready.is_empty()
    }

    /// Digests of all bytes so far.
    pub fn digests(&self) -> ([u8; 16], [u8; 20]) {
        (self.md5.clone().finalize().into(), self.sha1.clone().finalize().into())
    }

    /// Sectors that could not be read.
    pub fn failed(&self) -> &[Failed] {
        &self.failed
    }

    /// What is zeros in the image and not on the disk.
    pub fn faults(&self, place: &Place) -> Vec<Fault> {
        let failed = self.failed.iter().map(|failed| {
            let Failed { first, count, .. } = failed;
            let sectors = match count {
                1 => format!("sector {first}"),
                _ => format!("sectors {first} to {}", first + count - 1),
            };
            Fault::new(place.clone(), &failed.why, &format!("{sectors} in the archive: zeros"))
        });
        let added = (self.added > 0).then(|| {
            let what =
                format!("it ends within a sector; in the archive {} zeros follow", self.added);
            Fault::text(place.clone(), what, "")
        });
        failed.chain(added).collect()
    }
}
