//! Networks, firewall, shares.

use super::super::decode;
use super::super::{Entry, Root, Source};

const NETWORK_LIST: Source = Source::new(
    "C-FED TTF, NetworkList: DateCreated and DateLastConnected",
    "https://cfed-ttf.blogspot.com/2009/08",
);
const NETWORK_HISTORY: Source = Source::new(
    "Havoc on the Hard Drive, Network History",
    "https://havocontheharddrive.com/network-history",
);
const FIREWALL: Source = Source::new(
    "Microsoft Learn, [MS-GPFAS] Group Policy: Firewall and Advanced Security Data Structure",
    "https://learn.microsoft.com/en-us/openspecs/windows_protocols/ms-gpfas/",
);
const SHARES: Source = Source::new(
    "Microsoft Learn, Saving and restoring existing Windows shares",
    "https://learn.microsoft.com/en-us/troubleshoot/windows-client/networking/saving-restoring-existing-windows-shares",
);
const INTERNET: Source = Source::new(
    "Microsoft Learn, Internet Explorer security zones registry entries",
    "https://learn.microsoft.com/en-us/previous-versions/troubleshoot/browsers/security-privacy/ie-security-zones-registry-entries",
);
const DRIVES: Source = Source::new(
    "ForensaFe, Investigating Windows Mapped Network Drives",
    "https://forensafe.com/blogs/mappednetworkdrive.html",
);

use Root::{Both, Software, System, User};

const fn firewall(what: &'static str, root: Root, key: &'static str) -> Entry {
    Entry::new("firewall", what, root, key, FIREWALL)
}

pub(super) const ENTRIES: &[Entry] = &[
    Entry::new(
        "network",
        "network profile",
        Software,
        r"Microsoft\Windows NT\CurrentVersion\NetworkList\Profiles\{guid}",
        NETWORK_LIST,
    )
    .form(decode::network_profile),
    Entry::new(
        "network",
        "network signature",
        Software,
        r"Microsoft\Windows NT\CurrentVersion\NetworkList\Signatures\**",
        NETWORK_HISTORY,
    ),
    Entry::new(
        "network",
        "network cache",
        Software,
        r"Microsoft\Windows NT\CurrentVersion\NetworkList\Nla\**",
        NETWORK_HISTORY,
    ),
    Entry::new(
        "network",
        "network card",
        Software,
        r"Microsoft\Windows NT\CurrentVersion\NetworkCards\**",
        NETWORK_HISTORY,
    ),
    Entry::new(
        "network",
        "network interface",
        System,
        r"ControlSet###\Services\Tcpip\Parameters\Interfaces\**",
        NETWORK_HISTORY,
    ),
    Entry::new("network", "mapped drive", User, r"Network\**", DRIVES),
    Entry::new(
        "network",
        "Internet security zone",
        Both,
        r"Microsoft\Windows\CurrentVersion\Internet Settings\ZoneMap\**",
        INTERNET,
    ),
    Entry::new(
        "network",
        "proxy",
        Both,
        r"Microsoft\Windows\CurrentVersion\Internet Settings",
        INTERNET,
    )
    .only(&["ProxyEnable", "ProxyServer", "ProxyOverride", "AutoConfigURL"]),
    Entry::new(
        "share",
        "shared folder",
        System,
        r"ControlSet###\Services\LanmanServer\Shares\**",
        SHARES,
    ),
    firewall(
        "firewall rule",
        System,
        r"ControlSet###\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules",
    ),
    firewall(
        "firewall rule of a package",
        System,
        r"ControlSet###\Services\SharedAccess\Parameters\FirewallPolicy\RestrictedServices\**",
    ),
    firewall(
        "firewall policy",
        System,
        r"ControlSet###\Services\SharedAccess\Parameters\FirewallPolicy\**",
    ),
    firewall("firewall rule by policy", Software, r"Policies\Microsoft\WindowsFirewall\**"),
];
