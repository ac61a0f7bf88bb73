//! Does one thing with hives and says what came out: for `bench/registry`.
//!
//! `registry cells HIVE TIMES` reads the hive and digests the data of every value, each time.
//! `registry regxml HIVE` writes it as RegXML. `registry diff BEFORE AFTER TIMES` compares two.

use std::error::Error;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::{env, fs};

use diskprint::{Digests, Hive, diff, regxml};
use diskprint_formats::regf;
use sha1::{Digest, Sha1};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["cells", hive, times] => cells(hive, times.parse()?),
        ["regxml", hive] => {
            let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
            regxml::write(&regf::Hive::read(fs::read(hive)?)?, &mut out)?;
            Ok(out.flush()?)
        }
        ["diff", before, after, times] => compare(before, after, times.parse()?),
        _ => Err("cells HIVE TIMES, regxml HIVE, or diff BEFORE AFTER TIMES".into()),
    }
}

/// Prints the numbers of keys and values, the bytes of data, and all digests in one.
fn cells(path: &str, times: usize) -> Result<(), Box<dyn Error>> {
    let mut said = String::new();
    for _ in 0..times {
        let hive = regf::Hive::read(fs::read(path)?)?;
        let (mut len, mut digests) = (0, 0);
        for value in hive.keys().flat_map(|key| key.values()) {
            let data = value.data();
            len += data.len();
            let digest = Sha1::digest(&data);
            digests ^= u128::from_be_bytes(*digest.first_chunk().ok_or("no digest")?);
        }
        let (keys, values) = (hive.key_count(), hive.value_count());
        said = format!("{keys} keys, {values} values, {len} bytes, digests {digests:032x}");
    }
    println!("{said}");
    Ok(())
}

/// Prints the number of differences.
fn compare(before: &str, after: &str, times: usize) -> Result<(), Box<dyn Error>> {
    let mut count = 0;
    for _ in 0..times {
        let (before, after) = (hive(fs::read(before)?)?, hive(fs::read(after)?)?);
        count = diff::cells(&[before], &[after]).len();
    }
    println!("{count} differences");
    Ok(())
}

fn hive(bytes: Vec<u8>) -> Result<Hive, regf::Error> {
    let digests = Digests::of(&[]);
    let tree = Arc::new(regf::Hive::read(bytes)?);
    Ok(Hive { partition: 1, path: "hive".into(), digests, tree, report: Arc::default() })
}
