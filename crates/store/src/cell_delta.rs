use std::sync::Arc;

use diskprint::{Cell, CellChanges, CellKind, ValueCell};

use crate::column::{self, Bad, Columns, Value};
use crate::delta_table::{DeltaTable, Stored};
use crate::names;

impl Stored<CellChanges> for Cell {
    const TABLE: DeltaTable = DeltaTable {
        name: "diskprint_cell_delta",
        flags: &["data_changed", "type_changed", "mtime_changed", "name_changed", "class_changed"],
        side: &[
            "partition",
            "hive",
            "root",
            "key",
            "parent_mtime",
            "kind",
            "mtime",
            "class",
            "value",
            "value_type",
            "size",
            "data",
            "sha1",
            "rendered_sha1",
        ],
        names: &["hive", "root", "class", "value"],
    };

    fn flags(changes: &CellChanges) -> Vec<bool> {
        vec![changes.data, changes.kind, changes.mtime, changes.name, changes.class]
    }

    fn changes(flags: &[bool]) -> Option<CellChanges> {
        let &[data, kind, mtime, name, class] = flags else { return None };
        Some(CellChanges { data, kind, mtime, name, class })
    }

    fn values(&self) -> Vec<Value> {
        let mut values = vec![
            self.partition.into(),
            (&self.hive).into(),
            (&self.root).into(),
            names::encode(self.key.iter()).into(),
            column::time(self.parent_mtime),
        ];
        values.extend(match &self.kind {
            CellKind::Key { mtime, class } => [
                "key".into(),
                column::time(*mtime),
                class.as_ref().into(),
                Value::Null,
                Value::Null,
                Value::Null,
                Value::Null,
                Value::Null,
                Value::Null,
            ],
            CellKind::Value(value) => [
                "value".into(),
                Value::Null,
                Value::Null,
                (&value.name).into(),
                value.value_type.into(),
                column::unsigned(value.size),
                value.data.as_ref().map_or(Value::Null, |data| Value::Blob(data.to_vec())),
                column::digest(Some(&value.sha1)),
                column::digest(value.rendered_sha1.as_ref().map(|sha1| &sha1[..])),
            ],
        });
        values
    }

    fn read(mut columns: Columns) -> Result<Self, Bad> {
        Ok(Self {
            partition: columns.next()?,
            hive: columns.next()?,
            root: columns.next()?,
            key: columns.names()?.into(),
            parent_mtime: columns.time()?,
            kind: match columns.next::<String>()?.as_str() {
                "key" => CellKind::Key { mtime: columns.time()?, class: columns.next()? },
                "value" => {
                    let (None::<i64>, None::<i64>) = (columns.next()?, columns.next()?) else {
                        return Err(Bad("a value with a time or class"));
                    };
                    CellKind::Value(read_value(&mut columns)?)
                }
                _ => return Err(Bad("neither key nor value")),
            },
        })
    }
}

fn read_value(columns: &mut Columns) -> Result<ValueCell, Bad> {
    Ok(ValueCell {
        name: columns.next()?,
        value_type: columns.next()?,
        size: columns.unsigned()?,
        data: columns.next::<Option<Vec<u8>>>()?.map(Arc::from),
        sha1: columns.digest()?.ok_or(Bad("a value without a digest"))?,
        rendered_sha1: columns.digest()?,
    })
}
