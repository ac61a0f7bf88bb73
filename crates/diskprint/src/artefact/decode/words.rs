//! Small numbers that stand for a word.

use super::super::row::{Row, label_and};
use super::{or_plain, time};

/// A cell of the time zone's key: biases are minutes to be added to local time.
// Source: winreg-kb, "Time zones"; Microsoft Learn, "TIME_ZONE_INFORMATION structure".
pub(crate) fn time_zone(row: &Row) -> Option<String> {
    let bias = row.value.filter(|_| row.is_value(0, "ActiveTimeBias") || row.is_value(0, "Bias"));
    let minutes = bias.and_then(|value| value.dword()).map(u32::cast_signed);
    let text = minutes.filter(|minutes| minutes.unsigned_abs() <= 24 * 60).map(|minutes| {
        let sign = if minutes > 0 { '-' } else { '+' };
        let ahead = minutes.unsigned_abs();
        format!("{minutes} minutes (UTC{sign}{:02}:{:02})", ahead / 60, ahead % 60)
    });
    or_plain(row, text)
}

/// What is prefetched.
// Source: winreg-kb, "Prefetch".
pub(crate) fn prefetch(row: &Row) -> Option<String> {
    let is_one = row.is_value(0, "EnablePrefetcher") || row.is_value(0, "EnableSuperfetch");
    let number = row.value.filter(|_| is_one).and_then(|value| value.dword());
    let word = number.and_then(|number| match number {
        0 => Some("0 (disabled)"),
        1 => Some("1 (applications)"),
        2 => Some("2 (boot)"),
        3 => Some("3 (applications and boot)"),
        _ => None,
    });
    or_plain(row, word.map(str::to_owned))
}

/// A cell of a network's profile.
// Source: Microsoft Learn, "NLM_NETWORK_CATEGORY enumeration (netlistmgr.h)": public 0, private
// 1, domain 2; types: "Network History", https://havocontheharddrive.com/network-history
pub(crate) fn network_profile(row: &Row) -> Option<String> {
    let number = row.value.and_then(|value| value.dword());
    let word = number.and_then(|number| match number {
        0 if row.is_value(1, "Category") => Some("0 (public)"),
        1 if row.is_value(1, "Category") => Some("1 (private)"),
        2 if row.is_value(1, "Category") => Some("2 (domain)"),
        6 if row.is_value(1, "NameType") => Some("6 (wired)"),
        23 if row.is_value(1, "NameType") => Some("23 (VPN)"),
        71 if row.is_value(1, "NameType") => Some("71 (wireless)"),
        243 if row.is_value(1, "NameType") => Some("243 (mobile broadband)"),
        _ => None,
    });
    match word {
        Some(word) => or_plain(row, Some(word.to_owned())),
        None => time::network_time(row),
    }
}

/// An element of a boot object: its key is named by its type.
// Source: Microsoft Learn, "BcdLibraryElementTypes", "BcdBootMgrElementTypes",
// "BcdOSLoaderElementTypes"; G. Chappell, "BCD Elements" and "BCD Objects",
// https://www.geoffchappell.com/notes/windows/boot/bcd/elements.htm
pub(crate) fn boot_element(row: &Row) -> Option<String> {
    let names: Vec<_> = row.item.iter().take(3).map(|name| name.to_text()).collect();
    let element = names.last().filter(|_| names.len() == 3).and_then(|name| element(name));
    let object = names.first().and_then(|name| object(name));
    let words = [object, element].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let label = row.label().map(|label| match words.is_empty() {
        true => label,
        false => format!("{label} ({words})"),
    });
    label_and(label, row.value.and_then(|value| value.text()))
}

fn element(name: &str) -> Option<&'static str> {
    Some(match name.to_ascii_lowercase().as_str() {
        "11000001" => "application device",
        "12000002" => "application path",
        "12000004" => "description",
        "12000005" => "locale",
        "14000006" => "inherited objects",
        "14000008" => "recovery sequence",
        "16000010" => "debugger enabled",
        "16000048" => "disable integrity checks",
        "16000049" => "allow test signatures",
        "21000001" => "operating system device",
        "22000002" => "system root",
        "23000003" => "default or resume object",
        "24000001" => "display order",
        "24000010" => "tools display order",
        "25000004" => "timeout",
        "25000020" => "NX policy",
        "25000080" => "safe boot",
        "26000022" => "WinPE",
        "260000a0" => "kernel debugger",
        _ => return None,
    })
}

fn object(name: &str) -> Option<&'static str> {
    Some(match name.to_ascii_lowercase().as_str() {
        "{9dea862c-5cdd-4e70-acc1-f32b344d4795}" => "boot manager",
        "{a5a30fa2-3d06-4e9f-b5f4-a01df9d1fcba}" => "firmware boot manager",
        "{b2721d73-1db4-4c62-bf78-c548a880142d}" => "memory diagnostics",
        "{466f5a88-0af2-4f76-9038-095b170dc21c}" => "legacy loader",
        "{0ce4991b-e6b3-4b16-b23c-5e0d9250e5d9}" => "EMS settings",
        "{4636856e-540f-4170-a130-a84776f4c654}" => "debugger settings",
        "{7ea2e1ac-2e61-4728-aaa3-896d9d0a9f0e}" => "global settings",
        "{6efb52bf-1766-41db-a6b3-0ee5eff72bd7}" => "boot loader settings",
        "{7ff607e0-4395-11db-b0de-0800200c9a66}" => "hypervisor settings",
        _ => return None,
    })
}
