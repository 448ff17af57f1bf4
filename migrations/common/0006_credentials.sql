-- Sealed outside: the database never holds what would open them.
CREATE TABLE credentials (
    name TEXT NOT NULL PRIMARY KEY,
    -- `postgres`, `bearer` … : what its fields mean.
    kind TEXT NOT NULL,
    -- Base64.
    sealed TEXT NOT NULL,
    -- Which key opens it.
    key_id TEXT NOT NULL,
    -- For people who look at the list; tells nothing of the value.
    hint TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
