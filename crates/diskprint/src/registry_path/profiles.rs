//! Whose profile a folder is.

use diskprint_formats::Name;

use crate::Hive;
use crate::artefact::is_sid;

use super::windows::{Windows, text};

/// A user and the folder of the user's profile.
pub(super) struct Profile {
    sid: Name,
    /// Below the drive, in upper case with `/`.
    folder: String,
}

/// Where UsrClass.dat is in a profile: since Windows Vista, and before.
// Source: winreg-kb, "Windows Registry files".
const CLASSES: [&str; 2] = [
    "APPDATA/LOCAL/MICROSOFT/WINDOWS/USRCLASS.DAT",
    "LOCAL SETTINGS/APPLICATION DATA/MICROSOFT/WINDOWS/USRCLASS.DAT",
];

/// Local system: its settings are those of DEFAULT, and files in its profile are not mounted.
// Source: Microsoft Learn, "Well-known SIDs"; HKU\S-1-5-18 is a link to HKU\.DEFAULT.
const LOCAL_SYSTEM: &str = "S-1-5-18";

/// The users that SOFTWARE lists, with folders on the drive of its Windows.
// Source: Microsoft Learn, "User Profiles": `ProfileList\SID\ProfileImagePath`.
pub(super) fn of(software: &Hive, windows: &Windows) -> Vec<Profile> {
    let list = software.tree.key(r"Microsoft\Windows NT\CurrentVersion\ProfileList");
    let keys = list.into_iter().flat_map(|list| list.children());
    let profiles = keys.filter_map(|key| {
        let sid = key.name();
        if !is_sid(sid.as_bytes()) || sid.as_bytes() == LOCAL_SYSTEM.as_bytes() {
            return None;
        }
        let value = key.value("ProfileImagePath")?;
        let folder = windows.below_drive(&text(value.value_type(), &value.data())?)?;
        Some(Profile { sid, folder })
    });
    profiles.collect()
}

impl Profile {
    /// The path of the hive at `path`, which is in upper case, where it is one of this profile.
    pub(super) fn prefix(&self, path: &str) -> Option<Name> {
        let file = path.strip_prefix(&self.folder)?.strip_prefix('/')?;
        let ending = match file {
            "NTUSER.DAT" | "NTUSER.MAN" => "",
            file if CLASSES.contains(&file) => "_Classes",
            _ => return None,
        };
        let bytes = [br"HKU\", self.sid.as_bytes(), ending.as_bytes()].concat();
        Some(Name::from_wtf8(bytes))
    }
}
