use std::io::{self, Write};

use anyhow::Error;
use diskprint_store::{Change, OperatingSystem, Table};
use serde::Serialize;

use super::table::{or_dash, print, print_json};
use crate::args::{ListArgs, OsAddArgs, OsArgs, OsCommand, OsRemoveArgs};
use crate::now;
use crate::{Outcome, database};

/// Adds, lists and removes operating systems.
pub fn run(args: &OsArgs) -> Result<Outcome, Error> {
    match &args.command {
        OsCommand::Add(args) => add(args)?,
        OsCommand::List(args) => list(args)?,
        OsCommand::Remove(args) => remove(args)?,
    }
    Ok(Outcome::Clean)
}

fn add(args: &OsAddArgs) -> Result<(), Error> {
    let mut values = vec![("osetid", Some(args.osetid.clone()))];
    let (name, vm) = (args.name.clone(), args.vm.map(|vmid| vmid.to_string()));
    for (column, value) in
        [("ossystemname", name), ("vmid", vm), ("installdate", args.installdate.clone())]
    {
        values.extend(value.map(|value| (column, Some(value))));
    }
    let mut store = database::open(&args.database)?;
    let effects = store.change(&[Change::put_named(Table::Os, values)], &now())?;
    let effects = effects.into_iter().map(super::import::effect);
    effects.into_iter().try_for_each(|effect| {
        writeln!(io::stdout(), "os {} is {effect}.", diskprint::printable(&args.osetid))
    })?;
    Ok(())
}

/// An operating system; the names of its fields are those of the original's columns.
#[derive(Serialize)]
struct Listed {
    osetid: Option<String>,
    ossystemname: Option<String>,
    vmid: Option<i64>,
    installdate: Option<String>,
}

impl From<OperatingSystem> for Listed {
    fn from(os: OperatingSystem) -> Self {
        let OperatingSystem { osetid, name, vmid, installdate } = os;
        Self { osetid, ossystemname: name, vmid, installdate }
    }
}

fn list(args: &ListArgs) -> Result<(), Error> {
    let store = database::open_existing(&args.database)?;
    let all = store.operating_systems()?.into_iter().map(Listed::from);
    let mut out = io::stdout().lock();
    if args.json {
        print_json(&mut out, &all.collect::<Vec<_>>())?;
    } else {
        let cells = |os: Listed| {
            [
                or_dash(os.osetid),
                or_dash(os.ossystemname),
                or_dash(os.vmid),
                or_dash(os.installdate),
            ]
        };
        print(&mut out, ["os", "name", "vm", "installed"], all.map(cells))?;
    }
    Ok(out.flush()?)
}

fn remove(args: &OsRemoveArgs) -> Result<(), Error> {
    let mut store = database::open_existing(&args.database)?;
    let changes: Vec<Change> = args.osetids.iter().map(|id| Change::remove_os(id)).collect();
    store.change(&changes, &now())?;
    let mut out = io::stdout().lock();
    for osetid in &args.osetids {
        writeln!(out, "os {} is removed.", diskprint::printable(osetid))?;
    }
    Ok(())
}
