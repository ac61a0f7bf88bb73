use super::sparse_header::SparseHeader;
use super::{Error, SECTOR};
use crate::{ReadAt, ReadAtExt};

/// The text that says what a disk consists of, in a file of its own or inside a sparse extent.
// Source: "Virtual Disk Format 5.0", "The Descriptor File".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// Content id, which changes with the first write after the disk is opened.
    pub cid: u32,
    /// Content id that the parent had; `None` for a disk without parent.
    pub parent_cid: Option<u32>,
    /// Kind of disk, `monolithicSparse`.
    pub create_type: String,
    /// File name of the parent, which may be a path of the host.
    pub parent_hint: Option<String>,
    /// Name of the text's encoding, `UTF-8`, where it is stated.
    pub encoding: Option<String>,
    /// The extents in the order of the disk.
    pub extents: Vec<ExtentLine>,
    /// Whether the text was found inside a sparse extent.
    pub embedded: bool,
}

/// One extent of a disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtentLine {
    /// What the machine may do with it.
    pub access: Access,
    /// Length in sectors of 512 bytes.
    pub size_sectors: u64,
    /// How its content is stored.
    pub kind: ExtentKind,
    /// File name, which may be a path of the host; empty for [`ExtentKind::Zero`].
    pub file: String,
    /// Where a flat extent begins in its file, in sectors of 512 bytes.
    pub offset_sectors: u64,
}

/// What the machine may do with an extent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read and write, `RW`.
    ReadWrite,
    /// Read, `RDONLY`.
    ReadOnly,
    /// Nothing, `NOACCESS`; we read it all the same.
    NoAccess,
}

/// How an extent's content is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExtentKind {
    /// As it is: `FLAT`, `VMFS`.
    Flat,
    /// In grains: `SPARSE`.
    Sparse,
    /// Not at all, it reads as zeros: `ZERO`.
    Zero,
    /// Another kind, by its name; it is not read.
    Other(String),
}

/// The first words of every descriptor.
const SIGNATURE: &[u8] = b"# Disk DescriptorFile";
/// The longest descriptor read: a disk of 64 TB in 2 GB extents takes 3 MB.
const MAX_LEN: u64 = 4 << 20;
/// `parentCID` of a disk without parent.
// Source: "Virtual Disk Format 5.0", "The Header".
const NO_PARENT: u32 = 0xFFFF_FFFF;

impl Descriptor {
    /// Finds the descriptor in `file`, as its whole text or inside a sparse extent; `None` when
    /// `file` is no VMDK, or an extent without descriptor.
    ///
    /// # Errors
    /// When there is one, or a sparse header, and it is damaged.
    pub fn read(file: &dyn ReadAt) -> Result<Option<Self>, Error> {
        let start = read_some(file, "first sector", 0, SECTOR)?;
        if is_text(&start) {
            let bytes = read_some(file, "descriptor", 0, bounded(file.len())?)?;
            return Self::parse(&bytes).map(Some);
        }
        let Some(header) = SparseHeader::parse(&start)? else {
            return Ok(None);
        };
        if header.descriptor_offset == 0 || header.descriptor_sectors == 0 {
            return Ok(None);
        }
        let (offset, len) = (
            header.descriptor_offset.saturating_mul(SECTOR),
            header.descriptor_sectors.saturating_mul(SECTOR),
        );
        let bytes = read_some(file, "descriptor", offset, bounded(len)?)?;
        if bytes.is_empty() {
            let (structure, file_len) = ("descriptor", file.len());
            return Err(Error::Outside { structure, offset, needed: len, file_len });
        }
        Ok(Some(Self { embedded: true, ..Self::parse(&bytes)? }))
    }

    /// Reads the text of a descriptor up to its first NUL.
    ///
    /// # Errors
    /// When a line that every disk needs is missing, or an extent line is not understood.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let text = decode_text(bytes.split(|byte| *byte == 0).next().unwrap_or_default());
        let setting = |key| text.lines().find_map(|line| setting(line, key));
        let cid = setting("CID").ok_or(Error::DescriptorLine("CID"))?;
        let parent_cid = setting("parentCID").map(content_id).transpose()?;
        let extents: Vec<_> = text
            .lines()
            .filter_map(|line| ExtentLine::parse(line).transpose())
            .collect::<Result<_, _>>()?;
        if extents.is_empty() {
            return Err(Error::DescriptorLine("that names an extent"));
        }
        Ok(Self {
            cid: content_id(cid)?,
            parent_cid: parent_cid.filter(|cid| *cid != NO_PARENT),
            create_type: setting("createType").unwrap_or_default().to_owned(),
            parent_hint: setting("parentFileNameHint").map(str::to_owned),
            encoding: setting("encoding").map(str::to_owned),
            extents,
            embedded: false,
        })
    }
}

impl ExtentLine {
    /// Reads `RW 4192256 SPARSE "name.vmdk" 0`; `None` when the line is about something else.
    // Source: "Virtual Disk Format 5.0", "The Extent Description".
    fn parse(line: &str) -> Result<Option<Self>, Error> {
        let damaged = || Error::DescriptorText { line: line.to_owned() };
        let (access, rest) = match line.trim().split_once(char::is_whitespace) {
            Some(("RW", rest)) => (Access::ReadWrite, rest),
            Some(("RDONLY", rest)) => (Access::ReadOnly, rest),
            Some(("NOACCESS", rest)) => (Access::NoAccess, rest),
            _ => return Ok(None),
        };
        let (size, rest) = rest.trim_start().split_once(char::is_whitespace).ok_or_else(damaged)?;
        // A name may hold spaces and quotes: it reaches from the first quote to the last.
        let (kind, file, offset) = match (rest.find('"'), rest.rfind('"')) {
            (Some(open), Some(close)) if open < close => {
                let part = |range| rest.get(range).unwrap_or_default();
                (part(0..open), part(open + 1..close), part(close + 1..rest.len()))
            }
            _ => (rest, "", ""),
        };
        let kind = ExtentKind::named(kind.trim());
        if file.is_empty() && kind != ExtentKind::Zero {
            return Err(damaged());
        }
        let offset_sectors = match offset.split_whitespace().next() {
            Some(number) => number.parse().map_err(|_| damaged())?,
            None => 0,
        };
        let size_sectors = size.parse().map_err(|_| damaged())?;
        Ok(Some(Self { access, size_sectors, kind, file: file.to_owned(), offset_sectors }))
    }
}

impl ExtentKind {
    fn named(name: &str) -> Self {
        match name {
            "FLAT" | "VMFS" => Self::Flat,
            "SPARSE" => Self::Sparse,
            "ZERO" => Self::Zero,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// Returns the value of `key = "value"`, whatever the case of the key.
fn setting<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let (name, value) = line.split_once('=')?;
    name.trim().eq_ignore_ascii_case(key).then(|| value.trim().trim_matches('"'))
}

fn content_id(text: &str) -> Result<u32, Error> {
    u32::from_str_radix(text, 16).map_err(|_| Error::DescriptorText { line: text.to_owned() })
}

fn is_text(start: &[u8]) -> bool {
    let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start).trim_ascii_start();
    start.get(..SIGNATURE.len()).is_some_and(|head| head.eq_ignore_ascii_case(SIGNATURE))
}

fn bounded(len: u64) -> Result<u64, Error> {
    let limit = MAX_LEN;
    if len <= limit { Ok(len) } else { Err(Error::DescriptorLen { stated: len, limit }) }
}

fn read_some(
    file: &dyn ReadAt,
    structure: &'static str,
    offset: u64,
    len: u64,
) -> Result<Vec<u8>, Error> {
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    file.read_vec_at(offset, len).map_err(|source| Error::Read { structure, offset, source })
}

/// Reads `bytes` as UTF-8 or, where they are not, as Windows-1252.
///
/// Names in descriptors, in `.vmx` files and in archives all go through here, so that equal bytes
/// give equal names even in an encoding that is neither.
// Source: "Virtual Disk Format 5.0", "The Header" (encoding); https://encoding.spec.whatwg.org/
pub fn decode_text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| windows_1252(*byte)).collect(),
    }
}

fn windows_1252(byte: u8) -> char {
    const FROM_80: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8D}', 'Ž',
        '\u{8F}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9D}',
        'ž', 'Ÿ',
    ];
    let high = byte.checked_sub(0x80).and_then(|index| FROM_80.get(usize::from(index)));
    high.copied().unwrap_or(char::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPLIT: &str = "# Disk DescriptorFile\nversion=1\nencoding=\"UTF-8\"\nCID=5410f8cc\n\
        parentCID=ffffffff\ncreateType=\"twoGbMaxExtentFlat\"\n\n# Extent description\n\
        RW 4192256 FLAT \"my \"own\" disk-f001.vmdk\" 128\r\nRDONLY 63 ZERO\n\
        NOACCESS 8 SESPARSE \"x\"\n";

    #[test]
    fn a_descriptor_is_read_line_by_line() {
        let descriptor = Descriptor::parse(SPLIT.as_bytes()).unwrap();
        assert_eq!((descriptor.cid, descriptor.parent_cid), (0x5410_F8CC, None));
        assert_eq!(descriptor.create_type, "twoGbMaxExtentFlat");
        let [flat, zero, other] = &descriptor.extents[..] else { panic!("{descriptor:?}") };
        assert_eq!((flat.file.as_str(), flat.offset_sectors), ("my \"own\" disk-f001.vmdk", 128));
        assert_eq!((zero.access, &zero.kind), (Access::ReadOnly, &ExtentKind::Zero));
        assert_eq!(other.kind, ExtentKind::Other("SESPARSE".into()));
    }

    #[test]
    fn a_descriptor_without_content_id_or_extents_is_none() {
        let without = |line: &str| {
            let text: String = SPLIT.lines().filter(|l| !l.contains(line)).collect();
            Descriptor::parse(text.as_bytes()).unwrap_err().to_string()
        };
        assert_eq!(without("CID"), "descriptor: no line CID");
        let text = "# Disk DescriptorFile\nCID=1\n";
        let error = Descriptor::parse(text.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "descriptor: no line that names an extent");
        let text = "CID=1\nRW many SPARSE \"x\"\n";
        assert!(Descriptor::parse(text.as_bytes()).is_err());
    }

    #[test]
    fn names_that_are_not_utf8_are_windows_1252() {
        assert_eq!(decode_text(b"M\xFCller\x80"), "Müller€");
        assert_eq!(decode_text("Müller".as_bytes()), "Müller");
    }
}
