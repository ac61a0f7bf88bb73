//! Whose profile a folder is.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use diskprint_formats::Name;

use crate::Hive;
use crate::artefact::is_sid;

use super::windows::{Windows, text};

/// Users by the folders of their profiles.
#[derive(Default)]
pub(super) struct Profiles {
    /// By partition and folder, in upper case with `/`; `None` where two users have it, so that
    /// it cannot be told whose it is.
    users: BTreeMap<(u32, String), Option<Name>>,
}

/// Where hives are in a profile, and what follows the user's SID in their place: UsrClass.dat
/// since Windows Vista, and before.
// Source: winreg-kb, "Windows Registry files".
const FILES: [(&str, &str); 4] = [
    ("/NTUSER.DAT", ""),
    ("/NTUSER.MAN", ""),
    ("/APPDATA/LOCAL/MICROSOFT/WINDOWS/USRCLASS.DAT", "_Classes"),
    ("/LOCAL SETTINGS/APPLICATION DATA/MICROSOFT/WINDOWS/USRCLASS.DAT", "_Classes"),
];

/// Local system: its settings are those of DEFAULT, and files in its profile are not mounted.
// Source: Microsoft Learn, "Well-known SIDs"; HKU\S-1-5-18 is a link to HKU\.DEFAULT.
const LOCAL_SYSTEM: &[u8] = b"S-1-5-18";

impl Profiles {
    /// Adds the users that SOFTWARE lists, with folders on the drive of its Windows.
    // Source: Microsoft Learn, "User Profiles": `ProfileList\SID\ProfileImagePath`.
    pub(super) fn add(&mut self, software: &Hive, windows: &Windows) {
        let list = software.tree.key(r"Microsoft\Windows NT\CurrentVersion\ProfileList");
        for key in list.into_iter().flat_map(|list| list.children()) {
            let sid = key.name();
            let Some(value) = key.value("ProfileImagePath") else { continue };
            let path = text(value.value_type(), &value.data());
            let folder = path.and_then(|path| windows.below_drive(&path));
            let is_user = is_sid(sid.as_bytes()) && sid.as_bytes() != LOCAL_SYSTEM;
            if let Some(folder) = folder.filter(|_| is_user) {
                self.add_user(software.partition, folder, sid);
            }
        }
    }

    fn add_user(&mut self, partition: u32, folder: String, sid: Name) {
        match self.users.entry((partition, folder)) {
            Entry::Vacant(place) => {
                place.insert(Some(sid));
            }
            Entry::Occupied(mut place) if place.get().as_ref() != Some(&sid) => {
                place.insert(None);
            }
            Entry::Occupied(_) => {}
        }
    }

    /// The path of the hive at `path`, which is in upper case, where it is one of a known user.
    pub(super) fn prefix(&self, partition: u32, path: &str) -> Option<Name> {
        FILES.iter().find_map(|(file, ending)| {
            let folder = path.strip_suffix(file)?;
            let sid = self.users.get(&(partition, folder.to_owned()))?.as_ref()?;
            Some(Name::from_wtf8([br"HKU\", sid.as_bytes(), ending.as_bytes()].concat()))
        })
    }
}
