//! Disks in E01 images: which files are the segments of one.

use std::io;
use std::path::Path;
use std::sync::Arc;

use diskprint_formats::ewf::{self, Image, ex01, extension, is_segment, segment_number};
use diskprint_formats::{ReadAt, ReadAtExt};

use crate::file_set::FileSet;
use crate::machine::{MachineDisk, MachineError};
use crate::{Fault, Place, Step};

/// Whether a file is a segment of an E01 image, or of a relative that is refused by name.
pub(crate) fn is_ewf(file: &dyn ReadAt) -> io::Result<bool> {
    Ok(is_segment(&file.read_vec_at(0, 8)?))
}

/// The paths of all first segments, sorted.
pub(crate) fn first_segments(files: &FileSet<'_>) -> Vec<String> {
    let is_first = |path: &&str| {
        files.open(path).is_ok_and(|file| {
            is_ewf(&file).unwrap_or(false) && !matches!(segment_number(&file, 1), Ok(2..))
        })
    };
    files.paths().filter(is_first).map(str::to_owned).collect()
}

/// Opens the disk whose first segment is at `path`; the others are beside it.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn open(
    files: &FileSet<'_>,
    number: u32,
    path: &str,
    faults: &mut Vec<Fault>,
) -> Result<MachineDisk, MachineError> {
    let mut paths = vec![path.to_owned()];
    for segment in 2.. {
        let Some(name) = segment_name(path, segment) else { break };
        let Some(found) = files.beside(path, &name) else { break };
        paths.push(found.to_owned());
    }
    let opened = |path: &String| {
        let file = files.open(path);
        file.map_err(|source| MachineError::Open { path: path.clone(), source })
    };
    let segments = paths.iter().map(opened).collect::<Result<_, _>>()?;
    let failed =
        |source: ewf::Error| MachineError::Archive { path: path.to_owned(), source: source.into() };
    let place = Place::from(Step::Disk(number)).then(Step::Member(path.to_owned()));
    let mut tell = |findings: &[ewf::Error]| {
        faults.extend(findings.iter().map(|found| Fault::new(place.clone(), found, "")));
    };
    let is_ex01 =
        |file: &Arc<dyn ReadAt>| file.read_vec_at(0, 8).is_ok_and(|start| ex01::is_segment(&start));
    let segments: Vec<Arc<dyn ReadAt>> = segments;
    let (stored, format, reader): (_, _, Arc<dyn ReadAt>) = match segments.iter().any(is_ex01) {
        true => {
            let image = ex01::Image::open(segments).map_err(failed)?;
            tell(image.findings());
            (image.stored_hashes(), "ex01", Arc::new(image))
        }
        false => {
            let image = Image::open(segments).map_err(failed)?;
            tell(image.findings());
            (image.stored_hashes(), "e01", Arc::new(image))
        }
    };
    let (format, stored_hashes) = (format.to_owned(), Some(stored));
    Ok(MachineDisk { number, format, files: paths, reader, stored_hashes })
}

/// Opens the disks of all E01 images in `files`.
///
/// A disk that cannot be read is a fault when another one can.
///
/// # Errors
/// When there are some and none can be read: why the first cannot.
pub(crate) fn open_all(
    files: &FileSet<'_>,
    faults: &mut Vec<Fault>,
) -> Result<Vec<MachineDisk>, MachineError> {
    let (mut disks, mut failures) = (Vec::new(), Vec::new());
    for (number, path) in (1..).zip(first_segments(files)) {
        match open(files, number, &path, faults) {
            Ok(disk) => disks.push(disk),
            Err(error) => failures.push((Place::from(Step::Disk(number)), error)),
        }
    }
    if disks.is_empty() && !failures.is_empty() {
        let (_, first) = failures.remove(0);
        return Err(first);
    }
    faults
        .extend(failures.iter().map(|(place, error)| Fault::new(place.clone(), error, "the disk")));
    Ok(disks)
}

/// E01 images beside the disks that were read, which have nothing to do with them.
pub(crate) fn unused(files: &FileSet<'_>) -> Vec<Fault> {
    let fault = |path| {
        let what = "the disk is not connected to the machine";
        Fault::text(Place::from(Step::Member(path)), what, "the disk")
    };
    first_segments(files).into_iter().map(fault).collect()
}

/// The name of another segment of the image whose first one is at `path`.
fn segment_name(path: &str, segment: u32) -> Option<String> {
    let name = Path::new(path).file_name()?.to_str()?;
    let (stem, ending) = name.rsplit_once('.')?;
    if ending.eq_ignore_ascii_case("Ex01") {
        return Some(format!("{stem}.{}", ex01::extension(segment)?));
    }
    let first = ending.chars().next().filter(|_| ending.ends_with("01") && ending.len() == 3)?;
    Some(format!("{stem}.{}", extension(first, segment)?))
}
