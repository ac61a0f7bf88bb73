//! The original's rows.

use diskprint::regdelta::{Action, Row, Side};
use diskprint_testkit::need;

use crate::Place;

/// Reads the rows, or `None` after saying that the test is skipped.
#[track_caller]
pub fn rows(name: &str) -> Option<Vec<(Place, Row)>> {
    let text = std::fs::read_to_string(need::data(name)?).expect(name);
    Some(text.lines().skip(1).map(|line| row(&fields(line))).collect())
}

/// Splits a line of CSV; an empty field without quotes is NULL.
fn fields(line: &str) -> Vec<Option<String>> {
    let mut fields = Vec::new();
    let mut chars = line.chars().peekable();
    loop {
        let quoted = chars.next_if_eq(&'"').is_some();
        let mut field = String::new();
        while let Some(c) = chars.next_if(|c| quoted || *c != ',') {
            match c {
                '"' if quoted && chars.next_if_eq(&'"').is_none() => break,
                c => field.push(c),
            }
        }
        fields.push((quoted || !field.is_empty()).then_some(field));
        if chars.next().is_none() {
            return fields;
        }
    }
}

fn row(fields: &[Option<String>]) -> (Place, Row) {
    assert_eq!(fields.len(), 17, "{fields:?}");
    let text = |index: usize| fields[index].clone().unwrap_or_default();
    let action = match text(4).as_str() {
        "created" => Action::Created,
        "removed" => Action::Removed,
        "property updated" => Action::PropertyUpdated,
        other => panic!("{other}"),
    };
    let side = |after: usize| Side {
        parentmtime: fields[6 + after].clone(),
        mtime: fields[8 + after].clone(),
        valuesha1: fields[10 + after].clone(),
        celltype: fields[12 + after].clone(),
        iskey: fields[14 + after].as_deref().map(|iskey| iskey == "1"),
    };
    let row = Row { action, cellpath: text(5).as_str().into(), before: side(0), after: side(1) };
    (Place { slice: text(2), hive: text(3) }, row)
}
