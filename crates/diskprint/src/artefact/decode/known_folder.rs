//! Known folders: GUIDs that stand for a folder.

/// Names of known folders by GUID, sorted by GUID.
// Source: Microsoft Learn, "KNOWNFOLDERID",
// https://learn.microsoft.com/en-us/windows/win32/shell/knownfolderid
const FOLDERS: [(&str, &str); 48] = [
    ("0139D44E-6AFE-49F2-8690-3DAFCAE6FFB8", "CommonPrograms"),
    ("0762D272-C50A-4BB0-A382-697DCD729B80", "UserProfiles"),
    ("1777F761-68AD-4D8A-87BD-30B759FA33DD", "Favorites"),
    ("18989B1D-99B5-455B-841C-AB7C74E4DDFC", "Videos"),
    ("1AC14E77-02E7-4E5D-B744-2EB1AE5198B7", "System"),
    ("2400183A-6185-49FB-A2D8-4A392A602BA3", "PublicVideos"),
    ("3214FAB5-9757-4298-BB61-92A9DEAA44FF", "PublicMusic"),
    ("33E28130-4E1E-4676-835A-98395C3BC3BB", "Pictures"),
    ("374DE290-123F-4565-9164-39C4925E467B", "Downloads"),
    ("3EB685DB-65F9-4CF6-A03A-E3EF65729F3D", "RoamingAppData"),
    ("4BD8D571-6D19-48D3-BE97-422220080E43", "Music"),
    ("4C5C32FF-BB9D-43B0-B5B4-2D72E54EAAA4", "SavedGames"),
    ("52A4F021-7B75-48A9-9F6B-4B87A210BC8F", "QuickLaunch"),
    ("56784854-C6CB-462B-8169-88E350ACB882", "Contacts"),
    ("5CD7AEE2-2219-4A67-B85D-6C9CE15660CB", "UserProgramFiles"),
    ("5E6C858F-0E22-4760-9AFE-EA3317B67173", "Profile"),
    ("625B53C3-AB48-4EC1-BA1F-A1EF4146FC19", "StartMenu"),
    ("62AB5D82-FDC1-4DC3-A9DD-070D1D495D97", "ProgramData"),
    ("6365D5A7-0F0D-45E5-87F6-0DA56B6A4F7D", "ProgramFilesCommonX64"),
    ("6D809377-6AF0-444B-8957-A3773F02200E", "ProgramFilesX64"),
    ("724EF170-A42D-4FEF-9F26-B60E846FBA4F", "AdminTools"),
    ("7C5A40EF-A0FB-4BFC-874A-C0F2E0B9FA8E", "ProgramFilesX86"),
    ("7D1D3A04-DEBB-4115-95CF-2F29DA2920DA", "SavedSearches"),
    ("82A5EA35-D9CD-47C5-9629-E15D2F714E6E", "CommonStartup"),
    ("8983036C-27C0-404B-8F08-102D10DCFD74", "SendTo"),
    ("905E63B6-C1BF-494E-B29C-65B732D3D21A", "ProgramFiles"),
    ("9E3995AB-1F9C-4F13-B827-48B24B6C7174", "UserPinned"),
    ("A4115719-D62E-491D-AA7C-E74B8BE3B067", "CommonStartMenu"),
    ("A520A1A4-1780-4FF6-BD18-167343C5AF16", "LocalAppDataLow"),
    ("A63293E8-664E-48DB-A079-DF759E0509F7", "Templates"),
    ("A77F5D77-2E2B-44C3-A6A2-ABA601054A51", "Programs"),
    ("AE50C081-EBD2-438A-8655-8A092E34987A", "Recent"),
    ("B4BFCC3A-DB2C-424C-B029-7FE99A87C641", "Desktop"),
    ("B6EBFB86-6907-413C-9AF7-4FC2ABF07CC5", "PublicPictures"),
    ("B97D20BB-F46A-4C97-BA10-5E3608430854", "Startup"),
    ("BCBD3057-CA5C-4622-B42D-BC56DB0AE516", "UserProgramFilesCommon"),
    ("BFB9D5E0-C6A9-404C-B2B2-AE6DB6AF4968", "Links"),
    ("C4AA340D-F20F-4863-AFEF-F87EF2E6BA25", "PublicDesktop"),
    ("D0384E7D-BAC3-4797-8F14-CBA229B392B5", "CommonAdminTools"),
    ("D65231B0-B2F1-4857-A4CE-A8E7C6EA7D27", "SystemX86"),
    ("DE974D24-D9C6-4D3E-BF91-F4455120B917", "ProgramFilesCommonX86"),
    ("DFDF76A2-C82A-4D63-906A-5644AC457385", "Public"),
    ("ED4824AF-DCE4-45A8-81E2-FC7965083634", "PublicDocuments"),
    ("F1B32785-6FBA-4FCF-9D55-7B8E7F157091", "LocalAppData"),
    ("F38BF404-1D43-42F2-9305-67DE0B28FC23", "Windows"),
    ("F7F1ED05-9F6D-47A2-AAAE-29D317C6F066", "ProgramFilesCommon"),
    ("FD228CB7-AE11-4AE3-864C-16F3910AB8FE", "Fonts"),
    ("FDD39AD0-238F-46AF-ADB4-6C85480369C7", "Documents"),
];

/// The name of the known folder with this GUID, `{…}` or without braces.
pub(super) fn name(guid: &str) -> Option<&'static str> {
    let guid = guid.trim_start_matches('{').trim_end_matches('}').to_ascii_uppercase();
    let place = FOLDERS.binary_search_by_key(&&*guid, |(guid, _)| guid).ok()?;
    FOLDERS.get(place).map(|(_, name)| *name)
}

/// Puts the folder's name, in angle brackets, in the place of a GUID that a path begins with.
pub(super) fn resolve(path: &str) -> String {
    let guid = path.get(..38).filter(|guid| guid.starts_with('{'));
    match (guid.and_then(name), path.get(38..)) {
        (Some(name), Some(rest)) => format!("<{name}>{rest}"),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(FOLDERS.is_sorted());
        assert_eq!(name("{f38bf404-1d43-42f2-9305-67de0b28fc23}"), Some("Windows"));
        assert_eq!(
            resolve(r"{7C5A40EF-A0FB-4BFC-874A-C0F2E0B9FA8E}\A\b.exe"),
            r"<ProgramFilesX86>\A\b.exe"
        );
        assert_eq!(resolve(r"C:\b.exe"), r"C:\b.exe");
    }
}
