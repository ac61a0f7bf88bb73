use std::collections::BTreeSet;

use diskprint_formats::vmdk::decode_text;

use crate::vmx::setting;

/// The snapshots of a machine, as VMware lists them (`.vmsd`).
// Observed in what Workstation, Fusion and ESXi write; VMware publishes no specification.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct SnapshotList {
    pub snapshots: Vec<Snapshot>,
    /// The one that the machine's current state came from.
    pub current: Option<u32>,
    /// The last number that was given to one.
    pub last: u32,
}

/// A snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Snapshot {
    pub uid: u32,
    /// The one before it.
    pub parent: Option<u32>,
    /// What the user called it.
    pub name: String,
    /// The disks as they were then, by the names of their files.
    pub disks: Vec<String>,
}

/// More snapshots than a machine can have.
const MOST: usize = 10_000;

impl SnapshotList {
    pub fn parse(list: &[u8]) -> Self {
        let text = decode_text(list);
        let settings: std::collections::BTreeMap<String, &str> =
            text.lines().filter_map(setting).collect();
        let value = |key: &str| settings.get(key).copied();
        let number = |key: &str| value(key).and_then(|value| value.parse().ok());
        let snapshot = |index: usize| {
            let own = |key: &str| format!("snapshot{index}.{key}");
            let disk = |disk: usize| value(&own(&format!("disk{disk}.filename")));
            Some(Snapshot {
                uid: number(&own("uid"))?,
                parent: number(&own("parent")),
                name: unescape(value(&own("displayname")).unwrap_or_default()),
                disks: (0..MOST).map_while(disk).map(str::to_owned).collect(),
            })
        };
        let snapshots: Vec<_> = (0..MOST).map_while(snapshot).collect();
        let last = snapshots.iter().map(|it| it.uid).max().unwrap_or(0);
        Self {
            current: number("snapshot.current").filter(|uid| *uid != 0),
            last: number("snapshot.lastuid").unwrap_or(0).max(last),
            snapshots,
        }
    }

    pub fn find(&self, uid: u32) -> Option<&Snapshot> {
        self.snapshots.iter().find(|snapshot| snapshot.uid == uid)
    }

    /// The snapshots that lead to `uid`, the oldest first and itself last.
    pub fn way(&self, uid: Option<u32>) -> Vec<&Snapshot> {
        let (mut way, mut seen) = (Vec::new(), BTreeSet::new());
        let mut next = uid;
        while let Some(snapshot) = next.filter(|uid| seen.insert(*uid)).and_then(|it| self.find(it))
        {
            way.push(snapshot);
            next = snapshot.parent;
        }
        way.reverse();
        way
    }
}

/// Undoes what VMware does to characters that a value cannot hold: `|22` for a quotation mark.
fn unescape(value: &str) -> String {
    let mut parts = value.split('|');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.get(..2).and_then(|code| u8::from_str_radix(code, 16).ok());
        match (code, part.get(2..)) {
            (Some(code), Some(rest)) if code.is_ascii() => {
                text.push(code.into());
                text.push_str(rest);
            }
            _ => {
                text.push('|');
                text.push_str(part);
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = ".encoding = \"UTF-8\"\nsnapshot.lastUID = \"7\"\nsnapshot.current = \"4\"\n\
        snapshot.numSnapshots = \"3\"\nsnapshot0.uid = \"1\"\nsnapshot0.displayName = \"a |22b|22\"\n\
        snapshot0.numDisks = \"2\"\nsnapshot0.disk0.fileName = \"one.vmdk\"\n\
        snapshot0.disk1.fileName = \"two.vmdk\"\nsnapshot1.uid = \"3\"\nsnapshot1.parent = \"1\"\n\
        snapshot1.disk0.fileName = \"one-000001.vmdk\"\nsnapshot2.uid = \"4\"\n\
        snapshot2.parent = \"1\"\nsnapshot2.displayName = \"|\"\n";

    #[test]
    fn snapshots_are_listed_with_what_led_to_them() {
        let list = SnapshotList::parse(LIST.as_bytes());
        assert_eq!((list.current, list.last, list.snapshots.len()), (Some(4), 7, 3));
        let first = &list.snapshots[0];
        assert_eq!((first.uid, first.parent, &*first.name), (1, None, "a \"b\""));
        assert_eq!(first.disks, ["one.vmdk", "two.vmdk"]);
        let way = |uid| list.way(uid).iter().map(|it| it.uid).collect::<Vec<_>>();
        assert_eq!((way(Some(4)), way(Some(3)), way(Some(9))), (vec![1, 4], vec![1, 3], vec![]));
        assert_eq!(list.snapshots[2].name, "|");
        assert_eq!(SnapshotList::parse(b""), SnapshotList::default());
    }

    #[test]
    fn snapshots_that_lead_to_themselves_end() {
        let list = SnapshotList::parse(b"snapshot0.uid = \"1\"\nsnapshot0.parent = \"1\"\n");
        assert_eq!(list.way(Some(1)).len(), 1);
    }
}
