//! The command line of diskprint.

#[cfg(test)]
mod export;

fn main() {}
