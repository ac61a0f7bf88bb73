//! Edits of a hive as programs make them, and some that only an enemy makes.

use diskprint_testkit::random::Random;
use diskprint_testkit::regf::{Key, List, Name, Value};

use crate::tree::{self, Place, SEGMENT};

/// An edit: `None` when the hive has nothing to do it to.
type Edit = fn(&mut Key, &mut Random) -> Option<()>;

/// Edits that a comparison must tell.
pub const EDITS: &[(&str, Edit)] = &[
    ("key created", key_created),
    ("value created", value_created),
    ("key deleted", key_deleted),
    ("value deleted", value_deleted),
    ("key renamed", key_renamed),
    ("value renamed", value_renamed),
    ("value of another type", retyped),
    ("data of the same size", data_of_the_same_size),
    ("data of another size", data_of_another_size),
    ("data emptied or filled", data_emptied_or_filled),
    ("late segment of big data", late_segment),
    ("case of a key's name", case_of_a_key),
    ("case of a value's name", case_of_a_value),
    ("twin of a key", twin_of_a_key),
    ("twin of a value", twin_of_a_value),
    ("value named as a key", value_named_as_a_key),
    ("key named as a value", key_named_as_a_value),
    ("value named Default", value_named_default),
    ("path of a thousand characters", long_path),
    ("time alone", time_alone),
    ("class name", class_name),
    ("security descriptor", security),
    ("flags of a key", flags),
    ("subtree moved", subtree_moved),
];

/// Edits that change bytes of the file and nothing that a comparison may tell.
pub const INVISIBLE: &[(&str, Edit)] = &[
    ("kind of list", kind_of_list),
    ("storage of a name", storage_of_a_name),
    ("order of siblings", order_of_siblings),
    ("order of values", order_of_values),
];

fn any_place(root: &Key, random: &mut Random) -> Place {
    random.pick(&tree::places(root)).clone()
}

fn any_key<'a>(root: &'a mut Key, random: &mut Random) -> &'a mut Key {
    let place = any_place(root, random);
    tree::at(root, &place)
}

/// A key for which `suits`.
fn key_that<'a>(
    root: &'a mut Key,
    random: &mut Random,
    suits: impl Fn(&Key) -> bool,
) -> Option<&'a mut Key> {
    let mut places = tree::places(root);
    places.retain(|place| suits(tree::at(root, place)));
    match places.is_empty() {
        true => None,
        false => Some(tree::at(root, random.pick::<Place>(&places))),
    }
}

fn any_value<'a>(root: &'a mut Key, random: &mut Random) -> Option<&'a mut Value> {
    let key = key_that(root, random, |key| !key.values.is_empty())?;
    let index = random.below(key.values.len());
    Some(&mut key.values[index])
}

/// Puts `item` anywhere into `items`.
fn insert<T>(items: &mut Vec<T>, item: T, random: &mut Random) {
    let index = random.below(items.len() + 1);
    items.insert(index, item);
}

fn key_created(root: &mut Key, random: &mut Random) -> Option<()> {
    let parent = any_key(root, random);
    let key = tree::small_tree(random, &tree::subkey_names(parent));
    insert(&mut parent.subkeys, key, random);
    Some(())
}

fn value_created(root: &mut Key, random: &mut Random) -> Option<()> {
    let key = any_key(root, random);
    let value = tree::value(random, &tree::value_names(key));
    insert(&mut key.values, value, random);
    Some(())
}

fn key_deleted(root: &mut Key, random: &mut Random) -> Option<()> {
    taken_out(root, random).map(drop)
}

/// Takes a key with all below it out of the hive, a small one where there is a choice.
fn taken_out(root: &mut Key, random: &mut Random) -> Option<Key> {
    let size = |place: &Place, root: &mut Key| tree::places(tree::at(root, place)).len();
    let choices: Vec<Place> = (0..3).map(|_| any_place(root, random)).collect();
    let choices = choices.into_iter().filter(|place| !place.is_empty());
    let place = choices.min_by_key(|place| size(place, root))?;
    let (index, parent) = place.split_last()?;
    Some(tree::at(root, parent).subkeys.remove(*index))
}

fn value_deleted(root: &mut Key, random: &mut Random) -> Option<()> {
    let key = key_that(root, random, |key| !key.values.is_empty())?;
    key.values.remove(random.below(key.values.len()));
    Some(())
}

fn key_renamed(root: &mut Key, random: &mut Random) -> Option<()> {
    let parent = key_that(root, random, |key| !key.subkeys.is_empty())?;
    let name = tree::fresh_name(random, &tree::subkey_names(parent));
    let index = random.below(parent.subkeys.len());
    parent.subkeys[index].name = name;
    Some(())
}

fn value_renamed(root: &mut Key, random: &mut Random) -> Option<()> {
    let key = key_that(root, random, |key| !key.values.is_empty())?;
    let name = tree::fresh_name(random, &tree::value_names(key));
    let index = random.below(key.values.len());
    key.values[index].name = name;
    Some(())
}

fn retyped(root: &mut Key, random: &mut Random) -> Option<()> {
    let value = any_value(root, random)?;
    let kind = tree::kind(random);
    (kind != value.kind).then(|| value.kind = kind)
}

fn data_of_the_same_size(root: &mut Key, random: &mut Random) -> Option<()> {
    let value = any_value(root, random).filter(|value| !value.data.is_empty())?;
    let at = random.below(value.data.len());
    value.data[at] ^= 1 << random.below(8);
    Some(())
}

/// One byte more or less at the end.
fn data_of_another_size(root: &mut Key, random: &mut Random) -> Option<()> {
    let value = any_value(root, random)?;
    match random.once_in(2) {
        true => value.data.push(random.bits() as u8),
        false => value.data.pop().map(drop)?,
    }
    Some(())
}

fn data_emptied_or_filled(root: &mut Key, random: &mut Random) -> Option<()> {
    let value = any_value(root, random)?;
    match value.data.is_empty() {
        true => value.data = random.bytes(1),
        false => value.data.clear(),
    }
    Some(())
}

fn late_segment(root: &mut Key, random: &mut Random) -> Option<()> {
    let is_big = |value: &Value| value.data.len() > SEGMENT;
    let key = key_that(root, random, |key| key.values.iter().any(is_big))?;
    let value = key.values.iter_mut().find(|value| is_big(value))?;
    let at = SEGMENT + random.below(value.data.len() - SEGMENT);
    value.data[at] = !value.data[at];
    Some(())
}

fn case_of_a_key(root: &mut Key, random: &mut Random) -> Option<()> {
    other_case(&mut any_key(root, random).name, random)
}

fn case_of_a_value(root: &mut Key, random: &mut Random) -> Option<()> {
    other_case(&mut any_value(root, random)?.name, random)
}

/// Gives one letter of `name` the other case.
fn other_case(name: &mut Name, random: &mut Random) -> Option<()> {
    let mut points = tree::points(&name.units);
    let letters: Vec<usize> =
        (0..points.len()).filter(|at| tree::other_case(points[*at]).is_some()).collect();
    if letters.is_empty() {
        return None;
    }
    let at = *random.pick(&letters);
    points[at] = tree::other_case(points[at])?;
    name.units = points.into_iter().flat_map(tree::units).collect();
    Some(())
}

fn twin_of_a_key(root: &mut Key, random: &mut Random) -> Option<()> {
    let parent = key_that(root, random, |key| !key.subkeys.is_empty())?;
    let mut twin = random.pick(&parent.subkeys).clone();
    twin.subkeys.truncate(1);
    twin.mtime = tree::mtime(random);
    insert(&mut parent.subkeys, twin, random);
    Some(())
}

fn twin_of_a_value(root: &mut Key, random: &mut Random) -> Option<()> {
    let key = key_that(root, random, |key| !key.values.is_empty())?;
    let mut twin = random.pick(&key.values).clone();
    let _ = other_case(&mut twin.name, random);
    twin.data = tree::data(random);
    insert(&mut key.values, twin, random);
    Some(())
}

fn value_named_as_a_key(root: &mut Key, random: &mut Random) -> Option<()> {
    let key = key_that(root, random, |key| !key.subkeys.is_empty())?;
    let name = random.pick(&key.subkeys).name.clone();
    let value = Value { name, ..tree::value(random, &[]) };
    insert(&mut key.values, value, random);
    Some(())
}

fn key_named_as_a_value(root: &mut Key, random: &mut Random) -> Option<()> {
    let key = key_that(root, random, |key| !key.values.is_empty())?;
    let name = random.pick(&key.values).name.clone();
    insert(&mut key.subkeys, Key::new(name), random);
    Some(())
}

fn value_named_default(root: &mut Key, random: &mut Random) -> Option<()> {
    let key = any_key(root, random);
    let value = Value { name: "Default".into(), ..tree::value(random, &[]) };
    insert(&mut key.values, value, random);
    Some(())
}

/// Five keys below each other with names of 255 characters, the longest that Windows allows.
// Source: Microsoft, "Registry element size limits".
fn long_path(root: &mut Key, random: &mut Random) -> Option<()> {
    let long = |letter: char| Name::from(letter.to_string().repeat(255).as_str());
    let chain = |below: Key, letter| Key::new(long(letter)).with(below);
    let parent = any_key(root, random);
    let deepest = Key::new(long('e')).value(tree::value(random, &[]));
    insert(&mut parent.subkeys, ['d', 'c', 'b', 'a'].into_iter().fold(deepest, chain), random);
    Some(())
}

fn time_alone(root: &mut Key, random: &mut Random) -> Option<()> {
    let key = any_key(root, random);
    key.mtime ^= 1 << random.below(40);
    Some(())
}

fn class_name(root: &mut Key, random: &mut Random) -> Option<()> {
    let key = any_key(root, random);
    key.class = match key.class.take() {
        Some(_) if random.once_in(2) => None,
        Some(mut class) => {
            class.push(0x43);
            Some(class)
        }
        None => Some(tree::class(random)),
    };
    Some(())
}

fn security(root: &mut Key, random: &mut Random) -> Option<()> {
    let descriptor = tree::security(random);
    let key = any_key(root, random);
    (key.security != descriptor).then(|| key.security = descriptor)
}

fn flags(root: &mut Key, random: &mut Random) -> Option<()> {
    any_key(root, random).flags ^= *random.pick(tree::FLAGS);
    Some(())
}

fn subtree_moved(root: &mut Key, random: &mut Random) -> Option<()> {
    let key = taken_out(root, random)?;
    let parent = any_key(root, random);
    insert(&mut parent.subkeys, key, random);
    Some(())
}

fn kind_of_list(root: &mut Key, random: &mut Random) -> Option<()> {
    let key = key_that(root, random, |key| !key.subkeys.is_empty())?;
    let others = [List::Li, List::Lf, List::Lh, List::Ri];
    let others: Vec<List> = others.into_iter().filter(|list| *list != key.list).collect();
    key.list = *random.pick(&others);
    Some(())
}

fn storage_of_a_name(root: &mut Key, random: &mut Random) -> Option<()> {
    let name = match random.once_in(2) {
        true => &mut any_key(root, random).name,
        false => &mut any_value(root, random)?.name,
    };
    let fits = name.units.iter().all(|unit| *unit < 256) && !name.units.is_empty();
    fits.then(|| name.compressed = !name.compressed)
}

fn order_of_siblings(root: &mut Key, random: &mut Random) -> Option<()> {
    let is_plain = |key: &Key| key.subkeys.len() > 1 && are_distinct(&tree::subkey_names(key));
    let key = key_that(root, random, is_plain)?;
    let by = 1 + random.below(key.subkeys.len() - 1);
    key.subkeys.rotate_left(by);
    Some(())
}

fn order_of_values(root: &mut Key, random: &mut Random) -> Option<()> {
    let is_plain = |key: &Key| key.values.len() > 1 && are_distinct(&tree::value_names(key));
    let key = key_that(root, random, is_plain)?;
    let by = 1 + random.below(key.values.len() - 1);
    key.values.rotate_left(by);
    Some(())
}

fn are_distinct(names: &[Name]) -> bool {
    let mut names: Vec<_> = names.iter().map(|name| tree::folded(&name.units)).collect();
    names.sort();
    names.windows(2).all(|pair| pair[0] != pair[1])
}
