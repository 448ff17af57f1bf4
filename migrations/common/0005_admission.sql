-- Which executions hold a place among those limited together, and how fast keys may be used. Neither is in the log:
-- who holds a place is decided before the event that says so.
CREATE TABLE permits (
    key TEXT NOT NULL,
    execution_id TEXT NOT NULL,
    acquired_at BIGINT NOT NULL,
    PRIMARY KEY (key, execution_id)
);

CREATE INDEX permits_by_execution ON permits (execution_id);

-- One row per key in use: locked while a place is given, so that places are counted by one at a time.
CREATE TABLE permit_keys (key TEXT NOT NULL PRIMARY KEY);

-- A bucket per key that refills evenly. `full_at`, in microseconds, is when it will be full again.
CREATE TABLE rates (
    key TEXT NOT NULL PRIMARY KEY,
    full_at BIGINT NOT NULL
);
