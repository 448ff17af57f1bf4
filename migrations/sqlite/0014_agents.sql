-- What other programs say of their workflows names two things: the workflow, which is the row's subject, and the agent
-- at work. Empty of the engine's events, which do not pay for it. Differs because PostgreSQL indexes an expression
-- over JSON in a text only behind a function it may believe to be immutable.
CREATE INDEX events_other_by_agent ON events (data->>'agentId', position)
    WHERE execution_id IS NULL AND type = 'workflow_execution';
