//! The change journal of a volume, $Extend/$UsnJrnl: what happened to its files, in order.
//!
//! Its stream $J only grows at its end; a record's update sequence number (USN) is its offset there.
//! What is too old is made a hole again. $Max says which journal it is.
// Source: [MS-FSCC] 2.3 for the records; the Linux-NTFS documentation, "$UsnJrnl", for the streams.

mod record;

use std::ops::Range;

pub use record::{UsnRecord, reason};

use super::{AttributeType, Content, Error, File, Volume};
use crate::bytes::u64_le;
use crate::{Extents, ReadAt, ReadAtExt};

/// Records do not cross the borders of pages of this size in $J.
// Source: winioctl.h, USN_PAGE_SIZE.
const PAGE: u64 = 4096;
/// No USN is greater: they are signed numbers. It is a multiple of all sizes of clusters.
const MOST_USN: u64 = 1 << 62;
/// How many bytes of $J are read at once.
const CHUNK: u64 = 64 * PAGE;

/// A change journal.
pub struct UsnJournal<'v> {
    volume: &'v dyn ReadAt,
    content: Content,
    id: u64,
    /// Parts of $J that are stored, in order.
    stored: Vec<Range<u64>>,
    lowest: u64,
    data_size: u64,
}

impl<'v> UsnJournal<'v> {
    /// Opens the journal whose streams the file $UsnJrnl holds; `None` where it has no records: there
    /// is no $J, or $Max was never written.
    ///
    /// # Errors
    /// When $Max or the runs of $J cannot be read.
    pub fn open(volume: &'v Volume<impl ReadAt>, file: File) -> Result<Option<Self>, Error> {
        let (mut max, mut records) = (None, None);
        for stream in file.streams {
            match stream.name.to_str() {
                Some("$Max") if stream.kind == AttributeType::DATA => max = Some(stream.content),
                Some("$J") if stream.kind == AttributeType::DATA => records = Some(stream.content),
                _ => {}
            }
        }
        let (Some(max), Some(content)) = (max, records) else { return Ok(None) };
        let max = volume.content_reader(&max?).read_vec_at(0, 32)?;
        Self::of_streams(volume.reader(), &max, content?).map(Some)
    }

    /// The journal of which $Max begins with `max`, and $J is `content` in these bytes of a volume.
    ///
    /// # Errors
    /// When $Max is too short.
    pub fn of_streams(volume: &'v dyn ReadAt, max: &[u8], content: Content) -> Result<Self, Error> {
        let (Some(id), Some(lowest)) = (u64_le(max, 0x10), u64_le(max, 0x18)) else {
            let (structure, field) = ("$UsnJrnl:$Max", "length");
            let (found, room) = (32, max.len());
            return Err(Error::Size { structure, offset: 0, field, found, room });
        };
        let data_size = content.len();
        let (content, stored) = whole(content);
        Ok(Self { volume, content, id, stored, lowest, data_size })
    }

    /// Which journal it is: one that is deleted and made anew has another number.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The first USN that records can still have.
    pub fn first(&self) -> u64 {
        self.lowest.max(self.stored.first().map_or(self.data_size, |stored| stored.start))
    }

    /// The USN that the next record would have had: the end of the last one; the first USN where
    /// there is none.
    ///
    /// # Errors
    /// When $J cannot be read.
    pub fn next(&self) -> Result<u64, Error> {
        let mut left = self.volume.len();
        for stored in self.stored.iter().rev() {
            let mut end = stored.end;
            while end > stored.start && left > 0 {
                let start = (end - 1).next_multiple_of(CHUNK).saturating_sub(CHUNK);
                let start = start.max(stored.start);
                left = left.saturating_sub(end - start);
                let mut last = None;
                self.chunk(start..end, &mut |found| {
                    last = found.ok().map(|found| found.end).max(last);
                })?;
                if let Some(last) = last {
                    return Ok(last.max(self.first()));
                }
                end = start;
            }
        }
        Ok(self.first())
    }

    /// Hands out the records from USN `from` on, in order, and what is damaged among them. Records of
    /// a version that names no file are passed over.
    ///
    /// Behind the length of $J that the file record states, which Windows writes late, records are
    /// read for as long as they follow one another.
    ///
    /// # Errors
    /// When $J cannot be read, or is longer than its volume: what comes then is left out.
    pub fn records(
        &self,
        from: u64,
        take: &mut dyn FnMut(Result<UsnRecord, Error>),
    ) -> Result<(), Error> {
        let from = from.max(self.first());
        let mut left = self.volume.len();
        for stored in self.stored.iter().filter(|stored| stored.end > from) {
            let mut start = stored.start.max(from / PAGE * PAGE);
            while start < stored.end {
                let end = (start + 1).next_multiple_of(CHUNK).min(stored.end);
                left = left.checked_sub(end - start).ok_or(Error::LongJournal)?;
                self.chunk(start..end, &mut |found| match found {
                    Ok(Parsed { record: Some(record), .. }) if record.usn >= from => {
                        take(Ok(record));
                    }
                    Ok(_) => {}
                    Err(error) => take(Err(error)),
                })?;
                start = end;
            }
        }
        Ok(())
    }

    /// Parses the pages of one stretch of $J.
    fn chunk(
        &self,
        range: Range<u64>,
        take: &mut dyn FnMut(Result<Parsed, Error>),
    ) -> Result<(), Error> {
        let len = usize::try_from(range.end - range.start).unwrap_or(0);
        let reader = super::StreamReader::new(self.volume, &self.content);
        let bytes = reader.read_vec_at(range.start, len)?;
        for (number, page) in (0u64..).zip(bytes.chunks(PAGE as usize)) {
            self.page(page, range.start + number * PAGE, take);
        }
        Ok(())
    }

    /// Parses a page, up to what is no record; the rest of the page is then not known.
    fn page(&self, page: &[u8], start: u64, take: &mut dyn FnMut(Result<Parsed, Error>)) {
        let mut at = 0;
        while let Some(rest) = page.get(at..).filter(|rest| rest.len() >= 8) {
            let usn = start + at as u64;
            match UsnRecord::parse(rest, usn) {
                Ok(None) => return,
                Ok(Some((record, len))) => {
                    let end = usn.saturating_add(len as u64);
                    take(Ok(Parsed { record, end }));
                    at += len;
                }
                // What lies there was never part of the journal.
                Err(_) if usn >= self.data_size => return,
                Err(what) => return take(Err(Error::UsnRecord { usn, what })),
            }
        }
    }
}

/// A record, if it is of a version that names a file, and the USN behind it.
struct Parsed {
    record: Option<UsnRecord>,
    end: u64,
}

/// The content with all of its clusters as written, and the parts of it that are stored.
fn whole(content: Content) -> (Content, Vec<Range<u64>>) {
    match content {
        Content::NonResident(extents) if extents.unit_clusters == 0 => {
            let stored = stored(&extents);
            let end = stored.last().map_or(0, |stored| stored.end);
            let whole = Extents { data_size: end, initialized_size: end, ..extents };
            (Content::NonResident(whole), stored)
        }
        content => {
            let stored = Some(0..content.len()).filter(|stored| !stored.is_empty());
            (content, stored.into_iter().collect())
        }
    }
}

/// Byte ranges of runs that are no holes, neighbours joined, from whole pages on: what is made a hole
/// is a multiple of them.
fn stored(extents: &Extents) -> Vec<Range<u64>> {
    let mut stored: Vec<Range<u64>> = Vec::new();
    for run in extents.runs.iter().filter(|run| run.lcn.is_some()) {
        let byte = |vcn: u64| vcn.saturating_mul(extents.cluster_size.into()).min(MOST_USN);
        let (start, end) = (byte(run.vcn), byte(run.end_vcn()));
        match stored.last_mut() {
            Some(last) if last.end == start => last.end = end,
            _ if start < end => stored.push(start..end),
            _ => {}
        }
    }
    stored.iter_mut().for_each(|stored| stored.start = stored.start.next_multiple_of(PAGE));
    stored.retain(|stored| stored.start < stored.end);
    stored
}
