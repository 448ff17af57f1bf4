//! What people look at with SQL.

use super::{
    Backend,
    sample::{Run, T0, playbook},
};
use crate::sql::statement::sql;
use protocol::{
    Outcome, Phase, Timestamp,
    event::{ExecutionPaused, Origin},
};
use serde_json::{Value, json};

/// The query of those who come from elsewhere, but for the schema's name.
const QUERY: &str = "SELECT event_type, node_name
FROM event
WHERE execution_id = (
  SELECT execution_id FROM event
  ORDER BY created_at DESC LIMIT 1
)
ORDER BY created_at";

/// Steps that end at once, in one millisecond, while the clock goes back: the order is the log's.
pub async fn events_are_told_in_the_order_of_the_log(backend: &dyn Backend) {
    let store = backend.open().await;
    let mut before = Run::of("samples/before");
    store.commit(before.start()).await.expect("a commit");
    let mut run = Run::at("reports/nightly", Timestamp(T0.0 + 60_000));
    store.commit(run.start()).await.expect("a commit");
    for step in 0..750 {
        // All in one millisecond, then all in an earlier one.
        run.time = Timestamp(if step < 400 { T0.0 + 60_000 } else { T0.0 + 1_000 });
        store.commit(run.step()).await.expect("a commit");
    }
    store.commit(run.end(Outcome::Completed)).await.expect("a commit");
    let rows: Vec<(String, String)> = store.database().all(sql(QUERY)).await.expect("the query runs");
    let mut expected = vec![("execution_start".to_owned(), "sample".to_owned())];
    for step in 1..=751 {
        let events = ["step_started", "action_started", "action_completed", "step_completed"];
        expected.extend(events.iter().map(|event| ((*event).to_owned(), format!("s{step}"))));
    }
    expected.push(("execution_complete".to_owned(), "sample".to_owned()));
    assert_eq!(rows.len(), expected.len());
    for (at, (row, expected)) in rows.iter().zip(&expected).enumerate() {
        assert_eq!(row, expected, "{at}");
    }
    let (distinct,): (i64,) = store
        .database()
        .optional(sql("SELECT count(DISTINCT created_at) FROM event WHERE execution_id = $1").bind(run.id))
        .await
        .expect("the query runs")
        .expect("a row");
    assert_eq!(distinct, 3_006, "no two at the same time");
}

/// Columns of the events: where from, how it went, what came of it.
pub async fn events_have_their_columns(backend: &dyn Backend) {
    let store = backend.open().await;
    let mut parent = Run::of("samples/parent");
    store.commit(parent.start()).await.expect("a commit");
    let mut child = Run::of("samples/child");
    let origin = Origin { parent: Some(parent.task_key()), ..Origin::default() };
    store.commit(child.start_from(origin)).await.expect("a commit");
    store.commit(child.return_value("s1", 1, json!({"text": "a\0b"}))).await.expect("a commit");
    store.commit(child.end(Outcome::Failed)).await.expect("a commit");
    type Shown = (String, Option<String>, String, String, Option<f64>, Option<String>);
    let rows: Vec<Shown> = store
        .database()
        .all(
            sql("SELECT event_type, parent_execution_id, node_id, status, duration, CAST(result AS TEXT)
            FROM event WHERE execution_id = $1 ORDER BY created_at")
            .bind(child.id),
        )
        .await
        .expect("the query runs");
    let types: Vec<&str> = rows.iter().map(|row| row.0.as_str()).collect();
    let ends = ["action_completed", "step_completed", "execution_complete"];
    let expected = ["execution_start", "step_started", "action_started", "action_completed"];
    assert_eq!(types, [&expected[..], &ends[..]].concat());
    assert!(rows.iter().all(|row| row.1 == Some(parent.id.to_string())));
    let (id, step) = (child.id.to_string(), format!("{}/s1/1", child.id));
    let nodes = [&id, &step, &step, &step, &step, &step, &id];
    assert!(rows.iter().map(|row| &row.2).eq(nodes), "{rows:?}");
    let states = ["in_progress", "in_progress", "in_progress", "completed", "completed", "completed", "failed"];
    assert!(rows.iter().map(|row| row.3.as_str()).eq(states), "{rows:?}");
    assert_eq!(rows[3].4, Some(0.003), "seconds");
    let result: Value = serde_json::from_str(rows[3].5.as_deref().expect("a result")).expect("JSON");
    // PostgreSQL has no NUL.
    let shown = result["text"].as_str().map(|text| text.replace('\u{fffd}', "\0"));
    assert_eq!(shown.as_deref(), Some("a\0b"));

    let id = parent.id;
    let paused = ExecutionPaused { execution_id: id, path: "samples/parent".into(), reason: "".into(), by: "".into() };
    store.commit(parent.commit(Phase::InProgress, None, vec![paused.into()])).await.expect("a commit");
    let shown: Vec<(String, String)> = store
        .database()
        .all(
            sql("SELECT node_name, status FROM event WHERE execution_id = $1 AND event_type = 'execution_paused'")
                .bind(id),
        )
        .await
        .expect("the query runs");
    assert_eq!(shown, [("parent".to_owned(), "paused".to_owned())], "the last part of the path");
}

/// What an execution consists of, by the version it runs.
pub async fn an_execution_shows_its_workflow(backend: &dyn Backend) {
    let store = backend.open().await;
    let definition = json!({
        "steps": [
            {"step_id": "start", "step_name": "start", "step_type": "start", "description": null, "raw_config": {"a": "\0"}},
            {"step_id": "add", "step_name": "add", "step_type": "python", "description": "Adds", "raw_config": {}},
        ],
        "transitions": [
            {"from_step": "start", "to_step": "add", "condition": "{{ x }}", "with_params": {"n": "{{ n }}"}},
            {"from_step": "add", "to_step": "end", "condition": null, "with_params": null},
        ],
        "workbook": [{"task_id": "t", "task_name": "t", "task_type": "http", "raw_config": {"url": "u"}}],
    });
    let told = crate::NewPlaybook { definition: Some(definition.to_string()), ..playbook("samples/shown", "one") };
    store.register_playbook(told).await.expect("a version");
    // A version nobody has told of yet.
    store.register_playbook(playbook("samples/shown", "two")).await.expect("a version");
    let mut run = Run::of("samples/shown");
    store.commit(run.start()).await.expect("a commit");
    store.commit(run.step()).await.expect("a commit");
    type Two = (String, String);
    let of = |text: &'static str| {
        let (store, id) = (store.clone(), run.id);
        async move { store.database().all::<Two>(sql(text).bind(id)).await.expect("the query runs") }
    };
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    let steps = of("SELECT step_name, step_type || ':' || coalesce(description, '-') FROM workflow
        WHERE execution_id = $1 ORDER BY step_type")
    .await;
    assert_eq!(steps, [pair("add", "python:Adds"), pair("start", "start:-")]);
    let arcs =
        of("SELECT from_step || '>' || to_step, coalesce(condition, '-') || coalesce(CAST(with_params AS TEXT), '-')
        FROM transition WHERE execution_id = $1 ORDER BY from_step")
        .await;
    assert_eq!(arcs[0], pair("add>end", "--"));
    assert_eq!((arcs[1].0.as_str(), arcs[1].1.contains("{{ n }}")), ("start>add", true));
    assert_eq!(of("SELECT task_name, task_type FROM workbook WHERE execution_id = $1").await, [pair("t", "http")]);
    let workload = of("SELECT execution_id, CAST(data AS TEXT) FROM workload WHERE execution_id = $1").await;
    assert_eq!(workload.len(), 1);
    assert_eq!(serde_json::from_str::<Value>(&workload[0].1).expect("JSON"), json!({"n": 1}));
    let states = of("SELECT step, status FROM step_state WHERE execution_id = $1 ORDER BY step").await;
    assert_eq!(states, [pair("s1", "completed"), pair("s2", "in_progress")]);

    let undefined = store.undefined_playbooks(10).await.expect("a list");
    assert_eq!(undefined.iter().map(|row| row.version).collect::<Vec<_>>(), [2]);
    store.define_playbook("samples/shown", 2, &definition.to_string()).await.expect("told");
    assert_eq!(store.undefined_playbooks(10).await.expect("a list"), []);
    let mut second = Run::of("samples/shown").start();
    if let Some(change) = &mut second.execution {
        change.playbook_version = 2;
    }
    store.commit(second).await.expect("a commit");
    let (rows,): (i64,) =
        store.database().optional(sql("SELECT count(*) FROM workflow")).await.expect("the query").expect("a row");
    assert_eq!(rows, 4, "two steps of two executions");
}
