#[cfg(test)]
mod export;

fn main() {}
