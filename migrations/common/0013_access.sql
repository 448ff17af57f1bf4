-- Who may come in. No secret is here: passwords as argon2, what was drawn at random as SHA-256.
CREATE TABLE users (
    name TEXT NOT NULL PRIMARY KEY,
    -- `viewer`, `operator`, `admin`.
    role TEXT NOT NULL,
    -- A PHC string: algorithm, parameters, salt, hash.
    password TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- Browsers that are signed in.
CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    secret_hash TEXT NOT NULL UNIQUE,
    user_name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_of_a_user ON sessions (user_name);

CREATE TABLE tokens (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    secret_hash TEXT NOT NULL UNIQUE,
    -- The first characters, to tell one from another.
    prefix TEXT NOT NULL,
    role TEXT NOT NULL,
    -- A JSON list of what it may take tasks of; NULL: every protocol.
    protocols TEXT,
    -- The subject that made it: who goes takes their tokens along.
    owner TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    used_at BIGINT
);
CREATE INDEX tokens_of_an_owner ON tokens (owner);
