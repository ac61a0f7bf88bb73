use diskprint_formats::Extents;
use diskprint_formats::ntfs::Content;

/// Holes of one content that are digested at most, in bytes: at a gigabyte a second or less, more
/// would let a few bytes of image keep the program busy for hours.
const MOST_HOLES: u64 = 16 << 30;
/// Holes of all contents of a volume that are digested at most, in bytes: so many times its length, and
/// these of any volume, but no more than all.
const MOST_HOLES_TOGETHER: u64 = 64 << 30;
const MOST_TIMES_OF_HOLES: u64 = 64;
const HOLES_OF_ANY: u64 = 1 << 30;
/// How many times the length of the volume is digested at most. Files that share no cluster stay
/// below one, but where they are compressed: there a stored cluster can be sixteen of content.
/// Deleted files may share clusters with each other.
const MOST_TIMES: u64 = 32;

/// How much may still be digested of a volume, in bytes, so that files that share clusters cannot
/// make the work grow with their number.
pub(super) struct Effort {
    stored: u64,
    holes: u64,
}

impl Effort {
    pub(super) fn new(volume_len: u64) -> Self {
        let holes = volume_len.saturating_mul(MOST_TIMES_OF_HOLES).saturating_add(HOLES_OF_ANY);
        Self {
            stored: volume_len.saturating_mul(MOST_TIMES),
            holes: holes.min(MOST_HOLES_TOGETHER),
        }
    }

    /// Takes what digesting a content needs, or says why it is too much.
    pub(super) fn spend(&mut self, cost: &Cost) -> Result<(), String> {
        let Cost { len, stored, holes } = *cost;
        if holes > MOST_HOLES {
            return Err(format!("{holes} bytes of holes; {MOST_HOLES} are read at most"));
        }
        let (Some(stored), Some(holes)) =
            (self.stored.checked_sub(stored), self.holes.checked_sub(holes))
        else {
            return Err(format!(
                "{len} bytes; the contents of the volume are longer together than is plausible, \
                 and of what was left {} bytes of clusters and {} of holes could be read",
                self.stored, self.holes
            ));
        };
        *self = Self { stored, holes };
        Ok(())
    }
}

/// What digesting a content needs, in bytes.
#[derive(Default)]
pub(super) struct Cost {
    len: u64,
    stored: u64,
    holes: u64,
}

impl Cost {
    pub(super) fn of(extents: &Extents) -> Self {
        // How much of compressed content its holes are can only be told by reading it.
        let stored = if extents.unit_clusters > 0 { u64::MAX } else { extents.stored_len() };
        let stored = stored.min(extents.data_size);
        Self { len: extents.data_size, stored, holes: extents.data_size - stored }
    }

    /// What a content of `len` bytes needs of which it is not known what it is made of.
    pub(super) fn made(len: u64) -> Self {
        Self { len, stored: 0, holes: len }
    }

    /// What inflating `len` bytes needs: those that are not stored can be made of next to nothing,
    /// as holes can.
    pub(super) fn inflated(packed: &Content, len: u64) -> Self {
        let stored = match packed {
            Content::NonResident(extents) => extents.stored_len(),
            packed => packed.len(),
        };
        let stored = stored.min(len);
        Self { len, stored, holes: len - stored }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_volume_cannot_ask_for_many_holes() {
        let content = |gib: u64| Cost { len: gib << 30, stored: 0, holes: gib << 30 };
        let digested = |volume_len: u64, gib: u64| {
            let mut effort = Effort::new(volume_len);
            (0..100).take_while(|_| effort.spend(&content(gib)).is_ok()).count()
        };
        assert_eq!([1, 2].map(|gib| digested(60 << 10, gib)), [1, 0]);
        assert_eq!([1, 16, 17].map(|gib| digested(1 << 30, gib)), [64, 4, 0]);
        assert_eq!(digested(u64::MAX, 16), 4);
    }
}
