-- Tables whose text is the same on SQLite and PostgreSQL. Times are epoch milliseconds, ids are UUIDs as text,
-- JSON is text. A shipped migration is never edited.

-- The store's identity: key `epoch`.
CREATE TABLE meta (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE playbooks (
    path TEXT NOT NULL,
    version BIGINT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    source TEXT NOT NULL,
    -- SHA-256 of the source, hex.
    content_hash TEXT NOT NULL,
    registered_at BIGINT NOT NULL,
    -- Decides between two registrations at once.
    PRIMARY KEY (path, version)
);

-- Input and result of an execution, apart from its row: that row is rewritten with every commit, these are
-- written once each. Rebuilt from `execution_start` and `execution_complete`.
CREATE TABLE execution_data (
    execution_id TEXT NOT NULL PRIMARY KEY,
    input TEXT,
    result TEXT
);

-- Executions by path and state, kept in the commit that changes them, so that a dashboard over a million
-- executions reads a few rows. Rebuilt by counting `executions`.
CREATE TABLE execution_counts (
    path TEXT NOT NULL,
    state TEXT NOT NULL,
    executions BIGINT NOT NULL,
    PRIMARY KEY (path, state)
);
