//! Reads `.reg` files, and what is left out of them in comments.

/// A key, or a value with its name, type and data.
#[derive(Debug, PartialEq)]
pub enum Item {
    /// Path of a key.
    Key(Vec<u16>),
    /// Name, type, data.
    Value(Vec<u16>, u32, Vec<u8>),
}

/// Whether an item is held, and the item.
pub type Read = (bool, Item);

const LINE_BREAK: [u16; 2] = [0x0D, 0x0A];

/// Reads all items.
pub fn read(bytes: &[u8]) -> Vec<Read> {
    let units: Vec<u16> =
        bytes.chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    let lines = logical_lines(units.strip_prefix(&[0xFEFF]).expect("a byte order mark"));
    assert_eq!(text(&lines[0]), "Windows Registry Editor Version 5.00");
    lines[1..].iter().filter_map(|line| item(line)).collect()
}

/// Lines, broken ones put together.
fn logical_lines(mut units: &[u16]) -> Vec<Vec<u16>> {
    let mut lines: Vec<Vec<u16>> = vec![Vec::new()];
    while let Some(len) = units.windows(2).position(|pair| pair == LINE_BREAK) {
        let (line, rest) = (&units[..len], &units[len + 2..]);
        units = rest;
        let last = lines.last_mut().expect("never empty");
        match line.strip_suffix(&[u16::from(b'\\')]) {
            Some(line) if line.first() != Some(&u16::from(b';')) => {
                assert!(line.len() < 80 || last.is_empty(), "{}", text(line));
                last.extend(text(line).trim_start_matches("  ").encode_utf16());
            }
            _ if last.is_empty() => {
                last.extend(line);
                lines.push(Vec::new());
            }
            _ => {
                last.extend(line[2..].iter());
                lines.push(Vec::new());
            }
        }
    }
    assert!(units.is_empty(), "the last line is ended");
    lines
}

fn text(line: &[u16]) -> String {
    String::from_utf16(line).expect("text")
}

fn item(line: &[u16]) -> Option<Read> {
    let line = text(line);
    let (is_held, line) = match line.strip_prefix("; ") {
        Some(comment) => (false, comment),
        None => (true, &*line),
    };
    let units = |name: &str| match is_held {
        true => name.encode_utf16().collect(),
        false => unescape(name),
    };
    if let Some(path) = line.strip_prefix('[') {
        let path = path.strip_suffix(']').expect("the path ends with the line");
        return Some((is_held, Item::Key(units(path))));
    }
    let (name, data) = match line.strip_prefix('@') {
        Some(data) => (String::new(), data),
        None => quoted(line.strip_prefix('"')?),
    };
    let (kind, bytes) = self::data(data.strip_prefix('=').expect("a value"));
    Some((is_held, Item::Value(units(&name), kind, bytes)))
}

/// What stands before the quotation mark that ends it, and what behind that.
fn quoted(text: &str) -> (String, &str) {
    let (mut inside, mut chars) = (String::new(), text.chars());
    loop {
        match chars.next().expect("a quotation mark ends it") {
            '"' => return (inside, chars.as_str()),
            '\\' => inside.push(chars.next().expect("a character")),
            c => inside.push(c),
        }
    }
}

fn data(text: &str) -> (u32, Vec<u8>) {
    if let Some(text) = text.strip_prefix('"') {
        let (text, rest) = quoted(text);
        assert_eq!(rest, "");
        return (1, text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect());
    }
    if let Some(number) = text.strip_prefix("dword:") {
        assert_eq!(number.len(), 8);
        return (4, u32::from_str_radix(number, 16).expect(text).to_le_bytes().into());
    }
    let (kind, hex) = text.strip_prefix("hex").and_then(|it| it.split_once(':')).expect(text);
    let kind = match kind.strip_prefix('(') {
        Some(kind) => u32::from_str_radix(kind.strip_suffix(')').expect(text), 16).expect(text),
        None => 3,
    };
    let byte = |digits: &str| u8::from_str_radix(digits, 16).expect(text);
    (kind, hex.split(',').filter(|digits| !digits.is_empty()).map(byte).collect())
}

/// The units that escaped text stands for.
pub fn unescape(text: &str) -> Vec<u16> {
    let mut parts = text.split("\\u{");
    let mut units: Vec<u16> = parts.next().expect("the first").encode_utf16().collect();
    for part in parts {
        let (number, rest) = part.split_once('}').expect("the end of an escape");
        let number = u32::from_str_radix(number, 16).expect("a number");
        match char::from_u32(number) {
            Some(c) => units.extend_from_slice(c.encode_utf16(&mut [0; 2])),
            None => units.push(u16::try_from(number).expect("a surrogate")),
        }
        units.extend(rest.encode_utf16());
    }
    units
}
