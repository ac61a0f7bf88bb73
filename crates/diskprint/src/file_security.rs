use diskprint_formats::SecurityDescriptor;

use crate::Digests;

/// Who owns a file, and what says who may do what with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSecurity {
    /// Owner by the security descriptor, `S-1-5-…`; `None` when that is not said.
    pub owner: Option<Box<str>>,
    /// Primary group by the security descriptor; `None` when that is not said.
    pub group: Option<Box<str>>,
    /// SHA-1 over the security descriptor as stored.
    pub sha1: [u8; 20],
}

impl FileSecurity {
    /// What a security descriptor says.
    pub fn of(descriptor: SecurityDescriptor<'_>) -> Self {
        let [owner, group] = [descriptor.owner(), descriptor.group()]
            .map(|sid| sid.map(|sid| sid.to_string().into_boxed_str()));
        Self { owner, group, sha1: Digests::of(descriptor.bytes()).sha1 }
    }
}
