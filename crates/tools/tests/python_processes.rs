//! What is left of a python process: nothing, however it ends; and what it may do before.

mod support;

use serde_json::{Value, json};
use std::{fs, path::Path, process::Stdio, time::Instant};
use support::{LONG, error, is_alive, logs, result, run, task, until};
use tools::PythonProvider;
use worker::{Cancelled, Provider};

/// A child that starts a grandchild; both sleep. Their ids go to the file named in the data.
const FAMILY: &str = "
import subprocess, sys
def main(ids, then):
    child = subprocess.Popen([sys.executable, '-c', 'import subprocess,sys,time; p=subprocess.Popen([\"sleep\",\"1000\"]); print(p.pid, flush=True); time.sleep(1000)'], stdout=subprocess.PIPE, text=True)
    grandchild = child.stdout.readline().strip()
    with open(ids + '.new', 'w') as f: f.write(f'{os.getpid()} {child.pid} {grandchild}')
    os.rename(ids + '.new', ids)
    print('started')
    if then == 'sleep':
        import time; time.sleep(1000)
    if then == 'spin':
        import re; re.match('(a+)+$', 'a' * 60 + 'b')
    return then
";

fn family(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).expect("the ids");
    text.split_whitespace().map(str::to_owned).collect()
}

fn python(folder: &Path) -> PythonProvider {
    PythonProvider::new(&support::config(folder))
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).expect("the folder").next().is_none()
}

#[tokio::test]
async fn a_timeout_kills_the_whole_family_and_keeps_the_logs() {
    let folder = tempfile::tempdir().expect("a folder");
    let ids = folder.path().join("ids");
    let mut task = task("python", json!({"code": FAMILY}), json!({"ids": ids, "then": "sleep"}));
    task.timeout_ms = 1500;
    let ran = run(&python(folder.path()), task).await;
    assert_eq!(error(&ran).code, "timeout");
    assert!(error(&ran).message.contains("after 1.5 s"), "{}", error(&ran).message);
    assert_eq!(logs(&ran).stdout, "started\n");
    let ids = family(&ids);
    assert_eq!(ids.len(), 3);
    until("all gone", || !ids.iter().any(|id| is_alive(id))).await;
    until("the working folder is gone", || is_empty(&folder.path().join("tmp"))).await;
}

#[tokio::test]
async fn a_cancel_kills_the_whole_family_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let ids = folder.path().join("ids");
    let provider = python(folder.path());
    let (switch, cancelled) = Cancelled::pair();
    let task = task("python", json!({"code": FAMILY}), json!({"ids": ids, "then": "sleep"}));
    let running = tokio::spawn(async move { provider.run(task, cancelled).await });
    until("it runs", || ids.exists()).await;
    let begun = Instant::now();
    switch.send(true).expect("it listens");
    let ran = running.await.expect("no panic");
    assert_eq!(error(&ran).code, "cancelled");
    assert!(begun.elapsed().as_millis() < u128::from(LONG) / 4);
    let ids = family(&ids);
    until("all gone", || !ids.iter().any(|id| is_alive(id))).await;
}

#[tokio::test]
async fn children_left_behind_by_a_finished_step_are_killed_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let ids = folder.path().join("ids");
    let task = task("python", json!({"code": FAMILY}), json!({"ids": ids, "then": "done"}));
    let ran = run(&python(folder.path()), task).await;
    assert_eq!(result(&ran), &json!("done"));
    let ids = family(&ids);
    until("all gone", || !ids.iter().any(|id| is_alive(id))).await;
    until("the working folder is gone", || is_empty(&folder.path().join("tmp"))).await;
}

/// Runs in a process of its own (see the next test), which then dies a sudden death.
#[tokio::test]
#[ignore = "is the victim of processes_die_with_a_killed_server, not a test of its own"]
async fn victim() {
    let folder = std::env::var("VICTIM_FOLDER").expect("the folder");
    let then = std::env::var("VICTIM_THEN").expect("what to do");
    let folder = Path::new(&folder);
    run(&python(folder), task("python", json!({"code": FAMILY}), json!({"ids": folder.join("ids"), "then": then})))
        .await;
}

#[tokio::test]
async fn processes_die_with_a_killed_server() {
    // Also when python is deep in C code that never lets another thread run.
    for then in ["sleep", "spin"] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut server = std::process::Command::new(std::env::current_exe().expect("this test"))
            .args(["--ignored", "--exact", "victim"])
            .env("VICTIM_FOLDER", folder.path())
            .env("VICTIM_THEN", then)
            .stdout(Stdio::null())
            .spawn()
            .expect("another process");
        let ids = folder.path().join("ids");
        until("it runs", || ids.exists()).await;
        let ids = family(&ids);
        assert!(ids.iter().all(|id| is_alive(id)), "all run");
        server.kill().expect("SIGKILL");
        server.wait().expect("its end");
        until("all gone", || !ids.iter().any(|id| is_alive(id))).await;
        // The next server clears up after the killed one.
        assert!(!is_empty(&folder.path().join("tmp")));
        let ran = run(&python(folder.path()), task("python", json!({"code": "result = 1"}), json!({}))).await;
        assert_eq!(result(&ran), &json!(1));
        until("all folders are gone", || is_empty(&folder.path().join("tmp"))).await;
    }
}

#[tokio::test]
async fn the_environment_is_scrubbed_and_the_folder_is_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let code = "
import sys, tempfile
def main():
    open('left', 'w').write('x')
    return {'env': sorted(os.environ), 'cwd': os.getcwd(), 'home': os.environ['HOME'], 'tmp': tempfile.gettempdir(),
            'listing': os.listdir('.'), 'fds': sorted(int(n) for n in os.listdir('/proc/self/fd')),
            'path': sys.path[0], 'argv': sys.argv, 'site': 'site' in sys.modules, 'group': os.getpgrp() == os.getpid()}
";
    let ran = run(&python(folder.path()), task("python", json!({"code": code}), json!({}))).await;
    let found = result(&ran);
    let names: Vec<&str> = found["env"].as_array().expect("names").iter().filter_map(Value::as_str).collect();
    assert!(names.iter().all(|name| ["HOME", "LANG", "LC_CTYPE", "PATH", "TMPDIR", "TZ"].contains(name)), "{names:?}");
    assert!(found["cwd"].as_str().expect("text").starts_with(folder.path().to_str().expect("text")));
    assert_eq!((&found["home"], &found["tmp"]), (&found["cwd"], &found["cwd"]));
    assert_eq!(found["listing"], json!(["left"]));
    assert_eq!((&found["argv"], &found["site"], &found["group"]), (&json!(["playbook"]), &json!(false), &json!(true)));
    assert!(found["fds"].as_array().expect("numbers").len() <= 6, "no inherited files: {}", found["fds"]);
    assert!(is_empty(&folder.path().join("tmp")), "its folder is gone");
}

#[tokio::test]
async fn excesses_end_in_clear_errors() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = support::config(folder.path());
    config.python_memory_bytes = 256 << 20;
    let provider = PythonProvider::new(&config);
    for (code, error_code, message) in [
        ("def main(): return len(bytearray(1 << 30))", "python_exception", "MemoryError"),
        (
            "def main():\n  a = []\n  while True: a.append('x' * 1000000 + str(len(a)))",
            "python_exception",
            "MemoryError",
        ),
        (
            "import sys\nsys.setrecursionlimit(10**9)\ndef main():\n  x = ()\n  for _ in range(10**6): x = (x,)\n  return hash(x) + repr(x)",
            "python_killed",
            "signal 11",
        ),
        ("os.close(1); os.close(2); print('x')", "python_exception", "Bad file descriptor"),
        ("os.closerange(0, 200); os.abort()", "python_killed", "signal 6"),
        ("import resource\nresource.setrlimit(resource.RLIMIT_DATA, (1 << 40, 1 << 40))", "python_exception", "line 2"),
    ] {
        // Root may raise its limits again: that case shows nothing then.
        if code.contains("RLIMIT_DATA")
            && fs::metadata("/proc/self").is_ok_and(|meta| std::os::unix::fs::MetadataExt::uid(&meta) == 0)
        {
            continue;
        }
        let ran = run(&provider, task("python", json!({"code": code}), json!({}))).await;
        assert_eq!(error(&ran).code, error_code, "{code}: {}", error(&ran).message);
        assert!(error(&ran).message.contains(message), "{code}: {}", error(&ran).message);
    }
}

#[tokio::test]
async fn closed_streams_and_forks_do_not_disturb_the_result() {
    let folder = tempfile::tempdir().expect("a folder");
    for (code, expect) in [
        ("os.close(1); os.close(2)\ndef main(): return 1", json!(1)),
        (
            "def main():\n  pid = os.fork()\n  if pid: os.waitpid(pid, 0)\n  return 'parent' if pid else 'child'",
            json!("parent"),
        ),
        (
            "import threading\ndef main():\n  threading.Thread(target=lambda: __import__('time').sleep(1000)).start()\n  return 2",
            json!(2),
        ),
        (
            "import subprocess\ndef main():\n  subprocess.Popen(['sleep', '1000'], start_new_session=False)\n  return 3",
            json!(3),
        ),
        (
            "import multiprocessing\ndef f(x): return x * x\ndef main():\n  with multiprocessing.get_context('fork').Pool(2) as p: return p.map(f, [1, 2, 3])",
            json!([1, 4, 9]),
        ),
    ] {
        let ran = run(&python(folder.path()), task("python", json!({"code": code}), json!({}))).await;
        assert_eq!(result(&ran), &expect, "{code}");
    }
}

#[tokio::test]
async fn a_flood_of_output_keeps_its_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let code = "
import sys
def main():
    line = b'x' * 999 + b'\\n'
    for _ in range(100000): sys.stdout.buffer.write(line)
    sys.stdout.flush()
    print('the end')
    return 'done'
";
    let ran = run(&python(folder.path()), task("python", json!({"code": code}), json!({}))).await;
    assert_eq!(result(&ran), &json!("done"));
    let logs = logs(&ran);
    assert!(logs.stdout.ends_with("x\nthe end\n") && logs.stdout.len() <= 64 * 1024);
    assert_eq!(logs.stdout.len() as u64 + logs.omitted_bytes, 100_000_008);
}

#[tokio::test]
async fn a_job_that_is_never_read_does_not_hang() {
    let folder = tempfile::tempdir().expect("a folder");
    // Larger than a pipe, and coming back whole.
    let text = "ä".repeat(1_500_000);
    let ran = run(
        &python(folder.path()),
        task("python", json!({"code": "def main(text): return text"}), json!({"text": text})),
    )
    .await;
    assert_eq!(result(&ran), &json!(text));
}

#[tokio::test]
async fn tasks_run_side_by_side() {
    let folder = tempfile::tempdir().expect("a folder");
    let provider = std::sync::Arc::new(python(folder.path()));
    // Each waits until the other has come: only possible at the same time.
    let code = "
import time
def main(mine, other):
    open(mine, 'w').close()
    while not os.path.exists(other): time.sleep(0.005)
    return mine
";
    let (a, b) = (folder.path().join("a"), folder.path().join("b"));
    let one = run(&*provider, task("python", json!({"code": code}), json!({"mine": a, "other": b})));
    let two = run(&*provider, task("python", json!({"code": code}), json!({"mine": b, "other": a})));
    let (one, two) = tokio::join!(one, two);
    assert_eq!((result(&one), result(&two)), (&json!(a), &json!(b)));
    assert!(provider.concurrency() >= 2);
}

#[tokio::test]
async fn processes_without_end_are_stopped() {
    let folder = tempfile::tempdir().expect("a folder");
    // Bounded, for the sake of the host: 600 sleepers, then it waits for them.
    let code = "
import time
def main(ids):
    children = []
    for _ in range(600):
        child = os.fork()
        if not child:
            time.sleep(1000)
        children.append(child)
    with open(ids + '.new', 'w') as f: f.write(' '.join(map(str, children)))
    os.rename(ids + '.new', ids)
    time.sleep(1000)
";
    let ids = folder.path().join("ids");
    let ran = run(&python(folder.path()), task("python", json!({"code": code}), json!({"ids": ids}))).await;
    assert_eq!(error(&ran).code, "python_processes");
    assert!(error(&ran).message.contains("the limit is 512"), "{}", error(&ran).message);
    if ids.exists() {
        let ids = family(&ids);
        until("all gone", || !ids.iter().any(|id| is_alive(id))).await;
    }
}
