//! Places that programs are started from without anybody starting them.

use super::super::{Entry, Root, Source};

const RUN: Source = Source::new(
    "Microsoft Learn, Run and RunOnce Registry Keys",
    "https://learn.microsoft.com/en-us/windows/win32/setupapi/run-and-runonce-registry-keys",
);
const RUN_KEYS: Source = Source::new(
    "MITRE ATT&CK T1547.001, Registry Run Keys / Startup Folder",
    "https://attack.mitre.org/techniques/T1547/001/",
);
const RUN_SERVICES: Source = Source::new(
    "winreg-kb, Run and RunOnce",
    "https://winreg-kb.readthedocs.io/en/latest/sources/system-keys/Run-and-RunOnce.html",
);
const WINLOGON: Source = Source::new(
    "MITRE ATT&CK T1547.004, Winlogon Helper DLL",
    "https://attack.mitre.org/techniques/T1547/004/",
);
const APP_INIT: Source = Source::new(
    "Microsoft Learn, AppInit DLLs and Secure Boot",
    "https://learn.microsoft.com/en-us/windows/win32/dlls/secure-boot-and-appinit-dlls",
);
const APP_CERT: Source = Source::new(
    "MITRE ATT&CK T1546.009, AppCert DLLs",
    "https://attack.mitre.org/techniques/T1546/009/",
);
const IFEO: Source = Source::new(
    "MITRE ATT&CK T1546.012, Image File Execution Options Injection",
    "https://attack.mitre.org/techniques/T1546/012/",
);
const ACTIVE_SETUP: Source = Source::new(
    "MITRE ATT&CK T1547.014, Active Setup",
    "https://attack.mitre.org/techniques/T1547/014/",
);
const SESSION_MANAGER: Source = Source::new(
    "winreg-kb, Session manager",
    "https://winreg-kb.readthedocs.io/en/latest/sources/system-keys/Session-manager.html",
);
const LSA_PACKAGE: Source = Source::new(
    "MITRE ATT&CK T1547.002, Authentication Package",
    "https://attack.mitre.org/techniques/T1547/002/",
);
const LSA_SUPPORT: Source = Source::new(
    "MITRE ATT&CK T1547.005, Security Support Provider",
    "https://attack.mitre.org/techniques/T1547/005/",
);
const LSA_FILTER: Source = Source::new(
    "MITRE ATT&CK T1556.002, Password Filter DLL",
    "https://attack.mitre.org/techniques/T1556/002/",
);
const MONITOR: Source = Source::new(
    "MITRE ATT&CK T1547.010, Port Monitors",
    "https://attack.mitre.org/techniques/T1547/010/",
);
const PRINT: Source = Source::new(
    "MITRE ATT&CK T1547.012, Print Processors",
    "https://attack.mitre.org/techniques/T1547/012/",
);
const TIME: Source = Source::new(
    "MITRE ATT&CK T1547.003, Time Providers",
    "https://attack.mitre.org/techniques/T1547/003/",
);
const PROVIDER: Source = Source::new(
    "MITRE ATT&CK T1556.008, Network Provider DLL",
    "https://attack.mitre.org/techniques/T1556/008/",
);
const CREDENTIAL: Source = Source::new(
    "Microsoft Learn, Credential providers in Windows 10",
    "https://learn.microsoft.com/en-us/windows/win32/secauthn/credential-providers-in-windows",
);
const BROWSER: Source = Source::new(
    "winreg-kb, Browser helper objects",
    "https://winreg-kb.readthedocs.io/en/latest/sources/internet-explorer-keys/Browser-helper-objects.html",
);
const SHELL: Source = Source::new(
    "Microsoft Learn, Registering Shell Extension Handlers",
    "https://learn.microsoft.com/en-us/windows/win32/shell/reg-shell-exts",
);
const DELAY_LOAD: Source = Source::new(
    "Browser Sentinel, Startup DLL Modules: Shell Delay Load Object, ShellExecute Hook",
    "http://www.browsersentinel.com/help/startup-modules.htm",
);
const TASK_SCHEDULER: Source = Source::new(
    "BleepingComputer, Windows Program Automatic Startup Locations",
    "https://www.bleepingcomputer.com/tutorials/windows-program-automatic-startup-locations/",
);
const LOGON_SCRIPT: Source = Source::new(
    "MITRE ATT&CK T1037.001, Logon Script (Windows)",
    "https://attack.mitre.org/techniques/T1037/001/",
);
const POLICY_SCRIPT: Source = Source::new(
    "R. Bos, Register Windows Startup/Shutdown script",
    "https://gist.github.com/rajbos/49f70f4e2b9765da05f0526225de2450",
);
const SCREEN_SAVER: Source = Source::new(
    "MITRE ATT&CK T1546.002, Screensaver",
    "https://attack.mitre.org/techniques/T1546/002/",
);
const NETSH: Source = Source::new(
    "MITRE ATT&CK T1546.007, Netsh Helper DLL",
    "https://attack.mitre.org/techniques/T1546/007/",
);
const COMMAND: Source = Source::new(
    "Microsoft Learn, cmd: Command Processor AutoRun",
    "https://learn.microsoft.com/en-us/windows-server/administration/windows-commands/cmd",
);
const SILENT_EXIT: Source = Source::new(
    "Microsoft Learn, Registry Entries for Silent Process Exit",
    "https://learn.microsoft.com/en-us/windows-hardware/drivers/debugger/registry-entries-for-silent-process-exit",
);
const VERIFIER: Source = Source::new(
    "Microsoft Learn, Configuring Automatic Debugging: AeDebug",
    "https://learn.microsoft.com/en-us/windows/win32/debug/configuring-automatic-debugging",
);

const fn auto(what: &'static str, root: Root, key: &'static str, source: Source) -> Entry {
    Entry::new("autostart", what, root, key, source)
}

use Root::{Both, Software, System, User};

pub(super) const ENTRIES: &[Entry] = &[
    auto("Run", Both, r"(Wow6432Node)\Microsoft\Windows\CurrentVersion\Run", RUN),
    auto("RunOnce", Both, r"(Wow6432Node)\Microsoft\Windows\CurrentVersion\RunOnce\**", RUN),
    auto(
        "RunOnceEx",
        Both,
        r"(Wow6432Node)\Microsoft\Windows\CurrentVersion\RunOnceEx\**",
        RUN_KEYS,
    ),
    auto(
        "RunServices",
        Both,
        r"(Wow6432Node)\Microsoft\Windows\CurrentVersion\RunServices",
        RUN_SERVICES,
    ),
    auto(
        "RunServicesOnce",
        Both,
        r"(Wow6432Node)\Microsoft\Windows\CurrentVersion\RunServicesOnce",
        RUN_SERVICES,
    ),
    auto(
        "policy Run",
        Both,
        r"(Wow6432Node)\Microsoft\Windows\CurrentVersion\Policies\Explorer\Run",
        RUN_KEYS,
    ),
    auto("policy Shell", Both, r"Microsoft\Windows\CurrentVersion\Policies\System", RUN_KEYS)
        .only(&["Shell"]),
    auto("Winlogon", Both, r"Microsoft\Windows NT\CurrentVersion\Winlogon", WINLOGON)
        .only(&["Shell", "Userinit", "Taskman", "System", "VmApplet", "UIHost", "GinaDLL"]),
    auto(
        "Winlogon Notify",
        Both,
        r"Microsoft\Windows NT\CurrentVersion\Winlogon\Notify\**",
        WINLOGON,
    ),
    auto("AlternateShell", System, r"ControlSet###\Control\SafeBoot", RUN_KEYS)
        .only(&["AlternateShell"]),
    auto(
        "Windows load and run",
        User,
        r"Software\Microsoft\Windows NT\CurrentVersion\Windows",
        RUN_KEYS,
    )
    .only(&["Load", "Run"]),
    auto(
        "AppInit_DLLs",
        Software,
        r"(Wow6432Node)\Microsoft\Windows NT\CurrentVersion\Windows",
        APP_INIT,
    )
    .only(&["AppInit_DLLs", "LoadAppInit_DLLs", "RequireSignedAppInit_DLLs"]),
    auto("AppCertDlls", System, r"ControlSet###\Control\Session Manager\AppCertDlls", APP_CERT),
    auto(
        "Debugger",
        Software,
        r"(Wow6432Node)\Microsoft\Windows NT\CurrentVersion\Image File Execution Options\*",
        IFEO,
    )
    .only(&["Debugger", "VerifierDlls"]),
    auto(
        "SilentProcessExit",
        Software,
        r"(Wow6432Node)\Microsoft\Windows NT\CurrentVersion\SilentProcessExit\*",
        SILENT_EXIT,
    )
    .only(&["MonitorProcess"]),
    auto(
        "AeDebug",
        Software,
        r"(Wow6432Node)\Microsoft\Windows NT\CurrentVersion\AeDebug",
        VERIFIER,
    )
    .only(&["Debugger", "Auto"]),
    auto("BootExecute", System, r"ControlSet###\Control\Session Manager", SESSION_MANAGER).only(&[
        "BootExecute",
        "SetupExecute",
        "Execute",
        "S0InitialCommand",
    ]),
    auto(
        "Active Setup",
        Both,
        r"(Wow6432Node)\Microsoft\Active Setup\Installed Components\**",
        ACTIVE_SETUP,
    ),
    auto(
        "ShellServiceObjectDelayLoad",
        Both,
        r"(Wow6432Node)\Microsoft\Windows\CurrentVersion\ShellServiceObjectDelayLoad",
        DELAY_LOAD,
    ),
    auto(
        "ShellExecuteHooks",
        Both,
        r"(Wow6432Node)\Microsoft\Windows\CurrentVersion\Explorer\ShellExecuteHooks",
        DELAY_LOAD,
    ),
    auto(
        "SharedTaskScheduler",
        Both,
        r"(Wow6432Node)\Microsoft\Windows\CurrentVersion\Explorer\SharedTaskScheduler",
        TASK_SCHEDULER,
    ),
    auto(
        "Browser Helper Object",
        Both,
        r"(Wow6432Node)\Microsoft\Windows\CurrentVersion\Explorer\Browser Helper Objects\**",
        BROWSER,
    ),
    auto(
        "approved shell extension",
        Both,
        r"(Wow6432Node)\Microsoft\Windows\CurrentVersion\Shell Extensions\Approved\**",
        SHELL,
    ),
    auto("LSA authentication package", System, r"ControlSet###\Control\Lsa", LSA_PACKAGE)
        .only(&["Authentication Packages"]),
    auto("LSA security package", System, r"ControlSet###\Control\Lsa", LSA_SUPPORT)
        .only(&["Security Packages"]),
    auto("LSA security package", System, r"ControlSet###\Control\Lsa\OSConfig", LSA_SUPPORT)
        .only(&["Security Packages"]),
    auto("LSA notification package", System, r"ControlSet###\Control\Lsa", LSA_FILTER)
        .only(&["Notification Packages"]),
    auto("print monitor", System, r"ControlSet###\Control\Print\Monitors\**", MONITOR),
    auto(
        "print processor",
        System,
        r"ControlSet###\Control\Print\Environments\*\Print Processors\**",
        PRINT,
    ),
    auto("print provider", System, r"ControlSet###\Control\Print\Providers\**", PRINT),
    auto("time provider", System, r"ControlSet###\Services\W32Time\TimeProviders\**", TIME),
    auto(
        "network provider order",
        System,
        r"ControlSet###\Control\NetworkProvider\Order",
        PROVIDER,
    ),
    auto("network provider", System, r"ControlSet###\Services\*\NetworkProvider", PROVIDER),
    auto(
        "credential provider",
        Software,
        r"Microsoft\Windows\CurrentVersion\Authentication\Credential Providers\**",
        CREDENTIAL,
    ),
    auto(
        "credential provider filter",
        Software,
        r"Microsoft\Windows\CurrentVersion\Authentication\Credential Provider Filters\**",
        CREDENTIAL,
    ),
    auto("logon script", User, "Environment", LOGON_SCRIPT).only(&["UserInitMprLogonScript"]),
    auto(
        "policy script",
        Both,
        r"Microsoft\Windows\CurrentVersion\Group Policy\Scripts\**",
        POLICY_SCRIPT,
    ),
    auto("screen saver", User, r"Control Panel\Desktop", SCREEN_SAVER).only(&["SCRNSAVE.EXE"]),
    auto("netsh helper", Software, r"(Wow6432Node)\Microsoft\NetSh", NETSH),
    auto("Command Processor AutoRun", Both, r"(Wow6432Node)\Microsoft\Command Processor", COMMAND)
        .only(&["AutoRun"]),
];
