//! The states of a machine as slices.

use std::path::Path;

use anyhow::{Error, bail};
use diskprint::{MachineState, MachineStates, SliceId, machine_states};
use diskprint_store::Store;

use super::plan::Planned;

/// The states that lead to the one at `end`, which is a machine's folder, one of its disks, or a
/// snapshot of one, or anything that is given a name; `None` for all else.
pub fn sequence(
    store: &dyn Store,
    end: &Path,
    name: Option<&str>,
    notes: &mut Vec<String>,
) -> Result<Option<Vec<Planned>>, Error> {
    let (machine, own) = called(end);
    if name.is_none() && SliceId::from_file_name(&own).is_some() {
        return Ok(None);
    }
    let MachineStates { states, elsewhere } = machine_states(end)?;
    if machine.is_file() && states.len() < 2 && name.is_none() {
        return Ok(None);
    }
    let name = name.unwrap_or(&own);
    check(store, machine, &states, name)?;
    for state in &elsewhere {
        notes.push(format!(
            "snapshot {:?} does not lead to this state and is not read; to read what leads to it: \
             diskprint run {:?} RESULTS",
            state.name, state.path,
        ));
    }
    let mut predecessor = None;
    let slice = |MachineState { path, number, .. }| {
        let id = SliceId::of_state(name, number);
        let predecessor = predecessor.replace(id.sliceid);
        let slicetype = "Default".to_owned();
        // What the machine holds may be another thing each time.
        Planned { id, predecessor, slicetype, tarball: path, registered: None }
    };
    Ok(Some(states.into_iter().map(slice).collect()))
}

/// The folder or disk that `end` is a state of, and what it is called.
fn called(end: &Path) -> (&Path, String) {
    let machine = match end.parent() {
        Some(parent) if !end.exists() => parent,
        _ => end,
    };
    let is_vm = machine.extension().is_some_and(|ending| ending == "vmwarevm");
    let name = if machine.is_file() || is_vm { machine.file_stem() } else { machine.file_name() };
    (machine, name.unwrap_or_default().to_string_lossy().into_owned())
}

/// Refuses a name that another machine has.
fn check(
    store: &dyn Store,
    machine: &Path,
    states: &[MachineState],
    name: &str,
) -> Result<(), Error> {
    let SliceId { osetid, appetid, .. } = SliceId::of_state(name, 0);
    for sliceid in store.sequence_ids(&osetid, &appetid)? {
        let id = SliceId { osetid: osetid.clone(), appetid: appetid.clone(), sliceid };
        let location = store.slice(&id)?.location;
        let location = Path::new(&location);
        let mut own = states.iter().map(|state| &*state.path).chain([machine]);
        if !own.any(|own| location.starts_with(own)) {
            bail!(
                "the database knows sequence {} as that of {}; give this one another name with \
                 --name",
                id.sequence(),
                location.display(),
            );
        }
    }
    Ok(())
}
