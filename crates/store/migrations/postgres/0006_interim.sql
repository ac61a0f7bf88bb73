-- What happened to files between two slices, as journals of their volumes tell it.

CREATE TABLE diskprint_interim_change (
    osetid TEXT NOT NULL,
    appetid TEXT NOT NULL,
    sliceid BIGINT NOT NULL,
    ordinal BIGINT NOT NULL,
    partition BIGINT NOT NULL,
    journal TEXT NOT NULL,
    inode BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    number BIGINT NOT NULL,
    time BIGINT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('created', 'renamed', 'deleted')),
    path TEXT NOT NULL,
    path_wtf8 BYTEA,
    path_before TEXT,
    path_before_wtf8 BYTEA,
    attributes BIGINT NOT NULL,
    reason BIGINT NOT NULL,
    PRIMARY KEY (osetid, appetid, sliceid, ordinal)
);
