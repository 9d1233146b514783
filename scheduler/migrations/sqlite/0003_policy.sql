-- Settings that rules differ on from province to province. Defaults, owners and bounds are the program's (policy.rs): a test compares.
CREATE TABLE policy (
    key           TEXT PRIMARY KEY NOT NULL,
    owner         TEXT NOT NULL,
    default_value INTEGER NOT NULL,
    value         INTEGER NOT NULL,
    changed_by    TEXT REFERENCES person (id),
    changed_at    INTEGER
) STRICT, WITHOUT ROWID;

INSERT INTO policy (key, owner, default_value, value) VALUES
    ('open_lead_minutes', 'secretary', 60, 60),
    ('overrun_minutes', 'secretary', 240, 240),
    ('capacity_sites', 'technician', 300, 300),
    ('working_day_start_minute', 'secretary', 450, 450),
    ('working_day_end_minute', 'secretary', 1020, 1020),
    ('quorum_numerator', 'secretary', 2, 2),
    ('quorum_denominator', 'secretary', 3, 3),
    ('idempotency_hours', 'admin', 24, 24),
    ('web_session_hours', 'admin', 12, 12),
    ('site_grace_seconds', 'technician', 300, 300);
