//! Segments of an EnCase 6 image.
// Source of every structure here: J. Metz, "Expert Witness Compression Format specification", of
// the libewf project; cited as "EWF specification".

use std::io::{self, Write};

use diskprint_formats::ReadAt;
use diskprint_formats::ewf::adler32;
use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::Form;
use super::chunks::Chunks;

/// Length of a sector in bytes, and sectors in a chunk: as the original workflow had them.
pub(super) const SECTOR: u32 = 512;
pub(super) const CHUNK_SECTORS: u32 = 64;

/// Chunks in a table. More would be allowed; a sectors section is held in memory, as its length
/// stands before it, and these are 32 MiB at most.
const TABLE_CHUNKS: usize = 1024;

const DESCRIPTOR_LEN: u64 = 76;

/// Length of what ends the last segment, without the sectors that could not be read: sections data,
/// digest, hash and done.
const TAIL_LEN: u64 = (76 + 1052) + (76 + 80) + (76 + 36) + 76;

/// How a segment ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Another one follows.
    Next,
    /// It is the last.
    Done,
}

/// The data of the volume section, which the data sections repeat.
pub(super) struct Volume(Vec<u8>);

impl Volume {
    /// Of a disk, which is told to be a fixed one and no physical one, as the original had it; `None`
    /// where its chunks cannot be counted with 32 bits.
    // Source: EWF specification, "Volume section".
    pub fn of(disk: &dyn ReadAt, set: [u8; 16]) -> Option<Self> {
        let sectors = disk.len().div_ceil(SECTOR.into());
        let chunks = u32::try_from(sectors.div_ceil(CHUNK_SECTORS.into())).ok()?;
        let mut data = vec![0; 1048];
        let mut put = |at: usize, bytes: &[u8]| data[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &[1]); // media type: fixed
        put(4, &chunks.to_le_bytes());
        put(8, &CHUNK_SECTORS.to_le_bytes());
        put(12, &SECTOR.to_le_bytes());
        put(16, &sectors.to_le_bytes());
        put(36, &[1]); // media flags: an image
        put(52, &[1]); // compression level: good, which is fast
        put(56, &CHUNK_SECTORS.to_le_bytes()); // error granularity
        put(64, &set);
        Some(Self(sealed(data)))
    }
}

/// A segment that is being written.
pub(super) struct Segment<'s, W> {
    out: W,
    number: u32,
    volume: &'s Volume,
    form: &'s Form,
    /// How many bytes were written.
    at: u64,
}

impl<'s, W: Write> Segment<'s, W> {
    pub fn new(out: W, number: u32, volume: &'s Volume, form: &'s Form) -> Self {
        Self { out, number, volume, form, at: 0 }
    }

    /// Writes it with as many chunks as it holds; one at least.
    pub fn write(mut self, chunks: &mut Chunks<'_, '_, '_, '_>) -> io::Result<Ending> {
        self.start()?;
        let mut is_first = true;
        while self.sectors(chunks, is_first)? {
            is_first = false;
        }
        if !chunks.is_empty() {
            self.last("next")?;
            return Ok(Ending::Next);
        }
        if self.number == 1 {
            self.section("data", &self.volume.0)?;
        }
        self.not_acquired(chunks)?;
        // Source: EWF specification, "Digest section", "Hash section".
        let (md5, sha1) = chunks.digests();
        self.section("digest", &sealed([&md5[..], &sha1, &[0; 40]].concat()))?;
        self.section("hash", &sealed([md5, [0; 16]].concat()))?;
        self.last("done")?;
        Ok(Ending::Done)
    }

    /// Writes what comes before the chunks.
    // Source: EWF specification, "File header", "Header2 section", "Data section".
    fn start(&mut self) -> io::Result<()> {
        let number = u16::try_from(self.number).map_err(io::Error::other)?;
        self.put(b"EVF\x09\x0D\x0A\xFF\x00\x01")?;
        self.put(&number.to_le_bytes())?;
        self.put(&[0, 0])?;
        if self.number > 1 {
            return self.section("data", &self.volume.0);
        }
        let header2 = deflated(&header2(self.form))?;
        self.section("header2", &header2)?;
        self.section("header2", &header2)?;
        self.section("header", &deflated(&header(self.form))?)?;
        self.section("volume", &self.volume.0)
    }

    /// Writes chunks and their tables, as many as fit; says whether there may be more.
    // Source: EWF specification, "Sectors section", "Table section", "EnCase 6 to 7".
    fn sectors(&mut self, chunks: &mut Chunks<'_, '_, '_, '_>, is_first: bool) -> io::Result<bool> {
        let (mut data, mut entries) = (Vec::new(), Vec::new());
        while entries.len() < TABLE_CHUNKS * 4 {
            let is_needed = is_first && entries.is_empty();
            let tables = 2 * (DESCRIPTOR_LEN + 24 + 4 + 4 + entries.len() as u64);
            let end = self.at + DESCRIPTOR_LEN + data.len() as u64 + tables + TAIL_LEN;
            let limit = self.form.segment_len;
            let chunk = chunks.next_if(|len| is_needed || end + len as u64 <= limit);
            let Some(chunk) = chunk else { break };
            let offset = u32::try_from(DESCRIPTOR_LEN + data.len() as u64);
            let flag = u32::from(chunk.is_compressed) << 31;
            entries.extend((offset.map_err(io::Error::other)? | flag).to_le_bytes());
            data.extend(chunk.bytes);
        }
        if entries.is_empty() {
            return Ok(false);
        }
        let base = self.at;
        self.section("sectors", &data)?;
        let count = (entries.len() / 4) as u32;
        let header = [&count.to_le_bytes()[..], &[0; 4], &base.to_le_bytes(), &[0; 4]].concat();
        let table = [sealed(header), sealed(entries)].concat();
        self.section("table", &table)?;
        self.section("table2", &table)?;
        Ok(true)
    }

    /// Writes which sectors could not be read, if there are any.
    // Source: EWF specification, "Error2 section", whose sectors have 32 bits.
    fn not_acquired(&mut self, chunks: &Chunks<'_, '_, '_, '_>) -> io::Result<()> {
        let entry = |first: u64, count: u64| {
            Some([
                u32::try_from(first).ok()?.to_le_bytes(),
                u32::try_from(count).ok()?.to_le_bytes(),
            ])
        };
        let entries: Vec<_> =
            chunks.failed().iter().filter_map(|it| entry(it.first, it.count)).collect();
        if entries.is_empty() {
            return Ok(());
        }
        let count = u32::try_from(entries.len()).map_err(io::Error::other)?;
        let header = sealed([&count.to_le_bytes()[..], &[0; 512]].concat());
        let entries = sealed(entries.concat().concat());
        self.section("error2", &[header, entries].concat())
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.at += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    fn section(&mut self, kind: &str, data: &[u8]) -> io::Result<()> {
        let size = DESCRIPTOR_LEN + data.len() as u64;
        self.put(&descriptor(kind, self.at + size, size))?;
        self.put(data)
    }

    /// The last section points to itself and states no size.
    // Source: EWF specification, "Next section", "Done section".
    fn last(&mut self, kind: &str) -> io::Result<()> {
        self.put(&descriptor(kind, self.at, 0))
    }
}

// Source: EWF specification, "Section descriptor".
fn descriptor(kind: &str, next: u64, size: u64) -> Vec<u8> {
    let mut bytes = vec![0; 72];
    bytes[..kind.len()].copy_from_slice(kind.as_bytes());
    bytes[16..24].copy_from_slice(&next.to_le_bytes());
    bytes[24..32].copy_from_slice(&size.to_le_bytes());
    sealed(bytes)
}

/// Bytes with their Adler-32 behind them.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let sum = adler32(&bytes);
    bytes.extend(sum.to_le_bytes());
    bytes
}

fn deflated(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut out = ZlibEncoder::new(Vec::new(), Compression::default());
    out.write_all(bytes)?;
    out.finish()
}

/// What made the image; EnCase takes 11 characters.
const SOFTWARE: &str = "diskprint";

/// The case fields as UTF-16.
///
/// The dates are 0, which is "not set": no output knows when it was made, and the evidence does not
/// say when it was taken.
// Source: EWF specification, "Header2 section", "EnCase 5 to 7"; what ewfacquire writes.
fn header2(form: &Form) -> Vec<u8> {
    let Form { case_number, evidence_number, notes, .. } = form;
    let (case, evidence, notes) = (line(case_number), line(evidence_number), line(notes));
    let text = format!(
        "3\nmain\na\tc\tn\te\tt\tmd\tsn\tav\tov\tm\tu\tp\tdc\n\
         \t{case}\t{evidence}\t\t{notes}\t\t\t{SOFTWARE}\t\t0\t0\t0\t\n\n\
         srce\n0\t1\np\tn\tid\tev\ttb\tlo\tpo\tah\tgu\taq\n0\t0\n\t\t\t\t\t-1\t-1\t\t\t\n\n\
         sub\n0\t1\np\tn\tid\tnu\tco\tgu\n0\t0\n\t\t\t\t1\t\n\n"
    );
    let units = [0xFEFF].into_iter().chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

/// The case fields as ASCII; what is not is `?`.
// Source: EWF specification, "Header section", "EnCase 4 to 7"; EnCase sets the first second of 1970
// where there is no date ("EnCase 5 to 7 (EWF-L01)").
fn header(form: &Form) -> Vec<u8> {
    let Form { case_number, evidence_number, notes, .. } = form;
    let ascii = |text: &str| -> String {
        line(text).chars().map(|c| if c.is_ascii() { c } else { '?' }).collect()
    };
    let (case, evidence, notes) = (ascii(case_number), ascii(evidence_number), ascii(notes));
    let date = "1970 1 1 0 0 0";
    format!(
        "1\r\nmain\r\nc\tn\ta\te\tt\tav\tov\tm\tu\tp\r\n\
         {case}\t{evidence}\t\t\t{notes}\t{SOFTWARE}\t\t{date}\t{date}\t0\r\n\r\n"
    )
    .into_bytes()
}

/// Tabs and line breaks divide the fields, and so cannot be in them.
fn line(text: &str) -> String {
    text.replace(['\t', '\r', '\n'], " ")
}
