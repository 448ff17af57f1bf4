//! One server, which falls, or is told to go, and another stands in its place.

use crate::{
    Clients, Size, publish, publish_some,
    support::{Dice, Served},
    world::World,
};
use std::path::Path;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_client_sees_each_event_of_its_topics_once_and_in_order() {
    let (size, mut dice) = (Size::of_today(), Dice::seeded(0x5161_0006));
    let folder = tempfile::tempdir().unwrap();
    let mut server = start(folder.path()).await;
    let world = World::new(&[&server.url]);
    let clients = Clients::of(&size, &world, &mut dice);
    for blow in 0..size.blows {
        publish_some(&world, &mut dice, &size).await;
        // In the middle of a commit, as often as not.
        let late = publish(&world, &mut dice);
        let strike = strike(&mut server, folder.path(), &world, blow % 3 == 2);
        tokio::join!(late, strike);
    }
    publish_some(&world, &mut dice, &size).await;
    clients.end(&world).await;
}

async fn strike(server: &mut Served, folder: &Path, world: &World, kindly: bool) {
    world.down(0);
    server.signal(if kindly { "TERM" } else { "KILL" });
    let gone = tokio::task::block_in_place(|| server.wait());
    assert_eq!(gone, if kindly { Some(0) } else { None });
    *server = start(folder).await;
    world.up(0, &server.url);
}

async fn start(folder: &Path) -> Served {
    tokio::task::block_in_place(|| Served::start(folder, "data"))
}
