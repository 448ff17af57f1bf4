-- What is gone from the log: of each thing, up to which position events may be missing. Whoever resumes before that is
-- told.
CREATE TABLE pruned (
    -- `path`: executions of a playbook that ended; `type`: events that are not of an execution.
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    through BIGINT NOT NULL,
    PRIMARY KEY (kind, name)
);
