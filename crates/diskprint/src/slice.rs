use std::fmt;

/// What names a slice: ids of an operating system and an application, and a number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SliceId {
    /// Operating system, `8504-1`.
    pub osetid: String,
    /// Application, `7895-1`.
    pub appetid: String,
    /// Number of the slice in its sequence.
    pub sliceid: i64,
}

impl SliceId {
    /// Reads the id that a tarball's file name gives, `8504-1-7895-1-10.tar.gz`: five numbers,
    /// the first two of the operating system, the next two of the application. What follows the
    /// first dot is not looked at. `None` when the name has another form.
    pub fn from_file_name(name: &str) -> Option<Self> {
        let (stem, _) = name.split_once('.')?;
        let parts: Vec<&str> = stem.split('-').collect();
        let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        match parts[..] {
            [os, os_part, app, app_part, slice] if parts.iter().all(is_number) => Some(Self {
                osetid: format!("{os}-{os_part}"),
                appetid: format!("{app}-{app_part}"),
                sliceid: slice.parse().ok()?,
            }),
            _ => None,
        }
    }

    /// Reads a slice's name, `8504-1-7895-1-10` or `vm-Windows_10-10`; `None` when it has another
    /// form.
    pub fn from_name(name: &str) -> Option<Self> {
        let (sequence, slice) = name.rsplit_once('-')?;
        let (osetid, appetid) = Self::sequence_from_name(sequence)?;
        let is_number = !slice.is_empty() && slice.bytes().all(|byte| byte.is_ascii_digit());
        let sliceid = slice.parse().ok().filter(|_| is_number)?;
        let slice = Self { osetid, appetid, sliceid };
        let is_known =
            slice.osetid == MACHINE || Self::from_file_name(&format!("{name}.")).is_some();
        is_known.then_some(slice)
    }

    /// Reads the two ids in the name of a sequence, `8504-1-7895-1` or `vm-Windows_10`; `None` when
    /// it has another form.
    pub fn sequence_from_name(name: &str) -> Option<(String, String)> {
        if let Some(machine) = name.strip_prefix(MACHINE).and_then(|rest| rest.strip_prefix('-')) {
            let is_id = !machine.is_empty() && !machine.contains(|it| !is_of_id(it));
            return is_id.then(|| (MACHINE.to_owned(), machine.to_owned()));
        }
        match name.split('-').collect::<Vec<_>>()[..] {
            [os, os_part, app, app_part] => {
                Some((format!("{os}-{os_part}"), format!("{app}-{app_part}")))
            }
            _ => None,
        }
    }

    /// The slice of a machine's state that has that number, in the sequence that is called by the
    /// machine's name: `vm-Windows_10-20` is the second of `Windows 10`.
    pub fn of_state(machine: &str, number: u32) -> Self {
        let appetid = machine.chars().map(|it| if is_of_id(it) { it } else { '_' });
        Self {
            osetid: MACHINE.to_owned(),
            appetid: appetid.take(LONGEST_ID).collect(),
            sliceid: i64::from(number) * 10,
        }
    }

    /// The name of the sequence that it belongs to, `8504-1-7895-1`.
    pub fn sequence(&self) -> String {
        format!("{}-{}", self.osetid, self.appetid)
    }
}

/// Stands for the operating system's id in sequences that are called by the name of their machine.
const MACHINE: &str = "vm";
/// Longest id that the database takes, in characters.
const LONGEST_ID: usize = 50;

/// Whether an id may have the character: nothing that a shell, a file name or the dots behind a
/// name would make something else of.
fn is_of_id(it: char) -> bool {
    it.is_alphanumeric() || matches!(it, '_' | '-')
}

/// The form of a tarball's name: `8504-1-7895-1-10`.
impl fmt::Display for SliceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.osetid, self.appetid, self.sliceid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_of_a_machine_have_its_name() {
        let id = SliceId::of_state("Windows 10 (x64).v2-a", 3);
        assert_eq!(id.to_string(), "vm-Windows_10__x64__v2-a-30");
        assert_eq!(SliceId::from_name("vm-Windows_10__x64__v2-a-30"), Some(id.clone()));
        let sequence = SliceId::sequence_from_name(&id.sequence());
        assert_eq!(sequence, Some((id.osetid, id.appetid)));
        for name in ["vm-10", "vm--10", "vm-a.b-10", "vm-a-x", "vm-a-", "wm-a-10", "8504-1-a-1-10"]
        {
            assert_eq!(SliceId::from_name(name), None, "{name}");
        }
    }

    #[test]
    fn names_of_five_numbers_are_slices() {
        let id = SliceId::from_file_name("8504-1-7895-2-10.tar.gz").unwrap();
        assert_eq!((&*id.osetid, &*id.appetid, id.sliceid), ("8504-1", "7895-2", 10));
        assert_eq!(
            (id.to_string(), id.sequence()),
            ("8504-1-7895-2-10".into(), "8504-1-7895-2".into())
        );
        for name in [
            "8504-1-7895-10.tar.gz",
            "8504-1-7895-1-10",
            "8504-1--1-10.tar",
            "8504-1-7895-1-x.tar",
            ".tar",
            "8504-1-7895-1-10-2.tar",
            "8504-1-7895-1-99999999999999999999.tar",
        ] {
            assert_eq!(SliceId::from_file_name(name), None, "{name}");
        }
    }
}
