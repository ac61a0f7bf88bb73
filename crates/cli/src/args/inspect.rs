use std::path::PathBuf;

use clap::Args;

/// Print any layer of an image, or of a hive file, as text
///
/// Layers go from the outside in. What is damaged is printed as far as it can be read, with the
/// reason in the last lines; the exit code is 2 then.
#[derive(Args)]
#[command(after_help = "\
Layers of a tarball, folder or disk image:
  (none)                     container, disks, partitions and what each holds
  p1                         boot sector of partition 1
  p1 mft 5                   record 5 of the $MFT: its header and attributes
  p1 mft 5 attr 0x80         attributes of a type: headers, runs, first 512 bytes
  p1 mft 5 attr '0x80:NAME'  those with a name; '0x80:' those without, '$DATA:NAME' is the same
  p1 file PATH               all records of a file, deleted ones too
  p1 hive PATH               base block of a hive
  p1 hive PATH key 'A\\B'     a key, its subkeys and values; '' is the root key
Layers of a hive file:
  (none)                     base block
  key 'A\\B'                  a key, its subkeys and values; '' is the root key

Paths are without regard to case; those of files take / or \\, those of keys
leave out the root's name. Numbers may be decimal or 0x and hexadecimal.

Examples:
  diskprint inspect machine.tar.gz
  diskprint inspect machine.E01 --verify
  diskprint inspect machine.vmdk p1 mft 5 attr '$INDEX_ROOT'
  diskprint inspect machine.vmdk p1 file Windows/notepad.exe
  diskprint inspect machine.vmdk p1 hive Windows/System32/config/SAM key 'SAM\\Domains'
  diskprint inspect NTUSER.DAT key 'Software\\Microsoft'")]
pub struct InspectArgs {
    /// Tarball, folder, disk image or hive file
    pub image: PathBuf,
    /// Read the disks of E01 images in full and compare with the MD5 and SHA-1 that these state
    #[arg(long)]
    pub verify: bool,
    /// The layer to print, from the outside in; see below
    pub layer: Vec<String>,
}
