-- What more is known of keys and values: their security and flags, the path as Windows shows it, the
-- artefact; cells that no list leads to; and what each hive was worth.

ALTER TABLE diskprint_cell_delta ADD COLUMN security_changed BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE diskprint_cell_delta ADD COLUMN flags_changed BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE diskprint_cell_delta ADD COLUMN flags_before BIGINT;
ALTER TABLE diskprint_cell_delta ADD COLUMN owner_before TEXT;
ALTER TABLE diskprint_cell_delta ADD COLUMN security_sha1_before TEXT;
ALTER TABLE diskprint_cell_delta ADD COLUMN registry_path_before TEXT;
ALTER TABLE diskprint_cell_delta ADD COLUMN registry_path_before_wtf8 BYTEA;
ALTER TABLE diskprint_cell_delta ADD COLUMN artefact_before TEXT;
ALTER TABLE diskprint_cell_delta ADD COLUMN artefact_name_before TEXT;
ALTER TABLE diskprint_cell_delta ADD COLUMN artefact_detail_before TEXT;
ALTER TABLE diskprint_cell_delta ADD COLUMN artefact_detail_before_wtf8 BYTEA;
ALTER TABLE diskprint_cell_delta ADD COLUMN flags_after BIGINT;
ALTER TABLE diskprint_cell_delta ADD COLUMN owner_after TEXT;
ALTER TABLE diskprint_cell_delta ADD COLUMN security_sha1_after TEXT;
ALTER TABLE diskprint_cell_delta ADD COLUMN registry_path_after TEXT;
ALTER TABLE diskprint_cell_delta ADD COLUMN registry_path_after_wtf8 BYTEA;
ALTER TABLE diskprint_cell_delta ADD COLUMN artefact_after TEXT;
ALTER TABLE diskprint_cell_delta ADD COLUMN artefact_name_after TEXT;
ALTER TABLE diskprint_cell_delta ADD COLUMN artefact_detail_after TEXT;
ALTER TABLE diskprint_cell_delta ADD COLUMN artefact_detail_after_wtf8 BYTEA;

CREATE TABLE diskprint_recovered_cell (
    osetid TEXT NOT NULL,
    appetid TEXT NOT NULL,
    sliceid BIGINT NOT NULL,
    ordinal BIGINT NOT NULL,
    partition BIGINT,
    hive TEXT,
    hive_wtf8 BYTEA,
    root TEXT,
    root_wtf8 BYTEA,
    key TEXT,
    parent_mtime BIGINT,
    kind TEXT,
    mtime BIGINT,
    class TEXT,
    class_wtf8 BYTEA,
    value TEXT,
    value_wtf8 BYTEA,
    value_type BIGINT,
    size BIGINT,
    data BYTEA,
    sha1 TEXT,
    rendered_sha1 TEXT,
    flags BIGINT,
    owner TEXT,
    security_sha1 TEXT,
    registry_path TEXT,
    registry_path_wtf8 BYTEA,
    artefact TEXT,
    artefact_name TEXT,
    artefact_detail TEXT,
    artefact_detail_wtf8 BYTEA,
    path_whole BOOLEAN NOT NULL,
    data_lost BOOLEAN NOT NULL,
    file_offset BIGINT NOT NULL,
    place TEXT NOT NULL,
    confidence TEXT NOT NULL,
    PRIMARY KEY (osetid, appetid, sliceid, ordinal)
);

CREATE TABLE diskprint_hive_condition (
    osetid TEXT NOT NULL,
    appetid TEXT NOT NULL,
    sliceid BIGINT NOT NULL,
    ordinal BIGINT NOT NULL,
    partition BIGINT NOT NULL,
    path TEXT NOT NULL,
    path_wtf8 BYTEA,
    state TEXT NOT NULL,
    hive_state TEXT,
    grade TEXT NOT NULL,
    sequence_number BIGINT,
    logs TEXT NOT NULL,
    keys BIGINT NOT NULL,
    value_count BIGINT NOT NULL,
    recovered BIGINT NOT NULL,
    faults BIGINT NOT NULL,
    PRIMARY KEY (osetid, appetid, sliceid, ordinal)
);
