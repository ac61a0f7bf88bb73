//! Files as a test describes them.

use super::{
    Attribute, DIRECTORY, IN_USE, Reference, Times, file_name, kind, namespace, resident,
    standard_information,
};

/// A file to be added to a volume: its names and attributes.
#[derive(Clone, Debug)]
pub struct File {
    /// Sequence number of its record.
    pub sequence: u16,
    /// Flag bits of its record.
    pub flags: u16,
    /// Times, of the record and of each name.
    pub times: Times,
    /// Attribute bits.
    pub attributes: u32,
    /// Number of its security descriptor in $Secure; 0 for none.
    pub security_id: u32,
    /// Its names: directory, name, name space, and whether the directory lists it.
    pub names: Vec<(Reference, String, u8, bool)>,
    /// Attributes besides $STANDARD_INFORMATION and $FILE_NAME.
    pub content: Vec<Attribute>,
}

impl File {
    /// A file in use of this name, without content.
    pub fn new(parent: Reference, name: &str) -> Self {
        Self {
            sequence: 1,
            flags: IN_USE,
            times: Times::from(0),
            attributes: 0x20,
            security_id: 0,
            names: Vec::new(),
            content: Vec::new(),
        }
        .name(parent, name, namespace::BOTH)
    }

    /// A directory in use of this name.
    pub fn directory(parent: Reference, name: &str) -> Self {
        let mut file = Self::new(parent, name);
        (file.flags, file.attributes) = (IN_USE | DIRECTORY, 0x1000_0000);
        file
    }

    /// With one more name, which its directory lists.
    #[must_use]
    pub fn name(mut self, parent: Reference, name: &str, space: u8) -> Self {
        self.names.push((parent, name.to_owned(), space, true));
        self
    }

    /// With names that no directory lists.
    #[must_use]
    pub fn unlisted(mut self) -> Self {
        self.names.iter_mut().for_each(|name| name.3 = false);
        self
    }

    /// As deleting leaves it: not in use, not listed, its sequence number moved on.
    #[must_use]
    pub fn deleted(mut self) -> Self {
        self.flags &= !IN_USE;
        self.sequence += 1;
        self.unlisted()
    }

    /// With these times.
    #[must_use]
    pub fn times(mut self, times: Times) -> Self {
        self.times = times;
        self
    }

    /// With the security descriptor of this id.
    #[must_use]
    pub fn secured(mut self, security_id: u32) -> Self {
        self.security_id = security_id;
        self
    }

    /// With one more attribute.
    #[must_use]
    pub fn with(mut self, attribute: Attribute) -> Self {
        self.content.push(attribute);
        self
    }

    /// With data in the record; a stream when `name` is not empty.
    #[must_use]
    pub fn data(self, name: &str, value: &[u8]) -> Self {
        self.with(resident(kind::DATA, name, value))
    }

    /// All attributes, sorted by type and name.
    pub fn all_attributes(&self) -> Vec<Attribute> {
        let information = standard_information(self.times, self.attributes, self.security_id);
        let mut all = vec![resident(kind::STANDARD_INFORMATION, "", &information)];
        for index in 0..self.names.len() {
            all.push(resident(kind::FILE_NAME, "", &self.name_value(index)));
        }
        all.extend(self.content.clone());
        all.sort_by(|a, b| (a.kind, &a.name, a.lowest_vcn).cmp(&(b.kind, &b.name, b.lowest_vcn)));
        all
    }

    /// Value of the $FILE_NAME of a name.
    pub fn name_value(&self, index: usize) -> Vec<u8> {
        let (parent, name, space, _) = &self.names[index];
        file_name(*parent, name, *space, self.times, 0, self.attributes)
    }
}
