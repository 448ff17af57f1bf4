-- Measurements rolled up: so many of them, in so much time. Not of the log, and not to be computed from it: what is
-- gone is gone, and a copy is made without them.
CREATE TABLE metrics (
    name TEXT NOT NULL,
    -- Empty: of no agent.
    agent_id TEXT NOT NULL,
    -- The server that measured itself; empty for what programs published to whichever server.
    server TEXT NOT NULL,
    -- Milliseconds a row stands for.
    resolution BIGINT NOT NULL,
    -- When they begin.
    at BIGINT NOT NULL,
    unit TEXT NOT NULL,
    category TEXT NOT NULL,
    count BIGINT NOT NULL,
    total DOUBLE PRECISION NOT NULL,
    least DOUBLE PRECISION NOT NULL,
    most DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (name, agent_id, server, resolution, at)
);

CREATE INDEX metrics_by_age ON metrics (resolution, at);
