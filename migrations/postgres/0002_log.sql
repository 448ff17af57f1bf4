-- The same tables as sqlite/0002_log.sql, see there for what the columns mean. Differs because PostgreSQL has
-- neither `INTEGER PRIMARY KEY` as row id nor `WITHOUT ROWID`, and its REAL has four bytes.

CREATE TABLE events (
    position BIGINT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL,
    time BIGINT NOT NULL,
    type TEXT NOT NULL,
    execution_id TEXT,
    version BIGINT,
    subject TEXT,
    correlation_id TEXT,
    causation_id TEXT,
    traceparent TEXT,
    commit_id TEXT,
    data TEXT NOT NULL,
    -- SQLite's index entries end in the row id, which is the position; here it is included by name.
    UNIQUE (execution_id, version) INCLUDE (position)
);

CREATE INDEX events_other_by_type ON events (type, position) WHERE execution_id IS NULL;
CREATE INDEX events_other_by_subject ON events (subject, position) WHERE execution_id IS NULL;

CREATE TABLE executions (
    execution_id TEXT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    path TEXT NOT NULL,
    playbook_version BIGINT NOT NULL,
    state TEXT NOT NULL,
    step TEXT,
    progress DOUBLE PRECISION NOT NULL,
    created_at BIGINT NOT NULL,
    ended_at BIGINT,
    wake_at BIGINT,
    error TEXT,
    position BIGINT NOT NULL
);

-- The collation makes the keys of one execution a range, as they are in SQLite.
CREATE TABLE tasks (
    key TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    protocol TEXT NOT NULL,
    due BIGINT NOT NULL,
    claimed_by TEXT,
    task TEXT NOT NULL
);
