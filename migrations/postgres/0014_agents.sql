-- See sqlite/0014_agents.sql. PostgreSQL takes no field of JSON that holds a NUL anywhere.
CREATE FUNCTION agent_of(data TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT CAST(replace(data, '\u0000', '\ufffd') AS json)->>'agentId' COLLATE "C"
$$;

CREATE INDEX events_other_by_agent ON events (agent_of(data), position)
    WHERE execution_id IS NULL AND type = 'workflow_execution';
