use std::io;
use std::sync::Arc;

/// What is wrong with a structure of a UDF volume.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// No anchor leads to the descriptors of a volume.
    #[error("no anchor leads to a {missing}")]
    NoVolume {
        /// The descriptor that none leads to.
        missing: &'static str,
    },
    /// The main sequence of descriptors is damaged.
    #[error("the main volume descriptors are damaged; the reserve was read")]
    FromReserve,
    /// The file of a metadata partition is damaged.
    #[error("the file of the metadata partition is damaged; its mirror was read")]
    FromMirror,
    /// A descriptor is none, or another.
    #[error("descriptor at offset {offset:#x}: {what}")]
    Descriptor {
        /// Where it is in the volume, in bytes.
        offset: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The sequence of a volume's descriptors is too long, or leads back to itself.
    #[error("the volume has more than {most} descriptors; those behind were not looked at")]
    LongSequence {
        /// How many are looked at.
        most: usize,
    },
    /// A descriptor's checksum does not fit; it was read as it is.
    #[error(
        "descriptor at offset {offset:#x}: its checksum is {stated:#06x}, its bytes give {computed:#06x}"
    )]
    Checksum {
        /// Where it is in the volume, in bytes.
        offset: u64,
        /// The checksum stored.
        stated: u16,
        /// The checksum of the bytes.
        computed: u16,
    },
    /// A field holds what it may not, or what is not read.
    #[error("{field} is {found:#x}")]
    Field {
        /// The field, as the specification names it.
        field: &'static str,
        /// What it holds.
        found: u64,
    },
    /// A block is none of the volume's.
    #[error(
        "block {block:#x} of partition {partition} and {count} behind it are not in the volume"
    )]
    Outside {
        /// Number of the partition among the volume's maps.
        partition: u16,
        /// The first block.
        block: u32,
        /// How many follow it.
        count: u64,
    },
    /// What says where a content lies is damaged.
    #[error("the allocation descriptors of its content: {what}")]
    Allocation {
        /// What is wrong.
        what: &'static str,
    },
    /// Names share entries, or contents their blocks, so often that they are many times the volume.
    #[error("what is read of its entries is many times the volume; no more is read")]
    Effort,
    /// A directory is in itself, or in two.
    #[error("the directory was read before, under another name")]
    Again,
    /// The directories are longer together than the volume.
    #[error("directories of more than {limit} bytes; no more are read")]
    LongDirectories {
        /// How many bytes of them are read.
        limit: u64,
    },
    /// A name is in no encoding that is known.
    #[error("a name is in an encoding that is not known: {0}")]
    Name(u8),
    /// A path is too long, or there are too many.
    #[error("its path is too long, or too many are")]
    LongPath,
    /// The bytes below could not be read.
    #[error("cannot be read")]
    Io(#[source] Arc<io::Error>),
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io(Arc::new(error))
    }
}
