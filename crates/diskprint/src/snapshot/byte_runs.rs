use diskprint_formats::ntfs::Content;
use diskprint_formats::{Extents, Run};

use crate::{ByteRun, ByteRuns, FileEntry, RunKind};

/// Where a content lies; the runs end where the content does.
pub(super) fn byte_runs(content: &Content, img_start: u64) -> ByteRuns {
    let extents = match content {
        Content::Resident { value, .. } if value.is_empty() => return ByteRuns::default(),
        Content::Resident { value, fs_offset } => {
            let (len, kind) = (value.len() as u64, RunKind::Resident);
            let run = ByteRun { file_offset: 0, fs_offset: *fs_offset, len, kind };
            return ByteRuns::new(img_start, [run]);
        }
        Content::NonResident(extents) => extents,
        // Its bytes lie nowhere; where they are compressed, the stream that has them says.
        Content::Overlaid { .. } => return ByteRuns::default(),
    };
    let cluster_size = u64::from(extents.cluster_size);
    let compressed = extents.unit_clusters > 0;
    let runs = extents.runs.iter().map(|run| {
        let file_offset = run.vcn.saturating_mul(cluster_size);
        let left = extents.data_size.saturating_sub(file_offset);
        let len = run.clusters.saturating_mul(cluster_size).min(left);
        let fs_offset = run.lcn.and_then(|lcn| lcn.checked_mul(cluster_size));
        let kind = match (run.lcn, compressed) {
            (None, _) => RunKind::Sparse,
            (Some(_), true) => RunKind::Compressed,
            (Some(_), false) => RunKind::Data,
        };
        ByteRun { file_offset, fs_offset, len, kind }
    });
    ByteRuns::new(img_start, runs.take_while(|run| run.len > 0))
}

/// Whether [`content`] gives this content back.
pub(super) fn is_told_by_runs(extents: &Extents) -> bool {
    extents.unit_clusters == 0 && extents.initialized_size == extents.data_size
}

/// The content of an entry whose runs tell all of it.
pub(super) fn content(entry: &FileEntry, cluster_size: u32) -> Content {
    let in_clusters = |bytes: u64| bytes / u64::from(cluster_size);
    let runs = entry.runs.iter().map(|run| Run {
        vcn: in_clusters(run.file_offset),
        lcn: run.fs_offset.map(in_clusters),
        clusters: run.len.div_ceil(u64::from(cluster_size)),
    });
    Content::NonResident(Extents {
        runs: runs.collect(),
        cluster_size,
        data_size: entry.size,
        initialized_size: entry.size,
        unit_clusters: 0,
    })
}
