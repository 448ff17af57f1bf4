-- The same views as sqlite/0011_views.sql, see there. Differs because PostgreSQL reads JSON and writes times in its
-- own way. It has no text for a NUL, and takes no field of JSON that holds one anywhere: shown is what is shown for
-- characters that are none.

CREATE VIEW event AS
SELECT e.id AS event_id,
    e.position,
    e.execution_id,
    l.parent_id AS parent_execution_id,
    e.type AS event_type,
    coalesce(e.data->>'step', e.data->>'node_name', regexp_replace(e.subject, '^.*/', '')) AS node_name,
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
    TIMESTAMPTZ 'epoch' + e.moment * INTERVAL '1 microsecond' AS created_at,
    CAST(e.data->>'duration_ms' AS DOUBLE PRECISION) / 1000 AS duration,
    coalesce(e.data->'input', e.data->'workload') AS context,
    e.data->'result' AS result,
    e.data->'error' AS error,
    CAST(e.data->>'visit' AS BIGINT) AS visit,
    CAST(e.data->>'attempt' AS BIGINT) AS attempt,
    CAST(e.data->>'item' AS BIGINT) AS item,
    e.data->>'worker' AS worker,
    json_build_object('path', e.subject, 'version', e.version, 'correlation_id', e.correlation_id,
        'causation_id', e.causation_id, 'traceparent', e.traceparent) AS meta
FROM (SELECT position, id, time, type, execution_id, version, subject, correlation_id, causation_id, traceparent,
        CAST(replace(data, '\u0000', '\ufffd') AS json) AS data,
        max(time * 1000 - version) OVER (PARTITION BY execution_id ORDER BY version) + version AS moment
    FROM events WHERE execution_id IS NOT NULL) AS e
LEFT JOIN lineage l ON l.execution_id = e.execution_id;

CREATE VIEW workflow AS
SELECT x.execution_id, s.value->>'step_id' AS step_id, s.value->>'step_name' AS step_name,
    s.value->>'step_type' AS step_type, s.value->>'description' AS description, s.value->'raw_config' AS raw_config
FROM executions x JOIN playbooks p ON p.path = x.path AND p.version = x.playbook_version
CROSS JOIN LATERAL json_array_elements(CAST(replace(p.definition, '\u0000', '\ufffd') AS json)->'steps') AS s (value);

CREATE VIEW transition AS
SELECT x.execution_id, t.value->>'from_step' AS from_step, t.value->>'to_step' AS to_step,
    t.value->>'condition' AS condition,
    CASE WHEN json_typeof(t.value->'with_params') <> 'null' THEN t.value->'with_params' END AS with_params
FROM executions x JOIN playbooks p ON p.path = x.path AND p.version = x.playbook_version
CROSS JOIN LATERAL json_array_elements(CAST(replace(p.definition, '\u0000', '\ufffd') AS json)->'transitions') AS t (value);

CREATE VIEW workbook AS
SELECT x.execution_id, w.value->>'task_id' AS task_id, w.value->>'task_name' AS task_name,
    w.value->>'task_type' AS task_type, w.value->'raw_config' AS raw_config
FROM executions x JOIN playbooks p ON p.path = x.path AND p.version = x.playbook_version
CROSS JOIN LATERAL json_array_elements(CAST(replace(p.definition, '\u0000', '\ufffd') AS json)->'workbook') AS w (value);

CREATE VIEW workload AS
SELECT e.execution_id, TIMESTAMPTZ 'epoch' + e.time * INTERVAL '1 millisecond' AS timestamp,
    CAST(replace(e.data, '\u0000', '\ufffd') AS json)->'workload' AS data
FROM events e WHERE e.execution_id IS NOT NULL AND e.version <= 2 AND e.type = 'execution_start';

CREATE VIEW step_state AS
SELECT e.execution_id, e.step, e.visit,
    CASE max(CASE e.type WHEN 'step_failed' THEN 4 WHEN 'step_completed' THEN 3 WHEN 'step_reused' THEN 2 ELSE 1 END)
        WHEN 4 THEN 'failed' WHEN 3 THEN 'completed' WHEN 2 THEN 'reused' ELSE 'in_progress' END AS status,
    max(e.attempt) AS attempts,
    TIMESTAMPTZ 'epoch' + min(CASE WHEN e.type = 'step_started' THEN e.time END) * INTERVAL '1 millisecond'
        AS started_at,
    TIMESTAMPTZ 'epoch' + max(CASE WHEN e.type IN ('step_completed', 'step_failed', 'step_reused') THEN e.time END)
        * INTERVAL '1 millisecond' AS ended_at
FROM (SELECT execution_id, type, time, data->>'step' AS step, CAST(data->>'visit' AS BIGINT) AS visit,
        CAST(data->>'attempt' AS BIGINT) AS attempt
    FROM (SELECT execution_id, type, time, CAST(replace(data, '\u0000', '\ufffd') AS json) AS data FROM events
        WHERE execution_id IS NOT NULL
            AND type IN ('step_started', 'action_started', 'step_completed', 'step_failed', 'step_reused')) AS read) AS e
GROUP BY e.execution_id, e.step, e.visit;

-- Under the names that queries written elsewhere have: `noetl.event` and so on. Only where the tables are in the usual
-- schema, where the role may, and where nobody else has these names.
DO $$
DECLARE
    name TEXT;
BEGIN
    IF current_schema() <> 'public' THEN
        RETURN;
    END IF;
    CREATE SCHEMA IF NOT EXISTS noetl;
    FOREACH name IN ARRAY ARRAY['event', 'workflow', 'transition', 'workbook', 'workload'] LOOP
        EXECUTE format('CREATE VIEW noetl.%I AS SELECT * FROM public.%I', name, name);
    END LOOP;
EXCEPTION
    WHEN insufficient_privilege OR duplicate_table THEN
        RAISE NOTICE 'no views in the schema noetl: %', SQLERRM;
END
$$;
