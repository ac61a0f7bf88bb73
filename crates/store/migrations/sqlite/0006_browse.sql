-- What is looked for in results: which folders and keys changes lie in, and who else touches a path, a
-- key or a content.

CREATE TABLE diskprint_branch (
    osetid TEXT NOT NULL,
    appetid TEXT NOT NULL,
    sliceid INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    tree TEXT NOT NULL CHECK (tree IN ('files', 'cells', 'recovered')),
    parent INTEGER NOT NULL,
    name TEXT NOT NULL,
    new INTEGER NOT NULL,
    altered INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    first_row INTEGER NOT NULL,
    row_count INTEGER NOT NULL,
    branch_count INTEGER NOT NULL,
    PRIMARY KEY (osetid, appetid, sliceid, ordinal),
    FOREIGN KEY (osetid, appetid, sliceid) REFERENCES slice (osetid, appetid, sliceid)
);
CREATE INDEX diskprint_branch_by_parent ON diskprint_branch (osetid, appetid, sliceid, parent);

CREATE INDEX diskprint_file_by_path_before ON diskprint_file_delta
    (lower(path_before), osetid, appetid, sliceid, ordinal) WHERE path_before IS NOT NULL;
CREATE INDEX diskprint_file_by_path_after ON diskprint_file_delta
    (lower(path_after), osetid, appetid, sliceid, ordinal) WHERE path_after IS NOT NULL;
CREATE INDEX diskprint_file_by_md5_before ON diskprint_file_delta
    (md5_before, osetid, appetid, sliceid, ordinal) WHERE md5_before IS NOT NULL;
CREATE INDEX diskprint_file_by_md5_after ON diskprint_file_delta
    (md5_after, osetid, appetid, sliceid, ordinal) WHERE md5_after IS NOT NULL;
CREATE INDEX diskprint_file_by_sha1_before ON diskprint_file_delta
    (sha1_before, osetid, appetid, sliceid, ordinal) WHERE sha1_before IS NOT NULL;
CREATE INDEX diskprint_file_by_sha1_after ON diskprint_file_delta
    (sha1_after, osetid, appetid, sliceid, ordinal) WHERE sha1_after IS NOT NULL;
CREATE INDEX diskprint_file_by_sha256_before ON diskprint_file_delta
    (sha256_before, osetid, appetid, sliceid, ordinal) WHERE sha256_before IS NOT NULL;
CREATE INDEX diskprint_file_by_sha256_after ON diskprint_file_delta
    (sha256_after, osetid, appetid, sliceid, ordinal) WHERE sha256_after IS NOT NULL;
CREATE INDEX diskprint_cell_by_path_before ON diskprint_cell_delta
    (lower(registry_path_before), osetid, appetid, sliceid, ordinal) WHERE registry_path_before IS NOT NULL;
CREATE INDEX diskprint_cell_by_path_after ON diskprint_cell_delta
    (lower(registry_path_after), osetid, appetid, sliceid, ordinal) WHERE registry_path_after IS NOT NULL;
CREATE INDEX diskprint_cell_by_sha1_before ON diskprint_cell_delta
    (sha1_before, osetid, appetid, sliceid, ordinal) WHERE sha1_before IS NOT NULL;
CREATE INDEX diskprint_cell_by_sha1_after ON diskprint_cell_delta
    (sha1_after, osetid, appetid, sliceid, ordinal) WHERE sha1_after IS NOT NULL;
CREATE INDEX diskprint_cell_by_key_before ON diskprint_cell_delta
    (lower(key_before), osetid, appetid, sliceid, ordinal) WHERE registry_path_before IS NULL AND key_before IS NOT NULL;
CREATE INDEX diskprint_cell_by_key_after ON diskprint_cell_delta
    (lower(key_after), osetid, appetid, sliceid, ordinal) WHERE registry_path_after IS NULL AND key_after IS NOT NULL;
