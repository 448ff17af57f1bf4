//! Everything at once: two servers on one PostgreSQL and two workers are killed again and again, the database is
//! restarted and crashed; executions are paused, resumed and cancelled meanwhile, and children fail. Every execution ends
//! as it would have in peace. Nothing happens twice.
//!
//! By default a small story; `SIGNALBOX_FULL=1` runs the whole: 1,000 executions.

#[path = "chaos/check.rs"]
mod check;
#[path = "chaos/client.rs"]
mod client;
#[path = "chaos/playbooks.rs"]
mod playbooks;
#[path = "chaos/scene.rs"]
mod scene;
#[path = "support/mod.rs"]
mod support;

use check::check;
use client::Client;
use playbooks::{ENDLESS, MORE, PATHS, PLAYBOOKS};
use scene::{Scene, logs};
use serde_json::json;
use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};
use support::Dice;
use tokio::task::JoinSet;

/// Endless ones that run before the first of them is cancelled.
const LATER: usize = 2;
/// From the last blow until all is done. Longer means that something is stuck.
const PEACE: Duration = Duration::from_secs(300);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_ends_as_it_would_have_in_peace() {
    let full = std::env::var_os("SIGNALBOX_FULL").is_some();
    let (count, blows, pause_ms) = if full { (1_000, 150, 600) } else { (40, 14, 350) };
    let dice = Dice::seeded(0x5161_0003);
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().expect("a folder");
    let markers = folder.path().join("markers");
    std::fs::create_dir(&markers).expect("a folder");
    let scene = Scene::new(folder.path());
    let client = Client::new([scene.url(0), scene.url(1)]);
    for playbook in PLAYBOOKS {
        client
            .insist(|http, url| http.post(url("playbooks")).header("content-type", "application/yaml").body(playbook))
            .await;
    }

    // The blows, until enough have fallen and all is submitted.
    let enough = Arc::new(AtomicBool::new(false));
    let striking = tokio::task::spawn_blocking({
        let enough = enough.clone();
        move || {
            let (mut scene, mut dice) = (scene, dice);
            while scene.blows < blows || !enough.load(SeqCst) {
                std::thread::sleep(Duration::from_millis(pause_ms / 2 + dice.below(pause_ms)));
                let (what, whom) = (dice.below(10), dice.below(2) as usize);
                scene.strike(what, whom);
            }
            scene
        }
    });

    // Somebody answers whatever is asked, more than once if it comes so.
    let answering = tokio::spawn({
        let client = client.clone();
        async move {
            loop {
                for asked in client.list("approvals?limit=200", "approvals").await {
                    let (id, step) =
                        (asked["execution_id"].as_str().expect("an id"), asked["step"].as_str().expect("a step"));
                    let url = client.url(&format!("executions/{id}/approvals/{step}"));
                    // Refused when it was answered meanwhile.
                    let _ = client.http.post(url).json(&json!({"data": {"more": MORE}})).send().await;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    });

    let mut submitted: HashMap<String, (&str, u64)> = HashMap::new();
    // Those that end when they are cancelled, and whoever does that, pauses and resumes.
    let (mut doomed, mut meddling) = (VecDeque::new(), JoinSet::new());
    let cancel = |meddling: &mut JoinSet<()>, id: Option<String>| {
        let client = client.clone();
        meddling.spawn(async move { client.order(&id.expect("one is doomed"), "cancel").await });
    };
    for n in 0..count {
        let path = PATHS[(n % 7) as usize];
        let request = json!({
            "path": path,
            "input": {"n": n, "folder": markers},
            "idempotency_key": format!("chaos-{n}"),
        });
        let answer = client.insist(|http, url| http.post(url("executions")).json(&request)).await;
        let id = answer["execution_id"].as_str().expect("an id").to_owned();
        if path == ENDLESS {
            doomed.push_back(id.clone());
        } else if n % 3 == 0 {
            let (client, id) = (client.clone(), id.clone());
            meddling.spawn(async move {
                client.order(&id, "pause").await;
                client.order(&id, "resume").await;
            });
        }
        if doomed.len() > LATER {
            cancel(&mut meddling, doomed.pop_front());
        }
        assert!(submitted.insert(id, (path, n)).is_none(), "two submissions, one execution");
    }
    while !doomed.is_empty() {
        cancel(&mut meddling, doomed.pop_front());
    }
    meddling.join_all().await;
    enough.store(true, SeqCst);
    let mut scene = striking.await.expect("blows");
    println!("{} blows", scene.blows);

    let peace = Instant::now();
    loop {
        let running = client.list("executions?status=running,queued&limit=5", "executions").await;
        if running.is_empty() {
            break;
        }
        // The last that a server did before it was killed may have been a pause that was not answered, and that was asked
        // for again elsewhere.
        for execution in &running {
            client.order(execution["execution_id"].as_str().expect("an id"), "resume").await;
        }
        assert!(peace.elapsed() < PEACE, "still under way: {running:#?}\n{}", logs(folder.path()));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    answering.abort();
    scene.end();
    check(&scene.cluster.url(), &submitted).await;
}
