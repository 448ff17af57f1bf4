//! Rows saved into tables.

use crate::{
    database::Database,
    provider, query, sql,
    support::{error, result, run},
};
use protocol::{Task, TaskPart};
use serde_json::{Value, json};

fn save(database: &Database, spec: Value, rows: Value) -> Task {
    let mut task = query(database, json!({"save": spec}), rows);
    task.key.part = TaskPart::Save;
    task
}

#[tokio::test]
async fn rows_are_saved_in_every_mode() {
    let database = Database::fresh().await;
    let setup = "CREATE SCHEMA \"My Schema\"; CREATE TABLE \"My Schema\".\"t\" (id int PRIMARY KEY, \"Odd \"\"name\" text, \
                 n numeric(10,2) DEFAULT 9, j jsonb, a text[], at timestamptz)";
    result(&sql(&database, json!({"sql": setup})).await);
    let table = "My Schema.t";
    let all = "SELECT string_agg(id || ':' || coalesce(\"Odd \"\"name\", '-') || ':' || n, ' ' ORDER BY id) FROM \"My Schema\".t";
    let saved = async |spec: Value, rows: Value| run(&provider(), save(&database, spec, rows)).await;

    let row = json!({"id": "1", "Odd \"name": "it's; DROP", "n": "1.5", "j": {"k": [1]}, "a": ["x", "y z"], "at": "2024-05-06T07:08:09Z"});
    assert_eq!(result(&saved(json!({"table": table}), row).await), &json!({"status": "success", "rows": 1}));
    assert_eq!(
        database.ask("SELECT j->>'k' || a[2] || extract(epoch FROM at)::bigint FROM \"My Schema\".t").await,
        "[1]y z1714979289"
    );
    let rows = json!([{"id": 2, "Odd \"name": "b"}, {"id": 3}, {"id": 4, "Odd \"name": null}]);
    assert_eq!(result(&saved(json!({"table": table, "mode": "append"}), rows).await)["rows"], 3);
    assert_eq!(
        database.ask(all).await,
        "1:it's; DROP:1.50 2:b:9.00 3:-:9.00 4:-:9.00",
        "defaults where there is no value"
    );

    let rows = json!([{"id": 2, "n": 20}, {"id": 5, "n": 1}, {"id": 5, "n": 50}]);
    assert_eq!(result(&saved(json!({"table": table, "mode": "upsert", "key": "id"}), rows).await)["rows"], 2);
    assert_eq!(
        database.ask(all).await,
        "1:it's; DROP:1.50 2:b:20.00 3:-:9.00 4:-:9.00 5:-:50.00",
        "the last of a key counts"
    );
    let rows = json!([{"id": 3, "n": 33}, {"id": 99, "n": 1}]);
    assert_eq!(result(&saved(json!({"table": table, "mode": "update", "key": ["id"]}), rows).await)["rows"], 1);
    assert_eq!(database.ask(all).await, "1:it's; DROP:1.50 2:b:20.00 3:-:33.00 4:-:9.00 5:-:50.00");
    assert_eq!(
        result(&saved(json!({"table": table, "mode": "upsert", "key": ["id"]}), json!({"id": 5})).await)["rows"],
        0
    );
    assert_eq!(result(&saved(json!({"table": table}), json!([])).await)["rows"], 0);

    let statement = json!({"statement": "INSERT INTO \"My Schema\".t (id, n) VALUES (:id, :id * 2)"});
    assert_eq!(result(&saved(statement, json!([{"id": 6}, {"id": 7}])).await)["rows"], 2);
    assert_eq!(database.ask("SELECT sum(n)::text FROM \"My Schema\".t WHERE id IN (6, 7)").await, "26.00");
}

#[tokio::test]
async fn a_save_is_whole_or_not_at_all_and_says_why() {
    let database = Database::fresh().await;
    result(&sql(&database, json!({"sql": "CREATE TABLE t (id int PRIMARY KEY, n int)"})).await);
    for (spec, rows, code, part) in [
        (json!({"table": "t"}), json!([{"id": 1}, {"id": 2, "n": 1}, {"id": 1}]), "postgres_error", "duplicate key"),
        (
            json!({"table": "t"}),
            json!({"id": 1, "wrong": 2}),
            "postgres_error",
            "column \"wrong\" of relation \"t\" does not exist",
        ),
        (json!({"table": "t"}), json!({"id": "x"}), "postgres_error", "invalid input syntax for type integer"),
        (json!({"table": "none"}), json!({"id": 1}), "postgres_error", "\"none\" does not exist"),
        (json!({"table": "t; DROP TABLE t"}), json!({"id": 1}), "postgres_error", "\"t; DROP TABLE t\" does not exist"),
        (
            json!({"table": "t", "mode": "upsert", "key": "n"}),
            json!({"id": 1, "n": 1}),
            "postgres_error",
            "ON CONFLICT",
        ),
        (
            json!({"table": "t", "mode": "upsert"}),
            json!({"id": 1}),
            "bad_config",
            "`save.key` is missing: expected the column (or list of columns) to upsert by",
        ),
        (
            json!({"table": "t", "mode": "update", "key": "id"}),
            json!([{"id": 1}, {"n": 1}]),
            "bad_config",
            "row 2 of the data has no `id`, which is the key",
        ),
        (
            json!({"table": "t", "mode": "replace"}),
            json!({"id": 1}),
            "bad_config",
            "`save.mode` must be insert, upsert, update or append, not `replace`",
        ),
        (json!({"table": "t", "key": 5}), json!({"id": 1}), "bad_config", "`save.key` must be a column or a list"),
        (json!({"table": "a..b"}), json!({"id": 1}), "bad_config", "`save.table` must be a name"),
        (json!({}), json!({"id": 1}), "bad_config", "`save.table` is missing"),
        (json!({"table": "t"}), json!("text"), "bad_config", "must be a map or a list of maps, not a string"),
        (json!({"table": "t"}), json!([{"id": 1}, 5]), "bad_config", "row 2 of the data must be a map"),
        (json!({"table": "t"}), json!([{}]), "bad_config", "row 1 of the data is empty"),
    ] {
        let ran = run(&provider(), save(&database, spec.clone(), rows)).await;
        assert_eq!(error(&ran).code, code, "{spec}: {}", error(&ran).message);
        assert!(error(&ran).message.contains(part), "{spec}: {}", error(&ran).message);
    }
    assert_eq!(database.ask("SELECT count(*)::text FROM t").await, "0");
}

#[tokio::test]
async fn ten_thousand_rows_are_one_statement() {
    let database = Database::fresh().await;
    result(&sql(&database, json!({"sql": "CREATE TABLE t (id int PRIMARY KEY, name text)"})).await);
    let rows: Vec<Value> = (0..10_000).map(|id| json!({"id": id, "name": format!("row {id}")})).collect();
    let ran = run(&provider(), save(&database, json!({"table": "t"}), Value::Array(rows))).await;
    assert_eq!(result(&ran)["rows"], 10_000);
    assert_eq!(database.ask("SELECT count(DISTINCT name)::text FROM t").await, "10000");
}
