//! Users, groups, logons.

use super::super::decode;
use super::super::{Entry, Root, Source};

const DOMAINS: Source = Source::new(
    "winreg-kb, Domains",
    "https://winreg-kb.readthedocs.io/en/latest/sources/security-accounts-manager-keys/Domains.html",
);
const PROFILES: Source = Source::new(
    "Microsoft Learn, User Profiles",
    "https://learn.microsoft.com/en-us/windows/win32/shell/about-user-profiles",
);
const AUTOLOGON: Source = Source::new(
    "Microsoft Learn, Configure Windows to automate logon",
    "https://learn.microsoft.com/en-us/troubleshoot/windows-server/user-profiles-and-logon/turn-on-automatic-logon",
);
const LOGON_UI: Source = Source::new(
    "D. Birks, Change last logged on user on Windows 10",
    "https://gist.github.com/dbirks/ec4416c9064a323b14f435ee934efd71",
);
const LSA: Source = Source::new(
    "winreg-kb, Local security authority",
    "https://winreg-kb.readthedocs.io/en/latest/sources/system-keys/Local-security-authority.html",
);
const CACHED: Source = Source::new(
    "winreg-kb, Cached credentials",
    "https://winreg-kb.readthedocs.io/en/latest/sources/system-keys/Cached-credentials.html",
);

use Root::{Sam, Security, Software};

pub(super) const ENTRIES: &[Entry] = &[
    Entry::new("account", "user account", Sam, r"SAM\Domains\Account\Users\<hex>", DOMAINS)
        .form(decode::account),
    Entry::new(
        "account",
        "user account's name",
        Sam,
        r"SAM\Domains\Account\Users\Names\**",
        DOMAINS,
    )
    .form(decode::account_name),
    Entry::new("account", "group", Sam, r"SAM\Domains\*\Groups\**", DOMAINS),
    Entry::new("account", "alias", Sam, r"SAM\Domains\*\Aliases\**", DOMAINS),
    Entry::new(
        "account",
        "user profile",
        Software,
        r"Microsoft\Windows NT\CurrentVersion\ProfileList\<sid>\**",
        PROFILES,
    ),
    Entry::new(
        "logon",
        "Winlogon user",
        Software,
        r"Microsoft\Windows NT\CurrentVersion\Winlogon",
        AUTOLOGON,
    )
    .only(&[
        "AutoAdminLogon",
        "AltDefaultDomainName",
        "AltDefaultUserName",
        "DefaultDomainName",
        "DefaultPassword",
        "DefaultUserName",
        "LastUsedUsername",
    ]),
    Entry::new(
        "logon",
        "LogonUI",
        Software,
        r"Microsoft\Windows\CurrentVersion\Authentication\LogonUI\**",
        LOGON_UI,
    ),
    Entry::new("logon", "cached credentials", Security, "Cache", CACHED),
    Entry::new("security", "LSA secret", Security, r"Policy\Secrets\**", LSA),
    Entry::new("security", "account rights", Security, r"Policy\Accounts\**", LSA),
    Entry::new("security", "audit policy", Security, r"Policy\PolAdtEv", LSA),
];
