use diskprint_formats::ntfs::Content;

use crate::{ByteRun, RunKind};

/// Where a content lies; the runs end where the content does.
pub(super) fn byte_runs(content: &Content, img_start: u64) -> Vec<ByteRun> {
    let img_offset = |fs: Option<u64>| fs.and_then(|fs| fs.checked_add(img_start));
    let extents = match content {
        Content::Resident { value, .. } if value.is_empty() => return Vec::new(),
        Content::Resident { value, fs_offset } => {
            let (len, kind) = (value.len() as u64, RunKind::Resident);
            let img_offset = img_offset(*fs_offset);
            return vec![ByteRun { file_offset: 0, fs_offset: *fs_offset, img_offset, len, kind }];
        }
        Content::NonResident(extents) => extents,
    };
    let cluster_size = u64::from(extents.cluster_size);
    let compressed = extents.unit_clusters > 0;
    let mut runs = Vec::new();
    for run in &extents.runs {
        let file_offset = run.vcn.saturating_mul(cluster_size);
        let left = extents.data_size.saturating_sub(file_offset);
        let len = run.clusters.saturating_mul(cluster_size).min(left);
        if len == 0 {
            break;
        }
        let fs_offset = run.lcn.and_then(|lcn| lcn.checked_mul(cluster_size));
        let kind = match (run.lcn, compressed) {
            (None, _) => RunKind::Sparse,
            (Some(_), true) => RunKind::Compressed,
            (Some(_), false) => RunKind::Data,
        };
        let img_offset = img_offset(fs_offset);
        runs.push(ByteRun { file_offset, fs_offset, img_offset, len, kind });
    }
    runs
}
