//! Digital Forensics XML of another program, read as it comes.
//!
//! The program reads hostile bytes and may do what they want: every length is bounded, nothing is
//! expanded, and whatever is no such document is an error.

mod file_object;
#[cfg(test)]
mod tests;

use std::io::{self, BufRead, Read};

use quick_xml::events::{BytesStart, Event};
use thiserror::Error;

pub use file_object::{FileObject, Run};

/// Longest piece of the document, a text or a tag, in bytes: a path of 32,767 characters fits.
const LONGEST: usize = 1 << 20;
/// Elements that are in one another at most.
const DEEPEST: usize = 64;
/// Byte runs of one file at most.
const MOST_RUNS: usize = 1 << 20;

/// Why a document cannot be read any further.
#[derive(Debug, Error)]
pub enum Error {
    /// It is no XML.
    #[error("it is no XML")]
    Xml(#[from] quick_xml::Error),
    /// It declares a document type, which could define anything.
    #[error("it has a document type of its own")]
    DocumentType,
    /// It is something else than is expected.
    #[error("it begins with the element {0:?}, where dfxml is expected")]
    NoDfxml(String),
    /// Something of it exceeds its bound.
    #[error("more than {most} {of}")]
    Most {
        /// The bound.
        most: u64,
        /// Of what.
        of: &'static str,
    },
    /// A reference has no meaning in XML.
    #[error("the entity {0:?} is not known")]
    Entity(String),
    /// It ends before it is whole.
    #[error("it ends before the document does")]
    End,
}

/// What a document says, in the order in which it does.
#[derive(Debug)]
pub enum Item {
    /// The version of the program that wrote it.
    Version(String),
    /// A volume begins.
    Volume,
    /// The size of its blocks in bytes, of the volume that has begun.
    BlockSize(u64),
    /// The number of its blocks.
    BlockCount(u64),
    /// A file.
    File(Box<FileObject>),
    /// What the program says that went wrong.
    Error(String),
}

/// Reads a document as it comes.
pub struct Reader<R> {
    xml: quick_xml::Reader<Bounded<R>>,
    buffer: Vec<u8>,
    /// The elements that have begun and not ended.
    open: Vec<String>,
    /// Text of the innermost element.
    text: String,
    file: Option<Box<FileObject>>,
    state: State,
}

#[derive(PartialEq, Eq)]
enum State {
    Inside,
    Ended,
}

impl<R: BufRead> Reader<R> {
    /// Makes a reader of a document of at most `most` bytes.
    pub fn new(document: R, most: u64) -> Self {
        let mut xml =
            quick_xml::Reader::from_reader(Bounded { inner: document, most, left: most, piece: 0 });
        xml.config_mut().expand_empty_elements = true;
        let (buffer, open, text) = Default::default();
        Self { xml, buffer, open, text, file: None, state: State::Inside }
    }

    /// The next thing that the document says; `None` at its end.
    ///
    /// # Errors
    /// When it is no DFXML, or too long. There is nothing behind an error.
    pub fn item(&mut self) -> Result<Option<Item>, Error> {
        while self.state == State::Inside {
            let read = self.step();
            match read {
                Ok(None) => {}
                Ok(item) => return Ok(item),
                Err(error) => {
                    self.state = State::Ended;
                    return Err(self.xml.get_ref().exceeded().unwrap_or(error));
                }
            }
        }
        Ok(None)
    }

    fn step(&mut self) -> Result<Option<Item>, Error> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        self.xml.get_mut().piece = 0;
        let item = match self.xml.read_event_into(&mut buffer)? {
            Event::Start(start) => self.start(&start)?,
            Event::End(_) => self.end(),
            Event::Text(text) => self.push(&text)?,
            Event::CData(text) => self.push(&text)?,
            Event::GeneralRef(name) => {
                let text = quick_xml::escape::unescape(&format!("&{};", &*name))
                    .map_err(|_| Error::Entity(shortened(&name)))?
                    .into_owned();
                self.push(&text)?
            }
            Event::Comment(text) => said(&text),
            Event::DocType(_) => return Err(Error::DocumentType),
            Event::Eof => return Err(Error::End),
            Event::Decl(_) | Event::PI(_) | Event::Empty(_) => None,
        };
        self.buffer = buffer;
        Ok(item)
    }

    fn start(&mut self, start: &BytesStart<'_>) -> Result<Option<Item>, Error> {
        let name = start.local_name().as_ref().to_owned();
        if self.open.is_empty() && name != "dfxml" {
            return Err(Error::NoDfxml(shortened(&name)));
        }
        self.text.clear();
        let item = match (name.as_str(), &mut self.file) {
            ("volume", None) => Some(Item::Volume),
            ("fileobject", _) => {
                self.file = Some(Box::default());
                None
            }
            ("byte_run", Some(file)) => {
                file.runs.push(run(start)?);
                exceeds(file.runs.len(), MOST_RUNS, "byte runs of one file")?;
                None
            }
            _ => None,
        };
        self.open.push(name);
        exceeds(self.open.len(), DEEPEST, "elements in one another")?;
        Ok(item)
    }

    fn push(&mut self, text: &str) -> Result<Option<Item>, Error> {
        self.text.push_str(text);
        exceeds(self.text.len(), LONGEST, "bytes of a text")?;
        Ok(None)
    }

    fn end(&mut self) -> Option<Item> {
        let name = self.open.pop()?;
        let above = self.open.last().map_or("", String::as_str);
        let text = std::mem::take(&mut self.text);
        match (name.as_str(), above) {
            ("fileobject", _) => return self.file.take().map(Item::File),
            ("error", _) => return Some(Item::Error(shortened(&text))),
            ("dfxml", _) => self.state = State::Ended,
            ("version", "creator") => return Some(Item::Version(shortened(&text))),
            ("block_size", "volume") => return text.trim().parse().ok().map(Item::BlockSize),
            ("block_count", "volume") => return text.trim().parse().ok().map(Item::BlockCount),
            _ => {}
        }
        if let Some(file) = &mut self.file {
            file.set(&name, above, text);
        }
        None
    }
}

/// What went wrong, which fiwalk says in comments: `TSK Error: tsk_fs_dir_walk: ...`.
// Observed: fiwalk 4.11.1 on damaged volumes.
fn said(comment: &str) -> Option<Item> {
    let comment = comment.trim();
    comment.starts_with("TSK").then(|| Item::Error(shortened(comment)))
}

fn run(start: &BytesStart<'_>) -> Result<Run, Error> {
    let mut run = Run::default();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(quick_xml::Error::from)?;
        run.set(attribute.key.as_ref(), &attribute.value);
    }
    Ok(run)
}

fn exceeds(len: usize, most: usize, of: &'static str) -> Result<(), Error> {
    let most_of = Error::Most { most: most as u64, of };
    if len > most { Err(most_of) } else { Ok(()) }
}

/// The start of a text, for people.
fn shortened(text: &str) -> String {
    text.trim().chars().take(200).collect()
}

/// Bytes of which only so many are read, and only so many for one piece.
struct Bounded<R> {
    inner: R,
    most: u64,
    left: u64,
    /// How many were read for the piece at hand.
    piece: usize,
}

impl<R> Bounded<R> {
    fn exceeded(&self) -> Option<Error> {
        match (self.left, self.piece > LONGEST) {
            (0, _) => Some(Error::Most { most: self.most, of: "bytes" }),
            (_, true) => Some(Error::Most { most: LONGEST as u64, of: "bytes of a tag or text" }),
            _ => None,
        }
    }
}

impl<R: BufRead> Read for Bounded<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buf)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.exceeded().is_some() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.left = self.left.saturating_sub(count as u64);
        self.piece = self.piece.saturating_add(count);
        self.inner.consume(count);
    }
}
