use std::sync::Arc;

use diskprint::artefact::Artefact;
use diskprint::{Cell, CellChanges, CellKind, KeyCell, ValueCell};
use diskprint_formats::{Filetime, Name};

use crate::column::{self, Bad, Columns, Value};
use crate::delta_table::{DeltaTable, Stored};
use crate::names;

impl Stored<CellChanges> for Cell {
    const TABLE: DeltaTable = DeltaTable {
        name: "diskprint_cell_delta",
        flags: &[
            "data_changed",
            "type_changed",
            "mtime_changed",
            "name_changed",
            "class_changed",
            "security_changed",
            "flags_changed",
        ],
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
            "flags",
            "owner",
            "security_sha1",
            "registry_path",
            "artefact",
            "artefact_name",
            "artefact_detail",
        ],
        names: &["hive", "root", "class", "value", "registry_path", "artefact_detail"],
    };

    fn flags(changes: &CellChanges) -> Vec<bool> {
        let CellChanges { data, kind, mtime, name, class, security, flags } = *changes;
        vec![data, kind, mtime, name, class, security, flags]
    }

    fn changes(flags: &[bool]) -> Option<CellChanges> {
        let &[data, kind, mtime, name, class, security, flags] = flags else { return None };
        Some(CellChanges { data, kind, mtime, name, class, security, flags })
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
            CellKind::Key(key) => [
                "key".into(),
                column::time(key.mtime),
                key.class.as_ref().into(),
                Value::Null,
                Value::Null,
                Value::Null,
                Value::Null,
                Value::Null,
                Value::Null,
                column::unsigned(key.flags),
                key.owner.as_deref().map_or(Value::Null, Value::from),
                column::digest(key.security_sha1.as_ref().map(|sha1| &sha1[..])),
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
                column::unsigned(value.flags.into()),
                Value::Null,
                Value::Null,
            ],
        });
        values.push(self.registry_path.as_ref().into());
        values.extend(artefact(self.artefact.as_ref()));
        values
    }

    fn read(mut columns: Columns) -> Result<Self, Bad> {
        Ok(Self {
            partition: columns.next()?,
            hive: columns.next()?,
            root: columns.next()?,
            key: columns.names()?.into(),
            parent_mtime: columns.time()?,
            kind: read_kind(&mut columns)?,
            registry_path: columns.next()?,
            artefact: read_artefact(&mut columns)?,
        })
    }
}

fn read_kind(columns: &mut Columns) -> Result<CellKind, Bad> {
    let kind: String = columns.next()?;
    let mtime: Option<i64> = columns.next()?;
    let class = columns.next()?;
    let name: Option<Name> = columns.next()?;
    let value_type: Option<u32> = columns.next()?;
    let size: Option<i64> = columns.next()?;
    let data: Option<Vec<u8>> = columns.next()?;
    let (sha1, rendered_sha1) = (columns.digest()?, columns.digest()?);
    // Databases of the first versions have none.
    let flags = columns.next::<Option<i64>>()?.unwrap_or_default().cast_unsigned();
    let owner = columns.next::<Option<String>>()?.map(Arc::from);
    let security_sha1 = columns.digest()?;
    match (kind.as_str(), mtime, name, value_type, size, sha1) {
        ("key", Some(mtime), None, None, None, None) => {
            let mtime = Filetime(mtime.cast_unsigned());
            Ok(CellKind::Key(KeyCell { mtime, class, owner, security_sha1, flags }))
        }
        ("value", None, Some(name), Some(value_type), Some(size), Some(sha1)) => {
            Ok(CellKind::Value(ValueCell {
                name,
                value_type,
                flags: u16::try_from(flags).map_err(|_| Bad("other flags of a value"))?,
                size: size.cast_unsigned(),
                data: data.map(Arc::from),
                sha1,
                rendered_sha1,
            }))
        }
        _ => Err(Bad("neither key nor value")),
    }
}

/// The three columns of an artefact.
fn artefact(artefact: Option<&Artefact>) -> [Value; 3] {
    let Some(Artefact { kind, what, detail }) = artefact else {
        return [Value::Null, Value::Null, Value::Null];
    };
    let detail = detail.as_deref().map_or(Value::Null, |detail| Value::Name(detail.into()));
    [(&**kind).into(), (&**what).into(), detail]
}

fn read_artefact(columns: &mut Columns) -> Result<Option<Artefact>, Bad> {
    let (kind, what): (Option<String>, Option<String>) = (columns.next()?, columns.next()?);
    let detail: Option<Name> = columns.next()?;
    Ok(kind.zip(what).map(|(kind, what)| Artefact {
        kind: kind.into(),
        what: what.into(),
        detail: detail.map(|detail| detail.to_text().into_owned()),
    }))
}
