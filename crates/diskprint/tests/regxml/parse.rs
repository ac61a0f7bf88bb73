//! Reads RegXML with quick-xml, ours and hivexml's alike.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// An element: attributes, text, and elements below.
#[derive(Debug, Default, PartialEq)]
pub struct Element {
    pub tag: String,
    pub attributes: BTreeMap<String, String>,
    pub text: String,
    pub inner: Vec<Element>,
}

impl Element {
    pub fn get(&self, attribute: &str) -> Option<&str> {
        self.attributes.get(attribute).map(String::as_str)
    }

    pub fn all<'a>(&'a self, tag: &'a str) -> impl Iterator<Item = &'a Element> {
        self.inner.iter().filter(move |inner| inner.tag == tag)
    }

    /// The keys or values in use: not those that no list leads to.
    pub fn in_use<'a>(&'a self, tag: &'a str) -> impl Iterator<Item = &'a Element> {
        self.all(tag).filter(|inner| inner.get("alloc") != Some("0"))
    }

    pub fn mtime(&self) -> Option<&str> {
        self.all("mtime").next().map(|mtime| mtime.text.as_str())
    }

    /// `file_offset` and `len` of the byte runs.
    pub fn runs(&self) -> Vec<(u64, u64)> {
        let runs = self.all("byte_runs").flat_map(|runs| runs.all("byte_run"));
        let number = |run: &Element, name| run.get(name).unwrap().parse().unwrap();
        runs.map(|run| (number(run, "file_offset"), number(run, "len"))).collect()
    }
}

/// Returns the `hive` element, or why the text is ill-formed.
pub fn parse(xml: &str) -> Result<Element, String> {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().expand_empty_elements = true;
    let mut open = vec![Element::default()];
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) => open.push(element(&start)?),
            Event::End(_) => {
                let closed = open.pop().ok_or("an end too many")?;
                open.last_mut().ok_or("an end too many")?.inner.push(closed);
            }
            Event::Text(text) => {
                open.last_mut().ok_or("text outside")?.text.push_str(&text);
            }
            Event::GeneralRef(reference) => {
                let name: &str = &reference;
                let text = quick_xml::escape::unescape(&format!("&{name};"))
                    .map_err(|error| error.to_string())?
                    .into_owned();
                open.last_mut().ok_or("text outside")?.text.push_str(&text);
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let mut document = open.pop().filter(|_| open.is_empty()).ok_or("not closed")?;
    document.inner.pop().ok_or_else(|| "empty".to_owned())
}

fn element(start: &BytesStart<'_>) -> Result<Element, String> {
    let mut element = Element { tag: start.name().as_ref().to_owned(), ..Element::default() };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let value =
            quick_xml::escape::unescape(&attribute.value).map_err(|error| error.to_string())?;
        let key = attribute.key.as_ref().to_owned();
        element.attributes.insert(key, value.into_owned());
    }
    Ok(element)
}
