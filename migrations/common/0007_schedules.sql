-- What starts executions by the clock.
CREATE TABLE schedules (
    name TEXT NOT NULL PRIMARY KEY,
    path TEXT NOT NULL,
    -- Null: the newest when it fires.
    version BIGINT,
    -- `playbook`: it stands in the playbook, and goes with it; `api`: somebody asked for it.
    source TEXT NOT NULL,
    -- JSON.
    spec TEXT NOT NULL,
    paused BOOLEAN NOT NULL,
    -- Null: never again.
    next_at BIGINT,
    last_at BIGINT,
    last_execution TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
