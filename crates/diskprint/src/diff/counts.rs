use super::Comparison;
use crate::Delta;

/// How many differences there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// New files and streams.
    pub files_new: u64,
    /// Deleted files and streams.
    pub files_deleted: u64,
    /// Renamed files, those whose content differs as well among them.
    pub files_renamed: u64,
    /// Files whose metadata alone differs.
    pub files_changed: u64,
    /// Files and streams whose content differs, renamed ones among them.
    pub files_modified: u64,
    /// New keys and values.
    pub cells_new: u64,
    /// Deleted keys and values.
    pub cells_deleted: u64,
    /// Altered keys and values.
    pub cells_altered: u64,
    /// Files of which journals tell what neither state shows.
    pub interim_files: u64,
}

impl Comparison {
    /// Counts the differences.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for delta in &self.files {
            match delta {
                Delta::New(_) => counts.files_new += 1,
                Delta::Deleted(_) => counts.files_deleted += 1,
                Delta::Altered { changes, .. } => {
                    counts.files_renamed += u64::from(changes.renamed);
                    counts.files_modified += u64::from(changes.modified);
                    counts.files_changed += u64::from(!changes.renamed && !changes.modified);
                }
            }
        }
        for delta in &self.cells {
            match delta {
                Delta::New(_) => counts.cells_new += 1,
                Delta::Deleted(_) => counts.cells_deleted += 1,
                Delta::Altered { .. } => counts.cells_altered += 1,
            }
        }
        let files = self.interim.chunk_by(|a, b| a.is_of_same_file(b));
        counts.interim_files = files.count() as u64;
        counts
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.cells.is_empty()
    }
}
