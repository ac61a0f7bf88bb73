//! What a difference says, for people: what was before and what is after, in short.

use crate::artefact::data_as_text;
use crate::row::{self, CELL, FILE, Field, SliceName};
use crate::{Cell, CellDelta, FileDelta, Hex, RecoveredCell};

/// One thing that a difference says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What it is about, as the fields of a row are called.
    pub name: &'static str,
    /// As it was; `None` where there was none.
    pub before: Option<String>,
    /// As it is; `None` where there is none.
    pub after: Option<String>,
}

/// The longest data that are told, in characters; the rest is counted.
const MOST_DATA: usize = 256;

/// What is told of a file that came or went.
const OF_FILE: [&str; 5] = ["size", "sha1", "mtime", "crtime", "link_target"];
/// What is told of a key or value that came or went.
const OF_CELL: [&str; 3] = ["value_type_name", "data", "mtime"];
/// What another field says as well.
const SAID: [&str; 5] = ["md5", "sha256", "rendered_sha1", "parent_mtime", "artefact_detail"];
/// Bits.
const BITS: [&str; 2] = ["attributes", "flags"];

const NO_SLICE: SliceName<'_> = SliceName { osetid: None, appetid: None, sliceid: "" };

/// What the difference of a file says: of an altered one, all that differs.
pub fn of_file(delta: &FileDelta) -> Vec<Fact> {
    let facts = facts(&FILE, &row::file(&NO_SLICE, delta));
    told(facts, delta.changes().is_some(), &OF_FILE)
}

/// What the difference of a key or value says: of an altered one, all that differs.
pub fn of_cell(delta: &CellDelta) -> Vec<Fact> {
    let facts = facts(&CELL, &row::cell(&NO_SLICE, delta));
    let facts = readable(facts, delta.before(), delta.after());
    told(facts, delta.changes().is_some(), &OF_CELL)
}

/// What is known of a key or value that no list leads to.
pub fn of_recovered(found: &RecoveredCell) -> Vec<Fact> {
    let facts = facts(&CELL, &row::recovered(&NO_SLICE, found));
    let before = (!found.is_data_lost).then_some(&found.cell);
    told(readable(facts, before, None), false, &OF_CELL)
}

/// The fields of which there are two, before and after.
fn facts(names: &[&'static str], fields: &[Field<'_>]) -> Vec<Fact> {
    let field = |name: &str| {
        let at = names.iter().position(|it| *it == name)?;
        fields.get(at).and_then(|field| text(name, field))
    };
    let fact = |name: &&'static str| {
        let base = name.strip_suffix("_before")?;
        let before = field(name);
        let after = format!("{base}_after");
        if names.contains(&&*after) {
            return Some(Fact { name: base, before, after: field(&after) });
        }
        // Those alone are there where the item was another before.
        before.map(|before| Fact { name: base, before: Some(before), after: field(base) })
    };
    names.iter().filter_map(fact).collect()
}

fn told(mut facts: Vec<Fact>, is_altered: bool, shown: &[&str]) -> Vec<Fact> {
    facts.retain(|fact| match is_altered {
        true => fact.before != fact.after && !SAID.contains(&fact.name),
        false => shown.contains(&fact.name) && (fact.before.is_some() || fact.after.is_some()),
    });
    facts
}

fn text(name: &str, field: &Field<'_>) -> Option<String> {
    let is_bits =
        BITS.iter().any(|bits| name.strip_prefix(bits).is_some_and(|it| it.starts_with('_')));
    Some(match field {
        Field::Null | Field::Names(_) => return None,
        Field::Text(text) => text.to_string(),
        Field::Flag(flag) => (if *flag { "yes" } else { "no" }).to_owned(),
        Field::Number(number) if is_bits => format!("{number:#x}"),
        Field::Number(number) => number.to_string(),
        Field::Words(words) => words.join(", "),
        Field::Name(name) => name.to_text().into_owned(),
    })
}

/// Data as text where their type is one; a digest where they are not at hand.
fn readable(mut facts: Vec<Fact>, before: Option<&Cell>, after: Option<&Cell>) -> Vec<Fact> {
    for fact in facts.iter_mut().filter(|fact| fact.name == "data") {
        (fact.before, fact.after) = (before.and_then(data), after.and_then(data));
    }
    let has_data = facts.iter().any(|fact| fact.name == "data" && fact.before != fact.after);
    let has_type = facts.iter().any(|it| it.name == "value_type_name" && it.before != it.after);
    facts.retain(|fact| match fact.name {
        "sha1" | "size" => !has_data,
        "value_type" => !has_type,
        _ => true,
    });
    facts
}

fn data(cell: &Cell) -> Option<String> {
    let value = cell.value()?;
    let Some(data) = &value.data else {
        return Some(format!("{} bytes, SHA-1 {}", value.size, Hex(&value.sha1)));
    };
    let is_text = matches!(value.value_type, 1 | 2 | 6 | 7);
    if data.is_empty() || (is_text && data.iter().all(|byte| *byte == 0)) {
        return Some("(empty)".to_owned());
    }
    let text = data_as_text(value.value_type, data).unwrap_or_else(|| Hex(data).to_string());
    match text.char_indices().nth(MOST_DATA) {
        // Two texts that begin alike are not the same.
        Some((end, _)) => {
            let begin = text.get(..end).unwrap_or_default();
            Some(format!("{begin}… ({} bytes, SHA-1 {})", value.size, Hex(&value.sha1)))
        }
        None => Some(text),
    }
}

#[cfg(test)]
mod tests {
    use super::super::follow::testing::{altered, value};
    use super::*;
    use crate::{Delta, FileChanges, FileEntry};

    fn said(facts: &[Fact]) -> String {
        let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "-".into());
        let lines = facts.iter();
        let lines = lines.map(|it| format!("{} {}>{}", it.name, side(&it.before), side(&it.after)));
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn of_a_file_all_that_differs_is_told_once() {
        let before = FileEntry { attributes: 0x20, size: 3, ..FileEntry::plain("a") };
        let after = FileEntry { attributes: 0x21, inode: 31, ..FileEntry::plain("b") };
        let changes = FileChanges::default();
        let delta = Delta::Altered { before, after, changes };
        assert_eq!(said(&of_file(&delta)), "path a>b\nsize 3>0\nattributes 0x20>0x21\ninode 30>31");
        assert_eq!(said(&of_file(&Delta::New(FileEntry::plain("a")))), "size ->0");
    }

    #[test]
    fn data_are_told_as_their_type_says_and_not_at_any_length() {
        let delta = altered(value("k", "v", 4, &[1, 0, 0, 0]), value("k", "v", 4, &[2, 0, 0, 0]));
        assert_eq!(said(&of_cell(&delta)), "data 1>2");
        let delta = altered(value("k", "v", 1, b"a\0\0\0"), value("k", "v", 3, b"a"));
        assert_eq!(said(&of_cell(&delta)), "data a>61\nvalue_type_name REG_SZ>REG_BINARY");
        assert_eq!(
            said(&of_cell(&Delta::Deleted(value("k", "v", 1, &[0; 4])))),
            "data (empty)>-\nvalue_type_name REG_SZ>-"
        );
        let [long, other] = [[1; 4000], [2; 4000]].map(|data| value("k", "v", 3, &data));
        let told = of_cell(&altered(long, other));
        let texts = [told[0].before.clone().unwrap(), told[0].after.clone().unwrap()];
        assert!(
            texts.iter().all(|text| text.len() < 400 && text.contains("… (4000 bytes, SHA-1 "))
        );
        // Data that read alike are told by their digests.
        let delta = altered(value("k", "v", 1, b"a\0"), value("k", "v", 1, b"a\0\0\0"));
        assert!(said(&of_cell(&delta)).contains("sha1 "), "{}", said(&of_cell(&delta)));
    }
}
