use std::fmt;

/// The three numbers that name a slice.
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

    /// Reads a slice's name, `8504-1-7895-1-10`; `None` when it has another form.
    pub fn from_name(name: &str) -> Option<Self> {
        if name.contains('.') { None } else { Self::from_file_name(&format!("{name}.")) }
    }

    /// The name of the sequence that it belongs to, `8504-1-7895-1`.
    pub fn sequence(&self) -> String {
        format!("{}-{}", self.osetid, self.appetid)
    }
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
