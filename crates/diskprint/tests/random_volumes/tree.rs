use std::collections::{BTreeMap, BTreeSet};

use diskprint_testkit::ntfs::{
    Chunks, DIRECTORY, File, IN_USE, Options, ROOT, Reference, Times, Volume, kind, namespace, sds,
    security_descriptor,
};
use diskprint_testkit::random::Random;

/// The first record that is not the file system's own.
pub const FIRST_RECORD: u64 = 24;

/// A volume that will be written.
#[derive(Clone)]
pub struct State {
    pub nodes: BTreeMap<u64, Node>,
    /// The next record that was never used.
    pub next: u64,
    /// Size of its records in bytes.
    record: usize,
}

/// A file or directory.
#[derive(Clone)]
pub struct Node {
    pub sequence: u16,
    pub is_directory: bool,
    /// Directory and name; a file may have several.
    pub names: Vec<(u64, String)>,
    pub content: Vec<u8>,
    pub form: Form,
    pub streams: BTreeMap<String, Vec<u8>>,
    pub attributes: u32,
    /// Which of [`OWNERS`] has it.
    pub owner: usize,
    /// Which times it has.
    pub seconds: u64,
}

/// How content is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    InRecord,
    InClusters,
    Fragmented,
    Compressed,
    Sparse,
}

pub const FORMS: [Form; 5] =
    [Form::InRecord, Form::InClusters, Form::Fragmented, Form::Compressed, Form::Sparse];
/// Last parts of the identifiers of users (`S-1-5-18`), each of whom has a security descriptor.
pub const OWNERS: [u8; 4] = [18, 19, 20, 32];
/// The id of the first one's descriptor.
const FIRST_SECURITY_ID: u32 = 0x100;
/// The longest content that is written into its record.
const MOST_IN_RECORD: usize = 300;

impl State {
    /// All paths of a node: one for each of its names.
    pub fn paths(&self, record: u64) -> Vec<String> {
        let names = self.nodes[&record].names.iter();
        names.map(|(parent, name)| self.below(*parent, name)).collect()
    }

    fn below(&self, directory: u64, name: &str) -> String {
        match self.nodes.get(&directory) {
            None => name.to_owned(),
            Some(node) => {
                let (parent, own) = &node.names[0];
                format!("{}/{name}", self.below(*parent, own))
            }
        }
    }

    /// The directories, the root too.
    pub fn directories(&self) -> Vec<u64> {
        let own =
            self.nodes.iter().filter(|(_, node)| node.is_directory).map(|(record, _)| *record);
        [ROOT.record].into_iter().chain(own).collect()
    }

    /// The files and directories that are in a directory, by their records.
    pub fn children(&self, directory: u64) -> BTreeSet<u64> {
        let is_in = |node: &Node| node.names.iter().any(|(parent, _)| *parent == directory);
        self.nodes.iter().filter(|(_, node)| is_in(node)).map(|(record, _)| *record).collect()
    }

    /// A name that nothing in the directory has, in any case.
    pub fn new_name(&self, directory: u64, random: &mut Random) -> String {
        const WORDS: [&str; 12] = [
            "a",
            "B",
            "readme.txt",
            "Setup.exe",
            "ä",
            "日本",
            "a.b.c",
            "x y",
            "UPPER",
            "lower",
            "-",
            "\u{1F4A9}",
        ];
        loop {
            let name = format!("{}{}", random.pick(&WORDS), random.below(1000));
            let taken = self.children(directory).into_iter().flat_map(|it| &self.nodes[&it].names);
            let mut taken = taken.filter(|(parent, _)| *parent == directory);
            if !taken.any(|(_, other)| other.to_lowercase() == name.to_lowercase()) {
                return name;
            }
        }
    }

    /// The volume's bytes.
    pub fn written(&self) -> Vec<u8> {
        let options = Options { record: self.record, clusters: 2048, ..Options::default() };
        let mut volume = Volume::new(options);
        let descriptors = (FIRST_SECURITY_ID..).zip(OWNERS).map(|(id, owner)| {
            let owner = [1, 1, 0, 0, 0, 0, 0, 5, owner, 0, 0, 0];
            (id, security_descriptor(&owner, &owner, &[2, 0, 8, 0, 0, 0, 0, 0]))
        });
        volume.secure(&sds(&descriptors.collect::<Vec<_>>()));
        for (record, node) in &self.nodes {
            let file = self.file(node, &mut volume);
            volume.put(*record, &file);
        }
        volume.finish().bytes
    }

    fn file(&self, node: &Node, volume: &mut Volume) -> File {
        let reference = |record: u64| match self.nodes.get(&record) {
            None => ROOT,
            Some(parent) => Reference { record, sequence: parent.sequence },
        };
        let (first, name) = &node.names[0];
        let mut file = File::new(reference(*first), name).times(Times::from(node.seconds));
        for (parent, name) in &node.names[1..] {
            file = file.name(reference(*parent), name, namespace::BOTH);
        }
        (file.sequence, file.attributes) = (node.sequence, node.attributes);
        file.security_id = FIRST_SECURITY_ID + node.owner as u32;
        if node.is_directory {
            file.flags = IN_USE | DIRECTORY;
            file.attributes |= 0x1000_0000;
            return file;
        }
        let content = &node.content;
        file = match node.form {
            _ if content.len() < 2 => file.data("", content),
            Form::InRecord if content.len() <= MOST_IN_RECORD => file.data("", content),
            Form::InRecord | Form::InClusters => {
                file.with(volume.stored(kind::DATA, "", content, 0))
            }
            Form::Fragmented => file.with(volume.stored(kind::DATA, "", content, 1)),
            Form::Compressed => file.with(volume.compressed("", content, Chunks::Packed)),
            Form::Sparse => file.with(volume.sparse("", content)),
        };
        node.streams.iter().fold(file, |file, (name, data)| file.data(name, data))
    }
}

/// Some directories and files.
pub fn tree(random: &mut Random) -> State {
    let record = *random.pick(&[1024, 4096]);
    let mut state = State { nodes: BTreeMap::new(), next: FIRST_RECORD, record };
    for _ in 0..2 + random.below(5) {
        add(&mut state, random, true);
    }
    for _ in 0..4 + random.below(16) {
        add(&mut state, random, false);
    }
    state
}

/// Adds a file or directory somewhere; returns its record.
pub fn add(state: &mut State, random: &mut Random, is_directory: bool) -> u64 {
    let record = state.next;
    state.next += 1;
    put(state, random, record, 1, is_directory);
    record
}

/// Makes a file or directory of a record that is free.
pub fn put(state: &mut State, random: &mut Random, record: u64, sequence: u16, is_directory: bool) {
    let parent = *random.pick(&state.directories());
    let name = state.new_name(parent, random);
    let mut streams = BTreeMap::new();
    if !is_directory && random.once_in(4) {
        streams.insert("Zone.Identifier".to_owned(), random.bytes(20));
    }
    let node = Node {
        sequence,
        is_directory,
        names: vec![(parent, name)],
        content: if is_directory { Vec::new() } else { content(random) },
        form: *random.pick(&FORMS),
        streams,
        attributes: 0x20,
        owner: random.below(OWNERS.len()),
        seconds: random.below(100_000) as u64,
    };
    state.nodes.insert(record, node);
}

/// Content of any length, part of which can be compressed or left out as holes.
pub fn content(random: &mut Random) -> Vec<u8> {
    let len = match random.below(6) {
        0 => 0,
        1 => random.below(MOST_IN_RECORD),
        2 => 4096 * random.below(6),
        3 => 70_000,
        _ => random.below(20_000),
    };
    let mut content = Vec::with_capacity(len + 4096);
    while content.len() < len {
        match random.below(3) {
            0 => {
                let len = 1 + random.below(6000);
                content.extend(random.bytes(len));
            }
            1 => content.resize(content.len() + 4096, 0),
            _ => content.resize(content.len() + random.below(9000), b'x'),
        }
    }
    content.truncate(len);
    content
}
