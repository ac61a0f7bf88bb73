//! Damaged real hives: whatever happened to a hive, reading it ends, soon and without panic, and
//! what the damage did not touch is found.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::{Duration, Instant};

use diskprint_formats::regf::recovered::{Confidence, RecoveredPath};
use diskprint_formats::regf::{Hive, Key, Span, Value};
use diskprint_formats::{Filetime, Name};
use diskprint_testkit::archive;
use diskprint_testkit::random::{Random, Repeat, seed};

/// How many hives are damaged.
const ROUNDS: u64 = 1000;
/// The longest hive that is damaged, in bytes.
const MOST_LEN: usize = 3 << 20;
/// How long reading one of them may take, however busy the machine is.
const MOST_TIME: Duration = Duration::from_secs(20);
/// The least part of the untouched cells that is found.
const LEAST_FOUND: f64 = 0.99;
/// At most one path in so many that are said to be sure is wrong.
const MISPLACED_IN: u64 = 2000;
/// The unit in which disks lose data, in bytes.
const SECTOR: usize = 512;

#[test]
fn a_thousand_damaged_hives_end_and_keep_what_is_untouched() {
    let Some(hives) = archive::members("real-hives.tar.xz") else { return };
    let hives: Vec<Sound> = hives.into_iter().filter_map(|(_, bytes)| Sound::read(bytes)).collect();
    assert!(hives.len() > 10);
    let mut tally = Tally::default();
    let first = seed(1);
    for round in 0..ROUNDS {
        let seed = first.wrapping_add(round);
        let _repeat = Repeat(seed);
        let mut random = Random::new(seed);
        let sound = random.pick(&hives);
        let mut bytes = sound.bytes.clone();
        let damage: Vec<_> =
            (0..1 + random.below(3)).flat_map(|_| do_damage(&mut bytes, &mut random)).collect();
        let start = Instant::now();
        let hive = Hive::read(bytes).ok();
        tally.look_for(sound, hive.as_ref(), &damage);
        assert!(start.elapsed() < MOST_TIME, "{damage:?} takes {:?}", start.elapsed());
    }
    println!("{tally:#?}");
    let found = (tally.in_use + tally.recovered) as f64 / tally.untouched as f64;
    println!("found: {:.3} %", found * 100.0);
    assert!(found >= LEAST_FOUND);
    assert!(tally.misplaced * MISPLACED_IN <= tally.placed);
}

/// Damages the hive and returns which bytes of the file are no longer to be trusted.
fn do_damage(bytes: &mut Vec<u8>, random: &mut Random) -> Vec<Range<usize>> {
    match random.below(10) {
        0..3 => vec![overwrite(bytes, random)],
        3..6 => vec![zero_sectors(bytes, random)],
        6..8 => swap_sectors(bytes, random),
        8 => (0..1 + random.below(16)).map(|_| flip_bit(bytes, random)).collect(),
        _ if random.once_in(4) => vec![truncate(bytes, random)],
        _ => vec![overwrite(bytes, random)],
    }
}

fn overwrite(bytes: &mut [u8], random: &mut Random) -> Range<usize> {
    let len = (1 + random.below(4096)).min(bytes.len());
    let start = random.below(bytes.len() + 1 - len);
    let noise = random.bytes(len);
    bytes[start..start + len].copy_from_slice(&noise);
    start..start + len
}

fn zero_sectors(bytes: &mut [u8], random: &mut Random) -> Range<usize> {
    let sectors = bytes.len() / SECTOR;
    let start = random.below(sectors);
    let count = (1 + random.below(8)).min(sectors - start);
    let range = start * SECTOR..(start + count) * SECTOR;
    bytes[range.clone()].fill(0);
    range
}

fn swap_sectors(bytes: &mut [u8], random: &mut Random) -> Vec<Range<usize>> {
    let sectors = bytes.len() / SECTOR;
    let pair = [random.below(sectors) * SECTOR, random.below(sectors) * SECTOR];
    for at in 0..SECTOR {
        bytes.swap(pair[0] + at, pair[1] + at);
    }
    pair.into_iter().map(|start| start..start + SECTOR).collect()
}

fn flip_bit(bytes: &mut [u8], random: &mut Random) -> Range<usize> {
    let at = random.below(bytes.len());
    bytes[at] ^= 1 << random.below(8);
    at..at + 1
}

/// Leaves at least a base block and a first bin.
fn truncate(bytes: &mut Vec<u8>, random: &mut Random) -> Range<usize> {
    let len = bytes.len();
    bytes.truncate(2 * 4096 + random.below(len - 2 * 4096));
    bytes.len()..len
}

/// A hive before it is damaged.
struct Sound {
    bytes: Vec<u8>,
    cells: Vec<Cell>,
    /// Of each eight bytes of the file, the number of the cell of which the record begins there.
    by_offset: Vec<Option<usize>>,
}

/// A key or value.
struct Cell {
    /// Where its own bytes are: its record, then the cells that hold its data.
    spans: Vec<Range<usize>>,
    /// The number of the key that lists it; `None` for the root.
    parent: Option<usize>,
    /// The path of that key.
    above: Name,
    content: Content,
}

#[derive(PartialEq)]
enum Content {
    Key(Name, Filetime),
    Value(Name, u32, Vec<u8>),
}

impl Sound {
    /// `None` when the hive is no subject: it is long, or damaged already.
    fn read(bytes: Vec<u8>) -> Option<Self> {
        let hive = Hive::read(bytes).ok();
        let hive = hive.filter(|h| h.faults().is_empty() && h.bytes().len() <= MOST_LEN)?;
        let mut cells = Vec::new();
        let mut numbers = BTreeMap::new();
        for key in hive.keys() {
            let number = cells.len();
            numbers.insert(key.id(), number);
            let parent = key.parent().map(|parent| numbers[&parent.id()]);
            cells.push(Cell {
                spans: vec![range(key.span())],
                parent,
                above: key.parent().map_or_else(Name::default, |parent| parent.path()),
                content: key_content(key),
            });
            cells.extend(key.values().map(|value| Cell {
                spans: value_spans(value),
                parent: Some(number),
                above: key.path(),
                content: value_content(value),
            }));
        }
        let mut by_offset = vec![None; hive.bytes().len() / 8 + 1];
        for (number, cell) in cells.iter().enumerate() {
            by_offset[cell.spans[0].start / 8] = Some(number);
        }
        Some(Self { bytes: hive.bytes().to_vec(), cells, by_offset })
    }

    /// The number of the cell that was at `span` and had this content.
    fn cell(&self, span: Span, content: &Content) -> Option<usize> {
        let number = *self.by_offset.get(range(span).start / 8)?;
        number.filter(|number| self.cells[*number].content == *content)
    }

    /// Whether any of the keys on the way to `cell` is among these.
    fn is_below(&self, cell: &Cell, keys: &[bool]) -> bool {
        std::iter::successors(cell.parent, |key| self.cells[*key].parent).any(|key| keys[key])
    }

    /// Where each cell is in `hive`, in use or recovered, when it is as it was.
    fn found(&self, hive: Option<&Hive>) -> Vec<Found> {
        let mut found: Vec<Found> = self.cells.iter().map(|_| Found::No).collect();
        let mut note = |span, content, how| {
            if let Some(number) = self.cell(span, &content) {
                found[number] = how;
            }
        };
        let Some(hive) = hive else { return found };
        for key in hive.keys() {
            note(key.span(), key_content(key), Found::InUse);
            key.values().for_each(|value| note(value.span(), value_content(value), Found::InUse));
        }
        let recovered = hive.recovered();
        for key in recovered.keys() {
            let content = Content::Key(key.name(), key.mtime());
            note(key.span(), content, Found::recovered(key.parent_path(), key.confidence()));
        }
        for value in recovered.values() {
            let data = value.data().unwrap_or_default().into_owned();
            let content = Content::Value(value.name(), value.value_type(), data);
            note(value.span(), content, Found::recovered(value.key_path(), value.confidence()));
        }
        found
    }
}

/// How a cell was found.
#[derive(PartialEq)]
enum Found {
    No,
    InUse,
    /// With the path that is said with high confidence, if any is.
    Recovered(Option<Name>),
}

impl Found {
    fn recovered(path: RecoveredPath, confidence: Confidence) -> Self {
        let is_sure = path.is_whole && confidence == Confidence::High;
        let names = path.names.iter();
        Self::Recovered(is_sure.then(|| names.fold(Name::default(), |path, n| path.join('\\', n))))
    }
}

fn key_content(key: Key<'_>) -> Content {
    Content::Key(key.name(), key.mtime())
}

fn value_content(value: Value<'_>) -> Content {
    Content::Value(value.name(), value.value_type(), value.data().into_owned())
}

fn range(span: Span) -> Range<usize> {
    span.offset as usize..(span.offset + span.len) as usize
}

/// The size fields of the data's cells belong to them, too.
fn value_spans(value: Value<'_>) -> Vec<Range<usize>> {
    let data = value.data_spans().into_iter().filter(|span| !value.is_resident() && span.len > 0);
    let data = data.map(range).map(|range| range.start - 4..range.end);
    [range(value.span())].into_iter().chain(data).collect()
}

/// How much was found, and what is broken that led to the rest.
#[derive(Debug, Default)]
struct Tally {
    untouched: u64,
    in_use: u64,
    /// Found though no list leads to them any more.
    recovered: u64,
    /// Those with a path that is said to be sure.
    placed: u64,
    /// Those of which that path is another one. Where sectors changed places, or what names a
    /// list was overwritten, a key leads to the values of another and nothing shows it.
    misplaced: u64,
    lost: BTreeMap<&'static str, u64>,
}

impl Tally {
    fn look_for(&mut self, sound: &Sound, hive: Option<&Hive>, damage: &[Range<usize>]) {
        let is_touched: Vec<bool> =
            sound.cells.iter().map(|cell| cell.is_touched(damage)).collect();
        let found = sound.found(hive);
        let untouched = sound.cells.iter().enumerate().filter(|(number, _)| !is_touched[*number]);
        for (number, cell) in untouched {
            self.untouched += 1;
            match &found[number] {
                Found::InUse => self.in_use += 1,
                Found::Recovered(path) => {
                    self.recovered += 1;
                    self.placed += u64::from(path.is_some());
                    let is_wrong = path.as_ref().is_some_and(|path| *path != cell.above);
                    self.misplaced += u64::from(is_wrong && !sound.is_below(cell, &is_touched));
                }
                Found::No => {
                    let link = broken_link(sound, cell, &found, &is_touched);
                    *self.lost.entry(link).or_default() += 1;
                }
            }
        }
    }
}

impl Cell {
    fn is_touched(&self, damage: &[Range<usize>]) -> bool {
        let meets = |a: &Range<usize>, b: &Range<usize>| a.start < b.end && b.start < a.end;
        self.spans.iter().any(|span| damage.iter().any(|damage| meets(span, damage)))
    }
}

/// What is broken on the way from the last key that was found to `cell`.
fn broken_link<'a>(
    sound: &'a Sound,
    mut cell: &'a Cell,
    found: &[Found],
    is_touched: &[bool],
) -> &'static str {
    while let Some(parent) = cell.parent {
        match (is_touched[parent], found[parent] != Found::No, &cell.content) {
            (true, ..) => return "a key above is touched",
            (_, true, Content::Key(..)) => return "the subkeys list is touched",
            (_, true, Content::Value(..)) => return "the key values list is touched",
            (_, false, _) => cell = &sound.cells[parent],
        }
    }
    "the root key is not where it was"
}
