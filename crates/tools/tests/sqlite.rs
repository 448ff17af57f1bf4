//! `sqlite` on real files.

mod support;

use serde_json::{Value, json};
use std::{fs, path::Path, sync::Arc};
use support::{error, result, run, task, until};
use tools::SqliteProvider;
use worker::{Cancelled, Provider, Run};

async fn sqlite(folder: &Path, config: Value, input: Value) -> Run {
    run(&SqliteProvider::new(folder), task("sqlite", config, input)).await
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

#[tokio::test]
async fn values_come_back_as_they_went_in() {
    let folder = folder();
    let create = "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b BOOLEAN, c DATETIME, d BLOB)";
    let ran = sqlite(folder.path(), json!({"command": create}), json!({})).await;
    assert_eq!(
        result(&ran),
        &json!({"rows": [], "row_count": 0, "columns": [], "rows_affected": 0, "last_insert_rowid": null})
    );
    for (value, stored) in [
        (json!(null), json!(null)),
        (json!(true), json!(1)),
        (json!(-9_223_372_036_854_775_808_i64), json!(i64::MIN)),
        (json!(2.5), json!(2.5)),
        (json!("ä'; DROP TABLE t; --"), json!("ä'; DROP TABLE t; --")),
        (json!([1, {"x": "y"}]), json!("[1,{\"x\":\"y\"}]")),
    ] {
        let config = json!({"command": "DELETE FROM t; INSERT INTO t (a, b, c) VALUES (?1, ?1, ?1); SELECT a, b, c FROM t", "params": [value]});
        let ran = sqlite(folder.path(), config, json!({})).await;
        assert_eq!(result(&ran)["rows"], json!([{"a": stored, "b": stored, "c": stored}]), "{value}");
    }
    let ran = sqlite(folder.path(), json!({"sql": "SELECT x'00ff' AS d, 1 AS n, 2 AS n, 3 AS n"}), json!({})).await;
    assert_eq!(result(&ran)["rows"], json!([{"d": {"base64": "AP8="}, "n": 1, "n:1": 2, "n:2": 3}]));
    assert_eq!(result(&ran)["columns"], json!(["d", "n", "n:1", "n:2"]));
    let empty = sqlite(folder.path(), json!({"sql": "SELECT id, a FROM t WHERE 0"}), json!({})).await;
    assert_eq!((&result(&empty)["columns"], &result(&empty)["row_count"]), (&json!(["id", "a"]), &json!(0)));
}

#[tokio::test]
async fn parameters_come_from_params_or_from_the_data() {
    let folder = folder();
    for (config, input, rows) in [
        (json!({"sql": "SELECT ? AS a, ? AS b", "params": [1, "x"]}), json!({}), json!([{"a": 1, "b": "x"}])),
        (json!({"sql": "SELECT ?2 AS a, ?1 AS b", "params": [1, "x"]}), json!({}), json!([{"a": "x", "b": 1}])),
        (
            json!({"sql": "SELECT :a AS a, @b AS b, $a AS c", "params": {"a": 1, "b": 2}}),
            json!({}),
            json!([{"a": 1, "b": 2, "c": 1}]),
        ),
        (json!({"sql": "SELECT :a AS a"}), json!({"a": "from data"}), json!([{"a": "from data"}])),
        (json!({"commands": ["SELECT ? AS a", "SELECT ? AS b"], "params": [1, 2]}), json!({}), json!([{"b": 2}])),
        (
            json!({"commands": [{"sql": "SELECT ? AS a", "params": [7]}, {"sql": "SELECT :a AS b", "params": {"a": 8}}]}),
            json!({}),
            json!([{"b": 8}]),
        ),
        (
            json!({"sql": "SELECT value->>'n' AS n FROM json_each(:groups)"}),
            json!({"groups": [{"n": 1}, {"n": 2}]}),
            json!([{"n": 1}, {"n": 2}]),
        ),
    ] {
        let ran = sqlite(folder.path(), config.clone(), input).await;
        assert_eq!(result(&ran)["rows"], rows, "{config}");
    }
}

#[tokio::test]
async fn several_statements_are_one_transaction() {
    let folder = folder();
    let config = json!({"database": "deep/er/x.db", "commands": [
        "CREATE TABLE t (a UNIQUE)",
        "INSERT INTO t VALUES (1), (2); UPDATE t SET a = a + 10",
        "CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE t SET a = 0 WHERE a = 99; DELETE FROM t WHERE a = 98; END",
        "WITH n AS (SELECT 99) INSERT INTO t SELECT * FROM n",
        "SELECT a FROM t ORDER BY a",
    ]});
    let ran = sqlite(folder.path(), config, json!({})).await;
    let found = result(&ran);
    assert_eq!(found["rows"], json!([{"a": 0}, {"a": 11}, {"a": 12}]));
    let affected: Vec<&Value> = (0..6).map(|index| &found[format!("command_{index}")]["rows_affected"]).collect();
    assert_eq!(affected, [&json!(0), &json!(2), &json!(2), &json!(0), &json!(1), &json!(0)]);
    assert!(folder.path().join("files/deep/er/x.db").exists());
    // The second fails, so the first is not kept.
    let config = json!({"database": "deep/er/x.db", "commands": ["DELETE FROM t", "INSERT INTO t VALUES (1), (1)"]});
    let ran = sqlite(folder.path(), config, json!({})).await;
    assert_eq!(error(&ran).message, "sqlite: statement 2: UNIQUE constraint failed: t.a");
    let ran =
        sqlite(folder.path(), json!({"database": "deep/er/x.db", "sql": "SELECT count(*) AS n FROM t"}), json!({}))
            .await;
    assert_eq!(result(&ran)["rows"], json!([{"n": 3}]));
}

#[tokio::test]
async fn mistakes_are_named() {
    let folder = folder();
    let long = "x".repeat(300);
    for (config, code, message) in [
        (json!({}), "bad_config", "sqlite: `command` is missing: expected SQL text or a list of it"),
        (json!({"sql": 5}), "bad_config", "`sql` must be SQL text or a list of it, not `5`"),
        (json!({"sql": ["SELECT 1", 5]}), "bad_config", "`sql[1]` must be SQL text or a map"),
        (json!({"sql": [{"params": []}]}), "bad_config", "`sql[0].sql` is missing"),
        (json!({"sql": " -- nothing"}), "bad_config", "no statement"),
        (json!({"sql": "SELECT ?", "params": 5}), "bad_config", "`params` must be a list or a map, not a number"),
        (json!({"sql": "SELECT ?"}), "bad_config", "there is no list in `params`"),
        (
            json!({"sql": "SELECT ?, ?", "params": [1]}),
            "bad_config",
            "`params` has 1 values, but a statement uses `?` number 2",
        ),
        (json!({"sql": "SELECT ?0", "params": [1]}), "bad_config", "`?` number 0"),
        (json!({"sql": "SELECT ?", "params": [1, 2]}), "bad_config", "`params` has 2 values, but the statements use 1"),
        (
            json!({"sql": "SELECT :b", "params": {"a": 1}}),
            "bad_config",
            "a statement uses `:b`, but `params` (or the step's data) has `a`",
        ),
        (
            json!({"sql": "SELECT ?", "params": [18_446_744_073_709_551_615_u64]}),
            "bad_config",
            "more than SQLite's largest integer",
        ),
        (json!({"sql": "SELEC 1"}), "sqlite_error", "sqlite: the statement: near \"SELEC\": syntax error"),
        (json!({"sql": "SELECT * FROM nowhere"}), "sqlite_error", "no such table: nowhere"),
        (json!({"sql": "SELECT 9e999 AS big"}), "sqlite_value", "column `big` is inf"),
        (json!({"sql": "SELECT readfile('/etc/passwd')"}), "sqlite_error", "no such function: readfile"),
        (json!({"sql": "SELECT 1", "database": ""}), "bad_config", "is empty or too long"),
        (json!({"sql": "SELECT 1", "database": long}), "bad_config", "is empty or too long"),
        (json!({"sql": "SELECT 1", "database": "../x.db"}), "bad_config", "begins with a dot"),
        (json!({"sql": "SELECT 1", "database": "a/../../x.db"}), "bad_config", "begins with a dot"),
        (json!({"sql": "SELECT 1", "database": "/tmp/x.db"}), "bad_config", "is absolute"),
        (json!({"sql": "SELECT 1", "database": "file:x.db?mode=memory"}), "bad_config", "characters other than"),
        (json!({"sql": "SELECT 1", "database": ":memory:"}), "bad_config", "characters other than"),
        (json!({"sql": "SELECT 1", "database": "a\u{0}b"}), "bad_config", "characters other than"),
        (json!({"sql": "SELECT 1", "database": "a\\..\\b"}), "bad_config", "characters other than"),
        (json!({"sql": "SELECT 1", "database": "x.db-wal"}), "bad_config", "keeps beside a database"),
        (json!({"sql": "SELECT 1", "database": ["x"]}), "bad_config", "`database` must be a string"),
    ] {
        let ran = sqlite(folder.path(), config.clone(), json!({})).await;
        let found = error(&ran);
        assert_eq!(found.code, code, "{config}: {}", found.message);
        assert!(found.message.contains(message), "{config}: {}", found.message);
    }
    assert!(!folder.path().join("x.db").exists());
}

#[tokio::test]
async fn no_way_leads_out_of_the_folder() {
    let folder = folder();
    let outside = tempfile::tempdir().expect("a folder");
    let files = folder.path().join("files");
    fs::create_dir_all(&files).expect("a folder");
    std::os::unix::fs::symlink(outside.path(), files.join("door")).expect("a link");
    std::os::unix::fs::symlink(outside.path().join("y.db"), files.join("y.db")).expect("a link");
    std::os::unix::fs::symlink(outside.path().join("wal"), files.join("z.db-wal")).expect("a link");
    for name in ["door/x.db", "y.db", "z.db"] {
        let ran = sqlite(folder.path(), json!({"database": name, "sql": "CREATE TABLE t (a)"}), json!({})).await;
        assert!(error(&ran).message.contains("symbolic link"), "{name}: {}", error(&ran).message);
    }
    let target = outside.path().join("z.db");
    for (sql, params) in [
        ("ATTACH ? AS x", json!([target])),
        ("SELECT 1; aTtach /* ; */ ? AS x", json!([target])),
        ("VACUUM INTO ?", json!([target])),
        ("PRAGMA temp_store_directory = '/'", json!([])),
        ("PRAGMA writable_schema = ON", json!([])),
        ("SELECT load_extension(?)", json!([target])),
        ("SELECT \"load_extension\"(?)", json!([target])),
        ("COMMIT; CREATE TABLE t (a)", json!([])),
    ] {
        let ran = sqlite(folder.path(), json!({"sql": sql, "params": params}), json!({})).await;
        assert!(["sqlite_refused", "sqlite_error"].contains(&error(&ran).code.as_str()), "{sql}");
    }
    assert!(fs::read_dir(outside.path()).expect("a folder").next().is_none());
}

#[tokio::test]
async fn results_over_a_limit_are_refused() {
    let folder = folder();
    let numbers = |n: u32| {
        format!("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < {n}) SELECT x FROM c")
    };
    let ran = sqlite(folder.path(), json!({"sql": numbers(10_000)}), json!({})).await;
    assert_eq!(result(&ran)["row_count"], 10_000);
    for (sql, message) in [
        (numbers(10_001), "more than 10000 rows"),
        ("SELECT hex(zeroblob(3000000))".to_owned(), "larger than 4194304 bytes (4 MiB)"),
        (
            "SELECT hex(zeroblob(1500000)); SELECT hex(zeroblob(1500000))".to_owned(),
            "larger than 4194304 bytes (4 MiB)",
        ),
    ] {
        let ran = sqlite(folder.path(), json!({"sql": sql}), json!({})).await;
        assert_eq!(error(&ran).code, "result_too_large");
        assert!(error(&ran).message.contains(message), "{}", error(&ran).message);
    }
}

const ENDLESS: &str =
    "CREATE TABLE never (a); WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c";

#[tokio::test]
async fn a_timeout_stops_the_statement_and_keeps_nothing() {
    let folder = folder();
    let mut endless = task("sqlite", json!({"sql": ENDLESS}), json!({}));
    endless.timeout_ms = 200;
    let ran = run(&SqliteProvider::new(folder.path()), endless).await;
    assert_eq!(error(&ran).code, "timeout");
    // The lock is free again, so the endless statement has really stopped.
    let ran = sqlite(folder.path(), json!({"sql": "CREATE TABLE never (a)"}), json!({})).await;
    assert_eq!(result(&ran)["row_count"], 0);
}

#[tokio::test]
async fn a_cancel_stops_the_statement() {
    let folder = folder();
    let provider = SqliteProvider::new(folder.path());
    let (switch, cancelled) = Cancelled::pair();
    let task = task("sqlite", json!({"sql": ENDLESS}), json!({}));
    let running = tokio::spawn(async move { provider.run(task, cancelled).await });
    let file = folder.path().join("files/default.db");
    until("it runs", || file.exists()).await;
    switch.send(true).expect("it listens");
    assert_eq!(error(&running.await.expect("no panic")).code, "cancelled");
    let ran = sqlite(folder.path(), json!({"sql": "CREATE TABLE never (a)"}), json!({})).await;
    assert_eq!(result(&ran)["row_count"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_at_the_same_time_all_come_through() {
    let folder = folder();
    let provider = Arc::new(SqliteProvider::new(folder.path()));
    result(&run(&*provider, task("sqlite", json!({"sql": "CREATE TABLE t (a)"}), json!({}))).await);
    let writers: Vec<_> = (0..20)
        .map(|n| {
            let provider = provider.clone();
            let task = task("sqlite", json!({"sql": "INSERT INTO t VALUES (:n)"}), json!({"n": n}));
            tokio::spawn(async move { run(&*provider, task).await })
        })
        .collect();
    for writer in writers {
        assert_eq!(result(&writer.await.expect("no panic"))["rows_affected"], 1);
    }
    let ran = sqlite(folder.path(), json!({"sql": "SELECT count(DISTINCT a) AS n FROM t"}), json!({})).await;
    assert_eq!(result(&ran)["rows"], json!([{"n": 20}]));
}

#[tokio::test]
async fn a_connection_is_not_kept_after_its_file_or_its_transaction_is_gone() {
    let folder = folder();
    let provider = SqliteProvider::new(folder.path());
    let ask = |sql: &str| run(&provider, task("sqlite", json!({"sql": sql}), json!({})));
    result(&ask("CREATE TABLE t (a); INSERT INTO t VALUES (1)").await);
    assert_eq!(error(&ask("INSERT INTO t VALUES (2); SELECT * FROM nowhere").await).code, "sqlite_error");
    assert_eq!(result(&ask("SELECT count(*) AS n FROM t").await)["rows"], json!([{"n": 1}]));
    for _ in 0..2 {
        // Nothing of one step's connection is there in the next.
        result(&ask("CREATE TEMP TABLE own (a)").await);
        result(&ask("CREATE TABLE \"temp\".other (a)").await);
        result(&ask("PRAGMA case_sensitive_like = ON").await);
        assert_eq!(result(&ask("SELECT 'a' LIKE 'A' AS same").await)["rows"], json!([{"same": 1}]));
    }
    for name in ["default.db", "default.db-wal", "default.db-shm"] {
        let _ = fs::remove_file(folder.path().join("files").join(name));
    }
    assert!(error(&ask("SELECT * FROM t").await).message.contains("no such table"));
}

fn save(spec: Value, rows: Value) -> protocol::Task {
    let mut task = task("sqlite", json!({"database": "s.db", "save": spec}), rows);
    task.key.part = protocol::TaskPart::Save;
    task
}

#[tokio::test]
async fn rows_are_saved_in_every_mode() {
    let folder = folder();
    let provider = SqliteProvider::new(folder.path());
    let create = "CREATE TABLE \"odd \"\"t\" (id INTEGER PRIMARY KEY, \"sel?ect\" TEXT, n REAL DEFAULT 9)";
    result(&sqlite(folder.path(), json!({"database": "s.db", "sql": create}), json!({})).await);
    let all = async || {
        let sql = "SELECT id || ':' || coalesce(\"sel?ect\", '-') || ':' || coalesce(n, '-') AS v FROM \"odd \"\"t\" ORDER BY id";
        let ran = sqlite(folder.path(), json!({"database": "s.db", "sql": sql}), json!({})).await;
        let rows = result(&ran)["rows"].as_array().expect("rows").clone();
        rows.iter().map(|row| row["v"].as_str().expect("text").to_owned()).collect::<Vec<_>>().join(" ")
    };
    let create = "CREATE TABLE t (id INTEGER PRIMARY KEY, \"sel?ect\" TEXT, n REAL DEFAULT 9)";
    result(&sqlite(folder.path(), json!({"database": "s.db", "sql": create}), json!({})).await);
    let ran =
        run(&provider, save(json!({"table": "main.t"}), json!([{"id": 1, "sel?ect": "it's ?"}, {"id": 2}]))).await;
    assert_eq!(result(&ran), &json!({"status": "success", "rows": 2}));
    let all_t = async || {
        let sql = "SELECT group_concat(v, ' ') AS v FROM (SELECT id || ':' || coalesce(\"sel?ect\", '-') || ':' || n AS v FROM t ORDER BY id)";
        let ran = sqlite(folder.path(), json!({"database": "s.db", "sql": sql}), json!({})).await;
        result(&ran)["rows"][0]["v"].as_str().expect("text").to_owned()
    };
    assert_eq!(all_t().await, "1:it's ?:9.0 2:-:9.0");
    let rows = json!([{"id": 2, "n": 20}, {"id": 5, "n": 1}, {"id": 5, "n": 50}]);
    run(&provider, save(json!({"table": "t", "mode": "upsert", "key": "id"}), rows)).await;
    assert_eq!(all_t().await, "1:it's ?:9.0 2:-:20.0 5:-:50.0");
    let rows = json!([{"id": 1, "n": 11, "sel?ect": "b"}, {"id": 99, "n": 1}]);
    let ran = run(&provider, save(json!({"table": "t", "mode": "update", "key": ["id"]}), rows)).await;
    assert_eq!(result(&ran)["rows"], 1);
    assert_eq!(all_t().await, "1:b:11.0 2:-:20.0 5:-:50.0");
    let ran = run(&provider, save(json!({"table": "t", "mode": "upsert", "key": "id"}), json!({"id": 5}))).await;
    assert_eq!(result(&ran)["rows"], 0);
    let statement = json!({"statement": "INSERT INTO t (id, n) VALUES (:id, :id * 2)"});
    let ran = run(&provider, save(statement, json!([{"id": 6}, {"id": 7}]))).await;
    assert_eq!(result(&ran)["rows"], 2);
    assert_eq!(result(&run(&provider, save(json!({"table": "t"}), json!([]))).await)["rows"], 0);
    assert_eq!(all().await, "", "another table with a name that needs quotes stays as it is");
}

#[tokio::test]
async fn a_save_is_whole_or_not_at_all_and_says_why() {
    let folder = folder();
    let provider = SqliteProvider::new(folder.path());
    let create = json!({"database": "s.db", "sql": "CREATE TABLE t (id INTEGER PRIMARY KEY, n)"});
    result(&sqlite(folder.path(), create, json!({})).await);
    for (spec, rows, code, part) in [
        (json!({"table": "t"}), json!([{"id": 1}, {"id": 1}]), "sqlite_error", "statement 2: UNIQUE constraint failed"),
        (json!({"table": "t"}), json!({"id": 1, "wrong": 2}), "sqlite_error", "has no column named wrong"),
        (json!({"table": "none"}), json!({"id": 1}), "sqlite_error", "no such table: none"),
        (json!({"table": "t; DROP TABLE t"}), json!({"id": 1}), "sqlite_error", "no such table: t; DROP TABLE t"),
        (json!({"table": "t", "mode": "upsert", "key": "n"}), json!({"n": 1}), "sqlite_error", "ON CONFLICT"),
        (json!({"table": "t", "mode": "upsert"}), json!({"id": 1}), "bad_config", "`save.key` is missing"),
        (json!({"statement": "ATTACH 'x' AS y"}), json!({"id": 1}), "sqlite_refused", "ATTACH"),
        (json!({"statement": "INSERT INTO t VALUES (:no, 1)"}), json!({"id": 1}), "bad_config", "uses `:no`"),
        (json!({"table": "t"}), json!({"id": u64::MAX}), "bad_config", "`row 1: id` is 18446744073709551615"),
    ] {
        let ran = run(&provider, save(spec.clone(), rows)).await;
        assert_eq!(error(&ran).code, code, "{spec}: {}", error(&ran).message);
        assert!(error(&ran).message.contains(part), "{spec}: {}", error(&ran).message);
    }
    let count = json!({"database": "s.db", "sql": "SELECT count(*) AS n FROM t"});
    assert_eq!(result(&sqlite(folder.path(), count, json!({})).await)["rows"], json!([{"n": 0}]));
}
