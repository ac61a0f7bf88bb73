use diskprint_formats::vmdk::decode_text;

/// Lists the file names of the disks that a machine's settings (`.vmx`) connect, in their order.
///
/// A device counts unless it says that it is not present; CD drives and other devices whose file
/// is no VMDK do not.
// Observed in the settings that VMware Fusion 5 and Workstation 9 write; VMware publishes no
// specification.
pub(crate) fn disks(settings: &[u8]) -> Vec<String> {
    let text = decode_text(settings);
    let settings: Vec<(String, &str)> = text.lines().filter_map(setting).collect();
    let value = |device: &str, key: &str| {
        let wanted = format!("{device}.{key}");
        settings.iter().find(|(key, _)| *key == wanted).map(|(_, value)| *value)
    };
    let is_disk = |device: &str, file: &str| {
        let absent = value(device, "present").is_some_and(|v| v.eq_ignore_ascii_case("FALSE"));
        let kind = value(device, "devicetype").unwrap_or_default();
        is_device(device)
            && !absent
            && !kind.to_ascii_lowercase().contains("cdrom")
            && file.to_ascii_lowercase().ends_with(".vmdk")
    };
    let files =
        settings.iter().filter_map(|(key, file)| Some((key.strip_suffix(".filename")?, file)));
    files
        .filter(|(device, file)| is_disk(device, file))
        .map(|(_, file)| (*file).to_owned())
        .collect()
}

/// Reads `key = "value"`; keys are the same in any case of letters.
pub(crate) fn setting(line: &str) -> Option<(String, &str)> {
    let (key, value) = line.split_once('=')?;
    Some((key.trim().to_lowercase(), value.trim().trim_matches('"')))
}

/// Whether it is called `scsi0:0`, `sata0:1`, `ide1:0` or `nvme0:0`.
fn is_device(device: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let address = ["scsi", "sata", "ide", "nvme"].iter().find_map(|bus| device.strip_prefix(bus));
    address
        .and_then(|address| address.split_once(':'))
        .is_some_and(|(bus, unit)| is_number(bus) && is_number(unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disks_are_listed_in_order_and_nothing_else() {
        let settings = b"scsi0.present = \"TRUE\"\r\nscsi0:1.fileName = \"two.vmdk\"\r\n\
            SCSI0:0.fileName = \"C:\\vm\\one.VMDK\"\nide1:0.deviceType = \"cdrom-image\"\n\
            ide1:0.fileName = \"cd.vmdk\"\nsata0:0.present = \"false\"\n\
            sata0:0.fileName = \"off.vmdk\"\nide0:0.fileName = \"auto detect\"\n\
            floppy0.fileName = \"f.vmdk\"\nnvme0:0.fileName=\"M\xFCller.vmdk\"\nno setting\n";
        assert_eq!(disks(settings), ["two.vmdk", "C:\\vm\\one.VMDK", "Müller.vmdk"]);
        assert_eq!(disks(b""), [] as [&str; 0]);
    }
}
