//! Two servers on one PostgreSQL and one Redis. One of them falls or goes while the other serves, and each loses its way to
//! Redis and finds it again: a server that cannot hear of the other's commits, but by what PostgreSQL says.

use crate::{
    Clients, Size, publish, publish_some,
    support::{Dice, Served, Way},
    world::World,
};
use serde_json::Value;
use std::{
    path::Path,
    time::{Duration, Instant},
};
use store::conformance::postgres::Schema;

/// Longer than a server needs to see that its way is cut, or free again.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug)]
enum Blow {
    Cut,
    Mend,
    Kill,
    Stop,
}

/// Each of them comes as often as the others, in any order.
fn blows(count: u64, dice: &mut Dice) -> Vec<Blow> {
    let mut blows = Vec::new();
    while (blows.len() as u64) < count {
        let mut deck = vec![Blow::Cut, Blow::Mend, Blow::Kill, Blow::Stop];
        while !deck.is_empty() {
            blows.push(deck.swap_remove(dice.below(deck.len() as u64) as usize));
        }
    }
    blows
}

/// A server, and its own way to Redis.
struct Member {
    number: usize,
    served: Served,
    way: Way,
    is_cut: bool,
}

struct Ground<'a> {
    folder: &'a Path,
    store: String,
}

impl Ground<'_> {
    fn start(&self, number: usize, way: &Way) -> Served {
        let (data, bus) = (format!("server-{number}"), format!("redis://{}/", way.address()));
        tokio::task::block_in_place(|| {
            Served::start_with(self.folder, &["--data", &data, "--store", &self.store, "--bus", &bus])
        })
    }

    async fn strike(&self, blow: Blow, member: &mut Member, world: &World, dice: &mut Dice, size: &Size) {
        match blow {
            Blow::Cut => {
                member.way.cut();
                member.is_cut = true;
            }
            Blow::Mend if member.is_cut => {
                member.way.mend().await;
                member.is_cut = false;
            }
            Blow::Mend => {}
            Blow::Kill | Blow::Stop => {
                world.down(member.number);
                // In the middle of a commit, as often as not.
                let (late, kindly) = (publish(world, dice), matches!(blow, Blow::Stop));
                let gone = async {
                    member.served.signal(if kindly { "TERM" } else { "KILL" });
                    tokio::task::block_in_place(|| member.served.wait())
                };
                let ((), gone) = tokio::join!(late, gone);
                assert_eq!(gone, if kindly { Some(0) } else { None });
                publish_some(world, dice, size).await;
                member.served = self.start(member.number, &member.way);
                world.up(member.number, &member.served.url);
            }
        }
        member.sees_redis(!member.is_cut).await;
    }
}

impl Member {
    async fn sees_redis(&self, wanted: bool) {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let (wanted, asked) = (if wanted { "redis" } else { "redis: away" }, Instant::now());
        loop {
            let status = http.get(format!("{}/api/v1/websocket/status", self.served.url));
            let answer = status.send().await.expect("an answer");
            let status: Value = answer.json().await.unwrap();
            if status["bus"] == wanted {
                return;
            }
            assert!(asked.elapsed() < PATIENCE, "server {}: still {}", self.number, status["bus"]);
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_client_of_two_servers_sees_each_event_once_and_in_order_with_redis_and_without() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (size, mut dice) = (Size::of_today(), Dice::seeded(0x5161_0007));
    let (schema, folder) = (Schema::fresh().await, tempfile::tempdir().unwrap());
    let ground = Ground { folder: folder.path(), store: schema.url() };
    let mut members = Vec::new();
    for number in 0..2 {
        let way = Way::to_redis().await;
        members.push(Member { number, served: ground.start(number, &way), way, is_cut: false });
    }
    for member in &members {
        member.sees_redis(true).await;
    }
    let world = World::new(&[&members[0].served.url, &members[1].served.url]);
    let clients = Clients::of(&size, &world, &mut dice);
    for blow in blows(size.blows, &mut dice) {
        publish_some(&world, &mut dice, &size).await;
        // What is mended is one that is cut.
        let cut = members.iter().position(|member| member.is_cut).filter(|_| matches!(blow, Blow::Mend));
        let number = cut.unwrap_or(dice.below(2) as usize);
        println!("{blow:?} {number}");
        ground.strike(blow, &mut members[number], &world, &mut dice, &size).await;
    }
    publish_some(&world, &mut dice, &size).await;
    clients.end(&world).await;
}
