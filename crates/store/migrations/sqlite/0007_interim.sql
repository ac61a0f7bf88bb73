-- What happened to files between two slices, as journals of their volumes tell it.

CREATE TABLE diskprint_interim_change (
    osetid TEXT NOT NULL,
    appetid TEXT NOT NULL,
    sliceid INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    journal TEXT NOT NULL,
    inode INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    number INTEGER NOT NULL,
    time INTEGER NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('created', 'renamed', 'deleted')),
    path TEXT NOT NULL,
    path_before TEXT,
    attributes INTEGER NOT NULL,
    reason INTEGER NOT NULL,
    PRIMARY KEY (osetid, appetid, sliceid, ordinal),
    FOREIGN KEY (osetid, appetid, sliceid) REFERENCES slice (osetid, appetid, sliceid)
);
