-- The database of the original workflow: every table, key, foreign key, default and enumeration,
-- and the trigger that fills the queue. Written from a description of it; the types of columns
-- that the description leaves open are guesses.

CREATE SCHEMA diskprint;
SET search_path TO diskprint;

CREATE TABLE storage (location varchar(1023), slicehash varchar(127) PRIMARY KEY);
CREATE TABLE processqueue (location varchar(1023), slicehash varchar(127) PRIMARY KEY);
CREATE FUNCTION enqueue() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO diskprint.processqueue VALUES (NEW.location, NEW.slicehash);
    RETURN NULL;
END $$;
CREATE TRIGGER enqueue AFTER INSERT ON storage FOR EACH ROW EXECUTE PROCEDURE enqueue();

CREATE TABLE slicetype (type varchar(32) PRIMARY KEY);
INSERT INTO slicetype VALUES ('Activate'), ('Close'), ('Default'), ('Function'), ('Install'),
    ('License'), ('Open'), ('PreInstall'), ('ProductKey'), ('Reboot'), ('Restart'), ('Shutdown'),
    ('Start'), ('Uninstall');
CREATE TABLE slicestate (type varchar(127) PRIMARY KEY);
INSERT INTO slicestate VALUES ('stored'), ('latest'), ('last');
CREATE TABLE slice (
    sliceid int NOT NULL,
    slicetype varchar(32) NOT NULL DEFAULT 'Default',
    osetid varchar(50) NOT NULL,
    appetid varchar(50) NOT NULL,
    creationdate timestamp DEFAULT now(),
    slicenotes varchar(1023),
    slicestate varchar(127) DEFAULT 'latest',
    slicehash varchar(127) REFERENCES storage (slicehash),
    slicepredecessorid int,
    PRIMARY KEY (sliceid, osetid, appetid));

CREATE TABLE virtualmachine (
    vmid int UNIQUE, vmappname varchar(127), vmappversion varchar(127));
CREATE TABLE os (
    osetid varchar(50) UNIQUE, ossystemname varchar(150),
    vmid int REFERENCES virtualmachine (vmid), installdate date);
CREATE TABLE vmsetting (
    vminstancename varchar(127), organization varchar(127), sharing varchar(127),
    applicationmenu varchar(127), printers varchar(127), autoprotect varchar(127),
    sound varchar(127), usbdevice varchar(127), otherdevicesconnected varchar(127),
    advancedother varchar(127), network varchar(127), cddvdconnected varchar(127),
    cddvdusediskimage varchar(127), harddisktype varchar(127), disksize varchar(127),
    preallocatediskspace varchar(127), split2gbfile varchar(127), vmid int,
    osetid varchar(50) UNIQUE REFERENCES os (osetid), startupdisk varchar(127),
    display varchar(127), processor varchar(127), processorram varchar(127),
    ossystemname varchar(150), installdate date);

CREATE TABLE cell (actionid int UNIQUE, actiontype varchar(32) UNIQUE);
INSERT INTO cell VALUES (1, 'created'), (2, 'removed'), (3, 'mtime_updated'),
    (4, 'value_updated'), (5, 'property updated');
CREATE TABLE celltype (celltypeid int, typedesc varchar(32));
INSERT INTO celltype VALUES (1, 'UTF8'), (2, 'UTF16'), (3, 'int');
CREATE TABLE hive (
    hiveid serial UNIQUE, hivepath varchar, appetid varchar(50), osetid varchar(50),
    datetime_ingested_to_postgres timestamp DEFAULT now());
CREATE TABLE regdelta (
    osetid varchar(50), appetid varchar(50), sliceid int,
    hiveid int REFERENCES hive (hiveid), cellaction int REFERENCES cell (actionid),
    parentmtimebefore varchar(36), parentmtimeafter varchar(36),
    mtimebefore varchar(36), mtimeafter varchar(36),
    valuesha1before varchar(40), valuesha1after varchar(40),
    celltypebefore varchar(32), celltypeafter varchar(32),
    iskeybefore boolean NOT NULL DEFAULT true, iskeyafter boolean NOT NULL DEFAULT true,
    slicetype varchar(32) REFERENCES slicetype (type), cellpath varchar(1024),
    FOREIGN KEY (sliceid, osetid, appetid) REFERENCES slice (sliceid, osetid, appetid));

CREATE TABLE filemetadata (
    keyhash varchar(64), slicehash varchar(127) REFERENCES storage (slicehash),
    path varchar(1023), filename varchar(255), extension varchar(255), bytes bigint,
    mtime timestamp, ctime timestamp, PRIMARY KEY (slicehash, path, bytes, keyhash));
CREATE TABLE md5 (keyhash varchar(64), hashval char(32));
CREATE TABLE sha1 (keyhash varchar(64), hashval char(40));
CREATE TABLE registry (
    slicehash varchar(127), regfilepath varchar(1023), regfilename varchar(255),
    regfilehash varchar(127));
CREATE TABLE regresult (location varchar(1023), metadata varchar(1023), slicehash varchar(127));
CREATE TABLE netchatter (location varchar(1023), slicehash varchar(127));
CREATE TABLE workjournal (
    sliceid int, statustime timestamp, workstatus varchar(127), script varchar(127),
    workerid varchar(127), outputdir varchar(1023));
