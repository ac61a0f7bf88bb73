use super::big_data;
use super::cell::{Cell, Cells, Span};
use super::error::{Error, Structure};
use super::fault::Faults;
use super::key_value::{DataPlace, KeyValue};

/// Where a value's data are in the file.
#[derive(Debug)]
pub(super) enum Data {
    One(Span),
    Big(Vec<Span>),
}

impl Default for Data {
    fn default() -> Self {
        Self::One(Span::default())
    }
}

impl Data {
    /// Finds the data of `value` in a hive of that minor version; what is wrong with them goes to
    /// `faults`, and what of them cannot be read is missing at the end.
    pub(super) fn find(
        cells: &Cells<'_>,
        value: &KeyValue,
        minor_version: u32,
        faults: &mut Faults,
    ) -> Self {
        match value.data {
            DataPlace::Empty => Self::default(),
            DataPlace::Resident { span, stated } => {
                if u64::from(stated) > span.len {
                    faults.push(Error::ResidentSize { offset: value.offset, stated });
                }
                Self::One(span)
            }
            DataPlace::Cell { offset, len } => match cells.get(Structure::Data, offset, faults) {
                Some(cell) => Self::in_cell(cells, &cell, len, minor_version, faults),
                None => Self::default(),
            },
        }
    }

    fn in_cell(
        cells: &Cells<'_>,
        cell: &Cell<'_>,
        len: u32,
        minor_version: u32,
        faults: &mut Faults,
    ) -> Self {
        let there = usize::try_from(len).unwrap_or(usize::MAX).min(cell.bytes.len());
        let short = (there as u64) < u64::from(len);
        if short && big_data::divides(len, minor_version) && cell.bytes.starts_with(b"db") {
            return Self::Big(big_data::segments(cells, cell, len, faults));
        }
        if short {
            let found = u32::try_from(there).unwrap_or(len);
            faults.push(Error::DataShort { offset: cell.offset, stated: len, found });
        }
        Self::One(cell.span(0, there))
    }

    /// The places of the data in their order; one empty place where there are none.
    pub(super) fn spans(&self) -> &[Span] {
        match self {
            Self::One(span) => std::slice::from_ref(span),
            Self::Big(spans) => spans,
        }
    }

    /// Length of the data in bytes.
    pub(super) fn len(&self) -> u64 {
        self.spans().iter().fold(0, |sum, span| span.len.saturating_add(sum))
    }
}
