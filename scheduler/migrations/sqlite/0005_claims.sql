-- What a session holds while it lasts, half-open [starts_at, ends_at). Two sessions never hold the same site or person at the same
-- time: not because somebody looked first, but because the second row cannot be written.
CREATE TABLE claim (
    resource_kind TEXT NOT NULL CHECK (resource_kind IN ('site', 'person')),
    resource_id   TEXT NOT NULL,
    starts_at     INTEGER NOT NULL,
    ends_at       INTEGER NOT NULL CHECK (ends_at > starts_at),
    session_id    TEXT NOT NULL REFERENCES session (id),
    PRIMARY KEY (resource_kind, resource_id, starts_at)
) STRICT, WITHOUT ROWID;

CREATE INDEX claim_by_session ON claim (session_id);

CREATE TRIGGER claim_apart_insert BEFORE INSERT ON claim
WHEN EXISTS (SELECT 1 FROM claim c WHERE c.resource_kind = NEW.resource_kind AND c.resource_id = NEW.resource_id
             AND c.starts_at < NEW.ends_at AND NEW.starts_at < c.ends_at)
BEGIN SELECT RAISE(ABORT, 'claim_clash'); END;

CREATE TRIGGER claim_apart_update BEFORE UPDATE ON claim
WHEN EXISTS (SELECT 1 FROM claim c WHERE c.resource_kind = NEW.resource_kind AND c.resource_id = NEW.resource_id
             AND c.starts_at < NEW.ends_at AND NEW.starts_at < c.ends_at
             AND NOT (c.resource_kind = OLD.resource_kind AND c.resource_id = OLD.resource_id AND c.starts_at = OLD.starts_at))
BEGIN SELECT RAISE(ABORT, 'claim_clash'); END;

-- How many sites a session asks of the bridge. At no moment do all sessions together ask for more than the policy allows.
-- The sum can only rise where some session begins, so looking at those moments is enough.
CREATE TABLE demand (
    session_id TEXT PRIMARY KEY NOT NULL REFERENCES session (id),
    starts_at  INTEGER NOT NULL,
    ends_at    INTEGER NOT NULL CHECK (ends_at > starts_at),
    sites      INTEGER NOT NULL CHECK (sites > 0)
) STRICT, WITHOUT ROWID;

CREATE INDEX demand_by_end ON demand (ends_at);

CREATE TRIGGER demand_fits_insert BEFORE INSERT ON demand
WHEN EXISTS (
    SELECT 1 FROM (SELECT NEW.starts_at AS at
                   UNION SELECT d.starts_at FROM demand d WHERE d.starts_at > NEW.starts_at AND d.starts_at < NEW.ends_at) moment
    WHERE NEW.sites + (SELECT COALESCE(SUM(d.sites), 0) FROM demand d WHERE d.starts_at <= moment.at AND moment.at < d.ends_at)
          > (SELECT value FROM policy WHERE key = 'capacity_sites'))
BEGIN SELECT RAISE(ABORT, 'capacity_exceeded'); END;

-- A demand may only shrink in place; anything else is taken back and asked for anew.
CREATE TRIGGER demand_only_shrinks BEFORE UPDATE ON demand
WHEN NEW.session_id <> OLD.session_id OR NEW.starts_at < OLD.starts_at OR NEW.ends_at > OLD.ends_at OR NEW.sites > OLD.sites
BEGIN SELECT RAISE(ABORT, 'demand_grows'); END;
