//! Random hives, small ones that hold every kind of name, value and list.

use diskprint_testkit::random::Random;
use diskprint_testkit::regf::{Key, List, Name, Value};

/// Where a key is: the positions of the keys on the way to it from the root.
pub type Place = Vec<usize>;

/// The most data that is not divided into segments.
// Source: regf spec, "Big data".
pub const SEGMENT: usize = 16344;

/// Makes a hive of up to some forty keys; where `twins`, siblings may have one name.
pub fn tree(random: &mut Random, twins: bool) -> Key {
    let mut root = key(random, &[]);
    for _ in 0..4 + random.below(36) {
        let places = places(&root);
        let parent = at(&mut root, random.pick::<Place>(&places));
        let taken = if twins && random.once_in(8) { Vec::new() } else { subkey_names(parent) };
        let key = key(random, &taken);
        parent.subkeys.push(key);
    }
    root
}

fn key(random: &mut Random, taken: &[Name]) -> Key {
    let mut key = Key::new(fresh_name(random, taken)).at(mtime(random));
    key.list = *random.pick(&[List::Li, List::Lf, List::Lh, List::Ri]);
    key.class = random.once_in(6).then(|| class(random));
    key.security = security(random);
    key.flags = if random.once_in(6) { *random.pick(FLAGS) } else { 0 };
    for _ in 0..random.below(5) {
        let taken = if random.once_in(30) { Vec::new() } else { value_names(&key) };
        key.values.push(value(random, &taken));
    }
    key
}

/// A key with a few keys below it.
pub fn small_tree(random: &mut Random, taken: &[Name]) -> Key {
    let mut top = key(random, taken);
    for _ in 0..random.below(3) {
        let name = subkey_names(&top);
        top.subkeys.push(key(random, &name));
    }
    top
}

/// A value of any type and data, with a name that is not among those `taken`.
pub fn value(random: &mut Random, taken: &[Name]) -> Value {
    let name = if random.once_in(8) { Name::from("") } else { name(random, 14) };
    let name = if holds(taken, &name) { fresh_name(random, taken) } else { name };
    Value { name, kind: kind(random), data: data(random) }
}

/// Type numbers: those with a name, and some that nobody knows.
pub fn kind(random: &mut Random) -> u32 {
    *random.pick(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x1_0003, u32::MAX])
}

pub fn data(random: &mut Random) -> Vec<u8> {
    let len = match random.below(60) {
        0 => SEGMENT - 4 + random.below(9),
        1 => SEGMENT + random.below(3 * SEGMENT),
        2 => 64 * 1024 - 2 + random.below(5),
        3..10 => 0,
        10..30 => 1 + random.below(4),
        _ => 5 + random.below(60),
    };
    random.bytes(len)
}

pub fn mtime(random: &mut Random) -> u64 {
    0x01CE_4B00_0000_0000 + random.bits() % (1 << 40)
}

pub fn class(random: &mut Random) -> Vec<u16> {
    let name = name(random, 8);
    if name.units.is_empty() { vec![0x43] } else { name.units }
}

/// A security descriptor that has an owner and nothing else.
// Source: [MS-DTYP] 2.4.6, "SECURITY_DESCRIPTOR", and 2.4.2, "SID".
pub fn security(random: &mut Random) -> Vec<u8> {
    let owner_at = 20;
    let owner = 0x220 + random.below(5) as u32;
    let sid = [[1, 2, 0, 0], [0, 0, 0, 5], 32u32.to_le_bytes(), owner.to_le_bytes()];
    let header = [[1, 0, 0, 0x80], [owner_at, 0, 0, 0], [0; 4], [0; 4], [0; 4]];
    [header.concat(), sid.concat()].concat()
}

/// Flags of key nodes that a key may have or not: symbolic link, debugged, and two unknown ones.
// Source: regf spec, "Key node", "Flags".
pub const FLAGS: &[u16] = &[0x0010, 0x0200, 0x1000, 0x8000];

/// A name that differs from those `taken` in more than case.
pub fn fresh_name(random: &mut Random, taken: &[Name]) -> Name {
    loop {
        let name = name(random, 14);
        if !holds(taken, &name) {
            return name;
        }
    }
}

fn holds(names: &[Name], name: &Name) -> bool {
    names.iter().any(|other| folded(&other.units) == folded(&name.units))
}

/// Up to `most` characters; half of all names are stored as UTF-16 though Latin-1 would do.
pub fn name(random: &mut Random, most: usize) -> Name {
    let alphabet = *random.pick(ALPHABETS);
    let len = 1 + random.below(most);
    let units = (0..len).map(|_| *random.pick(alphabet)).flat_map(units);
    let name = Name::from_units(units.collect());
    if random.once_in(2) { name.wide() } else { name }
}

/// The UTF-16 units of a code point; an unpaired surrogate is its own.
pub fn units(point: u32) -> Vec<u16> {
    match char::from_u32(point) {
        Some(c) => c.encode_utf16(&mut [0; 2]).to_vec(),
        None => vec![point as u16],
    }
}

/// Letters with and without case, digits, separators, controls, unpaired surrogates, and
/// characters that take two units. Letters of which the case is a matter of opinion are left out.
const ALPHABETS: &[&[u32]] = &[
    &[0x61, 0x62, 0x41, 0x42, 0x7A, 0x5A, 0x30, 0x20, 0x2D],
    &[0x61, 0x4B, 0xE9, 0xC9, 0xFE, 0xDE, 0xDF, 0xF7, 0xD7, 0xFC],
    &[0x61, 0x3B1, 0x391, 0x3C9, 0x3A9, 0x44F, 0x42F, 0x430, 0x410],
    &[0x61, 0x5C, 0x2F, 0, 9, 0x1B, 0x7F, 0xFFFE, 0xFFFF],
    &[0x61, 0x4E2D, 0x6587, 0xD800, 0xDBFF, 0xDC00, 0xDFFF, 0x1F600, 0x20000],
];

/// The other case of a code point in the alphabets, or `None` where it has one form only.
pub fn other_case(point: u32) -> Option<u32> {
    match point {
        0xD7 | 0xF7 | 0xDF => None,
        0x41..=0x5A | 0xC0..=0xDE | 0x391..=0x3A9 | 0x410..=0x42F => Some(point + 0x20),
        0x61..=0x7A | 0xE0..=0xFE | 0x3B1..=0x3C9 | 0x430..=0x44F => Some(point - 0x20),
        _ => None,
    }
}

/// A name as code points in upper case: names that agree in it are one name.
pub fn folded(units: &[u16]) -> Vec<u32> {
    let upper = |point| other_case(point).map_or(point, |other| point.min(other));
    points(units).into_iter().map(upper).collect()
}

/// Code points, an unpaired surrogate as one.
pub fn points(units: &[u16]) -> Vec<u32> {
    let points = char::decode_utf16(units.iter().copied());
    points
        .map(|point| point.map_or_else(|lone| lone.unpaired_surrogate().into(), u32::from))
        .collect()
}

/// The positions of all keys, the root's first.
pub fn places(root: &Key) -> Vec<Place> {
    fn gather(key: &Key, place: &Place, places: &mut Vec<Place>) {
        places.push(place.clone());
        for (index, subkey) in key.subkeys.iter().enumerate() {
            gather(subkey, &[place.as_slice(), &[index]].concat(), places);
        }
    }
    let mut places = Vec::new();
    gather(root, &Vec::new(), &mut places);
    places
}

/// The key at `place`.
pub fn at<'a>(root: &'a mut Key, place: &[usize]) -> &'a mut Key {
    place.iter().fold(root, |key, index| &mut key.subkeys[*index])
}

pub fn subkey_names(key: &Key) -> Vec<Name> {
    key.subkeys.iter().map(|subkey| subkey.name.clone()).collect()
}

pub fn value_names(key: &Key) -> Vec<Name> {
    key.values.iter().map(|value| value.name.clone()).collect()
}
