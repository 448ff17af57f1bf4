//! Schedules on a real store, in a time of the test's own.

use crate::{
    clock::{Clock, time},
    support::{Bench, playbook},
};
use protocol::{
    ExecutionId,
    api::{CatchUp, ExecutionDetail, ExecutionQuery, Overlap, ScheduleDetail, ScheduleRequest},
};
use serde_json::json;
use std::sync::Arc;
use store::{NewSchedule, Store, sqlite::SqliteStore};

const NOOP: &str = "\n  - {step: start, type: noop, next: end}\n  - {step: end}\n";
const PYTHON: &str = "\n  - {step: start, type: python, code: x, next: end}\n  - {step: end}\n";

fn scheduled(schedule: &str) -> String {
    playbook("report", NOOP).replace("workflow:", &format!("schedule: {schedule}\nworkflow:"))
}

fn request(cron: &str) -> ScheduleRequest {
    ScheduleRequest {
        name: None,
        path: "tests/report".into(),
        version: None,
        cron: cron.into(),
        timezone: None,
        overlap: Overlap::Allow,
        catch_up: CatchUp::None,
        input: Some(json!({"by": "clock"})),
        paused: None,
    }
}

async fn memory() -> Arc<dyn Store> {
    SqliteStore::in_memory().await.expect("a store")
}

async fn all(bench: &Bench) -> Vec<ExecutionDetail> {
    let api = bench.runtime.api();
    let page = api.executions(ExecutionQuery::default()).await.expect("a list");
    let mut details = Vec::new();
    for summary in page.executions.iter().rev() {
        details.push(api.execution(summary.execution_id).await.expect("it exists"));
    }
    details
}

async fn executions(clock: &Clock, bench: &Bench, count: usize) -> Vec<ExecutionDetail> {
    let found = clock.until(async || Some(all(bench).await).filter(|all| all.len() >= count)).await;
    assert_eq!(found.len(), count);
    found
}

async fn schedule(bench: &Bench, name: &str) -> ScheduleDetail {
    bench.runtime.api().schedule(name).await.expect("it is there")
}

/// The schedule once it stands at this time.
async fn stands_at(clock: &Clock, bench: &Bench, name: &str, at: &str) -> ScheduleDetail {
    let look = async || Some(schedule(bench, name).await).filter(|schedule| schedule.next_at == Some(time(at)));
    clock.until(look).await
}

#[tokio::test]
async fn a_playbooks_schedule_fires_by_the_clock_on_the_wall() {
    let clock = Clock::at("2026-03-28T12:00:00Z");
    let bench = Bench::at(&clock, memory().await).await;
    let of_playbook = "{cron: '30 2 * * *', timezone: Europe/Berlin, input: {due: '{{ schedule.time }}'}}";
    bench.runtime.api().register_playbook(&scheduled(of_playbook)).await.expect("a valid playbook");
    let name = "tests/report:default";
    assert_eq!(schedule(&bench, name).await.next_at, Some(time("2026-03-29T01:00:00Z")));

    // 02:30 does not exist that day: it fires right after the gap. A day later there is a 02:30 again.
    clock.set("2026-03-29T01:00:00Z");
    let first = executions(&clock, &bench, 1).await.remove(0);
    assert_eq!(first.input, json!({"due": "2026-03-29T01:00:00.000Z"}));
    let after = stands_at(&clock, &bench, name, "2026-03-30T00:30:00Z").await;
    assert_eq!(after.last_execution, Some(first.summary.execution_id));
    assert_eq!(after.upcoming[..2], [time("2026-03-30T00:30:00Z"), time("2026-03-31T00:30:00Z")]);
    let lineage =
        bench.store.lineage(first.summary.execution_id).await.expect("readable").expect("it comes from there");
    assert_eq!(lineage.trigger.as_deref(), Some("schedule:tests/report:default"));

    // The clock is set back over the time that has fired, and comes to it again.
    clock.set("2026-03-29T00:10:00Z");
    clock.set("2026-03-29T01:00:30Z");
    clock.set("2026-03-30T00:30:00Z");
    let second = executions(&clock, &bench, 2).await.remove(1);
    assert_eq!(second.input, json!({"due": "2026-03-30T00:30:00.000Z"}));
}

#[tokio::test]
async fn times_at_which_no_server_ran_are_caught_up_as_told() {
    for (catch_up, expect) in [
        (CatchUp::None, &[][..]),
        (CatchUp::Last, &["2026-01-04"]),
        (CatchUp::All, &["2026-01-02", "2026-01-03", "2026-01-04"]),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("signalbox.db");
        let clock = Clock::at("2026-01-01T12:00:00Z");
        let bench = Bench::at(&clock, SqliteStore::open(&path).await.expect("a store")).await;
        let of_playbook = format!(
            "{{cron: '0 6 * * *', catch_up: {}, input: {{due: '{{{{ schedule.time[:10] }}}}'}}}}",
            catch_up.word()
        );
        bench.runtime.api().register_playbook(&scheduled(&of_playbook)).await.expect("a valid playbook");
        bench.runtime.shutdown().await;

        clock.set("2026-01-04T12:00:00Z");
        let bench = Bench::at(&clock, SqliteStore::open(&path).await.expect("a store")).await;
        stands_at(&clock, &bench, "tests/report:default", "2026-01-05T06:00:00Z").await;
        let found = executions(&clock, &bench, expect.len()).await;
        let due: Vec<&str> = found.iter().map(|detail| detail.input["due"].as_str().expect("text")).collect();
        assert_eq!(due, expect, "{catch_up:?}");
    }
}

#[tokio::test]
async fn a_time_fires_once_however_often_it_is_tried() {
    let clock = Clock::at("2026-01-01T00:00:30Z");
    let bench = Bench::at(&clock, memory().await).await;
    let api = bench.runtime.api();
    api.register_playbook(&playbook("report", NOOP)).await.expect("a valid playbook");
    api.put_schedule("often", request("* * * * *")).await.expect("put");
    clock.set("2026-01-01T00:01:00Z");
    let first = executions(&clock, &bench, 1).await.remove(0).summary.execution_id;
    stands_at(&clock, &bench, "often", "2026-01-01T00:02:00Z").await;

    // As if a server had died between the submission and the step to the next time.
    let row = bench.store.schedule("often").await.expect("readable").expect("it is there");
    let back = NewSchedule {
        name: row.name,
        path: row.path,
        version: row.version,
        source: row.source,
        spec: row.spec,
        paused: None,
        next_at: Some(time("2026-01-01T00:01:00Z")),
    };
    bench.store.put_schedule(back, time("2026-01-01T00:01:01Z")).await.expect("a write");
    // Changing another one makes the schedules be looked at.
    api.put_schedule("other", ScheduleRequest { paused: Some(true), ..request("@yearly") }).await.expect("put");
    let after = stands_at(&clock, &bench, "often", "2026-01-01T00:02:00Z").await;
    assert_eq!(after.last_execution, Some(first));
    executions(&clock, &bench, 1).await;
}

async fn overlapping(overlap: Overlap) -> (Arc<Clock>, Bench, ExecutionId, crate::support::Arrived) {
    let clock = Clock::at("2026-01-01T00:00:30Z");
    let bench = Bench::at(&clock, memory().await).await;
    let api = bench.runtime.api();
    api.register_playbook(&playbook("report", PYTHON)).await.expect("a valid playbook");
    api.put_schedule("often", ScheduleRequest { overlap, ..request("* * * * *") }).await.expect("put");
    clock.set("2026-01-01T00:01:00Z");
    let first = executions(&clock, &bench, 1).await.remove(0).summary.execution_id;
    let running = bench.arrival().await;
    stands_at(&clock, &bench, "often", "2026-01-01T00:02:00Z").await;
    clock.set("2026-01-01T00:02:00Z");
    (clock, bench, first, running)
}

#[tokio::test]
async fn a_time_is_left_out_while_the_last_one_runs() {
    let (clock, bench, first, running) = overlapping(Overlap::Skip).await;
    let after = stands_at(&clock, &bench, "often", "2026-01-01T00:03:00Z").await;
    assert_eq!(after.last_execution, Some(first));
    executions(&clock, &bench, 1).await;
    running.complete(json!(1));
    bench.ended(first).await;
    clock.set("2026-01-01T00:03:00Z");
    executions(&clock, &bench, 2).await;
    bench.arrival().await.complete(json!(2));
}

#[tokio::test]
async fn a_time_waits_for_the_last_one_to_end() {
    let (clock, bench, first, running) = overlapping(Overlap::Queue).await;
    clock.set("2026-01-01T00:03:30Z");
    running.complete(json!(1));
    bench.ended(first).await;
    let second = executions(&clock, &bench, 2).await.remove(1).summary.execution_id;
    let waiting = stands_at(&clock, &bench, "often", "2026-01-01T00:03:00Z").await;
    assert_eq!(waiting.last_execution, Some(second), "minute 2 came late, minute 3 waits for it");
    bench.arrival().await.complete(json!(2));
    bench.ended(second).await;
    executions(&clock, &bench, 3).await;
    bench.arrival().await.complete(json!(3));
}

#[tokio::test]
async fn a_new_version_brings_its_own_schedules() {
    let clock = Clock::at("2026-01-01T00:00:00Z");
    let bench = Bench::at(&clock, memory().await).await;
    let api = bench.runtime.api();
    let register =
        async |schedule: &str| api.register_playbook(&scheduled(schedule)).await.expect("a valid playbook").version;
    let two = "[{name: a, cron: '0 6 * * *'}, {name: b, cron: '0 7 * * *', paused: true}]";
    register(two).await;
    let names = async || {
        let list = api.schedules(Default::default()).await.expect("a list").schedules;
        list.into_iter().map(|one| (one.name, one.paused, one.version)).collect::<Vec<_>>()
    };
    let named = |own: &str, paused, version| (format!("tests/report:{own}"), paused, Some(version));
    assert_eq!(names().await, [named("a", false, 1), named("b", true, 1)]);

    // What people decided stays, where the playbook says nothing new about it.
    api.pause_schedule("tests/report:a").await.expect("paused");
    api.resume_schedule("tests/report:b").await.expect("resumed");
    let changed =
        "[{name: a, cron: '0 8 * * *'}, {name: b, cron: '0 7 * * *', paused: true}, {name: c, cron: '@daily'}]";
    register(changed).await;
    assert_eq!(names().await, [named("a", true, 2), named("b", false, 2), named("c", false, 2)]);
    let problem = api.delete_schedule("tests/report:c").await.expect_err("refused");
    assert_eq!(problem.code, "schedule_of_playbook");
    let problem = api.put_schedule("tests/report:c", request("@daily")).await.expect_err("refused");
    assert_eq!(problem.code, "schedule_of_playbook");

    let resumed = api.resume_schedule("tests/report:a").await.expect("resumed");
    assert_eq!(resumed.next_at, Some(time("2026-01-01T08:00:00Z")));
    register("{name: c, cron: '@daily'}").await;
    assert_eq!(names().await, [named("c", false, 3)]);
    register("{name: c, cron: '@hourly'}").await;
    api.register_playbook(&playbook("report", NOOP)).await.expect("a valid playbook");
    assert_eq!(names().await, []);
}

#[tokio::test]
async fn what_cannot_be_a_schedule_is_refused() {
    let clock = Clock::at("2026-01-01T00:00:00Z");
    let bench = Bench::at(&clock, memory().await).await;
    let api = bench.runtime.api();
    let problem = api.register_playbook(&scheduled("{cron: '@daily', timezone: Europe/Atlantis}")).await;
    let problem = problem.expect_err("no such zone");
    assert_eq!((problem.code.as_str(), problem.diagnostics.len()), ("playbook_invalid", 1));
    assert_eq!((problem.diagnostics[0].line, problem.diagnostics[0].column), (4, 38), "{problem:?}");

    api.register_playbook(&playbook("report", NOOP)).await.expect("a valid playbook");
    for (name, request, code, part) in [
        ("a", request("61 * * * *"), "schedule_invalid", "61"),
        ("a", request("0 0 30 2 *"), "schedule_invalid", "never"),
        ("a", ScheduleRequest { timezone: Some("Mars".into()), ..request("@daily") }, "schedule_invalid", "Mars"),
        ("a", ScheduleRequest { input: Some(json!([1])), ..request("@daily") }, "input_invalid", "a list"),
        ("a", ScheduleRequest { path: "tests/nothing".into(), ..request("@daily") }, "not_found", "tests/nothing"),
        ("a/b", request("@daily"), "schedule_invalid", "a/b"),
        ("a:b", request("@daily"), "schedule_of_playbook", "a:b"),
    ] {
        let problem = api.put_schedule(name, request).await.expect_err(part);
        assert_eq!(problem.code, code, "{problem}");
        assert!(problem.detail.contains(part), "{problem}");
    }
    assert!(api.schedules(Default::default()).await.expect("a list").schedules.is_empty());
}

#[tokio::test]
async fn a_schedule_can_be_run_now_and_keeps_its_times() {
    let clock = Clock::at("2026-01-01T00:00:00Z");
    let bench = Bench::at(&clock, memory().await).await;
    let api = bench.runtime.api();
    api.register_playbook(&playbook("report", NOOP)).await.expect("a valid playbook");
    let named = ScheduleRequest { name: Some("nightly".into()), ..request("0 3 * * *") };
    let before = api.add_schedule(named.clone()).await.expect("added");
    assert_eq!(api.add_schedule(named).await.expect_err("there is one").code, "schedule_exists");
    let submitted = api.run_schedule("nightly", Some("once".into())).await.expect("started");
    assert!(!api.run_schedule("nightly", Some("once".into())).await.expect("answered").created);
    let detail = api.execution(submitted.execution_id).await.expect("it exists");
    assert_eq!(detail.input, json!({"by": "clock"}));
    assert_eq!(schedule(&bench, "nightly").await, before);
    api.delete_schedule("nightly").await.expect("deleted");
    assert_eq!(api.schedule("nightly").await.expect_err("gone").status, 404);
}

#[tokio::test]
async fn of_two_servers_one_fires_each_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("shared.db");
    let clock = Clock::at("2026-01-01T00:00:30Z");
    let mut benches = Vec::new();
    for name in ["one", "two"] {
        let store = SqliteStore::open(&path).await.expect("a store");
        let membership = runtime::Membership::Shared { url: None };
        benches.push(Bench::member(store, name, 1, membership, clock.clone()).await);
    }
    let api = benches[0].runtime.api();
    api.register_playbook(&playbook("report", NOOP)).await.expect("a valid playbook");
    api.put_schedule("often", request("* * * * *")).await.expect("put");
    for minute in 1..=5 {
        clock.set(&format!("2026-01-01T00:0{minute}:00Z"));
        stands_at(&clock, &benches[1], "often", &format!("2026-01-01T00:0{}:00Z", minute + 1)).await;
    }
    executions(&clock, &benches[1], 5).await;
}
