//! The four ways in which GNU tar writes down the holes of a sparse member.
// Source: GNU tar manual, "Storing Sparse Files", "Old GNU Format" and "PAX Format" 0.0, 0.1, 1.0.

use std::io::Read;

use diskprint_formats::vmdk::decode_text;

use crate::tar_reader::{TarError, TarReader, decimal};

/// A stretch of a sparse file that is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub offset: u64,
    pub len: u64,
}

/// More stretches than this are no disk's.
const MAX_SEGMENTS: usize = 1 << 20;

/// Checks that the stretches follow one another in `len` bytes and are what is stored.
pub(crate) fn check(segments: &[Segment], len: u64, stored: u64) -> Result<(), &'static str> {
    let (mut end, mut total) = (0u64, 0u64);
    for segment in segments {
        let next = segment.offset.checked_add(segment.len).filter(|next| *next <= len);
        match next {
            Some(next) if segment.offset >= end => end = next,
            _ => return Err("the map of a sparse file"),
        }
        total += segment.len;
    }
    if total == stored { Ok(()) } else { Err("the stored length of a sparse file") }
}

/// Reads the map of a member of type `S`, which goes on in blocks of its own.
pub(crate) fn gnu<R: Read>(
    tar: &mut TarReader<R>,
    header: &[u8; 512],
) -> Result<(u64, Vec<Segment>), TarError> {
    let len = tar.number(&header[483..495], "the length of a sparse file")?;
    let mut segments = Vec::new();
    push(tar, &header[386..482], &mut segments)?;
    let mut more = header[482] != 0;
    while more {
        let block = tar.map_block()?;
        push(tar, &block[..504], &mut segments)?;
        more = block[504] != 0;
    }
    Ok((len, segments))
}

fn push<R: Read>(
    tar: &TarReader<R>,
    pairs: &[u8],
    segments: &mut Vec<Segment>,
) -> Result<(), TarError> {
    for pair in pairs.chunks_exact(24).take_while(|pair| pair[0] != 0) {
        let (offset, len) = (&pair[..12], &pair[12..]);
        let name = "the map of a sparse file";
        if segments.len() >= MAX_SEGMENTS {
            return Err(tar.field(name));
        }
        let segment = Segment { offset: tar.number(offset, name)?, len: tar.number(len, name)? };
        segments.push(segment);
    }
    Ok(())
}

/// What `GNU.sparse.*` records of an extended header say.
#[derive(Default)]
pub(crate) struct Pax {
    pub name: Option<String>,
    len: Option<u64>,
    major: u64,
    numbers: Vec<u64>,
    is_mapped: bool,
}

impl Pax {
    /// Takes in one record; `None` when its value is no number or the map is too long.
    pub fn record(&mut self, key: &[u8], value: &[u8]) -> Option<()> {
        match key {
            b"GNU.sparse.name" => self.name = Some(decode_text(value)),
            b"GNU.sparse.size" | b"GNU.sparse.realsize" => self.len = Some(decimal(value)?),
            b"GNU.sparse.major" => self.major = decimal(value)?,
            // Version 0.0 has a record for each number, 0.1 has all in one.
            b"GNU.sparse.offset" | b"GNU.sparse.numbytes" => {
                self.is_mapped = true;
                self.numbers.push(decimal(value)?);
            }
            b"GNU.sparse.map" => {
                self.is_mapped = true;
                let numbers = value.split(|byte| *byte == b',').filter(|n| !n.is_empty());
                self.numbers = numbers.map(decimal).collect::<Option<_>>()?;
            }
            _ => {}
        }
        (self.numbers.len() <= 2 * MAX_SEGMENTS).then_some(())
    }

    pub fn is_sparse(&self) -> bool {
        self.is_mapped || self.major > 0
    }

    /// Returns length and map; in version 1.0 the map comes before the stored bytes.
    pub fn resolve<R: Read>(
        mut self,
        tar: &mut TarReader<R>,
    ) -> Result<(u64, Vec<Segment>), TarError> {
        if self.major > 0 {
            self.numbers = numbers_in_data(tar)?;
        }
        let len = self.len.ok_or(tar.field("the length of a sparse file"))?;
        let (pairs, rest) = self.numbers.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(tar.field("the map of a sparse file"));
        }
        let segments = pairs.iter().map(|[offset, len]| Segment { offset: *offset, len: *len });
        Ok((len, segments.collect()))
    }
}

/// Reads lines of one number each, the first being how many pairs follow, in whole blocks.
fn numbers_in_data<R: Read>(tar: &mut TarReader<R>) -> Result<Vec<u64>, TarError> {
    let (mut numbers, mut wanted) = (Vec::new(), None);
    let mut line = Vec::new();
    loop {
        let mut block = [0; 512];
        if tar.read_data(&mut block)? < block.len() {
            return Err(tar.field("the map of a sparse file"));
        }
        for byte in block {
            if byte != b'\n' {
                line.push(byte);
                continue;
            }
            let number = decimal(&line).filter(|_| line.len() <= 20);
            let number = number.ok_or(tar.field("the map of a sparse file"))?;
            line.clear();
            match wanted {
                None if number > MAX_SEGMENTS as u64 => {
                    return Err(tar.field("the map of a sparse file"));
                }
                None => wanted = Some(2 * number),
                Some(_) => numbers.push(number),
            }
            if wanted == Some(numbers.len() as u64) {
                return Ok(numbers);
            }
        }
        if line.len() > 512 {
            return Err(tar.field("the map of a sparse file"));
        }
    }
}
