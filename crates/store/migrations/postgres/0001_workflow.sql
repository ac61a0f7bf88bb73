-- The tables of the original workflow in its schema `diskprint`, where they are absent. One that is
-- there is the original's own and stays as it is: nothing is added to it but missing rows of the
-- enumerations.

DO $$
BEGIN
    IF to_regclass('diskprint.storage') IS NULL THEN
        CREATE TABLE storage (
            location VARCHAR(1023),
            slicehash VARCHAR(127) NOT NULL PRIMARY KEY
        );
        CREATE FUNCTION storage_to_processqueue() RETURNS trigger LANGUAGE plpgsql AS $body$
        BEGIN
            INSERT INTO diskprint.processqueue (location, slicehash)
                VALUES (NEW.location, NEW.slicehash);
            RETURN NEW;
        END $body$;
        CREATE TRIGGER storage_to_processqueue AFTER INSERT ON storage
            FOR EACH ROW EXECUTE PROCEDURE storage_to_processqueue();
    END IF;
END $$;
CREATE TABLE IF NOT EXISTS processqueue (
    location VARCHAR(1023),
    slicehash VARCHAR(127) NOT NULL PRIMARY KEY
);

CREATE TABLE IF NOT EXISTS slicetype (type VARCHAR(32) NOT NULL PRIMARY KEY);
INSERT INTO slicetype (type)
    SELECT type FROM (VALUES
        ('Activate'), ('Close'), ('Default'), ('Function'), ('Install'), ('License'), ('Open'),
        ('PreInstall'), ('ProductKey'), ('Reboot'), ('Restart'), ('Shutdown'), ('Start'), ('Uninstall')
    ) AS ours (type)
    WHERE NOT EXISTS (SELECT 1 FROM slicetype WHERE slicetype.type = ours.type);

CREATE TABLE IF NOT EXISTS slicestate (type VARCHAR(127) NOT NULL PRIMARY KEY);
INSERT INTO slicestate (type)
    SELECT type FROM (VALUES ('stored'), ('latest'), ('last')) AS ours (type)
    WHERE NOT EXISTS (SELECT 1 FROM slicestate WHERE slicestate.type = ours.type);

CREATE TABLE IF NOT EXISTS slice (
    sliceid INTEGER NOT NULL,
    slicetype VARCHAR(32) NOT NULL DEFAULT 'Default',
    osetid VARCHAR(50) NOT NULL,
    appetid VARCHAR(50) NOT NULL,
    creationdate TIMESTAMP DEFAULT now(),
    slicenotes VARCHAR(1023),
    slicestate VARCHAR(127) DEFAULT 'latest',
    slicehash VARCHAR(127) REFERENCES storage (slicehash),
    slicepredecessorid INTEGER,
    PRIMARY KEY (osetid, appetid, sliceid)
);

CREATE TABLE IF NOT EXISTS virtualmachine (
    vmid INTEGER NOT NULL UNIQUE,
    vmappname VARCHAR(127),
    vmappversion VARCHAR(127)
);
CREATE TABLE IF NOT EXISTS os (
    osetid VARCHAR(50) NOT NULL UNIQUE,
    ossystemname VARCHAR(150),
    vmid INTEGER REFERENCES virtualmachine (vmid),
    installdate DATE
);
CREATE TABLE IF NOT EXISTS vmsetting (
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

CREATE TABLE IF NOT EXISTS cell (
    actionid INTEGER NOT NULL UNIQUE,
    actiontype VARCHAR(32) NOT NULL UNIQUE
);
-- A number that another action has is passed over; rows name the action by whatever number it has.
INSERT INTO cell (actionid, actiontype)
    SELECT CASE WHEN EXISTS (SELECT 1 FROM cell WHERE actionid = ours.id)
        THEN (SELECT max(actionid) FROM cell) + ours.id ELSE ours.id END, ours.type
    FROM (VALUES
        (1, 'created'), (2, 'removed'), (3, 'mtime_updated'), (4, 'value_updated'),
        (5, 'property updated')
    ) AS ours (id, type)
    WHERE NOT EXISTS (SELECT 1 FROM cell WHERE actiontype = ours.type);

CREATE TABLE IF NOT EXISTS celltype (
    celltypeid INTEGER NOT NULL UNIQUE,
    typedesc VARCHAR(32) NOT NULL UNIQUE
);
INSERT INTO celltype (celltypeid, typedesc)
    SELECT * FROM (VALUES (1, 'UTF8'), (2, 'UTF16'), (3, 'int')) AS ours (id, type)
    WHERE NOT EXISTS (SELECT 1 FROM celltype);

CREATE TABLE IF NOT EXISTS hive (
    hiveid SERIAL UNIQUE,
    hivepath VARCHAR NOT NULL,
    appetid VARCHAR(50) NOT NULL,
    osetid VARCHAR(50) NOT NULL,
    datetime_ingested_to_postgres TIMESTAMP DEFAULT now()
);

CREATE TABLE IF NOT EXISTS regdelta (
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

CREATE TABLE IF NOT EXISTS filemetadata (
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
CREATE TABLE IF NOT EXISTS md5 (keyhash VARCHAR(64) NOT NULL, hashval CHAR(32));
CREATE TABLE IF NOT EXISTS sha1 (keyhash VARCHAR(64) NOT NULL, hashval CHAR(40));

CREATE TABLE IF NOT EXISTS registry (
    slicehash VARCHAR(127),
    regfilepath VARCHAR(1023),
    regfilename VARCHAR(255),
    regfilehash VARCHAR(127)
);
CREATE TABLE IF NOT EXISTS regresult (location VARCHAR(1023), metadata VARCHAR(1023), slicehash VARCHAR(127));
CREATE TABLE IF NOT EXISTS netchatter (location VARCHAR(1023), slicehash VARCHAR(127));
CREATE TABLE IF NOT EXISTS workjournal (
    sliceid INTEGER,
    statustime TIMESTAMP,
    workstatus VARCHAR(127),
    script VARCHAR(1023),
    workerid VARCHAR(127),
    outputdir VARCHAR(1023)
);
