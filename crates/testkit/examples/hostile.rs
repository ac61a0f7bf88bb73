//! Writes the sequence whose names want to do harm into a folder: `hostile FOLDER`.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let folder = std::env::args_os().nth(1).expect("a folder");
    println!("{}", diskprint_testkit::hostile::write(Path::new(&folder))?.display());
    Ok(())
}
