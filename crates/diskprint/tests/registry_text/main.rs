//! Hives as text: what each form says can be checked by eye here; that nothing is lost, and that
//! Parse::Win32Registry says the same, in the modules.

mod any_hive;
#[path = "../support/archive.rs"]
mod archive;
mod reg_reader;
mod round_trip;
mod win32registry;

use diskprint::registry_text::{Statistics, reg, text};
use diskprint_formats::regf::Hive;
use diskprint_testkit::regf::{Key, Name, Value, build};

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// A hive with one of everything that has a form of its own.
fn sample() -> Key {
    let mut odd = Key::new("a]b")
        .value(Value::string("", "unnamed = 1"))
        .value(Value::string("C:\\x \"y\"", "C:\\users \"z\""))
        .value(Value::dword("Count", 0xFFFF_FFFE))
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
        .value(Value::new("Bytes", 3, &[0, 0x1F, 0xFF]))
        .value(Value::new("Other", 0xFFFF_0012, &[1]))
        .value(Value::new("Nothing", 1, &[]))
        .value(Value::string("count", "twice"));
    odd.class = Some("Sh\"ell\n".encode_utf16().collect());
    let services = utf16("RpcSs\0Tcpip\0Afd\0NetBT\0\0");
    let mut names = Key::new("u{41}").at(0).value(Value::new("DependOnService", 7, &services));
    for units in [vec![0x61, 0x0A, 0x62], vec![0xD800, 0x62], vec![0x65E5, 0x672C]] {
        let inner = Key::new("in").value(Value::dword("x\r", 1));
        names = names.with(Key::new(Name::from_units(units)).with(inner));
    }
    Key::new("ROOT").at(130_123_908_450_000_001).with(names).with(odd)
}

#[test]
fn a_dump_has_a_block_for_each_key_and_a_line_for_each_value() {
    let expected = r#"ROOT [2013-05-07T09:00:45Z]

ROOT\u\u{7b}41} [(undefined)]
DependOnService (REG_MULTI_SZ) = [0] RpcSs [1] Tcpip [2] Afd [3] NetBT

ROOT\u\u{7b}41}\a\u{a}b [2013-05-07T08:51:01Z]

ROOT\u\u{7b}41}\a\u{a}b\in [2013-05-07T08:51:01Z]
x\u{d} (REG_DWORD) = 0x00000001 (1)

ROOT\u\u{7b}41}\\u{d800}b [2013-05-07T08:51:01Z]

ROOT\u\u{7b}41}\\u{d800}b\in [2013-05-07T08:51:01Z]
x\u{d} (REG_DWORD) = 0x00000001 (1)

ROOT\u\u{7b}41}\日本 [2013-05-07T08:51:01Z]

ROOT\u\u{7b}41}\日本\in [2013-05-07T08:51:01Z]
x\u{d} (REG_DWORD) = 0x00000001 (1)

ROOT\a]b [2013-05-07T08:51:01Z]
(Default) (REG_SZ) = unnamed = 1
C:\x "y" (REG_SZ) = C:\users "z"
Count (REG_DWORD) = 0xfffffffe (4294967294)
Big (REG_DWORD_BIG_ENDIAN) = 0x00000100 (256)
Long (REG_QWORD) = 01 00 00 00 00 00 00 80
Short (REG_DWORD) = (invalid data) 01 02
Behind (REG_SZ) = seen\u{0}hidden
Open (REG_EXPAND_SZ) = no end
Odd (REG_SZ) = a\x{62}
Half (REG_SZ) = \u{a}\u{d800}\u{202e}
List (REG_MULTI_SZ) = [0] one [1] "two
Gap (REG_MULTI_SZ) = [0]  [1] x
No items (REG_MULTI_SZ) = (no data)
Bytes (REG_BINARY) = 00 1f ff
Other (REG_4294901778) = 01
Nothing (REG_SZ) = (no data)
count (REG_SZ) = twice

"#;
    let mut out = Vec::new();
    text::write(&Hive::read(build(&sample()).bytes).unwrap(), &mut out).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn a_reg_file_holds_all_that_windows_could_import_and_the_rest_as_comments() {
    let expected = r#"Windows Registry Editor Version 5.00

[HKEY_USERS\S-1]

[HKEY_USERS\S-1\u{41}]
"DependOnService"=hex(7):52,00,70,00,63,00,53,00,73,00,00,00,54,00,63,00,70,00,\
  69,00,70,00,00,00,41,00,66,00,64,00,00,00,4e,00,65,00,74,00,42,00,54,00,00,\
  00,00,00

; left out, its name has a line break or NUL, or is not text:
; [HKEY_USERS\S-1\u\u{7b}41}\a\u{a}b]

; left out, the key above it is:
; [HKEY_USERS\S-1\u\u{7b}41}\a\u{a}b\in]
; "x\\u{d}"=dword:00000001

; left out, its name has a line break or NUL, or is not text:
; [HKEY_USERS\S-1\u\u{7b}41}\\u{d800}b]

; left out, the key above it is:
; [HKEY_USERS\S-1\u\u{7b}41}\\u{d800}b\in]
; "x\\u{d}"=dword:00000001

[HKEY_USERS\S-1\u{41}\日本]

[HKEY_USERS\S-1\u{41}\日本\in]
; left out, its name has a line break or NUL, or is not text:
; "x\\u{d}"=dword:00000001

[HKEY_USERS\S-1\a]b]
; class: Sh"ell\u{a}
@="unnamed = 1"
"C:\\x \"y\""="C:\\users \"z\""
"Count"=dword:fffffffe
"Big"=hex(5):00,00,01,00
"Long"=hex(b):01,00,00,00,00,00,00,80
"Short"=hex(4):01,02
"Behind"=hex(1):73,00,65,00,65,00,6e,00,00,00,68,00,69,00,64,00,64,00,65,00,6e,\
  00,00,00
"Open"=hex(2):6e,00,6f,00,20,00,65,00,6e,00,64,00
"Odd"=hex(1):61,00,00,00,62
"Half"=hex(1):0a,00,00,d8,2e,20,00,00
"List"=hex(7):6f,00,6e,00,65,00,00,00,22,00,74,00,77,00,6f,00,00,00,00,00
"Gap"=hex(7):00,00,78,00,00,00,00,00
"No items"=hex(7):00,00
"Bytes"=hex:00,1f,ff
"Other"=hex(ffff0012):01
"Nothing"=hex(1):
; left out, one before it has its name:
; "count"="twice"

; keys and values left out: 8
"#;
    let (mut out, root) = (Vec::new(), reg::Root::new("HKEY_USERS\\S-1").unwrap());
    let hive = Hive::read(build(&sample()).bytes).unwrap();
    assert_eq!(reg::write(&hive, &root, &mut out).unwrap(), 8);
    let (units, []) = out.as_chunks() else { panic!("half a character") };
    let units: Vec<u16> = units.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
    let text = String::from_utf16(&units).unwrap();
    assert_eq!(text.lines().filter(|line| line.ends_with('\r')).count(), 0);
    assert_eq!(text, format!("\u{FEFF}{}", expected.replace('\n', "\r\n")));
}

#[test]
fn statistics_count_keys_values_and_types() {
    let expected = "\
Filename: a\\u{a}b
Registry Timestamp: 2013-05-07T08:51:31Z
Embedded Filename: test.dat
Root Key Name: ROOT
Keys: 9
Values: 21
REG_4294901778: 1
REG_BINARY: 1
REG_DWORD: 5
REG_DWORD_BIG_ENDIAN: 1
REG_EXPAND_SZ: 1
REG_MULTI_SZ: 4
REG_QWORD: 1
REG_SZ: 7
";
    let mut out = Vec::new();
    let statistics = Statistics::of(&Hive::read(build(&sample()).bytes).unwrap());
    statistics.write(&"a\nb".into(), &mut out).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn what_could_not_be_read_is_said_in_every_form() {
    let mut built = build(&sample());
    built.patch(built.keys[&vec![0, 1]] + 4, b"??");
    let short = built.values[&(vec![1], 10)];
    built.patch(short + 8, &0x1000_0000u32.to_le_bytes());
    let hive = Hive::read(built.bytes).unwrap();
    let mut out = Vec::new();
    text::write(&hive, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("\nList (REG_MULTI_SZ) = (invalid data)"), "{text}");
    let faults: Vec<&str> = text.lines().filter(|line| line.starts_with("! ")).collect();
    assert!(faults[0].starts_with("! ROOT\\u\\u{7b}41}: "), "{faults:?}");
    assert!(faults.len() == 2 && faults.iter().all(|it| it.contains("(left out: ")), "{faults:?}");
    let (mut out, root) = (Vec::new(), reg::Root::of(&hive, "x"));
    reg::write(&hive, &root, &mut out).unwrap();
    let all: Vec<Vec<u8>> = faults.iter().map(|line| utf16(&format!("\n; {line}\r"))).collect();
    assert!(all.iter().all(|line| out.windows(line.len()).any(|it| it == line)), "{faults:?}");
    let mut out = Vec::new();
    Statistics::of(&hive).write(&"x".into(), &mut out).unwrap();
    assert!(String::from_utf8(out).unwrap().ends_with("\n! 2 faults\n"));
}

#[test]
fn the_keys_of_a_reg_file_are_where_windows_has_the_hive() {
    let hive = Hive::read(build(&Key::new("ROOT")).bytes).unwrap();
    for (path, root) in [
        ("Windows/System32/config/SOFTWARE", "HKEY_LOCAL_MACHINE\\SOFTWARE"),
        ("Users/x/ntuser.dat", "HKEY_CURRENT_USER"),
        ("C:\\default", "HKEY_USERS\\.DEFAULT"),
        ("my\nhive.bin", "HKEY_LOCAL_MACHINE\\my_hive.bin"),
    ] {
        assert_eq!(reg::Root::of(&hive, path).as_str(), root);
    }
    // The hive's own name tells it when that of the file does not.
    let mut built = build(&Key::new("ROOT"));
    built.patch(48, &utf16("\\??\\C:\\Users\\a\\ntuser.dat\0"));
    let hive = Hive::read(built.bytes).unwrap();
    assert_eq!(reg::Root::of(&hive, "evidence-17").as_str(), "HKEY_CURRENT_USER");
    for (path, error) in [
        ("HKLM\\SOFTWARE", reg::RootError::Predefined),
        ("-HKEY_USERS\\x", reg::RootError::Predefined),
        ("HKEY_USERS\\", reg::RootError::Name),
        ("HKEY_USERS\\a\n[b", reg::RootError::Name),
    ] {
        assert_eq!(reg::Root::new(path), Err(error));
    }
}
