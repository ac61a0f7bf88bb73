//! Services, drivers, scheduled tasks.

use super::super::decode;
use super::super::{Entry, Root, Source};

const SERVICES: Source = Source::new(
    "Microsoft Learn, HKLM\\SYSTEM\\CurrentControlSet\\Services Registry Tree",
    "https://learn.microsoft.com/en-us/windows-hardware/drivers/install/hklm-system-currentcontrolset-services-registry-tree",
);
const EVENT_LOG: Source = Source::new(
    "Microsoft Learn, Eventlog Key",
    "https://learn.microsoft.com/en-us/windows/win32/eventlog/eventlog-key",
);
const MODERATOR: Source = Source::new(
    "winreg-kb, Background activity moderator (BAM)",
    "https://winreg-kb.readthedocs.io/en/latest/sources/system-keys/Background-activity-moderator.html",
);
const DESKTOP_MODERATOR: Source = Source::new(
    "artefacts.help, Windows - BAM / DAM",
    "https://artefacts.help/windows_registry_bam_dam.html",
);
const TASKS: Source = Source::new(
    "winreg-kb, Task scheduler",
    "https://winreg-kb.readthedocs.io/en/latest/sources/system-keys/Task-scheduler.html",
);
const SVCHOST: Source = Source::new(
    "MITRE ATT&CK T1543.003, Windows Service",
    "https://attack.mitre.org/techniques/T1543/003/",
);
const CHANNELS: Source = Source::new(
    "Microsoft Learn, Defining Channels",
    "https://learn.microsoft.com/en-us/windows/win32/wes/defining-channels",
);

use Root::{Software, System};

const CACHE: &str = r"Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\**";
const TASK: &str = r"Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\Tasks\{guid}";
const TREE: &str = r"Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\Tree\**";

pub(super) const ENTRIES: &[Entry] = &[
    Entry::new("service", "Services", System, r"ControlSet###\Services", SERVICES),
    Entry::new("service", "service or driver", System, r"ControlSet###\Services\*", SERVICES)
        .form(decode::service),
    Entry::new(
        "service",
        "service or driver, below",
        System,
        r"ControlSet###\Services\*\**",
        SERVICES,
    ),
    Entry::new(
        "service",
        "service group",
        Software,
        r"(Wow6432Node)\Microsoft\Windows NT\CurrentVersion\Svchost\**",
        SVCHOST,
    ),
    Entry::new(
        "event-source",
        "EventLog source",
        System,
        r"ControlSet###\Services\EventLog\*\**",
        EVENT_LOG,
    ),
    Entry::new(
        "event-source",
        "event channel",
        Software,
        r"Microsoft\Windows\CurrentVersion\WINEVT\Channels\**",
        CHANNELS,
    ),
    Entry::new(
        "event-source",
        "event publisher",
        Software,
        r"Microsoft\Windows\CurrentVersion\WINEVT\Publishers\**",
        CHANNELS,
    ),
    Entry::new(
        "execution",
        "BAM",
        System,
        r"ControlSet###\Services\bam\(State)\UserSettings\<sid>",
        MODERATOR,
    )
    .form(decode::moderator),
    Entry::new(
        "execution",
        "DAM",
        System,
        r"ControlSet###\Services\dam\(State)\UserSettings\<sid>",
        DESKTOP_MODERATOR,
    )
    .form(decode::moderator),
    Entry::new("task", "TaskCache", Software, CACHE, TASKS),
    Entry::new("task", "scheduled task", Software, TASK, TASKS).form(decode::task),
    Entry::new("task", "scheduled task's path", Software, TREE, TASKS),
    Entry::new("task", "SchedulingAgent", Software, r"Microsoft\SchedulingAgent", TASKS),
];
