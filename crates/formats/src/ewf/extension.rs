/// Ending of the name of a segment, without its dot: `E01` to `E99`, `EAA` to `EZZ`, `FAA` to `ZZZ`;
/// `first` is `E`, or what begins the ending of the first segment (`e`, `S`, `s`). `None` where
/// there is no such ending.
// Source: EWF specification, "Segment file extensions".
pub fn extension(first: char, segment: u32) -> Option<String> {
    let letter = |from: char, number: u32| {
        let code = u32::from(from).checked_add(number)?;
        let last = if from.is_ascii_lowercase() { 'z' } else { 'Z' };
        char::from_u32(code).filter(|letter| *letter <= last)
    };
    match segment {
        0 => None,
        1..=99 => Some(format!("{first}{segment:02}")),
        _ => {
            let number = segment.checked_sub(100)?;
            let a = if first.is_ascii_lowercase() { 'a' } else { 'A' };
            let third = letter(a, number % 26)?;
            let second = letter(a, number / 26 % 26)?;
            Some(format!("{}{second}{third}", letter(first, number / (26 * 26))?))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::extension;

    #[test]
    fn endings_are_counted_with_letters_after_99() {
        let expected = [
            (1, "E01"),
            (99, "E99"),
            (100, "EAA"),
            (125, "EAZ"),
            (126, "EBA"),
            (775, "EZZ"),
            (776, "FAA"),
            (14_971, "ZZZ"),
        ];
        for (number, ending) in expected {
            assert_eq!(extension('E', number).as_deref(), Some(ending));
            assert_eq!(extension('e', number), Some(ending.to_lowercase()));
        }
        assert_eq!((extension('E', 0), extension('E', 14_972)), (None, None));
    }
}
