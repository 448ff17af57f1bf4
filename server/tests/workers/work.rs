//! Work done by worker processes.

use crate::{
    house::{Helper, House, until},
    support::{Run, Served},
};
use serde_json::json;
use std::{fs, path::Path};

/// Ten steps, of two types.
fn chain() -> String {
    let mut steps = "  - {step: start, next: s1}\n".to_owned();
    for n in 1..=9 {
        let before = if n == 1 { "0".to_owned() } else { format!("s{}.n", n - 1) };
        steps +=
            &format!("  - {{step: s{n}, type: noop, data: {{n: \"{{{{ {before} + 1 }}}}\"}}, next: s{}}}\n", n + 1);
    }
    steps
        + r#"
  - step: s10
    type: python
    data: {n: "{{ s9.n }}"}
    code: |
      def main(n):
          print("counted")
          return {"n": n + 1}
    next: end
  - {step: end, result: "{{ s10.n }}"}
"#
}

#[tokio::test]
async fn a_worker_runs_a_chain() {
    let house = House::open();
    house.register("chain", &chain()).await;
    let helper = house.helper("one", &[]);
    let ids = futures::future::join_all((0..5).map(|_| house.submit("chain", json!({})))).await;
    for id in ids {
        House::expect_result(&house.ended(&id).await, &json!(10));
        let started = house.told(&id, "action_started").await;
        assert_eq!(started.len(), 10);
        assert!(started.iter().all(|event| event["worker"] == helper.name.as_str()), "{started:?}");
        let completed = house.told(&id, "action_completed").await;
        assert_eq!(completed[9]["logs"]["stdout"], "counted\n", "logs come with the report");
        assert!(house.told(&id, "retry_scheduled").await.is_empty());
    }
}

#[tokio::test]
async fn what_waits_is_taken_when_a_worker_comes() {
    let house = House::open_with(&["--providers", "noop"]);
    house.register("chain", &chain()).await;
    let id = house.submit("chain", json!({})).await;
    // The server does noop itself.
    house.event(&id, "step_completed", 9).await;
    let started = house.told(&id, "action_started").await;
    assert!(started.iter().all(|event| event["worker"] == "signalbox/local"), "{started:?}");
    let helper = house.helper("late", &["--types", "python"]);
    House::expect_result(&house.ended(&id).await, &json!(10));
    assert_eq!(house.told(&id, "action_started").await[9]["worker"], helper.name.as_str());
}

/// Each of two waits for the other: one after the other they would never end.
const MEET: &str = r#"
  - {step: start, next: meet}
  - step: meet
    type: python
    data: {mine: "{{ workload.mine }}", other: "{{ workload.other }}"}
    code: |
      import os, time
      def main(mine, other):
          open(mine, "w").close()
          while not os.path.exists(other):
              time.sleep(0.01)
          return True
    next: end
  - {step: end, result: "{{ meet }}"}
"#;

#[tokio::test]
async fn two_workers_share_the_load() {
    let house = House::open();
    house.register("meet", MEET).await;
    let helpers = ["left", "right"].map(|name| house.helper(name, &["--types", "python", "--concurrency", "1"]));
    let (a, b) = (house.file("a"), house.file("b"));
    let ids = [
        house.submit("meet", json!({"mine": a, "other": b})).await,
        house.submit("meet", json!({"mine": b, "other": a})).await,
    ];
    let mut names = Vec::new();
    for id in &ids {
        House::expect_result(&house.ended(id).await, &json!(true));
        names.push(house.told(id, "action_started").await[0]["worker"].as_str().unwrap().to_owned());
    }
    names.sort();
    let mut expected = helpers.each_ref().map(|helper| helper.name.clone());
    expected.sort();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn a_cancelled_execution_stops_its_work_in_the_worker() {
    let house = House::open();
    let helper = house.helper("one", &["--types", "python"]);
    let id = house.hold().await;
    let pid = fs::read_to_string(house.file("started")).unwrap();
    assert!(is_alive(&pid));
    house.post(&format!("executions/{id}/cancel"), json!({})).await;
    assert_eq!(house.ended(&id).await["outcome"], "cancelled");
    until(|| async { (!is_alive(&pid)).then_some(()) }).await;
    // Its place is free again.
    until(|| async { (house.get("workers").await["workers"][0]["running"] == 0).then_some(()) }).await;
    house.touch("go");
    let again = house.submit("hold", json!({"started": house.file("again"), "go": house.file("go")})).await;
    House::expect_result(&house.ended(&again).await, &json!(true));
    assert_eq!(house.told(&again, "action_started").await[0]["worker"], helper.name.as_str());
}

fn is_alive(pid: &str) -> bool {
    // A process that ended and was not waited for yet is a zombie, state Z.
    let stat = fs::read_to_string(Path::new("/proc").join(pid).join("stat"));
    stat.is_ok_and(|stat| stat.rsplit(')').next().is_some_and(|rest| !rest.trim_start().starts_with('Z')))
}

#[test]
fn what_cannot_be_is_said_with_an_exit_code() {
    let house = House::open();
    let folder = house.folder.path();
    let url = house.served.url.as_str();
    for (args, code, part) in [
        (vec!["--server", "box:9"], 2, "`box:9`"),
        (vec!["--types", "cobol"], 2, "`cobol`"),
        (vec!["--concurrency", "0"], 2, "0"),
        (vec!["--server", url, "--name", " "], 1, "`name`"),
        (vec!["--server", url, "--config", "none.toml"], 2, "none.toml"),
    ] {
        let args: Vec<&str> = ["worker", "--log", "error"].into_iter().chain(args).collect();
        let run = Run::of(folder, &args).expect(code);
        assert!(run.stderr.contains(part) && run.stdout.is_empty(), "{args:?}: {run:?}");
    }
    let run = Run::of(folder, ["serve", "--providers", "noop,cobol"]).expect(2);
    assert!(run.stderr.contains("--providers") && run.stderr.contains("`cobol`"), "{run:?}");
}

#[tokio::test]
async fn a_worker_that_is_there_before_its_server_waits_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    let (path, from) = (folder.path().to_owned(), url.clone());
    let helper = tokio::task::spawn_blocking(move || Helper::of(&path, &from, "early", &[]));
    let listen = format!("127.0.0.1:{port}");
    let served = Served::start_at(folder.path(), &listen, &["--data", "data"]);
    let helper = helper.await.unwrap();
    assert!(helper.name.starts_with("signalbox/early:"), "{}", helper.name);
    drop(served);
}
