-- Ids are UUIDs as text, times Unix milliseconds UTC, dates ISO 8601. STRICT refuses a value of another type.

CREATE TABLE unit (
    id         TEXT PRIMARY KEY NOT NULL,
    code       TEXT NOT NULL,
    name       TEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('province', 'department', 'district', 'ward', 'commune', 'special_zone')),
    parent     TEXT REFERENCES unit (id),
    valid_from TEXT NOT NULL,
    valid_to   TEXT CHECK (valid_to > valid_from)
) STRICT;

CREATE INDEX unit_by_code ON unit (code, valid_from);

-- A code means one unit at a time: two versions of it never overlap.
CREATE TRIGGER unit_code_insert BEFORE INSERT ON unit
WHEN EXISTS (SELECT 1 FROM unit u WHERE u.code = NEW.code
             AND (u.valid_to IS NULL OR NEW.valid_from < u.valid_to) AND (NEW.valid_to IS NULL OR u.valid_from < NEW.valid_to))
BEGIN SELECT RAISE(ABORT, 'unit_code_taken'); END;

CREATE TRIGGER unit_code_update BEFORE UPDATE OF code, valid_from, valid_to ON unit
WHEN EXISTS (SELECT 1 FROM unit u WHERE u.code = NEW.code AND u.id <> NEW.id
             AND (u.valid_to IS NULL OR NEW.valid_from < u.valid_to) AND (NEW.valid_to IS NULL OR u.valid_from < NEW.valid_to))
BEGIN SELECT RAISE(ABORT, 'unit_code_taken'); END;

CREATE TABLE unit_successor (
    unit      TEXT NOT NULL REFERENCES unit (id),
    successor TEXT NOT NULL REFERENCES unit (id),
    PRIMARY KEY (unit, successor)
) STRICT, WITHOUT ROWID;

CREATE TABLE hub (
    id     TEXT PRIMARY KEY NOT NULL,
    name   TEXT NOT NULL,
    parent TEXT REFERENCES hub (id),
    rank   INTEGER NOT NULL
) STRICT;

CREATE TABLE site (
    id            TEXT PRIMARY KEY NOT NULL,
    code          TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    short_name    TEXT NOT NULL,
    room          TEXT,
    unit          TEXT NOT NULL REFERENCES unit (id),
    hub           TEXT REFERENCES hub (id),
    seats         INTEGER NOT NULL CHECK (seats >= 0),
    contact_name  TEXT,
    contact_phone TEXT,
    central       INTEGER NOT NULL CHECK (central IN (0, 1))
) STRICT;

CREATE TABLE person (
    id    TEXT PRIMARY KEY NOT NULL,
    name  TEXT NOT NULL,
    title TEXT NOT NULL,
    unit  TEXT REFERENCES unit (id),
    site  TEXT REFERENCES site (id),
    phone TEXT
) STRICT;

CREATE TABLE person_role (
    person TEXT NOT NULL REFERENCES person (id),
    role   TEXT NOT NULL CHECK (role IN ('secretary', 'chair', 'delegate', 'technician', 'leader', 'admin')),
    PRIMARY KEY (person, role)
) STRICT, WITHOUT ROWID;
