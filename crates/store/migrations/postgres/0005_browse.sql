-- What is looked for in results: which folders and keys changes lie in, and who else touches a path, a
-- key or a content. Paths are longer than what an index of PostgreSQL takes: theirs have digests.

CREATE TABLE diskprint_branch (
    osetid TEXT NOT NULL,
    appetid TEXT NOT NULL,
    sliceid BIGINT NOT NULL,
    ordinal BIGINT NOT NULL,
    tree TEXT NOT NULL CHECK (tree IN ('files', 'cells', 'recovered')),
    parent BIGINT NOT NULL,
    name TEXT NOT NULL,
    name_wtf8 BYTEA,
    new BIGINT NOT NULL,
    altered BIGINT NOT NULL,
    deleted BIGINT NOT NULL,
    first_row BIGINT NOT NULL,
    row_count BIGINT NOT NULL,
    branch_count BIGINT NOT NULL,
    PRIMARY KEY (osetid, appetid, sliceid, ordinal)
);
CREATE INDEX diskprint_branch_by_parent ON diskprint_branch (osetid, appetid, sliceid, parent, ordinal);

CREATE INDEX diskprint_file_by_path_before ON diskprint_file_delta
    (md5(lower(path_before COLLATE "C")), osetid, appetid, sliceid, ordinal) WHERE path_before IS NOT NULL;
CREATE INDEX diskprint_file_by_path_after ON diskprint_file_delta
    (md5(lower(path_after COLLATE "C")), osetid, appetid, sliceid, ordinal) WHERE path_after IS NOT NULL;
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
    (md5(lower(registry_path_before COLLATE "C")), osetid, appetid, sliceid, ordinal) WHERE registry_path_before IS NOT NULL;
CREATE INDEX diskprint_cell_by_path_after ON diskprint_cell_delta
    (md5(lower(registry_path_after COLLATE "C")), osetid, appetid, sliceid, ordinal) WHERE registry_path_after IS NOT NULL;
CREATE INDEX diskprint_cell_by_sha1_before ON diskprint_cell_delta
    (sha1_before, osetid, appetid, sliceid, ordinal) WHERE sha1_before IS NOT NULL;
CREATE INDEX diskprint_cell_by_sha1_after ON diskprint_cell_delta
    (sha1_after, osetid, appetid, sliceid, ordinal) WHERE sha1_after IS NOT NULL;
CREATE INDEX diskprint_cell_by_key_before ON diskprint_cell_delta
    (md5(lower(key_before COLLATE "C")), osetid, appetid, sliceid, ordinal) WHERE registry_path_before IS NULL AND key_before IS NOT NULL;
CREATE INDEX diskprint_cell_by_key_after ON diskprint_cell_delta
    (md5(lower(key_after COLLATE "C")), osetid, appetid, sliceid, ordinal) WHERE registry_path_after IS NULL AND key_after IS NOT NULL;
