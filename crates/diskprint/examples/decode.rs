//! Unpacks gzip files as tarballs are unpacked, and says how many bytes were in them: for
//! `bench/`. `decode FILE...`

use std::error::Error;
use std::fs::File;
use std::io::Read;

use diskprint::tarball;

fn main() -> Result<(), Box<dyn Error>> {
    let (mut total, mut buf) = (0, vec![0; 256 << 10]);
    for path in std::env::args_os().skip(1) {
        let mut decoder = tarball::decoder(File::open(path)?)?.ok_or("no tarball")?;
        loop {
            match decoder.read(&mut buf)? {
                0 => break,
                count => total += count,
            }
        }
    }
    println!("{total} bytes");
    Ok(())
}
