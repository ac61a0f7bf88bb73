use std::sync::Arc;

use diskprint_formats::ntfs::{self, StreamReader};
use diskprint_formats::{ReadAt, walked};

/// The bytes of a volume, in which the contents of its files lie.
#[derive(Clone, Copy)]
pub(super) struct Volume<'v> {
    pub(super) reader: &'v dyn ReadAt,
    /// What the places of contents in it are multiples of, in bytes.
    pub(super) unit: u32,
}

/// What an entry holds.
#[derive(Clone)]
pub(super) enum Content {
    /// In the volume. NTFS keeps contents in every way that others do, so its type serves all.
    Stored(ntfs::Content),
    /// Made of what lies elsewhere.
    Made(Arc<dyn ReadAt>),
}

impl Content {
    /// Length in bytes.
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Stored(content) => content.len(),
            Self::Made(reader) => reader.len(),
        }
    }

    /// Its bytes, inflated and with its holes filled.
    pub(super) fn reader<'c>(&'c self, volume: &Volume<'c>) -> Box<dyn ReadAt + 'c> {
        match self {
            Self::Stored(content) => Box::new(StreamReader::new(volume.reader, content)),
            Self::Made(reader) => Box::new(reader),
        }
    }
}

impl From<ntfs::Content> for Content {
    fn from(content: ntfs::Content) -> Self {
        Self::Stored(content)
    }
}

impl TryFrom<walked::Content> for Content {
    type Error = ();

    /// # Errors
    /// Where the content is lost.
    fn try_from(content: walked::Content) -> Result<Self, ()> {
        Ok(match content {
            walked::Content::Extents(extents) => ntfs::Content::NonResident(extents).into(),
            walked::Content::Inline { bytes, fs_offset } => {
                ntfs::Content::Resident { value: bytes, fs_offset }.into()
            }
            walked::Content::Made(reader) => Self::Made(reader),
            walked::Content::Lost { .. } => return Err(()),
        })
    }
}
