-- For the execution list and recovery. Neither column changes in the usual commit of a step (only when an
-- execution starts, moves to `in_progress` or ends), so steps do not pay for these.
CREATE INDEX executions_by_state ON executions (state, execution_id);
CREATE INDEX executions_by_path ON executions (path, state, execution_id);
