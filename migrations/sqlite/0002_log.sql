-- Differs from PostgreSQL because SQLite's clustered key is asked for by `INTEGER PRIMARY KEY` (events: the
-- position is the row id) and by `WITHOUT ROWID` (small rows found by their key alone). Measured: text UUIDv7
-- keys cost nothing over integers; `WITHOUT ROWID` on events costs 30 %; each further index 10 to 15 %.

-- The event log: the truth. Everything else can be rebuilt from it.
CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    time BIGINT NOT NULL,
    type TEXT NOT NULL,
    -- Null for events that are not of an execution; then `version` is null too.
    execution_id TEXT,
    -- The event's number within its execution, from 1.
    version BIGINT,
    -- What the topic of one thing filters by: the playbook's path of execution events, the agent's id …
    subject TEXT,
    correlation_id TEXT,
    causation_id TEXT,
    traceparent TEXT,
    -- On a commit's first event only.
    commit_id TEXT,
    data TEXT NOT NULL,
    -- Serves history reads of an execution too.
    UNIQUE (execution_id, version)
);

-- Both empty of execution events, so the engine's commits do not pay for them.
CREATE INDEX events_other_by_type ON events (type, position) WHERE execution_id IS NULL;
CREATE INDEX events_other_by_subject ON events (subject, position) WHERE execution_id IS NULL;

-- The newest state of every execution.
CREATE TABLE executions (
    execution_id TEXT NOT NULL PRIMARY KEY,
    -- Events it has.
    version BIGINT NOT NULL,
    path TEXT NOT NULL,
    playbook_version BIGINT NOT NULL,
    -- `initial`, `in_progress`, or how it ended: `completed`, `failed`, `cancelled`.
    state TEXT NOT NULL,
    step TEXT,
    progress REAL NOT NULL,
    created_at BIGINT NOT NULL,
    ended_at BIGINT,
    wake_at BIGINT,
    error TEXT,
    -- Of its newest event.
    position BIGINT NOT NULL
) WITHOUT ROWID;

-- Tasks not settled yet; settling deletes.
CREATE TABLE tasks (
    -- `execution/step/visit/attempt`, with `/save` for the part that is not the action. One column, because a
    -- set of keys of several columns is looked up column by column.
    key TEXT NOT NULL PRIMARY KEY,
    -- What a provider must offer to take it.
    protocol TEXT NOT NULL,
    due BIGINT NOT NULL,
    claimed_by TEXT,
    task TEXT NOT NULL
) WITHOUT ROWID;

-- Never holds a row: inserting 0 fails and takes the whole transaction with it.
CREATE TABLE guard (ok BIGINT NOT NULL CHECK (ok = 1));
