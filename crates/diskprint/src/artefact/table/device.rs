//! Devices and volumes.

use super::super::decode;
use super::super::{Entry, Root, Source};

const MOUNTED: Source = Source::new(
    "winreg-kb, Mounted devices",
    "https://winreg-kb.readthedocs.io/en/latest/sources/system-keys/Mounted-devices.html",
);
const MOUNT_POINTS: Source = Source::new(
    "winreg-kb, Mount points",
    "https://winreg-kb.readthedocs.io/en/latest/sources/explorer-keys/Mount-points.html",
);
const USB_STORAGE: Source = Source::new(
    "winreg-kb, USB storage",
    "https://winreg-kb.readthedocs.io/en/latest/sources/system-keys/USB-storage.html",
);
const ENUM: Source = Source::new(
    "Microsoft Learn, HKLM\\SYSTEM\\CurrentControlSet\\Enum Registry Tree",
    "https://learn.microsoft.com/en-us/windows-hardware/drivers/install/hklm-system-currentcontrolset-enum-registry-tree",
);
const CONTROL: Source = Source::new(
    "Microsoft Learn, HKLM\\SYSTEM\\CurrentControlSet\\Control Registry Tree",
    "https://learn.microsoft.com/en-us/windows-hardware/drivers/install/hklm-system-currentcontrolset-control-registry-tree",
);
const PORTABLE: Source =
    Source::new("E. Musick, Removable Media in the Registry", "http://erikmusick.com/removable-media-in-the-registry");
const PRINTERS: Source = Source::new(
    "regstr.h, REGSTR_PATH_PRINTERS, REGSTR_PATH_ENVIRONMENTS",
    "https://docs.rs/windows-sys/0.34.0/windows_sys/Win32/System/Registry/constant.REGSTR_PATH_PRINTERS.html",
);

use Root::{Software, System, User};

pub(super) const ENTRIES: &[Entry] = &[
    Entry::new("mounted-device", "MountedDevices", System, "MountedDevices", MOUNTED)
        .form(decode::mounted_device),
    Entry::new(
        "mounted-device",
        "MountPoints2",
        User,
        r"Software\Microsoft\Windows\CurrentVersion\Explorer\MountPoints2\**",
        MOUNT_POINTS,
    ),
    Entry::new(
        "mounted-device",
        "MountPoints",
        User,
        r"Software\Microsoft\Windows\CurrentVersion\Explorer\MountPoints\**",
        MOUNT_POINTS,
    ),
    Entry::new("usb", "USBSTOR", System, r"ControlSet###\Enum\USBSTOR\**", USB_STORAGE)
        .form(decode::plain),
    Entry::new(
        "usb",
        "USBSTOR time",
        System,
        r"ControlSet###\Enum\USBSTOR\*\*\Properties\{guid}\**",
        USB_STORAGE,
    )
    .form(decode::device_time),
    Entry::new("usb", "USB", System, r"ControlSet###\Enum\USB\**", ENUM),
    Entry::new("usb", "USB time", System, r"ControlSet###\Enum\USB\*\*\Properties\{guid}\**", ENUM)
        .form(decode::device_time),
    Entry::new(
        "usb",
        "portable device",
        Software,
        r"Microsoft\Windows Portable Devices\Devices\**",
        PORTABLE,
    ),
    Entry::new("device", "Enum", System, r"ControlSet###\Enum\**", ENUM),
    Entry::new("device", "device class", System, r"ControlSet###\Control\Class\**", CONTROL),
    Entry::new(
        "device",
        "device interface",
        System,
        r"ControlSet###\Control\DeviceClasses\**",
        CONTROL,
    ),
    Entry::new("printer", "printer", System, r"ControlSet###\Control\Print\Printers\**", PRINTERS),
    Entry::new(
        "printer",
        "printer driver",
        System,
        r"ControlSet###\Control\Print\Environments\*\Drivers\**",
        PRINTERS,
    ),
];
