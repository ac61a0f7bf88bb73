//! For tests: builders that write disks, volumes and hives from their specifications, never from
//! the readers' own structs, so that a mistake cannot agree with itself.

pub mod apfs;
pub mod archive;
pub mod ewf;
pub mod ex01;
pub mod gpt;
pub mod hostile;
#[cfg(target_os = "linux")]
pub mod kill_point;
pub mod mbr;
pub mod need;
pub mod ntfs;
pub mod original;
pub mod postgres;
pub mod random;
pub mod regf;
pub mod sequences;
pub mod small_disk;
pub mod udf;
pub mod vhdx;
pub mod vmdk;
