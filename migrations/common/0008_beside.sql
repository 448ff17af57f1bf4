-- What few commits bring, in tables of their own, so that the others pay nothing for it. All rebuilt from the log.

-- The submitter's key of an execution: a second execution with it is refused.
CREATE TABLE submissions (
    key TEXT NOT NULL PRIMARY KEY,
    execution_id TEXT NOT NULL
);

CREATE INDEX submissions_by_execution ON submissions (execution_id);

-- Where an execution comes from, if from anywhere.
CREATE TABLE lineage (
    execution_id TEXT NOT NULL PRIMARY KEY,
    -- Of a child: its parent, and the parent's task that started it.
    parent_id TEXT,
    parent_task TEXT,
    -- Of a rerun: what it repeats, and the step it begins at.
    rerun_of TEXT,
    rerun_from TEXT,
    trigger_name TEXT
);

CREATE INDEX lineage_by_parent ON lineage (parent_id, execution_id) WHERE parent_id IS NOT NULL;
CREATE INDEX lineage_by_rerun ON lineage (rerun_of, execution_id) WHERE rerun_of IS NOT NULL;
CREATE INDEX lineage_by_trigger ON lineage (trigger_name, execution_id) WHERE trigger_name IS NOT NULL;

-- Executions that wait to be let in. A row counts while its execution is `initial`.
CREATE TABLE queue (
    execution_id TEXT NOT NULL PRIMARY KEY,
    path TEXT NOT NULL,
    -- `concurrency` or `rate`.
    reason TEXT NOT NULL,
    -- The rendered key they are limited by, if there is one.
    key TEXT,
    priority BIGINT NOT NULL,
    queued_at BIGINT NOT NULL
);

CREATE INDEX queue_by_key ON queue (key, priority, execution_id);
CREATE INDEX queue_by_path ON queue (path, priority, execution_id);

-- Steps that wait for a person. A row counts until the log says that the step's visit, or the execution, is over;
-- taking rows out with every step that completes would make every step pay.
CREATE TABLE waiting_approvals (
    execution_id TEXT NOT NULL,
    step TEXT NOT NULL,
    visit BIGINT NOT NULL,
    path TEXT NOT NULL,
    message TEXT NOT NULL,
    -- JSON.
    form TEXT NOT NULL,
    due BIGINT,
    -- JSON.
    default_value TEXT,
    requested_at BIGINT NOT NULL,
    -- It was still waiting after so many events of the execution.
    version BIGINT NOT NULL,
    PRIMARY KEY (execution_id, step, visit)
);

-- Values too large for an event, once each. The event holds `{"$blob": {"id", "bytes"}}`.
CREATE TABLE blobs (
    -- SHA-256 of the data, hex.
    id TEXT NOT NULL PRIMARY KEY,
    bytes BIGINT NOT NULL,
    -- JSON.
    data TEXT NOT NULL,
    -- The last time somebody wrote it.
    written_at BIGINT NOT NULL
);

CREATE TABLE blob_refs (
    execution_id TEXT NOT NULL,
    blob_id TEXT NOT NULL,
    PRIMARY KEY (execution_id, blob_id)
);

CREATE INDEX blob_refs_by_blob ON blob_refs (blob_id);
