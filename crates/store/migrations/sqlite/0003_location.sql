-- Where the tarball of each slice lies. Table storage has one place for each content, however many
-- slices have copies of it.

CREATE TABLE diskprint_location (
    osetid TEXT NOT NULL,
    appetid TEXT NOT NULL,
    sliceid INTEGER NOT NULL,
    location TEXT NOT NULL,
    PRIMARY KEY (osetid, appetid, sliceid)
);
