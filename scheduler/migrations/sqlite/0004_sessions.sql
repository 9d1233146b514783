CREATE TABLE session (
    id                TEXT PRIMARY KEY NOT NULL,
    title             TEXT NOT NULL,
    short_title       TEXT NOT NULL,
    -- Folded title and chair, each word after a blank: what people search in.
    search            TEXT NOT NULL,
    mode              TEXT NOT NULL CHECK (mode IN ('discussion', 'training', 'conference')),
    starts_at         INTEGER NOT NULL,
    ends_at           INTEGER NOT NULL CHECK (ends_at > starts_at),
    always_open       INTEGER NOT NULL CHECK (always_open IN (0, 1)),
    chair             TEXT NOT NULL REFERENCES person (id),
    secretary         TEXT NOT NULL REFERENCES person (id),
    technician        TEXT REFERENCES person (id),
    central_site      TEXT NOT NULL REFERENCES site (id),
    recording_planned INTEGER NOT NULL CHECK (recording_planned IN (0, 1)),
    -- What was ticked, as JSON: the rules, not the sites they gave.
    selection         TEXT NOT NULL,
    booked_by         TEXT REFERENCES person (id),
    booked_at         INTEGER NOT NULL,
    status            TEXT NOT NULL CHECK (status IN ('planned', 'in_session', 'ended', 'cancelled')),
    -- When it came into that status; the reason of a cancellation.
    status_at         INTEGER,
    cancel_reason     TEXT,
    cancelled_by      TEXT REFERENCES person (id),
    CHECK ((status = 'planned') = (status_at IS NULL)),
    CHECK ((status = 'cancelled') = (cancel_reason IS NOT NULL))
) STRICT;

CREATE INDEX session_by_start ON session (starts_at);
CREATE INDEX session_by_status ON session (status, ends_at);

CREATE TABLE agenda_item (
    session   TEXT NOT NULL REFERENCES session (id),
    position  INTEGER NOT NULL,
    title     TEXT NOT NULL,
    minutes   INTEGER NOT NULL CHECK (minutes > 0),
    presenter TEXT,
    PRIMARY KEY (session, position)
) STRICT, WITHOUT ROWID;

-- A seat in a session: a site or a person. Names are copies made at the time, because old papers keep old names.
CREATE TABLE participant (
    id         TEXT PRIMARY KEY NOT NULL,
    session    TEXT NOT NULL REFERENCES session (id),
    site       TEXT REFERENCES site (id),
    person     TEXT REFERENCES person (id),
    role       TEXT NOT NULL CHECK (role IN ('chair', 'secretary', 'delegate', 'technician', 'leader')),
    name       TEXT NOT NULL,
    short_name TEXT NOT NULL,
    detail     TEXT,
    group_name TEXT,
    place      INTEGER NOT NULL,
    walked_in  INTEGER NOT NULL CHECK (walked_in IN (0, 1)),
    CHECK ((site IS NULL) <> (person IS NULL)),
    UNIQUE (session, site),
    UNIQUE (session, person)
) STRICT;

CREATE INDEX participant_by_site ON participant (site);
CREATE INDEX participant_by_person ON participant (person);

-- A link. The secret in it is derived from a key kept outside the database; here is only its hash.
CREATE TABLE invitation (
    id          TEXT PRIMARY KEY NOT NULL,
    participant TEXT NOT NULL UNIQUE REFERENCES participant (id),
    issue       INTEGER NOT NULL CHECK (issue > 0),
    secret_hash TEXT NOT NULL UNIQUE,
    issued_at   INTEGER NOT NULL,
    opened_at   INTEGER,
    joined_at   INTEGER,
    CHECK (joined_at IS NULL OR opened_at IS NOT NULL)
) STRICT;

CREATE TABLE booking_draft (
    person   TEXT PRIMARY KEY NOT NULL REFERENCES person (id),
    json     TEXT NOT NULL,
    saved_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One wish of one person, told apart from its repetition.
CREATE TABLE idempotency (
    person      TEXT NOT NULL REFERENCES person (id),
    key         TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    session     TEXT NOT NULL REFERENCES session (id),
    kept_until  INTEGER NOT NULL,
    PRIMARY KEY (person, key)
) STRICT, WITHOUT ROWID;
