use super::index::{block_entries, has_blocks, root_entries, stale_entries};
use super::{AttributeType, Bitmap, Content, Error, IndexEntry, Stream, Volume};
use crate::{ReadAt, ReadAtExt};

/// How many errors are kept of one directory.
const MOST_ERRORS: usize = 16;

/// The names in use of a directory, and what is wrong with its index.
#[derive(Debug, Default)]
pub struct Names {
    /// The names.
    pub entries: Vec<IndexEntry>,
    /// What is left of names that it does not list any more, in the slack of its blocks. Some may be
    /// among those in use as well.
    pub stale: Vec<IndexEntry>,
    /// What could not be read of them.
    pub errors: Vec<Error>,
}

impl Names {
    fn take(&mut self, found: Result<Vec<IndexEntry>, Error>) {
        match found {
            Ok(found) => self.entries.extend(found),
            Err(_) if self.errors.len() == MOST_ERRORS => {
                self.errors.push(Error::TooMany { read: MOST_ERRORS });
            }
            Err(_) if self.errors.len() > MOST_ERRORS => {}
            Err(error) => self.errors.push(error),
        }
    }

    fn missing(&mut self, attribute: &'static str) {
        self.take(Err(Error::NoAttribute { attribute }));
    }
}

/// A stream of the index of file names.
fn i30(streams: &[Stream], kind: AttributeType) -> Option<&Stream> {
    streams.iter().find(|stream| stream.kind == kind && stream.name.as_bytes() == b"$I30")
}

impl<R: ReadAt> Volume<R> {
    /// Reads the names in use of the directory of record `of`, which has these streams, and what is
    /// left of others.
    ///
    /// `most_bytes` is how many bytes of index blocks may be read, and is lowered by what was: no
    /// two directories share blocks, so a volume has no more than its length of them.
    pub fn index_entries(&self, of: u64, streams: &[Stream], most_bytes: &mut u64) -> Names {
        let mut names = Names::default();
        let content = |kind| i30(streams, kind).map(|stream| &stream.content);
        let mut goes_on = false;
        match content(AttributeType::INDEX_ROOT) {
            Some(Ok(Content::Resident { value, .. })) => {
                goes_on = has_blocks(value);
                names.take(root_entries(value));
            }
            _ => names.missing("resident $INDEX_ROOT"),
        }
        match content(AttributeType::INDEX_ALLOCATION) {
            Some(Ok(blocks)) if blocks.len() > *most_bytes => {
                names.take(Err(Error::LongIndex { len: blocks.len(), limit: *most_bytes }));
            }
            Some(Ok(blocks)) => {
                *most_bytes = most_bytes.saturating_sub(blocks.len());
                self.read_blocks(of, streams, blocks, &mut names);
            }
            Some(Err(error)) => names.take(Err(Error::Index { what: error.to_string() })),
            None if goes_on => names.missing("$INDEX_ALLOCATION, which its root needs"),
            None => {}
        }
        names
    }

    fn read_blocks(&self, of: u64, streams: &[Stream], blocks: &Content, names: &mut Names) {
        let size = u64::from(self.boot_sector.index_block_size);
        let count = blocks.len() / size;
        let bitmap = self.block_bitmap(streams, count);
        match &bitmap {
            None => names.missing("readable $BITMAP of its index"),
            Some(bitmap) if bitmap.any_set(count..u64::MAX) => {
                let what = format!("the bitmap has more in use than the {count} that are there");
                names.take(Err(Error::Index { what }));
            }
            Some(_) => {}
        }
        let reader = self.content_reader(blocks);
        for number in 0..count {
            let in_use = bitmap.as_ref().is_none_or(|bitmap| bitmap.is_set(number));
            let stored = reader.read_vec_at(number * size, size as usize).map_err(Error::from);
            if let Ok(stored) = &stored {
                names.stale.extend(stale_entries(stored, in_use, of));
            }
            if in_use {
                let block = stored.and_then(|stored| block_entries(&stored));
                let whole = |source| Error::Block { number, source: Box::new(source) };
                names.take(block.map_err(whole));
            }
        }
    }

    /// Which index blocks are in use.
    fn block_bitmap(&self, streams: &[Stream], count: u64) -> Option<Bitmap> {
        let stream = i30(streams, AttributeType::BITMAP)?;
        let content = stream.content.as_ref().ok()?;
        let len = usize::try_from(content.len().min(count / 8 + 4096)).ok()?;
        Some(Bitmap::new(self.content_reader(content).read_vec_at(0, len).ok()?))
    }
}
