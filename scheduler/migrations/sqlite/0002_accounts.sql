CREATE TABLE account (
    person          TEXT PRIMARY KEY NOT NULL REFERENCES person (id),
    username        TEXT NOT NULL UNIQUE,
    password        TEXT NOT NULL,
    must_change     INTEGER NOT NULL CHECK (must_change IN (0, 1)),
    disabled        INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    created_at      INTEGER NOT NULL,
    last_sign_in_at INTEGER
) STRICT, WITHOUT ROWID;

-- Of a cookie only the hash is kept: a copy of the database signs nobody in.
CREATE TABLE web_session (
    token_hash TEXT PRIMARY KEY NOT NULL,
    person     TEXT NOT NULL REFERENCES account (person),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX web_session_by_person ON web_session (person);
