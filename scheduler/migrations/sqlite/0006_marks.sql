-- Facts of live meetings and the secretary's entries. Only ever added. Each row carries the hash of its content and of the row before
-- it in the same session, so that a row changed, taken out or put in afterwards is found by walking the chain.
CREATE TABLE mark (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    id      TEXT NOT NULL UNIQUE,
    session TEXT NOT NULL REFERENCES session (id),
    -- Place in the session's chain, from 1 without gaps.
    entry   INTEGER NOT NULL CHECK (entry > 0),
    at      INTEGER NOT NULL,
    fact    TEXT NOT NULL,
    hash    TEXT NOT NULL,
    UNIQUE (session, entry)
) STRICT;

CREATE TRIGGER mark_stands BEFORE UPDATE ON mark BEGIN SELECT RAISE(ABORT, 'marks_only_grow'); END;
CREATE TRIGGER mark_stays BEFORE DELETE ON mark BEGIN SELECT RAISE(ABORT, 'marks_only_grow'); END;

-- Who was known to be here, and when last. Overwritten every few seconds; read only after a crash.
CREATE TABLE lease (
    session     TEXT NOT NULL REFERENCES session (id),
    participant TEXT NOT NULL,
    seen_at     INTEGER NOT NULL,
    PRIMARY KEY (session, participant)
) STRICT, WITHOUT ROWID;
