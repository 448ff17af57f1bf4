-- Who works on this store. An execution belongs to the server that moves it; a server holds a lease that it renews,
-- and what belongs to a server without one is taken over by another.
CREATE TABLE servers (
    name TEXT NOT NULL PRIMARY KEY,
    -- Where it serves, if it told.
    url TEXT,
    started_at BIGINT NOT NULL,
    beat_at BIGINT NOT NULL,
    -- Its lease ends then.
    until BIGINT NOT NULL
);

-- Null: nobody's. Not from the log: lost with the table, and given anew by taking over.
ALTER TABLE executions ADD COLUMN owner TEXT;
