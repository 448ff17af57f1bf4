-- What PostgreSQL needs beyond the tables.

-- Ids, names and paths are compared byte by byte, as in SQLite: an order that does not depend on how the database was
-- made, and a fast one.
DO $$
DECLARE
    place TEXT[];
BEGIN
    FOREACH place SLICE 1 IN ARRAY ARRAY[
        ['events', 'execution_id'], ['executions', 'execution_id'], ['executions', 'path'], ['executions', 'state'],
        ['execution_data', 'execution_id'], ['execution_counts', 'path'], ['execution_counts', 'state'],
        ['playbooks', 'path'], ['servers', 'name'], ['executions', 'owner'], ['permits', 'key'],
        ['permits', 'execution_id'], ['permit_keys', 'key'], ['rates', 'key'], ['credentials', 'name'],
        ['schedules', 'name'], ['schedules', 'path'], ['submissions', 'key'], ['submissions', 'execution_id'],
        ['lineage', 'execution_id'], ['lineage', 'parent_id'], ['lineage', 'rerun_of'], ['lineage', 'trigger_name'],
        ['queue', 'execution_id'], ['queue', 'path'], ['queue', 'key'], ['waiting_approvals', 'execution_id'],
        ['waiting_approvals', 'step'], ['waiting_approvals', 'path'], ['blobs', 'id'], ['blob_refs', 'execution_id'],
        ['blob_refs', 'blob_id']
    ] LOOP
        EXECUTE format('ALTER TABLE %I ALTER COLUMN %I TYPE TEXT COLLATE "C"', place[1], place[2]);
    END LOOP;
END
$$;

-- A step rewrites the execution's row and leaves indexed columns alone: with room in the page, the indices are too.
ALTER TABLE executions SET (fillfactor = 50);
-- Few rows at a time, all of them soon gone: what they leave behind is cleared by absolute numbers, not by shares.
ALTER TABLE tasks SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);
ALTER TABLE execution_counts SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, fillfactor = 50);

-- SQLite's, for a JSON array, so that one text serves both.
CREATE FUNCTION json_each(list TEXT) RETURNS TABLE (key BIGINT, value TEXT)
LANGUAGE sql IMMUTABLE STRICT ROWS 10 AS $$
    SELECT ordinality - 1, element
    FROM json_array_elements_text(CAST(list AS JSON)) WITH ORDINALITY AS elements (element, ordinality)
$$;

-- The beginning of a commit: takes the log until the end of the transaction, then looks. VOLATILE, so that its
-- statements see what was committed while it waited, which the calling statement's own snapshot does not.
-- Of each execution given (null: a commit of none), the version and the state expected (null: it must not exist);
-- what comes back are the numbers (from 1) of those that are otherwise, with what they are.
CREATE FUNCTION open_log(
    lock BIGINT, ids TEXT[], expected BIGINT[], before TEXT[],
    OUT head BIGINT, OUT lost BIGINT[], OUT versions BIGINT[], OUT states TEXT[]
)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(lock);
    SELECT coalesce(max(e.position), 0) INTO head FROM events e;
    SELECT coalesce(array_agg(a.unit), '{}'), coalesce(array_agg(coalesce(x.version, 0)), '{}'),
        coalesce(array_agg(x.state), '{}')
    INTO lost, versions, states
    FROM unnest(ids, expected, before) WITH ORDINALITY AS a (id, version, state, unit)
    LEFT JOIN executions x ON x.execution_id = a.id
    WHERE a.id IS NOT NULL AND (coalesce(x.version, 0) <> a.version OR x.state IS DISTINCT FROM a.state);
END
$$;
