CREATE TABLE recording (
    id          TEXT PRIMARY KEY NOT NULL,
    session     TEXT NOT NULL REFERENCES session (id),
    file        TEXT NOT NULL UNIQUE,
    started_at  INTEGER NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('recording', 'ready', 'broken')),
    duration_ms INTEGER NOT NULL DEFAULT 0 CHECK (duration_ms >= 0),
    size_bytes  INTEGER NOT NULL DEFAULT 0 CHECK (size_bytes >= 0),
    sha256      TEXT,
    CHECK ((state = 'ready') = (sha256 IS NOT NULL))
) STRICT;

CREATE INDEX recording_by_session ON recording (session);
CREATE INDEX recording_by_start ON recording (started_at);

CREATE TABLE speaker_span (
    recording   TEXT NOT NULL REFERENCES recording (id),
    from_ms     INTEGER NOT NULL CHECK (from_ms >= 0),
    to_ms       INTEGER NOT NULL CHECK (to_ms >= from_ms),
    participant TEXT,
    name        TEXT NOT NULL,
    -- Folded, each word after a blank.
    search      TEXT NOT NULL,
    PRIMARY KEY (recording, from_ms, name)
) STRICT, WITHOUT ROWID;
