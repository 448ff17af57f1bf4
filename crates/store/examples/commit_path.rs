//! How fast commits are: `cargo run --release -p store --example commit_path [FOLDER [SECONDS]]`.
//!
//! So many executions move at once, ten steps each (4 events, a task settled, a task added), every one with a
//! single commit under way, as drivers do. Prints one JSON object per line. Figures of different runs do not
//! compare: how long a flush takes changes within minutes. `flush` is what this disk needs for one now.

use futures::future::join_all;
use protocol::Outcome;
use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use store::{Store, conformance::sample::Run, sqlite::SqliteStore};

/// Commits of one execution: start, eight steps, end.
const COMMITS: u64 = 10;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let seconds = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(3);
    for at_once in [1, 16, 256, 1_000] {
        let flush = flush_us(&folder);
        let database = folder.join(format!("commit-path-{}-{at_once}.db", std::process::id()));
        let store = SqliteStore::open(&database).await.expect("the folder can be written");
        let cpu_before = cpu_us();
        let figures = measure(store.clone(), at_once, Duration::from_secs(seconds)).await;
        let cpu: Vec<u64> = cpu_us().iter().zip(cpu_before).map(|(after, before)| after - before).collect();
        store.close().await;
        let _ = std::fs::remove_file(&database);
        let Figures { commits, flushes, elapsed, mut latencies } = figures;
        latencies.sort_unstable();
        let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize];
        println!(
            "{}",
            serde_json::json!({
                "case": format!("commit-{at_once}"),
                "steps_per_s": (commits as f64 / elapsed.as_secs_f64()).round(),
                "p50_us": at(0.5),
                "p99_us": at(0.99),
                "cpu_us_per_step": {"process": cpu[0] / commits.max(1), "sqlite": cpu[1] / commits.max(1)},
                "flushes_per_step": (flushes as f64 / commits as f64 * 1000.0).round() / 1000.0,
                "conditions": {"flush_us": flush, "profile": if cfg!(debug_assertions) { "dev" } else { "release" }},
            })
        );
    }
}

struct Figures {
    commits: u64,
    flushes: u64,
    elapsed: Duration,
    latencies: Vec<u64>,
}

async fn measure(store: Arc<SqliteStore>, at_once: usize, duration: Duration) -> Figures {
    let commits = Arc::new(AtomicU64::new(0));
    let begin = Instant::now();
    let movers = (0..at_once).map(|_| {
        let (store, commits) = (store.clone(), commits.clone());
        tokio::spawn(async move {
            let mut latencies = Vec::new();
            while begin.elapsed() < duration {
                let mut run = Run::of("bench/chain");
                for step in 1..=COMMITS {
                    let commit = match step {
                        1 => run.start(),
                        COMMITS => run.end(Outcome::Completed),
                        _ => run.step(),
                    };
                    let asked = Instant::now();
                    store.commit(commit).await.expect("a commit");
                    latencies.push(u64::try_from(asked.elapsed().as_micros()).unwrap_or(u64::MAX));
                    commits.fetch_add(1, Relaxed);
                }
            }
            latencies
        })
    });
    let latencies = join_all(movers).await.into_iter().flat_map(|joined| joined.expect("no panic")).collect();
    Figures { commits: commits.load(Relaxed), flushes: store.flushes(), elapsed: begin.elapsed(), latencies }
}

/// CPU used so far, in microseconds: by the process, and by the threads SQLite runs on. 0 where the system does
/// not tell.
fn cpu_us() -> [u64; 2] {
    let of = |path: PathBuf| -> u64 {
        let text = std::fs::read_to_string(path.join("schedstat")).unwrap_or_default();
        text.split_whitespace().next().and_then(|ns| ns.parse::<u64>().ok()).unwrap_or(0) / 1_000
    };
    let (mut process, mut sqlite) = (0, 0);
    for thread in std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
        let used = of(thread.path());
        process += used;
        if std::fs::read_to_string(thread.path().join("comm")).is_ok_and(|name| name.starts_with("sqlx-sqlite")) {
            sqlite += used;
        }
    }
    [process, sqlite]
}

/// Median of 50 appends of 8 KiB with `fdatasync`, in microseconds.
fn flush_us(folder: &Path) -> u64 {
    let path = folder.join(format!("flush-{}", std::process::id()));
    let mut file = File::create(&path).expect("the folder can be written");
    let mut times: Vec<u64> = (0..50)
        .map(|_| {
            let begin = Instant::now();
            file.write_all(&[7; 8192]).and_then(|()| file.sync_data()).expect("the disk works");
            u64::try_from(begin.elapsed().as_micros()).unwrap_or(u64::MAX)
        })
        .collect();
    let _ = std::fs::remove_file(&path);
    times.sort_unstable();
    times[times.len() / 2]
}
