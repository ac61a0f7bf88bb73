use crate::column::{Bad, Columns, Value};
use crate::table::{Column, Table};

/// A hive file of a slice, and what it was worth.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HiveCondition {
    /// Number of the partition that it is in.
    pub partition: u32,
    /// Path in the volume.
    pub path: String,
    /// `clean`, `dirty`, or `unreadable`.
    pub state: String,
    /// Which state was read: `recovered` or `stored`; `None` where the hive could not be read.
    pub hive_state: Option<String>,
    /// `intact`, `repaired`, `partial` or `unreadable`.
    pub grade: String,
    /// Sequence number of the state that was read; `None` where that is not known.
    pub sequence_number: Option<u32>,
    /// What the hive says of itself and what became of its transaction logs, a line each.
    pub logs: Vec<String>,
    /// Number of keys in use.
    pub keys: u64,
    /// Number of values in use.
    pub values: u64,
    /// Number of keys and values that no list leads to.
    pub recovered: u64,
    /// Number of faults.
    pub faults: u64,
}

/// The table that they are in.
pub(crate) fn table() -> Table {
    const COLUMNS: [&str; 11] = [
        "partition",
        "path",
        "state",
        "hive_state",
        "grade",
        "sequence_number",
        "logs",
        "keys",
        "value_count",
        "recovered",
        "faults",
    ];
    let column = |name: &&str| Column { name: (*name).to_owned(), is_name: *name == "path" };
    Table { name: "diskprint_hive_condition", columns: COLUMNS.iter().map(column).collect() }
}

/// The columns of a hive's condition.
pub(crate) fn row(hive: &HiveCondition) -> Vec<Value> {
    let count = |count: u64| Value::from(i64::try_from(count).unwrap_or(i64::MAX));
    vec![
        hive.partition.into(),
        Value::Name((&*hive.path).into()),
        (&*hive.state).into(),
        hive.hive_state.as_deref().map_or(Value::Null, Value::from),
        (&*hive.grade).into(),
        hive.sequence_number.map_or(Value::Null, Value::from),
        (&*hive.logs.join("\n")).into(),
        count(hive.keys),
        count(hive.values),
        count(hive.recovered),
        count(hive.faults),
    ]
}

/// Reads what [`row`] made.
pub(crate) fn read(row: Vec<Value>) -> Result<HiveCondition, Bad> {
    let mut columns = Columns::from(row);
    Ok(HiveCondition {
        partition: columns.next()?,
        path: columns.next::<diskprint_formats::Name>()?.to_text().into_owned(),
        state: columns.next()?,
        hive_state: columns.next()?,
        grade: columns.next()?,
        sequence_number: columns.next()?,
        logs: columns.next::<String>()?.lines().map(str::to_owned).collect(),
        keys: columns.unsigned()?,
        values: columns.unsigned()?,
        recovered: columns.unsigned()?,
        faults: columns.unsigned()?,
    })
}
