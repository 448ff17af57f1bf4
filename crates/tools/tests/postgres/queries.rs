//! Statements, their parameters, results and errors.

use crate::{
    database::Database,
    provider, query, sql,
    support::{error, result, run, task},
    with_credential,
};
use serde_json::{Value, json};
use std::sync::Arc;

#[tokio::test]
async fn values_become_json_by_their_type() {
    let database = Database::fresh().await;
    let setup = "CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE DOMAIN posint AS int CHECK (VALUE > 0)";
    result(&sql(&database, json!({"sql": setup})).await);
    for (expression, expect) in [
        ("NULL", json!(null)),
        ("true", json!(true)),
        ("9223372036854775807", json!(i64::MAX)),
        ("2::smallint", json!(2)),
        ("0.1::float8", json!(0.1)),
        ("'NaN'::float8", json!("NaN")),
        ("12.50::numeric(10,2)", json!(12.5)),
        ("123456789012345678901234567890.5::numeric", json!("123456789012345678901234567890.5")),
        ("'ä''\"\\'", json!("ä'\"\\")),
        ("'{\"a\": [1, null]}'::jsonb", json!({"a": [1, null]})),
        ("'[1]'::json", json!([1])),
        ("'2024-05-06 07:08:09.1'::timestamp", json!("2024-05-06T07:08:09.1")),
        ("'2024-05-06 07:08:09+02'::timestamptz", json!("2024-05-06T05:08:09+00:00")),
        ("'2024-05-06'::date", json!("2024-05-06")),
        ("'1 day 2 hours'::interval", json!("P1DT2H")),
        ("'6f1c0a52-8b7c-4a0e-9f52-0a1b2c3d4e5f'::uuid", json!("6f1c0a52-8b7c-4a0e-9f52-0a1b2c3d4e5f")),
        ("'\\x00ff'::bytea", json!({"base64": "AP8="})),
        ("ARRAY[1, NULL, 3]", json!([1, null, 3])),
        ("ARRAY[['a', 'b c'], ['{', '\"']]", json!([["a", "b c"], ["{", "\""]])),
        ("ARRAY[1.5, 2]::numeric[]", json!([1.5, 2])),
        ("ARRAY['{\"x\": 1}'::jsonb]", json!([{"x": 1}])),
        ("'happy'::mood", json!("happy")),
        ("ARRAY['happy', 'sad']::mood[]", json!(["happy", "sad"])),
        ("3::posint", json!(3)),
        ("'10.0.0.1'::inet", json!("10.0.0.1")),
        ("int4range(1, 5)", json!("[1,5)")),
        ("ROW(1, 'x')", json!("(1,x)")),
        ("point(1, 2)", json!("(1,2)")),
    ] {
        let ran = sql(&database, json!({"sql": format!("SELECT {expression} AS v")})).await;
        assert_eq!(result(&ran)["rows"], json!([{"v": expect}]), "{expression}");
    }
    let ran = sql(&database, json!({"sql": "SELECT 1 AS n, 2 AS n, 3 AS n"})).await;
    assert_eq!(result(&ran)["rows"], json!([{"n": 1, "n:1": 2, "n:2": 3}]));
}

#[tokio::test]
async fn results_have_the_shape_of_sqlite_and_of_the_public_dialect() {
    let database = Database::fresh().await;
    let config = json!({"commands": [
        "CREATE TABLE t (id int PRIMARY KEY, name text)",
        "INSERT INTO t VALUES (1, 'a'), (2, 'b')",
        "UPDATE t SET name = upper(name) WHERE id > $1 RETURNING id, name",
        "SELECT * FROM t WHERE id > 10",
    ], "params": [0]});
    let ran = sql(&database, config).await;
    let found = result(&ran);
    let nothing = json!({"status": "success", "rows": [], "row_count": 0, "columns": [], "rows_affected": 0});
    assert_eq!(found["command_0"], nothing);
    assert_eq!(found["command_1"]["rows_affected"], 2);
    assert_eq!(found["command_1"]["row_count"], 2);
    assert_eq!(found["command_2"]["rows"], json!([{"id": 1, "name": "A"}, {"id": 2, "name": "B"}]));
    assert_eq!((&found["command_2"]["row_count"], &found["command_2"]["rows_affected"]), (&json!(2), &json!(2)));
    assert_eq!(found["command_3"]["columns"], json!(["id", "name"]));
    for field in ["rows", "row_count", "columns", "rows_affected", "status"] {
        assert_eq!(found[field], found["command_3"][field], "{field}");
    }
    let single = sql(&database, json!({"command": "SELECT count(*) AS n FROM t"})).await;
    assert_eq!(result(&single)["rows"], json!([{"n": 2}]));
    assert_eq!(result(&single)["command_0"]["rows"], json!([{"n": 2}]));
}

#[tokio::test]
async fn parameters_are_what_the_statement_wants_there() {
    let database = Database::fresh().await;
    let setup = "CREATE TABLE t (i int, n numeric, b bool, s text, j jsonb, a int[], ts timestamptz, u uuid, d bytea)";
    result(&sql(&database, json!({"sql": setup})).await);
    let uuid = "6f1c0a52-8b7c-4a0e-9f52-0a1b2c3d4e5f";
    let data = json!({
        "i": 7, "n": "1.50", "b": true, "s": "it's \\ $1 :x; DROP TABLE t; --", "j": {"k": [1, "ä"]}, "a": [1, null, 3],
        "ts": "2024-05-06T07:08:09Z", "u": uuid, "d": {"base64": "AP8="},
    });
    let insert = "INSERT INTO t VALUES (:i, :n, :b, :s, :j, :a, :ts, :u, :d) RETURNING *";
    let ran = run(&provider(), query(&database, json!({"command": insert}), data.clone())).await;
    let mut expect = data.clone();
    expect["n"] = json!(1.5);
    expect["ts"] = json!("2024-05-06T07:08:09+00:00");
    assert_eq!(result(&ran)["rows"], json!([expect]));

    let nulls = "INSERT INTO t (i, j, a) VALUES ($1, $1, $1) RETURNING i, j, a";
    let distinct =
        sql(&database, json!({"sql": nulls.replace("$1, $1, $1", "$1, $2, $3"), "params": [null, null, null]}));
    assert_eq!(result(&distinct.await)["rows"], json!([{"i": null, "j": null, "a": null}]));
    for (config, rows) in [
        (json!({"sql": "SELECT $2::int + $1::int AS v", "params": [1, 2]}), json!([{"v": 3}])),
        (json!({"sql": "SELECT $1::int * $1 AS v", "params": [3]}), json!([{"v": 9}])),
        (json!({"sql": "SELECT :x::text || :y AS v", "params": {"x": 1, "y": "b"}}), json!([{"v": "1b"}])),
        (
            json!({"sql": "SELECT v FROM unnest(:list::int[]) v WHERE v = ANY(:some)", "params": {"list": [1, 2, 3], "some": [2, 9]}}),
            json!([{"v": 2}]),
        ),
        (
            json!({"sql": "SELECT i AS v FROM t WHERE i IS NOT NULL LIMIT :many", "params": {"many": "1"}}),
            json!([{"v": 7}]),
        ),
        (
            json!({"commands": [{"sql": "SELECT 1", "params": []}, {"sql": "SELECT :x::int AS v", "params": {"x": 5.0}}]}),
            json!([{"v": 5}]),
        ),
        (json!({"sql": "SELECT '{\"a\": 1}'::jsonb ? 'a' AS v"}), json!([{"v": true}])),
    ] {
        let ran = sql(&database, config.clone()).await;
        assert_eq!(result(&ran)["rows"], rows, "{config}");
    }
    assert_eq!(database.ask("SELECT count(*)::text FROM t").await, "2");
}

#[tokio::test]
async fn wrong_fields_and_parameters_are_named() {
    let database = Database::fresh().await;
    for (config, part) in [
        (json!({}), "`command` is missing"),
        (json!({"command": 5}), "`command` must be SQL text or a list of it, not `5`"),
        (json!({"command": " -- nothing"}), "`command` has no statement in it"),
        (json!({"commands": [1]}), "`commands[0]` must be SQL text or a map with `sql` and `params`"),
        (json!({"sql": "SELECT $1"}), "there is no list in `params`"),
        (json!({"sql": "SELECT $2", "params": [1]}), "`params` has 1 values, but a statement uses `$2`"),
        (json!({"sql": "SELECT $1", "params": [1, 2]}), "no statement uses `$2`"),
        (
            json!({"sql": "SELECT :a", "params": {"b": 1, "c": 2}}),
            "uses `:a`, but `params` (or the step's data) has `b`, `c`",
        ),
        (json!({"sql": "SELECT :a", "params": [1]}), "`params` is a list"),
        (json!({"sql": "SELECT $1", "params": "x"}), "`params` must be a list or a map, not a string"),
        (
            json!({"sql": "SELECT :a::int", "params": {"a": {}}}),
            "`params.a` must be text, a number or a boolean, not a map",
        ),
        (json!({"sql": "SELECT :a::text", "params": {"a": "\u{0}"}}), "`params.a` has a NUL character"),
        (json!({"sql": "COPY t FROM STDIN"}), "COPY from or to the client"),
    ] {
        let ran = sql(&database, config.clone()).await;
        let error = error(&ran);
        assert_eq!(error.code, "bad_config", "{config}: {}", error.message);
        assert!(error.message.contains(part), "{}: {part}", error.message);
    }
}

#[tokio::test]
async fn credentials_are_needed_and_must_fit() {
    let database = Database::fresh().await;
    let bare = task("postgres", json!({"sql": "SELECT 1"}), json!({}));
    for (credentials, part) in [
        (json!({}), "`auth` is missing: name a stored credential (`signalbox credentials set NAME --type postgres`)"),
        (
            json!({"a": {"type": "bearer", "token": "x"}}),
            "names no credential of type postgres, but `a` of type bearer",
        ),
        (
            json!({"a": database.credential(), "b": database.credential()}),
            "several credentials for it: `a`, `b`; name one",
        ),
        (json!({"a": {"host": "h", "password": "p"}}), "credential `a` has no `user`"),
    ] {
        let mut task = bare.clone();
        for (name, value) in credentials.as_object().expect("a map") {
            task.credentials.0.insert(name.clone(), Arc::new(value.clone()));
        }
        let ran = run(&provider(), task).await;
        assert_eq!(error(&ran).code, "bad_config");
        assert!(error(&ran).message.contains(part), "{}", error(&ran).message);
    }
    let other = json!({"h": {"type": "header", "name": "n", "value": "v"}, "url": {"url": database.url()}});
    let mut task = bare.clone();
    for (name, value) in other.as_object().expect("a map") {
        task.credentials.0.insert(name.clone(), Arc::new(value.clone()));
    }
    assert_eq!(result(&run(&provider(), task).await)["row_count"], 1, "of the kind, and by URL");
}

#[tokio::test]
async fn servers_that_may_not_or_cannot_be_reached_are_told_apart() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let free = listener.local_addr().expect("an address").port();
    drop(listener);
    let database = Database::fresh().await;
    let with = |field: &str, value: Value| {
        let mut credential = database.credential();
        credential[field] = value;
        credential
    };
    for (credential, code, part) in [
        (with("host", json!("169.254.169.254")), "egress_refused", "link-local address: always refused"),
        (with("host", json!("0.0.0.0")), "egress_refused", "an unspecified address"),
        (with("host", json!("no-such-host.invalid")), "egress_refused", "cannot be resolved"),
        (with("port", json!(free)), "postgres_connect", "refused"),
        (
            with("database", json!("no_such_database")),
            "postgres_connect",
            "\"no_such_database\" does not exist (SQLSTATE 3D000)",
        ),
        (with("sslmode", json!("require")), "postgres_connect", "TLS"),
    ] {
        let task = with_credential(task("postgres", json!({"sql": "SELECT 1"}), json!({})), "pg", credential);
        let ran = run(&provider(), task).await;
        assert_eq!(error(&ran).code, code, "{}", error(&ran).message);
        assert!(error(&ran).message.contains(part), "{}", error(&ran).message);
        assert!(!error(&ran).message.contains("unasked-for"));
    }
}

#[tokio::test]
async fn errors_name_the_state_the_statement_and_the_place() {
    let database = Database::fresh().await;
    result(&sql(&database, json!({"sql": "CREATE TABLE t (id int PRIMARY KEY)"})).await);
    for (config, code, parts) in [
        (
            json!({"commands": ["SELECT 1", "SELECT\n  wrong FROM t"]}),
            "postgres_error",
            ["statement 2: column \"wrong\" does not exist", "(SQLSTATE 42703, line 2, column 3)"],
        ),
        (
            json!({"sql": "SELECT :a::int, :b::int,\n :c::int + wrong", "params": {"a": 1, "b": 2, "c": 3}}),
            "postgres_error",
            ["the statement: column \"wrong\" does not exist", "line 2, column 12"],
        ),
        (
            json!({"sql": "INSERT INTO t VALUES (1), (1)"}),
            "postgres_error",
            ["duplicate key value violates unique constraint \"t_pkey\"", "(SQLSTATE 23505)"],
        ),
        (
            json!({"sql": "SELECT $1::int", "params": ["x"]}),
            "postgres_error",
            ["invalid input syntax for type integer: \"x\"", "(SQLSTATE 22P02)"],
        ),
        (json!({"sql": "SELECT pg_sleep(600)"}), "timeout", ["stopped after 0.5 s", "`timeout_s` sets it"]),
    ] {
        let mut task = query(&database, config.clone(), json!({}));
        if code == "timeout" {
            task.timeout_ms = 500;
        }
        let ran = run(&provider(), task).await;
        assert_eq!(error(&ran).code, code, "{}", error(&ran).message);
        for part in parts {
            assert!(error(&ran).message.contains(part), "{}: {part}", error(&ran).message);
        }
    }
    let ran = sql(&database, json!({"sql": "INSERT INTO t VALUES (1), (1)"})).await;
    let details = error(&ran).details.as_deref().unwrap_or_default();
    assert!(details.contains("Key (id)=(1) already exists") && details.contains("INSERT INTO t"), "{details}");
}

#[tokio::test]
async fn several_statements_are_one_transaction_unless_they_cannot_be() {
    let database = Database::fresh().await;
    let config =
        json!({"sql": "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1); INSERT INTO t VALUES (1)"});
    assert!(error(&sql(&database, config).await).message.contains("statement 3"));
    assert_eq!(
        database.ask("SELECT count(*)::text FROM pg_tables WHERE tablename = 't'").await,
        "0",
        "nothing was kept"
    );

    let own = "CREATE TABLE t (id int); BEGIN; INSERT INTO t VALUES (1); COMMIT; VACUUM t; \
               CREATE INDEX CONCURRENTLY i ON t (id)";
    result(&sql(&database, json!({"sql": own})).await);
    let open = sql(&database, json!({"sql": "BEGIN; INSERT INTO t VALUES (2)"})).await;
    assert!(error(&open).message.contains("begin a transaction and do not end it"), "{:?}", error(&open));
    assert_eq!(database.ask("SELECT string_agg(id::text, ',') FROM t").await, "1");

    let body = "CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO t VALUES (3); COMMIT; END $$; \
                CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END";
    result(&sql(&database, json!({"sql": body})).await);
    result(&sql(&database, json!({"sql": "CALL p()"})).await);
    assert_eq!(result(&sql(&database, json!({"sql": "SELECT f() AS v"})).await)["rows"], json!([{"v": 2}]));
    assert_eq!(database.ask("SELECT count(*)::text FROM t").await, "2");
}

#[tokio::test]
async fn results_have_a_limit() {
    let database = Database::fresh().await;
    for (sql_text, part) in [
        ("SELECT generate_series(1, 1000000000)", "more than 10000 rows"),
        ("SELECT repeat('x', 1000000) FROM generate_series(1, 1000000)", "larger than"),
    ] {
        let ran = sql(&database, json!({"sql": sql_text})).await;
        assert_eq!(error(&ran).code, "result_too_large");
        assert!(error(&ran).message.contains(part), "{}", error(&ran).message);
    }
    let active = "SELECT count(*)::text FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%generate_series%' AND pid <> pg_backend_pid() AND state = 'active'";
    while database.ask(active).await != "0" {
        tokio::task::yield_now().await;
    }
}
