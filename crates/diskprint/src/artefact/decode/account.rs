//! Local accounts in SAM.

use super::super::row::{self, Row};
use super::time::filetime_at;
use super::{or_plain, plain, u16_at, u32_at, u64_at};

/// Length of the 17 descriptors that `V` begins with, in bytes.
const DESCRIPTORS: usize = 17 * 12;
/// Offset of the descriptors of user name, full name and comment, in bytes.
const NAMES: [(usize, &str); 3] = [(12, "name"), (24, "full name"), (36, "comment")];

/// A cell of an account, whose key is named by its identifier in hexadecimal.
// Source of both forms: winreg-kb, "Domains",
// https://winreg-kb.readthedocs.io/en/latest/sources/security-accounts-manager-keys/Domains.html
pub(crate) fn account(row: &Row) -> Option<String> {
    let known = row.value.and_then(|value| match () {
        () if row.is_value(1, "F") => fixed(value.data),
        () if row.is_value(1, "V") => variable(value.data),
        () => None,
    });
    or_plain(row, known)
}

fn fixed(data: &[u8]) -> Option<String> {
    let (logon, password) = (filetime_at(data, 8)?, filetime_at(data, 24)?);
    let expires = match u64_at(data, 32)? {
        0 | 0x7FFF_FFFF_FFFF_FFFF => "never".to_owned(),
        _ => filetime_at(data, 32)?,
    };
    let (failed, rid, flags) = (filetime_at(data, 40)?, u32_at(data, 48)?, u32_at(data, 56)?);
    let (failures, logons) = (u16_at(data, 64)?, u16_at(data, 66)?);
    Some(format!(
        "RID {rid}, flags {flags:#x}{}, logons {logons}, last logon {logon}, password set \
         {password}, last failure {failed}, failures {failures}, expires {expires}",
        if flags & 1 != 0 { " (disabled)" } else { "" }
    ))
}

fn variable(data: &[u8]) -> Option<String> {
    let names = NAMES.iter().filter_map(|(place, what)| {
        let start = usize::try_from(u32_at(data, *place)?).ok()?.checked_add(DESCRIPTORS)?;
        let len = usize::try_from(u32_at(data, place + 4)?).ok()?;
        let bytes = data.get(start..start.checked_add(len)?)?;
        let name = row::text(bytes)?;
        Some(format!("{what} {name}"))
    });
    let names: Vec<_> = names.collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// A key below `Names`: its unnamed value's type is the account's identifier.
// Source: winreg-kb, "Domains"; observed: the type numbers are the identifiers.
pub(crate) fn account_name(row: &Row) -> Option<String> {
    match row.value.filter(|_| row.is_value(1, "")) {
        Some(value) => row.say(Some(format!("RID {}", value.value_type))),
        None => plain(row),
    }
}
