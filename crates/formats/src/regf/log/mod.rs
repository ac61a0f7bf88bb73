//! Transaction logs: what Windows had written down of a hive's changes before it wrote them to the
//! hive itself.
//!
//! [`recover`] applies them to the bytes of a primary file, in memory. Source: regf spec, "Format
//! of transaction log files" to "Multiple transaction log files", revision of 2018.
//!
//! Where the specification leaves room:
//!
//! - The sequence number of a recovered hive is that of the last entry applied.
//! - A log of the old format is applied when its last-written time is the hive's; one that ends
//!   before its last page is not applied at all. Before a dirty hive bin that is none recovery
//!   stops, and the pages before it stay, as in Windows: such a hive may be in a state that it
//!   never had, and [`LogReport::refused`] says so.
//! - A log that was itself not written whole is refused; Windows may repair its base block.
//! - Hive bins that a log of the new format leaves unsound stay as they are, and the hive's reader
//!   tells them as faults; Windows puts empty ones in their place.
//! - A hive grows by no more than its logs are long, and to 2 GiB at most.
//! - With a base block that is whole, the first log may begin later than the hive ends, as Windows
//!   allows; [`Recovery::missing`] says so. A later one must go on where the one before it ended.

mod error;
mod log_entry;
mod log_file;
mod marvin32;
mod new_log;
mod old_log;
mod primary;
mod recovery;
mod report;
mod sequence_number;

pub use error::LogError;
pub use recovery::{Recovery, recover};
pub use report::{Applied, Entries, LogFile, LogFormat, LogReport, State, Verdict};
