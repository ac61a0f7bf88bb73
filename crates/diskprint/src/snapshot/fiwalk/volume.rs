use std::io::BufRead;
use std::sync::OnceLock;

use diskprint_formats::Name;
use diskprint_formats::walked::{self, Damage, Found, Hidden, Room};

use super::copy::Copy;
use super::entry;
use super::process::{self, Ended};
use super::{Error, Fiwalk};
use crate::dfxml::reader::{self, Item, Reader};
use crate::printable;

/// Different things that went wrong, of which each is told; more tell nothing new.
const MOST_PROBLEMS: usize = 16;

/// A volume that fiwalk lists. How large its blocks are is known when it was walked.
pub(super) struct Volume<'v> {
    fiwalk: &'v Fiwalk,
    copy: &'v Copy,
    len: u64,
    name: &'static str,
    head: OnceLock<Head>,
}

/// What the document says beside files.
#[derive(Debug, Default)]
struct Head {
    version: String,
    volumes: usize,
    block_size: u64,
    block_count: u64,
    /// What went wrong, each once, in the order of its appearance.
    problems: Vec<String>,
}

impl<'v> Volume<'v> {
    pub(super) fn new(fiwalk: &'v Fiwalk, copy: &'v Copy, len: u64, name: &'static str) -> Self {
        Self { fiwalk, copy, len, name, head: OnceLock::new() }
    }

    /// Whether there was a file system, when the volume was walked.
    pub(super) fn outcome(&self) -> Result<(), Error> {
        let Some(head) = self.head.get().filter(|head| head.volumes == 0) else { return Ok(()) };
        // Where in the copy it looked for one says nothing of the volume.
        let is_told = |why: &&String| !why.contains("Cannot determine file system type");
        let why = head.problems.iter().find(is_told).map(|why| format!(": {why}"));
        let why = why.unwrap_or_default();
        Err(Error::None { name: self.name, program: head.program(), why })
    }

    /// Whether numbers of its files are not used again; else they may be places, which renames change.
    // Source: Apple, Technical Note TN1150, "Catalog Node IDs".
    fn generation(&self) -> u16 {
        u16::from(matches!(self.name, "hfs" | "hfsplus"))
    }

    /// The most that it may print, in bytes: a file's metadata is shorter on the disk than as XML,
    /// but not that much.
    fn longest(&self) -> u64 {
        self.len.saturating_mul(4).saturating_add(64 << 20).min(64 << 30)
    }

    /// Why its output may lack something.
    fn lacks(&self, ended: std::io::Result<Ended>) -> Option<String> {
        let time = self.fiwalk.bounds.time_for(self.len);
        let memory = self.fiwalk.bounds.memory >> 20;
        match ended {
            Ok(Ended::Itself(status)) if status.success() => None,
            Ok(Ended::Itself(status)) => Some(format!(
                "it failed ({status}); it may take {memory} MiB of memory and {time:?}"
            )),
            Ok(Ended::Late) => Some(format!("it was stopped after {time:?}")),
            Ok(Ended::Unwanted) => None,
            Err(error) => Some(format!("it cannot be run: {error}")),
        }
    }
}

impl walked::Volume for Volume<'_> {
    fn block_size(&self) -> u32 {
        self.head.get().and_then(|head| u32::try_from(head.block_size).ok()).unwrap_or(0)
    }

    fn block_count(&self) -> u64 {
        self.head.get().map_or(0, |head| head.block_count)
    }

    fn serial(&self) -> u64 {
        0
    }

    fn walk(&self, found: &mut dyn FnMut(Found)) {
        let command = self.fiwalk.command(&self.copy.path());
        let (time, memory) = (self.fiwalk.bounds.time_for(self.len), self.fiwalk.bounds.memory);
        let (head, room) = (Head::default(), Room::new(self.len));
        let (own, generation) = (self.copy.path().display().to_string(), self.generation());
        let mut listing = Listing { head, room, generation, own, is_cut: false, found };
        let ended = process::run(command, time, memory, |output| {
            listing.read(Reader::new(output, self.longest()))
        });
        match self.lacks(ended) {
            Some(why) => listing.head.problems.insert(0, why),
            None if listing.is_cut => listing.problem("its output ends before the document does"),
            None => {}
        }
        if self.copy.unread > 0 {
            let unread = self.copy.unread;
            listing.problem(&format!("{unread} bytes of the volume cannot be read"));
        }
        listing.tell();
        drop(self.head.set(listing.head));
    }
}

/// What is read of the output.
struct Listing<'l> {
    head: Head,
    room: Room,
    generation: u16,
    /// The path of the copy, which says nothing of the evidence.
    own: String,
    /// Whether the document is not whole.
    is_cut: bool,
    found: &'l mut dyn FnMut(Found),
}

impl Listing<'_> {
    /// Reads a document, and says whether to its end.
    fn read(&mut self, mut document: Reader<impl BufRead>) -> bool {
        loop {
            match document.item() {
                Ok(Some(item)) => self.item(item),
                Ok(None) => return true,
                // How the program ended may say why.
                Err(reader::Error::End) => {
                    self.is_cut = true;
                    return true;
                }
                Err(error) => {
                    self.problem(&format!("its output cannot be read to the end: {error}"));
                    return false;
                }
            }
        }
    }

    fn item(&mut self, item: Item) {
        match item {
            Item::Version(version) => self.head.version = printable(&version),
            Item::Volume => self.volume(),
            Item::BlockSize(size) if self.head.volumes == 1 => self.head.block_size = size,
            Item::BlockCount(count) if self.head.volumes == 1 => self.head.block_count = count,
            Item::BlockSize(_) | Item::BlockCount(_) => {}
            Item::Error(text) => self.problem(&format!("it says {:?}", printable(&text))),
            Item::File(_) if self.head.volumes != 1 => {
                self.problem("it lists files of more than one file system");
            }
            Item::File(object) => match entry::of(*object, self.generation, &mut self.room) {
                Ok((file, lost)) => {
                    (self.found)(Found::File(Box::new(file)));
                    lost.into_iter().for_each(|damage| (self.found)(Found::Damage(damage)));
                }
                Err(None) => {}
                Err(Some(problem)) => self.problem(problem),
            },
        }
    }

    fn volume(&mut self) {
        self.head.volumes = self.head.volumes.saturating_add(1);
        if self.head.volumes == 1 {
            let program = self.head.program();
            let notice = format!("its files were listed by {program} of The Sleuth Kit");
            (self.found)(whole(notice, "", Hidden::Nothing));
        }
    }

    /// Takes note of what may have hidden files.
    fn problem(&mut self, text: &str) {
        let text = text.replace(&self.own, "the volume");
        let problems = &mut self.head.problems;
        if problems.len() < MOST_PROBLEMS && !problems.contains(&text) {
            problems.push(text);
        }
    }

    fn tell(&mut self) {
        let program = self.head.program();
        for problem in &self.head.problems {
            let (what, hidden) = (format!("{program}: {problem}"), Hidden::Below(Name::default()));
            (self.found)(whole(what, "files that it may not have listed", hidden));
        }
    }
}

impl Head {
    fn program(&self) -> String {
        format!("fiwalk {}", self.version).trim_end().to_owned()
    }
}

/// A damage of the whole volume.
fn whole(what: String, skipped: &'static str, hidden: Hidden) -> Found {
    Found::Damage(Damage { inode: None, path: None, error: what.into(), skipped, hidden })
}
