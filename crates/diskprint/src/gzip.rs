use std::io::{self, BufRead, Read};

use flate2::{Decompress, FlushDecompress, Status};

/// Reads what is in a gzip file of one or more members.
///
/// The members are framed here and only their content is left to the decoder, because the one of
/// `flate2`'s own reader takes a seventh of its time for the checksum; crc32fast takes a fiftieth.
// Source: RFC 1952, sections 2.2 and 2.3.
pub(crate) struct GzipReader<R> {
    file: R,
    inflate: Decompress,
    crc: crc32fast::Hasher,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// A member begins here.
    Member,
    /// In the content of one.
    Content,
    /// Behind the last.
    End,
}

impl<R: BufRead> GzipReader<R> {
    pub fn new(file: R) -> Self {
        let (inflate, crc) = (Decompress::new(false), crc32fast::Hasher::new());
        Self { file, inflate, crc, state: State::Member }
    }

    fn header(&mut self) -> io::Result<()> {
        const CRC: u8 = 2;
        const EXTRA: u8 = 4;
        const NAME: u8 = 8;
        const COMMENT: u8 = 16;
        let mut header = Header { file: &mut self.file, crc: crc32fast::Hasher::new() };
        let [magic @ .., method, flags, _, _, _, _, _, _] = header.bytes::<10>()?;
        if magic != [0x1F, 0x8B] {
            return Err(damaged("no gzip header where one should be"));
        }
        if method != 8 || flags > 31 {
            return Err(damaged("a gzip header of an unknown kind"));
        }
        if flags & EXTRA != 0 {
            let len = u16::from_le_bytes(header.bytes()?);
            for _ in 0..len {
                header.bytes::<1>()?;
            }
        }
        for text in [NAME, COMMENT] {
            while flags & text != 0 && header.bytes::<1>()? != [0] {}
        }
        let crc = header.crc.clone().finalize();
        if flags & CRC != 0 && header.bytes::<2>()? != crc.to_le_bytes()[..2] {
            return Err(damaged("the checksum of a gzip header does not fit"));
        }
        Ok(())
    }

    /// Reads of the content of a member; 0 at its end.
    fn content(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            let input = self.file.fill_buf()?;
            let is_end = input.is_empty();
            let (read, made) = (self.inflate.total_in(), self.inflate.total_out());
            let status = self.inflate.decompress(input, buf, FlushDecompress::None)?;
            let read = self.inflate.total_in() - read;
            let made = (self.inflate.total_out() - made) as usize;
            self.file.consume(read as usize);
            self.crc.update(buf.get(..made).unwrap_or_default());
            match status {
                _ if made > 0 => return Ok(made),
                Status::StreamEnd => return Ok(0),
                _ if is_end => return Err(io::ErrorKind::UnexpectedEof.into()),
                _ => {}
            }
        }
    }

    fn trailer(&mut self) -> io::Result<()> {
        let mut trailer = [[0; 4]; 2];
        self.file.read_exact(trailer.as_flattened_mut())?;
        let [crc, len] = trailer.map(u32::from_le_bytes);
        // The length is that of the content modulo 2^32.
        if crc != self.crc.clone().finalize() || len != self.inflate.total_out() as u32 {
            return Err(damaged("the checksum of a gzip member does not fit"));
        }
        self.inflate.reset(false);
        self.crc.reset();
        Ok(())
    }
}

impl<R: BufRead> Read for GzipReader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while !buf.is_empty() {
            match self.state {
                State::Member => {
                    self.header()?;
                    self.state = State::Content;
                }
                State::Content => match self.content(buf)? {
                    0 => {
                        self.trailer()?;
                        let is_end = self.file.fill_buf()?.is_empty();
                        self.state = if is_end { State::End } else { State::Member };
                    }
                    count => return Ok(count),
                },
                State::End => break,
            }
        }
        Ok(0)
    }
}

struct Header<'f, R> {
    file: &'f mut R,
    crc: crc32fast::Hasher,
}

impl<R: Read> Header<'_, R> {
    fn bytes<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.file.read_exact(&mut bytes)?;
        self.crc.update(&bytes);
        Ok(bytes)
    }
}

fn damaged(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Write};

    use flate2::{Compression, GzBuilder};
    use proptest::prelude::*;

    use super::*;

    fn unpack(file: &[u8], piece: usize) -> io::Result<Vec<u8>> {
        let mut unpacked = Vec::new();
        let file = BufReader::with_capacity(piece, file);
        GzipReader::new(file).read_to_end(&mut unpacked).map(|_| unpacked)
    }

    fn member(content: &[u8], builder: GzBuilder) -> Vec<u8> {
        let mut gzip = builder.write(Vec::new(), Compression::fast());
        gzip.write_all(content).unwrap();
        gzip.finish().unwrap()
    }

    fn content(len: usize) -> Vec<u8> {
        (0..len).map(|at| (at / 7 % 251) as u8 ^ (at % 13) as u8).collect()
    }

    #[test]
    fn members_with_every_field_follow_each_other() {
        let named = || GzBuilder::new().filename("name").comment("words").mtime(7);
        let extra = || named().extra(vec![1, 2, 3, 4, 5]);
        let parts = [
            member(b"one", GzBuilder::new()),
            member(b"", named()),
            member(&content(200_000), extra()),
        ];
        let expected = [b"one".as_slice(), &content(200_000)].concat();
        for piece in [1, 7, 4096, 1 << 20] {
            assert!(unpack(&parts.concat(), piece).unwrap() == expected, "{piece}");
        }
    }

    #[test]
    fn a_header_with_a_checksum_is_checked() {
        let plain = member(b"content", GzBuilder::new());
        let mut head = plain[..10].to_vec();
        head[3] = 2;
        let crc = crc32fast::hash(&head).to_le_bytes();
        let sound = [&head[..], &crc[..2], &plain[10..]].concat();
        assert_eq!(unpack(&sound, 100).unwrap(), b"content");
        let wrong = [&head[..], &[crc[0] ^ 1, crc[1]], &plain[10..]].concat();
        assert!(unpack(&wrong, 100).is_err());
    }

    #[test]
    fn a_file_that_is_cut_or_has_more_behind_it_is_an_error() {
        let sound = member(&content(5000), GzBuilder::new().filename("name"));
        for end in 1..sound.len() {
            assert!(unpack(&sound[..end], 100).is_err(), "{end}");
        }
        for behind in [&[0][..], b"junk", &[0x1F, 0x8B], &[0; 512]] {
            assert!(unpack(&[&sound, behind].concat(), 100).is_err(), "{behind:?}");
        }
    }

    proptest! {
        #[test]
        fn a_flipped_bit_is_seen_or_changes_nothing(at in any::<prop::sample::Index>(), bit in 0u8..8) {
            let sound = member(&content(5000), GzBuilder::new());
            let mut damaged = sound.clone();
            damaged[at.index(sound.len())] ^= 1u8 << bit;
            if let Ok(unpacked) = unpack(&damaged, 100) {
                prop_assert!(unpacked == content(5000));
            }
        }
    }
}
