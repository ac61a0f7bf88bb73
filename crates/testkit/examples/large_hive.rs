//! Writes a hive of many keys and values to a file: `large_hive FILE MEGABYTES`. Two in three of
//! its cells are values and few data are long, as in a SYSTEM hive.

use std::{env, fs};

use diskprint_testkit::regf::{Key, List, Value, build};

/// Bytes that a key takes with its three values, lists and data.
const KEY_LEN: usize = 350;

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    let [file, megabytes] = &args[..] else { panic!("FILE MEGABYTES") };
    let count = megabytes.parse::<usize>().expect("a number") * 1_000_000 / KEY_LEN;
    let mut root = Key::new("ROOT");
    for first in (0..count).step_by(1000) {
        let mut group = Key::new(format!("group {first:08}").as_str());
        group.list = List::Lh;
        group.subkeys = (first..count.min(first + 1000)).map(key).collect();
        root.subkeys.push(group);
    }
    let built = build(&root);
    fs::write(file, &built.bytes).expect("room for the hive");
    println!("{} keys, {} values", built.keys.len(), built.values.len());
}

fn key(number: usize) -> Key {
    let key = Key::new(format!("{{{number:08}-0000-0000-0000-000000000000}}").as_str());
    key.value(Value::dword("Number", number as u32))
        .value(Value::string("Text", &format!("the text of key {number}")))
        .value(Value::new("Binary", 3, &[number as u8; 40]))
}
