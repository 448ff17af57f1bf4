//! How `main` is called and what becomes of what it returns.

mod support;

use serde_json::{Value, json};
use support::{error, failed_result, logs, result, run, task};
use tools::PythonProvider;

async fn python(config: Value, input: Value) -> worker::Run {
    let folder = tempfile::tempdir().expect("a folder");
    let provider = PythonProvider::new(&support::config(folder.path()));
    run(&provider, task("python", config, input)).await
}

#[tokio::test]
async fn main_gets_the_data_the_way_it_asks_for_it() {
    let data = json!({"a": 1, "b": "two"});
    for (code, input, expect) in [
        ("def main(): return 'none'", &data, json!("none")),
        ("def main(): return 'none'", &json!(null), json!("none")),
        ("def main(input_data): return input_data", &data, data.clone()),
        ("def main(input_data): return input_data", &json!(null), json!({})),
        ("def main(payload): return payload", &data, data.clone()),
        ("def main(data): return data", &data, data.clone()),
        ("def main(data): return data", &json!({"data": 7, "x": 8}), json!(7)),
        ("def main(context): return context['a']", &data, json!(1)),
        ("def main(a, b): return [a, b]", &data, json!([1, "two"])),
        ("def main(b): return b", &data, json!("two")),
        ("def main(a, c=3): return [a, c]", &data, json!([1, 3])),
        ("def main(a, *, b): return [a, b]", &data, json!([1, "two"])),
        ("def main(a, b, /): return [b, a]", &data, json!(["two", 1])),
        ("def main(a, *rest): return [a, len(rest)]", &data, json!([1, 0])),
        ("def main(**all): return all", &data, data.clone()),
        ("def main(a, **others): return [a, others]", &data, json!([1, {"b": "two"}])),
        ("def main(a, input_data): return [a, input_data]", &data, json!([1, data.clone()])),
        ("class main:\n  def __new__(cls, a): return [a]", &data, json!([1])),
        ("import functools\ndef f(x, a): return [x, a]\nmain = functools.partial(f, 'x')", &data, json!(["x", 1])),
        ("async def main(a):\n  import asyncio\n  await asyncio.sleep(0)\n  return a", &data, json!(1)),
        ("def main(items): return items", &json!([1, 2]), json!([1, 2])),
        ("def helper(): return 5\ndef main(): return helper()", &data, json!(5)),
        ("x = 4\nresult = {'x': x}", &data, json!({"x": 4})),
        ("x = 4", &data, json!(null)),
        ("def main(): pass", &data, json!(null)),
        ("def main(): return (1, (2, None))", &data, json!([1, [2, null]])),
        (
            "def main(): return {1: 'a', None: 2.5, False: 'ä€😀'}",
            &data,
            json!({"1": "a", "null": 2.5, "false": "ä€😀"}),
        ),
        (
            "def main(): return [os.sep, json.dumps(1), datetime.date(2020,1,1).isoformat(), len(str(uuid.uuid4()))]",
            &data,
            json!(["/", "1", "2020-01-01", 36]),
        ),
        (
            "import dataclasses\n@dataclasses.dataclass\nclass P:\n  x: int\ndef main(): return dataclasses.asdict(P(3))",
            &data,
            json!({"x": 3}),
        ),
        ("result = 1\nif __name__ == '__main__': result = 2", &data, json!(1)),
        (
            "def main(items, text): return [items, text]",
            &json!({"items": "[1, 2]", "text": "[INFO] x"}),
            json!([[1, 2], "[INFO] x"]),
        ),
        ("def main(m): return m", &json!({"m": "{'a': True, 'b': None}"}), json!({"a": true, "b": null})),
        ("def main(): return 18446744073709551615", &data, json!(u64::MAX)),
        (
            "def main(): return {'status': 'success', 'data': {'x': 1}, 'meta': {}}",
            &data,
            json!({"status": "success", "data": {"x": 1}, "meta": {}}),
        ),
        ("import sys\ndef main(): return sys.stdin.read()", &data, json!("")),
    ] {
        let ran = python(json!({"code": code}), input.clone()).await;
        assert_eq!(result(&ran), &expect, "{code}");
    }
}

#[tokio::test]
async fn encoded_code_runs_too() {
    // def main(a): return a + 1
    let ran = python(json!({"code_b64": "ZGVmIG1haW4oYSk6IHJldHVybiBhICsgMQ=="}), json!({"a": 1})).await;
    assert_eq!(result(&ran), &json!(2));
}

#[tokio::test]
async fn mistakes_are_named() {
    for (code, input, error_code, message) in [
        (
            "def main(name, age): pass",
            json!({"name": 1, "x": 2}),
            "python_arguments",
            "`main` needs the parameter `age`, but the step's data has `name`, `x`",
        ),
        (
            "def main(record): pass",
            json!({}),
            "python_arguments",
            "`main` needs the parameter `record`, but the step's data has nothing",
        ),
        (
            "def main(a, b): pass",
            json!([1]),
            "python_arguments",
            "`main` takes `a`, `b`, but the step's data is list and not a map",
        ),
        (
            "\ndef main():\n  raise ValueError('bad thing')",
            json!({}),
            "python_exception",
            "ValueError: bad thing (line 3)",
        ),
        ("def f(): return {}['k']\ndef main():\n  return f()", json!({}), "python_exception", "KeyError: 'k' (line 1)"),
        ("def main():\n  retrun 1", json!({}), "python_exception", "SyntaxError: invalid syntax (line 2)"),
        (
            "import no_such_module",
            json!({}),
            "python_exception",
            "ModuleNotFoundError: No module named 'no_such_module' (line 1)",
        ),
        (
            "def main():\n  def f(): return f()\n  return f()",
            json!({}),
            "python_exception",
            "RecursionError: maximum recursion depth exceeded (line 2)",
        ),
        (
            "class E(Exception):\n  def __str__(self): raise E\nraise E()",
            json!({}),
            "python_exception",
            "E: (its text cannot be had) (line 3)",
        ),
        ("def main():\n  raise KeyboardInterrupt", json!({}), "python_exception", "KeyboardInterrupt (line 2)"),
        (
            "import sys\ndef main(): sys.exit(3)",
            json!({}),
            "python_exit",
            "the code called sys.exit(3) instead of returning a result (line 2)",
        ),
        ("exit()", json!({}), "python_exit", "the code called sys.exit() instead of returning a result (line 1)"),
        ("os._exit(7)", json!({}), "python_exit", "python ended with exit code 7 without returning a result"),
        (
            "import signal; os.kill(os.getpid(), signal.SIGTERM)",
            json!({}),
            "python_killed",
            "python died of signal 15 (SIGTERM) before it returned a result",
        ),
        (
            "import signal; os.kill(os.getpid(), signal.SIGKILL)",
            json!({}),
            "python_killed",
            "python was killed (SIGKILL)",
        ),
        (
            "def main(): return {'a': [1, {'when': datetime.datetime(2020, 1, 1)}]}",
            json!({}),
            "python_result",
            "the result['a'][1]['when'] is of type datetime, which is no JSON; use .isoformat()",
        ),
        (
            "def main(): return {'a': {1, 2}}",
            json!({}),
            "python_result",
            "the result['a'] is of type set, which is no JSON; make it a list",
        ),
        ("def main(): return object()", json!({}), "python_result", "the result is of type object, which is no JSON"),
        (
            "def main(): return {'x': float('nan')}",
            json!({}),
            "python_result",
            "the result['x'] is nan, which JSON has no word for",
        ),
        (
            "def main(): return [float('-inf')]",
            json!({}),
            "python_result",
            "the result[0] is -inf, which JSON has no word for",
        ),
        (
            "def main(): return {(1, 2): 3}",
            json!({}),
            "python_result",
            "the result has a key of type tuple; keys must be strings",
        ),
        (
            "def main(): return {'x': 2 ** 64}",
            json!({}),
            "python_result",
            "the result['x'] is an integer beyond 64 bits; return it as a string",
        ),
        ("def main(): return '\\ud800'", json!({}), "python_result", "the result has a lone surrogate"),
        ("def main():\n  a = []\n  a.append(a)\n  return a", json!({}), "python_result", "Circular reference"),
        (
            "def main():\n  a = []\n  for _ in range(100000): a = [a]\n  return a",
            json!({}),
            "python_result",
            "nested too deeply",
        ),
        (
            "def main():\n  a = []\n  for _ in range(300): a = [a]\n  return a",
            json!({}),
            "python_result",
            "recursion limit exceeded",
        ),
        (
            "def main(): return 'x' * (4 * 1024 * 1024)",
            json!({}),
            "result_too_large",
            "the result is 4194306 bytes of JSON; the limit is 4194304 bytes (4 MiB)",
        ),
    ] {
        let ran = python(json!({"code": code}), input).await;
        let found = error(&ran);
        assert_eq!(found.code, error_code, "{code}: {}", found.message);
        assert!(found.message.contains(message), "{code}: {}", found.message);
    }
}

#[tokio::test]
async fn wrong_fields_are_bad_config() {
    for (config, message) in
        [(json!({}), "`code` is missing"), (json!({"code": ["x"]}), "`code` must be a string, not a list")]
    {
        let ran = python(config, json!({})).await;
        assert_eq!(error(&ran).code, "bad_config");
        assert!(error(&ran).message.contains(message));
    }
}

#[tokio::test]
async fn an_exception_comes_with_the_users_own_traceback() {
    let code = "def deep():\n    return 1 / 0\n\ndef main():\n    try:\n        deep()\n    except ZeroDivisionError as e:\n        raise RuntimeError('outer') from e\n";
    let ran = python(json!({"code": code}), json!({})).await;
    let found = error(&ran);
    assert_eq!(found.message, "RuntimeError: outer (line 8)");
    let details = found.details.as_deref().expect("a traceback");
    assert!(details.contains("    return 1 / 0"), "the source line is shown: {details}");
    assert!(details.contains("ZeroDivisionError: division by zero") && details.contains("direct cause"));
    assert!(!details.contains("<string>"), "no frame of ours: {details}");
}

#[tokio::test]
async fn a_status_of_error_fails_the_step_and_keeps_the_result() {
    for (returned, message) in [
        ("{'status': 'error', 'error': 'no such user', 'data': {'n': 1}}", "no such user"),
        ("{'status': 'error', 'message': 'oops', 'error': None}", "oops"),
        ("{'status': 'error'}", "the code returned `status: error`"),
    ] {
        let ran = python(json!({"code": format!("def main(): return {returned}")}), json!({})).await;
        assert_eq!((error(&ran).code.as_str(), error(&ran).message.as_str()), ("python_status", message));
        assert_eq!(failed_result(&ran).expect("kept")["status"], "error");
    }
    // Nothing but exactly `error` does.
    let ran = python(json!({"code": "def main(): return {'status': 'no errors', 'error': 'none'}"}), json!({})).await;
    assert_eq!(result(&ran)["status"], "no errors");
}

#[tokio::test]
async fn what_it_writes_becomes_logs_in_success_and_failure() {
    let code = "import sys, subprocess\nprint('out ä')\nprint('err', file=sys.stderr)\nsubprocess.run(['echo', 'child'])\nprint('\\ud800')";
    let ran = python(json!({"code": code}), json!({})).await;
    assert_eq!(result(&ran), &json!(null));
    assert_eq!((logs(&ran).stdout.as_str(), logs(&ran).stderr.as_str()), ("out ä\nchild\n\\ud800\n", "err\n"));
    let ran = python(json!({"code": "print('before', end='')\n1/0"}), json!({})).await;
    assert_eq!(error(&ran).code, "python_exception");
    assert_eq!(logs(&ran).stdout, "before");
}

#[tokio::test]
async fn a_missing_interpreter_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["no-such-python", "true"] {
        let mut config = support::config(folder.path());
        config.python = name.to_owned();
        let ran = run(&PythonProvider::new(&config), task("python", json!({"code": "1"}), json!({}))).await;
        assert_eq!(error(&ran).code, "python_missing");
        assert!(error(&ran).message.contains(&format!("`{name}`")), "{}", error(&ran).message);
    }
}

#[tokio::test]
async fn credentials_go_to_those_who_ask_for_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let provider = PythonProvider::new(&support::config(folder.path()));
    for (code, input, expect) in [
        ("def main(auth): return auth['db']['user']", json!({}), json!("u")),
        ("def main(a, credentials): return [a, list(credentials)]", json!({"a": 1}), json!([1, ["db"]])),
        ("def main(data, auth): return [data, len(auth)]", json!({"a": 1}), json!([{"a": 1}, 1])),
        ("def main(rows, auth): return [rows, len(auth)]", json!([1, 2]), json!([[1, 2], 1])),
        ("def main(auth): return auth", json!({"auth": "of the data"}), json!("of the data")),
        ("def main(**all): return all", json!({"a": 1}), json!({"a": 1})),
        ("def main(data): return data", json!({"a": 1}), json!({"a": 1})),
    ] {
        let mut task = task("python", json!({"code": code}), input);
        task.credentials.0.insert("db".to_owned(), std::sync::Arc::new(json!({"user": "u"})));
        assert_eq!(result(&run(&provider, task).await), &expect, "{code}");
    }
    let without = run(&provider, task("python", json!({"code": "def main(auth): return 1"}), json!({}))).await;
    assert_eq!(error(&without).code, "python_arguments");
}

#[tokio::test]
async fn a_save_calls_the_code_with_its_data() {
    let folder = tempfile::tempdir().expect("a folder");
    let provider = PythonProvider::new(&support::config(folder.path()));
    for (config, data, expect) in [
        (json!({"save": {"code": "def main(data): return len(data)"}}), json!({"a": 1, "b": 2}), json!(2)),
        (json!({"save": {}, "code": "def main(rows): return len(rows)"}), json!([1, 2, 3]), json!(3)),
        (json!({"save": {"code": "def main(a, b): return a + b"}}), json!({"a": 1, "b": 2}), json!(3)),
    ] {
        let mut task = task("python", config, data);
        task.key.part = protocol::TaskPart::Save;
        assert_eq!(result(&run(&provider, task).await), &expect);
    }
}
