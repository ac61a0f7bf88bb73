//! RegXML: a hive as XML in the vocabulary of `hivexml`.

pub(crate) mod rendering;
