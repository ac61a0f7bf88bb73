use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::HiveStateArg;

/// Print hives in the forms that people and other programs know
#[derive(Args)]
pub struct RegistryArgs {
    #[command(subcommand)]
    pub command: RegistryCommand,
}

#[derive(Subcommand)]
pub enum RegistryCommand {
    Dump(DumpArgs),
    Stats(StatsArgs),
}

#[derive(Args)]
pub struct HivesArgs {
    /// Hive file; or disk image, tarball or folder of a virtual machine, all of whose hives are read
    pub image: PathBuf,
    /// Only the hive at this path in a volume of the image, without regard to case; may be given
    /// several times
    #[arg(long, value_name = "PATH")]
    pub hive: Vec<String>,
    /// In which state hives are read; the transaction logs of a hive file are looked for beside it
    #[arg(long, value_enum, value_name = "STATE", default_value_t = HiveStateArg::Recovered)]
    pub hive_state: HiveStateArg,
}

/// Print all keys and values of a hive
///
/// What is wrong with a hive is printed to standard error, too; the exit code is 2 then.
#[derive(Args)]
#[command(after_help = "\
Examples:
  diskprint registry dump NTUSER.DAT | less
  diskprint registry dump SOFTWARE --format reg -o software.reg
  diskprint registry dump SOFTWARE --format reg --root 'HKEY_LOCAL_MACHINE\\Evidence'
  diskprint registry dump machine.tar.gz --hive Windows/System32/config/SAM
  diskprint registry dump machine.tar.gz --paths windows > registry.txt
  diskprint registry dump machine.tar.gz --format regxml -o hives/")]
pub struct DumpArgs {
    #[command(flatten)]
    pub hives: HivesArgs,
    /// The form
    #[arg(long, value_enum, default_value_t = DumpFormat::Text)]
    pub format: DumpFormat,
    /// Of text: with the paths that Windows shows, HKLM\SOFTWARE\… and HKU\SID\…, where it mounts
    /// the hive; else with the name of the hive's own root
    #[arg(long, value_enum, value_name = "PATHS", default_value_t = PathsArg::Stored)]
    pub paths: PathsArg,
    /// The key that the keys of a .reg file are below, like HKEY_LOCAL_MACHINE\SOFTWARE; by
    /// default that where Windows has the hive
    #[arg(long, value_name = "KEY")]
    pub root: Option<String>,
    /// Write to this file; or to this folder, files named as in the results of a run
    #[arg(long, short, value_name = "FILE|FOLDER")]
    pub output: Option<PathBuf>,
}

/// How paths of keys are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PathsArg {
    /// As they are in the hive
    Stored,
    /// As Windows shows them; CurrentControlSet is the control set that Select\Current names
    Windows,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DumpFormat {
    /// As regdump.pl -r -v of Parse::Win32Registry prints it; keys and values in use only
    Text,
    /// As Windows' registry editor exports and imports it; keys and values in use only
    Reg,
    /// As hivexml prints it, and deleted keys and values that are still found
    Regxml,
}

/// Count keys, values and their types, as regstats.pl -t of Parse::Win32Registry does
#[derive(Args)]
#[command(after_help = "\
Examples:
  diskprint registry stats NTUSER.DAT
  diskprint registry stats machine.tar.gz --json")]
pub struct StatsArgs {
    #[command(flatten)]
    pub hives: HivesArgs,
    /// Print them as JSON
    #[arg(long)]
    pub json: bool,
}
