use diskprint_testkit::random::Random;

use crate::tree::{FORMS, Node, OWNERS, State, add, content, put};

/// Changes a state; `None` where there is nothing that it could be done to.
type Edit = fn(&mut State, &mut Random) -> Option<()>;

/// What has to be told.
pub const EDITS: [(&str, Edit); 17] = [
    ("file created", file_created),
    ("directory created", directory_created),
    ("file deleted", file_deleted),
    ("directory deleted", directory_deleted),
    ("renamed", renamed),
    ("directory renamed", directory_renamed),
    ("case of a name", case_of_a_name),
    ("content in place", content_in_place),
    ("content of another length", content_of_another_length),
    ("stream added", stream_added),
    ("stream changed", stream_changed),
    ("times alone", times_alone),
    ("attributes alone", attributes_alone),
    ("security descriptor alone", security_descriptor_alone),
    ("link added", link_added),
    ("replaced at its path", replaced),
    ("record used again", record_used_again),
];

/// What nobody can see, or is no change of a file.
pub const INVISIBLE: [(&str, Edit); 1] = [("stored in another way", stored_in_another_way)];

fn any_file(state: &State, random: &mut Random) -> Option<u64> {
    let files = state.nodes.iter().filter(|(_, node)| !node.is_directory);
    any(files.map(|(record, _)| *record).collect(), random)
}

fn any_directory(state: &State, random: &mut Random) -> Option<u64> {
    any(state.directories().into_iter().skip(1).collect(), random)
}

fn any(records: Vec<u64>, random: &mut Random) -> Option<u64> {
    (!records.is_empty()).then(|| *random.pick(&records))
}

fn node(state: &mut State, record: u64) -> &mut Node {
    state.nodes.get_mut(&record).expect("it is there")
}

fn file_created(state: &mut State, random: &mut Random) -> Option<()> {
    add(state, random, false);
    Some(())
}

fn directory_created(state: &mut State, random: &mut Random) -> Option<()> {
    add(state, random, true);
    Some(())
}

fn file_deleted(state: &mut State, random: &mut Random) -> Option<()> {
    let record = any_file(state, random)?;
    state.nodes.remove(&record);
    Some(())
}

/// With all that is in it; of a file with another name elsewhere that name is left.
fn directory_deleted(state: &mut State, random: &mut Random) -> Option<()> {
    let mut left = vec![any_directory(state, random)?];
    while let Some(directory) = left.pop() {
        for child in state.children(directory) {
            let node = node(state, child);
            node.names.retain(|(parent, _)| *parent != directory);
            if node.is_directory {
                left.push(child);
            } else if node.names.is_empty() {
                state.nodes.remove(&child);
            }
        }
        state.nodes.remove(&directory);
    }
    Some(())
}

fn renamed(state: &mut State, random: &mut Random) -> Option<()> {
    let record = any_file(state, random)?;
    let parent = *random.pick(&state.directories());
    let name = state.new_name(parent, random);
    let names = &mut node(state, record).names;
    let which = random.below(names.len());
    names[which] = (parent, name);
    Some(())
}

fn directory_renamed(state: &mut State, random: &mut Random) -> Option<()> {
    let record = any_directory(state, random)?;
    let parent = state.nodes[&record].names[0].0;
    let name = state.new_name(parent, random);
    node(state, record).names[0].1 = name;
    Some(())
}

fn case_of_a_name(state: &mut State, random: &mut Random) -> Option<()> {
    let record = any_file(state, random)?;
    let name = &mut node(state, record).names[0].1;
    let other =
        if name.to_uppercase() == *name { name.to_lowercase() } else { name.to_uppercase() };
    let differs = other != *name;
    *name = other;
    differs.then_some(())
}

fn security_descriptor_alone(state: &mut State, random: &mut Random) -> Option<()> {
    let record = any(state.nodes.keys().copied().collect(), random)?;
    let owner = &mut node(state, record).owner;
    *owner = (*owner + 1 + random.below(OWNERS.len() - 1)) % OWNERS.len();
    Some(())
}

fn content_in_place(state: &mut State, random: &mut Random) -> Option<()> {
    let record = any_file(state, random)?;
    let content = &mut node(state, record).content;
    let at = (!content.is_empty()).then(|| random.below(content.len()))?;
    content[at] ^= 1 << random.below(8);
    Some(())
}

fn content_of_another_length(state: &mut State, random: &mut Random) -> Option<()> {
    let record = any_file(state, random)?;
    let new = content(random);
    let old = &mut node(state, record).content;
    let differs = *old != new;
    *old = new;
    differs.then_some(())
}

fn stream_added(state: &mut State, random: &mut Random) -> Option<()> {
    let record = any_file(state, random)?;
    let name = format!("s{}", random.below(3));
    let data = random.bytes(10);
    let streams = &mut node(state, record).streams;
    let is_room = streams.len() < 2;
    is_room.then(|| drop(streams.insert(name, data)))
}

fn stream_changed(state: &mut State, random: &mut Random) -> Option<()> {
    let with_streams = state.nodes.iter().filter(|(_, node)| !node.streams.is_empty());
    let record = any(with_streams.map(|(record, _)| *record).collect(), random)?;
    let streams = &mut node(state, record).streams;
    let name = streams.keys().next()?.clone();
    match random.once_in(2) {
        true => drop(streams.remove(&name)),
        false => drop(streams.insert(name, random.bytes(12))),
    }
    Some(())
}

fn times_alone(state: &mut State, random: &mut Random) -> Option<()> {
    let record = any(state.nodes.keys().copied().collect(), random)?;
    node(state, record).seconds += 1 + random.below(1000) as u64;
    Some(())
}

fn attributes_alone(state: &mut State, random: &mut Random) -> Option<()> {
    let record = any_file(state, random)?;
    node(state, record).attributes ^= *random.pick(&[1, 2, 4]);
    Some(())
}

fn link_added(state: &mut State, random: &mut Random) -> Option<()> {
    let record = any_file(state, random)?;
    let parent = *random.pick(&state.directories());
    let name = state.new_name(parent, random);
    let names = &mut node(state, record).names;
    (names.len() < 3).then(|| names.push((parent, name)))
}

fn replaced(state: &mut State, random: &mut Random) -> Option<()> {
    let record = any_file(state, random)?;
    let old = state.nodes.remove(&record)?;
    let new = add(state, random, false);
    node(state, new).names = vec![old.names[0].clone()];
    Some(())
}

fn record_used_again(state: &mut State, random: &mut Random) -> Option<()> {
    let record = any_file(state, random)?;
    let old = state.nodes.remove(&record)?;
    put(state, random, record, old.sequence + 1, false);
    Some(())
}

fn stored_in_another_way(state: &mut State, random: &mut Random) -> Option<()> {
    let record = any_file(state, random)?;
    node(state, record).form = *random.pick(&FORMS);
    Some(())
}
