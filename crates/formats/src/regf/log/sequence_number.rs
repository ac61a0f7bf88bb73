/// Whether a sequence number comes before another; they count on from their last value to 0.
pub(super) fn precedes(number: u32, other: u32) -> bool {
    distance(other, number) < 0
}

/// How many numbers it is from `from` to `to`, less than 0 where `to` comes before.
pub(super) fn distance(from: u32, to: u32) -> i32 {
    to.wrapping_sub(from).cast_signed()
}
