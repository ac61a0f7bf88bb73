//! Unpacks gzip files as tarballs are unpacked, and says how many bytes were in them: for
//! `bench/`. `decode FILE...`

use std::error::Error;
use std::fs::File;
use std::io::{BufReader, Read};

use flate2::bufread::MultiGzDecoder;

fn main() -> Result<(), Box<dyn Error>> {
    let (mut total, mut buf) = (0, vec![0; 256 << 10]);
    for path in std::env::args_os().skip(1) {
        // Source: Compression::decoder in src/tarball.rs, which is not public.
        let file = BufReader::with_capacity(256 << 10, File::open(path)?);
        let mut decoder = MultiGzDecoder::new(file);
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
