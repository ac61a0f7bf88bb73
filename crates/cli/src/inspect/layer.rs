//! The words that say which layer is meant.

use anyhow::{Result, bail};
use diskprint::dump::Selector;
use diskprint_formats::ntfs::AttributeType;

/// A layer of an image.
#[derive(Debug, PartialEq, Eq)]
pub enum Layer {
    /// The whole of it.
    Image,
    /// One of its partitions, by number, or what is in that.
    Partition(u32, InPartition),
}

/// A layer of a partition.
#[derive(Debug, PartialEq, Eq)]
pub enum InPartition {
    BootSector,
    Record(u64),
    Attributes(u64, Selector),
    File(String),
    Hive(String, InHive),
}

/// A layer of a hive.
#[derive(Debug, PartialEq, Eq)]
pub enum InHive {
    BaseBlock,
    Key(String),
}

const IN_IMAGE: &str = "p1, p2, … for a partition";
const IN_PARTITION: &str = "mft NUMBER, file PATH, hive PATH";
const IN_RECORD: &str = "attr TYPE, attr TYPE:NAME";
const IN_HIVE: &str = "key PATH";

impl Layer {
    /// Reads the layer of an image.
    pub fn parse(words: &[String]) -> Result<Self> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let [partition, rest @ ..] = &words[..] else { return Ok(Self::Image) };
        let number = partition.strip_prefix('p').and_then(|number| number.parse().ok());
        match number {
            Some(number) => Ok(Self::Partition(number, in_partition(partition, rest)?)),
            None => unexpected("the image", IN_IMAGE, partition),
        }
    }
}

impl InHive {
    /// Reads the layer of a hive file.
    pub fn parse(words: &[String]) -> Result<Self> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        in_hive("the hive", &words)
    }
}

fn in_partition(before: &str, words: &[&str]) -> Result<InPartition> {
    Ok(match words {
        [] => InPartition::BootSector,
        ["mft", number, rest @ ..] => match (parse_number(number), rest) {
            (None, _) => bail!("{number:?} is no record number; it may be like 5 or 0x5"),
            (Some(record), []) => InPartition::Record(record),
            (Some(record), ["attr", attribute]) => {
                InPartition::Attributes(record, selector(attribute)?)
            }
            (_, ["attr"]) => bail!("after \"attr\" a type must follow, like 0x80 or '$DATA:NAME'"),
            (_, ["attr", _, word, ..]) => return unexpected("the attribute", "nothing", word),
            (_, [word, ..]) => return unexpected(&format!("mft {number}"), IN_RECORD, word),
        },
        ["file", path] => InPartition::File((*path).to_owned()),
        ["file", _, word, ..] => return unexpected("the file's path", "nothing", word),
        ["hive", path, rest @ ..] => {
            InPartition::Hive((*path).to_owned(), in_hive("the hive's path", rest)?)
        }
        ["mft"] => bail!("after \"mft\" the number of a record must follow"),
        [word @ ("file" | "hive")] => bail!("after {word:?} a path must follow"),
        [word, ..] => return unexpected(before, IN_PARTITION, word),
    })
}

fn in_hive(before: &str, words: &[&str]) -> Result<InHive> {
    match words {
        [] => Ok(InHive::BaseBlock),
        ["key", path] => Ok(InHive::Key((*path).to_owned())),
        ["key"] => bail!("after \"key\" a path must follow; '' is the root key"),
        ["key", _, word, ..] => unexpected("the key's path", "nothing", word),
        [word, ..] => unexpected(before, IN_HIVE, word),
    }
}

fn unexpected<T>(before: &str, allowed: &str, word: &str) -> Result<T> {
    bail!("{word:?} is no layer here; after {before} may follow: {allowed}")
}

fn selector(text: &str) -> Result<Selector> {
    let (kind, name) = match text.split_once(':') {
        Some((kind, name)) => (kind, Some(name)),
        None => (text, None),
    };
    let by_name = |kind: &str| {
        // The types of [`AttributeType::name`] are the multiples of 0x10 up to 0x100.
        let mut types = (1..=0x10).map(|number| AttributeType(number * 0x10));
        types.find(|found| found.name().is_some_and(|name| name.eq_ignore_ascii_case(kind)))
    };
    let number = || parse_number(kind).and_then(|number| u32::try_from(number).ok());
    match by_name(kind).or_else(|| number().map(AttributeType)) {
        Some(kind) => Ok(Selector { kind, name: name.map(Into::into) }),
        None => bail!("{kind:?} is no attribute type; it may be like 0x80 or $DATA"),
    }
}

/// A decimal number, or `0x` and a hexadecimal one.
fn parse_number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Layer> {
        Layer::parse(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn each_layer_is_understood() {
        let p = |number, layer| Layer::Partition(number, layer);
        let attributes = |kind, name: Option<&str>| {
            let selector = Selector { kind: AttributeType(kind), name: name.map(Into::into) };
            p(2, InPartition::Attributes(5, selector))
        };
        for (text, layer) in [
            ("", Layer::Image),
            ("p1", p(1, InPartition::BootSector)),
            ("p2 mft 0x10", p(2, InPartition::Record(16))),
            ("p2 mft 5 attr 0x90", attributes(0x90, None)),
            ("p2 mft 5 attr 144:$I30", attributes(0x90, Some("$I30"))),
            ("p2 mft 5 attr $data:", attributes(0x80, Some(""))),
            ("p2 mft 5 attr $LOGGED_UTILITY_STREAM", attributes(0x100, None)),
            ("p1 file a/b", p(1, InPartition::File("a/b".into()))),
            ("p1 hive a", p(1, InPartition::Hive("a".into(), InHive::BaseBlock))),
            ("p1 hive a key b\\c", p(1, InPartition::Hive("a".into(), InHive::Key("b\\c".into())))),
        ] {
            assert_eq!(parse(text).unwrap(), layer, "{text}");
        }
    }

    #[test]
    fn a_wrong_word_is_answered_with_the_right_ones() {
        for (text, answer) in [
            ("q1", "after the image may follow: p1, p2"),
            ("pone", "\"pone\" is no layer here"),
            ("p1 mtf 5", "after p1 may follow: mft NUMBER, file PATH, hive PATH"),
            ("p1 mft", "the number of a record must follow"),
            ("p1 mft five", "\"five\" is no record number"),
            ("p1 mft 5 0x80", "after mft 5 may follow: attr TYPE"),
            ("p1 mft 5 attr", "a type must follow"),
            ("p1 mft 5 attr $DAT", "\"$DAT\" is no attribute type"),
            ("p1 mft 5 attr 0x80 x", "may follow: nothing"),
            ("p1 file", "after \"file\" a path must follow"),
            ("p1 hive a k", "after the hive's path may follow: key PATH"),
            ("p1 hive a key", "'' is the root key"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(answer), "{text}: {error}");
        }
    }
}
