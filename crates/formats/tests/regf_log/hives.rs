//! One hive in five states, each the one before with more in it.

use diskprint_testkit::regf::log::with_numbers;
use diskprint_testkit::regf::{Key, Value, build};

/// Sequence number of the first entry that the dirty hive of most cases lacks.
pub const FIRST: u32 = 14;

/// The hive after `steps` changes, with sequence numbers of 7. Every change is in several blocks of
/// 4096 bytes, the last three let the hive grow.
pub fn state(steps: usize) -> Vec<u8> {
    let byte = |step: usize| if steps > step { 0xFF } else { 0x11 };
    let mut root = Key::new("ROOT");
    for step in 0..4 {
        let data = [byte(step); 6000];
        root = root.with(Key::new(&*format!("old {step}")).value(Value::new("data", 3, &data)));
    }
    for step in 1..=steps {
        let data = vec![step as u8; if step > 1 { 9000 } else { 40 }];
        root = root.with(Key::new(&*format!("step {step}")).value(Value::new("data", 3, &data)));
    }
    build(&root).bytes
}

/// The state whose last write was begun and not completed.
pub fn dirty() -> Vec<u8> {
    with_numbers(&state(0), FIRST + 1, FIRST)
}
