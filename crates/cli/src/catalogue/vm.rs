use std::io::{self, Write};

use anyhow::Error;
use diskprint_store::{Change, Table, VirtualMachine};
use serde::Serialize;

use super::table::{or_dash, print, print_json};
use crate::args::{ListArgs, VmAddArgs, VmArgs, VmCommand, VmRemoveArgs};
use crate::now;
use crate::{Outcome, database};

/// Adds, lists and removes virtual machines.
pub fn run(args: &VmArgs) -> Result<Outcome, Error> {
    match &args.command {
        VmCommand::Add(args) => add(args)?,
        VmCommand::List(args) => list(args)?,
        VmCommand::Remove(args) => remove(args)?,
    }
    Ok(Outcome::Clean)
}

fn add(args: &VmAddArgs) -> Result<(), Error> {
    let mut values = vec![("vmid", Some(args.vmid.to_string()))];
    for (column, value) in [("vmappname", &args.name), ("vmappversion", &args.app_version)] {
        values.extend(value.clone().map(|value| (column, Some(value))));
    }
    let mut store = database::open(&args.database)?;
    let effects = store.change(&[Change::put_named(Table::VirtualMachine, values)], &now())?;
    let effects = effects.into_iter().map(super::import::effect);
    effects
        .into_iter()
        .try_for_each(|effect| writeln!(io::stdout(), "vm {} is {effect}.", args.vmid))?;
    Ok(())
}

/// A virtual machine; the names of its fields are those of the original's columns.
#[derive(Serialize)]
struct Listed {
    vmid: Option<i64>,
    vmappname: Option<String>,
    vmappversion: Option<String>,
}

impl From<VirtualMachine> for Listed {
    fn from(vm: VirtualMachine) -> Self {
        let VirtualMachine { vmid, name, version } = vm;
        Self { vmid, vmappname: name, vmappversion: version }
    }
}

fn list(args: &ListArgs) -> Result<(), Error> {
    let store = database::open_existing(&args.database)?;
    let all = store.virtual_machines()?.into_iter().map(Listed::from);
    let mut out = io::stdout().lock();
    if args.json {
        print_json(&mut out, &all.collect::<Vec<_>>())?;
    } else {
        let cells = |vm: Listed| {
            [
                or_dash(vm.vmid.map(|id| id.to_string())),
                or_dash(vm.vmappname),
                or_dash(vm.vmappversion),
            ]
        };
        print(&mut out, ["vm", "name", "version"], all.map(cells))?;
    }
    Ok(out.flush()?)
}

fn remove(args: &VmRemoveArgs) -> Result<(), Error> {
    let mut store = database::open_existing(&args.database)?;
    let changes: Vec<Change> = args.vmids.iter().map(|id| Change::remove_vm(*id)).collect();
    store.change(&changes, &now())?;
    let mut out = io::stdout().lock();
    args.vmids.iter().try_for_each(|vmid| writeln!(out, "vm {vmid} is removed."))?;
    Ok(())
}
