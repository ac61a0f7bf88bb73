-- What is looked up for every slice is found without reading the whole table.

CREATE INDEX md5_by_content ON md5 (keyhash);
CREATE INDEX sha1_by_content ON sha1 (keyhash);
CREATE INDEX registry_by_tarball ON registry (slicehash);
