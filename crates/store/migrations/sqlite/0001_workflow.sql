-- The tables of the original workflow, under their names. Its schema `diskprint` is the whole file.

CREATE TABLE storage (
    location VARCHAR(1023),
    slicehash VARCHAR(127) NOT NULL PRIMARY KEY
);
CREATE TABLE processqueue (
    location VARCHAR(1023),
    slicehash VARCHAR(127) NOT NULL PRIMARY KEY
);
CREATE TRIGGER storage_to_processqueue AFTER INSERT ON storage
BEGIN
    INSERT INTO processqueue (location, slicehash) VALUES (NEW.location, NEW.slicehash);
END;

CREATE TABLE slicetype (type VARCHAR(32) NOT NULL PRIMARY KEY);
INSERT INTO slicetype (type) VALUES
    ('Activate'), ('Close'), ('Default'), ('Function'), ('Install'), ('License'), ('Open'),
    ('PreInstall'), ('ProductKey'), ('Reboot'), ('Restart'), ('Shutdown'), ('Start'), ('Uninstall');

CREATE TABLE slicestate (type VARCHAR(127) NOT NULL PRIMARY KEY);
INSERT INTO slicestate (type) VALUES ('stored'), ('latest'), ('last');

CREATE TABLE slice (
    sliceid INTEGER NOT NULL,
    slicetype VARCHAR(32) NOT NULL DEFAULT 'Default' REFERENCES slicetype (type),
    osetid VARCHAR(50) NOT NULL,
    appetid VARCHAR(50) NOT NULL,
    creationdate TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    slicenotes VARCHAR(1023),
    slicestate VARCHAR(127) DEFAULT 'latest' REFERENCES slicestate (type),
    slicehash VARCHAR(127) REFERENCES storage (slicehash),
    slicepredecessorid INTEGER,
    PRIMARY KEY (osetid, appetid, sliceid)
);

CREATE TABLE virtualmachine (
    vmid INTEGER NOT NULL UNIQUE,
    vmappname VARCHAR(127),
    vmappversion VARCHAR(127)
);
CREATE TABLE os (
    osetid VARCHAR(50) NOT NULL UNIQUE,
    ossystemname VARCHAR(150),
    vmid INTEGER REFERENCES virtualmachine (vmid),
    installdate DATE
);
CREATE TABLE vmsetting (
    vminstancename VARCHAR(127),
    organization VARCHAR(127),
    sharing VARCHAR(127),
    applicationmenu VARCHAR(127),
    printers VARCHAR(127),
    autoprotect VARCHAR(127),
    sound VARCHAR(127),
    usbdevice VARCHAR(127),
    otherdevicesconnected VARCHAR(127),
    advancedother VARCHAR(127),
    network VARCHAR(127),
    cddvdconnected VARCHAR(127),
    cddvdusediskimage VARCHAR(127),
    harddisktype VARCHAR(127),
    disksize VARCHAR(127),
    preallocatediskspace VARCHAR(127),
    split2gbfile VARCHAR(127),
    vmid INTEGER REFERENCES virtualmachine (vmid),
    osetid VARCHAR(50) NOT NULL UNIQUE REFERENCES os (osetid),
    startupdisk VARCHAR(127),
    display VARCHAR(127),
    processor VARCHAR(127),
    processorram VARCHAR(127),
    ossystemname VARCHAR(150),
    installdate DATE
);

CREATE TABLE cell (
    actionid INTEGER NOT NULL UNIQUE,
    actiontype VARCHAR(32) NOT NULL UNIQUE
);
INSERT INTO cell (actionid, actiontype) VALUES
    (1, 'created'), (2, 'removed'), (3, 'mtime_updated'), (4, 'value_updated'),
    (5, 'property updated');

CREATE TABLE celltype (
    celltypeid INTEGER NOT NULL UNIQUE,
    typedesc VARCHAR(32) NOT NULL UNIQUE
);
INSERT INTO celltype (celltypeid, typedesc) VALUES (1, 'UTF8'), (2, 'UTF16'), (3, 'int');

CREATE TABLE hive (
    hiveid INTEGER PRIMARY KEY AUTOINCREMENT,
    hivepath VARCHAR NOT NULL,
    appetid VARCHAR(50) NOT NULL,
    osetid VARCHAR(50) NOT NULL,
    datetime_ingested_to_postgres TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX hive_by_sequence ON hive (osetid, appetid, hivepath);

CREATE TABLE regdelta (
    osetid VARCHAR(50) NOT NULL,
    appetid VARCHAR(50) NOT NULL,
    sliceid INTEGER NOT NULL,
    hiveid INTEGER NOT NULL REFERENCES hive (hiveid),
    cellaction INTEGER NOT NULL REFERENCES cell (actionid),
    parentmtimebefore VARCHAR(36),
    parentmtimeafter VARCHAR(36),
    mtimebefore VARCHAR(36),
    mtimeafter VARCHAR(36),
    valuesha1before VARCHAR(40),
    valuesha1after VARCHAR(40),
    celltypebefore VARCHAR(32),
    celltypeafter VARCHAR(32),
    iskeybefore BOOLEAN NOT NULL DEFAULT TRUE,
    iskeyafter BOOLEAN NOT NULL DEFAULT TRUE,
    slicetype VARCHAR(32) REFERENCES slicetype (type),
    cellpath VARCHAR(1024),
    FOREIGN KEY (osetid, appetid, sliceid) REFERENCES slice (osetid, appetid, sliceid)
);
CREATE INDEX regdelta_by_slice ON regdelta (osetid, appetid, sliceid);

CREATE TABLE filemetadata (
    keyhash VARCHAR(64) NOT NULL,
    slicehash VARCHAR(127) NOT NULL REFERENCES storage (slicehash),
    path VARCHAR(1023) NOT NULL,
    filename VARCHAR(255),
    extension VARCHAR(255),
    bytes BIGINT NOT NULL,
    mtime TIMESTAMP,
    ctime TIMESTAMP,
    PRIMARY KEY (slicehash, path, bytes, keyhash)
);
CREATE TABLE md5 (keyhash VARCHAR(64) NOT NULL, hashval CHAR(32));
CREATE TABLE sha1 (keyhash VARCHAR(64) NOT NULL, hashval CHAR(40));

CREATE TABLE registry (
    slicehash VARCHAR(127),
    regfilepath VARCHAR(1023),
    regfilename VARCHAR(255),
    regfilehash VARCHAR(127)
);
CREATE TABLE regresult (location VARCHAR(1023), metadata VARCHAR(1023), slicehash VARCHAR(127));
CREATE TABLE netchatter (location VARCHAR(1023), slicehash VARCHAR(127));
CREATE TABLE workjournal (
    sliceid INTEGER,
    statustime TIMESTAMP,
    workstatus VARCHAR(127),
    script VARCHAR(1023),
    workerid VARCHAR(127),
    outputdir VARCHAR(1023)
);
