//! Writes many small sequences into a folder: `sequences FOLDER COUNT FILES BYTES KEYS`.

use std::env;
use std::path::Path;

use diskprint_testkit::sequences::{Shape, write};

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    let [folder, numbers @ ..] = &args[..] else { panic!("name the folder") };
    let numbers: Vec<u64> =
        numbers.iter().map(|number| number.parse().expect("a number")).collect();
    let [count, files, len, keys] = numbers[..] else { panic!("COUNT FILES BYTES KEYS") };
    let shape = Shape { slices: 3, share: 10, files, len: len as usize, keys };
    for number in 0..count {
        println!("{}", write(Path::new(folder), number, shape).expect("written").display());
    }
}
