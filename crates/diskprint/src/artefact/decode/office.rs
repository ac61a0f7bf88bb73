//! Lists of recent files and folders of Microsoft Office.

use diskprint_formats::Filetime;

use super::super::row::Row;
use super::or_plain;

/// An item `[F00000000][T01D0…][O00000000]*PATH`: `T` is a FILETIME in hexadecimal.
// Source: winreg-kb, "Microsoft Office", "Item MRU keys".
pub(crate) fn office_mru(row: &Row) -> Option<String> {
    let text = row.value.and_then(|value| value.text());
    let item = text.as_deref().and_then(|text| {
        let (head, path) = text.split_once('*')?;
        let time = head.split(['[', ']']).find_map(|field| field.strip_prefix('T'))?;
        let time = (time.len() == 16).then(|| u64::from_str_radix(time, 16).ok())??;
        Some(format!("{path}, opened {}", Filetime(time)))
    });
    or_plain(row, item)
}

#[cfg(test)]
mod tests {
    use diskprint_formats::Name;

    use super::super::super::row::Value;
    use super::*;

    #[test]
    fn items_of_office_say_when_they_were_opened() {
        let text = r"[F00000000][T01CD10EC460129A0][O00000000]*C:\a.docx";
        let data: Vec<u8> = text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
        let name = Name::from("Item 1");
        let value = Some(Value { name: &name, value_type: 1, data: &data });
        assert_eq!(
            office_mru(&Row { item: &[], value }).as_deref(),
            Some(r"Item 1: C:\a.docx, opened 2012-04-02T12:49:36.8430496Z")
        );
    }
}
