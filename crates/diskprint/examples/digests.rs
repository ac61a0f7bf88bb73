//! Prints MD5, SHA-1 and SHA-256 of a file, made in one pass over it: for `bench/micro`.
//! `digests FILE`

use std::error::Error;
use std::fs::File;

use diskprint::{Digests, Hex};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).ok_or("name the file")?;
    let digests = Digests::read(File::open(path)?)?;
    println!("{}", Hex(&digests.md5));
    println!("{}", Hex(&digests.sha1));
    println!("{}", Hex(&digests.sha256));
    Ok(())
}
