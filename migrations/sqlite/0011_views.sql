-- What people look at with SQL; no statement of ours uses these. Differs because SQLite and PostgreSQL read JSON and
-- write times in their own ways. The columns are the same, and docs/operations.md says what they mean.

-- `created_at` is the event's time in microseconds, but never before or at that of the event before it in its
-- execution: in the order of `created_at` is in the order of the log, also when thousands of events fall into one
-- millisecond, and when the clock was set back.
CREATE VIEW event AS
SELECT e.id AS event_id,
    e.position,
    e.execution_id,
    l.parent_id AS parent_execution_id,
    e.type AS event_type,
    coalesce(e.data->>'step', e.data->>'node_name',
        substr(e.subject, length(rtrim(e.subject, replace(e.subject, '/', ''))) + 1)) AS node_name,
    CASE WHEN e.data->>'step' IS NULL THEN e.execution_id
        ELSE e.execution_id || '/' || (e.data->>'step') || coalesce('/' || (e.data->>'visit'), '') END AS node_id,
    CASE WHEN e.data->>'step' IS NULL THEN 'execution' ELSE 'step' END AS node_type,
    CASE e.type
        WHEN 'execution_queued' THEN 'queued'
        WHEN 'execution_complete' THEN e.data->>'outcome'
        WHEN 'execution_cancelled' THEN 'cancelled'
        WHEN 'execution_paused' THEN 'paused'
        WHEN 'approval_requested' THEN 'waiting'
        WHEN 'retry_scheduled' THEN 'retry'
        WHEN 'report_late' THEN 'late'
        WHEN 'step_reused' THEN 'reused'
        WHEN 'action_completed' THEN 'completed'
        WHEN 'step_completed' THEN 'completed'
        WHEN 'iterator_completed' THEN 'completed'
        WHEN 'action_failed' THEN 'failed'
        WHEN 'step_failed' THEN 'failed'
        ELSE 'in_progress' END AS status,
    strftime('%Y-%m-%d %H:%M:%S', e.moment / 1000000, 'unixepoch') || printf('.%06d', e.moment % 1000000) AS created_at,
    CAST(e.data->>'duration_ms' AS REAL) / 1000 AS duration,
    coalesce(e.data->'input', e.data->'workload') AS context,
    e.data->'result' AS result,
    e.data->'error' AS error,
    CAST(e.data->>'visit' AS BIGINT) AS visit,
    CAST(e.data->>'attempt' AS BIGINT) AS attempt,
    CAST(e.data->>'item' AS BIGINT) AS item,
    e.data->>'worker' AS worker,
    json_object('path', e.subject, 'version', e.version, 'correlation_id', e.correlation_id,
        'causation_id', e.causation_id, 'traceparent', e.traceparent) AS meta
FROM (SELECT position, id, time, type, execution_id, version, subject, correlation_id, causation_id, traceparent, data,
        max(time * 1000 - version) OVER (PARTITION BY execution_id ORDER BY version) + version AS moment
    FROM events WHERE execution_id IS NOT NULL) AS e
LEFT JOIN lineage l ON l.execution_id = e.execution_id;

CREATE VIEW workflow AS
SELECT x.execution_id, s.value->>'step_id' AS step_id, s.value->>'step_name' AS step_name,
    s.value->>'step_type' AS step_type, s.value->>'description' AS description, s.value->'raw_config' AS raw_config
FROM executions x JOIN playbooks p ON p.path = x.path AND p.version = x.playbook_version
JOIN json_each(p.definition, '$.steps') s;

CREATE VIEW transition AS
SELECT x.execution_id, t.value->>'from_step' AS from_step, t.value->>'to_step' AS to_step,
    t.value->>'condition' AS condition, nullif(t.value->'with_params', 'null') AS with_params
FROM executions x JOIN playbooks p ON p.path = x.path AND p.version = x.playbook_version
JOIN json_each(p.definition, '$.transitions') t;

CREATE VIEW workbook AS
SELECT x.execution_id, w.value->>'task_id' AS task_id, w.value->>'task_name' AS task_name,
    w.value->>'task_type' AS task_type, w.value->'raw_config' AS raw_config
FROM executions x JOIN playbooks p ON p.path = x.path AND p.version = x.playbook_version
JOIN json_each(p.definition, '$.workbook') w;

-- `execution_start` is the first event, or the second after `execution_queued`.
CREATE VIEW workload AS
SELECT e.execution_id, strftime('%Y-%m-%d %H:%M:%f', e.time / 1000.0, 'unixepoch') AS timestamp,
    e.data->'workload' AS data
FROM events e WHERE e.execution_id IS NOT NULL AND e.version <= 2 AND e.type = 'execution_start';

CREATE VIEW step_state AS
SELECT e.execution_id, e.data->>'step' AS step, CAST(e.data->>'visit' AS BIGINT) AS visit,
    CASE max(CASE e.type WHEN 'step_failed' THEN 4 WHEN 'step_completed' THEN 3 WHEN 'step_reused' THEN 2 ELSE 1 END)
        WHEN 4 THEN 'failed' WHEN 3 THEN 'completed' WHEN 2 THEN 'reused' ELSE 'in_progress' END AS status,
    max(CAST(e.data->>'attempt' AS BIGINT)) AS attempts,
    strftime('%Y-%m-%d %H:%M:%f', min(CASE WHEN e.type = 'step_started' THEN e.time END) / 1000.0, 'unixepoch')
        AS started_at,
    strftime('%Y-%m-%d %H:%M:%f', max(CASE WHEN e.type IN ('step_completed', 'step_failed', 'step_reused') THEN e.time
        END) / 1000.0, 'unixepoch') AS ended_at
FROM events e
WHERE e.execution_id IS NOT NULL
    AND e.type IN ('step_started', 'action_started', 'step_completed', 'step_failed', 'step_reused')
GROUP BY e.execution_id, e.data->>'step', e.data->>'visit';
