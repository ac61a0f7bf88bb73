//! What one step of a key's path must be. Names of the table are ASCII and compared as ASCII
//! without regard to case: a name with a dotless `ı` or a long `ſ` in it is another name.

/// A step of a pattern that many names satisfy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// `ControlSet###`
    ControlSet,
    /// `{guid}`
    Guid,
    /// `<packed guid>`
    PackedGuid,
    /// `<sid>`
    Sid,
    /// `<hex>`
    Hex,
    /// `.*`
    Extension,
    /// `*`
    Any,
}

/// One step of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Literal(&'static str),
    Optional(&'static str),
    Class(Class),
    /// `**`, the last step.
    Below,
}

/// The steps of a pattern of the table.
pub(super) fn steps(pattern: &'static str) -> impl Iterator<Item = Step> {
    pattern.split('\\').filter(|step| !step.is_empty()).map(|step| match step {
        "**" => Step::Below,
        "*" => Step::Class(Class::Any),
        ".*" => Step::Class(Class::Extension),
        "{guid}" => Step::Class(Class::Guid),
        "<packed guid>" => Step::Class(Class::PackedGuid),
        "<sid>" => Step::Class(Class::Sid),
        "<hex>" => Step::Class(Class::Hex),
        "ControlSet###" => Step::Class(Class::ControlSet),
        step => match step.strip_prefix('(').and_then(|step| step.strip_suffix(')')) {
            Some(name) => Step::Optional(name),
            None => Step::Literal(step),
        },
    })
}

impl Class {
    /// Whether `name`, in WTF-8, is of this class.
    pub(super) fn admits(self, name: &[u8]) -> bool {
        match self {
            Self::Any => true,
            Self::Extension => name.len() > 1 && name.starts_with(b"."),
            Self::ControlSet => is_control_set(name),
            Self::Guid => is_guid(name),
            Self::PackedGuid => name.len() == 32 && name.iter().all(u8::is_ascii_hexdigit),
            Self::Hex => name.len() == 8 && name.iter().all(u8::is_ascii_hexdigit),
            Self::Sid => is_sid(name),
        }
    }

    /// Whether names of this class say which item it is; which control set it is says not.
    pub(super) fn names_item(self) -> bool {
        self != Self::ControlSet
    }
}

fn is_control_set(name: &[u8]) -> bool {
    control_set_number(name).is_some()
}

/// The number of the control set with this key name.
// Source: winreg-kb, "Current control set": `ControlSet001` for the value 1.
pub(crate) fn control_set_number(name: &[u8]) -> Option<u32> {
    let (word, digits) = name.split_at_checked(10)?;
    let is_one = word.eq_ignore_ascii_case(b"ControlSet")
        && digits.len() == 3
        && digits.iter().all(u8::is_ascii_digit);
    is_one.then(|| digits.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
}

/// Whether `name` is a GUID in braces.
pub(super) fn is_guid(name: &[u8]) -> bool {
    name.len() == 38
        && name.iter().enumerate().all(|(index, byte)| match index {
            0 => *byte == b'{',
            37 => *byte == b'}',
            9 | 14 | 19 | 24 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Whether `name` is a security identifier: `S-1-`, an authority and up to 15 numbers.
// Source: [MS-DTYP] 2.4.2.1, "SID String Format Syntax".
pub(crate) fn is_sid(name: &[u8]) -> bool {
    let Some((head, numbers)) = name.split_at_checked(4) else { return false };
    head.eq_ignore_ascii_case(b"S-1-")
        && numbers.split(|byte| *byte == b'-').count() <= 16
        && numbers
            .split(|byte| *byte == b'-')
            .all(|part| (1..=15).contains(&part.len()) && part.iter().all(u8::is_ascii_digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_admit_their_names_alone() {
        for (class, yes, no) in [
            (Class::ControlSet, "ControlSet001", "CurrentControlSet"),
            (Class::ControlSet, "controlset047", "ControlSet1"),
            (
                Class::Guid,
                "{CEBFF5CD-ACE2-4F4F-9178-9926F41749EA}",
                "CEBFF5CD-ACE2-4F4F-9178-9926F41749EA",
            ),
            (
                Class::Guid,
                "{cebff5cd-ace2-4f4f-9178-9926f41749ea}",
                "{CEBFF5CD-ACE2-4F4F-9178-9926F41749E }",
            ),
            (
                Class::PackedGuid,
                "00004109110000000000000000F01FEC",
                "00004109110000000000000000F01FE",
            ),
            (Class::Sid, "S-1-5-18", "S-1-5-18_Classes"),
            (Class::Sid, "S-1-5-21-1-2-3-1001", "S-1-5-21-1-2-3-1001.bak"),
            (Class::Sid, "s-1-5-32-544", "S-1-"),
            (Class::Hex, "000001F4", "Names"),
            (Class::Extension, ".txt", "."),
        ] {
            assert!(class.admits(yes.as_bytes()), "{class:?} {yes}");
            assert!(!class.admits(no.as_bytes()), "{class:?} {no}");
        }
    }
}
