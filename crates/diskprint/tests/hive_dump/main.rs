//! Dumps of hives say all of a hive, and agree with Parse::Win32Registry.

#[path = "../support/archive.rs"]
mod archive;
mod round_trip;
mod win32registry;

use diskprint::hive_dump;
use diskprint_formats::regf::Hive;
use diskprint_testkit::regf::{Key, Name, Value, build};

fn dump(hive: Vec<u8>) -> String {
    let mut out = Vec::new();
    hive_dump::write(&Hive::read(hive).unwrap(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn sample() -> Key {
    let mut software = Key::new("a\\b")
        .value(Value::string("", "unnamed = 1"))
        .value(Value::string("C:\\x \"y\" \\u{41}", "C:\\users \\u{41} \"z\""))
        .value(Value::dword("Count", u32::MAX))
        .value(Value::new("Big", 5, &[0, 0, 1, 0]))
        .value(Value::new("Long", 11, &[1, 0, 0, 0, 0, 0, 0, 0x80]))
        .value(Value::new("Short", 4, &[1, 2]))
        .value(Value::new("Behind", 1, &utf16("seen\0hidden\0")))
        .value(Value::new("Open", 2, &utf16("no end")))
        .value(Value::new("Odd", 1, &[0x61, 0, 0, 0, 0x62]))
        .value(Value::new("Half", 1, &[0x0A, 0, 0x00, 0xD8, 0x2E, 0x20, 0, 0]))
        .value(Value::new("List", 7, &utf16("one\0\"two\0\0")))
        .value(Value::new("Gap", 7, &utf16("\0x\0\0")))
        .value(Value::new("No items", 7, &utf16("\0")))
        .value(Value::new("Not ended", 7, &utf16("one\0two\0")))
        .value(Value::new("Bytes", 3, &[0, 0x1F, 0xFF]))
        .value(Value::new("Other", 0xFFFF_0012, &[1]))
        .value(Value::new("Nothing", 1, &[]));
    software.class = Some("Sh\"ell\n".encode_utf16().collect());
    let mut names = Key::new("u{41}").at(0);
    for units in [vec![0x61, 0x0A, 0x62], vec![0xD800, 0x62], vec![0x65E5, 0x672C]] {
        names = names.with(Key::new(Name::from_units(units)));
    }
    Key::new("ROOT").at(130_123_908_450_000_001).with(names).with(software)
}

#[test]
fn a_line_says_all_of_a_key_or_value() {
    let expected = r#"[2013-05-07T09:00:45.0000001Z] \ROOT
[not set] \ROOT\u\u{7b}41}
[2013-05-07T08:51:01.2406272Z] \ROOT\u\u{7b}41}\a\u{a}b
[2013-05-07T08:51:01.2406272Z] \ROOT\u\u{7b}41}\\u{d800}b
[2013-05-07T08:51:01.2406272Z] \ROOT\u\u{7b}41}\日本
[2013-05-07T08:51:01.2406272Z] \ROOT\a\u{5c}b
  class "Sh\u{22}ell\u{a}"
  (Default) REG_SZ = unnamed = 1
  "C:\x \u{22}y\u{22} \u\u{7b}41}" REG_SZ = C:\users \u\u{7b}41} "z"
  "Count" REG_DWORD = 0xffffffff (4294967295)
  "Big" REG_DWORD_BIG_ENDIAN = 0x00000100 (256)
  "Long" REG_QWORD = 0x8000000000000001 (9223372036854775809)
  "Short" REG_DWORD hex 0102
  "Behind" REG_SZ hex 7300650065006e000000680069006400640065006e000000 = seen
  "Open" REG_EXPAND_SZ hex 6e006f00200065006e006400 = no end
  "Odd" REG_SZ hex 6100000062 = a
  "Half" REG_SZ = \u{a}\u{d800}\u{202e}
  "List" REG_MULTI_SZ = "one" "\u{22}two"
  "Gap" REG_MULTI_SZ = "" "x"
  "No items" REG_MULTI_SZ =
  "Not ended" REG_MULTI_SZ hex 6f006e0065000000740077006f000000 = "one" "two"
  "Bytes" REG_BINARY hex 001fff
  "Other" 0xffff0012 hex 01
  "Nothing" REG_SZ empty
"#;
    assert_eq!(dump(build(&sample()).bytes), expected);
}

#[test]
fn what_could_not_be_read_is_said_at_the_end() {
    let mut built = build(&sample());
    let names = built.keys[&vec![0]];
    built.patch(built.keys[&vec![0, 1]] + 4, b"??");
    let text = dump(built.bytes);
    let fault = text.lines().last().unwrap();
    assert!(fault.starts_with("! \\ROOT\\u\\u{7b}41}: "), "{fault}, key at {names:#x}");
    assert!(fault.contains("(left out: "), "{fault}");
}

#[test]
fn statistics_say_what_is_there() {
    let hive = Hive::read(build(&sample()).bytes).unwrap();
    let expected = "\
last written: 2013-05-07T08:51:31.7826168Z
keys: 6
keys with a class: 1
oldest key: 2013-05-07T08:51:01.2406272Z
newest key: 2013-05-07T09:00:45.0000001Z
deepest key: 3 levels, \\ROOT\\u\\u{7b}41}\\a\\u{a}b
values: 17
  REG_SZ: 6
  REG_EXPAND_SZ: 1
  REG_BINARY: 1
  REG_DWORD: 2
  REG_DWORD_BIG_ENDIAN: 1
  REG_MULTI_SZ: 4
  REG_QWORD: 1
  0xffff0012: 1
bytes of data: 181
largest value: 40 bytes, \\ROOT\\a\\u{5c}b \"C:\\x \\u{22}y\\u{22} \\u\\u{7b}41}\"
faults: 0
";
    assert_eq!(hive_dump::statistics(&hive).to_string(), expected);
}
