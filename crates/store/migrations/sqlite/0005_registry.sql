-- What more is known of keys and values: their security and flags, the path as Windows shows it, the
-- artefact; cells that no list leads to; and what each hive was worth.

ALTER TABLE diskprint_cell_delta ADD COLUMN security_changed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE diskprint_cell_delta ADD COLUMN flags_changed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE diskprint_cell_delta ADD COLUMN flags_before INTEGER;
ALTER TABLE diskprint_cell_delta ADD COLUMN owner_before TEXT;
ALTER TABLE diskprint_cell_delta ADD COLUMN security_sha1_before TEXT;
ALTER TABLE diskprint_cell_delta ADD COLUMN registry_path_before TEXT;
ALTER TABLE diskprint_cell_delta ADD COLUMN artefact_before TEXT;
ALTER TABLE diskprint_cell_delta ADD COLUMN artefact_name_before TEXT;
ALTER TABLE diskprint_cell_delta ADD COLUMN artefact_detail_before TEXT;
ALTER TABLE diskprint_cell_delta ADD COLUMN flags_after INTEGER;
ALTER TABLE diskprint_cell_delta ADD COLUMN owner_after TEXT;
ALTER TABLE diskprint_cell_delta ADD COLUMN security_sha1_after TEXT;
ALTER TABLE diskprint_cell_delta ADD COLUMN registry_path_after TEXT;
ALTER TABLE diskprint_cell_delta ADD COLUMN artefact_after TEXT;
ALTER TABLE diskprint_cell_delta ADD COLUMN artefact_name_after TEXT;
ALTER TABLE diskprint_cell_delta ADD COLUMN artefact_detail_after TEXT;

CREATE TABLE diskprint_recovered_cell (
    osetid TEXT NOT NULL,
    appetid TEXT NOT NULL,
    sliceid INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    partition INTEGER,
    hive TEXT,
    root TEXT,
    key TEXT,
    parent_mtime INTEGER,
    kind TEXT,
    mtime INTEGER,
    class TEXT,
    value TEXT,
    value_type INTEGER,
    size INTEGER,
    data BLOB,
    sha1 TEXT,
    rendered_sha1 TEXT,
    flags INTEGER,
    owner TEXT,
    security_sha1 TEXT,
    registry_path TEXT,
    artefact TEXT,
    artefact_name TEXT,
    artefact_detail TEXT,
    path_whole INTEGER NOT NULL,
    data_lost INTEGER NOT NULL,
    file_offset INTEGER NOT NULL,
    place TEXT NOT NULL,
    confidence TEXT NOT NULL,
    PRIMARY KEY (osetid, appetid, sliceid, ordinal),
    FOREIGN KEY (osetid, appetid, sliceid) REFERENCES slice (osetid, appetid, sliceid)
);

CREATE TABLE diskprint_hive_condition (
    osetid TEXT NOT NULL,
    appetid TEXT NOT NULL,
    sliceid INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    path TEXT NOT NULL,
    state TEXT NOT NULL,
    hive_state TEXT,
    grade TEXT NOT NULL,
    sequence_number INTEGER,
    logs TEXT NOT NULL,
    keys INTEGER NOT NULL,
    value_count INTEGER NOT NULL,
    recovered INTEGER NOT NULL,
    faults INTEGER NOT NULL,
    PRIMARY KEY (osetid, appetid, sliceid, ordinal),
    FOREIGN KEY (osetid, appetid, sliceid) REFERENCES slice (osetid, appetid, sliceid)
);
