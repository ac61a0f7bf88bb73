use super::Error;
use super::record::{long_time, short_time};
use crate::bytes::{read_whole, u32_le, window};
use crate::{Name, ReadAt, Times};

/// What Rock Ridge says of a file; what it does not say is `None`.
#[derive(Clone, Debug, Default)]
pub(super) struct RockRidge {
    /// NM.
    pub name: Option<Vec<u8>>,
    /// PX: mode, number of names, owner.
    pub mode: Option<(u32, u32, u32)>,
    /// TF.
    pub times: Times,
    /// SL: where a link leads to.
    pub target: Option<Vec<u8>>,
    /// CL: the block of the directory that stands here.
    pub child: Option<u64>,
    /// RE: it stands elsewhere, under its name.
    pub is_moved: bool,
    /// ZF: it is compressed.
    pub is_compressed: bool,
}

/// How many areas that continue one are read, and how long each may be.
const MOST_AREAS: usize = 64;
const LONGEST_AREA: u32 = 1 << 16;

/// Reads an area of `len` bytes at `start`, both in bytes, and takes these from `left`.
fn continued(volume: &dyn ReadAt, start: u64, len: u32, left: &mut u64) -> Result<Vec<u8>, Error> {
    let area = |what| Error::Area { what };
    if len > LONGEST_AREA {
        return Err(area("one is longer than 64 KiB"));
    }
    *left = left.checked_sub(len.into()).ok_or(area("all together are longer than the volume"))?;
    let bytes = read_whole(volume, start, len.into())?;
    bytes.ok_or(area("one is not in the volume"))
}

/// Says how many bytes of each area to skip when the root's own record has the entry SP, which says
/// that the volume uses all this.
// Source: SUSP 1.12, 5.3.
pub(super) fn skip(system_use: &[u8]) -> Option<usize> {
    // CD-ROM XA has 14 bytes before it.
    [0, 14].into_iter().find_map(|at| {
        let entry = window(system_use, at, 7)?;
        let is_there = entry.starts_with(b"SP") && entry.get(4..6) == Some(&[0xBE, 0xEF]);
        is_there.then(|| usize::from(entry.get(6).copied().unwrap_or(0)))
    })
}

impl RockRidge {
    /// Reads the entries of a record's system use area, and of those that continue it, which may take
    /// `left` bytes. What they said before an error counts.
    // Source: SUSP 1.12, 5.1.
    pub fn read(
        volume: &dyn ReadAt,
        block_size: u32,
        area: &[u8],
        left: &mut u64,
    ) -> (Self, Option<Error>) {
        let mut own = Self::default();
        let mut next = own.entries(area);
        for _ in 0..MOST_AREAS {
            let Some((block, offset, len)) = next else { return (own, None) };
            let start = u64::from(block).saturating_mul(block_size.into());
            match continued(volume, start.saturating_add(offset.into()), len, left) {
                Ok(bytes) => next = own.entries(&bytes),
                Err(error) => return (own, Some(error)),
            }
        }
        let error =
            next.map(|_| Error::Area { what: "there are more than 64, or they are a loop" });
        (own, error)
    }

    /// Takes what the entries of one area say; returns where it goes on.
    // Source: SUSP 1.12, 4.1, 5.1.
    fn entries(&mut self, area: &[u8]) -> Option<(u32, u32, u32)> {
        let (mut at, mut next) = (0, None);
        while let Some(rest) = area.get(at..).filter(|rest| rest.len() >= 4) {
            let len = usize::from(rest.get(2).copied()?);
            let Some(entry) = window(rest, 0, len).filter(|entry| entry.len() >= 4) else { break };
            let data = entry.get(4..).unwrap_or_default();
            match entry.get(..2)? {
                b"CE" => next = Some((u32_le(data, 0)?, u32_le(data, 8)?, u32_le(data, 16)?)),
                b"ST" => return next,
                kind => self.entry(kind, data),
            }
            at += len;
        }
        next
    }

    // Source: RRIP 1.12, 4.1.
    fn entry(&mut self, kind: &[u8], data: &[u8]) {
        match kind {
            b"NM" => self.add_name(data),
            b"PX" => {
                let fields = (u32_le(data, 0), u32_le(data, 8), u32_le(data, 16));
                if let (Some(mode), Some(links), Some(owner)) = fields {
                    self.mode = Some((mode, links, owner));
                }
            }
            b"TF" => self.add_times(data),
            b"SL" => self.add_target(data),
            b"CL" => self.child = u32_le(data, 0).map(u64::from),
            b"RE" => self.is_moved = true,
            b"ZF" => self.is_compressed = true,
            _ => {}
        }
    }

    /// Flags 2 and 4 stand for this directory and the one above.
    fn add_name(&mut self, data: &[u8]) {
        if let Some((flags, part)) = data.split_first()
            && flags & 6 == 0
        {
            self.name.get_or_insert_default().extend_from_slice(part);
        }
    }

    fn add_times(&mut self, data: &[u8]) {
        let Some((flags, mut rest)) = data.split_first() else { return };
        let len = if flags & 0x80 != 0 { 17 } else { 7 };
        let Times { mtime, atime, ctime, crtime } = &mut self.times;
        for (bit, time) in [crtime, mtime, atime, ctime].into_iter().enumerate() {
            if flags & (1 << bit) == 0 {
                continue;
            }
            let Some((stored, behind)) = rest.split_at_checked(len) else { return };
            *time = if len == 7 { short_time(stored) } else { long_time(stored) };
            rest = behind;
        }
    }

    /// Components: flags 2 and 4 as of a name, 8 the root, 1 that the next one goes on with this.
    // Source: RRIP 1.12, 4.1.3.1.
    fn add_target(&mut self, data: &[u8]) {
        let target = self.target.get_or_insert_default();
        let mut rest = data.get(1..).unwrap_or_default();
        while let [flags, len, behind @ ..] = rest {
            let (own, next) = behind.split_at(behind.len().min(usize::from(*len)));
            if !target.is_empty() && target.last() != Some(&b'/') && target.last() != Some(&0) {
                target.push(b'/');
            }
            if target.last() == Some(&0) {
                target.pop();
            }
            match flags & 0x0E {
                2 => target.push(b'.'),
                4 => target.extend(b".."),
                8 => target.push(b'/'),
                _ => target.extend_from_slice(own),
            }
            // A mark that is taken away again: what comes next belongs to the same name.
            if flags & 1 != 0 {
                target.push(0);
            }
            rest = next;
        }
    }

    /// The name, as text where it is some.
    pub fn name(&self) -> Option<Name> {
        self.name.as_deref().map(text)
    }

    /// Where a link leads to.
    pub fn target(&self) -> Option<Name> {
        self.target.as_deref().map(|target| text(target.strip_suffix(&[0]).unwrap_or(target)))
    }
}

/// What is no UTF-8 is taken byte by byte.
fn text(bytes: &[u8]) -> Name {
    match std::str::from_utf8(bytes) {
        Ok(text) => Name::from(text),
        Err(_) => Name::from_latin1(bytes),
    }
}
